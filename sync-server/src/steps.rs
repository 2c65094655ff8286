//! What answering a request takes, step by step: read, write, answer. Who runs the steps is another question.
//!
//! A handler is a plain function and knows no thread. The served server runs a writing step on the thread that writes and
//! a reading one on a reader's connection ([`crate::routes`]); the server without sockets runs all of them on its one
//! connection ([`crate::local`]). What a writing step did is committed before the next step begins.

use crate::error::ApiError;
use crate::state::App;
use protocol::wire;
use rusqlite::Connection;
use serde::Serialize;

/// Work over a connection that says what comes next.
pub(crate) type Work = Box<dyn FnOnce(&App, &Connection) -> Result<Step, ApiError> + Send>;

/// What is to be done next for a request.
pub(crate) enum Step {
    /// Read from one consistent state.
    Read(Work),
    /// Write in one transaction. An error leaves no trace of it.
    Write(Work),
    /// Go on once every change up to this row has been judged, or after a moment all the same.
    Published(i64, Box<Step>),
    /// Say this message, packed but not yet compressed: how depends on who asks.
    Message(Vec<u8>),
    /// Say this as it is.
    Answer(Vec<u8>),
    /// Say no; what was written so far stays written. A wrong proof is counted so.
    Refuse(ApiError),
}

impl Step {
    /// A reading step.
    pub(crate) fn read(
        work: impl FnOnce(&App, &Connection) -> Result<Step, ApiError> + Send + 'static,
    ) -> Self {
        Self::Read(Box::new(work))
    }

    /// A writing step.
    pub(crate) fn write(
        work: impl FnOnce(&App, &Connection) -> Result<Step, ApiError> + Send + 'static,
    ) -> Self {
        Self::Write(Box::new(work))
    }

    /// The last step: a message.
    pub(crate) fn answer(message: &impl Serialize) -> Result<Self, ApiError> {
        Ok(Self::Message(wire::pack(message)?))
    }
}
