// The one door between the screens and the Rust client. Each command is a method of the same name.

import type * as view from './types'

/** Every command, by the name Rust knows it by. A Rust test compares this list with its own. */
export const commands = [
  'app',
  'enrol_start',
  'enrol_poll',
  'enrol_cancel',
  'offline_request',
  'offline_digits',
  'offline_answer',
  'choose_pin',
  'unlock',
  'lock',
  'change_pin',
  'step_up',
  'renew_key',
  'switch_user',
  'choose_account',
  'enrol_another',
  'enrol_again',
  'recover_start',
  'recover_answer',
  'clear_device',
  'practice_start',
  'practice_end',
  'me',
  'today',
  'search_children',
  'child_file',
  'edit_field',
  'write_row',
  'take_row_away',
  'propose_status',
  'decide_status',
  'note_miss',
  'lower_tier',
  'keep_tier',
  'coming',
  'rounds',
  'open_round',
  'take_round_back',
  'benefits',
  'work_log',
  'work_form',
  'record_work',
  'take_work_away',
  'file_goods',
  'sign_list',
  'duties',
  'tick_duty',
  'reveal_field',
  'add_child_form',
  'add_child',
  'contact_form',
  'record_contact',
  'attempt_form',
  'record_attempt',
  'open_visit',
  'visit_form',
  'answer_visit',
  'same_as_last',
  'same_everywhere',
  'none_of',
  'visit_full',
  'visit_row',
  'form_languages',
  'visit_position',
  'save_visit',
  'discard_draft',
  'restore_draft',
  'visit_read',
  'differences',
  'take_differences',
  'undo_difference',
  'forms',
  'screening',
  'settle_screening',
  'draft_attachments',
  'add_attachment',
  'remove_attachment',
  'restore_attachment',
  'child_attachments',
  'sheet',
  'begin_sheet',
  'keep_sheet',
  'drop_sheet',
  'sheets',
  'open_attachment',
  'amend_record',
  'fill_visit',
  'ask_fill',
  'problem_form',
  'report_problem',
  'problems',
  'problem',
  'add_problem_event',
  'open_urgently',
  'show_words',
  'review_opening',
  'confidential',
  'show_confidential',
  'keep_confidential',
  'name_handler',
  'mandatory_page',
  'child_rules',
  'rights',
  'ask_right',
  'answer_right',
  'answer_mandatory',
  'check_mandatory',
  'conflicts',
  'settle_conflict',
  'sync_status',
  'sync_now',
  'returned',
  'offer_again',
  'put_away',
  'bring_back',
  'stations',
  'countersign',
  'ask_case',
  'decline_case',
  'open_case',
  'send_case',
  'station_report',
  'reported',
  'overview',
  'station_phone',
  'set_station_phone',
  'villages',
  'create_village',
  'inbox',
  'delegation',
  'read_request',
  'forget_request',
  'answer_request',
  'departures',
  'writing',
  'devices',
  'revoke_device',
  'ask_delegation',
  'people',
  'own_appointment',
  'appoint',
  'record_vetting',
  'end_appointment',
  'cover_village',
  'end_cover',
  'new_enrolment',
  'enrolment',
  'confirm_enrolment',
  'move_form',
  'offer_move',
  'moves',
  'more_late',
  'decide_move',
  'decide_review',
  'take_handed_over',
  'import_preview',
  'import_confirm',
  'import_status',
  'import_result',
  'audit_counts',
  'audit_month',
  'audit_person',
  'review_audit',
  'export_form',
  'make_export',
  'breaches',
  'begin_incident',
  'incident_step',
  'export_child',
  'figures_form',
  'make_figures',
  'packet_form',
  'make_packet',
  'packets',
  'request_export',
  'decide_export',
  'erasures',
  'request_erasure',
  'request_part_erasure',
  'decide_erasure',
  'set_hold',
  'show_left_words',
  'exports',
  'take_export',
  'print',
  'print_purposes',
  'erasure_form',
  'guest_form',
  'open_guest',
  'end_guest',
  'recusals',
  'recuse',
  'end_recusal',
  'yearly_pack',
  'compile_form',
  'publish_form',
] as const

/** What a `changed` event says: which part of the world to look at again. */
export type Changed = 'sync' | 'records' | 'app' | 'import'

/** Everything a screen may ask for. Each call rejects with a {@link BackendError}. */
export interface Backend {
  app(): Promise<view.AppView>
  enrolStart(input: view.EnrolInput): Promise<view.AppView>
  enrolPoll(): Promise<view.AppView>
  enrolCancel(): Promise<view.AppView>
  offlineRequest(): Promise<view.AppView>
  offlineDigits(input: view.TextInput): Promise<view.AppView>
  offlineAnswer(input: view.TextInput): Promise<view.AppView>
  choosePin(input: view.PinInput): Promise<view.AppView>
  unlock(input: view.PinInput): Promise<view.AppView>
  lock(): Promise<view.AppView>
  changePin(input: view.ChangePinInput): Promise<view.AppView>
  stepUp(input: view.PinInput): Promise<null>
  renewKey(input: view.PinInput): Promise<view.AppView>
  switchUser(): Promise<view.AppView>
  chooseAccount(input: view.IdInput): Promise<view.AppView>
  enrolAnother(): Promise<view.AppView>
  enrolAgain(): Promise<view.AppView>
  recoverStart(): Promise<view.AppView>
  recoverAnswer(input: view.RecoverInput): Promise<view.AppView>
  clearDevice(input: view.ClearInput): Promise<view.AppView>
  practiceStart(): Promise<view.AppView>
  practiceEnd(): Promise<view.AppView>
  me(): Promise<view.MeView>
  today(): Promise<view.TodayView>
  searchChildren(input: view.SearchInput): Promise<view.ChildListView>
  childFile(input: view.IdInput): Promise<view.ChildFileView>
  editField(input: view.EditFieldInput): Promise<view.ChildFileView>
  writeRow(input: view.FileRowInput): Promise<view.ChildFileView>
  takeRowAway(input: view.TakeRowInput): Promise<view.ChildFileView>
  proposeStatus(input: view.ProposeStatusInput): Promise<view.ChildFileView>
  decideStatus(input: view.DecideStatusInput): Promise<view.ChildFileView>
  noteMiss(input: view.MissInput): Promise<view.ChildFileView>
  lowerTier(input: view.LowerTierInput): Promise<view.ChildFileView>
  keepTier(input: view.KeepTierInput): Promise<view.ChildFileView>
  coming(): Promise<view.ComingView>
  rounds(): Promise<view.RoundsView>
  openRound(input: view.RoundInput): Promise<view.RoundsView>
  takeRoundBack(input: view.IdInput): Promise<view.RoundsView>
  benefits(input: view.IdInput): Promise<view.BenefitsView>
  workLog(input: view.WorkLogInput): Promise<view.WorkLogView>
  workForm(input: view.WorkFormInput): Promise<view.WorkFormView>
  recordWork(input: view.WorkInput): Promise<view.WorkSavedView>
  takeWorkAway(input: view.TakeWorkInput): Promise<view.WorkSavedView>
  fileGoods(input: view.RecordInput): Promise<view.GoodsView>
  duties(input: view.DutiesInput): Promise<view.DutiesView>
  tickDuty(input: view.TickDutyInput): Promise<view.DutiesView>
  signList(input: view.IdInput): Promise<view.SignListView>
  revealField(input: view.RevealFieldInput): Promise<view.RevealedView>
  addChild(input: view.AddChildInput): Promise<view.SavedView>
  addChildForm(): Promise<view.AddChildFormView>
  attemptForm(input: view.AttemptFormInput): Promise<view.AttemptFormView>
  contactForm(input: view.IdInput): Promise<view.ContactFormView>
  recordContact(input: view.ContactInput): Promise<view.SavedView>
  recordAttempt(input: view.AttemptInput): Promise<view.SavedView>
  openVisit(input: view.IdInput): Promise<view.VisitFormView>
  visitForm(input: view.IdInput): Promise<view.VisitFormView>
  answerVisit(input: view.AnswerInput): Promise<view.VisitFormView>
  sameAsLast(input: view.SameInput): Promise<view.VisitFormView>
  sameEverywhere(input: view.IdInput): Promise<view.VisitFormView>
  noneOf(input: view.PartInput): Promise<view.VisitFormView>
  visitFull(input: view.FullInput): Promise<view.VisitFormView>
  visitRow(input: view.RowInput): Promise<view.VisitFormView>
  formLanguages(input: view.FormLanguagesInput): Promise<null>
  visitPosition(input: view.PositionInput): Promise<null>
  saveVisit(input: view.IdInput): Promise<view.SavedView>
  discardDraft(input: view.IdInput): Promise<null>
  restoreDraft(input: view.IdInput): Promise<view.VisitFormView>
  visitRead(input: view.RecordInput): Promise<view.VisitReadView>
  differences(input: view.RecordInput): Promise<view.DifferencesView>
  takeDifferences(input: view.TakeDifferencesInput): Promise<view.DifferencesView>
  undoDifference(input: view.UndoDifferenceInput): Promise<view.DifferencesView>
  forms(): Promise<view.FormsView>
  compileForm(input: view.FormFileInput): Promise<view.CompiledFormView>
  publishForm(input: view.FormFileInput): Promise<view.FormsView>
  screening(input: view.RecordInput): Promise<view.ScreeningView>
  settleScreening(input: view.LevelInput): Promise<view.ScreeningView>
  draftAttachments(input: view.IdInput): Promise<view.AttachmentListView>
  addAttachment(input: view.AddAttachmentInput): Promise<view.AttachmentListView>
  removeAttachment(input: view.DraftAttachmentInput): Promise<view.AttachmentListView>
  restoreAttachment(input: view.DraftAttachmentInput): Promise<view.AttachmentListView>
  childAttachments(input: view.IdInput): Promise<view.AttachmentListView>
  sheet(input: view.SheetInput): Promise<view.SheetView | null>
  beginSheet(input: view.SheetInput): Promise<view.SheetView>
  keepSheet(input: view.KeepSheetInput): Promise<view.SheetView | null>
  dropSheet(input: view.IdInput): Promise<null>
  sheets(): Promise<view.SheetListView>
  openAttachment(input: view.OpenAttachmentInput): Promise<view.OpenedAttachmentView>
  amendRecord(input: view.AmendInput): Promise<view.ChildFileView>
  fillVisit(input: view.RecordInput): Promise<view.VisitFormView>
  askFill(input: view.AskFillInput): Promise<view.ChildFileView>
  problemForm(input: view.IdInput): Promise<view.ProblemFormView>
  reportProblem(input: view.ProblemInput): Promise<view.SavedView>
  problems(): Promise<view.ProblemListView>
  problem(input: view.IdInput): Promise<view.ProblemView>
  addProblemEvent(input: view.ProblemEventInput): Promise<view.ProblemView>
  openUrgently(input: view.UrgentInput): Promise<view.ProblemView>
  showWords(input: view.IdInput): Promise<view.ProblemView>
  reviewOpening(input: view.ReviewOpeningInput): Promise<view.ProblemView>
  confidential(input: view.IdInput): Promise<view.ConfidentialView>
  showConfidential(input: view.IdInput): Promise<view.ConfidentialView>
  keepConfidential(input: view.ConfidentialInput): Promise<view.ConfidentialView>
  nameHandler(input: view.HandlerInput): Promise<view.ProblemView>
  mandatoryPage(): Promise<view.MandatoryView>
  childRules(): Promise<view.ChildRulesView>
  rights(input: view.RightsInput): Promise<view.RightsView>
  askRight(input: view.AskRightInput): Promise<view.RightsView>
  answerRight(input: view.AnswerRightInput): Promise<view.RightsView>
  answerMandatory(input: view.AnswerMandatoryInput): Promise<view.SavedView>
  checkMandatory(input: view.CheckMandatoryInput): Promise<view.OverviewView>
  conflicts(): Promise<view.ConflictListView>
  settleConflict(input: view.SettleInput): Promise<view.ConflictListView>
  syncStatus(): Promise<view.SyncView>
  syncNow(): Promise<view.SyncView>
  returned(): Promise<view.ReturnedView>
  offerAgain(input: view.IdInput): Promise<view.ReturnedView>
  putAway(input: view.IdInput): Promise<view.ReturnedView>
  bringBack(input: view.IdInput): Promise<view.ReturnedView>
  stations(): Promise<view.StationsView>
  countersign(input: view.CountersignInput): Promise<view.StationsView>
  askCase(input: view.AskCaseInput): Promise<view.StationsView>
  declineCase(input: view.DeclineCaseInput): Promise<view.StationReportView>
  openCase(input: view.IdInput): Promise<view.CaseFileView>
  sendCase(input: view.SendCaseInput): Promise<view.StationReportView>
  stationReport(input: view.IdInput): Promise<view.StationReportView>
  reported(): Promise<view.StationReportView>
  overview(): Promise<view.OverviewView>
  stationPhone(): Promise<view.StationPhoneView>
  setStationPhone(input: view.StationPhoneInput): Promise<view.StationPhoneView>
  villages(): Promise<view.VillageListView>
  createVillage(input: view.NewVillageInput): Promise<view.VillageListView>
  inbox(): Promise<view.InboxView>
  departures(): Promise<view.DeparturesView>
  writing(): Promise<view.WritingView>
  devices(): Promise<view.DevicesView>
  revokeDevice(input: view.RevokeInput): Promise<view.DevicesView>
  people(): Promise<view.PeopleView>
  ownAppointment(): Promise<view.PersonRow>
  appoint(input: view.AppointInput): Promise<view.PeopleView>
  recordVetting(input: view.VettingInput): Promise<view.PeopleView>
  endAppointment(input: view.EndAppointmentInput): Promise<view.PeopleView>
  coverVillage(input: view.CoverInput): Promise<view.PeopleView>
  endCover(input: view.IdInput): Promise<view.PeopleView>
  newEnrolment(input: view.NewEnrolmentInput): Promise<view.EnrolmentView>
  enrolment(input: view.IdInput): Promise<view.EnrolmentView>
  confirmEnrolment(input: view.ConfirmEnrolmentInput): Promise<view.EnrolmentView>
  delegation(): Promise<view.DelegationView>
  readRequest(input: view.TextInput): Promise<view.DelegationView>
  forgetRequest(): Promise<view.DelegationView>
  answerRequest(input: view.StaffInput): Promise<view.ExportFileView>
  askDelegation(): Promise<view.DelegationView>
  moveForm(input: view.IdInput): Promise<view.MoveFormView>
  offerMove(input: view.OfferMoveInput): Promise<view.MovesView>
  moves(): Promise<view.MovesView>
  moreLate(input: view.MoreLateInput): Promise<view.LateWorkView>
  decideMove(input: view.DecideMoveInput): Promise<view.MovesView>
  decideReview(input: view.DecideReviewInput): Promise<view.MovesView>
  takeHandedOver(input: view.HandedOverInput): Promise<view.MovesView>
  importPreview(input: view.ImportInput): Promise<view.ImportPreviewView>
  importConfirm(input: view.IdInput): Promise<view.ImportStatusView>
  importStatus(input: view.IdInput): Promise<view.ImportStatusView>
  importResult(input: view.ImportResultInput): Promise<view.ImportResultView>
  auditCounts(input: view.MonthInput): Promise<view.AuditCountsView>
  auditMonth(input: view.MonthInput): Promise<view.AuditMonthView>
  auditPerson(input: view.AuditPersonInput): Promise<view.AuditPersonView>
  reviewAudit(input: view.MonthInput): Promise<view.AuditMonthView>
  exportForm(input: view.ExportFormInput): Promise<view.ExportFormView>
  makeExport(input: view.ExportInput): Promise<view.ExportMadeView>
  exportChild(input: view.ExportChildInput): Promise<view.ExportMadeView>
  breaches(): Promise<view.BreachView>
  beginIncident(input: view.BeginIncidentInput): Promise<view.BreachView>
  incidentStep(input: view.IncidentStepInput): Promise<view.BreachView>
  figuresForm(): Promise<view.FiguresFormView>
  makeFigures(input: view.FiguresInput): Promise<view.ExportMadeView>
  packetForm(input: view.PacketFormInput): Promise<view.PacketFormView>
  makePacket(input: view.PacketInput): Promise<view.ExportMadeView>
  packets(): Promise<view.PacketsView>
  requestExport(input: view.ExportInput): Promise<view.ExportsView>
  decideExport(input: view.DecideExportInput): Promise<view.ExportsView>
  erasureForm(input: view.IdInput): Promise<view.ErasureFormView>
  erasures(): Promise<view.ErasuresView>
  requestErasure(input: view.EraseInput): Promise<view.ErasuresView>
  requestPartErasure(input: view.ErasePartInput): Promise<view.ErasuresView>
  decideErasure(input: view.DecideErasureInput): Promise<view.ErasuresView>
  setHold(input: view.HoldInput): Promise<view.ErasuresView>
  showLeftWords(input: view.IdInput): Promise<view.LeftWordsView>
  guestForm(input: view.IdInput): Promise<view.GuestFormView>
  openGuest(input: view.OpenGuestInput): Promise<view.GuestFormView>
  endGuest(input: view.EndGuestInput): Promise<view.GuestFormView>
  recusals(input: view.IdInput): Promise<view.RecusalsView>
  recuse(input: view.RecuseInput): Promise<view.RecusalsView>
  endRecusal(input: view.EndRecusalInput): Promise<view.RecusalsView>
  exports(): Promise<view.ExportsView>
  takeExport(input: view.IdInput): Promise<view.ExportFileView>
  print(input: view.PrintInput): Promise<view.PrintView>
  printPurposes(): Promise<view.OptionView[]>
  yearlyPack(input: view.YearInput): Promise<view.ExportFileView>
  /** Calls `listener` after each change event; returns how to stop. */
  onChanged(listener: (what: Changed) => void): () => void
}

export type Command = (typeof commands)[number]

type Camel<Name extends string> = Name extends `${infer Head}_${infer Tail}` ? `${Head}${Capitalize<Camel<Tail>>}` : Name

type Methods = Exclude<keyof Backend, 'onChanged'>

/** Carries commands to Rust and change events back. */
export interface Transport {
  call(command: Command, argument: unknown): Promise<unknown>
  onChanged(listener: (what: Changed) => void): () => void
}

/** The refusal of a command: a code with words in the locale files, and values for its placeholders. */
export class BackendError extends Error {
  readonly code: string
  readonly params: Record<string, string>

  constructor(problem: view.UiError) {
    super(problem.code)
    this.name = 'BackendError'
    this.code = problem.code
    this.params = problem.params
  }
}

/** Reads whatever was thrown as something a screen can draw. */
export function asProblem(error: unknown): view.UiError {
  if (isUiError(error)) return { code: error.code, params: error.params ?? {} }
  return { code: 'no_backend', params: {} }
}

function isUiError(value: unknown): value is view.UiError {
  return typeof value === 'object' && value !== null && typeof (value as view.UiError).code === 'string'
}

export function methodName<Name extends Command>(command: Name): Camel<Name> {
  return command.replace(/_([a-z])/g, (_, letter: string) => letter.toUpperCase()) as Camel<Name>
}

/** Builds the methods of {@link Backend} from the list of commands. */
export function backendOver(transport: Transport): Backend {
  // The two assignments fail to compile when the list and the interface name different things.
  const methods = {} as Record<Camel<Command>, (argument?: unknown) => Promise<unknown>>
  const named: Record<Methods, unknown> = methods
  for (const command of commands) {
    methods[methodName(command)] = async (argument?: unknown) => {
      try {
        return await transport.call(command, argument)
      } catch (error) {
        throw new BackendError(asProblem(error))
      }
    }
  }
  return { ...named, onChanged: (listener: (what: Changed) => void) => transport.onChanged(listener) } as Backend
}
