import { flushPromises } from '@vue/test-utils'
import { expect, test, vi } from 'vitest'
import type { EnrolInput } from '@/backend'
import { demoBackend, readyTablet } from '@/testing/demo'
import { show } from '@/testing/mount'
import ChoosePinPage from './ChoosePinPage.vue'
import EnrolPage from './EnrolPage.vue'
import OfflinePage from './OfflinePage.vue'

async function enter(tap: (name: string) => Promise<void>, pin: string): Promise<void> {
  for (const digit of pin) await tap(`pin-key-${digit}`)
}

async function type(field: HTMLElement, words: string): Promise<void> {
  const input = field as HTMLInputElement
  input.value = words
  input.dispatchEvent(new Event('input'))
  await flushPromises()
}

test('address and eight digits start the enrolment, spaces or not', async () => {
  const sent: EnrolInput[] = []
  const backend = demoBackend({
    enrolStart: async (input) => {
      sent.push(input)
      return { ...readyTablet, stage: 'comparing', compare_code: '123456' }
    },
  })
  const { by, app } = await show(EnrolPage, { backend, app: { ...readyTablet, stage: 'fresh' } })
  await type(by('enrol-address'), ' 192.168.1.10:8443 ')
  await type(by('enrol-code'), '1234 5678')
  by('enrol-start').closest('form')?.dispatchEvent(new Event('submit', { cancelable: true }))
  await flushPromises()
  expect(sent).toEqual([{ address: '192.168.1.10:8443', code: '12345678' }])
  expect(app.value.stage).toBe('comparing')
})

test('a PIN is kept only when entered twice alike', async () => {
  const pins: string[] = []
  const backend = demoBackend({
    choosePin: async ({ pin }) => {
      pins.push(pin)
      return { ...readyTablet, stage: 'loading' }
    },
  })
  const { tap, wrapper } = await show(ChoosePinPage, { backend, app: { ...readyTablet, stage: 'choose_pin' } })
  await enter(tap, '246813')
  await enter(tap, '246814')
  expect(pins).toEqual([])
  expect(wrapper.text()).toContain('两次按的不一样')
  await enter(tap, '246813')
  await enter(tap, '246813')
  expect(pins).toEqual(['246813'])
})

test('what the station gave of the village is said, and what did not fit', async () => {
  const carrying = (done: number, total: number) => ({ ...readyTablet, stage: 'choose_pin' as const, loading: { done, total } })
  const whole = await show(ChoosePinPage, { backend: demoBackend({}), app: carrying(42, 42) })
  expect(whole.wrapper.text()).toContain('42 份档案')
  const part = await show(ChoosePinPage, { backend: demoBackend({}), app: carrying(40, 42) })
  expect(part.wrapper.text()).toContain('共有 42 份')
  const none = await show(ChoosePinPage, { backend: demoBackend({}), app: { ...readyTablet, stage: 'choose_pin' } })
  expect(none.wrapper.text()).not.toContain('份档案')
})

test('from a stick: the request, eight digits, six to compare, and then the answer', async () => {
  const typed: string[] = []
  const backend = demoBackend({
    offlineDigits: async ({ text }) => {
      typed.push(text)
      return { ...readyTablet, stage: 'asking', request: 'zoufang-request:1:abc', compare_code: '402817' }
    },
    offlineAnswer: async () => ({ ...readyTablet, stage: 'choose_pin' }),
  })
  const app = { ...readyTablet, stage: 'asking' as const, request: 'zoufang-request:1:abc' }
  const shown = await show(OfflinePage, { backend, app })
  expect(shown.wrapper.text()).not.toContain('选回复文件')
  await type(shown.by('offline-digits'), '4821 3907')
  shown.by('offline-enter').closest('form')?.dispatchEvent(new Event('submit', { cancelable: true }))
  await flushPromises()
  expect(typed).toEqual(['48213907'])
  expect(shown.by('compare-code').textContent).toBe('402 817')
  const input = shown.by('offline-answer-file')
  Object.defineProperty(input, 'files', { value: [new File(['zoufang-answer:1:abc'], 'answer.txt')] })
  input.dispatchEvent(new Event('change'))
  await vi.waitFor(() => expect(shown.app.value.stage).toBe('choose_pin'))
})
