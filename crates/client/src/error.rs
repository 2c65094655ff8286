//! What can go wrong for a person, as codes a screen acts on. Words for each are in the UI's locale files.

use crate::view::UiError;
use rescue::RescueError;
use std::collections::BTreeMap;
use std::hash::{DefaultHasher, Hash, Hasher};
use store::StoreError;

/// A refusal or failure of a use case. `code` is stable; `params` fill the sentence's placeholders.
#[derive(Debug, thiserror::Error)]
#[error("{code}")]
pub struct ClientError {
    code: &'static str,
    params: BTreeMap<String, String>,
    #[source]
    source: Option<Box<dyn std::error::Error + Send + Sync>>,
}

impl ClientError {
    /// A refusal with a code.
    pub fn new(code: &'static str) -> Self {
        Self {
            code,
            params: BTreeMap::new(),
            source: None,
        }
    }

    /// Adds a placeholder's value.
    #[must_use]
    pub fn with(mut self, name: &str, value: impl ToString) -> Self {
        self.params.insert(name.to_owned(), value.to_string());
        self
    }

    /// Keeps the cause for the log.
    #[must_use]
    pub fn because(mut self, source: impl std::error::Error + Send + Sync + 'static) -> Self {
        self.source = Some(Box::new(source));
        self
    }

    /// The stable code.
    pub fn code(&self) -> &'static str {
        self.code
    }

    /// What a screen gets. The cause stays here.
    pub fn to_ui(&self) -> UiError {
        let mut params = self.params.clone();
        if self.code == "internal" {
            params
                .entry("id".to_owned())
                .or_insert_with(|| self.number());
        }
        UiError {
            code: self.code.to_owned(),
            params,
        }
    }

    /// Four digits a person can read out on the phone; the same cause has the same number, in the log too.
    pub fn number(&self) -> String {
        let cause = self
            .source
            .as_ref()
            .map_or_else(String::new, |source| error_chain(source.as_ref()));
        let mut hasher = DefaultHasher::new();
        cause.hash(&mut hasher);
        format!("{:04X}", hasher.finish() & 0xFFFF)
    }
}

impl From<StoreError> for ClientError {
    fn from(error: StoreError) -> Self {
        let code = match &error {
            StoreError::WrongPin { left } => return Self::new("wrong_pin").with("left", left),
            StoreError::PinWait { seconds } => {
                return Self::new("pin_wait").with("seconds", seconds);
            }
            StoreError::RecoveryNeeded => "recovery_needed",
            StoreError::PinFormat => "pin_format",
            StoreError::PinCommon => "pin_common",
            StoreError::FolderInUse => "folder_in_use",
            StoreError::Missing => "not_enrolled",
            StoreError::Exists => "already_enrolled",
            StoreError::DiskFull => "disk_full",
            StoreError::KeptAside => "kept_aside",
            StoreError::TooNew => "too_new",
            StoreError::NotFound => "not_found",
            StoreError::Corrupt { .. } => "store_damaged",
            StoreError::Rescue(RescueError::TooNew) => "too_new",
            StoreError::Rescue(RescueError::Refused | RescueError::OtherDistrict) => {
                "recovery_other"
            }
            StoreError::Rescue(RescueError::Malformed) => "recovery_text",
            _ => "internal",
        };
        let cause = error_chain(&error);
        let refusal = Self::new(code).because(error);
        tracing::error!(cause, code, number = refusal.number(), "the store refused");
        refusal
    }
}

impl From<domain::record::doc::DocError> for ClientError {
    fn from(error: domain::record::doc::DocError) -> Self {
        tracing::error!(%error, "a document could not be written");
        Self::new("internal").because(error)
    }
}

impl From<protocol::ProtocolError> for ClientError {
    fn from(error: protocol::ProtocolError) -> Self {
        let code = match error {
            protocol::ProtocolError::TooLarge { .. } => "too_large",
            protocol::ProtocolError::TooNew { .. } => "too_new",
            _ => "server_nonsense",
        };
        Self::new(code).because(error)
    }
}

impl From<serde_json::Error> for ClientError {
    fn from(error: serde_json::Error) -> Self {
        Self::new("value_invalid").because(error)
    }
}

/// The chain of causes as text, for the log only; driver texts may name tables but never rows here.
fn error_chain(error: &(dyn std::error::Error + 'static)) -> String {
    let mut text = error.to_string();
    let mut next = error.source();
    while let Some(cause) = next {
        text.push_str(": ");
        text.push_str(&match cause.downcast_ref::<serde_json::Error>() {
            // Its own words quote what it could not read.
            Some(json) => format!("{:?} at {}:{}", json.classify(), json.line(), json.column()),
            None => cause.to_string(),
        });
        next = cause.source();
    }
    text
}
