//! Every command a screen may send, named once. Shells do not know them; they hand name and argument to [`call`].

use crate::app::App;
use crate::error::ClientError;
use crate::tablet::Tablet;
use crate::{
    attachments, audit_counts, audit_page, benefits, breach, cases, child_rules, children,
    confidential, conflicts, contacts, countersign, delegation, differences, duties, erasures,
    exports, figures, file_status, filling, forms, goods, guests, left_sealed, mandatory, masks,
    moves, office_line, people, prints, problems, recusals, reports, restricted, returned, rhythm,
    rights, rounds, rows, screening, sheets, standing, station, station_phone, sync_page, today,
    visits, work, work_log, writing,
};
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::Value;
use std::sync::Arc;

/// Commands answered by an extension (the station's ledgers); named here so that the list is whole.
pub const EXTENSION_COMMANDS: &[&str] = &[
    "import_preview",
    "import_confirm",
    "import_status",
    "import_result",
    "export_form",
    "make_export",
    "export_child",
    "make_packet",
    "make_figures",
    "send_case",
    "yearly_pack",
    "compile_form",
    "publish_form",
];

macro_rules! commands {
    (
        door { $($door:literal => |$app:ident, $door_argument:ident| $door_body:expr;)* }
        tablet { $($tablet:literal => $tablet_path:path $(, $tablet_kind:ident)?;)* }
        line { $($line:literal => $line_path:path $(, $line_kind:ident)?;)* }
    ) => {
        /// Every command, in one list; the UI's `Backend` interface is compared with it.
        pub const COMMANDS: &[&str] = &[$($door,)* $($tablet,)* $($line,)*];

        /// Runs a command by name.
        ///
        /// # Errors
        /// A code the screens have words for; `not_found` for an unknown name.
        pub async fn call(app: &Arc<App>, command: &str, argument: Value) -> Result<Value, ClientError> {
            match command {
                $($door => {
                    let $app = app.clone();
                    let $door_argument = argument;
                    answer($door_body)
                })*
                $($tablet => on_tablet(app, command, move |tablet| commands!(@run $tablet_path, tablet, argument $(, $tablet_kind)?)).await,)*
                $($line => {
                    let tablet = app.tablet()?;
                    admit(&tablet, command).await?;
                    let result = answer(commands!(@line $line_path, tablet, argument $(, $line_kind)?));
                    app.announce_writes(&tablet);
                    result
                })*
                other => match app.extension(other) {
                    Some(extension) => {
                        app.refuse_practice()?;
                        let name = other.to_owned();
                        let result = on_tablet(app, other, move |tablet| extension.call(tablet, &name, argument)).await;
                        app.announce("import");
                        result
                    }
                    None => Err(ClientError::new("not_found")),
                },
            }
        }
    };
    (@run $path:path, $tablet:ident, $argument:ident) => { answer($path($tablet)) };
    (@run $path:path, $tablet:ident, $argument:ident, input) => { answer($path($tablet, &read($argument)?)) };
    (@line $path:path, $tablet:ident, $argument:ident) => { $path(&$tablet).await };
    (@line $path:path, $tablet:ident, $argument:ident, input) => { $path(&$tablet, &read($argument)?).await };
}

commands! {
    door {
        "app" => |app, _argument| app.view();
        "enrol_start" => |app, argument| app.enrol_start(read(argument)?).await;
        "enrol_poll" => |app, _argument| app.enrol_poll().await;
        "enrol_cancel" => |app, _argument| app.enrol_cancel();
        "offline_request" => |app, _argument| app.offline_request();
        "offline_digits" => |app, argument| app.offline_digits(&read(argument)?);
        "offline_answer" => |app, argument| app.offline_answer(&read(argument)?);
        "choose_pin" => |app, argument| {
            let input = read(argument)?;
            blocking(move || app.choose_pin(&input)).await
        };
        "unlock" => |app, argument| {
            let input = read(argument)?;
            blocking(move || app.unlock(&input)).await
        };
        "lock" => |app, _argument| app.lock();
        "switch_user" => |app, _argument| app.switch_user();
        "choose_account" => |app, argument| app.choose_account(&read(argument)?);
        "enrol_another" => |app, _argument| app.enrol_another();
        "enrol_again" => |app, _argument| app.enrol_again();
        "recover_start" => |app, _argument| app.recover_start();
        "recover_answer" => |app, argument| {
            let input = read(argument)?;
            blocking(move || app.recover_answer(&input)).await
        };
        "change_pin" => |app, argument| {
            let input = read(argument)?;
            blocking(move || app.change_pin(&input)).await
        };
        "renew_key" => |app, argument| {
            let input = read(argument)?;
            blocking(move || app.renew_key(&input)).await
        };
        "step_up" => |app, argument| {
            let input = read(argument)?;
            blocking(move || app.step_up(&input)).await
        };
        "clear_device" => |app, argument| {
            let input = read(argument)?;
            blocking(move || app.clear_device(&input)).await
        };
        "practice_start" => |app, _argument| blocking(move || app.practice_start()).await;
        "practice_end" => |app, _argument| blocking(move || app.practice_end()).await;
        "sync_now" => |app, _argument| {
            app.refuse_practice()?;
            app.tap();
            let tablet = app.tablet()?;
            sync_page::view(&tablet)
        };
    }
    tablet {
        "me" => today::me;
        "today" => today::today;
        "search_children" => children::search, input;
        "child_file" => children::file, input;
        "edit_field" => children::edit_field, input;
        "write_row" => rows::write_row, input;
        "take_row_away" => rows::take_row_away, input;
        "propose_status" => file_status::propose, input;
        "decide_status" => file_status::decide, input;
        "note_miss" => rhythm::note_miss, input;
        "lower_tier" => rhythm::lower_tier, input;
        "keep_tier" => rhythm::keep_tier, input;
        "coming" => rhythm::coming;
        "rounds" => rounds::list;
        "open_round" => rounds::open, input;
        "take_round_back" => rounds::take_back, input;
        "breaches" => breach::breaches;
        "begin_incident" => breach::begin, input;
        "incident_step" => breach::tick, input;
        "rights" => rights::list, input;
        "ask_right" => rights::ask, input;
        "answer_right" => rights::answer, input;
        "benefits" => benefits::benefits, input;
        "work_log" => work_log::work_log, input;
        "work_form" => work::form, input;
        "record_work" => work::record_work, input;
        "take_work_away" => work::take_work_away, input;
        "file_goods" => goods::file_goods, input;
        "duties" => duties::duties, input;
        "tick_duty" => duties::tick, input;
        "sign_list" => work::sign_list, input;
        "reveal_field" => masks::reveal_field, input;
        "add_child_form" => children::add_child_form;
        "add_child" => children::add_child, input;
        "contact_form" => contacts::form, input;
        "record_contact" => contacts::record_contact, input;
        "attempt_form" => contacts::attempt_form, input;
        "record_attempt" => contacts::record_attempt, input;
        "open_visit" => visits::open_visit, input;
        "visit_form" => visits::visit_form, input;
        "answer_visit" => visits::answer_visit, input;
        "same_as_last" => visits::same_as_last, input;
        "same_everywhere" => visits::same_everywhere, input;
        "none_of" => visits::none_of, input;
        "visit_full" => visits::visit_full, input;
        "visit_row" => visits::visit_row, input;
        "form_languages" => visits::form_languages, input;
        "visit_position" => visits::visit_position, input;
        "save_visit" => visits::save_visit, input;
        "discard_draft" => visits::discard_draft, input;
        "restore_draft" => visits::restore_draft, input;
        "visit_read" => visits::visit_read, input;
        "differences" => differences::differences, input;
        "take_differences" => differences::take, input;
        "undo_difference" => differences::undo, input;
        "forms" => forms::forms;
        "screening" => screening::screening, input;
        "settle_screening" => screening::settle_screening, input;
        "draft_attachments" => attachments::of_draft, input;
        "add_attachment" => attachments::add, input;
        "remove_attachment" => attachments::remove, input;
        "restore_attachment" => attachments::restore, input;
        "child_attachments" => attachments::of_child, input;
        "sheet" => sheets::find, input;
        "begin_sheet" => sheets::begin, input;
        "keep_sheet" => sheets::keep, input;
        "drop_sheet" => sheets::drop_sheet, input;
        "sheets" => sheets::list;
        "amend_record" => children::amend_record, input;
        "fill_visit" => visits::fill_visit, input;
        "ask_fill" => filling::ask, input;
        "problem_form" => problems::form, input;
        "report_problem" => problems::report_problem, input;
        "problems" => problems::list;
        "problem" => problems::problem, input;
        "add_problem_event" => problems::add_event, input;
        "open_urgently" => restricted::open_urgently, input;
        "show_words" => restricted::show_words, input;
        "review_opening" => restricted::review_opening, input;
        "confidential" => confidential::confidential, input;
        "show_confidential" => confidential::show_confidential, input;
        "keep_confidential" => confidential::keep_confidential, input;
        "name_handler" => restricted::name_handler, input;
        "mandatory_page" => problems::mandatory_page;
        "child_rules" => child_rules::view;
        "answer_mandatory" => mandatory::answer, input;
        "check_mandatory" => mandatory::check, input;
        "conflicts" => conflicts::list;
        "settle_conflict" => conflicts::settle, input;
        "sync_status" => sync_page::view_of;
        "returned" => returned::view_of;
        "offer_again" => returned::offer_again, input;
        "put_away" => returned::put_away, input;
        "bring_back" => returned::bring_back, input;
        "stations" => reports::stations;
        "countersign" => countersign::countersign, input;
        "station_report" => reports::station, input;
        "reported" => reports::reported;
        "overview" => station::overview;
        "station_phone" => station_phone::view;
        "set_station_phone" => station_phone::set, input;
        "villages" => station::villages;
        "inbox" => station::inbox;
        "delegation" => delegation::view_of;
        "read_request" => delegation::read_request, input;
        "forget_request" => delegation::forget_request;
        "answer_request" => delegation::answer_request, input;
        "departures" => moves::departures;
        "writing" => writing::page;
        "figures_form" => figures::form;
        "packet_form" => problems::packets::packet_form, input;
        "packets" => problems::packets::packets;
        "take_export" => exports::take, input;
        "print_purposes" => prints::print_purposes;
        "erasure_form" => erasures::form, input;
        "show_left_words" => left_sealed::show_left_words, input;
        "guest_form" => guests::form, input;
    }
    line {
        "open_attachment" => attachments::open, input;
        "create_village" => office_line::create_village, input;
        "devices" => office_line::devices;
        "revoke_device" => office_line::revoke_device, input;
        "new_enrolment" => office_line::new_enrolment, input;
        "enrolment" => office_line::enrolment, input;
        "confirm_enrolment" => office_line::confirm_enrolment, input;
        "ask_delegation" => delegation::ask;
        "people" => people::list;
        "own_appointment" => people::own;
        "appoint" => people::appoint, input;
        "record_vetting" => people::record_vetting, input;
        "end_appointment" => people::end_appointment, input;
        "cover_village" => people::cover_village, input;
        "end_cover" => people::end_cover, input;
        "recusals" => recusals::list, input;
        "recuse" => recusals::recuse, input;
        "end_recusal" => recusals::end, input;
        "open_guest" => guests::open_guest, input;
        "end_guest" => guests::end_guest, input;
        "move_form" => moves::form, input;
        "offer_move" => moves::offer, input;
        "moves" => moves::list;
        "more_late" => moves::more_late, input;
        "decide_move" => moves::decide, input;
        "decide_review" => moves::decide_review, input;
        "take_handed_over" => moves::take_handed_over, input;
        "audit_counts" => audit_counts::counts, input;
        "audit_month" => audit_page::month, input;
        "audit_person" => audit_page::person, input;
        "review_audit" => audit_page::review, input;
        "ask_case" => cases::ask, input;
        "decline_case" => cases::decline, input;
        "open_case" => cases::open, input;
        "exports" => exports::list;
        "request_export" => exports::request, input;
        "print" => prints::print, input;
        "decide_export" => exports::decide, input;
        "erasures" => erasures::list;
        "request_erasure" => erasures::request, input;
        "request_part_erasure" => erasures::request_part, input;
        "decide_erasure" => erasures::decide, input;
        "set_hold" => erasures::set_hold, input;
    }
}

/// Runs a use case off the async threads and tells the screens when it wrote something.
async fn on_tablet(
    app: &Arc<App>,
    command: &str,
    run: impl FnOnce(&Arc<Tablet>) -> Result<Value, ClientError> + Send + 'static,
) -> Result<Value, ClientError> {
    let tablet = app.tablet()?;
    let worker = tablet.clone();
    let command = command.to_owned();
    let result = blocking(move || {
        standing::admit(&worker, &command)?;
        run(&worker)
    })
    .await;
    app.announce_writes(&tablet);
    result
}

/// Whether the device, as it stands, may do this at all.
async fn admit(tablet: &Arc<Tablet>, command: &str) -> Result<(), ClientError> {
    let (tablet, command) = (tablet.clone(), command.to_owned());
    blocking(move || standing::admit(&tablet, &command)).await
}

async fn blocking<T: Send + 'static>(
    run: impl FnOnce() -> Result<T, ClientError> + Send + 'static,
) -> Result<T, ClientError> {
    match tokio::task::spawn_blocking(run).await {
        Ok(result) => result,
        Err(error) => {
            // What a panic says may quote a record; where it was is told by the hook.
            tracing::error!(panicked = error.is_panic(), "a use case ended early");
            Err(ClientError::new("internal"))
        }
    }
}

fn read<T: DeserializeOwned>(argument: Value) -> Result<T, ClientError> {
    Ok(serde_json::from_value(argument)?)
}

fn answer<T: Serialize>(result: Result<T, ClientError>) -> Result<Value, ClientError> {
    Ok(serde_json::to_value(result?)?)
}
