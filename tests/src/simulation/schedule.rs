//! One schedule: a seed decides who acts, what is lost, late or said twice, and who loses power at which operation.

use super::chance::{Chance, WorldTime};
use super::founding::{Founded, HEAD, OFFICER, PEOPLE};
use super::machine::{Line, Machine, ServerMachine, some_loss, words_of};
use super::oracle::{self, Promises};
use super::people;
use super::perils::{Perils, pick_perils};
use anyhow::Result;
use client::ClientError;
use client::exchange::Request;
use simdisk::Fault;

pub(super) const SECOND_MS: usize = 1_000;
/// Operations on a disk that one step takes at most, roughly: a power cut is aimed at one of so many.
pub(super) const OPERATIONS: usize = 60;

/// How a schedule ended.
pub struct Ended {
    /// What does not hold; empty is well.
    pub violations: Vec<String>,
    /// What happened, one line each.
    pub trace: Vec<String>,
    /// How much was promised on the way.
    pub promises: usize,
    /// How many documents moved.
    pub moves: usize,
    /// What the district said of closings.
    pub words: usize,
}

/// A world under a schedule.
pub(super) struct World<'a> {
    pub chance: Chance,
    pub time: WorldTime,
    pub server: ServerMachine,
    pub machines: Vec<Machine>,
    /// The officer of the district, where there is one.
    pub officer: Option<Machine>,
    pub promises: Promises,
    /// Requests the network still has copies of.
    pub ghosts: Vec<Request>,
    pub is_cut: bool,
    pub perils: Perils,
    pub violations: Vec<String>,
    trace: Vec<String>,
    founded: &'a Founded,
}

/// Plays the schedule of a seed in a copy of the founded world.
///
/// # Errors
/// The simulation itself cannot go on; a fault of the product is a violation, not an error.
pub fn play(founded: &Founded, seed: u64) -> Result<Ended> {
    let mut chance = Chance::new(seed);
    // Most are short, because what goes wrong mostly takes few steps; some go on for a long time.
    let is_long = chance.one_in(40);
    let turns = if is_long {
        40 + chance.below(80)
    } else {
        6 + chance.below(10)
    };
    let mut world = World::new(founded, (seed, chance), is_long);
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
        moves: world.perils.moves.moved.len(),
        words: world.perils.words.len(),
    })
}

impl<'a> World<'a> {
    /// A copy of the founded world; a short schedule leaves one or two tablets at home.
    fn new(founded: &'a Founded, (seed, mut chance): (u64, Chance), is_long: bool) -> Self {
        let time = WorldTime::at(founded.at_ms);
        let server = ServerMachine::new(
            chance.seed(),
            &founded.server,
            founded.key_file.clone(),
            &time,
        );
        let mut persons: Vec<usize> = (0..PEOPLE.len())
            .filter(|person| ![HEAD, OFFICER].contains(person))
            .collect();
        if !is_long {
            // One tablet, or in a third of the schedules two.
            let at_home = if chance.one_in(3) { 1 } else { 2 };
            for _ in 0..at_home {
                persons.remove(1 + chance.below(persons.len() - 1));
            }
        }
        let perils = pick_perils(seed, &mut chance);
        if perils.has_renewals() || perils.has_closings() {
            persons.push(HEAD);
        }
        let machines = persons
            .into_iter()
            .map(|person| {
                let seed = chance.seed();
                let image = if perils.has_older_apps() && chance.one_in(3) {
                    &founded.older_devices[person]
                } else {
                    &founded.devices[person]
                };
                Machine::copy(person, seed, image, &time)
            })
            .collect();
        let officer = perils.has_closings().then(|| {
            let image = &founded.devices[OFFICER];
            Machine::copy(OFFICER, chance.seed(), image, &time)
        });
        Self {
            chance,
            time,
            server,
            machines,
            officer,
            promises: Promises::default(),
            ghosts: Vec::new(),
            is_cut: false,
            perils,
            violations: Vec::new(),
            trace: Vec::new(),
            founded,
        }
    }

    pub fn say(&mut self, who: usize, what: impl std::fmt::Display) {
        let name = self.machines[who].name.clone();
        self.tell(&name, what);
    }

    pub fn say_server(&mut self, what: impl std::fmt::Display) {
        self.tell("server", what);
    }

    fn tell(&mut self, name: &str, what: impl std::fmt::Display) {
        let at = self.time.now_ms() - self.founded.at_ms;
        self.trace.push(format!("{at:>8} {name} {what}"));
    }

    pub fn violation(&mut self, text: String) {
        self.trace.push(format!("!! {text}"));
        self.violations.push(text);
    }

    /// Something happens to somebody.
    fn turn(&mut self) -> Result<()> {
        self.time.pass(1 + self.chance.below(20 * SECOND_MS) as i64);
        // A move takes several turns to be interesting, so where families move they do it often.
        if self.perils.has_moves() && self.chance.one_in(4) {
            return self.move_somebody();
        }
        if self.perils.has_closings() && self.chance.one_in(4) {
            return self.countersign();
        }
        let who = self.chance.below(self.machines.len());
        match self.chance.below(100) {
            0..=23 => self.act(who),
            24..=70 => self.talk(who),
            71..=74 => self.act_on_bad_disk(who),
            75..=78 => self.kill(who),
            79..=81 => self.kill_server(),
            82..=83 => self.set_clock(who),
            84..=86 => {
                self.is_cut = !self.is_cut;
                let is_cut = self.is_cut;
                self.say_server(if is_cut {
                    "is out of reach"
                } else {
                    "is in reach"
                });
                Ok(())
            }
            87..=95 => self.peril(who),
            _ => self.ghost(),
        }
    }

    /// Switches a device on if it is off. Its disk may die under it while it starts.
    pub fn wake(&mut self, who: usize) -> Result<bool> {
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
        Ok(self.has_opened(who, opened))
    }

    /// Whether a device started as it must.
    pub fn has_opened(&mut self, who: usize, opened: Result<bool, ClientError>) -> bool {
        let name = self.machines[who].name.clone();
        match opened {
            Ok(false) => true,
            Ok(true) => {
                self.violation(format!("{name}: a sound database was moved aside"));
                false
            }
            Err(error) => {
                self.violation(format!("{name} does not start: {}", words_of(&error)));
                false
            }
        }
    }

    /// A power cut that was aimed at an operation has happened, or is called off.
    pub fn dies_if_stopped(&mut self, who: usize, when: &str) -> bool {
        if self.machines[who].disk.has_stopped() {
            let loss = some_loss(&mut self.chance);
            self.say(who, format!("loses power {when}: {loss:?}"));
            self.machines[who].kill(loss);
            return true;
        }
        self.machines[who].disk.stop_after(u64::MAX / 2);
        false
    }

    pub fn act(&mut self, who: usize) -> Result<()> {
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
        let before = oracle::records_of(tablet).unwrap_or_default();
        let done = people::act(tablet, &mut self.chance);
        if self.dies_if_stopped(who, "while something is saved") {
            return Ok(());
        }
        match done {
            Ok(what) => {
                self.say(who, what);
                self.note_saved(who, &before)?;
            }
            Err(error) if people::is_plain(&error) => self.say(who, error.code()),
            Err(error) => self.cannot_record(who, &error),
        }
        self.promises.note(who, &self.machines[who])
    }

    pub(super) fn cannot_record(&mut self, who: usize, error: &ClientError) {
        let source = std::error::Error::source(error);
        self.violation(format!(
            "{} cannot record: {} {source:?}",
            self.machines[who].name,
            words_of(error),
        ));
    }

    /// What a person has just seen saved: the records that were not there before.
    pub(super) fn note_saved(
        &mut self,
        who: usize,
        before: &std::collections::BTreeSet<oracle::RecordName>,
    ) -> Result<()> {
        let Some(tablet) = self.machines[who].tablet() else {
            return Ok(());
        };
        let after = oracle::records_of(tablet)?;
        self.promises
            .note_records(who, after.difference(before).cloned());
        self.promises.note(who, &self.machines[who])
    }

    /// A device goes on with its sync, or begins one; a few steps at a time.
    pub fn talk(&mut self, who: usize) -> Result<()> {
        if !self.wake(who)? {
            return Ok(());
        }
        for _ in 0..=self.chance.below(10) {
            if matches!(self.machines[who].line, Line::Sent(_)) {
                self.carry(who)?;
                continue;
            }
            let is_troubled = match self.chance.below(80) {
                0 | 1 => {
                    let after = self.chance.below(OPERATIONS) as u64;
                    self.machines[who].disk.stop_after(after);
                    false
                }
                2 => {
                    self.trouble_disk(who);
                    true
                }
                _ => false,
            };
            let ended = self.machines[who].step();
            if self.dies_if_stopped(who, "while it syncs") {
                return Ok(());
            }
            let has_failed = self.machines[who].disk.stop_failing();
            self.machines[who].disk.set_full(None);
            if has_failed {
                return self.start_again(who);
            }
            if matches!(self.machines[who].line, Line::Sent(_)) {
                // Nothing was stored in this step.
                continue;
            }
            self.promises.note(who, &self.machines[who])?;
            if let Some(ended) = ended {
                self.end_of_sync(who, &ended, is_troubled);
                break;
            }
        }
        Ok(())
    }

    fn end_of_sync(&mut self, who: usize, ended: &Result<bool, ClientError>, is_troubled: bool) {
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
                ) || is_troubled
                    || words == "server_refused: device_revoked" && self.is_shut_out(who);
                if !is_plain {
                    let name = &self.machines[who].name;
                    self.violation(format!("{name}: a sync ended with {words}"));
                }
            }
        }
    }

    /// The disk is full for a while, or fails once at some operation.
    fn trouble_disk(&mut self, who: usize) {
        let disk = self.machines[who].disk.clone();
        if self.chance.one_in(2) {
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
    }

    /// Something is tried on a disk that is full or fails.
    fn act_on_bad_disk(&mut self, who: usize) -> Result<()> {
        if !self.wake(who)? {
            return Ok(());
        }
        self.trouble_disk(who);
        let disk = self.machines[who].disk.clone();
        let Some(tablet) = self.machines[who].tablet() else {
            return Ok(());
        };
        let before = oracle::records_of(tablet);
        let done = people::act(tablet, &mut self.chance);
        let has_failed = disk.stop_failing();
        disk.set_full(None);
        match (done, before) {
            (Ok(what), Ok(before)) => {
                self.say(who, what);
                self.note_saved(who, &before)?;
            }
            (Ok(what), Err(_)) => self.say(who, what),
            (Err(error), _) if people::is_plain(&error) || has_failed => {
                self.say(who, error.code());
            }
            (Err(error), _) => self.cannot_record(who, &error),
        }
        if has_failed {
            self.start_again(who)?;
        }
        Ok(())
    }

    /// A disk that failed once is not believed: the app is started again.
    fn start_again(&mut self, who: usize) -> Result<()> {
        let loss = some_loss(&mut self.chance);
        self.say(who, format!("is started again: {loss:?}"));
        self.machines[who].kill(loss);
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
        const YEAR_MS: i64 = 365 * 24 * 60 * 60 * 1_000;
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
}
