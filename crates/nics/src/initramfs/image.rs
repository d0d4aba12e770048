//! What .link files an image of an initramfs carries.

use super::cpio::{self, Files};
use crate::programs::{Failure, Programs};
use cleat_naming::carried::LinkSet;
use cleat_root::{Root, RootError, os_text, paths};
use std::cell::RefCell;
use std::collections::BTreeSet;
use std::fmt;
use std::io::{self, Read};
use std::path::{Path, PathBuf};

/// Most bytes of an image; real ones have up to 200 MiB.
const MOST_BYTES: u64 = 1 << 30;

/// What an image carries, as far as names are concerned.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Carried {
    /// Its .link files.
    pub links: LinkSet,
    /// Whether `cleat-early` is in it.
    pub early: bool,
    /// The kernel modules in it, by name: `virtio_net`.
    pub modules: BTreeSet<String>,
}

/// Why an image cannot be read.
#[derive(Debug)]
pub enum Unreadable {
    /// The file.
    File(RootError),
    /// The program that unpacks it.
    Program(PathBuf, Failure),
    /// What is in it.
    Content(PathBuf, String),
}

impl fmt::Display for Unreadable {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Unreadable::File(error) => write!(out, "{error}"),
            Unreadable::Program(path, failure) => write!(out, "cannot unpack {}: {failure}", path.display()),
            Unreadable::Content(path, reason) => write!(out, "cannot read {}: {reason}", path.display()),
        }
    }
}

/// Reads an image: plain archives first (microcode), then the one that is compressed.
///
/// # Errors
/// It cannot be read, is compressed in a way that is not known, or its program is missing.
pub fn read(root: &Root, path: &Path, programs: &dyn Programs) -> Result<Carried, Unreadable> {
    let bytes = root.read_up_to(path, MOST_BYTES).map_err(Unreadable::File)?;
    let mut files = Files::default();
    let modules = RefCell::new(BTreeSet::new());
    let wanted = |name: &str| {
        modules.borrow_mut().extend(module_of(name));
        wanted(name)
    };
    let content = |error: io::Error| Unreadable::Content(path.to_owned(), os_text(&error));
    let mut rest: &[u8] = &bytes;
    read_archives(&mut rest, &mut files, &wanted).map_err(content)?;
    if !rest.is_empty() {
        let Some(unpack) = unpacker(rest) else {
            let reason = "it is compressed in a way that is not known".to_owned();
            return Err(Unreadable::Content(path.to_owned(), reason));
        };
        let mut read = |from: &mut dyn Read| read_stream(from, &mut files, &wanted);
        programs
            .filter(unpack, rest, &mut read)
            .map_err(|failure| Unreadable::Program(path.to_owned(), failure))?;
    }
    let files = files.into_map();
    Ok(Carried {
        links: LinkSet::of_archive(files.iter().map(|(name, bytes)| (name.as_str(), bytes.as_slice()))),
        early: files.contains_key(paths::EARLY.trim_start_matches('/')),
        modules: modules.into_inner(),
    })
}

/// Which members of an archive are of interest.
fn wanted(name: &str) -> bool {
    name.contains("systemd/network/") || name == paths::EARLY.trim_start_matches('/')
}

/// The module of that file; the kernel takes `-` and `_` for one character in names of modules.
fn module_of(name: &str) -> Option<String> {
    let (_, file) = name.rsplit_once('/')?;
    let (module, compressed) = file.split_once(".ko")?;
    matches!(compressed, "" | ".gz" | ".xz" | ".zst").then(|| module.replace('-', "_"))
}

/// Reads the plain archives at the start of `rest` and moves it behind them.
fn read_archives(rest: &mut &[u8], files: &mut Files, wanted: &dyn Fn(&str) -> bool) -> io::Result<()> {
    loop {
        let zeros = rest.iter().take_while(|byte| **byte == 0).count();
        *rest = &rest[zeros..];
        if !cpio::is_magic(rest) {
            return Ok(());
        }
        *rest = &rest[6..];
        files.read_archive(rest, wanted)?;
    }
}

/// Reads all archives of what a program unpacks, to the end of it.
fn read_stream(from: &mut dyn Read, files: &mut Files, wanted: &dyn Fn(&str) -> bool) -> io::Result<()> {
    let from = &mut io::BufReader::with_capacity(1 << 16, from);
    let mut magic = [0; 6];
    while next_magic(from, &mut magic)? {
        if !cpio::is_magic(&magic) {
            return Err(io::Error::new(io::ErrorKind::InvalidData, "it is not a cpio archive"));
        }
        files.read_archive(from, wanted)?;
    }
    Ok(())
}

/// Reads the six bytes behind zeros; false at the end.
fn next_magic(from: &mut dyn Read, magic: &mut [u8; 6]) -> io::Result<bool> {
    let mut one = [0];
    loop {
        if from.read(&mut one)? == 0 {
            return Ok(false);
        }
        if one[0] != 0 {
            magic[0] = one[0];
            return from.read_exact(&mut magic[1..]).map(|()| true);
        }
    }
}

/// The program that unpacks what begins so.
///
/// *Source*: lib/decompress.c of Linux; the names are those of initramfs.conf(5), `COMPRESS`.
fn unpacker(bytes: &[u8]) -> Option<&'static [&'static str]> {
    let known: [(&[u8], &'static [&'static str]); 7] = [
        (&[0x1f, 0x8b], &["gzip", "-dcq"]),
        (&[0x28, 0xb5, 0x2f, 0xfd], &["zstd", "-dcq"]),
        (&[0xfd, b'7', b'z', b'X', b'Z', 0], &["xz", "-dcq"]),
        (&[0x02, 0x21, 0x4c, 0x18], &["lz4", "-dcq"]),
        (b"BZh", &["bzip2", "-dcq"]),
        (&[0x89, b'L', b'Z', b'O'], &["lzop", "-dcq"]),
        (&[0x5d, 0, 0], &["xz", "-dcq", "--format=lzma"]),
    ];
    known
        .into_iter()
        .find(|(magic, _)| bytes.starts_with(magic))
        .map(|(_, words)| words)
}
