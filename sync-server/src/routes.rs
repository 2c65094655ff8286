//! Every route, with the action it declares. A route is an [`Endpoint`], and an endpoint without an action cannot be written.
//!
//! What a route does is a plain function over the shared parts and a connection. The routes stand by area in the files
//! beside this one, which also has who asks and what runs them under axum.

mod audit;
mod callers;
mod devices;
mod erasures;
mod moves;
mod open;
mod people;
mod reports;
mod serving;
mod sessions;

use crate::enrolment::Counted;
use crate::error::ApiError;
use crate::herd::Class;
use crate::shape;
use crate::state::App;
use crate::steps::Step;
use axum::http::{HeaderValue, Method};
use ids::UnitId;
use protocol::access::{Action, Holder};
use protocol::wire;
use rusqlite::Connection;
use serde::{Serialize, de::DeserializeOwned};
use std::net::IpAddr;

pub(crate) use callers::authorize;
pub(crate) use serving::router;

type Begin = Box<dyn Fn(&App, Granted, &[u8]) -> Result<Step, ApiError> + Send + Sync>;

/// Who was let in. Made only after [`protocol::access::decide`] said yes.
#[derive(Clone, Copy)]
pub(crate) struct Granted {
    holder: Option<Holder>,
    /// Where the request came from, if it came over a socket.
    address: Option<IpAddr>,
}

/// Where a connection comes from.
#[derive(Clone, Copy)]
pub(crate) struct Source(pub IpAddr);

impl Granted {
    fn holder(self) -> Result<Holder, ApiError> {
        self.holder.ok_or(ApiError::SessionUnknown)
    }

    fn scope(self) -> Result<UnitId, ApiError> {
        Ok(self.holder()?.scope)
    }
}

/// A route: what it needs a right to, where it is, what it does.
pub(crate) struct Endpoint {
    pub action: Action,
    pub method: Method,
    pub path: &'static str,
    pub summary: &'static str,
    pub is_message: bool,
    /// The shape of what it takes and of what it answers, where that is a message.
    pub asks: fn() -> Option<serde_json::Value>,
    pub answers: fn() -> Option<serde_json::Value>,
    class: Class,
    begin: Begin,
}

impl Endpoint {
    /// A route that takes and gives an encoded message, and reads the database.
    fn reading<Input, Output>(
        action: Action,
        path: &'static str,
        summary: &'static str,
        work: fn(&App, &Connection, Granted, Input) -> Result<Output, ApiError>,
    ) -> Self
    where
        Input: DeserializeOwned + Send + 'static,
        Output: Serialize + DeserializeOwned + 'static,
    {
        Self::stepping::<Input, Output>(action, path, summary, move |_, granted, input| {
            Ok(Step::read(move |app, connection| {
                Step::answer(&work(app, connection, granted, input)?)
            }))
        })
    }

    /// A route that takes and gives an encoded message, and writes in one transaction. An error leaves no trace.
    fn writing<Input, Output>(
        action: Action,
        path: &'static str,
        summary: &'static str,
        work: fn(&App, &Connection, Granted, Input) -> Result<Output, ApiError>,
    ) -> Self
    where
        Input: DeserializeOwned + Send + 'static,
        Output: Serialize + DeserializeOwned + 'static,
    {
        Self::stepping::<Input, Output>(action, path, summary, move |_, granted, input| {
            Ok(Step::write(move |app, connection| {
                Step::answer(&work(app, connection, granted, input)?)
            }))
        })
    }

    /// As [`Endpoint::writing`], for work that may refuse and be committed all the same.
    fn counting<Input, Output>(
        action: Action,
        path: &'static str,
        summary: &'static str,
        work: fn(&App, &Connection, Granted, Input) -> Counted<Output>,
    ) -> Self
    where
        Input: DeserializeOwned + Send + 'static,
        Output: Serialize + DeserializeOwned + 'static,
    {
        Self::stepping::<Input, Output>(action, path, summary, move |_, granted, input| {
            Ok(Step::write(move |app, connection| {
                match work(app, connection, granted, input)? {
                    Ok(output) => Step::answer(&output),
                    Err(refusal) => Ok(Step::Refuse(refusal)),
                }
            }))
        })
    }

    /// A route that takes an encoded message and whose work has several steps, or none over the database.
    fn stepping<Input, Output>(
        action: Action,
        path: &'static str,
        summary: &'static str,
        begin: impl Fn(&App, Granted, Input) -> Result<Step, ApiError> + Send + Sync + 'static,
    ) -> Self
    where
        Input: DeserializeOwned + 'static,
        Output: DeserializeOwned + 'static,
    {
        Self {
            action,
            method: Method::POST,
            path,
            summary,
            is_message: true,
            asks: shape::of::<Input>,
            answers: shape::of::<Output>,
            class: Class::Words,
            begin: Box::new(move |app, granted, body| {
                begin(app, granted, wire::decode_request(body)?)
            }),
        }
    }

    /// A request of somebody the server need not know is held to the pace of strangers.
    fn is_paced(&self) -> bool {
        matches!(self.action, Action::Enrol | Action::OpenSession)
    }

    /// The same route with places of another class.
    fn of_class(self, class: Class) -> Self {
        Self { class, ..self }
    }

    /// A route that takes nothing and gives JSON.
    fn json(
        action: Action,
        path: &'static str,
        summary: &'static str,
        work: fn(&App) -> String,
    ) -> Self {
        Self {
            action,
            method: Method::GET,
            path,
            summary,
            is_message: false,
            asks: || None,
            answers: || Some(serde_json::json!({"type": "object"})),
            class: Class::Words,
            begin: Box::new(move |app, _, _| Ok(Step::Answer(work(app).into_bytes()))),
        }
    }

    /// The first step of answering.
    pub(crate) fn begin(&self, app: &App, granted: Granted, body: &[u8]) -> Result<Step, ApiError> {
        (self.begin)(app, granted, body)
    }

    fn media_type(&self) -> HeaderValue {
        HeaderValue::from_static(if self.is_message {
            wire::MEDIA_TYPE
        } else {
            "application/json"
        })
    }
}

/// Every route there is.
pub(crate) fn endpoints() -> Vec<Endpoint> {
    let mut all = open::endpoints();
    all.extend(sessions::endpoints());
    all.extend(moves::endpoints());
    all.extend(devices::endpoints());
    all.extend(audit::endpoints());
    all.extend(people::endpoints());
    all.extend(erasures::endpoints());
    all.extend(reports::endpoints());
    all
}
