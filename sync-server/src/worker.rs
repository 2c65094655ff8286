//! The admission worker: a process of its own in which a stranger's change meets Automerge for the first time.
//!
//! The server starts `sync-server worker`, writes questions to its standard input and reads answers from its standard
//! output, each a length and MessagePack. The worker may use so much memory and so much processor time for a question, and
//! no more; one that ends is replaced, and what it ended over is asked again one change at a time until the change that
//! does it is alone. A change is condemned only when two fresh workers ended over it alone; that a machine is slow, or has
//! no room for a worker, says nothing about a change, and then it goes on waiting.

use crate::judge::{self, Answer, Question, Verdict};
use protocol::{limits, wire};
use rustix::process::{self, Resource, Rlimit};
use rustix::time::{ClockId, clock_gettime};
use std::io::{self, Read, Write};
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::sync::mpsc::{Receiver, RecvTimeoutError, channel};
use std::time::Duration;

/// Where changes are judged.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Worker {
    /// In a process of its own: this program's `worker` command.
    Process(PathBuf),
    /// In this very process, panics caught. Weaker: memory and time have no bound. For tests and the simulator.
    InProcess,
}

impl Worker {
    /// This very program, when it has a `worker` command of its own.
    ///
    /// # Errors
    /// The system does not say where the program lies.
    pub fn this_program() -> io::Result<Self> {
        std::env::current_exe().map(Self::Process)
    }
}

/// The judge of one publisher, with the process behind it.
pub(crate) struct Court {
    worker: Worker,
    running: Option<Running>,
}

struct Running {
    child: Child,
    answers: Receiver<io::Result<Vec<u8>>>,
}

impl Drop for Running {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

impl Court {
    pub(crate) fn new(worker: Worker) -> Self {
        Self {
            worker,
            running: None,
        }
    }

    /// Judges what waits. None when what is published of the document cannot be opened at all.
    ///
    /// # Errors
    /// There is no worker to be had at the moment; nothing is judged.
    pub(crate) fn judge(&mut self, question: &Question) -> io::Result<Option<Answer>> {
        Ok(match self.ask(question)? {
            Asked::Answer(answer) => Some(answer),
            Asked::Unreadable => None,
            Asked::Ended => self.one_by_one(question)?,
        })
    }

    /// The worker ended over several: each alone, on top of the good ones before it.
    fn one_by_one(&mut self, question: &Question) -> io::Result<Option<Answer>> {
        let mut verdicts = Vec::with_capacity(question.waiting.len());
        let mut alone = Question {
            constants: question.constants.clone(),
            published: question.published.clone(),
            waiting: Vec::new(),
        };
        for change in &question.waiting {
            alone.waiting = vec![change.clone()];
            match self.ask_twice(&alone)? {
                Asked::Answer(answer) => {
                    verdicts.extend(answer.verdicts);
                    // The constants are in it.
                    alone.constants.clear();
                    alone.published = answer.saved;
                }
                Asked::Unreadable => return Ok(None),
                Asked::Ended => {
                    tracing::warn!(bytes = change.len(), "the worker ended over a change");
                    verdicts.push(Verdict::Fatal);
                }
            }
        }
        // Where nothing was judged, nothing was saved either.
        let saved = if alone.constants.is_empty() {
            alone.published
        } else {
            Vec::new()
        };
        Ok(Some(Answer { verdicts, saved }))
    }

    /// Asks again when the worker ended: the system may have taken it away for reasons of its own.
    fn ask_twice(&mut self, question: &Question) -> io::Result<Asked> {
        match self.ask(question)? {
            Asked::Ended => self.ask(question),
            asked => Ok(asked),
        }
    }

    fn ask(&mut self, question: &Question) -> io::Result<Asked> {
        let program = match &self.worker {
            Worker::InProcess => {
                return Ok(judge::judge(question).map_or(Asked::Unreadable, Asked::Answer));
            }
            Worker::Process(program) => program.clone(),
        };
        let running = match &mut self.running {
            Some(running) => running,
            none => none.insert(start(&program)?),
        };
        let heard = converse(running, question);
        if !matches!(heard, Ok(Heard::Answer(_))) {
            self.running = None;
        }
        match heard {
            Ok(Heard::Answer(Ok(answer))) if answer.verdicts.len() == question.waiting.len() => {
                Ok(Asked::Answer(answer))
            }
            Ok(Heard::Answer(Err(()))) => Ok(Asked::Unreadable),
            Ok(Heard::Nothing) => Err(io::Error::new(
                io::ErrorKind::TimedOut,
                "the worker was given no time by this machine",
            )),
            Ok(Heard::Answer(Ok(_))) | Err(_) => {
                self.running = None;
                Ok(Asked::Ended)
            }
        }
    }
}

fn converse(running: &mut Running, question: &Question) -> io::Result<Heard> {
    let body = wire::pack(question).map_err(io::Error::other)?;
    let input = running
        .child
        .stdin
        .as_mut()
        .ok_or_else(|| io::Error::other("the worker has no input"))?;
    write_frame(input, &body)?;
    match running
        .answers
        .recv_timeout(Duration::from_secs(limits::JUDGE_WAIT_S))
    {
        Ok(frame) => wire::unpack(&frame?)
            .map(Heard::Answer)
            .map_err(io::Error::other),
        Err(RecvTimeoutError::Timeout) => Ok(Heard::Nothing),
        Err(RecvTimeoutError::Disconnected) => Err(io::ErrorKind::UnexpectedEof.into()),
    }
}

enum Heard {
    Answer(Result<Answer, ()>),
    Nothing,
}

enum Asked {
    Answer(Answer),
    Unreadable,
    Ended,
}

fn start(program: &PathBuf) -> io::Result<Running> {
    let mut child = Command::new(program)
        .arg("worker")
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .env_clear()
        .spawn()?;
    let mut output = child
        .stdout
        .take()
        .ok_or_else(|| io::Error::other("the worker has no output"))?;
    let (said, answers) = channel();
    std::thread::Builder::new()
        .name("worker answers".to_owned())
        .spawn(move || {
            loop {
                let frame = read_frame(&mut output);
                let ended = frame.is_err();
                if said.send(frame).is_err() || ended {
                    return;
                }
            }
        })?;
    Ok(Running { child, answers })
}

/// The worker's whole life: bounds itself, then answers until its input ends.
///
/// # Errors
/// The bounds cannot be set, or the pipe to the server breaks.
pub fn main() -> io::Result<()> {
    process::setrlimit(Resource::As, most(limits::WORKER_BYTES))?;
    // What waits is safe already, so taking more goes first. A system that forbids this must not keep anything from being
    // published: then the worker stands beside everybody else.
    let _ = process::nice(limits::WORKER_NICE);
    // A panic's message may quote a record; the verdict is all that leaves this process.
    std::panic::set_hook(Box::new(|_| {}));
    let (mut input, mut output) = (io::stdin().lock(), io::stdout().lock());
    loop {
        let frame = match read_frame(&mut input) {
            Ok(frame) => frame,
            Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => return Ok(()),
            Err(error) => return Err(error),
        };
        let question: Question = wire::unpack(&frame).map_err(io::Error::other)?;
        bound_time(question.waiting.len() as u64)?;
        let answer: Result<Answer, ()> = judge::judge(&question).map_err(|_| ());
        write_frame(&mut output, &wire::pack(&answer).map_err(io::Error::other)?)?;
    }
}

/// From here on the process may use so much processor time; the system ends it when that is over.
fn bound_time(changes: u64) -> io::Result<()> {
    let used = clock_gettime(ClockId::ProcessCPUTime).tv_sec;
    let used = u64::try_from(used).map_err(io::Error::other)?;
    // Whole seconds: the one that has begun, the one it may end in, and what the question is worth.
    let seconds = used + 2 + limits::JUDGE_S + changes / limits::JUDGE_CHANGES_PER_S;
    let limit = Rlimit {
        current: Some(seconds),
        maximum: None,
    };
    Ok(process::setrlimit(Resource::Cpu, limit)?)
}

fn most(value: u64) -> Rlimit {
    Rlimit {
        current: Some(value),
        maximum: Some(value),
    }
}

fn write_frame(to: &mut impl Write, body: &[u8]) -> io::Result<()> {
    let length = u32::try_from(body.len()).map_err(io::Error::other)?;
    to.write_all(&length.to_le_bytes())?;
    to.write_all(body)?;
    to.flush()
}

fn read_frame(from: &mut impl Read) -> io::Result<Vec<u8>> {
    let mut length = [0; 4];
    from.read_exact(&mut length)?;
    let length = u32::from_le_bytes(length) as usize;
    if length > limits::WORKER_FRAME_BYTES {
        return Err(io::Error::other("a frame is too large"));
    }
    let mut body = vec![0; length];
    from.read_exact(&mut body)?;
    Ok(body)
}
