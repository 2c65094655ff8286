//! Prints: paper leaves with a purpose and under a number, and before anything is on it a row of the audit trail says whose
//! paper it is and what it is for (P-11, P-12, docs/adr/0051).

use crate::audit_page;
use crate::breach;
use crate::contacts::options;
use crate::error::ClientError;
use crate::exports;
use crate::looks;
use crate::masks;
use crate::problems::{packets, paper};
use crate::returned;
use crate::rights;
use crate::runtime;
use crate::tablet::Tablet;
use crate::view::{IdInput, MonthInput, OptionView, PrintInput, PrintView, WorkLogInput};
use crate::work;
use crate::work_log;
use std::sync::Arc;
use store::audit;

/// The policy list of what may be printed for.
pub(crate) const PURPOSES: &str = "PRINT_PURPOSE";

/// The facts of a report to the police, for whoever comes while there is no network.
const REPORT: &str = "report";
/// A person's own work log, for the committee's file.
const WORK_LOG: &str = "work_log";
/// Who takes part in an activity, to sign.
const SIGN_LIST: &str = "sign_list";
/// A record the station did not take, to be written anew.
const RETURNED: &str = "returned";
/// What a family is answered, for the family and the station's file.
const RIGHT_ANSWER: &str = "right_answer";
/// A month of the trail.
const AUDIT_MONTH: &str = "audit_month";
/// What is written to others when something was lost or leaked; gaps for numbers of people, and no child.
const INCIDENT_LETTER: &str = "incident_letter";
/// What whoever takes a packet signs.
const PACKET_RECEIPT: &str = "packet_receipt";
/// What the station alone prints.
const OF_STATION: [&str; 3] = [AUDIT_MONTH, INCIDENT_LETTER, PACKET_RECEIPT];

/// What can be printed, and which of a child's and a person's particulars stand on it.
const PRINTS: [(&str, &str); 8] = [
    (
        REPORT,
        "name,sex,birth,village,address,school,carer,phone,kind,seen,reporter,calls,police",
    ),
    (WORK_LOG, "day,kind,name,words"),
    (SIGN_LIST, "activity,name"),
    (RETURNED, "record"),
    (RIGHT_ANSWER, "name,asker,asked,answer"),
    (AUDIT_MONTH, "staff,looks,events"),
    (INCIDENT_LETTER, "station,place,day,steps"),
    (
        PACKET_RECEIPT,
        "number,receiver,purpose,until,fields,signature",
    ),
];

/// A paper before it is one.
struct Sheet {
    /// Whose it is: the document its words are from, the activity, or the month.
    object: String,
    /// Lines on it that tell of somebody.
    rows: usize,
    /// Whom a report is about, and what is whole there although a screen masks it.
    told: paper::OnPaper,
}

impl Sheet {
    fn of(object: impl Into<String>, rows: usize) -> Self {
        Self {
            object: object.into(),
            rows,
            told: paper::OnPaper::default(),
        }
    }
}

/// What somebody may print something for.
///
/// # Errors
/// `purposes_none` where the rules know no purpose: then nothing is printed.
pub fn print_purposes(tablet: &Tablet) -> Result<Vec<OptionView>, ClientError> {
    let purposes = purposes(tablet);
    if purposes.is_empty() {
        return Err(ClientError::new("purposes_none"));
    }
    Ok(purposes)
}

/// The purposes of the rules.
pub(crate) fn purposes(tablet: &Tablet) -> Vec<OptionView> {
    let packs = tablet.packs();
    packs
        .rules_on(tablet.today())
        .map_or_else(Vec::new, |pack| {
            options(pack.list(PURPOSES), tablet.today())
        })
}

/// Something is about to be printed: it gets a number and a row first. How much is on it is counted here, from what it is
/// about.
///
/// # Errors
/// `not_allowed`, `purposes_none`, `purpose_missing`, `value_invalid`, `not_found`, `still_loading`, `pin_again`,
/// `no_network`, `server_refused`, `disk_full`.
pub async fn print(tablet: &Arc<Tablet>, input: &PrintInput) -> Result<PrintView, ClientError> {
    let known = PRINTS.iter().find(|(what, _)| *what == input.what);
    let (what, fields) =
        *known.ok_or_else(|| ClientError::new("value_invalid").with("value", &input.what))?;
    if OF_STATION.contains(&what) && !tablet.identity.role.is_at_station() {
        return Err(ClientError::new("not_allowed"));
    }
    let purposes = print_purposes(tablet)?;
    if !purposes.iter().any(|one| one.code == input.purpose) {
        return Err(ClientError::new("purpose_missing"));
    }
    let month = match what {
        AUDIT_MONTH => Some(month_of_trail(tablet, &input.of).await?),
        _ => None,
    };
    let (worker, input) = (tablet.clone(), input.clone());
    runtime::off_the_loop(move || {
        let sheet = match month {
            Some(sheet) => sheet,
            None => sheet_of(&worker, what, &input.of)?,
        };
        write_down(&worker, &input, fields, sheet)
    })
    .await?
}

/// What is on a paper of this kind.
fn sheet_of(tablet: &Arc<Tablet>, what: &str, of: &str) -> Result<Sheet, ClientError> {
    match what {
        REPORT => {
            let told = paper::whole(tablet, of)?;
            Ok(Sheet {
                // Where it goes by its number alone, it is one line all the same.
                rows: told.people.len().max(1),
                object: of.to_owned(),
                told,
            })
        }
        RETURNED => {
            let (document, pieces) = returned::on_paper(tablet, of)?;
            Ok(Sheet::of(document.to_string(), pieces))
        }
        INCIDENT_LETTER => Ok(Sheet::of(breach::written(tablet, of)?, 1)),
        PACKET_RECEIPT => Ok(Sheet::of(packets::on_paper(tablet, of)?.to_string(), 1)),
        RIGHT_ANSWER => Ok(Sheet::of(rights::answered(tablet, of)?.to_string(), 1)),
        SIGN_LIST => {
            let list = work::sign_list(tablet, &IdInput { id: of.to_owned() })?;
            Ok(Sheet::of(of, list.names.len()))
        }
        _ => {
            let month = Some(of.to_owned());
            let log = work_log::work_log(tablet, &WorkLogInput { month })?;
            let lines = log.days.iter().map(|day| day.lines.len()).sum();
            Ok(Sheet::of(log.month, lines))
        }
    }
}

async fn month_of_trail(tablet: &Arc<Tablet>, month: &str) -> Result<Sheet, ClientError> {
    let input = MonthInput {
        month: month.to_owned(),
    };
    let view = audit_page::month(tablet, &input).await?;
    Ok(Sheet::of(month, view.people.len() + view.events.len()))
}

/// The number, and the rows: that it is printed, and which numbers are whole on it.
fn write_down(
    tablet: &Tablet,
    input: &PrintInput,
    fields: &str,
    sheet: Sheet,
) -> Result<PrintView, ClientError> {
    let number = exports::number(tablet, 'P')?;
    let detail = format!(
        "number={number} what={} of={} purpose={} rows={} fields={fields}",
        input.what, input.of, input.purpose, sheet.rows
    );
    let paper::OnPaper { people, whole } = sheet.told;
    tablet.store.write(|tx| {
        for (document, key) in &whole {
            audit::append(tx, &masks::shown_row(tablet, *document, key))?;
        }
        let row = looks::row(tablet, "print_made", &sheet.object);
        audit::append_with(tx, &row, &detail)
    })?;
    Ok(PrintView {
        line: exports::line(tablet, &number),
        number,
        people,
    })
}
