import { flushPromises, mount } from '@vue/test-utils'
import { afterEach, expect, test, vi } from 'vitest'
import { i18n } from '@/shell/locale'
import { ZButton, ZChoice, ZDate, ZPinPad, ZProblem, ZState, ZToastUndo } from '.'

const global = { plugins: [i18n] }
const options = [
  { code: 'a', label: '甲' },
  { code: 'b', label: '乙' },
]

afterEach(() => {
  vi.useRealTimers()
})

test('a busy button takes no second tap', async () => {
  const tapped = vi.fn()
  const button = mount(ZButton, { global, props: { busy: true }, attrs: { onClick: tapped }, slots: { default: '保存' } })
  await button.trigger('click')
  await button.setProps({ busy: false })
  await button.trigger('click')
  expect(tapped).toHaveBeenCalledTimes(1)
})

test('one choice replaces the other', async () => {
  const choice = mount(ZChoice, { global, props: { options, modelValue: ['a'], name: 'q' } })
  await choice.get('[data-test="answer:q:b"] input').setValue(true)
  expect(choice.emitted('update:modelValue')).toEqual([[['b']]])
})

test('several choices are added and taken away', async () => {
  const choice = mount(ZChoice, { global, props: { options, modelValue: ['a'], name: 'q', multiple: true } })
  await choice.get('[data-test="answer:q:b"] input').setValue(true)
  await choice.get('[data-test="answer:q:a"] input').setValue(false)
  expect(choice.emitted('update:modelValue')).toEqual([[['a', 'b']], [[]]])
})

test('yesterday is one tap, any other day three lists', async () => {
  const date = mount(ZDate, { global, props: { modelValue: '', today: '2026-03-01', name: 'd' } })
  await date.get('[data-test="answer:d-day:2026-02-28"] input').setValue(true)
  expect(date.emitted('update:modelValue')).toEqual([['2026-02-28']])
  await date.get('[data-test="answer:d-day:other"] input').setValue(true)
  expect(date.findAll('select')).toHaveLength(3)
})

test('a day after the last allowed one becomes the last', async () => {
  const date = mount(ZDate, { global, props: { modelValue: '2026-02-10', today: '2026-03-01', max: '2026-03-01', name: 'd' } })
  await date.findAll('select')[1]?.setValue('12')
  expect(date.emitted('update:modelValue')?.at(-1)).toEqual(['2026-03-01'])
})

test('the pad gives out six digits and starts empty again', async () => {
  const pad = mount(ZPinPad, { global, props: { label: '输密码' } })
  for (const digit of '12345') await pad.get(`[data-test="pin-key-${digit}"]`).trigger('click')
  await pad.get('[data-test="pin-key-back"]').trigger('click')
  for (const digit of '56') await pad.get(`[data-test="pin-key-${digit}"]`).trigger('click')
  expect(pad.emitted('entered')).toEqual([['123456']])
  expect(pad.text()).toContain('已按 0 位')
})

test('a keyboard works on the pad too', async () => {
  const pad = mount(ZPinPad, { global, props: { label: '输密码' } })
  for (const key of '000111') window.dispatchEvent(new KeyboardEvent('keydown', { key }))
  await flushPromises()
  expect(pad.emitted('entered')).toEqual([['000111']])
  pad.unmount()
})

test('the four states have their four words', () => {
  const words = (['draft', 'saved', 'delivered', 'needs_you'] as const).map((state) => mount(ZState, { global, props: { state } }).text())
  expect(words).toEqual(['草稿', '已保存在本机', '已送达', '需要处理'])
})

test('a refusal by the station is said in words', () => {
  const problem = mount(ZProblem, { global, props: { problem: { code: 'server_refused', params: { code: 'device_revoked' } } } })
  expect(problem.text()).toContain('这台设备已被停用')
})

test('a code without words still gets a sentence', () => {
  const problem = mount(ZProblem, { global, props: { problem: { code: 'brand_new', params: {} } } })
  expect(problem.text()).toContain('编号 brand_new')
})

test('the way back stays at least eight seconds and longer while it has the focus', async () => {
  vi.useFakeTimers()
  const toast = mount(ZToastUndo, { global, props: { message: '作废了', stays: 1 } })
  vi.advanceTimersByTime(7_999)
  expect(toast.emitted('gone')).toBeUndefined()
  await toast.get('.toast').trigger('focusin')
  vi.advanceTimersByTime(60_000)
  expect(toast.emitted('gone')).toBeUndefined()
  await toast.get('.toast').trigger('focusout')
  vi.advanceTimersByTime(8_000)
  expect(toast.emitted('gone')).toHaveLength(1)
})
