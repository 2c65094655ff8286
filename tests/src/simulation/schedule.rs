//! One schedule: a seed decides who acts, what is lost, late or said twice, and who loses power at which operation.

use super::chance::{Chance, WorldTime};
use super::founding::{Founded, PEOPLE};
use super::machine::{Line, Machine, ServerMachine, some_loss, words_of};
use super::oracle::{self, Promises};
use super::people;
use anyhow::Result;
use client::ClientError;
use client::exchange::Request;
use simdisk::{Fault, SimDisk};

const SECOND_MS: usize = 1_000;
const YEAR_MS: i64 = 365 * 24 * 60 * 60 * 1_000;
/// Operations on a disk that one step takes at most, roughly: a power cut is aimed at one of so many.
const OPERATIONS: usize = 60;
/// Requests that may come back from the network late.
const MOST_GHOSTS: usize = 8;
/// Rounds of syncs in which everybody must have heard everything.
const ROUNDS: usize = 12;

/// How a schedule ended.
pub struct Ended {
    /// What does not hold; empty is well.
    pub violations: Vec<String>,
    /// What happened, one line each.
    pub trace: Vec<String>,
    /// How much was promised on the way.
    pub promises: usize,
}

/// A world under a schedule.
struct World<'a> {
    chance: Chance,
    time: WorldTime,
    server: ServerMachine,
    machines: Vec<Machine>,
    promises: Promises,
    /// Requests the network still has copies of.
    ghosts: Vec<Request>,
    is_cut: bool,
    violations: Vec<String>,
    trace: Vec<String>,
    _founded: &'a Founded,
}

/// Plays the schedule of a seed in a copy of the founded world.
///
/// # Errors
/// The simulation itself cannot go on; a fault of the product is a violation, not an error.
pub fn play(founded: &Founded, seed: u64) -> Result<Ended> {
    let mut world = World::new(founded, seed);
    let turns = 40 + world.chance.below(80);
    for _ in 0..turns {
        world.turn()?;
        if !world.violations.is_empty() {
            break;
        }
    }
    if world.violations.is_empty() {
        world.settle()?;
    }
    Ok(Ended {
        violations: world.violations,
        trace: world.trace,
        promises: world.promises.count(),
    })
}

impl<'a> World<'a> {
    fn new(founded: &'a Founded, seed: u64) -> Self {
        let mut chance = Chance::new(seed);
        let time = WorldTime::at(founded.at_ms);
        let disk = SimDisk::from_image(chance.seed(), &founded.server);
        let server = ServerMachine::new(disk, founded.key_file.clone(), &time, chance.seed());
        let machines = founded
            .devices
            .iter()
            .map(|image| {
                let disk = SimDisk::from_image(chance.seed(), image);
                Machine::new(disk, &time, chance.seed())
            })
            .collect();
        Self {
            chance,
            time,
            server,
            machines,
            promises: Promises::default(),
            ghosts: Vec::new(),
            is_cut: false,
            violations: Vec::new(),
            trace: Vec::new(),
            _founded: founded,
        }
    }

    fn say(&mut self, who: usize, what: impl std::fmt::Display) {
        let line = format!(
            "{:>8} {} {what}",
            self.time.now_ms() - self._founded.at_ms,
            PEOPLE[who].0
        );
        self.trace.push(line);
    }

    fn say_server(&mut self, what: impl std::fmt::Display) {
        let line = format!(
            "{:>8} server {what}",
            self.time.now_ms() - self._founded.at_ms
        );
        self.trace.push(line);
    }

    fn violation(&mut self, text: String) {
        self.trace.push(format!("!! {text}"));
        self.violations.push(text);
    }

    /// Something happens to somebody.
    fn turn(&mut self) -> Result<()> {
        self.time.pass(1 + self.chance.below(20 * SECOND_MS) as i64);
        let who = self.chance.below(self.machines.len());
        match self.chance.below(100) {
            0..=24 => self.act(who),
            25..=79 => self.talk(who),
            80..=84 => self.fault_on_disk(who),
            85..=88 => self.kill(who),
            89..=91 => self.kill_server(),
            92..=93 => self.set_clock(who),
            94..=96 => {
                self.is_cut = !self.is_cut;
                let is_cut = self.is_cut;
                self.say_server(if is_cut {
                    "is out of reach"
                } else {
                    "is in reach"
                });
                Ok(())
            }
            _ => self.ghost(),
        }
    }

    /// Switches a device on if it is off. Its disk may die under it while it starts.
    fn wake(&mut self, who: usize) -> Result<bool> {
        if self.machines[who].tablet().is_some() {
            return Ok(true);
        }
        if self.chance.one_in(6) {
            let after = self.chance.below(OPERATIONS) as u64;
            self.machines[who].disk.stop_after(after);
        }
        let opened = self.machines[who].open();
        if self.dies_if_stopped(who, "while it starts") {
            return Ok(false);
        }
        match opened {
            Ok(was_moved) => {
                if was_moved {
                    self.violation(format!(
                        "{}: a sound database was moved aside",
                        PEOPLE[who].0
                    ));
                }
                Ok(true)
            }
            Err(error) => {
                self.violation(format!(
                    "{} does not start: {}",
                    PEOPLE[who].0,
                    words_of(&error)
                ));
                Ok(false)
            }
        }
    }

    /// A power cut that was aimed at an operation has happened, or is called off.
    fn dies_if_stopped(&mut self, who: usize, when: &str) -> bool {
        if self.machines[who].disk.has_stopped() {
            let loss = some_loss(&mut self.chance);
            self.say(who, format!("loses power {when}: {loss:?}"));
            self.machines[who].kill(loss);
            return true;
        }
        self.machines[who].disk.stop_after(u64::MAX / 2);
        false
    }

    fn act(&mut self, who: usize) -> Result<()> {
        if !self.wake(who)? {
            return Ok(());
        }
        if self.chance.one_in(12) {
            let after = self.chance.below(OPERATIONS) as u64;
            self.machines[who].disk.stop_after(after);
        }
        let Some(tablet) = self.machines[who].tablet() else {
            return Ok(());
        };
        let done = people::act(tablet, &mut self.chance);
        if self.dies_if_stopped(who, "while something is saved") {
            return Ok(());
        }
        match done {
            Ok(what) => self.say(who, what),
            Err(error) if people::is_plain(&error) => self.say(who, error.code()),
            Err(error) => self.violation(format!(
                "{} cannot record: {} {:?}",
                PEOPLE[who].0,
                words_of(&error),
                std::error::Error::source(&error)
            )),
        }
        self.promises.note(who, &self.machines[who])
    }

    /// A device goes on with its sync, or begins one; a few steps at a time.
    fn talk(&mut self, who: usize) -> Result<()> {
        if !self.wake(who)? {
            return Ok(());
        }
        for _ in 0..=self.chance.below(8) {
            if matches!(self.machines[who].line, Line::Sent(_)) {
                self.carry(who)?;
                continue;
            }
            if self.chance.one_in(40) {
                let after = self.chance.below(OPERATIONS) as u64;
                self.machines[who].disk.stop_after(after);
            }
            let ended = self.machines[who].step();
            if self.dies_if_stopped(who, "while it syncs") {
                return Ok(());
            }
            self.promises.note(who, &self.machines[who])?;
            if let Some(ended) = ended {
                self.end_of_sync(who, &ended);
                break;
            }
        }
        Ok(())
    }

    fn end_of_sync(&mut self, who: usize, ended: &Result<bool, ClientError>) {
        match ended {
            Ok(_) => self.say(who, "has synced"),
            Err(error) => {
                let words = words_of(error);
                self.say(who, format!("sync: {words}"));
                let is_plain = matches!(
                    words.as_str(),
                    "no_network"
                        | "disk_full"
                        | "server_refused: busy"
                        | "server_refused: device_unknown"
                        // The server was started again twice while one sync was under way.
                        | "server_refused: session_unknown"
                );
                if !is_plain {
                    self.violation(format!("{}: a sync ended with {words}", PEOPLE[who].0));
                }
            }
        }
    }

    /// What the network does with a request and its answer.
    fn carry(&mut self, who: usize) -> Result<()> {
        let Line::Sent(request) = std::mem::replace(&mut self.machines[who].line, Line::Quiet)
        else {
            return Ok(());
        };
        let lost = || Line::Answered(Err(ClientError::new("no_network")));
        if self.chance.one_in(6) {
            // Late: still under way.
            self.machines[who].line = Line::Sent(request);
            return Ok(());
        }
        if self.is_cut || self.chance.one_in(10) {
            self.say(who, format!("{} is lost", request.path));
            self.machines[who].line = lost();
            return Ok(());
        }
        if self.chance.one_in(8) {
            if self.ghosts.len() == MOST_GHOSTS {
                let gone = self.chance.below(MOST_GHOSTS);
                self.ghosts.swap_remove(gone);
            }
            self.ghosts.push(request.clone());
        }
        let Some(answer) = self.deliver(&request)? else {
            self.machines[who].line = lost();
            return Ok(());
        };
        self.say(who, format!("{} arrives", request.path));
        self.machines[who].line = if self.chance.one_in(10) {
            self.say(who, format!("the answer to {} is lost", request.path));
            lost()
        } else {
            Line::Answered(answer)
        };
        Ok(())
    }

    /// A request reaches the server, whose power may go meanwhile: then there is no answer.
    fn deliver(&mut self, request: &Request) -> Result<Option<client::exchange::Answer>> {
        if !self.wake_server()? {
            return Ok(None);
        }
        if self.chance.one_in(30) {
            let after = self.chance.below(OPERATIONS) as u64;
            self.server.disk.stop_after(after);
        }
        let answer = self.server.answer(request);
        if self.server_dies_if_stopped("in the middle of a request") {
            return Ok(None);
        }
        Ok(Some(answer))
    }

    fn wake_server(&mut self) -> Result<bool> {
        if self.server.is_open() {
            return Ok(true);
        }
        if self.chance.one_in(6) {
            let after = self.chance.below(OPERATIONS) as u64;
            self.server.disk.stop_after(after);
        }
        let opened = self.server.open().map(|_| ());
        if self.server_dies_if_stopped("while it starts") {
            return Ok(false);
        }
        if let Err(error) = opened {
            self.violation(format!("the server does not start: {error:#}"));
            return Ok(false);
        }
        Ok(true)
    }

    fn server_dies_if_stopped(&mut self, when: &str) -> bool {
        if self.server.disk.has_stopped() {
            let loss = some_loss(&mut self.chance);
            self.say_server(format!("loses power {when}: {loss:?}"));
            self.server.kill(loss);
            return true;
        }
        self.server.disk.stop_after(u64::MAX / 2);
        false
    }

    /// The network says something again that was said long ago. Nobody waits for the answer.
    fn ghost(&mut self) -> Result<()> {
        if self.ghosts.is_empty() {
            return Ok(());
        }
        let number = self.chance.below(self.ghosts.len());
        let request = self.ghosts[number].clone();
        self.say_server(format!("hears {} again", request.path));
        self.deliver(&request)?;
        Ok(())
    }

    fn kill(&mut self, who: usize) -> Result<()> {
        let loss = some_loss(&mut self.chance);
        self.say(who, format!("loses power: {loss:?}"));
        self.machines[who].kill(loss);
        Ok(())
    }

    fn kill_server(&mut self) -> Result<()> {
        let loss = some_loss(&mut self.chance);
        self.say_server(format!("loses power: {loss:?}"));
        self.server.kill(loss);
        Ok(())
    }

    fn set_clock(&mut self, who: usize) -> Result<()> {
        let years = self.chance.below(7) as i64 - 3;
        let ahead = years * YEAR_MS;
        if self.chance.one_in(4) {
            self.say_server(format!("is {years} years ahead"));
            self.server.clock.set_ahead(ahead);
        } else {
            self.say(who, format!("is {years} years ahead"));
            self.machines[who].clock.set_ahead(ahead);
        }
        Ok(())
    }

    /// A device's disk is full for a while, or fails once; something is tried on it all the same.
    fn fault_on_disk(&mut self, who: usize) -> Result<()> {
        if !self.wake(who)? {
            return Ok(());
        }
        let is_full = self.chance.one_in(2);
        let disk = self.machines[who].disk.clone();
        if is_full {
            let room = self.chance.below(300_000) as u64;
            self.say(who, format!("has room for {room} more bytes"));
            disk.set_full(Some(disk.used() + room));
        } else {
            let fault =
                [Fault::Io, Fault::Full, Fault::ShortWrite, Fault::Sync][self.chance.below(4)];
            let number = 1 + self.chance.below(OPERATIONS) as u64;
            self.say(who, format!("fails at operation {number}: {fault:?}"));
            disk.fail_at(number, fault);
        }
        let Some(tablet) = self.machines[who].tablet() else {
            return Ok(());
        };
        let done = people::act(tablet, &mut self.chance);
        let has_failed = disk.stop_failing();
        disk.set_full(None);
        match done {
            Ok(what) => {
                self.say(who, what);
                self.promises.note(who, &self.machines[who])?;
            }
            Err(error) if people::is_plain(&error) || has_failed => self.say(who, error.code()),
            Err(error) => self.violation(format!(
                "{} cannot record on a full disk: {} {:?}",
                PEOPLE[who].0,
                words_of(&error),
                std::error::Error::source(&error)
            )),
        }
        if has_failed {
            // A disk that failed once is not believed: the app is started again.
            let loss = some_loss(&mut self.chance);
            self.say(who, format!("is started again: {loss:?}"));
            self.machines[who].kill(loss);
        }
        Ok(())
    }

    /// The network is whole, everybody syncs until nobody has anything to say; then everything is looked at.
    fn settle(&mut self) -> Result<()> {
        self.is_cut = false;
        self.server_dies_if_stopped("");
        self.server.open()?;
        for ghost in std::mem::take(&mut self.ghosts) {
            self.server.answer(&ghost).ok();
        }
        for who in 0..self.machines.len() {
            if let Err(error) = self.machines[who].open() {
                self.violation(format!(
                    "{} does not start: {}",
                    PEOPLE[who].0,
                    words_of(&error)
                ));
                return Ok(());
            }
        }
        if !self.sync_to_quiet()? {
            return Ok(());
        }
        for text in oracle::judge(&self.machines, &self.promises)? {
            self.violation(text);
        }
        self.say_all_again()
    }

    fn sync_to_quiet(&mut self) -> Result<bool> {
        let mut before = None;
        for _ in 0..ROUNDS {
            for who in 0..self.machines.len() {
                self.time.pass(SECOND_MS as i64);
                if let Err(error) = self.machines[who].sync_whole(&mut self.server) {
                    self.violation(format!("{} cannot sync in peace: {error:#}", PEOPLE[who].0));
                    return Ok(false);
                }
                self.promises.note(who, &self.machines[who])?;
            }
            let now = oracle::picture(&self.machines)?;
            if before.as_ref() == Some(&now) {
                return Ok(true);
            }
            before = Some(now);
        }
        self.violation("everybody syncs and it never becomes quiet".to_owned());
        Ok(false)
    }

    /// Everything is switched off and on, and said twice: nothing changes.
    fn say_all_again(&mut self) -> Result<()> {
        let before = oracle::picture(&self.machines)?;
        self.server.close();
        self.server.open()?;
        for who in 0..self.machines.len() {
            self.machines[who].close();
            if let Err(error) = self.machines[who].open() {
                self.violation(format!(
                    "{} does not start: {}",
                    PEOPLE[who].0,
                    words_of(&error)
                ));
                return Ok(());
            }
        }
        for who in 0..self.machines.len() {
            if let Err(error) = self.machines[who].sync_whole(&mut self.server) {
                self.violation(format!("{} cannot sync again: {error:#}", PEOPLE[who].0));
                return Ok(());
            }
        }
        if oracle::picture(&self.machines)? != before {
            self.violation("saying it all again changed something".to_owned());
        }
        Ok(())
    }
}
