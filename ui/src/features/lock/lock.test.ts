import { expect, test } from 'vitest'
import type { AppView } from '@/backend'
import { demoBackend, readyTablet } from '@/testing/demo'
import { show } from '@/testing/mount'
import LockPage from './LockPage.vue'

const locked: AppView = { ...readyTablet, stage: 'locked' }

async function enter(tap: (name: string) => Promise<void>, pin: string): Promise<void> {
  for (const digit of pin) await tap(`pin-key-${digit}`)
}

test('six digits open the door', async () => {
  const { tap, app } = await show(LockPage, { app: locked })
  await enter(tap, '246813')
  expect(app.value.stage).toBe('ready')
})

test('a wrong PIN says how many tries are left', async () => {
  const backend = demoBackend({ unlock: () => Promise.reject({ code: 'wrong_pin', params: { left: '3' } }) })
  const { tap, by } = await show(LockPage, { app: locked, backend })
  await enter(tap, '111222')
  expect(by('problem-wrong_pin').textContent).toContain('还能试 3 次')
})

test('while it waits the keys rest and the emergency numbers stay', async () => {
  const { by, wrapper } = await show(LockPage, { app: { ...locked, pin_wait_seconds: 300 } })
  expect(by('pin-wait').textContent).toContain('5:00')
  expect((by('pin-key-1') as HTMLButtonElement).disabled).toBe(true)
  expect(wrapper.findAll('a[href^="tel:"]').map((link) => link.attributes('href'))).toEqual(['tel:110', 'tel:120'])
})
