import { expect, test } from 'vitest'
import type { ChangePinInput } from '@/backend'
import { demoBackend, readyTablet } from '@/testing/demo'
import { show } from '@/testing/mount'
import ChangePinPage from './ChangePinPage.vue'
import NewLockPage from './NewLockPage.vue'

async function enter(tap: (name: string) => Promise<void>, pin: string): Promise<void> {
  for (const digit of pin) await tap(`pin-key-${digit}`)
}

test('a new PIN is asked for twice, and the old one first', async () => {
  const sent: ChangePinInput[] = []
  const backend = demoBackend({
    changePin: async (input) => {
      sent.push(input)
      return readyTablet
    },
  })
  const { tap, by } = await show(ChangePinPage, { backend })
  await enter(tap, '739146')
  await enter(tap, '507382')
  await enter(tap, '507283')
  expect(by('pin-step').textContent).toContain('设一个新的')
  expect(sent).toEqual([])
  await enter(tap, '507382')
  await enter(tap, '507382')
  expect(sent).toEqual([{ old: '739146', new: '507382' }])
  expect(by('pin-changed').textContent).toContain('换好了')
})

test('a wrong old PIN is asked for again, and says how many tries are left', async () => {
  const backend = demoBackend({ changePin: () => Promise.reject({ code: 'wrong_pin', params: { left: '8' } }) })
  const { tap, by } = await show(ChangePinPage, { backend })
  for (const pin of ['111222', '507382', '507382']) await enter(tap, pin)
  expect(by('problem-wrong_pin').textContent).toContain('还能试 8 次')
  expect(by('pin-step').textContent).toContain('现在的密码')
})

test('a new lock asks for the PIN and says that it stays', async () => {
  const given: string[] = []
  const backend = demoBackend({
    renewKey: async ({ pin }) => {
      given.push(pin)
      return readyTablet
    },
  })
  const { tap, by } = await show(NewLockPage, { backend })
  await enter(tap, '739146')
  expect(given).toEqual(['739146'])
  expect(by('new-lock-done').textContent).toContain('密码还是原来的')
})
