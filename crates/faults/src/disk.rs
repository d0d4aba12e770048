//! A model of what a disk has when the power goes: names and bytes that were flushed, and those that were not.
//!
//! *Source*: fsync(2): the bytes of a file are on the disk once the file is flushed, its name once its directory is.
//! Nothing else is promised, so any of what is not flushed may be there or not.

use cleat_root::Call;
use std::collections::BTreeMap;
use std::ffi::OsString;
use std::fs;
use std::os::unix::fs::{PermissionsExt, symlink};
use std::path::{Path, PathBuf};

/// What is lost of that which was not flushed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Loss {
    /// Nothing: the program was killed, and the kernel lived.
    Nothing,
    /// All of it.
    Everything,
    /// The bytes, and no name: how a file that was renamed unflushed comes back empty.
    Bytes,
    /// Each name and the bytes of each file or not, by a number that stands for the choice.
    Some(u64),
}

/// Names one file or directory, whatever its name is now.
type Inode = u64;

#[derive(Clone, Debug)]
enum Node {
    Directory(Inode),
    File(Inode),
    Link(PathBuf),
}

#[derive(Clone, Debug)]
struct File {
    flushed: Vec<u8>,
    now: Vec<u8>,
    mode: u32,
}

/// A name in a directory.
type Name = (Inode, OsString);

#[derive(Clone, Debug)]
enum DirectoryChange {
    Add(Name, Node),
    Remove(Name),
    Rename(Name, Name),
}

impl DirectoryChange {
    fn touches(&self, directory: Inode) -> bool {
        match self {
            DirectoryChange::Add((at, _), _) | DirectoryChange::Remove((at, _)) => *at == directory,
            DirectoryChange::Rename((from, _), (to, _)) => *from == directory || *to == directory,
        }
    }
}

/// All names, by directory.
#[derive(Clone, Debug, Default)]
struct Directories(BTreeMap<Inode, BTreeMap<OsString, Node>>);

impl Directories {
    fn apply(&mut self, change: &DirectoryChange) {
        match change {
            DirectoryChange::Add((at, name), node) => {
                self.0.entry(*at).or_default().insert(name.clone(), node.clone());
            }
            DirectoryChange::Remove((at, name)) => {
                self.0.entry(*at).or_default().remove(name);
            }
            DirectoryChange::Rename((from, old), (to, new)) => {
                // Its source may be one of the names that were lost: then there is nothing to rename.
                if let Some(node) = self.0.entry(*from).or_default().remove(old) {
                    self.0.entry(*to).or_default().insert(new.clone(), node);
                }
            }
        }
    }
}

/// The root directory.
const TOP: Inode = 0;

/// The disk below a directory.
#[derive(Debug)]
pub(crate) struct Disk {
    top: PathBuf,
    next: Inode,
    files: BTreeMap<Inode, File>,
    now: Directories,
    flushed: Directories,
    waiting: Vec<DirectoryChange>,
}

impl Disk {
    /// The disk as it is, all of it flushed.
    pub fn of(top: &Path) -> Self {
        let mut disk = Self {
            top: top.to_owned(),
            next: TOP + 1,
            files: BTreeMap::new(),
            now: Directories::default(),
            flushed: Directories::default(),
            waiting: Vec::new(),
        };
        disk.take_up(top, TOP);
        disk.flushed = disk.now.clone();
        disk
    }

    fn take_up(&mut self, path: &Path, inode: Inode) {
        self.now.0.entry(inode).or_default();
        for entry in fs::read_dir(path).into_iter().flatten().flatten() {
            let node = self.node_of(&entry.path());
            if let Node::Directory(inode) = node {
                self.take_up(&entry.path(), inode);
            }
            self.now.0.entry(inode).or_default().insert(entry.file_name(), node);
        }
    }

    /// A node for what is at a path, with its bytes flushed.
    fn node_of(&mut self, path: &Path) -> Node {
        let found = fs::symlink_metadata(path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
        if found.is_symlink() {
            return Node::Link(fs::read_link(path).unwrap_or_default());
        }
        self.next += 1;
        if found.is_dir() {
            return Node::Directory(self.next);
        }
        let bytes = fs::read(path).unwrap_or_default();
        let file = File {
            flushed: bytes.clone(),
            now: bytes,
            mode: found.permissions().mode() & 0o7777,
        };
        self.files.insert(self.next, file);
        Node::File(self.next)
    }

    /// Notes a call that was made.
    pub fn note(&mut self, call: Call<'_>) {
        match call {
            Call::Look(_) | Call::Read(_) => {}
            Call::Create(path) | Call::MakeDirectory(path) => self.add(path),
            Call::Write(path, _) | Call::Attributes(path) => self.written(path),
            Call::SyncFile(path) => {
                if let Some(file) = self.file(path) {
                    file.flushed.clone_from(&file.now);
                }
            }
            Call::SyncDirectory(path) => self.flush_names(path),
            Call::Rename(from, to) => {
                if let (Some(from), Some(to)) = (self.name(from), self.name(to)) {
                    self.change(DirectoryChange::Rename(from, to));
                }
            }
            Call::Remove(path) => {
                if let Some(name) = self.name(path) {
                    self.change(DirectoryChange::Remove(name));
                }
            }
        }
    }

    fn add(&mut self, path: &Path) {
        let Some(name) = self.name(path) else { return };
        if self.now.0.get(&name.0).is_some_and(|names| names.contains_key(&name.1)) {
            return;
        }
        let node = self.node_of(path);
        if let Node::Directory(inode) = node {
            self.now.0.entry(inode).or_default();
            self.flushed.0.entry(inode).or_default();
        }
        self.change(DirectoryChange::Add(name, node));
    }

    fn written(&mut self, path: &Path) {
        let bytes = fs::read(path).unwrap_or_default();
        let mode = fs::metadata(path).map(|found| found.permissions().mode() & 0o7777);
        if let Some(file) = self.file(path) {
            file.now = bytes;
            file.mode = mode.unwrap_or(file.mode);
        }
    }

    fn change(&mut self, change: DirectoryChange) {
        self.now.apply(&change);
        self.waiting.push(change);
    }

    fn flush_names(&mut self, path: &Path) {
        let Some(Node::Directory(directory)) = self.node(path) else {
            return;
        };
        let (flushed, waiting) = self.waiting.drain(..).partition(|change| change.touches(directory));
        self.waiting = waiting;
        let flushed: Vec<DirectoryChange> = flushed;
        flushed.iter().for_each(|change| self.flushed.apply(change));
    }

    fn node(&self, path: &Path) -> Option<Node> {
        let below = path.strip_prefix(&self.top).ok()?;
        let mut node = Node::Directory(TOP);
        for part in below {
            let Node::Directory(inode) = node else { return None };
            node = self.now.0.get(&inode)?.get(part)?.clone();
        }
        Some(node)
    }

    fn file(&mut self, path: &Path) -> Option<&mut File> {
        match self.node(path)? {
            Node::File(inode) => self.files.get_mut(&inode),
            _ => None,
        }
    }

    fn name(&self, path: &Path) -> Option<Name> {
        match self.node(path.parent()?)? {
            Node::Directory(inode) => Some((inode, path.file_name()?.to_owned())),
            _ => None,
        }
    }

    /// Makes the directory what the disk may have after a cut.
    pub fn put_back(&self, loss: Loss) {
        let mut choice = Coin(match loss {
            Loss::Some(number) => number,
            _ => 0,
        });
        let mut tree = self.flushed.clone();
        for change in &self.waiting {
            let kept = match loss {
                Loss::Nothing | Loss::Bytes => true,
                Loss::Everything => false,
                Loss::Some(_) => choice.next(),
            };
            if kept {
                tree.apply(change);
            }
        }
        let mut bytes = BTreeMap::new();
        for (inode, file) in &self.files {
            let kept = match loss {
                Loss::Nothing => true,
                Loss::Everything | Loss::Bytes => false,
                Loss::Some(_) => choice.next(),
            };
            bytes.insert(*inode, if kept { &file.now } else { &file.flushed });
        }
        clear(&self.top);
        self.lay_out(&tree, &bytes, TOP, &self.top);
    }

    fn lay_out(&self, tree: &Directories, bytes: &BTreeMap<Inode, &Vec<u8>>, inode: Inode, path: &Path) {
        let fail = |error: std::io::Error| panic!("{}: {error}", path.display());
        for (name, node) in tree.0.get(&inode).into_iter().flatten() {
            let path = path.join(name);
            match node {
                Node::Directory(inode) => {
                    fs::create_dir(&path).unwrap_or_else(fail);
                    self.lay_out(tree, bytes, *inode, &path);
                }
                Node::Link(target) => symlink(target, &path).unwrap_or_else(fail),
                Node::File(inode) => {
                    fs::write(&path, bytes.get(inode).map_or(&[][..], |bytes| bytes)).unwrap_or_else(fail);
                    let mode = self.files.get(inode).map_or(0o644, |file| file.mode);
                    fs::set_permissions(&path, fs::Permissions::from_mode(mode)).unwrap_or_else(fail);
                }
            }
        }
    }
}

fn clear(top: &Path) {
    for entry in fs::read_dir(top).into_iter().flatten().flatten() {
        let path = entry.path();
        let is_directory = entry.file_type().is_ok_and(|kind| kind.is_dir());
        let removed = if is_directory {
            fs::remove_dir_all(&path)
        } else {
            fs::remove_file(&path)
        };
        removed.unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    }
}

/// A row of yes and no that one number stands for (xorshift).
struct Coin(u64);

impl Coin {
    fn next(&mut self) -> bool {
        let mut word = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        word ^= word << 13;
        word ^= word >> 7;
        word ^= word << 17;
        self.0 = word;
        word & 0x10 != 0
    }
}
