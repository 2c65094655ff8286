// Hand-made until the generated types land.

export type Stage = 'fresh' | 'comparing' | 'choose_pin' | 'locked' | 'loading' | 'ready'

export type ShellKind = 'tablet' | 'station'

export type AppView = {
  stage: Stage
  shell: ShellKind
  demo: boolean
  today: string
  person: string | null
  unit: string | null
  township: string | null
  compare_code: string | null
  pin_wait_seconds: number
  pin_wrong: number
  loading: LoadingView | null
  moved_aside: string | null
}

export type LoadingView = {
  done: number
  total: number
}

export type EnrolInput = {
  address: string
  code: string
}

export type PinInput = {
  pin: string
}

export type UiError = {
  code: string
  params: Record<string, string>
}

export type MeView = {
  person: string
  unit: string
  township: string
  app_version: string
  packs: Array<string>
  children: number
  records_this_month: number
  month: MonthCountsView
  device: string
}

export type MonthCountsView = {
  visits: number
  contacts: number
  attempts: number
  problems: number
}

export type RecordState = 'draft' | 'saved' | 'delivered' | 'needs_you'

export type ChildRow = {
  child: string
  household: string
  name: string
  nickname: string | null
  sex: string
  age: number | null
  group: string | null
  carer: string | null
  village: string
  village_id: string
  enhanced: boolean
  next: DueView | null
  needs_check: boolean
}

export type ChildListView = {
  rows: Array<ChildRow>
  total: number
}

export type SearchInput = {
  query: string
  village: string | null
}

export type FieldView = {
  key: string
  holder: string
  label: string
  text: string | null
  value: string | null
  kind: string
  options: Array<OptionView>
  editable: boolean
  conflict: string | null
  flag: string | null
}

export type OptionView = {
  code: string
  label: string
}

export type FieldBlockView = {
  key: string
  title: string
  fields: Array<FieldView>
}

export type TimelineKind = 'visit' | 'contact' | 'attempt' | 'problem'

export type TimelineRow = {
  record: string
  kind: TimelineKind
  date: string
  text: string
  by: string
  state: RecordState
  counts: boolean | null
  why_not: string | null
  voided: string | null
  amendments: Array<string>
  entered_late: boolean
  can_amend: boolean
  waiting_for_session: boolean
}

export type ChildFileView = {
  child: string
  household: string
  name: string
  nickname: string | null
  sex: string
  age: number | null
  village: string
  carer: string | null
  phone: string | null
  reasons: Array<string>
  dues: Array<DueView>
  misses: Array<string>
  blocks: Array<FieldBlockView>
  siblings: Array<SiblingView>
  timeline: Array<TimelineRow>
  conflicts: number
  draft: string | null
}

export type SiblingView = {
  child: string
  name: string
}

export type EditFieldInput = {
  child: string
  holder: string
  key: string
  value: string | null
}

export type AddChildInput = {
  name: string
  sex: string
  birth_date: string | null
  category: string
  reason: string
  household: string | null
  village: string | null
}

export type ContactFormView = {
  child: string
  name: string
  modes: Array<OptionView>
  parties: Array<OptionView>
  states: Array<OptionView>
  topics: Array<OptionView>
  phrases: Array<string>
  ask_parent_contact: boolean
  last_mode: string | null
  last_party: string | null
  today: string
  phone: string | null
}

export type ContactInput = {
  child: string
  event_date: string
  mode: string
  party: Array<string>
  reached: boolean
  child_state: string | null
  topics: Array<string>
  parent_contact_ok: string | null
  note: string
}

export type AttemptInput = {
  household: string
  event_date: string
  reason: string
  next_on: string | null
  note: string
}

export type SavedView = {
  record: string
  names: string
  next: Array<DueView>
  why_not: string | null
  suggests: Array<OptionView>
  mandatory: boolean
}

export type AmendInput = {
  child: string
  record: string
  text: string | null
  void: boolean
  event_date: string | null
  reason: string
}

export type ConflictView = {
  conflict: string
  child: string | null
  name: string
  field: string
  values: Array<ConflictValueView>
}

export type ConflictValueView = {
  value: string
  text: string
  by: string
  unit: string
  at: string
  mine: boolean
}

export type ConflictListView = {
  open: Array<ConflictView>
}

export type SettleInput = {
  conflict: string
  value: string
}

export type ProblemFormView = {
  cards: Array<OptionView>
  urgencies: Array<OptionView>
  phrases: Array<string>
  child: string
  name: string
  siblings: Array<OptionView>
}

export type ProblemInput = {
  children: Array<string>
  card: string
  urgency: string
  seen: string
  origin_record: string | null
  mandatory: MandatoryInput | null
}

export type MandatoryInput = {
  choice: string
  text: string
}

export type MandatoryView = {
  numbers: Array<OptionView>
  do_nots: Array<string>
  situations: Array<string>
}

export type ProblemState = 'reported' | 'accepted' | 'in_progress' | 'resolved' | 'closed'

export type ProblemRow = {
  problem: string
  names: string
  child: string
  village: string
  kind: string
  severity: string
  urgency: string
  state: ProblemState
  by: string
  at: string
  seen: string
  last_answer: string | null
  unread: boolean
  record_state: RecordState
  requested_close: boolean
}

export type ProblemListView = {
  rows: Array<ProblemRow>
}

export type ProblemEventView = {
  event: string
  kind: string
  text: string
  by: string
  role: string
  at: string
  state: RecordState
  is_request: boolean
}

export type ProblemView = {
  row: ProblemRow
  events: Array<ProblemEventView>
  may: Array<string>
  mandatory: string | null
}

export type ProblemEventInput = {
  problem: string
  kind: string
  text: string
}

export type OverviewView = {
  children: number
  villages: number
  visits_due: number
  visits_done: number
  overdue: number
  problems_waiting: number
  silent_tablets: number
  conflicts: number
  attention: Array<AttentionRow>
  by_village: Array<VillageRow>
  problems: Array<ProblemRow>
  second_copy: boolean
}

export type AttentionRow = {
  child: string
  name: string
  village: string
  enhanced: boolean
  due: DueView
  last_done: string | null
  director: string | null
  tablet_seen: string | null
}

export type VillageRow = {
  village: string
  name: string
  region: string
  children: number
  done: number
  overdue: number
  directors: Array<string>
  tablet_seen: string | null
}

export type InboxRow = {
  record: string
  kind: string
  child: string
  name: string
  village: string
  date: string
  arrived: string
  by: string
  text: string
  counts: boolean
  entered_late: boolean
  state: RecordState
}

export type InboxView = {
  rows: Array<InboxRow>
}

export type DeviceRow = {
  device: string
  person: string
  role: string
  unit: string
  enrolled: string
  seen: string | null
  this: boolean
}

export type DevicesView = {
  devices: Array<DeviceRow>
  villages: Array<VillageRow>
}

export type NewEnrolmentInput = {
  village: string
  person: string
}

export type EnrolmentView = {
  enrolment: string
  qr_svg: string
  qr_text: string
  code: string
  address: string
  expires: string
  state: string
  compare_code: string | null
  village: string
  person: string
}

export type NewVillageInput = {
  name: string
  region: string
}

export type ImportInput = {
  village: string
  file_name: string
  bytes: string
}

export type ImportPreviewView = {
  import: string
  ledger: string
  ledger_name: string
  sheet: string
  new: number
  changed: number
  same: number
  conflict: number
  rejected: number
  columns: Array<ColumnView>
  unknown_columns: Array<string>
  rows: Array<ImportRow>
}

export type ColumnView = {
  heading: string
  field: string
}

export type ImportRow = {
  row: number
  name: string
  outcome: string
  notes: Array<string>
  changes: Array<string>
  household: string | null
}

export type ImportStatusView = {
  import: string
  state: string
  done: number
  total: number
  result_file: string | null
  result_name: string | null
}

export type SyncPhase = 'idle' | 'connecting' | 'sending' | 'receiving'

export type SyncView = {
  online: boolean
  phase: SyncPhase
  done: number
  total: number
  last_success: string | null
  unsent: Array<RecordRow>
  needs_you: Array<RecordRow>
  delivered: number
  problem: string | null
  second_copy: boolean
  clock_skew_minutes: number | null
}

export type RecordRow = {
  record: string
  text: string
  at: string
  state: RecordState
  reason: string | null
}

export type DueKind = 'contact' | 'visit'

export type DueGroup = 'overdue' | 'today' | 'soon' | 'later'

export type DueView = {
  kind: DueKind
  from: string
  due: string
  days_over: number
  reason: string
}

export type TodayRow = {
  child: string
  household: string
  children: Array<TodayChild>
  group: DueGroup
  first: DueView
  second: DueView | null
  place: string | null
  carer: string | null
  enhanced: boolean
  draft: string | null
}

export type TodayChild = {
  child: string
  name: string
  nickname: string | null
  sex: string
  age: number | null
}

export type TodayView = {
  date: string
  lunar: string | null
  rows: Array<TodayRow>
  done_this_month: number
  with_cadence: number
  children: number
  drafts: Array<DraftRow>
  conflicts: number
  answered_problems: number
}

export type DraftRow = {
  draft: string
  household: string
  names: string
  at: string
  answered: number
  total: number
}

export type VisitFormView = {
  draft: string
  household: string
  title: string
  names: string
  parts: Array<PartView>
  answered: number
  total: number
  missing: Array<MissingView>
  position: string | null
  saved_at: string
  last_note: string | null
  phrases: Array<string>
  mandatory: boolean
  suggests: Array<OptionView>
  is_attempt: boolean
}

export type PartView = {
  part: string
  title: string
  sections: Array<SectionView>
}

export type SectionView = {
  key: string
  title: string
  same_available: string | null
  same_applied: boolean
  questions: Array<QuestionView>
}

export type QuestionKind = 'one' | 'many' | 'text' | 'date'

export type QuestionView = {
  key: string
  label: string
  kind: QuestionKind
  options: Array<OptionView>
  codes: Array<string>
  text: string | null
  required: boolean
  message: string | null
  carried: boolean
}

export type MissingView = {
  part: string
  key: string
  label: string
}

export type AnswerInput = {
  draft: string
  part: string
  key: string
  codes: Array<string>
  text: string | null
}

export type SameInput = {
  draft: string
  part: string
  section: string
}

export type VisitReadView = {
  record: string
  child: string
  name: string
  date: string
  by: string
  sections: Array<ReadSectionView>
  form: string
}

export type ReadSectionView = {
  title: string
  answers: Array<ReadAnswerView>
}

export type ReadAnswerView = {
  label: string
  text: string
}

export type IdInput = { id: string }
export type PositionInput = { draft: string; position: string }
export type RecordInput = { child: string; record: string }
export type VillageListView = { rows: Array<VillageRow> }
