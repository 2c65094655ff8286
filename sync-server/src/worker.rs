//! The admission worker: a process of its own in which a stranger's change meets Automerge for the first time.
//!
//! The server starts `sync-server worker`, writes questions to its standard input and reads answers from its standard
//! output, each a length and MessagePack. The worker may use so much memory and no more; one that ends, hangs or grows
//! is replaced, and what it ended over is asked again one change at a time until the change that does it is alone.

use crate::judge::{self, Answer, Question, Verdict};
use protocol::{limits, wire};
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
    pub(crate) fn judge(&mut self, question: &Question) -> Option<Answer> {
        match self.ask(question) {
            Asked::Answer(answer) => Some(answer),
            Asked::Unreadable => None,
            Asked::Ended => self.one_by_one(question),
        }
    }

    /// The worker ended over several: each alone, on top of the good ones before it.
    fn one_by_one(&mut self, question: &Question) -> Option<Answer> {
        let mut whole = Answer {
            verdicts: Vec::new(),
            saved: question.published.clone(),
        };
        for change in &question.waiting {
            let alone = Question {
                constants: question.constants.clone(),
                published: whole.saved.clone(),
                waiting: vec![change.clone()],
            };
            match self.ask(&alone) {
                Asked::Answer(answer) => {
                    whole.verdicts.extend(answer.verdicts);
                    whole.saved = answer.saved;
                }
                Asked::Unreadable => return None,
                Asked::Ended => {
                    tracing::warn!(bytes = change.len(), "the worker ended over a change");
                    whole.verdicts.push(Verdict::Fatal);
                }
            }
        }
        Some(whole)
    }

    fn ask(&mut self, question: &Question) -> Asked {
        let program = match &self.worker {
            Worker::InProcess => {
                return judge::judge(question).map_or(Asked::Unreadable, Asked::Answer);
            }
            Worker::Process(program) => program.clone(),
        };
        let most = Duration::from_millis(
            limits::JUDGE_MS + limits::JUDGE_MS_EACH * question.waiting.len() as u64,
        );
        let answer = self.converse(&program, question, most);
        match answer {
            Ok(Some(Ok(answer))) if answer.verdicts.len() == question.waiting.len() => {
                Asked::Answer(answer)
            }
            Ok(Some(Err(()))) => Asked::Unreadable,
            Ok(_) | Err(_) => {
                self.running = None;
                Asked::Ended
            }
        }
    }

    fn converse(
        &mut self,
        program: &PathBuf,
        question: &Question,
        most: Duration,
    ) -> io::Result<Option<Result<Answer, ()>>> {
        let running = match &mut self.running {
            Some(running) => running,
            none => none.insert(start(program)?),
        };
        let body = wire::pack(question).map_err(io::Error::other)?;
        let input = running
            .child
            .stdin
            .as_mut()
            .ok_or_else(|| io::Error::other("the worker has no input"))?;
        write_frame(input, &body)?;
        match running.answers.recv_timeout(most) {
            Ok(frame) => Ok(wire::unpack(&frame?).ok()),
            Err(RecvTimeoutError::Timeout | RecvTimeoutError::Disconnected) => Ok(None),
        }
    }
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
    rlimit::setrlimit(
        rlimit::Resource::AS,
        limits::WORKER_BYTES,
        limits::WORKER_BYTES,
    )?;
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
        let answer: Result<Answer, ()> = judge::judge(&question).map_err(|_| ());
        write_frame(&mut output, &wire::pack(&answer).map_err(io::Error::other)?)?;
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
