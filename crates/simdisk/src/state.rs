//! What is on the disk, what of it is durable, and what goes wrong next.

use crate::content::{Content, PAGE};
use crate::vfs::{Locks, Shared};
use crate::{Fault, Loss};
use std::collections::{BTreeMap, BTreeSet};
use std::io::{self, ErrorKind};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use store::disk::Opening;

/// What a power cut tears a write into.
const SECTOR: usize = 512;
/// What a disk without a limit says it has.
const PLENTY: u64 = 64 << 30;

/// Why an operation did not happen.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Failure {
    Io,
    Full,
    NotFound,
    Exists,
}

impl From<Failure> for io::Error {
    fn from(failure: Failure) -> Self {
        match failure {
            Failure::Io => io::Error::other("the simulated disk failed"),
            Failure::Full => ErrorKind::StorageFull.into(),
            Failure::NotFound => ErrorKind::NotFound.into(),
            Failure::Exists => ErrorKind::AlreadyExists.into(),
        }
    }
}

/// What an operation is, as far as faults go.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Step {
    Read,
    Write,
    Length,
    Sync,
    Create,
    Name,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Entry {
    File(u64),
    Folder,
}

#[derive(Debug, Clone)]
enum Pending {
    Write { offset: u64, bytes: Arc<[u8]> },
    Length(u64),
}

#[derive(Debug, Default)]
pub(crate) struct Node {
    pub(crate) content: Content,
    durable: Content,
    pending: Vec<Pending>,
    /// A sync failed: what is durable can no longer be told from what is read.
    has_lost: bool,
    open: usize,
    pub(crate) locks: Locks,
    pub(crate) shared: Option<Arc<Shared>>,
}

#[derive(Debug, Clone)]
enum NameChange {
    Put(PathBuf, Entry),
    Remove(PathBuf),
    Rename(PathBuf, PathBuf, Entry),
}

impl NameChange {
    /// The folder whose order it keeps.
    fn folder(&self) -> Option<&Path> {
        match self {
            Self::Put(path, _) | Self::Remove(path) | Self::Rename(_, path, _) => path.parent(),
        }
    }

    fn is_in(&self, folder: &Path) -> bool {
        match self {
            Self::Rename(from, _, _) if from.parent() == Some(folder) => true,
            _ => self.folder() == Some(folder),
        }
    }

    fn apply(&self, names: &mut BTreeMap<PathBuf, Entry>) {
        match self {
            Self::Put(path, entry) => {
                names.insert(path.clone(), *entry);
            }
            Self::Remove(path) => {
                names.remove(path);
            }
            Self::Rename(from, to, entry) => {
                let below: Vec<PathBuf> = names
                    .keys()
                    .filter(|path| path.starts_with(from) && *path != from)
                    .cloned()
                    .collect();
                for path in below {
                    let rest = path.strip_prefix(from).expect("it begins so").to_owned();
                    let moved = names.remove(&path).expect("it was listed");
                    names.insert(to.join(rest), moved);
                }
                names.remove(from);
                names.insert(to.clone(), *entry);
            }
        }
    }
}

struct Failing {
    fault: Fault,
    left: u64,
    lasts: bool,
    has_failed: bool,
}

/// The content of a disk at one moment. Clones share their pages.
#[derive(Debug, Clone, Default)]
pub struct Image {
    names: BTreeMap<PathBuf, Entry>,
    files: BTreeMap<u64, Content>,
    next_inode: u64,
}

pub(crate) struct State {
    nodes: BTreeMap<u64, Node>,
    pub(crate) names: BTreeMap<PathBuf, Entry>,
    durable_names: BTreeMap<PathBuf, Entry>,
    pending_names: Vec<NameChange>,
    next_inode: u64,
    pub(crate) held: BTreeSet<PathBuf>,
    /// Handles of an earlier life are dead.
    pub(crate) life: u64,
    pub(crate) operations: u64,
    pub(crate) stop_at: Option<u64>,
    pub(crate) stopped: bool,
    failing: Option<Failing>,
    pub(crate) capacity: Option<u64>,
    pub(crate) now_ms: i64,
    random: u64,
}

impl State {
    pub(crate) fn new(seed: u64) -> Self {
        let root: BTreeMap<PathBuf, Entry> = [(PathBuf::from("/"), Entry::Folder)].into();
        Self {
            nodes: BTreeMap::new(),
            names: root.clone(),
            durable_names: root,
            pending_names: Vec::new(),
            next_inode: 1,
            held: BTreeSet::new(),
            life: 1,
            operations: 0,
            stop_at: None,
            stopped: false,
            failing: None,
            capacity: None,
            now_ms: 1_795_000_000_000,
            random: seed,
        }
    }

    // ---- What goes wrong -------------------------------------------------------------------------------------------

    pub(crate) fn fail(&mut self, n: u64, fault: Fault, lasts: bool) {
        self.failing = Some(Failing {
            fault,
            left: n,
            lasts,
            has_failed: false,
        });
    }

    pub(crate) fn stop_failing(&mut self) -> bool {
        self.failing.take().is_some_and(|it| it.has_failed)
    }

    /// Counts an operation; the fault that strikes it, if one does.
    fn strike(&mut self, step: Step) -> Result<Option<Fault>, Failure> {
        if self.stopped {
            return Err(Failure::Io);
        }
        if step != Step::Read {
            if self.stop_at.is_some_and(|last| self.operations >= last) {
                self.stopped = true;
                return Err(Failure::Io);
            }
            self.operations += 1;
        }
        let Some(failing) = &mut self.failing else {
            return Ok(None);
        };
        let concerns = match failing.fault {
            Fault::Io => true,
            Fault::Full => matches!(step, Step::Write | Step::Length | Step::Create),
            Fault::ShortWrite => step == Step::Write,
            Fault::Sync => step == Step::Sync,
        };
        if !concerns || (failing.has_failed && !failing.lasts) {
            return Ok(None);
        }
        failing.left = failing.left.saturating_sub(1);
        if failing.left > 0 {
            return Ok(None);
        }
        failing.has_failed = true;
        Ok(Some(failing.fault))
    }

    /// Counts an operation that a fault simply prevents.
    pub(crate) fn step(&mut self, step: Step) -> Result<(), Failure> {
        match self.strike(step)? {
            None => Ok(()),
            Some(Fault::Full | Fault::ShortWrite) => Err(Failure::Full),
            Some(Fault::Io | Fault::Sync) => Err(Failure::Io),
        }
    }

    pub(crate) fn used(&self) -> u64 {
        let pages: u64 = self
            .nodes
            .values()
            .map(|node| Content::pages_of(node.content.length()))
            .sum();
        pages * PAGE as u64
    }

    pub(crate) fn total(&self) -> u64 {
        self.capacity.unwrap_or(PLENTY)
    }

    pub(crate) fn free(&self) -> u64 {
        self.capacity
            .map_or(PLENTY, |capacity| capacity.saturating_sub(self.used()))
    }

    fn need_room(&self, inode: u64, length: u64) -> Result<(), Failure> {
        if self.capacity.is_none() {
            return Ok(());
        }
        let now = Content::pages_of(self.node(inode).content.length());
        let more = Content::pages_of(length).saturating_sub(now) * PAGE as u64;
        if more > self.free() {
            return Err(Failure::Full);
        }
        Ok(())
    }

    // ---- Content ---------------------------------------------------------------------------------------------------

    pub(crate) fn node(&self, inode: u64) -> &Node {
        self.nodes.get(&inode).expect("an open file is kept")
    }

    pub(crate) fn node_mut(&mut self, inode: u64) -> &mut Node {
        self.nodes.get_mut(&inode).expect("an open file is kept")
    }

    pub(crate) fn write(&mut self, inode: u64, offset: u64, bytes: &[u8]) -> Result<(), Failure> {
        let (bytes, failure) = match self.strike(Step::Write)? {
            None => (bytes, None),
            Some(Fault::ShortWrite) => (&bytes[..bytes.len() / 2], Some(Failure::Full)),
            Some(Fault::Full) => return Err(Failure::Full),
            Some(Fault::Io | Fault::Sync) => return Err(Failure::Io),
        };
        self.need_room(inode, offset + bytes.len() as u64)?;
        let node = self.node_mut(inode);
        node.content.write(offset, bytes);
        node.pending.push(Pending::Write {
            offset,
            bytes: bytes.into(),
        });
        failure.map_or(Ok(()), Err)
    }

    pub(crate) fn set_length(&mut self, inode: u64, length: u64) -> Result<(), Failure> {
        self.step(Step::Length)?;
        self.need_room(inode, length)?;
        let node = self.node_mut(inode);
        node.content.set_length(length);
        node.pending.push(Pending::Length(length));
        Ok(())
    }

    pub(crate) fn sync(&mut self, inode: u64) -> Result<(), Failure> {
        match self.strike(Step::Sync)? {
            None => {
                self.node_mut(inode).settle();
                Ok(())
            }
            Some(Fault::Sync) => {
                let node = self.node_mut(inode);
                node.pending.clear();
                node.has_lost = true;
                Err(Failure::Io)
            }
            Some(Fault::Full | Fault::ShortWrite) => Err(Failure::Full),
            Some(Fault::Io) => Err(Failure::Io),
        }
    }

    pub(crate) fn damage(&mut self, path: &Path, change: impl FnOnce(&mut Vec<u8>)) -> bool {
        let Ok(inode) = self.file(path) else {
            return false;
        };
        let node = self.node_mut(inode);
        let mut bytes = vec![0; usize::try_from(node.content.length()).expect("it is in memory")];
        node.content.read(0, &mut bytes);
        change(&mut bytes);
        let mut content = Content::default();
        content.write(0, &bytes);
        node.content = content.clone();
        node.durable = content;
        node.pending.clear();
        node.has_lost = false;
        true
    }

    // ---- Names -----------------------------------------------------------------------------------------------------

    pub(crate) fn file(&self, path: &Path) -> Result<u64, Failure> {
        match self.names.get(path) {
            Some(Entry::File(inode)) => Ok(*inode),
            Some(Entry::Folder) => Err(Failure::Io),
            None => Err(Failure::NotFound),
        }
    }

    pub(crate) fn folder(&self, path: &Path) -> Result<(), Failure> {
        match self.names.get(path) {
            Some(Entry::Folder) => Ok(()),
            Some(Entry::File(_)) => Err(Failure::Io),
            None => Err(Failure::NotFound),
        }
    }

    pub(crate) fn children(&self, folder: &Path) -> Vec<PathBuf> {
        let names = self.names.keys();
        names
            .filter(|path| path.parent() == Some(folder))
            .cloned()
            .collect()
    }

    fn change_name(&mut self, change: NameChange) {
        change.apply(&mut self.names);
        self.pending_names.push(change);
    }

    /// Opens a file and keeps it until [`Self::close`].
    pub(crate) fn open(&mut self, path: &Path, how: Opening) -> Result<u64, Failure> {
        if self.stopped {
            return Err(Failure::Io);
        }
        self.folder(path.parent().unwrap_or(Path::new("/")))?;
        let inode = match (self.file(path), how) {
            (Ok(_), Opening::New) => return Err(Failure::Exists),
            (Ok(inode), Opening::Empty) => {
                if self.node(inode).content.length() > 0 {
                    self.set_length(inode, 0)?;
                }
                inode
            }
            (Ok(inode), _) => {
                self.step(Step::Read)?;
                inode
            }
            (Err(Failure::NotFound), how) if how != Opening::Read => {
                self.step(Step::Create)?;
                let inode = self.new_node();
                self.change_name(NameChange::Put(path.to_owned(), Entry::File(inode)));
                inode
            }
            (Err(failure), _) => return Err(failure),
        };
        self.node_mut(inode).open += 1;
        Ok(inode)
    }

    /// A file without a name, gone when it is closed.
    pub(crate) fn open_nameless(&mut self) -> Result<u64, Failure> {
        self.step(Step::Create)?;
        let inode = self.new_node();
        self.node_mut(inode).open = 1;
        Ok(inode)
    }

    fn new_node(&mut self) -> u64 {
        let inode = self.next_inode;
        self.next_inode += 1;
        self.nodes.insert(inode, Node::default());
        inode
    }

    pub(crate) fn close(&mut self, inode: u64) {
        let node = self.node_mut(inode);
        node.open -= 1;
        if node.open == 0 {
            self.forget_unreachable();
        }
    }

    pub(crate) fn make_folder(&mut self, folder: &Path) -> Result<(), Failure> {
        match self.folder(folder) {
            Err(Failure::NotFound) => {}
            other => return other,
        }
        let parent = folder.parent().ok_or(Failure::NotFound)?;
        self.make_folder(parent)?;
        self.step(Step::Create)?;
        self.change_name(NameChange::Put(folder.to_owned(), Entry::Folder));
        self.sync_folder(parent)
    }

    pub(crate) fn rename(&mut self, from: &Path, to: &Path) -> Result<(), Failure> {
        self.step(Step::Name)?;
        let entry = *self.names.get(from).ok_or(Failure::NotFound)?;
        self.folder(to.parent().unwrap_or(Path::new("/")))?;
        self.change_name(NameChange::Rename(from.to_owned(), to.to_owned(), entry));
        self.forget_unreachable();
        Ok(())
    }

    pub(crate) fn remove(&mut self, path: &Path) -> Result<(), Failure> {
        self.file(path)?;
        self.step(Step::Name)?;
        self.change_name(NameChange::Remove(path.to_owned()));
        self.forget_unreachable();
        Ok(())
    }

    pub(crate) fn sync_folder(&mut self, folder: &Path) -> Result<(), Failure> {
        self.folder(folder)?;
        self.step(Step::Sync)?;
        for change in std::mem::take(&mut self.pending_names) {
            if change.is_in(folder) {
                change.apply(&mut self.durable_names);
            } else {
                self.pending_names.push(change);
            }
        }
        self.forget_unreachable();
        Ok(())
    }

    fn forget_unreachable(&mut self) {
        let mut reachable: BTreeSet<u64> = BTreeSet::new();
        let pending = self.pending_names.iter().filter_map(|change| match change {
            NameChange::Put(_, entry) | NameChange::Rename(_, _, entry) => Some(entry),
            NameChange::Remove(_) => None,
        });
        for entry in self
            .names
            .values()
            .chain(self.durable_names.values())
            .chain(pending)
        {
            if let Entry::File(inode) = entry {
                reachable.insert(*inode);
            }
        }
        self.nodes
            .retain(|inode, node| node.open > 0 || reachable.contains(inode));
    }

    // ---- The end of a machine ----------------------------------------------------------------------------------------

    pub(crate) fn crash(&mut self, loss: Loss) {
        match loss {
            Loss::Nothing => self.durable_names.clone_from(&self.names),
            Loss::Everything => {}
            Loss::Chance(seed) => {
                let mut chance = Chance(seed);
                let mut ended: BTreeSet<PathBuf> = BTreeSet::new();
                for change in std::mem::take(&mut self.pending_names) {
                    let folder = change.folder().unwrap_or(Path::new("/")).to_owned();
                    if ended.contains(&folder) {
                        continue;
                    }
                    if chance.one_in(3) {
                        ended.insert(folder);
                        continue;
                    }
                    change.apply(&mut self.durable_names);
                }
                for node in self.nodes.values_mut() {
                    node.keep_some(&mut chance);
                }
            }
        }
        for node in self.nodes.values_mut() {
            if loss == Loss::Nothing {
                node.durable = node.content.clone();
            }
            *node = Node {
                content: node.durable.clone(),
                durable: std::mem::take(&mut node.durable),
                ..Node::default()
            };
        }
        self.pending_names.clear();
        self.names = std::mem::take(&mut self.durable_names);
        self.drop_what_hangs_in_the_air();
        self.durable_names = self.names.clone();
        self.begin_life();
        self.forget_unreachable();
    }

    /// A name is nothing without its folder.
    fn drop_what_hangs_in_the_air(&mut self) {
        let mut kept: BTreeMap<PathBuf, Entry> = BTreeMap::new();
        // A folder sorts before what is in it.
        for (path, entry) in std::mem::take(&mut self.names) {
            if path
                .parent()
                .is_none_or(|parent| kept.get(parent) == Some(&Entry::Folder))
            {
                kept.insert(path, entry);
            }
        }
        self.names = kept;
    }

    fn begin_life(&mut self) {
        self.life += 1;
        self.held.clear();
        self.stop_at = None;
        self.stopped = false;
        self.failing = None;
    }

    pub(crate) fn image(&self) -> Image {
        let mut files = BTreeMap::new();
        for entry in self.names.values() {
            if let Entry::File(inode) = entry {
                files.insert(*inode, self.node(*inode).content.clone());
            }
        }
        Image {
            names: self.names.clone(),
            files,
            next_inode: self.next_inode,
        }
    }

    pub(crate) fn restore(&mut self, image: &Image) {
        self.nodes.clear();
        for (inode, content) in &image.files {
            let node = Node {
                content: content.clone(),
                durable: content.clone(),
                ..Node::default()
            };
            self.nodes.insert(*inode, node);
        }
        self.names.clone_from(&image.names);
        self.durable_names.clone_from(&image.names);
        self.pending_names.clear();
        self.next_inode = image.next_inode.max(1);
        self.begin_life();
    }

    pub(crate) fn randomness(&mut self) -> u64 {
        let mut chance = Chance(self.random);
        let number = chance.next();
        self.random = chance.0;
        number
    }
}

impl Node {
    fn settle(&mut self) {
        if self.has_lost {
            for pending in std::mem::take(&mut self.pending) {
                match pending {
                    Pending::Write { offset, bytes } => self.durable.write(offset, &bytes),
                    Pending::Length(length) => self.durable.set_length(length),
                }
            }
        } else {
            self.durable = self.content.clone();
            self.pending.clear();
        }
    }

    fn keep_some(&mut self, chance: &mut Chance) {
        for pending in std::mem::take(&mut self.pending) {
            match (pending, chance.next() % 3) {
                (_, 0) => {}
                (Pending::Length(length), _) => self.durable.set_length(length),
                (Pending::Write { offset, bytes }, 1) => self.durable.write(offset, &bytes),
                (Pending::Write { offset, bytes }, _) => {
                    let mut at = 0;
                    while at < bytes.len() {
                        // Sectors lie where the disk has them, not where the write begins.
                        let place = usize::try_from(offset).unwrap_or(0) + at;
                        let end = (at + SECTOR - place % SECTOR).min(bytes.len());
                        if chance.one_in(2) {
                            self.durable.write(offset + at as u64, &bytes[at..end]);
                        }
                        at = end;
                    }
                }
            }
        }
    }
}

/// splitmix64: the same numbers for the same seed, everywhere.
struct Chance(u64);

impl Chance {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut number = self.0;
        number = (number ^ (number >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        number = (number ^ (number >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        number ^ (number >> 31)
    }

    fn one_in(&mut self, n: u64) -> bool {
        self.next().is_multiple_of(n)
    }
}
