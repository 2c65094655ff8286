import { flushPromises } from '@vue/test-utils'
import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import type { KeepSheetInput, ProblemInput, SheetView } from '@/backend'
import { addDays } from '@/shared/dates'
import { demoBackend, readyTablet, TODAY } from '@/testing/demo'
import { show } from '@/testing/mount'
import ReportPage from './ReportPage.vue'

/** The wall says 10:20 on the day of the demo. */
beforeEach(() => vi.useFakeTimers({ toFake: ['Date'], now: new Date(`${TODAY}T02:20:00Z`) }))
afterEach(() => vi.useRealTimers())

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
      mandatory: { choice: 'reported', text: '10 点报了 110', whom: '110', at: `${TODAY} 10:20` },
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

/** Types into what stands behind a name. */
async function type(name: string, words: string): Promise<void> {
  const place = document.querySelector(`[data-test="${name}"]`)
  const field = place?.querySelector<HTMLInputElement>('input, textarea') ?? (place as HTMLInputElement | null)
  if (!field) throw new Error(`${name} is not there`)
  field.value = words
  field.dispatchEvent(new Event('input'))
  await flushPromises()
}

async function goOn(): Promise<void> {
  document.querySelector('[data-test="mandatory-done"]')?.closest('form')?.dispatchEvent(new Event('submit', { cancelable: true }))
  await flushPromises()
}

/** A core that keeps a sheet as the real one does. */
function keeping(day = TODAY) {
  const { sent, backend } = listening()
  let left: SheetView | null = null
  backend.dropSheet = async () => (left = null)
  backend.sheet = async () => left
  backend.keepSheet = async ({ words }) => (left = Object.keys(words).length > 0 ? { draft: 's1', photos: false, words, at: `${day}T01:12:00Z` } : null)
  return { sent, backend, left: () => left }
}

const dutyStands = () => document.querySelector('[data-test="mandatory-page"]') !== null
const valueOf = (name: string) => document.querySelector<HTMLInputElement>(`[data-test="${name}"] input, [data-test="${name}"] textarea, input[data-test="${name}"]`)?.value

test('the page of duties comes back with all of it after the call it asked for', async () => {
  const { sent, backend, left } = keeping()
  const first = await show(ReportPage, { ...place, backend })
  await first.tap('answer:card:hurt')
  await first.tap('answer:urgency:now')
  // The dialler covers the app, and the app locks behind it.
  first.wrapper.unmount()
  await flushPromises()
  expect(left()?.words).toMatchObject({ card: ['hurt'], urgency: ['now'] })

  const second = await show(ReportPage, { ...place, backend })
  expect(dutyStands()).toBe(true)
  await second.tap('answer:mandatory:reported')
  await second.tap('answer:whom:110')
  await type('mandatory-time', '09:05')
  await type('mandatory-receipt', '沪20261123')
  await type('mandatory-text', '说马上到')
  second.wrapper.unmount()
  await flushPromises()

  const third = await show(ReportPage, { ...place, backend })
  expect(dutyStands()).toBe(true)
  expect([valueOf('mandatory-time'), valueOf('mandatory-receipt'), valueOf('mandatory-text')]).toEqual(['09:05', '沪20261123', '说马上到'])
  await goOn()
  expect(dutyStands()).toBe(false)
  await third.tap('report-save')
  expect(sent[0]).toMatchObject({
    card: 'hurt',
    urgency: 'now',
    mandatory: { choice: 'reported', text: '说马上到', whom: '110', at: `${TODAY} 09:05`, receipt: '沪20261123' },
    sheet: 's1',
  })
})

test('what was typed today is a call of yesterday tomorrow, and of its own day after that', async () => {
  const { sent, backend } = keeping()
  const first = await show(ReportPage, { ...place, backend })
  await first.tap('answer:card:hurt')
  await first.tap('answer:urgency:now')
  await first.tap('answer:mandatory:reported')
  await first.tap('answer:whom:110')
  first.wrapper.unmount()
  const next = await show(ReportPage, { ...place, backend, app: { ...readyTablet, today: addDays(TODAY, 1) } })
  expect(next.by('answer:day:yesterday').className).toContain('chosen')
  expect((next.by('mandatory-done') as HTMLButtonElement).disabled, 'at what time').toBe(true)
  next.wrapper.unmount()
  const later = await show(ReportPage, { ...place, backend, app: { ...readyTablet, today: addDays(TODAY, 3) } })
  expect(later.by(`answer:day:${TODAY}`).className).toContain('chosen')
  await type('mandatory-time', '23:40')
  await goOn()
  await later.tap('report-save')
  expect(sent[0]?.mandatory).toMatchObject({ at: `${TODAY} 23:40` })
})

test('what a visit asks comes back with the details of the call, from wherever the page is opened', async () => {
  const question = { child: 'c1', name: '石小雨', village: '白荷村', record: 'v1', on: '2026-11-23', by: '李玉梅', reasons: ['管教方式：体罚'], answer: null, station: null }
  const village = demoBackend()
  const { sent, backend, left } = keeping()
  backend.problemForm = async (input) => ({ ...(await village.problemForm(input)), questions: [question] })
  const at = { at: '/report/c1?origin=v1&urgency=now', pattern: '/report/:child' }
  const opened = await show(ReportPage, { ...at, backend })
  opened.wrapper.unmount()
  await flushPromises()
  expect(left(), 'nobody said anything yet').toBeNull()
  const first = await show(ReportPage, { ...at, backend })
  await first.tap('answer:mandatory:reported')
  await first.tap('answer:whom:120')
  first.wrapper.unmount()
  await flushPromises()
  // 今天 leads to the child's page, without the question.
  const again = await show(ReportPage, { ...place, backend })
  expect(again.by('duty-question').textContent).toContain('管教方式：体罚')
  await goOn()
  await again.tap('answer:card:hurt')
  await again.tap('report-save')
  expect(sent[0]).toMatchObject({ origin_record: 'v1', urgency: 'now', mandatory: { choice: 'reported', whom: '120' } })
})

async function not(tap: (name: string) => Promise<void>, why: string): Promise<void> {
  await tap('answer:mandatory:not_such_case')
  await type('mandatory-text', why)
  await goOn()
}

test('why it is none of the situations says nothing of what is picked afterwards', async () => {
  const { sent, backend } = listening()
  const { tap } = await show(ReportPage, { ...place, backend })
  await tap('answer:card:hurt')
  await tap('answer:urgency:days')
  await not(tap, '同学推了一下')
  expect(dutyStands()).toBe(false)
  // Another type that need not be reported, and back: it is what was said of it.
  await tap('answer:kind:BULLY')
  await tap('answer:kind:ABUSE')
  expect(dutyStands()).toBe(false)
  await tap('answer:urgency:now')
  expect(dutyStands()).toBe(true)
  expect(document.querySelector('[data-test="mandatory-text"]'), 'it was said of something else').toBeNull()
  await not(tap, '已经分开了')
  await tap('answer:urgency:later')
  await tap('report-save')
  expect(sent[0]?.mandatory).toEqual({ choice: 'not_such_case', text: '已经分开了', about: ['ABUSE', 'now'] })
})

test('another type that must be reported asks again, and a call that was made stays made', async () => {
  const { sent, backend } = listening()
  const village = demoBackend()
  backend.problemForm = async (input) => {
    const view = await village.problemForm(input)
    const kinds = ['MISSING', 'SUICIDE'].map((code) => ({ code, label: code, sealed: false, mandatory: true }))
    return { ...view, cards: [...view.cards, { code: 'grave', label: '出事了', hint: '', kinds }] }
  }
  const { tap, by } = await show(ReportPage, { ...place, backend })
  await tap('answer:card:grave')
  await tap('answer:urgency:days')
  await not(tap, '在奶奶家')
  await tap('answer:kind:SUICIDE')
  expect(dutyStands()).toBe(true)
  await tap('answer:mandatory:reported')
  await tap('answer:whom:110')
  await goOn()
  await tap('answer:kind:MISSING')
  await tap('answer:urgency:now')
  expect(dutyStands()).toBe(false)

  // It is opened again with what was said, and put right.
  await tap('mandatory-edit')
  expect(dutyStands()).toBe(true)
  expect(by('answer:whom:110').className).toContain('chosen')
  await type('mandatory-receipt', '沪7')
  await goOn()
  expect(by('mandatory-settled').textContent).toContain('沪7')
  await tap('report-save')
  expect(sent[0]?.mandatory).toEqual({ choice: 'reported', text: '', whom: '110', at: `${TODAY} 10:20`, receipt: '沪7' })
})

test('the next question of the same child is asked as well', async () => {
  const question = (record: string) => ({ child: 'c1', name: '石小雨', village: '白荷村', record, on: '2026-11-23', by: '李玉梅', reasons: [`说了${record}`], answer: null, station: null })
  const village = demoBackend()
  const backend = demoBackend({
    problemForm: async (input) => ({ ...(await village.problemForm(input)), questions: [question('v1'), question('v2')] }),
    answerMandatory: async () => ({ ...(await village.reportProblem({ children: [], card: '', urgency: '', seen: '', origin_record: null, mandatory: null })), mandatory: [question('v2')] }),
  })
  const { tap, by, router } = await show(ReportPage, { at: '/report/c1?origin=v1&urgency=now', pattern: '/report/:child', backend })
  await not(tap, '听错了')
  expect(router.currentRoute.value.query.origin).toBe('v2')
  expect(by('duty-question').textContent).toContain('说了v2')
  expect(document.querySelector('[data-test="mandatory-text"]')).toBeNull()
})

test('after a report the next question of the same child begins anew', async () => {
  const question = (record: string) => ({ child: 'c1', name: '石小雨', village: '白荷村', record, on: '2026-11-23', by: '李玉梅', reasons: [`说了${record}`], answer: null, station: null })
  const village = demoBackend()
  const { backend, left } = keeping()
  backend.problemForm = async (input) => ({ ...(await village.problemForm(input)), questions: [question('v1'), question('v2')] })
  backend.reportProblem = async (input) => ({ ...(await village.reportProblem(input)), mandatory: [question('v2')] })
  const { tap, by, wrapper } = await show(ReportPage, { at: '/report/c1?origin=v1&urgency=now', pattern: '/report/:child', backend })
  await tap('answer:mandatory:reported')
  await tap('answer:whom:110')
  await goOn()
  await tap('answer:card:school')
  await type('report-seen', '没去上学')
  await tap('report-save')
  expect(by('duty-question').textContent).toContain('说了v2')
  await tap('answer:mandatory:reported')
  expect(by('answer:whom:110').className).not.toContain('chosen')
  wrapper.unmount()
  await flushPromises()
  expect(left()?.words, 'what is typed there is kept').toMatchObject({ origin: ['v2'], seen: [''], 'duty.choice': ['reported'] })
})

test('what is typed and left at once is kept of its child', async () => {
  const { backend } = keeping()
  const kept: KeepSheetInput[] = []
  backend.keepSheet = async (input) => {
    kept.push(input)
    return null
  }
  const { tap, router } = await show(ReportPage, { ...place, backend })
  await tap('answer:card:school')
  await type('report-seen', '没去上学')
  await router.push('/today')
  await flushPromises()
  expect(kept.map(({ sheet }) => sheet.of)).toEqual(['c1'])
})

function asking(record: string) {
  return { child: 'c1', name: '石小雨', village: '白荷村', record, on: '2026-11-23', by: '李玉梅', reasons: [`说了${record}`], answer: null, station: null }
}

/** A core that keeps a sheet, and asks of the visits that are named. */
function keepingAsked(records: string[]) {
  const core = keeping()
  const village = demoBackend()
  const open = new Set(records)
  core.backend.problemForm = async (input) => ({ ...(await village.problemForm(input)), questions: [...open].map(asking) })
  core.backend.answerMandatory = async ({ record }) => {
    open.delete(record)
    const saved = await village.reportProblem({ children: [], card: '', urgency: '', seen: '', origin_record: null, mandatory: null })
    return { ...saved, mandatory: [...open].map(asking) }
  }
  return { ...core, open }
}

const ofV1 = { at: '/report/c1?origin=v1&urgency=now', pattern: '/report/:child' }

/** She calls, and the app locks behind the call. */
async function called(backend: ReturnType<typeof keeping>['backend'], at: { at: string; pattern: string }, receipt = ''): Promise<void> {
  const page = await show(ReportPage, { ...at, backend })
  if (at === place) {
    await page.tap('answer:card:hurt')
    await page.tap('answer:urgency:now')
  }
  await page.tap('answer:mandatory:reported')
  await page.tap('answer:whom:110')
  if (receipt) await type('mandatory-receipt', receipt)
  page.wrapper.unmount()
  await flushPromises()
}

test('a question that was answered after all leaves no sheet behind', async () => {
  const { backend, left } = keepingAsked(['v1'])
  await called(backend, ofV1)
  expect(left()).not.toBeNull()
  const again = await show(ReportPage, { ...place, backend })
  await not(again.tap, '是邻居家孩子')
  again.wrapper.unmount()
  await flushPromises()
  expect(left()).toBeNull()
  await show(ReportPage, { ...place, backend })
  expect(dutyStands()).toBe(false)
})

test('a question answered with a report half typed leaves that report', async () => {
  const { backend, left } = keepingAsked(['v1'])
  const first = await show(ReportPage, { ...place, backend })
  await first.tap('answer:card:school')
  await type('report-seen', '没去上学')
  first.wrapper.unmount()
  await flushPromises()
  const again = await show(ReportPage, { ...ofV1, backend })
  await not(again.tap, '是邻居家孩子')
  again.wrapper.unmount()
  await flushPromises()
  expect(left()?.words).toMatchObject({ card: ['school'], seen: ['没去上学'], 'duty.choice': [''] })
})

test('what was only tapped for a question answered elsewhere goes, and what was typed stays', async () => {
  const { backend, left, open } = keepingAsked(['v1'])
  await called(backend, ofV1)
  open.clear()
  const again = await show(ReportPage, { ...place, backend })
  expect(dutyStands()).toBe(false)
  expect(left()).toBeNull()
  again.wrapper.unmount()

  open.add('v1')
  await called(backend, ofV1, '沪9')
  open.clear()
  await show(ReportPage, { ...place, backend })
  expect(valueOf('mandatory-receipt')).toBe('沪9')
})

test('a call of today that is finished has the minute of it, and stays of that day', async () => {
  const { sent, backend } = keeping()
  const first = await show(ReportPage, { ...place, backend })
  await first.tap('answer:card:hurt')
  await first.tap('answer:urgency:now')
  await first.tap('answer:mandatory:reported')
  await first.tap('answer:whom:110')
  await goOn()
  first.wrapper.unmount()
  await flushPromises()
  vi.setSystemTime(new Date(`${addDays(TODAY, 1)}T00:30:00Z`))
  const next = await show(ReportPage, { ...place, backend, app: { ...readyTablet, today: addDays(TODAY, 1) } })
  expect(dutyStands()).toBe(false)
  await next.tap('report-save')
  expect(sent[0]?.mandatory).toMatchObject({ whom: '110', at: `${TODAY} 10:20` })
})

test('of a call kept by an older app without an hour it is asked when it was, once the day is over', async () => {
  const words = { card: ['hurt'], urgency: ['now'], 'duty.choice': ['reported'], 'duty.whom': ['110'], 'duty.stage': ['done'], 'duty.at': [`${TODAY} `] }
  const { sent, backend } = keeping()
  backend.sheet = async () => ({ draft: 's1', photos: false, words, at: `${TODAY}T01:12:00Z` })
  const next = await show(ReportPage, { ...place, backend, app: { ...readyTablet, today: addDays(TODAY, 1) } })
  expect(dutyStands()).toBe(true)
  expect((next.by('mandatory-done') as HTMLButtonElement).disabled).toBe(true)
  await type('mandatory-time', '16:00')
  await goOn()
  await next.tap('report-save')
  expect(sent[0]?.mandatory).toMatchObject({ at: `${TODAY} 16:00` })
})

test('a report from a visit that is still open is not sent to the visit before', async () => {
  const { sent, backend } = keepingAsked(['v1'])
  const first = await show(ReportPage, { ...ofV1, backend })
  await first.tap('answer:mandatory:reported')
  await first.tap('answer:whom:110')
  await goOn()
  await type('report-seen', '没去上学')
  first.wrapper.unmount()
  await flushPromises()
  const fresh = await show(ReportPage, { at: '/report/c1?draft=d2', pattern: '/report/:child', backend })
  expect(document.querySelector('[data-test="duty-question"]')).toBeNull()
  await fresh.tap('answer:mandatory:reported')
  await fresh.tap('answer:whom:120')
  await goOn()
  await fresh.tap('answer:card:school')
  await fresh.tap('report-save')
  expect(sent[0]).toMatchObject({ origin_record: 'd2', seen: '没去上学', mandatory: { whom: '120' } })
})

test('a call typed before the question came stands there to be confirmed, and why not does not', async () => {
  const { backend } = keepingAsked(['v1'])
  await called(backend, place, '沪9')
  const asked = await show(ReportPage, { ...ofV1, backend })
  expect(asked.by('duty-question').textContent).toContain('说了v1')
  expect(asked.by('answer:whom:110').className).toContain('chosen')
  expect(valueOf('mandatory-receipt')).toBe('沪9')
  asked.wrapper.unmount()

  const other = keepingAsked(['v1'])
  const first = await show(ReportPage, { ...place, backend: other.backend })
  await first.tap('answer:card:hurt')
  await first.tap('answer:urgency:now')
  await not(first.tap, '同学推了一下')
  first.wrapper.unmount()
  await flushPromises()
  await show(ReportPage, { ...ofV1, backend: other.backend })
  expect(dutyStands()).toBe(true)
  expect(document.querySelector('[data-test="mandatory-text"]')).toBeNull()
})
