import { expect, test } from 'vitest'
import type { CaseView, ReportLineView, StationReportView, StationsView } from '@/backend'
import { demoBackend } from '@/testing/demo'
import { show } from '@/testing/mount'
import CaseList from './CaseList.vue'
import ReportLines from './ReportLines.vue'
import StationReport from './StationReport.vue'
import StationsPage from './StationsPage.vue'

const line: ReportLineView = {
  problem: '019a0000-0000-7000-8000-0000abcd1234',
  station: 's1',
  station_name: '芦汀镇',
  village: '白荷村',
  kind: '疑似家庭暴力或虐待',
  severity: '现在有危险',
  severity_code: 'S1',
  day: '2026-11-02',
  state: 'reported',
  open: true,
  mandatory: true,
  receipt: false,
  step: 'accept',
  side: 'station',
  until: '2026-11-02',
  late: true,
  closing: null,
  review: null,
  review_by: null,
  review_at: null,
  review_reason: null,
  review_unsent: false,
  review_refused: false,
}

const closed: ReportLineView = {
  ...line,
  problem: '019a0000-0000-7000-8000-0000abcd9999',
  state: 'closed',
  open: false,
  step: null,
  side: null,
  until: null,
  late: false,
  closing: 'c1',
  review: 'waiting',
}

const view: StationsView = {
  heard: '2026-11-03T02:00:00Z',
  waiting: [],
  cases: [],
  lines: [line],
  rows: [
    { station: 's2', name: '青溪镇', day: null, days: null, silent: true, children: { least: 0, most: 0 }, overdue: { least: 0, most: 0 }, problems: { least: 0, most: 0 }, lines: 0 },
    { station: 's1', name: '芦汀镇', day: '2026-11-03', days: 0, silent: false, children: { least: 7, most: 10 }, overdue: { least: 1, most: 4 }, problems: { least: 1, most: 1 }, lines: 1 },
  ],
}

test('what is urgent comes first, then each station with the day it spoke of', async () => {
  const { by } = await show(StationsPage, { backend: demoBackend({ stations: async () => view }) })
  const urgent = by('report-line').textContent
  for (const words of ['疑似家庭暴力或虐待', '芦汀镇 · 白荷村', '还没有回执', '站里', '受理', '已经过了']) expect(urgent).toContain(words)
  const silent = by('row-s2').textContent
  expect(silent).toContain('没有送来过')
  expect(silent).not.toContain('0')
  const row = by('row-s1').textContent
  for (const words of ['今天', '7–10', '1–4']) expect(row).toContain(words)
})

test('before any station spoke the page says how it will come', async () => {
  const none = { ...view, lines: [], rows: [view.rows[0] as StationsView['rows'][number]] }
  const { by } = await show(StationsPage, { backend: demoBackend({ stations: async () => none }) })
  expect(by('stations-empty').textContent).toContain('不用打电话')
  expect(by('row-s2').textContent).toContain('青溪镇')
})

test('a small number is a range, and says why', async () => {
  const report: StationReportView = {
    station: 's1',
    name: '芦汀镇',
    day: '2026-11-03',
    days: 0,
    silent: false,
    below: 5,
    lines: [],
    left_out: 0,
    cases: [],
    villages: [
      {
        village: 'v1',
        name: '白荷村',
        children: { least: 6, most: 6 },
        categories: [{ code: 'LB-1', label: '农村留守儿童', count: { least: 1, most: 4 } }],
        cadence: [{ code: 'overdue', label: 'overdue', count: { least: 0, most: 0 } }],
        problems: [],
      },
    ],
  }
  const { by, wrapper } = await show(StationReport, { props: { report } })
  expect(by('report-village').textContent).toContain('农村留守儿童 1–4')
  expect(wrapper.text()).toContain('写成“1–4”的数')
})

test('what was closed is countersigned, or said not to be over with a reason', async () => {
  const said: unknown[] = []
  const backend = demoBackend({
    stations: async () => ({ ...view, waiting: [closed] }),
    countersign: async (input) => {
      said.push(input)
      return view
    },
  })
  const { by, tap, wrapper } = await show(StationsPage, { backend })
  expect(by('waiting').textContent).toContain('您不说，也算办结')
  await tap('report-countersign')
  await tap('countersign-say')
  await tap('report-not-over')
  await tap('countersign-say')
  expect(wrapper.text() + document.body.textContent).toContain('请写原因')
  const reason = by('countersign-reason').querySelector('textarea') as HTMLTextAreaElement
  reason.value = ' 还住在那里。 '
  reason.dispatchEvent(new Event('input'))
  await tap('countersign-say')
  const about = { problem: closed.problem, closing: 'c1' }
  expect(said).toEqual([
    { ...about, verdict: 'countersigned', reason: '' },
    { ...about, verdict: 'not_over', reason: '还住在那里。' },
  ])
})

const drawn = (name: string) => document.querySelector(`[data-test="${name}"]`) !== null

test('what was said stands with who and when', async () => {
  const said: ReportLineView = { ...closed, review: 'not_over', review_by: '何珊', review_at: '2026-11-03T02:00:00Z', review_reason: '还住在那里。', review_unsent: true }
  const { by } = await show(ReportLines, { props: { lines: [said] } })
  const words = by('report-line').textContent
  for (const part of ['还不能结', '何珊', '还住在那里。', '还没送到']) expect(words).toContain(part)
  expect(drawn('report-countersign')).toBe(false)
})

test('the station reads how its closing stands and is not asked', async () => {
  const { by } = await show(ReportLines, { props: { lines: [closed], own: true } })
  expect(by('report-review').textContent).toContain('待区里复核')
  expect(drawn('report-countersign')).toBe(false)
})

const asked: CaseView = {
  case: 'k1', problem: line.problem, by: '何珊', at: '2026-11-03T02:00:00Z', reason: '市里督办。', state: 'asked', late: true, days: 4,
  answered_by: null, answered_at: null, number: null, until: null, there: false, fetched: null, declined: null, may_answer: true, lacks_head: false,
}

test('the head sends a case or says why not; who waits is told how long', async () => {
  const said: unknown[] = []
  const backend = demoBackend({
    declineCase: async (input) => said.push(input) as never,
    sendCase: async (input) => said.push(input) as never,
  })
  const { by, tap } = await show(CaseList, { backend, props: { cases: [asked], own: true } })
  for (const words of ['何珊', '市里督办。', '已经 4 天没答复']) expect(by('case').textContent).toContain(words)
  await tap('case-decline')
  await tap('case-run')
  expect(said).toEqual([])
  const reason = by('case-reason').querySelector('textarea') as HTMLTextAreaElement
  reason.value = '正在侦查，公安不让给。'
  reason.dispatchEvent(new Event('input'))
  await tap('case-run')
  await tap('case-send')
  await tap('case-run')
  expect(said).toEqual([{ id: 'k1', reason: '正在侦查，公安不让给。' }, { id: 'k1', request: null }])
})

test('where the rows of the day are used up the head asks a second person, and sends it by her word', async () => {
  const said: unknown[] = []
  const wanted: unknown[] = []
  const backend = demoBackend({
    sendCase: async (input) => {
      said.push(input)
      throw { code: 'export_needs_second', params: {} }
    },
    requestExport: async (input) => wanted.push(input) as never,
  })
  const { tap } = await show(CaseList, { backend, props: { cases: [asked], own: true }, at: '/me/reported?case=k1&request=r1', pattern: '/me/reported' })
  await tap('case-send')
  await tap('case-run')
  await tap('second-ask')
  expect(said).toEqual([{ id: 'k1', request: 'r1' }])
  expect(wanted).toMatchObject([{ ledger: 'case', about: 'k1', purpose: 'district' }])
  expect(drawn('second-asked')).toBe(true)
})

test('the officer opens what was sent with the password, and reads why it was not', async () => {
  const sent: CaseView = { ...asked, state: 'sent', late: false, may_answer: false, answered_by: '高岚', answered_at: '2026-11-04T02:00:00Z', number: 'E-20261104-00001-1', until: '2026-11-11T02:00:00Z', there: true }
  const backend = demoBackend({ openCase: async () => ({ file_name: 'x.xlsx', password: 'ABCD-EFGH-2345', bytes: '' }) })
  const { by, tap } = await show(CaseList, { backend, props: { cases: [sent] } })
  expect(by('case').textContent).toContain('E-20261104-00001-1')
  await tap('case-open')
  expect(by('case-password').textContent).toBe('ABCD-EFGH-2345')
})

test('where every head is not to act for the family, the station reads whom to ask', async () => {
  const stuck: CaseView = { ...asked, may_answer: false, lacks_head: true }
  const { by } = await show(CaseList, { props: { cases: [stuck], own: true } })
  expect(by('case-lacks-head').textContent).toContain('请区里指派另一位站长')
  expect(by('case').textContent).not.toContain('由站长答复。')
  expect(drawn('case-send')).toBe(false)
})

test('a case that was declined says why, and a station without its head waits', async () => {
  const declined: CaseView = { ...asked, state: 'declined', late: false, may_answer: false, answered_by: '高岚', answered_at: '2026-11-04T02:00:00Z', declined: '公安不让给。' }
  const { by } = await show(CaseList, { props: { cases: [declined] } })
  expect(by('case-declined').textContent).toContain('公安不让给。')
  expect(drawn('case-open')).toBe(false)
})
