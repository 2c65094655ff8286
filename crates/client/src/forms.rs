//! Forms at the station: which ones the township has, and giving it a new one (ADR 0026).
//!
//! The spreadsheet is read by the station's extension; what comes here is a pack.

use crate::error::ClientError;
use crate::runtime::{self, Line};
use crate::server::refused_code;
use crate::tablet::Tablet;
use crate::view::{FormRow, FormsView};
use domain::form::FormPack;
use protocol::{FormPublished, PublishForm};
use std::sync::Arc;

/// The forms of this township, the one for new visits first.
///
/// # Errors
/// None that a screen could tell.
pub fn forms(tablet: &Tablet) -> Result<FormsView, ClientError> {
    let packs = tablet.packs();
    let used = packs.visit_form().map(FormPack::content_hash);
    let mut rows: Vec<FormRow> = packs
        .forms
        .iter()
        .map(|form| FormRow {
            id: form.id.clone(),
            version: form.version,
            title: form.title.clone(),
            questions: u32::try_from(form.questions().count()).unwrap_or(u32::MAX),
            used: Some(form.content_hash()) == used,
        })
        .collect();
    rows.sort_by_key(|row| (!row.used, std::cmp::Reverse(row.version)));
    Ok(FormsView { rows })
}

/// Why a form would never be used: its id, or its version beside those that are there.
pub fn why_not(tablet: &Tablet, form: &FormPack, json: &str) -> Option<&'static str> {
    let packs = tablet.packs();
    let known = packs.form_by_hash(form.content_hash()).is_some();
    let taken = packs.forms.iter().any(|other| other.id == form.id);
    let newest = packs.visit_form().map_or(0, |newest| newest.version);
    if known {
        Some("form_known")
    } else if taken {
        Some("form_exists")
    } else if !form.id.starts_with("hv-") || json.len() > protocol::limits::FORM_BYTES {
        Some("form_invalid")
    } else if form.version <= newest {
        Some("form_older")
    } else {
        None
    }
}

/// Publishes a form to every device of the township; visits begun before keep their form.
///
/// # Errors
/// `pin_again`, `form_known`, `form_exists`, `form_invalid`, `form_older`, `no_network`, `server_refused`.
pub async fn publish(tablet: &Arc<Tablet>, json: &str) -> Result<FormsView, ClientError> {
    tablet.require_step_up()?;
    let form = FormPack::from_json(json)
        .map_err(|error| ClientError::new("form_invalid").because(error))?;
    if let Some(code) = why_not(tablet, &form, json) {
        return Err(ClientError::new(code));
    }
    let line = Line::of(tablet)?;
    let input = PublishForm {
        id: form.id.clone(),
        json: json.to_owned(),
    };
    let _: FormPublished = line.send("/forms/publish", &input).await.map_err(|error| {
        match refused_code(&error).as_deref() {
            Some("form_exists") => ClientError::new("form_exists"),
            Some("form_invalid") => ClientError::new("form_invalid"),
            _ => error,
        }
    })?;
    // The form arrives as a POLICY entry like everything else.
    runtime::once(tablet, || ()).await?;
    forms(tablet)
}
