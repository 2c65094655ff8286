//! One thing goes out of a document: the station asks, the head agrees on another device, and the document is built anew
//! (docs/adr/0030), while the power may go and others write on.

use super::founding::HEAD;
use super::machine::words_of;
use super::schedule::World;
use anyhow::{Context, Result};
use client::view::{EditFieldInput, IdInput, SearchInput};
use client::{ClientError, Tablet, children, erasures};
use ids::{DocumentId, Generation};
use protocol::{ErasedPart, ErasureList, RequestErasure};
use std::collections::{BTreeMap, BTreeSet};
use store::documents;

/// The field that goes.
const FIELD: &str = "nickname";
/// Most documents of a schedule.
const MOST: usize = 2;

/// What whoever asks or agrees is told when it cannot be done just then.
const PLAIN: [&str; 7] = [
    "conflict_open",
    "erasure_changed",
    "erasure_over",
    "erasure_waits",
    "gathering",
    "not_found",
    "on_hold",
];

/// A document that was built anew.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Renewed {
    /// The generation that ended.
    pub generation: Generation,
    /// What it had said.
    pub gone: String,
    /// Who had written which record, as whoever agreed saw it.
    pub authors: BTreeMap<String, String>,
    /// Who can remind the server of it, since it was set back behind it; none when it never was.
    pub witnesses: Option<BTreeSet<usize>>,
}

impl World<'_> {
    /// The station writes something wrong, asks for it to be erased, and the head agrees.
    pub fn renew(&mut self) -> Result<()> {
        // What nobody can take stands on a generation that is over (docs/adr/0017, what we gave up).
        let is_played = !self.is_cut && self.perils.blunders.is_empty();
        let Some(head) = self.machines.iter().position(|it| it.person == HEAD) else {
            return Ok(());
        };
        if !is_played || self.perils.renewed.len() >= MOST {
            return Ok(());
        }
        if !self.wake(0)? || !self.wake_server()? {
            return Ok(());
        }
        let Some((child, gone)) = self.write_what_goes()? else {
            return Ok(());
        };
        for _ in 0..self.chance.below(3) {
            let who = self.chance.below(self.machines.len());
            self.talk(who)?;
        }
        if !self.wake(0)? || !self.wake_server()? {
            return Ok(());
        }
        let Some(tablet) = self.machines[0].tablet() else {
            return Ok(());
        };
        let asked = RequestErasure {
            id: tablet.new_id(),
            child,
            with: Vec::new(),
            about: vec![],
            left: false,
            basis: "family".to_owned(),
            words: "家里要求。".to_owned(),
            part: Some(ErasedPart {
                document: child,
                entry: None,
                key: FIELD.to_owned(),
                keep_now: false,
                label: "小名".to_owned(),
                also: Vec::new(),
            }),
        };
        match self.ask_as::<_, ErasureList>(0, "/erasures/request", &asked)? {
            None => return Ok(()),
            Some(Err(error)) => return self.is_told(0, &error),
            Some(Ok(_)) => self.say(0, format!("asks for a part of {child} to be erased")),
        }
        if !self.wake(head)? || !self.wake_server()? || !self.syncs(head)? {
            return Ok(());
        }
        let list = match self.ask_as::<_, ErasureList>(head, "/erasures/list", &())? {
            None => return Ok(()),
            Some(Err(error)) => return self.is_told(head, &error),
            Some(Ok(list)) => list,
        };
        let Some(tablet) = self.machines[head].tablet() else {
            return Ok(());
        };
        let decision = match erasures::decision(tablet, &list, asked.id, true) {
            Ok(decision) => decision,
            Err(error) => return self.is_told(head, &error),
        };
        let mut renewed = Renewed {
            generation: generation_of(tablet, child)?.context("it was just built anew")?,
            gone,
            authors: authors_of(tablet, child)?,
            witnesses: None,
        };
        match self.ask_as::<_, ErasureList>(head, "/erasures/decide", &decision)? {
            Some(Err(error)) => return self.is_told(head, &error),
            Some(Ok(_)) => self.say(head, format!("agrees that a part of {child} goes")),
            // Whether it was done before the power went nobody here knows.
            None => renewed.witnesses = Some(BTreeSet::new()),
        }
        self.perils.renewed.insert(child, renewed);
        // Somebody who has not heard of it goes on writing.
        for _ in 0..self.chance.below(4) {
            let who = self.chance.below(self.machines.len());
            self.act(who)?;
        }
        Ok(())
    }

    /// A nickname nobody else has, in a child's file, on its way to everybody.
    fn write_what_goes(&mut self) -> Result<Option<(DocumentId, String)>> {
        let Some(tablet) = self.machines[0].tablet() else {
            return Ok(None);
        };
        let asked = SearchInput {
            query: String::new(),
            village: None,
            only: None,
        };
        let Ok(list) = children::search(tablet, &asked) else {
            return Ok(None);
        };
        let mut known: Vec<DocumentId> = list
            .rows
            .iter()
            .filter_map(|row| DocumentId::parse(&row.child).ok())
            .filter(|child| !self.perils.renewed.contains_key(child))
            // What a tablet wrote in it that it left stays there refused (docs/adr/0030, what we gave up).
            .filter(|child| !self.perils.moves.moved.contains_key(child))
            .collect();
        known.sort();
        let Some(child) = self.chance.pick(&known).copied() else {
            return Ok(None);
        };
        let gone = format!("叫错的小名{}", self.chance.below(1_000_000));
        let Some(tablet) = self.machines[0].tablet() else {
            return Ok(None);
        };
        let written = children::edit_field(
            tablet,
            &EditFieldInput {
                child: child.to_string(),
                holder: "child".to_owned(),
                key: FIELD.to_owned(),
                value: Some(gone.clone()),
            },
        );
        if let Err(error) = written {
            self.say(0, error.code());
            return Ok(None);
        }
        self.promises.note(0, &self.machines[0])?;
        Ok(self.syncs(0)?.then_some((child, gone)))
    }

    /// A whole sync without trouble on the way.
    pub(super) fn syncs(&mut self, who: usize) -> Result<bool> {
        let synced = self.machines[who].sync_whole(&mut self.server);
        self.promises.note(who, &self.machines[who])?;
        if let Err(error) = &synced {
            self.say(who, format!("does not sync: {error:#}"));
        }
        Ok(synced.is_ok())
    }

    fn is_told(&mut self, who: usize, error: &ClientError) -> Result<()> {
        let code = client::server::refused_code(error).unwrap_or_else(|| error.code().to_owned());
        self.say(who, format!("is not let erase: {code}"));
        if !PLAIN.contains(&code.as_str()) {
            let words = words_of(error);
            self.violation(format!("erasing a part is refused with {words}"));
        }
        Ok(())
    }
}

/// The generation a device has of a document.
pub(super) fn generation_of(tablet: &Tablet, document: DocumentId) -> Result<Option<Generation>> {
    let head = tablet
        .store
        .read(|connection| documents::head(connection, document))?;
    Ok(head.map(|head| head.generation))
}

/// Who wrote which record of a child's file.
pub(super) fn authors_of(tablet: &Tablet, child: DocumentId) -> Result<BTreeMap<String, String>> {
    let id = IdInput {
        id: child.to_string(),
    };
    let file = children::file(tablet, &id).map_err(anyhow::Error::from)?;
    Ok(file
        .timeline
        .into_iter()
        .map(|line| (line.record, line.by))
        .collect())
}
