//! Families move between the villages, and what comes late is read: through the server's endpoints, with the station's
//! session, while the power may go.

use super::founding::open_session;
use super::machine::as_answer;
use super::oracle;
use super::schedule::World;
use anyhow::{Context, Result};
use client::view::OfferMoveInput;
use client::{ClientError, moves, station};
use ids::{ChangeHash, DocKind, DocumentId, UnitId};
use protocol::{
    DecideMove, DecideReview, MoveDecision, MoveList, MoveRecord, MoveState, ReviewList,
    ReviewRecord, ReviewState, wire,
};
use serde::Serialize;
use serde::de::DeserializeOwned;
use std::collections::{BTreeMap, BTreeSet};
use store::{departures, documents};

/// Rounds in which everything that came late is read; what is taken may bring something new.
const ROUNDS: usize = 4;

/// What a station is told when a step cannot be done just then.
const PLAIN: [&str; 6] = [
    "gathering",
    "move_impossible",
    "move_open",
    "move_over",
    "not_found",
    "review_needs_earlier",
];

/// Where a document was sent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Moved {
    /// The village.
    pub to: UnitId,
    /// Who can remind the server of it, since it was set back behind it; none when it never was.
    pub witnesses: Option<BTreeSet<usize>>,
}

/// What there is to know of moves at the end.
#[derive(Debug, Clone, Default)]
pub struct Moves {
    /// Documents that were sent somewhere.
    pub moved: BTreeMap<DocumentId, Moved>,
    /// What machines had handed over and forgotten when the server forgot it as well.
    pub handed_over: BTreeSet<(usize, DocumentId)>,
}

impl World<'_> {
    /// The station offers a family, decides about an offer, or reads what came late.
    pub fn move_somebody(&mut self) -> Result<()> {
        // Late work that stands on what nobody can take is not played (docs/adr/0017, what we gave up).
        let is_played = !self.is_cut && self.perils.blunders.is_empty();
        if !is_played || !self.wake(0)? || !self.wake_server()? {
            return Ok(());
        }
        if self.chance.one_in(4) {
            return self.read_one();
        }
        if self.chance.one_in(2) {
            self.offer()?;
        }
        if self.chance.one_in(3) || !self.wake(0)? || !self.wake_server()? {
            return Ok(());
        }
        self.decide()
    }

    /// Asks the server something as the station. Nothing is returned when the power went.
    fn ask<Q: Serialize, A: DeserializeOwned>(
        &mut self,
        path: &'static str,
        message: &Q,
    ) -> Result<Option<Result<A, ClientError>>> {
        self.ask_as(0, path, message)
    }

    /// Asks the server something with a device's session. Nothing is returned when the power went.
    pub fn ask_as<Q: Serialize, A: DeserializeOwned>(
        &mut self,
        who: usize,
        path: &'static str,
        message: &Q,
    ) -> Result<Option<Result<A, ClientError>>> {
        let body = wire::encode(message, wire::REQUEST)?;
        let answered = self.at_the_desk(|world| {
            let tablet = world.machines[who].tablet().context("it is switched on")?;
            let server = world.server.open()?;
            let token = open_session(server, tablet)?;
            Ok(as_answer(server.call(path, Some(&token), &body)))
        })?;
        let Some(answer) = answered else {
            return Ok(None);
        };
        Ok(Some(match answer? {
            Ok(bytes) => Ok(wire::decode(&bytes, wire::RESPONSE)?),
            Err(error) => Err(error),
        }))
    }

    fn told(&mut self, path: &str, error: &ClientError) {
        let code = client::server::refused_code(error).unwrap_or_default();
        self.say(0, format!("{path}: {code}"));
        if !PLAIN.contains(&code.as_str()) {
            self.violation(format!("the station is told {code} by {path}"));
        }
    }

    fn offer(&mut self) -> Result<()> {
        let Some(tablet) = self.machines[0].tablet() else {
            return Ok(());
        };
        let mut children = Vec::new();
        for (document, ..) in tablet.store.read(documents::all_heads)? {
            let head = tablet
                .store
                .read(|connection| documents::head(connection, document))?;
            if let Some(head) = head.filter(|head| head.kind == DocKind::Child) {
                children.push((document, head.home_unit));
            }
        }
        children.sort();
        let Some((child, home)) = self.chance.pick(&children).copied() else {
            return Ok(());
        };
        let mut villages: Vec<String> = station::villages(tablet)?
            .rows
            .into_iter()
            .map(|row| row.village)
            .filter(|village| *village != home.to_string())
            .collect();
        villages.sort();
        let Some(village) = self.chance.pick(&villages).cloned() else {
            return Ok(());
        };
        let input = OfferMoveInput {
            child: child.to_string(),
            whole_household: self.chance.one_in(2),
            village,
            reason: "全家搬到外婆家。".to_owned(),
            moved_on: "2026-11-01".to_owned(),
        };
        let offer = match moves::offer_of(tablet, &input) {
            Ok(offer) => offer,
            Err(error) => {
                self.say(0, error.code());
                return Ok(());
            }
        };
        match self.ask::<_, MoveList>("/moves/offer", &offer)? {
            None => {}
            Some(Ok(_)) => self.say(
                0,
                format!("offers {child} with {} documents", offer.documents.len()),
            ),
            Some(Err(error)) => self.told("/moves/offer", &error),
        }
        Ok(())
    }

    fn decide(&mut self) -> Result<()> {
        let Some(Ok(list)) = self.ask::<_, MoveList>("/moves/list", &())? else {
            return Ok(());
        };
        let open: Vec<MoveRecord> = list
            .moves
            .into_iter()
            .filter(|one| one.state == MoveState::Offered)
            .filter(|one| {
                let mut documents = one.documents.iter();
                !documents.any(|document| self.perils.renewed.contains_key(document))
            })
            .collect();
        let Some(one) = self.chance.pick(&open).cloned() else {
            return Ok(());
        };
        let decision = match self.chance.below(6) {
            0 => MoveDecision::Decline,
            1 => MoveDecision::Withdraw,
            _ => MoveDecision::Accept,
        };
        if !self.wake_server()? {
            return Ok(());
        }
        let answer = self.ask::<_, MoveList>(
            "/moves/decide",
            &DecideMove {
                id: one.id,
                decision,
            },
        )?;
        let is_known = match answer {
            Some(Ok(_)) => {
                self.say(0, format!("{decision:?} for {:?}", one.documents));
                true
            }
            Some(Err(error)) => {
                self.told("/moves/decide", &error);
                return Ok(());
            }
            None => false,
        };
        if decision == MoveDecision::Accept {
            for document in one.documents {
                self.note_moved(document, one.to, is_known);
            }
            // Somebody who has not heard of it goes on writing.
            for _ in 0..self.chance.below(4) {
                let who = self.chance.below(self.machines.len());
                self.act(who)?;
            }
        }
        Ok(())
    }

    fn note_moved(&mut self, document: DocumentId, to: UnitId, is_known: bool) {
        let moved = &mut self.perils.moves.moved;
        // After a restore two memories may have sent it to two places: which of them holds, their clocks decide.
        let is_disputed = moved
            .get(&document)
            .is_some_and(|before| before.witnesses.is_some());
        let witnesses = (is_disputed || !is_known).then(BTreeSet::new);
        moved.insert(document, Moved { to, witnesses });
    }

    /// The server is about to forget: what of moves is nowhere else, and who has kept which order?
    pub fn note_move_witnesses(
        &mut self,
        before: &BTreeMap<DocumentId, Moved>,
        orders: &BTreeMap<DocumentId, BTreeMap<UnitId, BTreeSet<usize>>>,
    ) -> Result<()> {
        for (document, moved) in &mut self.perils.moves.moved {
            let copied = before.get(document).map(|before| before.to);
            if copied != Some(moved.to) || before.get(document) != Some(moved) {
                let by = orders.get(document).and_then(|by| by.get(&moved.to));
                moved.witnesses = Some(by.cloned().unwrap_or_default());
            }
        }
        for who in 0..self.machines.len() {
            let Some(tablet) = self.machines[who].tablet() else {
                continue;
            };
            for gone in tablet.store.read(departures::all)? {
                if gone.removed_ms.is_some() {
                    self.perils.moves.handed_over.insert((who, gone.document));
                }
            }
        }
        Ok(())
    }

    fn late_work(&mut self) -> Result<Option<Vec<ReviewRecord>>> {
        let list = match self.ask::<_, ReviewList>("/review/list", &())? {
            None => return Ok(None),
            Some(Err(error)) => {
                self.told("/review/list", &error);
                return Ok(None);
            }
            Some(Ok(list)) => list,
        };
        let open = list.reviews.into_iter();
        Ok(Some(
            open.filter(|one| one.state != ReviewState::Taken).collect(),
        ))
    }

    /// A person at the station reads something that came late.
    fn read_one(&mut self) -> Result<()> {
        let Some(open) = self.late_work()? else {
            return Ok(());
        };
        let Some(hash) = self.chance.pick(&open).map(|one| one.hash) else {
            return Ok(());
        };
        let take = self.chance.one_in(2);
        if !self.wake_server()? {
            return Ok(());
        }
        match self.decide_review(hash, take)? {
            Some(Ok(_)) => self.say(0, format!("has read {hash:?}: {take}")),
            Some(Err(error)) => self.told("/review/decide", &error),
            None => {}
        }
        Ok(())
    }

    fn decide_review(
        &mut self,
        hash: ChangeHash,
        take: bool,
    ) -> Result<Option<Result<ReviewList, ClientError>>> {
        let reason = if take { "" } else { "已在新村走访。" };
        let message = DecideReview {
            hash,
            take,
            reason: reason.to_owned(),
        };
        self.ask("/review/decide", &message)
    }

    /// In peace everything that came late is taken, and what a stopped tablet handed over, also what was set aside before.
    /// False when something cannot be.
    pub fn read_what_came_late(&mut self) -> Result<bool> {
        if !self.perils.has_moves() && self.perils.shut_out.is_none() {
            return Ok(true);
        }
        for _ in 0..ROUNDS {
            let open = self.late_work()?.unwrap_or_default();
            if open.is_empty() {
                return Ok(true);
            }
            for one in open {
                if let Some(Err(error)) = self.decide_review(one.hash, true)? {
                    let code = client::server::refused_code(&error).unwrap_or_default();
                    self.say(0, format!("cannot take {:?}: {code}", one.hash));
                }
            }
            if !self.sync_to_quiet()? {
                return Ok(false);
            }
        }
        let blundered = oracle::blundered(&self.machines, &self.perils.blunders)?;
        let mut left = self.late_work()?.unwrap_or_default();
        let anew = oracle::made_anew(&self.machines)?;
        left.retain(|one| !blundered.contains(&one.document) && !anew.contains(&one.hash));
        for one in &left {
            let (hash, document) = (one.hash, one.document);
            self.violation(format!("late work {hash:?} in {document} cannot be taken"));
        }
        Ok(left.is_empty())
    }
}
