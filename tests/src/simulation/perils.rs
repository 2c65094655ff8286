//! What happens seldom and goes deep: an older copy of a disk comes back, a copy lives beside its original, a document is
//! erased, a device is shut out, an app is faulty. A seed gives a schedule some of these.

use super::blunder;
use super::chance::Chance;
use super::countersigns::Words;
use super::founding::HEAD;
use super::machine::Machine;
use super::moves::{Moved, Moves};
use super::oracle::Kept;
use super::renewals::Renewed;
use super::schedule::{OPERATIONS, World};
use anyhow::Result;
use client::Tablet;
use ed25519_dalek::VerifyingKey;
use ids::{ChangeHash, Clock, DeviceId, DocumentId, UnitId};
use protocol::{Order, SignedStatement, order};
use simdisk::Image;
use std::collections::{BTreeMap, BTreeSet};
use store::{documents, recovery};

/// One of them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Peril {
    /// The server stands on an older copy of itself.
    ServerSetBack,
    /// A device's storage is as it was some time ago.
    DeviceSetBack,
    /// A copy of a device is used beside it.
    Copy,
    /// A document is erased on request.
    Erase,
    /// A device was lost and is shut out.
    ShutOut,
    /// A faulty app writes what nobody can take.
    Blunder,
    /// Old changes are packed at the server.
    Pack,
    /// Some devices begin with what an older app left them.
    OlderApp,
    /// Families move, and late work is read.
    Move,
    /// One thing goes out of a document, which is built anew.
    Renew,
    /// The head closes what is grave, and the district says what it thinks of it.
    Countersign,
}

const ALL: [Peril; 9] = [
    Peril::ServerSetBack,
    Peril::DeviceSetBack,
    Peril::Copy,
    Peril::Erase,
    Peril::ShutOut,
    Peril::Blunder,
    Peril::Pack,
    Peril::OlderApp,
    Peril::Move,
];

/// Who can remind a server of an order that was set back behind it. None: it was never set back behind it.
type Witnesses = Option<BTreeSet<usize>>;

/// A copy of the server's disk, and the orders in it.
struct ServerCopy {
    image: Image,
    erased: BTreeSet<DocumentId>,
    moved: BTreeMap<DocumentId, Moved>,
    renewed: BTreeSet<DocumentId>,
    shut_out: bool,
}

/// A person whose devices are shut out.
#[derive(Clone)]
pub(super) struct ShutOut {
    pub person: usize,
    pub device: DeviceId,
    pub witnesses: Witnesses,
}

/// What a schedule may meet, and what it has met.
#[derive(Default)]
pub(super) struct Perils {
    may_come: Vec<Peril>,
    /// There is peace: no power goes any more.
    pub are_over: bool,
    copies: BTreeMap<usize, (Image, Kept)>,
    server_copy: Option<ServerCopy>,
    pub server_was_set_back: bool,
    /// Machines that were set back.
    pub set_back: BTreeSet<usize>,
    has_copied: bool,
    /// Erased documents, and who can remind the server of it.
    pub erased: BTreeMap<DocumentId, Witnesses>,
    /// Documents that were built anew.
    pub renewed: BTreeMap<DocumentId, Renewed>,
    pub shut_out: Option<ShutOut>,
    pub blunders: BTreeSet<ChangeHash>,
    pub moves: Moves,
    /// What was closed.
    pub closings: usize,
    /// What the district said of it.
    pub words: Words,
    /// Persons whose app erred.
    has_erred: BTreeSet<usize>,
}

/// The perils of a seed: none to four kinds.
///
/// Every third one has moves in any case: there is more to go wrong with them than with the others.
pub(super) fn pick_perils(seed: u64, chance: &mut Chance) -> Perils {
    let mut may_come = Vec::new();
    for _ in 0..chance.below(5) {
        let peril = ALL[chance.below(ALL.len())];
        if !may_come.contains(&peril) {
            may_come.push(peril);
        }
    }
    if seed % 3 == 2 && !may_come.contains(&Peril::Move) {
        may_come.push(Peril::Move);
    }
    // Every fifth, and not by chance: the seeds that once found something go on finding it.
    if seed % 5 == 4 {
        may_come.push(Peril::Renew);
    }
    if seed % 7 == 3 {
        may_come.push(Peril::Countersign);
    }
    Perils {
        may_come,
        ..Perils::default()
    }
}

/// The orders a device has kept.
fn orders_of(tablet: &Tablet) -> Result<Vec<Order>> {
    let key = VerifyingKey::from_bytes(&tablet.enrolled.server_key)?;
    let kept = tablet.store.read(recovery::orders)?;
    Ok(kept
        .into_iter()
        .filter_map(|kept| {
            let statement = SignedStatement {
                body: kept.body,
                signature: kept.signature,
            };
            order::read(&key, &statement).ok()
        })
        .map(|numbered| numbered.order)
        .collect())
}

impl Perils {
    /// Whether families move.
    pub fn has_moves(&self) -> bool {
        self.may_come.contains(&Peril::Move)
    }

    /// Whether documents are built anew, for which there is a head.
    pub fn has_renewals(&self) -> bool {
        self.may_come.contains(&Peril::Renew)
    }

    /// Whether the district says something of closings, for which there are a head and an officer.
    pub fn has_closings(&self) -> bool {
        self.may_come.contains(&Peril::Countersign)
    }

    /// Whether some devices begin with what an older app left them.
    pub fn has_older_apps(&self) -> bool {
        self.may_come.contains(&Peril::OlderApp)
    }
}

impl World<'_> {
    pub fn peril(&mut self, who: usize) -> Result<()> {
        let may_come = self.perils.may_come.clone();
        match self.chance.pick(&may_come) {
            None => Ok(()),
            Some(Peril::ServerSetBack) => self.set_server_back(),
            Some(Peril::DeviceSetBack) => self.set_device_back(who),
            Some(Peril::Copy) => self.copy_device(who),
            Some(Peril::Erase) => self.erase(),
            Some(Peril::ShutOut) => self.shut_out(who),
            Some(Peril::Blunder) => self.blunder(who),
            Some(Peril::Pack) => self.pack(),
            // It was there from the beginning.
            Some(Peril::OlderApp) => Ok(()),
            Some(Peril::Move) => self.move_somebody(),
            Some(Peril::Renew) => self.renew(),
            Some(Peril::Countersign) => self.countersign(),
        }
    }

    /// Whether a machine belongs to somebody who was shut out.
    pub fn is_shut_out(&self, who: usize) -> bool {
        let person = self.machines[who].person;
        self.perils
            .shut_out
            .as_ref()
            .is_some_and(|out| out.person == person)
    }

    /// A copy of the server is made, or the last one is put in its place.
    fn set_server_back(&mut self) -> Result<()> {
        if self.perils.server_copy.is_none() || self.chance.one_in(3) {
            let shut_out = self.perils.shut_out.as_ref();
            self.perils.server_copy = Some(ServerCopy {
                image: self.server.disk.image(),
                erased: self.perils.erased.keys().copied().collect(),
                moved: self.perils.moves.moved.clone(),
                renewed: self.perils.renewed.keys().copied().collect(),
                shut_out: shut_out.is_some(),
            });
            self.say_server("is copied");
            return Ok(());
        }
        self.note_witnesses()?;
        if let Some(copy) = &self.perils.server_copy {
            self.server.set_back(&copy.image);
        }
        self.say_server("is set back to its copy");
        self.perils.server_was_set_back = true;
        let lost_too: Vec<usize> = (0..self.machines.len())
            .filter(|who| self.perils.set_back.contains(who) || self.is_shut_out(*who))
            .collect();
        for who in lost_too {
            self.promises.forget(who);
        }
        Ok(())
    }

    /// Before the server forgets: who has kept which order it did not have when it was copied?
    fn note_witnesses(&mut self) -> Result<()> {
        let mut erased: BTreeMap<DocumentId, BTreeSet<usize>> = BTreeMap::new();
        let mut renewed: BTreeMap<DocumentId, BTreeSet<usize>> = BTreeMap::new();
        let mut shut_out: BTreeSet<usize> = BTreeSet::new();
        let mut moved: BTreeMap<DocumentId, BTreeMap<UnitId, BTreeSet<usize>>> = BTreeMap::new();
        for who in 0..self.machines.len() {
            let opened = self.machines[who].open();
            if !self.has_opened(who, opened) || self.is_shut_out(who) {
                continue;
            }
            let Some(tablet) = self.machines[who].tablet() else {
                continue;
            };
            for order in orders_of(tablet)? {
                match order {
                    Order::Erase { document, .. } => {
                        erased.entry(document).or_default().insert(who);
                    }
                    Order::Revoke { .. } | Order::Wipe { .. } => {
                        shut_out.insert(who);
                    }
                    Order::Renew { document, .. } => {
                        renewed.entry(document).or_default().insert(who);
                    }
                    // Nothing must be kept in a schedule.
                    Order::Hold { .. } => {}
                    Order::Move { document, to, .. } => {
                        let by = moved.entry(document).or_default();
                        by.entry(to).or_default().insert(who);
                    }
                    // Nobody stands in for anybody in a schedule, nobody is a relative, and one village knows of a child.
                    Order::Cover { .. } | Order::Recuse { .. } | Order::Guest { .. } => {}
                    // Said again by whoever said it, on her own device.
                    Order::Countersign(_) => {}
                }
            }
        }
        let Some(copy) = &self.perils.server_copy else {
            return Ok(());
        };
        for (document, witnesses) in &mut self.perils.erased {
            if !copy.erased.contains(document) {
                *witnesses = Some(erased.remove(document).unwrap_or_default());
            }
        }
        for (document, one) in &mut self.perils.renewed {
            if !copy.renewed.contains(document) {
                one.witnesses = Some(renewed.remove(document).unwrap_or_default());
            }
        }
        if let Some(out) = &mut self.perils.shut_out
            && !copy.shut_out
        {
            out.witnesses = Some(shut_out);
        }
        let before = copy.moved.clone();
        self.note_move_witnesses(&before, &moved)
    }

    fn is_no_witness_any_more(&mut self, who: usize) {
        for witnesses in self.perils.erased.values_mut().flatten() {
            witnesses.remove(&who);
        }
        for renewed in self.perils.renewed.values_mut() {
            if let Some(witnesses) = &mut renewed.witnesses {
                witnesses.remove(&who);
            }
        }
        for moved in self.perils.moves.moved.values_mut() {
            if let Some(witnesses) = &mut moved.witnesses {
                witnesses.remove(&who);
            }
        }
        if let Some(witnesses) = self
            .perils
            .shut_out
            .as_mut()
            .and_then(|out| out.witnesses.as_mut())
        {
            witnesses.remove(&who);
        }
    }

    /// A copy of a device's storage is made, or put in its place.
    fn set_device_back(&mut self, who: usize) -> Result<()> {
        let Some((image, then)) = self
            .perils
            .copies
            .get(&who)
            .filter(|_| !self.chance.one_in(3))
            .cloned()
        else {
            let copy = (self.machines[who].disk.image(), self.promises.of(who));
            self.perils.copies.insert(who, copy);
            self.say(who, "is copied");
            return Ok(());
        };
        self.machines[who].set_back(&image);
        self.say(who, "is set back to its copy");
        let is_elsewhere = !self.perils.server_was_set_back && !self.is_shut_out(who);
        self.promises.set_back(who, &then, is_elsewhere);
        self.perils.set_back.insert(who);
        self.is_no_witness_any_more(who);
        Ok(())
    }

    /// Somebody copies a device, and both are used.
    fn copy_device(&mut self, who: usize) -> Result<()> {
        // A device that both erred and was copied makes its later work anew twice (docs/adr/0017, what we gave up).
        if self.perils.has_copied || self.perils.has_erred.contains(&self.machines[who].person) {
            return Ok(());
        }
        self.perils.has_copied = true;
        let image = self.machines[who].disk.image();
        let seed = self.chance.seed();
        let person = self.machines[who].person;
        let mut copy = Machine::copy(person, seed, &image, &self.time);
        copy.name = format!("{}'s copy", self.machines[who].name);
        self.say(who, "is copied, and the copy is used");
        self.machines.push(copy);
        Ok(())
    }

    /// Whoever sits at the server erases a document the station has. The power may go meanwhile.
    fn erase(&mut self) -> Result<()> {
        if self.perils.erased.len() >= 2 || !self.wake(0)? || !self.wake_server()? {
            return Ok(());
        }
        let Some(tablet) = self.machines[0].tablet() else {
            return Ok(());
        };
        let all: Vec<DocumentId> = tablet
            .store
            .read(documents::all_heads)?
            .into_iter()
            .map(|(document, ..)| document)
            .filter(|document| !self.perils.erased.contains_key(document))
            .filter(|document| !self.perils.renewed.contains_key(document))
            .collect();
        let Some(document) = self.chance.pick(&all).copied() else {
            return Ok(());
        };
        let done = self.at_the_desk(|world| {
            let server = world.server.open()?;
            Ok(server.desk()?.erase(document, "依申请删除")?)
        })?;
        match done {
            Some(Ok(_)) => {
                self.say_server(format!("erases {document}"));
                self.perils.erased.insert(document, None);
            }
            // Whoever sits there looks later whether it was done.
            None => {
                self.perils.erased.insert(document, Some(BTreeSet::new()));
            }
            Some(Err(error)) => self.say_server(format!("does not erase: {error:#}")),
        }
        Ok(())
    }

    /// A tablet was lost: whoever sits at the server shuts it out.
    fn shut_out(&mut self, who: usize) -> Result<()> {
        let person = self.machines[who].person;
        if person == 0 || person == HEAD || self.perils.shut_out.is_some() {
            return Ok(());
        }
        if !self.wake(who)? || !self.wake_server()? {
            return Ok(());
        }
        let Some(tablet) = self.machines[who].tablet() else {
            return Ok(());
        };
        let device = tablet.identity.device;
        let done = self.at_the_desk(|world| {
            let server = world.server.open()?;
            Ok(server.desk()?.revoke(device, "丢失")?)
        })?;
        let witnesses = match done {
            Some(Ok(_)) => None,
            None => Some(BTreeSet::new()),
            Some(Err(error)) => {
                self.say_server(format!("does not shut out: {error:#}"));
                return Ok(());
            }
        };
        self.say(who, "is shut out");
        self.perils.shut_out = Some(ShutOut {
            person,
            device,
            witnesses,
        });
        for other in 0..self.machines.len() {
            if self.machines[other].person == person {
                self.is_no_witness_any_more(other);
                if self.perils.server_was_set_back || self.perils.set_back.contains(&other) {
                    self.promises.forget(other);
                }
            }
        }
        Ok(())
    }

    /// Something is done at the server while its power may go: nothing is returned then.
    pub fn at_the_desk<T>(
        &mut self,
        work: impl FnOnce(&mut Self) -> Result<T>,
    ) -> Result<Option<Result<T>>> {
        if !self.perils.are_over && self.chance.one_in(4) {
            let after = self.chance.below(OPERATIONS) as u64;
            self.server.disk.stop_after(after);
        }
        let done = work(self);
        if self.server_dies_if_stopped("while an order is given") {
            return Ok(None);
        }
        Ok(Some(done))
    }

    /// The server packs all it has, whatever its age; the power may go meanwhile.
    fn pack(&mut self) -> Result<()> {
        if !self.wake_server()? {
            return Ok(());
        }
        let now = self.server.clock.now_ms();
        let done = self.at_the_desk(|world| {
            let server = world.server.open()?;
            Ok(server.desk()?.pack(now.saturating_add(1))?)
        })?;
        match done {
            Some(Ok(moved)) => self.say_server(format!("packs {moved} changes")),
            Some(Err(error)) => self.violation(format!("the server does not pack: {error:#}")),
            None => {}
        }
        Ok(())
    }

    fn blunder(&mut self, who: usize) -> Result<()> {
        let person = self.machines[who].person;
        let is_copied = self
            .machines
            .iter()
            .filter(|it| it.person == person)
            .count()
            > 1;
        let has_moved = !self.perils.moves.moved.is_empty() || !self.perils.renewed.is_empty();
        if is_copied || has_moved || self.perils.blunders.len() >= 2 || !self.wake(who)? {
            return Ok(());
        }
        self.perils.has_erred.insert(person);
        let Some(tablet) = self.machines[who].tablet() else {
            return Ok(());
        };
        if let Some(hash) = blunder::write(tablet, &mut self.chance)? {
            self.say(who, format!("writes what nobody can take: {hash:?}"));
            self.perils.blunders.insert(hash);
        }
        Ok(())
    }
}
