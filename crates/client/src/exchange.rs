//! One whole sync as a row of steps: no socket, no waiting. The async loop walks through it with a network, the simulator
//! with whatever it likes to do between two steps.
//!
//! A step either does something to the store ([`Next::Worked`]) or asks that something be sent ([`Next::Send`]); the next
//! step is given what came of it. An exchange may be dropped between any two steps and a new one begun: what a step
//! stores is one transaction, and everything that is said may be said again.

use crate::attachments;
use crate::certificate;
use crate::countersign;
use crate::delegation;
use crate::error::ClientError;
use crate::exports;
use crate::farewell::Farewell;
use crate::recovery::{self, Errand, GivingBack};
use crate::reports;
use crate::rests;
use crate::server::{read_answer, refused_code};
use crate::sync::{self, Message, PAGES, Step};
use crate::tablet::Tablet;
use crate::trail::Trail;
use crate::unit_keys;
use crate::uploads::{Parcel, Uploads};
use crate::view::SyncPhase;
use ids::{DocumentId, Role};
use protocol::dictionary::With;
use protocol::session::client::{Effect, Event, SyncSession};
use protocol::session::proof::{self, RequestProof};
use protocol::{
    ClosingId, DeviceList, KeepUnitKeys, NonceRequest, NonceResponse, OpenSession, Reports,
    SessionOpened, SnapshotPage, SyncResponse, UnitKeyHint, UnitKeys, wire,
};
use serde::Serialize;
use std::collections::BTreeSet;

/// A message to the server, as it goes over the line.
#[derive(Debug, Clone)]
pub struct Request {
    /// Path on the server.
    pub path: &'static str,
    /// The session's token, when the message needs a session.
    pub token: Option<String>,
    /// The encoded message.
    pub body: Vec<u8>,
}

impl Request {
    /// Whether both ask the same, under whatever session.
    pub(crate) fn asks_as(&self, other: &Self) -> bool {
        self.path == other.path && self.body == other.body
    }
}

/// What came of a request: the body of the answer, or why there is none.
pub type Answer = Result<Vec<u8>, ClientError>;

/// What a step led to.
pub enum Next {
    /// Something was stored or read here; go on without an answer.
    Worked,
    /// Send this and go on with what comes of it.
    Send(Request),
    /// Go on without an answer, and meanwhile this may be sent: the same will be asked for soon.
    Ahead(Request),
    /// All sent, all read.
    Done {
        /// Something came from elsewhere.
        received: bool,
        /// Photos still wait: another exchange may begin at once.
        more: bool,
    },
}

/// A sync under way.
pub struct Exchange {
    session: Option<SyncSession>,
    at: At,
    /// The session was opened anew because the server did not know it any more: once is enough.
    renewed: bool,
    /// The server does not know this device, so it shows its certificate.
    certified: bool,
    giving_back: Option<GivingBack>,
    /// What the server said of the station's key; none when it was asked, or said nothing yet.
    key_hint: Option<UnitKeyHint>,
    /// What this device has to bring of it.
    key_to_bring: Option<KeepUnitKeys>,
    /// The key was asked for before the first load.
    key_sought: bool,
    trail: Option<Trail>,
    /// What the server said of reports to the district; none when it was asked, or said nothing yet.
    report_hint: Option<i64>,
    /// This device's report was sent.
    reported: bool,
    /// What was said of closings in this exchange.
    countersigned: BTreeSet<(DocumentId, ClosingId)>,
    uploads: Option<Uploads>,
    sessions: u32,
    received: bool,
    /// The server said that this device is stopped: what it said, and how the farewell stands.
    shut_out: Option<(ClientError, Farewell)>,
}

/// Sessions in one exchange: after a reset what is here is given back, what was refused is offered again or made anew,
/// and another one begins.
const MOST_SESSIONS: u32 = 6;

enum At {
    /// A session is needed first; then this is said, or the sync begins.
    Door(Option<Asking>),
    /// A nonce was asked for.
    Nonce(Option<Asking>),
    /// A nonce came.
    Prove(Box<NonceResponse>, Option<Asking>),
    /// The proof was sent.
    Opening(Option<Asking>),
    /// Something is to be done here.
    Work(Box<Effect>),
    /// What a server lost is being given back.
    Giving,
    /// This device is stopped: what it holds is being handed over.
    Farewell,
    /// The station's key, before the first load or after the words.
    Keys,
    /// The words are through: files that had ended, and with which somebody goes on.
    Rests,
    /// The audit trail.
    Trail,
    /// What a station reports to the district.
    Reports,
    /// Photos.
    Photos,
    /// A message was sent.
    Asked(Asking),
    Over,
}

/// A message under the session, and how its answer is read.
struct Asking {
    what: What,
    path: &'static str,
    body: Vec<u8>,
}

#[derive(Clone, Copy)]
enum What {
    Snapshot,
    Sync,
    GiveBack,
    Devices,
    Keys,
    BringKeys,
    Whole(DocumentId),
    Trail,
    Reports,
    Countersign((DocumentId, ClosingId)),
    Offer,
    Piece,
    Farewell,
}

impl Default for Exchange {
    fn default() -> Self {
        Self::new()
    }
}

impl Exchange {
    /// Nothing is done yet.
    #[must_use]
    pub fn new() -> Self {
        Self {
            session: None,
            at: At::Door(None),
            renewed: false,
            certified: false,
            giving_back: None,
            key_hint: None,
            key_to_bring: None,
            key_sought: false,
            trail: None,
            report_hint: None,
            reported: false,
            countersigned: BTreeSet::new(),
            uploads: None,
            sessions: 0,
            received: false,
            shut_out: None,
        }
    }

    /// Does the next step. `answer` is what came of the last [`Next::Send`], and nothing after anything else.
    ///
    /// # Errors
    /// The line failed, the server refused or spoke nonsense, the store refuses. The exchange is over then.
    pub fn step(&mut self, tablet: &Tablet, answer: Option<Answer>) -> Result<Next, ClientError> {
        if let Some(answer) = answer {
            self.hear(tablet, answer)?;
            if let Some(request) = self.ahead(tablet)? {
                return Ok(Next::Ahead(request));
            }
        }
        match std::mem::replace(&mut self.at, At::Over) {
            At::Door(asking) => self.enter(tablet, asking),
            At::Prove(nonce, asking) => {
                self.at = At::Opening(asking);
                let shown = match self.certified {
                    true => certificate::shown(tablet)?,
                    false => certificate::Shown::default(),
                };
                let opening = Opening {
                    certificate: shown.certificate,
                    delegated: shown.delegated,
                    hand_over: self.shut_out.is_some(),
                };
                open_request(tablet, &nonce, opening).map(Next::Send)
            }
            At::Work(effect) => self.work(tablet, *effect),
            At::Giving => self.give_back(tablet),
            At::Farewell => self.take_leave(tablet),
            At::Keys => self.tend_keys(tablet),
            At::Rests => self.fetch_rests(tablet),
            At::Trail => self.send_trail(tablet),
            At::Reports => self.tend_reports(tablet),
            At::Photos => self.send_photos(tablet),
            At::Over => Ok(Next::Done {
                received: self.received,
                more: self.uploads.as_ref().is_some_and(Uploads::has_more),
            }),
            At::Nonce(_) | At::Opening(_) | At::Asked(_) => Err(ClientError::new("no_network")),
        }
    }

    fn enter(&mut self, tablet: &Tablet, asking: Option<Asking>) -> Result<Next, ClientError> {
        let token = match tablet.sync.token(tablet) {
            Some(token) => token,
            None if !self.renewed => request_proof(tablet),
            None => {
                self.at = At::Nonce(asking);
                return nonce_request(tablet).map(Next::Send);
            }
        };
        if let Some(asking) = asking {
            let request = Request {
                path: asking.path,
                token: Some(token),
                body: asking.body.clone(),
            };
            self.at = At::Asked(asking);
            return Ok(Next::Send(request));
        }
        let has_keys = tablet.identity.role != Role::Officer;
        if has_keys && !self.key_sought && tablet.loading()?.is_some() {
            // Before anything can be reported from here that is to be sealed.
            self.key_sought = true;
            return self.ask(tablet, What::Keys, "/unit-keys/read", &());
        }
        if recovery::is_due(tablet)? {
            tablet.sync.begin(SyncPhase::Sending);
            self.giving_back = Some(GivingBack::begin(tablet)?);
            self.at = At::Giving;
            return Ok(Next::Worked);
        }
        self.sessions += 1;
        let mut session = sync::begin(tablet)?;
        self.at = At::Work(Box::new(session.start()));
        self.session = Some(session);
        Ok(Next::Worked)
    }

    /// The next page, while the one before it is still to be stored.
    fn ahead(&self, tablet: &Tablet) -> Result<Option<Request>, ClientError> {
        let asked = self.session.as_ref().and_then(SyncSession::page_ahead);
        let (At::Work(_), Some(message)) = (&self.at, asked) else {
            return Ok(None);
        };
        Ok(Some(Request {
            path: PAGES,
            token: Some(match tablet.sync.token(tablet) {
                Some(token) => token,
                None => request_proof(tablet),
            }),
            body: wire::encode_with(&message, wire::REQUEST, With::Newest)?,
        }))
    }

    /// The next thing to say of what is here; a session when all is said.
    fn give_back(&mut self, tablet: &Tablet) -> Result<Next, ClientError> {
        let said = match &mut self.giving_back {
            Some(giving) => giving.next(tablet)?,
            None => None,
        };
        match said {
            Some(Errand::Refill(request)) => self.ask(tablet, What::GiveBack, "/refill", &request),
            Some(Errand::Inventory(request)) => {
                self.ask(tablet, What::GiveBack, "/inventory", &request)
            }
            None => {
                self.giving_back = None;
                self.at = At::Door(None);
                Ok(Next::Worked)
            }
        }
    }

    /// The next thing a stopped device says; the refusal that stopped it when all is said.
    fn take_leave(&mut self, tablet: &Tablet) -> Result<Next, ClientError> {
        let Some((_, farewell)) = &mut self.shut_out else {
            return Err(ClientError::new("internal"));
        };
        match farewell.next(tablet)? {
            Some(errand) => self.ask(tablet, What::Farewell, errand.path(), &errand),
            None => match self.shut_out.take() {
                Some((refusal, farewell)) => {
                    tablet.sync.set_hands_on(farewell.has_more());
                    Err(refusal)
                }
                None => Err(ClientError::new("internal")),
            },
        }
    }

    fn ask(
        &mut self,
        tablet: &Tablet,
        what: What,
        path: &'static str,
        message: &impl Serialize,
    ) -> Result<Next, ClientError> {
        let body = wire::encode_with(message, wire::REQUEST, With::Newest)?;
        self.enter(tablet, Some(Asking { what, path, body }))
    }

    fn work(&mut self, tablet: &Tablet, effect: Effect) -> Result<Next, ClientError> {
        if let Effect::Wait { seconds } = &effect {
            tablet.sync.ask_for_pause(*seconds);
        }
        match sync::perform(tablet, effect)? {
            Step::Happened { event, news } => {
                self.received |= news;
                self.go_on(*event);
                Ok(Next::Worked)
            }
            Step::Ask { path, message } => match message {
                Message::Snapshot(request) => {
                    tablet
                        .sync
                        .note(|progress| progress.phase = SyncPhase::Receiving);
                    self.ask(tablet, What::Snapshot, path, &request)
                }
                Message::Sync(request) => self.ask(tablet, What::Sync, path, &*request),
            },
            Step::Again if self.sessions < MOST_SESSIONS => {
                self.at = At::Door(None);
                Ok(Next::Worked)
            }
            Step::Ended if self.sessions < MOST_SESSIONS && recovery::is_due(tablet)? => {
                self.at = At::Door(None);
                Ok(Next::Worked)
            }
            // The station learns when each tablet was last heard of: "not visited" and "not synced" are different questions.
            Step::Again | Step::Ended if tablet.identity.role.is_at_station() => {
                self.ask(tablet, What::Devices, "/devices/list", &())
            }
            Step::Again | Step::Ended => {
                self.at = At::Keys;
                Ok(Next::Worked)
            }
        }
    }

    /// The next thing to say of the station's key; then the sync, if that is still to come, or the trail.
    fn tend_keys(&mut self, tablet: &Tablet) -> Result<Next, ClientError> {
        if let Some(keep) = self.key_to_bring.take() {
            return self.ask(tablet, What::BringKeys, "/unit-keys/keep", &keep);
        }
        if let Some(hint) = self.key_hint.take()
            && unit_keys::is_wanted(tablet, hint)?
        {
            return self.ask(tablet, What::Keys, "/unit-keys/read", &());
        }
        self.leave_keys();
        Ok(Next::Worked)
    }

    fn leave_keys(&mut self) {
        self.at = match self.sessions {
            0 => At::Door(None),
            _ => At::Rests,
        };
    }

    /// The next file that is to come back; then the trail.
    fn fetch_rests(&mut self, tablet: &Tablet) -> Result<Next, ClientError> {
        match rests::wanted(tablet)? {
            Some(wanted) => self.ask(
                tablet,
                What::Whole(wanted.document),
                "/documents/read",
                &wanted,
            ),
            None => {
                self.at = At::Trail;
                Ok(Next::Worked)
            }
        }
    }

    /// The next part of the audit trail; then photos.
    fn send_trail(&mut self, tablet: &Tablet) -> Result<Next, ClientError> {
        let mut trail = match self.trail.take() {
            Some(trail) => trail,
            None => Trail::begin(tablet, delegation::is_untold(tablet)?)?,
        };
        let part = trail.next(tablet)?;
        self.trail = Some(trail);
        match part {
            Some(part) => self.ask(tablet, What::Trail, "/audit/bring", &part),
            None => {
                delegation::note_told(tablet)?;
                self.at = At::Reports;
                Ok(Next::Worked)
            }
        }
    }

    /// What is to be heard or said of reports to the district; then photos.
    fn tend_reports(&mut self, tablet: &Tablet) -> Result<Next, ClientError> {
        if let Some(newest_ms) = self.report_hint.take()
            && reports::is_wanted(tablet, newest_ms)?
        {
            return self.ask(tablet, What::Reports, "/reports/list", &());
        }
        if !self.reported {
            self.reported = true;
            match reports::due(tablet) {
                Ok(Some(report)) => {
                    return self.ask(tablet, What::Reports, "/reports/bring", &report);
                }
                Ok(None) => {}
                // What could not be counted is no reason for the words not to be through.
                Err(error) => tracing::warn!(%error, "no report to the district was made"),
            }
        }
        if tablet.identity.role == Role::Officer
            && let Some(said) = countersign::next(tablet, &self.countersigned)?
        {
            let about = (said.problem, said.closing);
            self.countersigned.insert(about);
            return self.ask(tablet, What::Countersign(about), "/countersign", &said);
        }
        self.at = At::Photos;
        Ok(Next::Worked)
    }

    /// The next thing to say of photos; the end when the slice is over.
    fn send_photos(&mut self, tablet: &Tablet) -> Result<Next, ClientError> {
        let mut uploads = match self.uploads.take() {
            Some(uploads) => uploads,
            None => {
                // The server answered, and the words are through: that is what the strip says from here on.
                tablet.sync.begin(SyncPhase::Idle);
                tablet.sync.set_online(true);
                Uploads::begin(tablet)?
            }
        };
        let parcel = uploads.next(tablet)?;
        self.uploads = Some(uploads);
        match parcel {
            Some(Parcel::Offer(offer)) => self.ask(tablet, What::Offer, "/blobs/offer", &offer),
            Some(Parcel::Piece(piece)) => self.ask(tablet, What::Piece, "/blobs/chunk", &piece),
            None => {
                attachments::tidy(tablet)?;
                rests::tidy(tablet)?;
                Ok(Next::Worked)
            }
        }
    }

    fn go_on(&mut self, event: Event) {
        if let Some(session) = &mut self.session {
            self.at = At::Work(Box::new(session.on(event)));
        }
    }

    fn hear(&mut self, tablet: &Tablet, answer: Answer) -> Result<(), ClientError> {
        if let Err(error) = &answer
            && self.shut_out.is_none()
            && refused_code(error).as_deref() == Some("device_revoked")
        {
            // Stopped. What is here is handed over; nothing else is said or heard any more.
            let Err(error) = answer else {
                return Ok(());
            };
            tablet.sync.begin(SyncPhase::Sending);
            self.shut_out = Some((error, Farewell::default()));
            self.giving_back = None;
            self.uploads = None;
            self.at = At::Farewell;
            return Ok(());
        }
        match std::mem::replace(&mut self.at, At::Over) {
            At::Nonce(asking) => {
                self.at = At::Prove(Box::new(read_answer(&answer?)?), asking);
            }
            At::Opening(asking)
                if !self.certified
                    && matches!(&answer, Err(error) if refused_code(error).as_deref() == Some("device_unknown")) =>
            {
                // A server set back to a copy older than this device's enrolment knows its own signature.
                self.certified = true;
                self.at = At::Door(asking);
            }
            At::Opening(asking) => {
                let opened: SessionOpened = read_answer(&answer?)?;
                tablet.sync.keep_session(tablet, &opened);
                self.at = At::Door(asking);
            }
            At::Asked(asking) => match answer {
                Err(error) if is_session_unknown(&error) && !self.renewed => {
                    // The two clocks differ, the session ended, or the server was started again: now by a nonce.
                    self.renewed = true;
                    tablet.sync.forget_session();
                    self.at = At::Door(Some(asking));
                }
                Err(error) if matches!(asking.what, What::GiveBack) => {
                    if refused_code(&error).as_deref() != Some("not_allowed") {
                        return Err(error);
                    }
                    // It lost nothing, so it takes nothing back: the outbox is enough.
                    recovery::finish(tablet)?;
                    self.giving_back = None;
                    self.at = At::Giving;
                }
                Err(error) if is_malformed(&error) && is_taught(&asking) => {
                    // An older server, which does not have the dictionary.
                    self.at = At::Door(Some(untaught(asking)?));
                }
                Err(error)
                    if matches!(asking.what, What::Farewell)
                        && refused_code(&error).as_deref() == Some("not_allowed") =>
                {
                    // A server that was set back does not know any more that this device is stopped: how it stands is heard
                    // the next time.
                    return Err(self.shut_out.take().map_or(error, |(refusal, _)| refusal));
                }
                Err(error)
                    if matches!(asking.what, What::Farewell) && self.goes_without(&error) =>
                {
                    tracing::warn!(%error, "the farewell goes on without what was refused");
                    self.at = At::Farewell;
                }
                Err(error)
                    if matches!(asking.what, What::Keys | What::BringKeys)
                        && refused_code(&error).is_some() =>
                {
                    // An older server, or one that is busy; the words come and go without it.
                    tracing::warn!(%error, "nothing is heard of the station's key now");
                    self.leave_keys();
                }
                Err(error)
                    if matches!(asking.what, What::Whole(_)) && refused_code(&error).is_some() =>
                {
                    // An older server, or one that is busy; it is asked again the next time.
                    tracing::warn!(%error, "a file does not come back now");
                    self.at = At::Trail;
                }
                Err(error)
                    if matches!(asking.what, What::Trail) && refused_code(&error).is_some() =>
                {
                    // An older server, or one that is busy; that the words are through stays true.
                    tracing::warn!(%error, "the server takes no audit rows now");
                    self.at = At::Reports;
                }
                Err(error)
                    if matches!(asking.what, What::Reports) && refused_code(&error).is_some() =>
                {
                    // An older server, or one that is busy; that the words are through stays true.
                    tracing::warn!(%error, "the server speaks of no reports now");
                    self.at = At::Photos;
                }
                Err(error)
                    if matches!(asking.what, What::Countersign(_))
                        && refused_code(&error).is_some() =>
                {
                    // It is said again the next time, unless it never will be taken.
                    tracing::warn!(%error, "the server takes no word about a closing now");
                    if let (What::Countersign(about), Some(code)) =
                        (asking.what, refused_code(&error))
                    {
                        countersign::note_refusal(tablet, about, &code)?;
                    }
                    self.at = At::Reports;
                }
                Err(error)
                    if matches!(asking.what, What::Offer | What::Piece)
                        && refused_code(&error).is_some() =>
                {
                    // Photos wait for better times; that the words are through stays true.
                    tracing::warn!(%error, "the server takes no photos now");
                    self.uploads = None;
                }
                answer => self.read(tablet, asking.what, &answer?)?,
            },
            at => self.at = at,
        }
        Ok(())
    }

    /// Whether a stopped device goes on although its last message was refused so.
    fn goes_without(&mut self, error: &ClientError) -> bool {
        match (&mut self.shut_out, refused_code(error)) {
            (Some((_, farewell)), Some(code)) => farewell.go_without(&code),
            _ => false,
        }
    }

    fn read(&mut self, tablet: &Tablet, what: What, body: &[u8]) -> Result<(), ClientError> {
        match what {
            What::Snapshot => {
                let page: SnapshotPage = read_answer(body)?;
                self.go_on(Event::SnapshotPage(Box::new(page)));
            }
            What::Sync => {
                let response: SyncResponse = read_answer(body)?;
                self.key_hint = Some(response.unit_keys);
                self.report_hint = Some(response.report_ms);
                self.go_on(Event::Response(Box::new(response)));
            }
            What::GiveBack => {
                if let Some(giving) = &mut self.giving_back {
                    giving.hear(tablet, body)?;
                }
                self.at = At::Giving;
            }
            What::Farewell => {
                if let Some((_, farewell)) = &mut self.shut_out {
                    farewell.hear(tablet, body)?;
                }
                self.at = At::Farewell;
            }
            What::Devices => {
                let list: DeviceList = read_answer(body)?;
                note_devices(tablet, &list)?;
                self.at = At::Keys;
            }
            What::Keys => {
                let keys: UnitKeys = read_answer(body)?;
                unit_keys::hear(tablet, &keys)?;
                self.key_to_bring = unit_keys::to_bring(tablet, &keys)?;
                self.at = At::Keys;
            }
            What::BringKeys => {
                let keys: UnitKeys = read_answer(body)?;
                unit_keys::hear(tablet, &keys)?;
                self.leave_keys();
            }
            What::Whole(document) => {
                rests::hear(tablet, document, &read_answer(body)?)?;
                self.received = true;
                self.at = At::Rests;
            }
            What::Trail => {
                if let Some(trail) = &mut self.trail {
                    trail.hear(tablet, &read_answer(body)?)?;
                }
                self.at = At::Trail;
            }
            What::Reports | What::Countersign(_) => {
                let heard: Reports = read_answer(body)?;
                reports::hear(tablet, &heard)?;
                // What the pages of an officer show is another now.
                self.received |= !tablet.identity.role.is_at_station();
                self.at = At::Reports;
            }
            What::Offer => {
                if let Some(uploads) = &mut self.uploads {
                    uploads.hear_standings(tablet, read_answer(body)?)?;
                }
                self.at = At::Photos;
            }
            What::Piece => {
                if let Some(uploads) = &mut self.uploads {
                    uploads.hear_taken(tablet, &read_answer(body)?)?;
                }
                self.at = At::Photos;
            }
        }
        Ok(())
    }
}

/// Notes how an exchange ended, for the pages that show it.
pub fn note_end(tablet: &Tablet, result: Result<(), &ClientError>) {
    tablet.sync.begin(SyncPhase::Idle);
    if let Err(error) = exports::tidy(tablet) {
        tracing::warn!(%error, "an exported file's time is over, and it could not be removed");
    }
    let reached = match result {
        Ok(()) => true,
        Err(error) => !matches!(error.code(), "no_network" | "enrol_wrong_server"),
    };
    tablet.sync.set_online(reached);
    // The page says why the server refused, not merely that it did.
    let code = result
        .err()
        .map(|error| refused_code(error).unwrap_or_else(|| error.code().to_owned()));
    if let Err(error) = sync::note_end(tablet, code) {
        tracing::error!(%error, "the end of a sync could not be noted");
    }
}

/// What a request says where no session is open: it spares two round trips while the two clocks agree.
pub(crate) fn request_proof(tablet: &Tablet) -> String {
    RequestProof::sign(
        &tablet.key,
        tablet.identity.device,
        &tablet.enrolled.server_key,
        tablet.clock.now_ms(),
    )
    .text()
}

fn is_malformed(error: &ClientError) -> bool {
    refused_code(error).as_deref() == Some("malformed")
}

fn is_taught(asking: &Asking) -> bool {
    protocol::dictionary::of_frame(&asking.body).is_some()
}

fn untaught(asking: Asking) -> Result<Asking, ClientError> {
    let body = wire::without_dictionary(&asking.body);
    Ok(Asking {
        body: body.ok_or_else(|| ClientError::new("internal"))?,
        ..asking
    })
}

/// Asks for a nonce to sign.
pub(crate) fn nonce_request(tablet: &Tablet) -> Result<Request, ClientError> {
    let message = NonceRequest {
        device: tablet.identity.device,
    };
    Ok(Request {
        path: "/session/nonce",
        token: None,
        body: wire::encode(&message, wire::REQUEST)?,
    })
}

/// What else is said when a session is opened.
#[derive(Default)]
pub(crate) struct Opening {
    /// Shown to a server that does not know the device.
    certificate: Option<Vec<u8>>,
    /// The same for one that was enrolled without the server.
    delegated: Option<Vec<u8>>,
    /// The device is stopped and comes to hand over what it holds.
    hand_over: bool,
}

/// Proves that this is the device.
pub(crate) fn open_request(
    tablet: &Tablet,
    nonce: &NonceResponse,
    opening: Opening,
) -> Result<Request, ClientError> {
    let device = tablet.identity.device;
    let server_key = &tablet.enrolled.server_key;
    let message = OpenSession {
        device,
        nonce: nonce.nonce,
        signature: proof::sign(&tablet.key, device, server_key, &nonce.nonce),
        certificate: opening.certificate,
        hand_over: opening.hand_over,
        delegated: opening.delegated,
    };
    Ok(Request {
        path: "/session/open",
        token: None,
        body: wire::encode(&message, wire::REQUEST)?,
    })
}

/// The server does not know the token: it ended, or the server was started again.
pub(crate) fn is_session_unknown(error: &ClientError) -> bool {
    refused_code(error).as_deref() == Some("session_unknown")
}

fn note_devices(tablet: &Tablet, list: &DeviceList) -> Result<(), ClientError> {
    tablet.store.write(|tx| {
        for device in &list.devices {
            if let Some(seen_ms) = device.seen_ms {
                store::members::set_seen(tx, device.device, seen_ms)?;
            }
        }
        Ok::<_, ClientError>(())
    })
}
