// A village of invented people, all in memory: for drawing the screens and for component tests.

import type {
  AppView,
  AttachmentView,
  ChildFileView,
  ChildRow,
  DifferencesView,
  DueView,
  QuestionView,
  ScreeningView,
  SyncView,
  TodayRow,
  TodayView,
  VisitFormView,
} from '@/backend'
import { memoryBackend, type MemoryBackend } from '@/backend/memory'

export const TODAY = '2026-11-24'

export const readyTablet: AppView = {
  stage: 'ready',
  shell: 'tablet',
  demo: true,
  today: TODAY,
  person: '李玉梅',
  unit: '青石村',
  township: '临河镇',
  compare_code: null,
  request: null,
  pin_wait_seconds: 0,
  pin_wrong: 0,
  recovery_needed: false,
  recovery: null,
  account: null,
  accounts: [],
  lock_rules: { idle_minutes: 3, visit_idle_minutes: 15, hidden_seconds: 60 },
  loading: null,
  moved_aside: null,
  wiped: false,
  lease: { days: 30, days_left: 29, over: false, warn: false, contact: '2026-11-23T08:00:00Z' },
  stopped: null,
  practice: false,
}

export function due(kind: 'visit' | 'contact', from: string, last: string, daysOver: number, reason: string): DueView {
  return { kind, from, due: last, days_over: daysOver, reason, at_home: null }
}

const overdue = due('visit', '2026-10-19', '2026-11-18', 6, '每月一次：母亲重度残疾')
const soon = due('contact', '2026-11-01', '2026-11-27', -3, '每月联系一次：父母都在外')

export function todayRow(child: string, name: string, group: TodayRow['group'], first: DueView, more: Partial<TodayRow> = {}): TodayRow {
  return {
    child,
    household: `h-${child}`,
    children: [{ child, name, nickname: null, sex: '2', age: 9 }],
    group,
    first,
    second: null,
    place: '二组',
    carer: '奶奶 王秀兰',
    enhanced: false,
    draft: null,
    unmet: null,
    walk: null,
    agreed: [],
    ...more,
  }
}

export const todayView: TodayView = {
  date: TODAY,
  lunar: '十月十六',
  rows: [
    todayRow('c1', '石小雨', 'overdue', overdue, {
      enhanced: true,
      second: soon,
      draft: 'd1',
      children: [
        { child: 'c1', name: '石小雨', nickname: '桥头', sex: '2', age: 9 },
        { child: 'c2', name: '石小晨', nickname: null, sex: '1', age: 6 },
      ],
    }),
    todayRow('c3', '杨家豪', 'overdue', due('visit', '2026-08-22', '2026-11-22', 2, '每季度一次：父母都在外'), { place: '五组', carer: '外公 龙老伍' }),
    todayRow('c4', '田思琪', 'today', due('contact', '2026-11-01', TODAY, 0, '每月联系一次：父母都在外'), { place: '一组', carer: '爷爷 田茂生' }),
    todayRow('c5', '吴欣怡', 'soon', soon, { place: '四组', carer: '外婆 石桂英' }),
    todayRow('c6', '龙子轩', 'later', due('visit', '2026-11-01', '2027-01-23', -60, '每季度一次：父母都在外'), { place: '三组', carer: '伯父 龙建国' }),
  ],
  done_this_month: 16,
  with_cadence: 6,
  children: 28,
  drafts: [{ draft: 'd1', household: 'h-c1', names: '石小雨、石小晨', at: '2026-11-24T02:42:00Z', answered: 6, total: 12, fills: false }],
  conflicts: 1,
  answered_problems: 2,
  problem_steps: [],
  recused: 0,
  questions: [],
  asked: [],
  notices: [{ kind: 'campaign', name: '寒假开头看一看', from: '2027-01-23', until: '2027-02-01', count: 3 }],
}

const yesNo = [
  { code: 'ok', label: '正常' },
  { code: 'leave', label: '请过假' },
  { code: 'out', label: '不上学' },
  { code: 'na', label: '不便回答' },
]

export function question(key: string, label: string, more: Partial<QuestionView> = {}): QuestionView {
  return { key, label, kind: 'one', options: yesNo, codes: [], text: null, required: false, message: null, carried: false, calculated: false, hint: null, given: null, most: null, masked: false, reveal: null, ...more }
}

export function visitForm(): VisitFormView {
  return {
    draft: 'd1',
    household: 'h-c1',
    child: 'c1',
    title: '入户走访',
    names: '石小雨、石小晨',
    parts: [
      {
        part: 'session',
        title: '家庭',
        none_open: [],
        sections: [
          {
            key: 'A',
            title: '这次走访',
            same_available: null,
            same_applied: false,
            repeats: false,
            may_add: false,
            rows: [],
            questions: [
              question('event_date', '哪天去的', { kind: 'date', options: [], text: TODAY, required: true }),
              question('met', '见到了谁', {
                kind: 'many',
                required: true,
                options: [
                  { code: 'child', label: '孩子' },
                  { code: 'carer', label: '照料人' },
                  { code: 'parents', label: '父母（回家）' },
                  { code: 'none', label: '都没见到' },
                ],
              }),
            ],
          },
          {
            key: 'C',
            title: '照料与监护',
            same_available: '祖父母照料 · 委托书有',
            same_applied: false,
            repeats: false,
            may_add: false,
            rows: [],
            questions: [question('carer', '现在谁在照料孩子', { options: [{ code: 'gp', label: '祖父母' }, { code: 'mgp', label: '外祖父母' }, { code: 'kin', label: '其他亲属' }, { code: 'none', label: '无人照料' }] })],
          },
        ],
      },
      {
        part: 'c1',
        title: '石小雨',
        none_open: ['可见伤痕', '近期行为'],
        sections: [
          {
            key: 'D',
            title: '上学和身体',
            same_available: '上学正常 · 身体好',
            same_applied: false,
            repeats: false,
            may_add: false,
            rows: [],
            questions: [question('school', '孩子在正常上学吗', { required: true }), question('mood', '看起来心情怎么样', { options: [{ code: 'up', label: '开朗' }, { code: 'mid', label: '一般' }, { code: 'low', label: '低落' }, { code: 'na', label: '没看出来' }] })],
          },
          {
            key: 'L',
            title: '想说的',
            same_available: null,
            same_applied: false,
            repeats: false,
            may_add: false,
            rows: [],
            questions: [question('l_summary', '这次总的情况', { kind: 'text', options: [] })],
          },
        ],
      },
    ],
    answered: 1,
    total: 6,
    missing: [
      { part: 'session', key: 'met', label: '见到了谁' },
      { part: 'c1', key: 'school', label: '孩子在正常上学吗' },
    ],
    position: null,
    saved_at: '2026-11-24T02:42:00Z',
    last_notes: [{ name: '', when: '10月18日', text: '情绪低落，9 月起不愿上学', reminder: '' }],
    fills: false,
    phrases: ['一切正常', '奶奶身体不好', '需要学习用品'],
    mandatory: [],
    suggests: [],
    is_attempt: false,
    old_form: false,
    full: false,
    language: 'zh-CN',
    languages: [],
  }
}

export function screeningView(more: Partial<ScreeningView> = {}): ScreeningView {
  const levels = [
    { code: 'high', label: '高' },
    { code: 'raised', label: '较高' },
    { code: 'medium', label: '中' },
    { code: 'low', label: '低' },
  ]
  return {
    child: 'c1',
    name: '石小雨',
    record: 'r1',
    date: '2026-11-23',
    title: '风险筛查',
    suggested: { code: 'medium', label: '中' },
    found: [
      { label: '情绪或心理需要关注', sources: ['visit'] },
      { label: '父母每月联系不到一次', sources: ['visit', 'file'] },
    ],
    not_asked: [],
    levels,
    may: levels.map((level) => level.code),
    standing: null,
    settled: null,
    ...more,
  }
}

export function differencesView(more: Partial<DifferencesView> = {}): DifferencesView {
  const field = { question: '就学状态', begins: false, among: [], needs: [], needs_new: [], of_household: false, newer: null }
  return {
    child: 'c1',
    name: '石小雨',
    record: 'r1',
    date: '2026-11-23',
    later: null,
    found: [
      { ...field, id: 'child/school_stage', title: '就学情况', lines: [{ label: '就学情况', before: '小学', after: '初中' }] },
      {
        ...field,
        id: 'work/+f',
        title: '父母外出务工',
        question: '父母外出情况',
        begins: true,
        lines: [
          { label: '谁', before: null, after: '父亲' },
        ],
        needs: [
          { key: 'since', label: '从哪天起外出', kind: 'date', options: [], need: false, masked: false },
          { key: 'place', label: '在哪里（省、市）', kind: 'text', options: [], need: true, masked: false },
        ],
      },
      { ...field, id: 'household/own_bed', title: '孩子有自己的床', of_household: true, lines: [{ label: '孩子有自己的床', before: null, after: '否' }] },
    ],
    taken: [],
    ...more,
  }
}

function childRow(child: string, name: string, group: string | null, more: Partial<ChildRow> = {}): ChildRow {
  return {
    child,
    household: `h-${child}`,
    name,
    nickname: null,
    sex: '1',
    age: 10,
    group,
    carer: '奶奶 王秀兰',
    village: '青石村',
    village_id: 'v1',
    enhanced: false,
    next: null,
    needs_check: false,
    over: false,
    ...more,
  }
}

const children = [
  childRow('c1', '石小雨', '二组', { sex: '2', age: 9, nickname: '桥头', enhanced: true, next: overdue }),
  childRow('c2', '石小晨', '二组', { household: 'h-c1', age: 6, next: overdue }),
  childRow('c3', '杨家豪', '五组', { age: 12, needs_check: true, next: soon }),
  childRow('c7', '何雨', null),
]

export function childFile(): ChildFileView {
  return {
    child: 'c1',
    household: 'h-c1',
    name: '石小雨',
    nickname: '桥头',
    sex: '2',
    age: 9,
    village: '青石村',
    carer: '奶奶 王秀兰',
    phone: 'carer_phone',
    reasons: ['母亲重度残疾，父亲在外打工'],
    dues: [overdue, soon],
    tier: {
      name: '重点',
      enhanced: true,
      since: '2026-02-01',
      every: ['联系：每两周一次', '入户走访：每月一次'],
      words: ['母亲重度残疾'],
      lower_to: '一般',
      may_lower: true,
      lowered: [],
      suggested: null,
      kept: [],
    },
    months: [
      { month: '2026-10-01', contact: 'done', contacts: 2, visit: 'missed', visits: 0 },
      { month: '2026-11-01', contact: 'open', contacts: 0, visit: 'paused', visits: 0 },
    ],
    misses: [{ kind: 'visit', from: '2026-07-01', to: '2026-08-31', text: '7月1日到8月31日没有入户走访', reason: null, by: null }],
    miss_reasons: [
      { code: 'away', label: '孩子或家里人那段时间不在' },
      { code: 'oth', label: '其他，写清楚' },
    ],
    campaigns: [{ name: '暑假防溺水提醒', kind: 'contact', to: '2026-12-02', done: false }],
    ahead: ['2027年3月2日满16周岁，请看看是否符合其他情况'],
    paused: ['住院，到12月2日'],
    hints: [
      { code: 'under_16_alone', weight: 'law', text: '未满十六周岁，一个人生活。', law: '《未成年人保护法》第二十一条', report: 'alone' },
      { code: 'no_insurance', weight: 'ask', text: '没有居民医保，请帮家里去办。', law: null, report: null },
    ],
    to_ask: [{ holder: 'child', key: 'phone_child', label: '孩子的电话' }],
    benefits: ['医疗救助和资助参保'],
    blocks: [
      {
        key: 'basics',
        title: '基本信息',
        rows: null,
        fields: [
          { key: 'name', holder: 'child', label: '姓名', text: '石小雨', masked: false, reveal: null, value: '石小雨', kind: 'text', options: [], editable: true, conflict: null, flag: null },
          { key: 'id_no', holder: 'child', label: '身份证号', text: '310199********0027', masked: true, reveal: 'step_up', value: null, kind: 'id_no', options: [], editable: true, conflict: null, flag: '请核对：校验位不对' },
          { key: 'birth_date', holder: 'child', label: '出生日期', text: '2017年3月2日', masked: false, reveal: null, value: '2017-03-02', kind: 'date', options: [], editable: true, conflict: null, flag: null },
          { key: 'sex', holder: 'child', label: '性别', text: '女', masked: false, reveal: null, value: '2', kind: 'one', options: [{ code: '1', label: '男' }, { code: '2', label: '女' }], editable: true, conflict: null, flag: null },
          { key: 'address', holder: 'household', label: '家庭住址', text: '二组 12 号', masked: false, reveal: null, value: '二组 12 号', kind: 'text', options: [], editable: true, conflict: 'x1', flag: null },
          { key: 'phone_child', holder: 'child', label: '孩子的电话', text: null, masked: false, reveal: null, value: null, kind: 'phone', options: [], editable: true, conflict: null, flag: null },
        ],
      },
      {
        key: 'pause',
        title: '暂停',
        fields: [],
        rows: {
          one: '一次暂停',
          editable: true,
          columns: [
            { key: 'reason', label: '为什么', kind: 'one', options: [{ code: 'HOSPITAL', label: '住院' }, { code: 'TEMP_AWAY', label: '暂时不在' }], need: true, masked: false },
            { key: 'from', label: '从哪天起', kind: 'date', options: [], need: true, masked: false },
            { key: 'phone', label: '那边的电话', kind: 'phone', options: [], need: false, masked: true },
            { key: 'place', label: '孩子在哪里', kind: 'text', options: [], need: false, masked: false },
          ],
          rows: [
            {
              row: 'p1',
              head: '住院',
              lines: [
                { key: 'pause/p1/from', label: '从哪天起', text: '2026-11-20', reveal: null, flag: null },
                { key: 'pause/p1/phone', label: '那边的电话', text: '100****2034', reveal: 'tap', flag: null },
              ],
              values: { reason: ['HOSPITAL'], from: ['2026-11-20'] },
              by: '李玉梅',
              on: '2026-11-20',
              state: 'saved',
              editable: true,
              removable: true,
            },
          ],
          past: [],
        },
      },
    ],
    siblings: [{ child: 'c2', name: '石小晨' }],
    timeline: [
      { record: 'r1', kind: 'visit', date: '2026-11-20', text: '见到孩子和奶奶，上学正常，心情一般。', by: '李玉梅', state: 'saved', counts: true, why_not: null, voided: null, amendments: ['11月21日 李玉梅 补充：奶奶腿疼'], entered_late: false, can_amend: true, open: 0, asked: [], can_fill: false, waiting_for_session: false, title: null, work: null, activity: null, file: 'c1' },
      { record: 'r2', kind: 'attempt', date: '2026-11-10', text: '家里没人。', by: '李玉梅', state: 'delivered', counts: false, why_not: '没见到孩子和照料人，不算一次走访', voided: null, amendments: [], entered_late: false, can_amend: true, open: 0, asked: [], can_fill: false, waiting_for_session: false, title: null, work: null, activity: null, file: 'c1' },
      { record: 'r3', kind: 'contact', date: '2026-10-08', text: '电话，照料人，正常。', by: '李玉梅', state: 'needs_you', counts: true, why_not: null, voided: '记错了孩子', amendments: [], entered_late: true, can_amend: true, open: 0, asked: [], can_fill: false, waiting_for_session: false, title: null, work: null, activity: null, file: 'c1' },
    ],
    conflicts: 1,
    draft: 'd1',
    recused: [],
    confidential: false,
    guest: null,
    limited: false,
    status: {
      state: 'runs',
      on: null,
      reason: null,
      into: null,
      told_here: [],
      alike: [],
      waiting: [],
      past: [],
      steps: ['end'],
      decides: false,
      reasons: [
        { code: 'moved', label: '迁出' },
        { code: 'deceased', label: '死亡' },
      ],
      asks: [{ reason: 'deceased', label: '不是病故的，请先上报。', card: 'hurt', kind: 'ABUSE' }],
    },
  }
}

const sync: SyncView = {
  online: false,
  phase: 'idle',
  done: 0,
  total: 0,
  last_success: '2026-11-23T10:42:00Z',
  unsent: [{ record: 'r1', text: '石小雨 走访', at: '2026-11-24T02:42:00Z', state: 'saved', reason: null }],
  needs_you: [],
  delivered: 128,
  photos_unsent: 1,
  photo_bytes_unsent: 1_200_000,
  problem: 'no_network',
  second_copy: true,
  recovery: null,
  set_aside: 0,
  erased_unsent: 0,
  low_on_space: false,
  clock_skew_minutes: null,
}

/** A picture of one dot. */
export const PICTURE = 'R0lGODlhAQABAIAAAAAAAP///yH5BAEAAAAALAAAAAABAAEAAAIBRAA7'

/** Answers of the village; `overrides` replaces single commands. */
export function demoBackend(overrides: Parameters<typeof memoryBackend>[0] = {}): MemoryBackend {
  let app = readyTablet
  let form = visitForm()
  let rowsMade = 0
  let file = childFile()
  let attached: AttachmentView[] = []
  const signers = [
    { code: 'caregiver', label: '照料人' },
    { code: 'child', label: '孩子' },
  ]
  let taken: AttachmentView | null = null
  const child = { child: 'c1', name: '石小雨', record: 'r9', next: [due('visit', '2026-12-25', '2027-01-23', -60, '每月一次：母亲重度残疾')], why_not: null, open: 0 }
  const saved = { record: 'r9', names: '石小雨', children: [child], suggests: [], unmet: [], mandatory: [], screenings: [], follow_ups: [], differing: [], goods: null, incomplete: false }

  function answer(part: string, key: string, codes: string[], text: string | null): VisitFormView {
    form = {
      ...form,
      parts: form.parts.map((entry) =>
        entry.part !== part
          ? entry
          : {
              ...entry,
              sections: entry.sections.map((section) => ({
                ...section,
                questions: section.questions.map((asked) => (asked.key === key ? { ...asked, codes, text } : asked)),
              })),
            },
      ),
      missing: form.missing.filter((gap) => gap.part !== part || gap.key !== key),
    }
    const all = form.parts.flatMap((entry) => entry.sections.flatMap((section) => section.questions))
    form = { ...form, total: all.length, answered: all.filter((asked) => asked.codes.length > 0 || asked.text).length }
    return form
  }

  return memoryBackend({
    app: async () => app,
    lock: async () => (app = { ...app, stage: 'locked' }),
    changePin: async () => app,
    renewKey: async () => app,
    switchUser: async () => (app = { ...app, stage: 'picking' }),
    chooseAccount: async () => (app = { ...app, stage: 'locked' }),
    enrolAnother: async () => (app = { ...app, stage: 'fresh' }),
    enrolAgain: async () => (app = { ...app, stage: 'fresh' }),
    recoverStart: async () => (app = { ...app, stage: 'recovering' }),
    recoverAnswer: async () => (app = { ...app, stage: 'choose_pin' }),
    unlock: async () => (app = readyTablet),
    me: async () => ({
      person: '李玉梅',
      unit: '青石村',
      township: '临河镇',
      app_version: '0.1.0',
      packs: ['上海市走访规则（2024-01-01 起）'],
      children: 28,
      records_this_month: 19,
      month: { visits: 9, contacts: 7, attempts: 2, problems: 1 },
      device: '7f3a-9c21-55d0',
      unit_key: null,
    }),
    today: async () => todayView,
    searchChildren: async ({ query }) => {
      const rows = children.filter((row) => row.name.includes(query))
      return { rows, total: children.length, guests: [], recent: [] }
    },
    childFile: async () => file,
    editField: async () => file,
    writeRow: async () => file,
    takeRowAway: async () => file,
    noteMiss: async () => file,
    lowerTier: async () => file,
    keepTier: async () => file,
    coming: async () => ({
      status: [],
      headless: [],
      law: [],
      ageing: [{ child: 'c1', name: '石小雨', village: '青石村', text: '2027年3月2日满16周岁', on: '2027-03-02' }],
      ended: [],
      lowering: [],
      suggested: [],
      paused: [],
      soon: [],
      unfilled: [],
      benefits: [{ child: 'c1', name: '陈小雨', village: '白荷村', text: '医疗救助和资助参保', on: null }],
      changes: [
        { from: '2027-01-01', pack: '2027年起每月走访', kind: 'visit', before: '每两月一次', after: '每月一次', children: [{ child: 'c1', name: '石小雨', village: '青石村', text: '新规定下第一次最晚2027年1月8日', on: '2027-01-08' }] },
      ],
      years_without_holidays: [],
      terms_until: null,
    }),
    amendRecord: async () => (file = { ...file }),
    fillVisit: async () => (form = { ...form, fills: true }),
    askFill: async () => (file = { ...file }),
    addChild: async () => saved,
    addChildForm: async () => ({
      categories: [
        { code: 'LB-1', label: '父母都在外' },
        { code: 'PE', label: '说不准，先看看' },
      ],
      unsure: 'PE',
      sexes: [
        { code: '1', label: '男' },
        { code: '2', label: '女' },
      ],
    }),
    attemptForm: async () => ({
      household: 'h1',
      names: '石小雨',
      reasons: [
        { code: 'nobody_home', label: '敲门没人' },
        { code: 'away', label: '去亲戚或父母那里了' },
      ],
      phrases: ['电话约好改天再来'],
      today: '2026-11-23',
      event_date: '2026-11-23',
    }),
    contactForm: async ({ id }) => ({
      child: id,
      name: '石小雨',
      modes: [
        { code: 'phone', label: '电话' },
        { code: 'video', label: '视频' },
        { code: 'chat', label: '微信' },
        { code: 'in_person', label: '村里见面' },
      ],
      parties: [
        { code: 'child', label: '孩子' },
        { code: 'carer', label: '照料人' },
        { code: 'father', label: '爸爸' },
        { code: 'mother', label: '妈妈' },
        { code: 'teacher', label: '老师' },
      ],
      states: [
        { code: 'normal', label: '正常' },
        { code: 'watch', label: '有变化' },
        { code: 'problem', label: '有问题' },
      ],
      topics: [
        { code: 'life', label: '生活' },
        { code: 'health', label: '身体' },
        { code: 'mood', label: '心情' },
        { code: 'school', label: '学习' },
      ],
      phrases: ['孩子咳嗽', '想爸妈了', '学习退步'],
      ask_parent_contact: true,
      last_mode: 'video',
      last_party: 'carer',
      initiators: [
        { code: 'director', label: '儿童主任' },
        { code: 'child', label: '孩子' },
      ],
      initiator: 'director',
      next_on: '2026-12-24',
      today: TODAY,
      phone: 'carer_phone',
      photos: true,
    }),
    revealField: async () => ({ text: '310199201703020027', seconds: 30 }),
    stepUp: async () => null,
    recordContact: async () => saved,
    recordAttempt: async () => ({ ...saved, children: [{ ...child, why_not: '没见到人，这次不算一次走访。' }] }),
    openVisit: async () => form,
    visitForm: async () => form,
    answerVisit: async ({ part, key, codes, text }) => answer(part, key, codes, text),
    sameAsLast: async ({ part, section }) => {
      form = {
        ...form,
        parts: form.parts.map((entry) =>
          entry.part === part ? { ...entry, sections: entry.sections.map((own) => (own.key === section ? { ...own, same_applied: true } : own)) } : entry,
        ),
      }
      return form
    },
    sameEverywhere: async () => {
      form = { ...form, parts: form.parts.map((entry) => ({ ...entry, sections: entry.sections.map((own) => ({ ...own, same_applied: own.same_available !== null })) })) }
      return form
    },
    noneOf: async ({ part }) => {
      form = { ...form, parts: form.parts.map((entry) => (entry.part === part ? { ...entry, none_open: [] } : entry)) }
      return form
    },
    visitFull: async ({ full }) => (form = { ...form, full }),
    visitRow: async ({ part, section, row, there }) => {
      const name = row ?? `r${(rowsMade += 1)}`
      form = {
        ...form,
        parts: form.parts.map((entry) =>
          entry.part !== part
            ? entry
            : {
                ...entry,
                sections: entry.sections.map((own) =>
                  own.key !== section
                    ? own
                    : {
                        ...own,
                        rows: there
                          ? [...own.rows, { row: name, questions: [question(`what@${name}`, '什么', { kind: 'text', options: [] }), question(`count@${name}`, '几件', { kind: 'int', options: [] })] }]
                          : own.rows.filter((other) => other.row !== name),
                      },
                ),
              },
        ),
      }
      return form
    },
    formLanguages: async () => null,
    visitPosition: async () => null,
    saveVisit: async () => ({ ...saved, suggests: [{ child: 'c1', name: '石小雨', record: 'r9', card: 'school', kind: 'DROPOUT', label: '辍学或长期缺课', mandatory: false }] }),
    discardDraft: async () => null,
    restoreDraft: async () => form,
    visitRead: async ({ child, record }) => ({
      record,
      child,
      name: '石小雨',
      date: '2026-11-20',
      by: '李玉梅',
      signed: '儿童主任',
      sections: [{ title: '这次走访', answers: [{ key: `${record}/a_met`, label: '见到了谁', text: '孩子、照料人', filled: null, reveal: null }] }],
      open: [],
      form: '入户走访表（2026）',
      language: 'zh-CN',
      languages: [],
    }),
    differences: async ({ child, record }) => differencesView({ child, record, found: [] }),
    takeDifferences: async ({ child, record }) => differencesView({ child, record, found: [] }),
    confidential: async ({ id }) => ({ child: id, name: '石小雨', may: true, kept: 0, seconds: null, lines: [] }),
    showConfidential: async ({ id }) => ({ child: id, name: '石小雨', may: true, kept: 0, seconds: null, lines: [] }),
    keepConfidential: async ({ child, text }) => ({ child, name: '石小雨', may: true, kept: 1, seconds: 300, lines: [{ text, by: '陈站长', at: '2026-11-24T02:00:00Z' }] }),
    undoDifference: async ({ child, record }) => differencesView({ child, record }),
    fileGoods: async ({ child, record }) => ({ child, record, text: '书包2件', names: '石小雨', is_filed: true }),
    forms: async () => ({ rows: [{ id: 'hv-cn-2', version: 2, title: '入户走访记录表', questions: 120, used: true }] }),
    compileForm: async () => ({ form: { id: 'hv-cn-3', version: 3, title: '入户走访记录表', questions: 121, used: false }, hash: 'ab12', faults: [], advice: [], held: null }),
    publishForm: async () => ({ rows: [] }),
    screening: async () => screeningView(),
    settleScreening: async () => screeningView(),
    draftAttachments: async () => ({ rows: attached, signers }),
    addAttachment: async ({ kind }) => {
      attached = [...attached, { id: `a${attached.length + 1}`, document: null, record: null, kind, size: 210_000, has_thumb: kind === 'photo', state: 'draft', signer: null }]
      return { rows: attached, signers }
    },
    removeAttachment: async ({ id }) => {
      taken = attached.find((row) => row.id === id) ?? taken
      attached = attached.filter((row) => row.id !== id)
      return { rows: attached, signers }
    },
    restoreAttachment: async () => {
      if (taken) attached = [...attached, taken]
      return { rows: attached, signers }
    },
    childAttachments: async () => ({
      rows: [{ id: 'p1', document: 'h1', record: 'r1', kind: 'photo', size: 210_000, has_thumb: true, state: 'saved', signer: null }],
      signers: [],
    }),
    dropSheet: async () => {
      attached = []
      return null
    },
    sheet: async () => null,
    beginSheet: async () => ({ draft: 's1', photos: false, words: {}, at: '2026-11-23T01:12:00Z' }),
    keepSheet: async () => null,
    sheets: async () => ({ rows: [] }),
    openAttachment: async () => ({ done: 43, total: 43, media_type: 'image/jpeg', data: PICTURE }),
    problemForm: async ({ id }) => ({
      cards: [
        { code: 'school', label: '不上学', hint: '', kinds: [{ code: 'DROPOUT', label: '辍学或长期缺课', sealed: false, mandatory: false }, { code: 'BULLY', label: '校园欺凌', sealed: false, mandatory: false }] },
        { code: 'health', label: '生病没治', hint: '', kinds: [{ code: 'HEALTH', label: '生病没治', sealed: false, mandatory: false }] },
        { code: 'hurt', label: '被打、被欺负', hint: '', kinds: [{ code: 'ABUSE', label: '疑似家庭暴力或虐待', sealed: true, mandatory: true }, { code: 'BULLY', label: '校园欺凌', sealed: false, mandatory: false }] },
        { code: 'alone', label: '没人管', hint: '', kinds: [{ code: 'ALONE', label: '没人管', sealed: false, mandatory: false }] },
        { code: 'poor', label: '吃穿困难', hint: '', kinds: [{ code: 'POOR', label: '吃穿困难', sealed: false, mandatory: false }] },
        { code: 'mood', label: '情绪不对', hint: '', kinds: [{ code: 'MOOD', label: '情绪不对', sealed: false, mandatory: false }] },
        { code: 'home', label: '家里不安全', hint: '', kinds: [{ code: 'HOME', label: '家里不安全', sealed: false, mandatory: false }] },
        { code: 'other', label: '其他', hint: '', kinds: [{ code: 'OTHER', label: '其他', sealed: false, mandatory: false }] },
      ],
      urgencies: [
        { code: 'now', label: '现在有危险' },
        { code: 'days', label: '这几天要办' },
        { code: 'later', label: '不急' },
      ],
      phrases: ['孩子身上有伤', '家里没有大人'],
      child: id,
      name: '石小雨',
      siblings: [{ code: 'c2', label: '石小晨' }],
      questions: [],
      origins: [
        { code: 'visit', label: '走访时发现' },
        { code: 'school', label: '学校' },
      ],
      today: TODAY,
    }),
    reportProblem: async () => ({ ...saved, children: [] }),
    childRules: async () => ({
      version: 1,
      from: '2026-01-01',
      name: '何珊',
      duty: '演示区未保科科长',
      phone: '000-0000-0001',
      parts: [
        { title: '', lines: [{ kind: 'text', cells: ['演示用的规则。'] }] },
        {
          title: '一、谁负责',
          lines: [
            { kind: 'row', cells: ['事', '谁'] },
            { kind: 'row', cells: ['负责人', '何珊'] },
            { kind: 'item', cells: ['当面说，或者打电话。'] },
          ],
        },
      ],
    }),
    mandatoryPage: async () => ({
      station: '021-5950 0001',
      numbers: [
        { code: '110', label: '报警' },
        { code: '120', label: '急救' },
        { code: '021-00000000', label: '临河镇工作站' },
      ],
      do_nots: ['不要反复追问孩子', '不要自己去找动手的人', '不要告诉不相干的人', '不要洗掉、扔掉东西'],
      situations: ['身上有伤，像是被打的', '被人侵害或像是被侵害', '没人管、被丢下'],
    }),
    problems: async () => ({ rows: [] }),
    conflicts: async () => ({ open: [] }),
    syncStatus: async () => sync,
    syncNow: async () => sync,
    returned: async () => ({ open: [], put_away: [] }),
    departures: async () => ({ children: [], late: [] }),
    ...overrides,
  })
}
