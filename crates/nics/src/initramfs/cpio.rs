//! The archives that an initramfs is made of.
//!
//! *Source*: Documentation/driver-api/early-userspace/buffer-format.rst of Linux: "newc" archives, each plain or
//! compressed, one after the other, with zero bytes between them.

use std::collections::BTreeMap;
use std::io::{self, Read};

/// A .link file has a few hundred bytes; of a file that has more than this only these words are kept.
const MOST_BYTES: u64 = 1 << 20;
const TOO_LARGE: &[u8] = b"(too large)";
const HEADER: usize = 110;
const END: &[u8] = b"TRAILER!!!";
const KIND: u32 = 0o170_000;
const REGULAR: u32 = 0o100_000;
const SYMLINK: u32 = 0o120_000;

/// The wanted files of an initramfs: path below `/` to bytes.
#[derive(Debug, Default)]
pub struct Files {
    files: BTreeMap<String, Vec<u8>>,
    symlinks: BTreeMap<String, String>,
}

/// Device and inode: names of one file have the same.
type Identity = (u32, u32, u32);

/// Names of a file with several names: its bytes come with the last.
#[derive(Default)]
struct HardLinks {
    waiting: BTreeMap<Identity, Vec<String>>,
}

impl Files {
    /// Reads one archive from behind its first six bytes, which told that it is one, to its end. `wanted` says which
    /// paths are kept.
    ///
    /// *Errors*: the archive is cut off or no newc archive.
    pub fn read_archive(&mut self, from: &mut dyn Read, wanted: &dyn Fn(&str) -> bool) -> io::Result<()> {
        let mut magic_was_read = true;
        let mut links = HardLinks::default();
        loop {
            let entry = Entry::read(from, magic_was_read)?;
            magic_was_read = false;
            if entry.name == END {
                return Ok(());
            }
            self.take(&entry, from, wanted, &mut links)?;
        }
    }

    fn take(
        &mut self,
        entry: &Entry,
        from: &mut dyn Read,
        wanted: &dyn Fn(&str) -> bool,
        links: &mut HardLinks,
    ) -> io::Result<()> {
        let name = String::from_utf8_lossy(&entry.name);
        let name = name.trim_start_matches("./").trim_start_matches('/').to_owned();
        let names = links.names(entry, wanted(&name).then_some(name));
        if u64::from(entry.size) > MOST_BYTES {
            let kept = names.into_iter().map(|name| (name, TOO_LARGE.to_vec()));
            self.files.extend(kept);
            return skip(from, padded(u64::from(entry.size)));
        }
        if names.is_empty() {
            return skip(from, padded(u64::from(entry.size)));
        }
        let mut bytes = vec![0; entry.size as usize];
        from.read_exact(&mut bytes)?;
        skip(from, padded(u64::from(entry.size)) - u64::from(entry.size))?;
        for name in names {
            match entry.mode & KIND {
                REGULAR => drop(self.files.insert(name, bytes.clone())),
                SYMLINK => drop(self.symlinks.insert(name, String::from_utf8_lossy(&bytes).into_owned())),
                _ => {}
            }
        }
        Ok(())
    }

    /// The files, links among them followed: one that leads to /dev/null is empty; one that leads out of what was
    /// wanted has `-> TARGET` for its bytes, as no file of its kind has.
    pub fn into_map(self) -> BTreeMap<String, Vec<u8>> {
        let mut map = self.files.clone();
        for (name, target) in &self.symlinks {
            let path = resolved(name, target);
            let bytes = match self.files.get(&path) {
                Some(bytes) => bytes.clone(),
                None if path == "dev/null" => Vec::new(),
                None => format!("-> {target}").into_bytes(),
            };
            map.insert(name.clone(), bytes);
        }
        map
    }
}

/// Where a link leads, below `/`.
fn resolved(name: &str, target: &str) -> String {
    let directory = name.rsplit_once('/').map_or("", |(directory, _)| directory);
    let start = if target.starts_with('/') { "" } else { directory };
    let mut parts: Vec<&str> = Vec::new();
    for part in start.split('/').chain(target.split('/')) {
        match part {
            "" | "." => {}
            ".." => drop(parts.pop()),
            part => parts.push(part),
        }
    }
    parts.join("/")
}

impl HardLinks {
    /// The wanted names whose bytes come with this entry.
    fn names(&mut self, entry: &Entry, name: Option<String>) -> Vec<String> {
        if entry.links < 2 || entry.mode & KIND != REGULAR {
            return name.into_iter().collect();
        }
        if entry.size == 0 {
            self.waiting.entry(entry.identity).or_default().extend(name);
            return Vec::new();
        }
        let mut names = self.waiting.remove(&entry.identity).unwrap_or_default();
        names.extend(name);
        names
    }
}

/// The head of a member.
struct Entry {
    name: Vec<u8>,
    mode: u32,
    links: u32,
    size: u32,
    identity: Identity,
}

impl Entry {
    fn read(from: &mut dyn Read, magic_was_read: bool) -> io::Result<Self> {
        let mut header = [b'0'; HEADER];
        header[..6].copy_from_slice(b"070701");
        let start = if magic_was_read { 6 } else { 0 };
        from.read_exact(&mut header[start..])?;
        if !is_magic(&header) {
            return Err(damaged());
        }
        let field = |index: usize| -> io::Result<u32> {
            let digits = std::str::from_utf8(&header[6 + 8 * index..][..8]).map_err(|_| damaged())?;
            u32::from_str_radix(digits, 16).map_err(|_| damaged())
        };
        // The length of a path: anything longer is not a header.
        let length = field(11)? as usize;
        if length == 0 || length > 4096 {
            return Err(damaged());
        }
        let mut name = vec![0; length];
        from.read_exact(&mut name)?;
        name.pop();
        let read = (HEADER + length) as u64;
        skip(from, padded(read) - read)?;
        Ok(Self {
            name,
            mode: field(1)?,
            links: field(4)?,
            size: field(6)?,
            identity: (field(7)?, field(8)?, field(0)?),
        })
    }
}

/// Whether bytes begin a newc archive.
pub fn is_magic(bytes: &[u8]) -> bool {
    bytes.starts_with(b"070701") || bytes.starts_with(b"070702")
}

fn damaged() -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, "it is not a cpio archive")
}

fn padded(length: u64) -> u64 {
    length.next_multiple_of(4)
}

fn skip(from: &mut dyn Read, bytes: u64) -> io::Result<()> {
    let skipped = io::copy(&mut from.take(bytes), &mut io::sink())?;
    if skipped == bytes {
        Ok(())
    } else {
        Err(io::ErrorKind::UnexpectedEof.into())
    }
}
