import { flushPromises } from '@vue/test-utils'
import { defineComponent, h } from 'vue'
import { expect, test } from 'vitest'
import type { AppView } from '@/backend'
import { demoBackend, readyTablet } from '@/testing/demo'
import { show } from '@/testing/mount'
import { useAction } from '@/shared/useQuery'
import LockPage from './LockPage.vue'
import PinAgainDialog from './PinAgainDialog.vue'

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

/** A page with one act that reaches far, and the dialog beside it as the shell draws it. */
async function farReaching(right = '283946') {
  const done: string[] = []
  let given = false
  const backend = demoBackend({
    stepUp: async ({ pin }) => {
      if (pin !== right) throw { code: 'wrong_pin', params: { left: '9' } }
      given = true
      return null
    },
    decideMove: async ({ id }) => {
      if (!given) throw { code: 'pin_again', params: {} }
      done.push(id)
      return { incoming: [], outgoing: [], waiting: [], decided: [], waiting_in_all: 0, decided_in_all: 0, elsewhere: 0, more: null }
    },
  })
  const page = defineComponent(() => {
    const act = useAction((to) => to.decideMove({ id: 'm1', decision: 'accept' }))
    return () => [h('button', { 'data-test': 'far', onClick: () => void act.run() }), h('p', { 'data-test': 'busy' }, String(act.busy.value)), h(PinAgainDialog)]
  })
  return { done, ...(await show(page, { backend })) }
}

test('what reaches far asks for the PIN once more and then goes on by itself', async () => {
  const { tap, by, done } = await farReaching()
  await tap('far')
  expect(document.querySelector('[role="dialog"]')?.textContent).toContain('再输一次密码')
  await enter(tap, '111222')
  expect(by('problem-wrong_pin').textContent).toContain('还能试 9 次')
  expect(done).toEqual([])
  await enter(tap, '283946')
  await flushPromises()
  expect(done).toEqual(['m1'])
  expect(document.querySelector('[data-test="pin-again"]')).toBeNull()
})

test('whoever would rather not is left where they were', async () => {
  const { tap, by, done } = await farReaching()
  await tap('far')
  expect(by('busy').textContent).toBe('true')
  await tap('dialog-close')
  expect(done).toEqual([])
  expect(by('busy').textContent).toBe('false')
})
