//! The machines of a simulated world: devices and a server, each with a disk, a clock and randomness of its own.
//!
//! What runs on them is the product: `client::Tablet` with its store, `sync_server::LocalServer`. A machine that is killed
//! is a disk that forgets what nobody synced; what was open on it is dropped without a word.

use super::chance::{Chance, MachineClock, MachineEntropy, WorldTime};
use super::founding::{PEOPLE, PIN};
use anyhow::{Context, Result, bail};
use client::exchange::{self, Answer, Exchange, Next, Request};
use client::{ClientError, Tablet};
use protocol::genesis;
use simdisk::{Image, Loss, SimDisk};
use std::path::PathBuf;
use std::sync::Arc;
use store::disk::Disk;
use store::{FileHardwareKey, OpenOptions, OpenWith, Store};
use sync_server::{ApiError, LocalConfig, LocalServer};

/// Steps no sync ever needs; one that takes more goes round in circles.
const MOST_STEPS: usize = 2_000;

/// Where things lie on every disk.
pub struct Paths {
    /// A device's store.
    pub store: PathBuf,
    /// The server's data folder.
    pub server: PathBuf,
}

impl Default for Paths {
    fn default() -> Self {
        Self {
            store: PathBuf::from("/machine/store"),
            server: PathBuf::from("/machine/server"),
        }
    }
}

/// What the line between a device and the server is doing.
pub enum Line {
    /// Nothing is under way.
    Quiet,
    /// A request is somewhere between here and there.
    Sent(Request),
    /// This came of it.
    Answered(Answer),
}

/// A tablet or the station.
pub struct Machine {
    /// Whose it is: a place in [`PEOPLE`].
    pub person: usize,
    /// What a trace calls it.
    pub name: String,
    /// Its disk.
    pub disk: SimDisk,
    /// Its clock.
    pub clock: Arc<MachineClock>,
    /// Its randomness.
    pub entropy: Arc<MachineEntropy>,
    /// Where its store lies.
    pub paths: Paths,
    /// The sync under way.
    pub exchange: Option<Exchange>,
    /// Its line.
    pub line: Line,
    tablet: Option<Tablet>,
}

impl Machine {
    /// A machine that is switched off.
    #[must_use]
    pub fn new(person: usize, disk: SimDisk, time: &WorldTime, seed: u64) -> Self {
        Self {
            person,
            name: PEOPLE[person].0.to_owned(),
            disk,
            clock: MachineClock::new(time),
            entropy: MachineEntropy::new(seed),
            paths: Paths::default(),
            exchange: None,
            line: Line::Quiet,
            tablet: None,
        }
    }

    /// A machine that is switched off, with a copy of a disk.
    #[must_use]
    pub fn copy(person: usize, seed: u64, image: &Image, time: &WorldTime) -> Self {
        Self::new(person, SimDisk::from_image(seed, image), time, seed)
    }

    /// The app, when it runs.
    #[must_use]
    pub fn tablet(&self) -> Option<&Tablet> {
        self.tablet.as_ref()
    }

    /// The app was just made.
    pub fn put(&mut self, tablet: Tablet) {
        self.tablet = Some(tablet);
    }

    /// Starts the app on what the disk holds, unless it runs. True when a database was moved aside on the way.
    ///
    /// # Errors
    /// The store does not open.
    pub fn open(&mut self) -> Result<bool, ClientError> {
        if self.tablet.is_some() {
            return Ok(false);
        }
        let disk: Arc<dyn Disk> = Arc::new(self.disk.clone());
        let hardware = FileHardwareKey::beside(&self.paths.store).on(disk.clone());
        let outcome = Store::open(
            &self.paths.store,
            OpenOptions {
                with: OpenWith::Pin(PIN),
                hardware: &hardware,
                entropy: self.entropy.clone(),
                clock: self.clock.clone(),
                disk,
                lock: None,
            },
        )?;
        let was_moved = outcome.moved_aside.is_some();
        self.tablet = Some(Tablet::again(
            outcome,
            self.clock.clone(),
            self.entropy.clone(),
        )?);
        Ok(was_moved)
    }

    /// Ends the app in an orderly way.
    pub fn close(&mut self) {
        self.exchange = None;
        self.line = Line::Quiet;
        self.tablet = None;
    }

    /// Somebody puts an older copy of the whole disk in its place.
    pub fn set_back(&mut self, image: &Image) {
        self.kill(Loss::Nothing);
        self.disk.restore(image);
    }

    /// The machine dies: whatever ran is gone, and with it what the loss says.
    pub fn kill(&mut self, loss: Loss) {
        self.disk.crash(loss);
        self.close();
    }

    /// Takes one step of the sync, with what came over the line. Nothing is returned while it goes on.
    ///
    /// # Errors
    /// None of its own; how the sync ended is the value.
    pub fn step(&mut self) -> Option<Result<bool, ClientError>> {
        let tablet = self.tablet.as_ref()?;
        let answer = match std::mem::replace(&mut self.line, Line::Quiet) {
            Line::Quiet => None,
            Line::Answered(answer) => Some(answer),
            sent @ Line::Sent(_) => {
                self.line = sent;
                return None;
            }
        };
        let exchange = self.exchange.get_or_insert_with(Exchange::new);
        let ended = match exchange.step(tablet, answer) {
            // One thing at a time here: what may be asked ahead is asked when its turn comes.
            Ok(Next::Worked | Next::Ahead(_)) => return None,
            Ok(Next::Send(request)) => {
                self.line = Line::Sent(request);
                return None;
            }
            Ok(Next::Done { received, .. }) => Ok(received),
            Err(error) => Err(error),
        };
        exchange::note_end(tablet, ended.as_ref().map(|_| ()));
        self.exchange = None;
        Some(ended)
    }

    /// A whole sync over a network that is there.
    ///
    /// # Errors
    /// The code the sync ended with, or it does not end.
    pub fn sync_whole(&mut self, server: &mut ServerMachine) -> Result<bool> {
        self.exchange = None;
        self.line = Line::Quiet;
        for _ in 0..MOST_STEPS {
            if let Some(ended) = self.step() {
                return ended
                    .map_err(|error| anyhow::anyhow!("the sync ended with {}", words_of(&error)));
            }
            if let Line::Sent(request) = &self.line {
                let answer = server.answer(request);
                self.line = Line::Answered(answer);
            }
        }
        bail!("the sync does not end")
    }
}

/// The server.
pub struct ServerMachine {
    /// Its disk.
    pub disk: SimDisk,
    /// Its clock.
    pub clock: Arc<MachineClock>,
    entropy: Arc<MachineEntropy>,
    key_file: PathBuf,
    paths: Paths,
    server: Option<LocalServer>,
}

impl ServerMachine {
    /// A server that is switched off, with a copy of a disk.
    #[must_use]
    pub fn new(seed: u64, image: &Image, key_file: PathBuf, time: &WorldTime) -> Self {
        Self::on(SimDisk::from_image(seed, image), key_file, time, seed)
    }

    /// A server that is switched off.
    #[must_use]
    pub fn on(disk: SimDisk, key_file: PathBuf, time: &WorldTime, seed: u64) -> Self {
        Self {
            disk,
            clock: MachineClock::new(time),
            entropy: MachineEntropy::new(seed),
            key_file,
            paths: Paths::default(),
            server: None,
        }
    }

    /// Starts it on what its disk holds, unless it runs.
    ///
    /// # Errors
    /// It does not start.
    pub fn open(&mut self) -> Result<&LocalServer> {
        if self.server.is_none() {
            let vfs = Disk::vfs(&self.disk).map(str::to_owned);
            self.server = Some(LocalServer::open(LocalConfig {
                data: self.paths.server.clone(),
                key_file: self.key_file.clone(),
                vfs,
                clock: self.clock.clone(),
                entropy: self.entropy.clone(),
                constants: genesis::table(),
            })?);
        }
        self.server.as_ref().context("it was just opened")
    }

    /// Is it running?
    #[must_use]
    pub fn is_open(&self) -> bool {
        self.server.is_some()
    }

    /// Ends it in an orderly way.
    pub fn close(&mut self) {
        self.server = None;
    }

    /// Somebody puts an older copy of the whole disk in its place.
    pub fn set_back(&mut self, image: &Image) {
        self.kill(Loss::Nothing);
        self.disk.restore(image);
    }

    /// The machine dies.
    pub fn kill(&mut self, loss: Loss) {
        self.disk.crash(loss);
        self.server = None;
    }

    /// What comes of a request that arrives; a server that does not run answers nobody.
    pub fn answer(&self, request: &Request) -> Answer {
        match &self.server {
            None => Err(ClientError::new("no_network")),
            Some(server) => {
                as_answer(server.call(request.path, request.token.as_deref(), &request.body))
            }
        }
    }
}

/// The answer as it comes out at the other end of the line.
///
/// # Errors
/// The server's refusal, in its words.
pub fn as_answer(answer: Result<Vec<u8>, ApiError>) -> Answer {
    answer.map_err(|error| client::server::refusal(error.message()))
}

/// A code, and the server's own when it is a refusal.
#[must_use]
pub fn words_of(error: &ClientError) -> String {
    match client::server::refused_code(error) {
        Some(code) => format!("{}: {code}", error.code()),
        None => error.code().to_owned(),
    }
}

/// How much is lost when a machine dies.
#[must_use]
pub fn some_loss(chance: &mut Chance) -> Loss {
    match chance.below(3) {
        0 => Loss::Nothing,
        1 => Loss::Everything,
        _ => Loss::Chance(chance.seed()),
    }
}
