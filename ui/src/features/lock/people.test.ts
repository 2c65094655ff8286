import { flushPromises } from '@vue/test-utils'
import { expect, test } from 'vitest'
import type { AccountView, AppView } from '@/backend'
import { demoBackend, readyTablet } from '@/testing/demo'
import { show } from '@/testing/mount'
import LockPage from './LockPage.vue'
import PickPage from './PickPage.vue'
import RecoverPage from './RecoverPage.vue'

const account: AccountView = { id: '1', role: 'director', unit: '青石村', township: '临河镇', unsent: 3 }
const other: AccountView = { id: '2', role: 'director', unit: '白荷村', township: '临河镇', unsent: 0 }
const silent: AccountView = { id: '3', role: null, unit: null, township: null, unsent: null }
const picking: AppView = { ...readyTablet, stage: 'picking', person: null, accounts: [account, other, silent] }
const locked: AppView = { ...readyTablet, stage: 'locked', person: null, account, accounts: [account] }
const recovering: AppView = {
  ...locked,
  stage: 'recovering',
  recovery: { text: 'zoufang-recover:AAAA', qr_svg: '<svg/>', compare_code: '123456' },
}

test('the picker shows roles and places, and what waits only where it is known', async () => {
  const { by, wrapper } = await show(PickPage, { app: picking })
  expect(by('account-1').textContent).toContain('儿童主任 · 青石村')
  expect(by('unsent-1').textContent).toContain('3 份没送到')
  expect(wrapper.find('[data-test="unsent-2"]').exists()).toBe(false)
  expect(wrapper.find('[data-test="unsent-3"]').exists()).toBe(false)
  expect(by('account-3').textContent).toContain('第 3 位')
  expect(wrapper.text()).not.toContain('李玉梅')
})

test('tapping oneself leads to one’s own door', async () => {
  const asked: string[] = []
  const backend = demoBackend({
    chooseAccount: async ({ id }) => {
      asked.push(id)
      return locked
    },
  })
  const { tap, app } = await show(PickPage, { app: picking, backend })
  await tap('account-2')
  expect(asked).toEqual(['2'])
  expect(app.value.stage).toBe('locked')
})

test('a door no PIN opens offers the district instead of keys', async () => {
  const { by, tap, wrapper, app } = await show(LockPage, { app: { ...locked, recovery_needed: true } })
  expect(by('recovery-needed').textContent).toContain('记好的都在')
  expect(wrapper.find('[data-test="pin-key-1"]').exists()).toBe(false)
  expect(wrapper.findAll('a[href^="tel:"]').length).toBe(2)
  await tap('recover')
  expect(app.value.stage).toBe('recovering')
})

test('the tenth wrong PIN turns the page to what helps', async () => {
  const backend = demoBackend({
    unlock: () => Promise.reject({ code: 'recovery_needed', params: {} }),
    app: async () => ({ ...locked, recovery_needed: true }),
  })
  const { tap, by } = await show(LockPage, { app: locked, backend })
  for (const digit of '284605') await tap(`pin-key-${digit}`)
  expect(by('recover')).toBeTruthy()
})

test('the request shows its digits, and the answer is handed over as pasted', async () => {
  const given: string[] = []
  const backend = demoBackend({
    recoverAnswer: async ({ text }) => {
      given.push(text)
      return { ...locked, stage: 'choose_pin' }
    },
  })
  const { by, app } = await show(RecoverPage, { app: recovering, backend })
  expect(by('recover-code').textContent).toBe('123 456')
  expect(by('recover-kept').textContent).toContain('3 份还没送到')
  const field = by('recover-answer').querySelector('textarea') as HTMLTextAreaElement
  field.value = ' zoufang-recovered:BBBB\n'
  field.dispatchEvent(new Event('input'))
  await flushPromises()
  by('recover-give').closest('form')?.dispatchEvent(new Event('submit', { cancelable: true }))
  await flushPromises()
  expect(given).toEqual([' zoufang-recovered:BBBB\n'])
  expect(app.value.stage).toBe('choose_pin')
})

test('an answer for another request is refused in words, and nothing is gone', async () => {
  const backend = demoBackend({ recoverAnswer: () => Promise.reject({ code: 'recovery_other', params: {} }) })
  const { by } = await show(RecoverPage, { app: recovering, backend })
  const field = by('recover-answer').querySelector('textarea') as HTMLTextAreaElement
  field.value = 'zoufang-recovered:BBBB'
  field.dispatchEvent(new Event('input'))
  await flushPromises()
  by('recover-give').closest('form')?.dispatchEvent(new Event('submit', { cancelable: true }))
  await flushPromises()
  expect(by('problem-recovery_other').textContent).toContain('记好的都在')
})
