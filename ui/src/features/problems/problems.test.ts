import { flushPromises } from '@vue/test-utils'
import { expect, test, vi } from 'vitest'
import { nextTick } from 'vue'
import type { AppView, NextStepView, PaperPersonView, PrintInput, ProblemChoicesView, ProblemEventInput, ProblemEventView, ProblemRow, ProblemView, ReviewOpeningInput, SealedView, UrgentInput } from '@/backend'
import { memoryBackend } from '@/backend/memory'
import { demoBackend, readyTablet } from '@/testing/demo'
import { show } from '@/testing/mount'
import PaperPage from './PaperPage.vue'
import ProblemPage from './ProblemPage.vue'
import ProblemsPage from './ProblemsPage.vue'

const station: AppView = { ...readyTablet, shell: 'station' }

function row(problem: string, more: Partial<ProblemRow> = {}): ProblemRow {
  return {
    problem,
    number: null,
    names: '石小雨',
    child: 'c1',
    village: '芦汀村',
    kind: '连续缺课',
    severity: 'S2',
    urgency: '这几天要办',
    state: 'reported',
    by: '李玉梅',
    at: '2026-11-23T02:00:00Z',
    seen: '连着三天没去学校。',
    last_answer: null,
    also: [],
    unread: false,
    record_state: 'delivered',
    requested_close: false,
    reopened: false,
    not_such_case: false,
    review: null,
    past_usual: false,
    handlerless: false,
    next: null,
    ...more,
  }
}

const choices: ProblemChoicesView = { measures: [], bodies: [], referrals: [], severities: [], into: [], numbers: [], outcomes: [], satisfactions: [], types: [], also: [], mains: [], main: '', duty_open: false, reply_phrases: [], measure_phrases: [] }

function story(more: Partial<ProblemView> = {}): ProblemView {
  return {
    row: row('p1'),
    paper: { who: '石小雨（芦汀村）', what: '连续缺课', by: '李玉梅' },
    events: [],
    may: [],
    open_words: [],
    choices,
    steps: [],
    left: [],
    why_not_close: null,
    lead: [],
    usual_days: null,
    merged_into: null,
    words_sealed: false,
    attachments: [],
    mandatory: null,
    origin: null,
    since: null,
    people: [],
    handler: null,
    may_be_handled_by: [],
    recused: false,
    sealed: null,
    packets: [],
    ...more,
  }
}

function open(may: string[], app = station, more: Partial<ProblemView> = {}, core: Parameters<typeof memoryBackend>[0] = {}) {
  const added: ProblemEventInput[] = []
  const view = story({ may, ...more })
  const backend = memoryBackend({
    problem: async () => view,
    sheet: async () => null,
    addProblemEvent: async (input) => {
      added.push(input)
      return { ...view, row: row('p1', { state: 'accepted' }), may: ['replied'] }
    },
    ...core,
  })
  return { added, shown: show(ProblemPage, { at: '/problems/p1', pattern: '/problems/:problem', backend, app }) }
}

test('only what the core allows is offered', async () => {
  const { wrapper } = await open(['replied', 'returned']).shown
  const offered = wrapper.findAll('.actions [data-test^="problem-"]').map((found) => found.attributes('data-test'))
  expect(offered).toEqual(['problem-text', 'problem-reply', 'problem-return'])
})

test('accepting needs no sentence', async () => {
  const { added, shown } = open(['accepted', 'replied'])
  const { by, tap } = await shown
  await tap('problem-accept')
  expect(added).toEqual([{ problem: 'p1', kind: 'accepted', text: '' }])
  expect(by('problem-state').textContent).toContain('已受理')
  expect(by('problem-saved').textContent).toContain('受理了')
})

test('an answer without words asks for them and sends nothing', async () => {
  const { added, shown } = open(['replied'])
  const { wrapper, tap } = await shown
  await tap('problem-reply')
  expect(added).toEqual([])
  expect(wrapper.text()).toContain('先写一句话')
})

test('an answer is sent with its words and the field is empty afterwards', async () => {
  const { added, shown } = open(['replied'])
  const { wrapper, tap } = await shown
  await wrapper.get('#problem-text').setValue('周四一起去。')
  await tap('problem-reply')
  expect(added).toEqual([{ problem: 'p1', kind: 'replied', text: '周四一起去。' }])
  expect((wrapper.get('#problem-text').element as HTMLTextAreaElement).value).toBe('')
})

test('a director asks the station to close and is told that it decides', async () => {
  const { wrapper, by } = await open(['measure', 'closed'], readyTablet).shown
  expect(by('problem-close').textContent).toContain('请站里办结')
  expect(wrapper.text()).toContain('办结由站里定')
})

test('who may do nothing is told so', async () => {
  const { wrapper } = await open([]).shown
  expect(wrapper.text()).toContain('现在不用您做什么')
  expect(wrapper.find('#problem-text').exists()).toBe(false)
})

test('what is open longer than usual says so, without a colour of alarm', async () => {
  const { wrapper, by } = await open(['replied'], station, { row: row('p1', { past_usual: true }) }).shown
  expect(by('problem-past-usual').textContent).toContain('已经过了一般的天数')
  expect(wrapper.find('[data-test="problem-told"]').exists()).toBe(false)
  const rows = [row('p1'), row('p2', { past_usual: true })]
  const board = await show(ProblemsPage, { backend: memoryBackend({ problems: async () => ({ rows }) }), app: station })
  expect(board.wrapper.findAll('[data-test="card-past-usual"]')).toHaveLength(1)
})

test('the page for the police says who and where, and a number is whole only when it is printed', async () => {
  const person: PaperPersonView = {
    child: 'c1',
    name: '石小雨',
    sex: '女',
    age: 10,
    birth: '2016-03-05',
    village: '白荷村',
    address: '二组12号',
    group: '二组',
    landmark: '门口有棵枇杷树',
    school: '芦汀小学',
    carer: '奶奶 王秀兰',
    carer_phone: '100****2034',
    guardian: '父亲 石磊',
    guardian_phone: null,
  }
  const asked: PrintInput[] = []
  const printed = vi.fn()
  window.print = printed
  const backend = memoryBackend({
    problem: async () => story({ people: [person] }),
    printPurposes: async () => [{ code: 'helpers', label: '给来帮忙的人' }],
    print: async (input) => {
      asked.push(input)
      return { number: 'P-1', line: '白荷村 李玉梅　编号 P-1', people: [{ ...person, carer_phone: '10055512034' }] }
    },
  })
  const { by, tap } = await show(PaperPage, { at: '/problems/p1/paper', pattern: '/problems/:problem/paper', backend })
  const paper = by('paper').textContent ?? ''
  for (const words of ['石小雨', '女', '10岁', '白荷村', '二组12号', '门口有棵枇杷树', '奶奶 王秀兰', '芦汀小学', '父亲 石磊']) expect(paper).toContain(words)
  expect(by('paper-phone').textContent).toBe('100****2034')
  await tap('paper-print')
  await tap('print-for:helpers')
  expect(asked).toEqual([{ what: 'report', of: 'p1', purpose: 'helpers' }])
  expect(by('paper-phone').textContent).toBe('10055512034')
  expect(printed).toHaveBeenCalledTimes(1)
})

const next: NextStepView = { step: 'accept', side: 'station', on: '2026-11-25', at: null, late: false, told: [], number: 0, of: 0, about: '', counts_from: null }

test('a card says what is next, by whom and until when, and who is told when it was not done', async () => {
  const late: NextStepView = { ...next, late: true, told: ['站长', '区民政局'] }
  const rows = [row('p1', { next }), row('p2', { next: late }), row('p3', { state: 'follow_up', next: { ...next, step: 'follow_up', side: 'village', number: 2, of: 3 } })]
  const { wrapper } = await show(ProblemsPage, { backend: memoryBackend({ problems: async () => ({ rows }) }), app: station })
  const [first, second, third] = wrapper.findAll('[data-test="problem-next"]').map((found) => found.text())
  expect(first).toContain('站里：受理')
  expect(first).toContain('最晚11月25日')
  expect(second).toContain('原定11月25日')
  expect(second).toContain('站长、区民政局')
  expect(third).toContain('村里：回访（第2次，共3次）')
})

test('on the tablet a step of the village is said to be hers', async () => {
  const rows = [row('p1', { state: 'follow_up', next: { ...next, step: 'follow_up', side: 'village', number: 1, of: 3 } })]
  const { by } = await show(ProblemsPage, { backend: memoryBackend({ problems: async () => ({ rows }) }) })
  expect(by('problem-next').textContent).toContain('您：回访')
})

test('a measure is chosen from the list, and words may be left out', async () => {
  const measures = [{ code: 'mediate', label: '调解' }, { code: 'hazard', label: '排除隐患' }]
  const { added, shown } = open(['measure'], station, { choices: { ...choices, measures } })
  const { tap } = await shown
  await tap('problem-measure')
  await submit()
  expect(added).toEqual([])
  await tap('answer:measures:mediate')
  await submit()
  expect(added).toEqual([{ problem: 'p1', kind: 'measure', text: '', detail: { measures: ['mediate'] } }])
})

test('sentences to tap are the pack\'s: of a reply below the story, of a measure in its dialog', async () => {
  const { shown } = open(['replied', 'measure'], station, { choices: { ...choices, reply_phrases: ['收到，我们来办'], measure_phrases: ['已转给学校'] } })
  const { tap, wrapper } = await shown
  expect(wrapper.text()).toContain('收到，我们来办')
  expect(wrapper.text()).not.toContain('已转给学校')
  await tap('phrase-0')
  expect(wrapper.find<HTMLTextAreaElement>('#problem-text').element.value).toContain('收到，我们来办')
  await tap('problem-measure')
  expect(document.querySelector('#event-form')?.textContent).toContain('已转给学校')
})

test('a follow-up that is not well asks what was seen', async () => {
  const { added, shown } = open(['followed_up'], readyTablet)
  const { tap } = await shown
  await tap('problem-followed_up')
  await tap('answer:well:no')
  await submit()
  expect(added).toEqual([])
  await type('event-text', '还是一个人睡。')
  await submit()
  expect(added[0]).toMatchObject({ kind: 'followed_up', text: '还是一个人睡。', detail: { well: false } })
})

test('a follow-up that is too early to stand for the next one says so before it is kept, and is not pressed for', async () => {
  const due: NextStepView = { ...next, step: 'follow_up', side: 'village', on: '2026-12-02', number: 1, of: 3, counts_from: '2026-11-30' }
  const { added, shown } = open(['followed_up'], readyTablet, { row: row('p1', { next: due }), steps: [due] })
  const { by, tap } = await shown
  expect(by('problem-followed_up').className).not.toContain('primary')
  await tap('problem-followed_up')
  expect(document.querySelector('[data-test="event-early"]')?.textContent).toContain('这次回访定在12月2日。11月30日以前')
  await tap('answer:well:yes')
  await submit()
  expect(added[0]).toMatchObject({ kind: 'followed_up', detail: { well: true } })
})

test('one that stands for it says nothing', async () => {
  const due: NextStepView = { ...next, step: 'follow_up', side: 'village', on: '2026-11-25', number: 1, of: 3, counts_from: '2026-11-23' }
  const { by, tap } = await open(['followed_up'], readyTablet, { row: row('p1', { next: due }), steps: [due] }).shown
  expect(by('problem-followed_up').className).toContain('primary')
  await tap('problem-followed_up')
  expect(document.querySelector('[data-test="event-early"]')).toBeNull()
})

test.each([
  ['types_set', ['answer:types:POOR'], { types: ['NET', 'POOR'] }],
  ['confirmed', [], {}],
  ['confirmed', ['answer:satisfaction:yes'], { satisfaction: 'yes' }],
])('%s: what was said before stands, and the family need not be asked', async (kind, taps, detail) => {
  const types = [{ code: 'NET', label: '网络' }, { code: 'POOR', label: '生活困难' }]
  const satisfactions = [{ code: 'yes', label: '满意' }]
  const { added, shown } = open([kind], station, { choices: { ...choices, types, mains: types.map((type) => ({ ...type, sealed: false, mandatory: false })), satisfactions, also: ['NET'] } })
  const { tap } = await shown
  for (const handle of [`problem-${kind}`, ...taps]) await tap(handle)
  await submit()
  expect(added).toEqual([{ problem: 'p1', kind, text: '', detail }])
})

test('of a confidential matter a director is told that what she adds is for the handler and the head alone', async () => {
  const outcomes = [{ code: 'opened', label: '已立案' }]
  const { added, shown } = open(['replied', 'closed', 'police_feedback'], readyTablet, { words_sealed: true, choices: { ...choices, outcomes } })
  const { by, tap, wrapper } = await shown
  expect(wrapper.text()).toContain('只有站里的经办人和站长能看')
  expect(by('problem-close').textContent).toContain('请站里办结')
  await tap('problem-police_feedback')
  expect(document.querySelector('#event-form')?.textContent).toContain('只有站里的经办人和站长能看')
  await tap('answer:outcome:opened')
  await type('event-text', '民警来过了。')
  await submit()
  expect(added).toEqual([{ problem: 'p1', kind: 'police_feedback', text: '民警来过了。', detail: { outcome: 'opened' } }])
})

test('of a confidential matter the station is told before it sends what the village reads; all else has a field of its own', async () => {
  const may = ['accepted', 'replied', 'returned', 'resolved', 'closed']
  const { added, shown } = open(may, station, { words_sealed: true, open_words: ['accepted', 'replied', 'returned'] })
  const { wrapper, tap } = await shown
  expect(document.querySelector('#problem-text-hint')?.textContent).toContain('这句话村里看得到，不要写经过')
  expect(wrapper.find('[data-test="problem-close"]').exists()).toBe(false)
  await tap('problem-closed')
  expect(document.querySelector('#event-form')?.textContent).toContain('只有站里的经办人和站长能看')
  await submit()
  expect(added).toEqual([])
  await type('event-text', '孩子住到姑姑家。')
  await submit()
  expect(added).toEqual([{ problem: 'p1', kind: 'closed', text: '孩子住到姑姑家。', detail: {} }])
})

test('where nothing is confidential the village reads all of it, as it is said', async () => {
  const { wrapper } = await open(['replied', 'closed'], station, { open_words: ['replied', 'closed'] }).shown
  expect(document.querySelector('#problem-text-hint')?.textContent).toContain('村里的平板会看到这句话')
  expect(wrapper.find('[data-test="problem-close"]').exists()).toBe(true)
})

test('sealed words are on no paper, also while they stand open', async () => {
  const event = (kind: string, text: string, sealed: boolean): ProblemEventView => ({
    event: `${kind}-${text}`,
    kind,
    text,
    sealed,
    by: '李玉梅',
    role: '儿童主任',
    at: '2026-11-23T02:00:00Z',
    state: 'delivered',
    is_request: false,
    detail: { measures: [], body: null, due: null, well: null, on: null, severity: null, into: null, whom: '110 报警', at: '2026-11-23 10:00', receipt: null, outcome: null, satisfaction: null, types: [], main: null, number: null, purpose: null, end: null },
  })
  const view = story({ words_sealed: true, events: [event('reported', '背上有伤。', true), event('called', '接警员姓高。', true), event('police_feedback', '已立案。', false)] })
  const backend = memoryBackend({ problem: async () => view })
  const { by, wrapper } = await show(PaperPage, { at: '/problems/p1/paper', pattern: '/problems/:problem/paper', backend, app: station })
  expect(by('paper-seen').textContent).toBe('内容保密，纸上不写。')
  expect(by('paper-call').textContent).toContain('110 报警')
  expect(wrapper.text()).not.toMatch(/背上有伤|接警员姓高/)
  expect(wrapper.text()).toContain('已立案。')
})

test('why it may not be closed is said where it would be', async () => {
  const { by } = await open(['replied'], station, { why_not_close: 'child_not_seen_since' }).shown
  expect(by('why-not-close').textContent).toContain('见到孩子再办结')
})

test('which child left, and where to, is said where it is closed, also in the dialog of a matter with sealed words', async () => {
  const left = [{ child: 'c2', name: '石某某', to: '青溪镇' }, { child: 'c3', name: null, to: null }]
  const { wrapper } = await open(['replied', 'closed'], station, { left }).shown
  const said = wrapper.findAll('[data-test="child-left"]').map((found) => found.text())
  expect(said[0]).toContain('石某某的档案已经转到青溪镇')
  expect(said[1]).toContain('其中一个孩子的档案已经转到别的街镇')
  wrapper.unmount()
  const { tap } = await open(['replied', 'closed'], station, { left, words_sealed: true, open_words: ['replied'] }).shown
  await tap('problem-closed')
  expect(document.querySelector('[data-test="event-before-closing"]')?.textContent).toContain('青溪镇')
})

test('the board puts each problem in the column of its state', async () => {
  const rows = [row('p1'), row('p2', { state: 'in_progress' }), row('p3', { state: 'resolved' }), row('p4', { state: 'closed' })]
  const { wrapper } = await show(ProblemsPage, { backend: memoryBackend({ problems: async () => ({ rows }) }), app: station })
  for (const [column, problem] of [['waiting', 'p1'], ['working', 'p2'], ['check', 'p3'], ['closed', 'p4']] as const) {
    expect(wrapper.get(`[data-test="problem-column-${column}"] a`).attributes('href')).toContain(`/problems/${problem}`)
  }
})

test('on the tablet a new answer is marked and closed ones wait behind a button', async () => {
  const rows = [row('p1', { unread: true, last_answer: '周四一起去。' }), row('p2', { state: 'closed' })]
  const { wrapper, by, tap } = await show(ProblemsPage, { backend: memoryBackend({ problems: async () => ({ rows }) }) })
  expect(by('problem-unread').textContent).toContain('新答复')
  expect(wrapper.findAll('[data-test="problem-card"]')).toHaveLength(1)
  await tap('problems-show-closed')
  expect(wrapper.findAll('[data-test="problem-card"]')).toHaveLength(2)
})

async function type(id: string, words: string): Promise<void> {
  const field = document.querySelector<HTMLTextAreaElement>(`#${id}`)
  if (!field) throw new Error(`there is no ${id}`)
  field.value = words
  field.dispatchEvent(new Event('input'))
  await nextTick()
}

async function submit(): Promise<void> {
  document.querySelector('#event-form')?.dispatchEvent(new Event('submit', { cancelable: true }))
  await flushPromises()
}

const closed: SealedView = {
  open: false,
  seconds: null,
  may_read: false,
  lacks_key: false,
  open_until: null,
  reasons: [{ code: 'danger', label: '孩子现在有危险' }],
  minutes: 60,
  openings: [],
}

function openSealed(sealed: SealedView, handler: string | null) {
  const asked: (UrgentInput | ReviewOpeningInput)[] = []
  const view = story({ handler, sealed })
  const backend = memoryBackend({
    problem: async () => view,
    sheet: async () => null,
    showWords: async () => ({ ...view, sealed: { ...sealed, open: true, seconds: 300 } }),
    openUrgently: async (input) => {
      asked.push(input)
      return { ...view, sealed: { ...sealed, open: true, open_until: '2026-11-23T03:00:00Z' } }
    },
    reviewOpening: async (input) => {
      asked.push(input)
      return view
    },
  })
  return { asked, shown: show(ProblemPage, { at: '/problems/p1', pattern: '/problems/:problem', backend, app: station }) }
}

test('sealed words say whose case it is, and open only for a reason and a sentence', async () => {
  const { asked, shown } = openSealed(closed, '陈敏')
  const { by, tap } = await shown
  expect(by('sealed-closed').textContent).toContain('陈敏')
  await tap('urgent')
  await tap('urgent-open')
  expect(asked).toEqual([])
  await tap('answer:urgent-reason:danger')
  await type('urgent-text', '派出所来电。')
  await tap('urgent-open')
  expect(asked).toEqual([{ problem: 'p1', reason: 'danger', text: '派出所来电。' }])
  expect(by('sealed-until').textContent).toContain('自动收起')
})

test('whoever may read sealed words asks for them first', async () => {
  const { shown } = openSealed({ ...closed, may_read: true }, '陈敏')
  const { by, tap } = await shown
  expect(document.querySelector('[data-test="urgent"]')).toBeNull()
  await tap('sealed-read')
  expect(by('sealed-open').textContent).toContain('自动收起')
})

test('words that were open leave the screen when their time is over, even when the page cannot be read again', async () => {
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] })
  const view = story({ handler: '陈敏', sealed: { ...closed, open: true, may_read: true, seconds: 300 } })
  let isRead = false
  const backend = memoryBackend({
    problem: async () => {
      if (isRead) throw { code: 'look_not_noted', params: {} }
      isRead = true
      return view
    },
    sheet: async () => null,
  })
  const { wrapper } = await show(ProblemPage, { at: '/problems/p1', pattern: '/problems/:problem', backend, app: station })
  expect(wrapper.find('[data-test="problem-story"]').exists()).toBe(true)
  vi.advanceTimersByTime(300_000)
  await flushPromises()
  vi.useRealTimers()
  expect(wrapper.find('[data-test="problem-story"]').exists()).toBe(false)
  expect(wrapper.text()).toContain('先留下记录')
})

test('the head says what she thinks of an opening, with a sentence', async () => {
  const opening = {
    opening: 'o1',
    by: '宋洁',
    at: '2026-11-23T02:00:00Z',
    until: '2026-11-23T03:00:00Z',
    reason: '孩子现在有危险',
    text: '派出所来电。',
    review: null,
    may_review: true,
  }
  const { asked, shown } = openSealed({ ...closed, open: true, openings: [opening] }, '陈敏')
  const { wrapper, tap } = await shown
  await tap('opening-justified')
  expect(asked).toEqual([])
  expect(wrapper.text()).toContain('先写一句意见')
  await type('say-o1', '应当看。')
  await tap('opening-justified')
  expect(asked).toEqual([{ problem: 'p1', opening: 'o1', justified: true, text: '应当看。' }])
})

test('a reply leaves alone what was typed for another step, and a step takes the sheet with it', async () => {
  const kept: Record<string, string[]>[] = []
  const { added, shown } = open(['replied', 'measure', 'reopened'], station, {}, {
    keepSheet: async ({ words }) => {
      kept.push(words as Record<string, string[]>)
      return { draft: 's1', photos: false, words, at: '2026-11-23T01:12:00Z' }
    },
  })
  const { by, tap } = await shown
  const type = async (name: string, words: string) => {
    const field = by(name).querySelector('textarea') ?? (by(name) as HTMLTextAreaElement)
    field.value = words
    field.dispatchEvent(new Event('input'))
    await flushPromises()
  }
  await tap('problem-measure')
  await type('event-text', '劝过一次')
  await tap('event-cancel')
  await tap('problem-reopened')
  await type('event-text', '又没去')
  await tap('event-cancel')
  await type('problem-text', '知道了')
  await tap('problem-reply')
  await flushPromises()
  expect(added[0]).toMatchObject({ kind: 'replied', text: '知道了' })
  expect(added[0]).not.toHaveProperty('sheet')
  expect(kept.at(-1)).toMatchObject({ 'measure.text': ['劝过一次'], 'reopened.text': ['又没去'] })
  expect(kept.at(-1)).not.toHaveProperty('reply')
})

test('the page for the police says whom it is known from and since when, where that was said', async () => {
  const place = { at: '/problems/p1/paper', pattern: '/problems/:problem/paper' }
  const said = memoryBackend({ problem: async () => story({ origin: '学校', since: '2026-11-20' }) })
  const { by } = await show(PaperPage, { ...place, backend: said })
  expect(by('paper-origin').textContent).toBe('学校')
  expect(by('paper-since').textContent).toContain('11月20日')
})

test('that nobody knows since when is said as well, and what nobody said is left out', async () => {
  const place = { at: '/problems/p1/paper', pattern: '/problems/:problem/paper' }
  const unknown = memoryBackend({ problem: async () => story({ since: 'unknown' }) })
  const { by, wrapper } = await show(PaperPage, { ...place, backend: unknown })
  expect(by('paper-since').textContent).toBe('不清楚')
  expect(wrapper.find('[data-test="paper-origin"]').exists()).toBe(false)
})

test('a clue from outside begins with whom it is about', async () => {
  const village = demoBackend()
  const asked: string[] = []
  const backend = demoBackend({
    problems: async () => ({ rows: [] }),
    searchChildren: async (input) => {
      asked.push(input.query)
      return village.searchChildren(input)
    },
  })
  const { by, tap, router } = await show(ProblemsPage, { backend, app: station })
  expect(by('problems-empty').textContent).toContain('登记线索')
  await tap('problems-clue')
  const field = by('clue-search') as HTMLInputElement
  field.value = '石'
  field.dispatchEvent(new Event('input'))
  await flushPromises()
  expect(asked).toEqual(['石'])
  await tap('clue:c1')
  expect(router.currentRoute.value.path).toBe('/report/c1')
})
