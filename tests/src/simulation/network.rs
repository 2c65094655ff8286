//! What lies between a device and the server: a request may be lost, late, heard twice, or spoilt; so may its answer.

use super::machine::{Line, some_loss};
use super::schedule::{OPERATIONS, World};
use anyhow::Result;
use client::ClientError;
use client::exchange::{Answer, Request};
use simdisk::Fault;

/// Requests that may come back from the network late.
const MOST_GHOSTS: usize = 8;

impl World<'_> {
    /// What the network does with a request and its answer.
    pub fn carry(&mut self, who: usize) -> Result<()> {
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

    /// A request reaches the server, whose power may go meanwhile, or whose disk may fail: then there is no answer.
    fn deliver(&mut self, request: &Request) -> Result<Option<Answer>> {
        if !self.wake_server()? {
            return Ok(None);
        }
        let disk = self.server.disk.clone();
        let is_troubled = match self.chance.below(60) {
            0 | 1 => {
                disk.stop_after(self.chance.below(OPERATIONS) as u64);
                false
            }
            2 => {
                let number = 1 + self.chance.below(OPERATIONS) as u64;
                let fault = [Fault::Io, Fault::Full, Fault::Sync][self.chance.below(3)];
                disk.fail_at(number, fault);
                true
            }
            3 => {
                disk.set_full(Some(disk.used() + self.chance.below(60_000) as u64));
                true
            }
            _ => false,
        };
        let answer = self.server.answer(request);
        if self.server_dies_if_stopped("in the middle of a request") {
            return Ok(None);
        }
        let has_failed = disk.stop_failing();
        disk.set_full(None);
        if has_failed {
            let loss = some_loss(&mut self.chance);
            self.say_server(format!("is started again after its disk failed: {loss:?}"));
            self.server.kill(loss);
            return Ok(None);
        }
        if is_troubled && answer.is_err() {
            self.say_server("has no room");
            return Ok(None);
        }
        Ok(Some(answer))
    }

    pub fn wake_server(&mut self) -> Result<bool> {
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

    pub fn server_dies_if_stopped(&mut self, when: &str) -> bool {
        if self.server.disk.has_stopped() {
            let loss = some_loss(&mut self.chance);
            self.say_server(format!("loses power {when}: {loss:?}"));
            self.server.kill(loss);
            return true;
        }
        self.server.disk.stop_after(u64::MAX / 2);
        false
    }

    /// The network says something again that was said long ago, or somebody with the session says nearly the same.
    /// Nobody waits for the answer.
    pub fn ghost(&mut self) -> Result<()> {
        if self.ghosts.is_empty() {
            return Ok(());
        }
        let number = self.chance.below(self.ghosts.len());
        let mut request = self.ghosts[number].clone();
        if self.chance.one_in(3) {
            request.body = self.spoilt(&request.body);
            self.say_server(format!("hears a spoilt {}", request.path));
        } else {
            self.say_server(format!("hears {} again", request.path));
        }
        self.deliver(&request)?;
        Ok(())
    }

    /// The same message with some of its bytes changed.
    fn spoilt(&mut self, body: &[u8]) -> Vec<u8> {
        let Ok(mut raw) = zstd::bulk::decompress(body, 4_000_000) else {
            return Vec::new();
        };
        for _ in 0..=self.chance.below(3) {
            let place = self.chance.below(raw.len());
            if let Some(byte) = raw.get_mut(place) {
                *byte ^= 1 << self.chance.below(8);
            }
        }
        zstd::bulk::compress(&raw, 1).unwrap_or_default()
    }
}
