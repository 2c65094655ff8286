//! TypeScript for the screens, written by `cargo xtask gen` and compared in `make check`.

use std::path::Path;
use ts_rs::{Config, ExportError, TS};

/// Writes every view type into a folder, one file per type.
///
/// # Errors
/// The folder cannot be written.
pub fn export(folder: &Path) -> Result<(), ExportError> {
    let config = Config::new().with_out_dir(folder).with_large_int("number");
    macro_rules! each { ($($name:ident),* $(,)?) => { $( super::$name::export_all(&config)?; )* } }
    each!(
        AppView,
        EnrolInput,
        PinInput,
        ChangePinInput,
        AccountView,
        LockRulesView,
        RescueView,
        RecoverInput,
        ClearInput,
        WritingView,
        RevokeInput,
        HandedOverInput,
        UiError,
        MeView,
        IdInput,
        PositionInput,
        RecordInput,
        TodayView,
        SearchInput,
        ChildListView,
        ChildFileView,
        EditFieldInput,
        RevealFieldInput,
        RevealedView,
        AddChildInput,
        ContactFormView,
        ContactInput,
        AttemptFormView,
        AddChildFormView,
        AttemptInput,
        SavedView,
        AmendInput,
        VisitFormView,
        AnswerInput,
        SameInput,
        VisitReadView,
        AttachmentListView,
        AddAttachmentInput,
        DraftAttachmentInput,
        OpenAttachmentInput,
        OpenedAttachmentView,
        ProblemFormView,
        ProblemInput,
        MandatoryView,
        ProblemListView,
        ProblemView,
        ProblemEventInput,
        ConflictListView,
        SettleInput,
        SyncView,
        ReturnedView,
        OverviewView,
        VillageListView,
        DeparturesView,
        MoveFormView,
        OfferMoveInput,
        MovesView,
        DecideMoveInput,
        DecideReviewInput,
        InboxView,
        DevicesView,
        NewEnrolmentInput,
        EnrolmentView,
        ConfirmEnrolmentInput,
        NewVillageInput,
        ImportInput,
        ImportPreviewView,
        ImportStatusView,
    );
    Ok(())
}
