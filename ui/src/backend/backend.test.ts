import { expect, test } from 'vitest'
import { asProblem, backendOver, BackendError, commands, methodName, type Command } from './backend'
import { takeToken } from './http'

test('each command has a method of the same name', async () => {
  const called: Command[] = []
  const backend = backendOver({
    call: async (command) => {
      called.push(command)
      return null
    },
    onChanged: () => () => undefined,
  })
  for (const command of commands) await (backend[methodName(command)] as (argument?: unknown) => Promise<unknown>)()
  expect(called).toEqual([...commands])
})

test('a refusal keeps its code and values', async () => {
  const backend = backendOver({
    call: () => Promise.reject({ code: 'wrong_pin', params: { left: '2' } }),
    onChanged: () => () => undefined,
  })
  const error: unknown = await backend.unlock({ pin: '111111' }).catch((thrown: unknown) => thrown)
  expect(error).toBeInstanceOf(BackendError)
  expect(asProblem(error)).toEqual({ code: 'wrong_pin', params: { left: '2' } })
})

test('whatever else breaks is told as no answer', () => {
  expect(asProblem(new TypeError('fetch failed'))).toEqual({ code: 'no_backend', params: {} })
})

test('the token leaves the address and is kept for the tab', () => {
  window.location.hash = '#t=abc-123'
  expect(takeToken(window.location, window.history, window.sessionStorage)).toBe('abc-123')
  expect(window.location.hash).toBe('#/')
  expect(takeToken(window.location, window.history, window.sessionStorage)).toBe('abc-123')
})
