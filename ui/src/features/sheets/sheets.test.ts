import { flushPromises } from '@vue/test-utils'
import { afterEach, expect, test, vi } from 'vitest'
import type { KeepSheetInput, ProblemInput, SheetView } from '@/backend'
import ReportPage from '@/features/report/ReportPage.vue'
import { demoBackend } from '@/testing/demo'
import { show } from '@/testing/mount'
import SheetList from './SheetList.vue'

afterEach(() => vi.useRealTimers())

const place = { at: '/report/c1', pattern: '/report/:child' }
const page = { page: 'report', of: 'c1', record: null } as const
const AT = '2026-11-23T01:12:00Z'

function sheet(words: SheetView['words'] = {}): SheetView {
  return { draft: 's1', photos: false, words, at: AT }
}

/** A core that keeps one sheet, and what it was told. */
function core(left: SheetView | null) {
  const kept: KeepSheetInput[] = []
  const sent: ProblemInput[] = []
  const dropped: string[] = []
  const village = demoBackend()
  const backend = demoBackend({
    sheet: async () => left,
    keepSheet: async (input) => {
      kept.push(input)
      return sheet(input.words)
    },
    dropSheet: async ({ id }) => {
      dropped.push(id)
      return null
    },
    reportProblem: async (input) => {
      sent.push(input)
      return village.reportProblem(input)
    },
  })
  return { kept, sent, dropped, backend }
}

async function type(words: string): Promise<void> {
  const field = document.querySelector<HTMLTextAreaElement>('[data-test="report-seen"] textarea')
  if (!field) throw new Error('no field')
  field.value = words
  field.dispatchEvent(new Event('input'))
  await flushPromises()
}

test('what is typed is kept after a breath, and the page is saved with it', async () => {
  const { kept, sent, backend } = core(null)
  const { tap } = await show(ReportPage, { ...place, backend })
  vi.useFakeTimers()
  await tap('answer:card:school')
  await tap('answer:urgency:days')
  await vi.advanceTimersByTimeAsync(1_000)
  expect(kept, 'taps alone are tapped again as fast').toEqual([])
  await type('三天没')
  await type('三天没去上学')
  await vi.advanceTimersByTimeAsync(1_000)
  expect(kept).toHaveLength(1)
  expect(kept[0]).toMatchObject({ sheet: page, words: { card: ['school'], urgency: ['days'], seen: ['三天没去上学'] } })
  // Saved before the breath is over: the last words are kept first.
  await type('三天没去上学，奶奶说不想去')
  await tap('report-save')
  await vi.advanceTimersByTimeAsync(1_000)
  await flushPromises()
  expect(kept).toHaveLength(2)
  expect(sent).toEqual([expect.objectContaining({ seen: '三天没去上学，奶奶说不想去', sheet: 's1' })])
})

test('what was left is there again, and can be given up', async () => {
  const duty = { 'duty.choice': ['reported'], 'duty.text': [''], 'duty.whom': ['110'] }
  const { sent, dropped, backend } = core(sheet({ card: ['school'], urgency: ['now'], seen: ['没去上学'], siblings: ['c2'], ...duty }))
  const { by, tap, wrapper } = await show(ReportPage, { ...place, backend })
  await flushPromises()
  expect(by('sheet-left').textContent).toContain('写了一半')
  await tap('report-save')
  expect(sent[0]).toMatchObject({
    children: ['c1', 'c2'],
    card: 'school',
    urgency: 'now',
    seen: '没去上学',
    mandatory: { choice: 'reported', text: '', whom: '110' },
    sheet: 's1',
  })
  wrapper.unmount()

  const again = await show(ReportPage, { ...place, backend })
  await flushPromises()
  await again.tap('sheet-anew')
  await flushPromises()
  expect(dropped).toEqual(['s1'])
  expect(document.querySelector('[data-test="sheet-left"]')).toBeNull()
  expect(document.querySelector<HTMLTextAreaElement>('[data-test="report-seen"] textarea')?.value).toBe('')
})

test('the page is saved with the photo that is on its way', async () => {
  const { sent, backend } = core(null)
  const village = demoBackend()
  let arrive = () => {}
  backend.beginSheet = async () => ({ ...sheet(), photos: true })
  backend.addAttachment = async (input) => {
    await new Promise<void>((resolve) => {
      arrive = resolve
    })
    return village.addAttachment(input)
  }
  const { by, tap } = await show(ReportPage, { ...place, backend })
  await tap('answer:card:school')
  await tap('answer:urgency:days')
  await type('三天没去上学')
  await tap('sheet-begin')
  await flushPromises()
  const input = by('photo-file')
  Object.defineProperty(input, 'files', { value: [new File(['1'], 'a.jpg')], configurable: true })
  input.dispatchEvent(new Event('change'))
  const settled = arrive
  await vi.waitFor(() => expect(arrive).not.toBe(settled))
  await tap('report-save')
  await flushPromises()
  expect(sent).toEqual([])
  arrive()
  await vi.waitFor(() => expect(sent).toHaveLength(1))
})

test('photos are for what everybody may read', async () => {
  const { by, tap } = await show(ReportPage, { ...place, backend: core(null).backend })
  await tap('answer:card:hurt')
  expect(document.querySelector('[data-test="sheet-begin"]')).toBeNull()
  await tap('answer:card:school')
  await tap('sheet-begin')
  await flushPromises()
  expect(by('attachments').textContent).toContain('照片')
  expect(document.querySelector('[data-test="add-signature"]')).toBeNull()
  // What hangs there already is not hidden: it has to be taken off.
  await tap('answer:card:hurt')
  expect(by('attachments')).toBeTruthy()
})

test('the list leads to each page, and shows the words of one whose matter is gone', async () => {
  const { backend, dropped } = core(null)
  const row = { draft: 's1', title: '石小雨', gone: false, words: [], at: AT }
  backend.sheets = async () => ({
    rows: [
      { ...row, sheet: { page: 'contact', of: 'c1', record: null } },
      { ...row, draft: 's2', title: '危房 · 石小雨', sheet: { page: 'problem', of: 'p1', record: null } },
      { ...row, draft: 's3', title: '活动', sheet: { page: 'work', of: 'activity', record: 'r1' } },
      { ...row, draft: 's5', sheet: { page: 'attempt', of: 'c1', record: null } },
      { ...row, draft: 's6', sheet: { page: 'attempt', of: 'c1', record: 'd1' } },
      { ...row, draft: 's4', title: '', gone: true, words: ['孩子说想妈妈'], sheet: { page: 'contact', of: 'c9', record: null } },
    ],
  })
  const { by, tap } = await show(SheetList, { backend })
  const links = [...document.querySelectorAll('[data-test="sheets"] a')].map((link) => link.getAttribute('href'))
  expect(links.map((link) => link?.replace(/^.*#/, ''))).toEqual(['/contact/c1', '/problems/p1', '/work/activity/r1', '/attempt/c1', '/attempt/c1?visit=d1'])
  expect(by('sheet-gone').textContent).toContain('孩子说想妈妈')
  await tap('sheet-drop')
  expect(dropped).toEqual(['s4'])
})
