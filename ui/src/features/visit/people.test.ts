import { expect, test } from 'vitest'
import type { QuestionView } from '@/backend'
import { demoBackend } from '@/testing/demo'
import { show } from '@/testing/mount'
import VisitQuestion from './VisitQuestion.vue'

const question: QuestionView = {
  key: 'c_caregiver',
  label: '实际照料人',
  hint: null,
  given: null,
  most: null,
  kind: 'text',
  options: [
    { code: 'm1', label: '石秀兰（奶奶）' },
    { code: 'm2', label: '石建国（爷爷）' },
  ],
  codes: [],
  text: null,
  required: false,
  message: null,
  carried: false,
  calculated: false,
  masked: false,
  reveal: null,
}

function asked(answer: { codes: string[]; text: string | null }, more: Partial<QuestionView> = {}) {
  return show(VisitQuestion, { backend: demoBackend(), props: { child: 'c1', draft: 'd1', part: 'session', question: { ...question, ...more }, answer, phrases: [] } })
}

test('the members of the household are offered, and one tap chooses one', async () => {
  const { wrapper, tap } = await asked({ codes: [], text: null })
  expect(wrapper.text()).toContain('石秀兰（奶奶）')
  expect(wrapper.find('[data-test="answer:c_caregiver"]').exists()).toBe(false)
  await tap('answer:c_caregiver:m1')
  expect(wrapper.findComponent(VisitQuestion).emitted('chosen')).toEqual([[['m1']]])
})

test('somebody else is written down, and takes the place of who was chosen', async () => {
  const { wrapper, tap } = await asked({ codes: ['m1'], text: '石秀兰' })
  await tap('answer:c_caregiver:other')
  expect(wrapper.findComponent(VisitQuestion).emitted('chosen')).toEqual([[[]]])
  expect(wrapper.find('[data-test="answer:c_caregiver"]').exists()).toBe(true)
})

test('words of an earlier visit stay words, and a household without members is written as ever', async () => {
  const words = await asked({ codes: [], text: '奶奶 石秀兰' })
  expect(words.wrapper.find('[data-test="answer:c_caregiver"]').exists()).toBe(true)
  const alone = await asked({ codes: [], text: null }, { options: [] })
  expect(alone.wrapper.find('[data-test="answer:c_caregiver"]').exists()).toBe(true)
  expect(alone.wrapper.find('[data-test="answer:c_caregiver:other"]').exists()).toBe(false)
})

test('a number that was taken over stays masked, and what is typed begins empty', async () => {
  const backend = demoBackend({ revealField: async (input) => ({ text: input.key === 'd1/session/c_f_phone' ? '10000000017' : '', seconds: 30 }) })
  const masked = { ...question, key: 'c_f_phone', label: '父亲电话', options: [], text: '100****0017', carried: true, masked: true, reveal: 'tap' }
  const answer = { codes: [], text: '100****0017' }
  const { by, tap, wrapper } = await show(VisitQuestion, { backend, props: { child: 'c1', draft: 'd1', part: 'session', question: masked, answer, phrases: [] } })
  expect(by('covered:c_f_phone').textContent).toContain('100****0017')
  expect(wrapper.find('[data-test="answer:c_f_phone"]').exists()).toBe(false)
  await tap('look:d1/session/c_f_phone')
  expect(by('covered:c_f_phone').textContent).toContain('10000000017')
  await tap('change:c_f_phone')
  expect(by('question:c_f_phone').querySelector('textarea')?.value).toBe('')
})

test('a number is cleared on purpose, and one that was only looked at stands there again', async () => {
  const masked = { key: 'c_f_phone', label: '父亲电话', options: [], text: '100****0017', carried: true, masked: true, reveal: 'tap' }
  const { wrapper, tap, by } = await asked({ codes: [], text: '100****0017' }, masked)
  const emitted = () => wrapper.findComponent(VisitQuestion).emitted('typed') ?? []
  await tap('change:c_f_phone')
  await wrapper.find('textarea').trigger('blur')
  expect(by('covered:c_f_phone').textContent, 'nothing was written in its place').toContain('100****0017')
  expect(emitted()).toEqual([])
  await tap('clear:c_f_phone')
  expect(emitted()).toEqual([['']])
})

test('what was answered at the visit is read and not written on, whatever kind it is', async () => {
  const { wrapper, by } = await asked({ codes: [], text: '奶奶 石秀兰' }, { given: '奶奶 石秀兰' })
  expect(by('given:c_caregiver').textContent).toContain('奶奶 石秀兰')
  expect(wrapper.find('textarea').exists()).toBe(false)
  expect(wrapper.find('[data-test="answer:c_caregiver:other"]').exists()).toBe(false)
})
