import { flushPromises } from '@vue/test-utils'
import { expect, test } from 'vitest'
import type { ProblemInput } from '@/backend'
import { addDays } from '@/shared/dates'
import { demoBackend, readyTablet, TODAY } from '@/testing/demo'
import { show } from '@/testing/mount'
import ReportPage from './ReportPage.vue'

const place = { at: '/report/c1', pattern: '/report/:child' }

function listening() {
  const sent: ProblemInput[] = []
  const village = demoBackend()
  const backend = demoBackend({
    reportProblem: async (input) => {
      sent.push(input)
      return village.reportProblem(input)
    },
  })
  return { sent, backend }
}

test('danger now opens the page of duties, which is left only by a choice with a word', async () => {
  const { sent, backend } = listening()
  const { tap, by } = await show(ReportPage, { ...place, backend })
  await tap('answer:card:hurt')
  await tap('answer:urgency:now')
  expect(by('mandatory-page').textContent).toContain('110')
  await tap('answer:mandatory:reported')
  expect((by('mandatory-done') as HTMLButtonElement).disabled).toBe(true)
  await tap('answer:whom:110')
  const field = by('mandatory-text').querySelector('textarea')
  if (field) field.value = '10 点报了 110'
  field?.dispatchEvent(new Event('input'))
  await flushPromises()
  by('mandatory-done').closest('form')?.dispatchEvent(new Event('submit', { cancelable: true }))
  await flushPromises()
  await tap('report-save')
  expect(sent).toEqual([
    {
      children: ['c1'],
      card: 'hurt',
      urgency: 'now',
      seen: '',
      origin_record: null,
      mandatory: { choice: 'reported', text: '10 点报了 110', whom: '110' },
      record: expect.any(String),
    },
  ])
})

test('a call of yesterday has its day and its hour', async () => {
  const { sent, backend } = listening()
  const { tap, by } = await show(ReportPage, { ...place, backend })
  await tap('answer:card:hurt')
  await tap('answer:urgency:now')
  await tap('answer:mandatory:reported')
  await tap('answer:whom:110')
  await tap('answer:day:yesterday')
  expect((by('mandatory-done') as HTMLButtonElement).disabled).toBe(true)
  const time = by('mandatory-time').querySelector('input') ?? (by('mandatory-time') as HTMLInputElement)
  time.value = '23:40'
  time.dispatchEvent(new Event('input'))
  await flushPromises()
  expect((by('mandatory-done') as HTMLButtonElement).disabled).toBe(false)
  by('mandatory-done').closest('form')?.dispatchEvent(new Event('submit', { cancelable: true }))
  await flushPromises()
  await tap('report-save')
  expect(sent[0]?.mandatory).toEqual({ choice: 'reported', text: '', whom: '110', at: `${addDays(TODAY, -1)} 23:40` })
})

test('what must be reported opens the page however urgent it is said to be, and a second tap says what was meant', async () => {
  const { sent, backend } = listening()
  const { tap, wrapper } = await show(ReportPage, { ...place, backend })
  await tap('answer:card:hurt')
  await tap('answer:kind:BULLY')
  await tap('answer:urgency:later')
  expect(wrapper.find('[data-test="mandatory-page"]').exists()).toBe(false)
  await tap('answer:card:school')
  await tap('answer:card:hurt')
  expect(wrapper.find('[data-test="mandatory-page"]').exists()).toBe(false)
  await tap('answer:kind:ABUSE')
  expect(wrapper.find('[data-test="mandatory-page"]').exists()).toBe(true)
  expect(sent).toEqual([])
})

test('a visit that asks is left only by an answer, and why not is no report', async () => {
  const question = { child: 'c1', name: '石小雨', village: '白荷村', record: 'v1', on: '2026-11-23', by: '李玉梅', reasons: ['管教方式：体罚'], answer: null, station: null }
  const village = demoBackend()
  const answers: unknown[] = []
  const reports: ProblemInput[] = []
  const backend = demoBackend({
    problemForm: async (input) => ({ ...(await village.problemForm(input)), questions: [question] }),
    reportProblem: async (input) => {
      reports.push(input)
      return village.reportProblem(input)
    },
    answerMandatory: async (input) => {
      answers.push(input)
      return village.reportProblem({ children: [], card: '', urgency: '', seen: '', origin_record: null, mandatory: null })
    },
  })
  const { tap, by, router } = await show(ReportPage, { at: '/report/c1?origin=v1&urgency=now', pattern: '/report/:child', backend })
  expect(by('duty-question').textContent).toContain('管教方式：体罚')
  await router.push('/today')
  await flushPromises()
  expect(router.currentRoute.value.path).toBe('/report/c1')
  expect(by('mandatory-page').textContent).toContain('就能离开这页')
  await tap('answer:mandatory:not_such_case')
  const field = by('mandatory-text').querySelector('textarea')
  if (field) field.value = '是邻居家孩子'
  field?.dispatchEvent(new Event('input'))
  await flushPromises()
  by('mandatory-done').closest('form')?.dispatchEvent(new Event('submit', { cancelable: true }))
  await flushPromises()
  expect(answers).toEqual([{ child: 'c1', record: 'v1', text: '是邻居家孩子' }])
  expect(reports).toEqual([])
  expect(router.currentRoute.value.path).not.toBe('/report/c1')
})

test('a matter of days asks for no such page', async () => {
  const { sent, backend } = listening()
  const { tap } = await show(ReportPage, { ...place, backend })
  await tap('answer:card:school')
  await tap('answer:siblings:c2')
  await tap('answer:urgency:days')
  await tap('report-save')
  expect(sent[0]).toMatchObject({ children: ['c1', 'c2'], urgency: 'days', mandatory: null })
})

test('a card suggested by a visit is chosen already', async () => {
  const { by } = await show(ReportPage, { at: '/report/c1?card=school&origin=r9', pattern: '/report/:child' })
  expect(by('answer:card:school').className).toContain('chosen')
})

test('whom it is known from and since when may be said, and at the station stand open', async () => {
  const { sent, backend } = listening()
  const { tap, by } = await show(ReportPage, { ...place, backend, app: { ...readyTablet, shell: 'station' } })
  expect(by('report-more').closest('details')?.open).toBe(true)
  expect(by('report-save').textContent).toContain('登记')
  await tap('answer:card:school')
  await tap('answer:urgency:days')
  await tap('answer:from:school')
  await tap(`answer:since-day:${TODAY}`)
  await tap('answer:since-unknown:unknown')
  await tap('report-save')
  expect(sent[0]).toMatchObject({ origin: 'school', since: 'unknown' })
})
