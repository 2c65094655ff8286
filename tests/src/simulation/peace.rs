//! The end of a schedule: the network is whole, everybody syncs until nobody has anything to say, and everything is looked at.

use super::oracle::{self, Settled};
use super::schedule::{SECOND_MS, World};
use anyhow::Result;
use client::returned;
use client::view::IdInput;
use ids::DocumentId;
use std::collections::BTreeSet;
use store::recovery;

/// Rounds of syncs in which everybody must have heard everything.
const ROUNDS: usize = 12;

impl World<'_> {
    /// Peace comes, and the oracle looks.
    pub fn settle(&mut self) -> Result<()> {
        self.is_cut = false;
        self.perils.are_over = true;
        self.server_dies_if_stopped("");
        match self.server.open() {
            // A running server publishes what waits by itself, whether or not anybody asks after it.
            Ok(server) => server.publish()?,
            Err(error) => {
                self.violation(format!("the server does not start: {error:#}"));
                return Ok(());
            }
        }
        for ghost in std::mem::take(&mut self.ghosts) {
            self.server.answer(&ghost).ok();
        }
        if !self.open_all() || !self.sync_to_quiet()? {
            return Ok(());
        }
        if !self.end_hold()? || !self.look_at_orders()? || !self.read_what_came_late()? {
            return Ok(());
        }
        if !self.hear_officer()? {
            return Ok(());
        }
        if !self.tidy_up()? {
            return Ok(());
        }
        let erased: BTreeSet<DocumentId> = self.perils.erased.keys().copied().collect();
        let shut_out = (0..self.machines.len())
            .filter(|who| self.is_shut_out(*who))
            .collect();
        let wrong = oracle::judge(&Settled {
            machines: &self.machines,
            promises: &self.promises,
            erased: &erased,
            renewed: &self.perils.renewed,
            shut_out: &shut_out,
            set_back: &self.perils.set_back,
            blunders: &self.perils.blunders,
            moves: &self.perils.moves,
        })?;
        for text in wrong {
            self.violation(text);
        }
        self.look_at_words()?;
        if self.chance.one_in(6) {
            self.say_all_again()?;
        }
        Ok(())
    }

    fn open_all(&mut self) -> bool {
        for who in 0..self.machines.len() {
            let opened = self.machines[who].open();
            if !self.has_opened(who, opened) {
                return false;
            }
        }
        true
    }

    /// Everybody who may sync does, until nothing changes any more.
    pub fn sync_to_quiet(&mut self) -> Result<bool> {
        for _ in 0..ROUNDS {
            for who in 0..self.machines.len() {
                if self.is_shut_out(who) {
                    continue;
                }
                self.time.pass(SECOND_MS as i64);
                if let Err(error) = self.machines[who].sync_whole(&mut self.server) {
                    let name = self.machines[who].name.clone();
                    self.violation(format!("{name} cannot sync in peace: {error:#}"));
                    return Ok(false);
                }
                self.promises.note(who, &self.machines[who])?;
            }
            let those = (0..self.machines.len()).filter(|who| !self.is_shut_out(*who));
            if oracle::is_quiet(those.map(|who| &self.machines[who]))? {
                return Ok(true);
            }
        }
        self.violation("everybody syncs and it never becomes quiet".to_owned());
        Ok(false)
    }

    /// A server that was set back and still waits for an order nobody brings is told by whoever sits there to go on.
    fn end_hold(&mut self) -> Result<bool> {
        let Some(station) = self.machines[0].tablet() else {
            return Ok(false);
        };
        let scope = station.identity.scope;
        let stands = station
            .store
            .read(|connection| recovery::get(connection, scope))?;
        if !stands.hold {
            return Ok(true);
        }
        let none_given = self.perils.erased.is_empty()
            && self.perils.renewed.is_empty()
            && self.perils.shut_out.is_none();
        if none_given && self.perils.moves.moved.is_empty() && self.perils.words.is_empty() {
            self.violation("the server waits for orders, and none was ever given".to_owned());
            return Ok(false);
        }
        self.say_server("is told that every order is known");
        self.server.open()?.desk()?.confirm_orders()?;
        self.sync_to_quiet()
    }

    /// What somebody could remind the server of holds; the rest is ordered again by whoever keeps the list.
    fn look_at_orders(&mut self) -> Result<bool> {
        let mut again = false;
        for (document, witnesses) in self.perils.erased.clone() {
            if witnesses.is_none_or(|witnesses| !witnesses.is_empty()) {
                continue;
            }
            if self
                .server
                .open()?
                .desk()?
                .erase(document, "依申请删除")
                .is_ok()
            {
                self.say_server(format!("erases {document} again"));
                again = true;
            }
        }
        if let Some(out) = self.perils.shut_out.clone() {
            if out.witnesses.is_some_and(|witnesses| witnesses.is_empty()) {
                self.server.open()?.desk()?.revoke(out.device, "丢失")?;
                again = true;
            }
            for who in 0..self.machines.len() {
                if !self.is_shut_out(who) {
                    continue;
                }
                let said = match self.machines[who].sync_whole(&mut self.server) {
                    Ok(_) => "nothing".to_owned(),
                    Err(error) => error.to_string(),
                };
                if !said.ends_with("device_revoked") {
                    let name = self.machines[who].name.clone();
                    self.violation(format!("{name} is shut out and is told {said}"));
                    return Ok(false);
                }
            }
        }
        Ok(!again || self.sync_to_quiet()?)
    }

    /// Whoever finds the faulty app's work in the tray puts it away.
    fn tidy_up(&mut self) -> Result<bool> {
        let mut tidied = false;
        for who in 0..self.machines.len() {
            if self.is_shut_out(who) {
                continue;
            }
            let Some(tablet) = self.machines[who].tablet() else {
                continue;
            };
            for row in returned::view_of(tablet)?.open {
                let is_blunder = self
                    .perils
                    .blunders
                    .iter()
                    .any(|hash| hash.to_string() == row.id);
                if is_blunder {
                    returned::put_away(tablet, &IdInput { id: row.id })?;
                    tidied = true;
                }
            }
        }
        Ok(!tidied || self.sync_to_quiet()?)
    }

    /// Everything is switched off and on, and said twice: nothing changes.
    fn say_all_again(&mut self) -> Result<()> {
        let before = oracle::picture(&self.machines)?;
        self.server.close();
        self.server.open()?;
        for machine in &mut self.machines {
            machine.close();
        }
        if !self.open_all() {
            return Ok(());
        }
        for who in 0..self.machines.len() {
            if self.is_shut_out(who) {
                continue;
            }
            if let Err(error) = self.machines[who].sync_whole(&mut self.server) {
                let name = self.machines[who].name.clone();
                self.violation(format!("{name} cannot sync again: {error:#}"));
                return Ok(());
            }
        }
        for (then, now) in before.iter().zip(&oracle::picture(&self.machines)?) {
            if then != now {
                let name = &self.machines[now.0].name;
                let what = match (then.1 == now.1, then.2 == now.2) {
                    (true, _) => format!("how far it has read, {} to {}", then.2, now.2),
                    (_, true) => "its documents".to_owned(),
                    _ => "its documents, and how far it has read".to_owned(),
                };
                let text = format!("saying it all again changed something at {name}: {what}");
                self.violation(text);
            }
        }
        Ok(())
    }
}
