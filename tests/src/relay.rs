//! A bad network, in our own hands: a TCP relay between clients and the server, with a switch.
//!
//! While it is cut nothing passes: open connections end, new ones end at once. A budget of bytes cuts it by itself in
//! the middle of whatever happens to be under way, and so does a number of messages: where one side stops and the other
//! begins to speak. It may be as slow as a village's. The server behind it may come back at another address.

use std::io;
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;
use tokio::task::AbortHandle;
use tokio::time::Instant;

const CHUNK_BYTES: usize = 8 * 1024;
/// On a slow line bytes pass in pieces of so many.
const SLOW_BYTES: usize = 256;

/// A listening relay; it ends when dropped.
pub struct Relay {
    /// Where clients connect.
    pub address: SocketAddr,
    line: Arc<Line>,
    listening: AbortHandle,
}

struct Line {
    target: Mutex<SocketAddr>,
    whole: watch::Sender<bool>,
    /// Bytes that may still pass; `None` is no limit.
    budget: Mutex<Option<u64>>,
    talk: Mutex<Talk>,
    /// How fast each direction is; none is as fast as the machine.
    bits_per_second: watch::Sender<Option<u64>>,
    /// Until when each direction, up and down, is busy with what it took.
    busy_until: Mutex<[Option<Instant>; 2]>,
    passed: AtomicU64,
    passed_up: AtomicU64,
    connections: AtomicU64,
}

/// Which message of a conversation is to be lost.
#[derive(Default)]
struct Talk {
    /// Messages up to and with the lost one; `None` is no limit.
    left: Option<u64>,
    /// Who spoke last.
    speaker: Option<Direction>,
    /// Bytes the client says before the next answer is the lost one; `None` is no limit.
    before_answer: Option<u64>,
}

impl Talk {
    /// Is this part of the message to be lost?
    fn loses(&mut self, bytes: usize, direction: Direction) -> bool {
        match (&mut self.before_answer, direction) {
            (Some(left), Direction::Up) => *left = left.saturating_sub(bytes as u64),
            (Some(0), Direction::Down) => return true,
            _ => {}
        }
        let Some(left) = self.left.as_mut() else {
            return false;
        };
        if self.speaker.replace(direction) != Some(direction) {
            *left = left.saturating_sub(1);
        }
        *left == 0
    }
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Direction {
    Up,
    Down,
}

impl Relay {
    /// Starts a relay to `target` on a free loopback port.
    ///
    /// # Errors
    /// No port is free.
    pub async fn start(target: SocketAddr) -> io::Result<Self> {
        Self::start_at(0, target).await
    }

    /// Starts a relay on a known port, so that an address given out earlier stays good.
    ///
    /// # Errors
    /// The port is taken.
    pub async fn start_at(port: u16, target: SocketAddr) -> io::Result<Self> {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, port)).await?;
        let address = listener.local_addr()?;
        let line = Arc::new(Line {
            target: Mutex::new(target),
            whole: watch::channel(true).0,
            budget: Mutex::new(None),
            talk: Mutex::default(),
            bits_per_second: watch::channel(None).0,
            busy_until: Mutex::default(),
            passed: AtomicU64::new(0),
            passed_up: AtomicU64::new(0),
            connections: AtomicU64::new(0),
        });
        let listening = tokio::spawn(listen(listener, line.clone())).abort_handle();
        Ok(Self {
            address,
            line,
            listening,
        })
    }

    /// Cuts the network: open connections end, new ones end at once.
    pub fn cut(&self) {
        self.line.cut();
    }

    /// The network is back, without a limit of bytes or messages.
    pub fn restore(&self) {
        *lock(&self.line.budget) = None;
        *lock(&self.line.talk) = Talk::default();
        self.line.whole.send_replace(true);
    }

    /// Does the network pass bytes?
    pub fn is_whole(&self) -> bool {
        *self.line.whole.borrow()
    }

    /// Cuts the network after that many more bytes, both directions together.
    pub fn set_cut_after_bytes(&self, bytes: u64) {
        *lock(&self.line.budget) = Some(bytes);
    }

    /// Cuts the network in place of that message: the first is the client's next word, the second the server's answer to
    /// it, and so on, those of TLS included. Means something only while one connection at a time is in use.
    pub fn set_cut_at_message(&self, number: u64) {
        *lock(&self.line.talk) = Talk {
            left: Some(number),
            ..Talk::default()
        };
    }

    /// Cuts the network in place of the answer to whatever the client says once it has said so many bytes: the request
    /// arrives, its answer does not.
    pub fn set_cut_answer_after(&self, bytes_up: u64) {
        *lock(&self.line.talk) = Talk {
            before_answer: Some(bytes_up),
            ..Talk::default()
        };
    }

    /// How fast each direction is from now on; `None` is as fast as the machine.
    pub fn set_bits_per_second(&self, rate: Option<u64>) {
        self.line.bits_per_second.send_replace(rate);
    }

    /// Resolves once the network is cut, by hand or by its budget.
    pub async fn cut_happened(&self) {
        let mut whole = self.line.whole.subscribe();
        // The sender lives as long as `self`.
        let _ = whole.wait_for(|whole| !whole).await;
    }

    /// The server moved.
    pub fn set_target(&self, target: SocketAddr) {
        *lock(&self.line.target) = target;
    }

    /// Bytes passed so far, both directions together.
    pub fn bytes_passed(&self) -> u64 {
        self.line.passed.load(Ordering::Relaxed)
    }

    /// Bytes passed so far from clients to the server.
    pub fn bytes_up(&self) -> u64 {
        self.line.passed_up.load(Ordering::Relaxed)
    }

    /// Connections taken so far, also those that ended at once.
    pub fn connections(&self) -> u64 {
        self.line.connections.load(Ordering::Relaxed)
    }
}

impl Drop for Relay {
    fn drop(&mut self) {
        self.listening.abort();
        self.line.cut();
    }
}

impl Line {
    fn cut(&self) {
        self.whole.send_replace(false);
    }

    /// How many bytes may be taken at once.
    fn piece(&self) -> usize {
        match *self.bits_per_second.borrow() {
            None => CHUNK_BYTES,
            Some(_) => SLOW_BYTES,
        }
    }

    /// Takes as long as the line needs for so many bytes, after what it is busy with; no longer when it gets faster.
    async fn carry_slowly(&self, bytes: usize, direction: Direction) {
        let mut rate = self.bits_per_second.subscribe();
        let Some(bits_per_second) = *rate.borrow_and_update() else {
            return;
        };
        let takes = Duration::from_secs_f64(bytes as f64 * 8.0 / bits_per_second as f64);
        let until = {
            let mut busy_until = lock(&self.busy_until);
            let until = &mut busy_until[direction as usize];
            let now = Instant::now();
            let begins = until.map_or(now, |until| until.max(now));
            *until.insert(begins + takes)
        };
        tokio::select! {
            () = tokio::time::sleep_until(until) => {}
            _ = rate.changed() => {}
        }
    }

    /// How many of these bytes may pass. The rest is lost, and the network with it.
    fn take(&self, wanted: usize, direction: Direction) -> usize {
        if lock(&self.talk).loses(wanted, direction) {
            return 0;
        }
        let mut budget = lock(&self.budget);
        let allowed = match budget.as_mut() {
            None => wanted,
            Some(left) => {
                let allowed = usize::try_from(*left).unwrap_or(usize::MAX).min(wanted);
                *left -= allowed as u64;
                allowed
            }
        };
        self.passed.fetch_add(allowed as u64, Ordering::Relaxed);
        if direction == Direction::Up {
            self.passed_up.fetch_add(allowed as u64, Ordering::Relaxed);
        }
        allowed
    }
}

fn lock<T>(mutex: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

async fn listen(listener: TcpListener, line: Arc<Line>) {
    loop {
        let Ok((client, _)) = listener.accept().await else {
            // A connection that broke before it was taken; the next one may be fine.
            tokio::task::yield_now().await;
            continue;
        };
        line.connections.fetch_add(1, Ordering::Relaxed);
        if *line.whole.borrow() {
            tokio::spawn(carry(client, line.clone()));
        }
    }
}

async fn carry(mut client: TcpStream, line: Arc<Line>) {
    let target = *lock(&line.target);
    let mut cut = line.whole.subscribe();
    let Ok(mut server) = TcpStream::connect(target).await else {
        return;
    };
    // Small messages must not wait for an acknowledgement; a failure here only costs time.
    let _ = (client.set_nodelay(true), server.set_nodelay(true));
    let (from_client, to_client) = client.split();
    let (from_server, to_server) = server.split();
    let both = async {
        tokio::join!(
            pass(from_client, to_server, &line, Direction::Up),
            pass(from_server, to_client, &line, Direction::Down)
        )
    };
    tokio::select! {
        _ = both => {}
        _ = cut.wait_for(|whole| !whole) => {}
    }
}

async fn pass(
    mut from: impl AsyncReadExt + Unpin,
    mut to: impl AsyncWriteExt + Unpin,
    line: &Line,
    direction: Direction,
) -> io::Result<()> {
    let mut buffer = vec![0; CHUNK_BYTES];
    loop {
        let read = from.read(&mut buffer[..line.piece()]).await?;
        if read == 0 {
            return to.shutdown().await;
        }
        line.carry_slowly(read, direction).await;
        // What comes after the cut is lost, also where this end has not heard of it yet.
        if !*line.whole.borrow() {
            return Ok(());
        }
        let allowed = line.take(read, direction);
        to.write_all(&buffer[..allowed]).await?;
        if allowed < read {
            line.cut();
            return Ok(());
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A server that says back what it hears.
    async fn echo() -> SocketAddr {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.unwrap();
        let address = listener.local_addr().unwrap();
        tokio::spawn(async move {
            while let Ok((mut stream, _)) = listener.accept().await {
                tokio::spawn(async move {
                    let (mut reader, mut writer) = stream.split();
                    let _ = tokio::io::copy(&mut reader, &mut writer).await;
                });
            }
        });
        address
    }

    async fn heard_back(stream: &mut TcpStream, word: &[u8]) -> io::Result<usize> {
        stream.write_all(word).await?;
        let mut heard = vec![0; word.len()];
        let mut count = 0;
        while count < word.len() {
            let read =
                tokio::time::timeout(Duration::from_secs(10), stream.read(&mut heard[count..]))
                    .await??;
            if read == 0 {
                break;
            }
            count += read;
        }
        Ok(count)
    }

    #[tokio::test]
    async fn words_pass_until_the_network_is_cut_and_again_after() {
        let relay = Relay::start(echo().await).await.unwrap();
        let mut stream = TcpStream::connect(relay.address).await.unwrap();
        assert_eq!(heard_back(&mut stream, b"hello").await.unwrap(), 5);

        relay.cut();
        let ended = tokio::time::timeout(Duration::from_secs(10), stream.read(&mut [0; 1])).await;
        assert!(matches!(ended, Ok(Ok(0) | Err(_))));
        let mut refused = TcpStream::connect(relay.address).await.unwrap();
        assert!(!matches!(heard_back(&mut refused, b"hello").await, Ok(5)));

        relay.restore();
        let mut again = TcpStream::connect(relay.address).await.unwrap();
        assert_eq!(heard_back(&mut again, b"hello").await.unwrap(), 5);
        assert_eq!(relay.connections(), 3);
        assert_eq!((relay.bytes_passed(), relay.bytes_up()), (20, 10));
    }

    #[tokio::test]
    async fn a_budget_cuts_the_network_in_the_middle_of_a_word() {
        let relay = Relay::start(echo().await).await.unwrap();
        relay.set_cut_after_bytes(7);
        let mut stream = TcpStream::connect(relay.address).await.unwrap();
        // Five bytes up, two of the five down.
        let heard = heard_back(&mut stream, b"hello").await;
        assert!(!matches!(heard, Ok(5)));
        relay.cut_happened().await;
        assert_eq!(relay.bytes_passed(), 7);
        assert!(!relay.is_whole());
    }

    #[tokio::test]
    async fn a_message_is_lost_whole_and_the_network_with_it() {
        let relay = Relay::start(echo().await).await.unwrap();
        relay.set_cut_at_message(2);
        let mut stream = TcpStream::connect(relay.address).await.unwrap();
        assert!(!matches!(heard_back(&mut stream, b"hello").await, Ok(5)));
        assert_eq!(
            (relay.bytes_passed(), relay.bytes_up(), relay.is_whole()),
            (5, 5, false)
        );

        relay.restore();
        relay.set_cut_at_message(3);
        let mut stream = TcpStream::connect(relay.address).await.unwrap();
        assert_eq!(heard_back(&mut stream, b"hello").await.unwrap(), 5);
        assert!(!matches!(heard_back(&mut stream, b"hello").await, Ok(5)));
        assert_eq!(relay.bytes_passed(), 15);

        relay.restore();
        relay.set_cut_answer_after(10);
        let mut stream = TcpStream::connect(relay.address).await.unwrap();
        assert_eq!(heard_back(&mut stream, b"hello").await.unwrap(), 5);
        assert!(!matches!(heard_back(&mut stream, b"hello").await, Ok(5)));
        assert_eq!(
            relay.bytes_passed(),
            30,
            "the second word went up and was never heard back"
        );
    }

    #[tokio::test]
    async fn a_slow_line_takes_its_time_until_it_gets_faster() {
        let relay = Relay::start(echo().await).await.unwrap();
        relay.set_bits_per_second(Some(80_000));
        let mut stream = TcpStream::connect(relay.address).await.unwrap();
        let begun = Instant::now();
        assert_eq!(heard_back(&mut stream, &[7; 2_000]).await.unwrap(), 2_000);
        assert!(begun.elapsed() >= Duration::from_millis(200), "each way");
        relay.set_bits_per_second(Some(1));
        let heard = heard_back(&mut stream, b"hello");
        let faster = async { relay.set_bits_per_second(None) };
        assert_eq!(tokio::join!(heard, faster).0.unwrap(), 5);
    }

    #[tokio::test]
    async fn a_server_that_moved_is_found_at_its_new_address() {
        let relay = Relay::start(echo().await).await.unwrap();
        relay.set_target(echo().await);
        let mut stream = TcpStream::connect(relay.address).await.unwrap();
        assert_eq!(heard_back(&mut stream, b"hello").await.unwrap(), 5);
    }
}
