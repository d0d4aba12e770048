//! One committed configuration, and how it lies on the disk.

use crate::content::as_path;
use crate::{Content, Digest, Files, StoreError, Timestamp, json};
use cleat_root::{Durability, Root};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::fmt;
use std::path::{Path, PathBuf};

/// The version that is written; an unknown one is not read.
const VERSION: u32 = 1;
/// What says what a generation is, in its directory.
const MANIFEST: &str = "generation.json";
/// What became of it, beside the manifest.
const HEALTH: &str = "health.json";

/// How the name of a generation begins while it is written.
const MAKING: &str = ".new-";
/// And while it is removed.
const GOING: &str = ".old-";

/// What made a generation.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", tag = "kind")]
pub enum Occasion {
    /// It was there already: before the first commit, or changed by hand since the last.
    Found,
    /// A staged file, taken at boot.
    Boot,
    /// A live change.
    Live,
    /// The network that another program had brought up, when cleat took over.
    Takeover,
    /// `ifup -a`, as at a boot, found the files changed.
    Ifup,
    /// `ifreload -a` found the files changed: by hand, or by Proxmox VE's web interface.
    Ifreload,
    /// An earlier generation, brought back on request.
    Rollback {
        /// Which.
        of: u32,
    },
    /// What held before a generation that failed or was not confirmed.
    Undo {
        /// The generation that was undone.
        of: u32,
    },
}

impl fmt::Display for Occasion {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Occasion::Found => out.write_str("found"),
            Occasion::Boot => out.write_str("boot"),
            Occasion::Live => out.write_str("live"),
            Occasion::Takeover => out.write_str("takeover"),
            Occasion::Ifup => out.write_str("ifup -a"),
            Occasion::Ifreload => out.write_str("ifreload -a"),
            Occasion::Rollback { of } => write!(out, "rollback to {of}"),
            Occasion::Undo { of } => write!(out, "undo of {of}"),
        }
    }
}

/// Whether the host came up with a generation.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", tag = "health")]
pub enum Health {
    /// Nobody looked.
    #[default]
    Unknown,
    /// It did.
    Healthy {
        /// When that was found.
        time: Timestamp,
    },
    /// It did not.
    Failed {
        /// When that was found.
        time: Timestamp,
        /// What was wrong.
        reason: String,
    },
}

impl fmt::Display for Health {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Health::Unknown => out.write_str("unknown"),
            Health::Healthy { .. } => out.write_str("healthy"),
            Health::Failed { reason, .. } => write!(out, "failed: {reason}"),
        }
    }
}

/// A committed configuration.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Generation {
    /// Its number, from 1.
    pub number: u32,
    /// When it was made.
    pub time: Timestamp,
    /// What made it.
    pub origin: Occasion,
    /// Who or what asked for it.
    pub by: String,
    /// What changed since the generation before it, in one line; empty where that is not known.
    pub summary: String,
    /// The digest of its files.
    pub digest: Digest,
    /// Whether the host came up with it.
    pub health: Health,
    /// Its files.
    pub files: Files,
    /// Whether it waits in the spool for the history to be mounted.
    pub spooled: bool,
}

#[derive(Serialize, Deserialize)]
struct Manifest {
    version: u32,
    number: u32,
    time: Timestamp,
    #[serde(flatten)]
    origin: Occasion,
    by: String,
    /// Versions that did not note it left it out.
    #[serde(default)]
    summary: String,
    digest: Digest,
    files: Vec<Saved>,
}

#[derive(Serialize, Deserialize)]
struct Saved {
    #[serde(with = "as_path")]
    path: PathBuf,
    /// Its name beside the manifest.
    saved_as: String,
    mode: u32,
}

/// The directory of a generation.
pub(crate) fn directory(archive: &str, number: u32) -> PathBuf {
    Path::new(archive).join(number.to_string())
}

/// The numbers that an archive has, in order.
pub(crate) fn numbers(root: &Root, archive: &str) -> Result<Vec<u32>, StoreError> {
    let names = match root.read_dir(archive) {
        Ok(names) => names,
        Err(error) if error.is_missing() => return Ok(Vec::new()),
        Err(error) => return Err(error.into()),
    };
    let mut numbers: Vec<u32> = names.iter().filter_map(|name| name.to_str()?.parse().ok()).collect();
    numbers.sort_unstable();
    Ok(numbers)
}

/// Removes what a cut left half written in an archive, and beside the mark of a generation.
pub(crate) fn sweep(root: &Root, archive: &str) -> Result<(), StoreError> {
    for name in root.read_dir(archive)? {
        let path = Path::new(archive).join(&name);
        let is_half = |sign: &str| name.as_encoded_bytes().starts_with(sign.as_bytes());
        if is_half(MAKING) || is_half(GOING) {
            root.remove_dir_all(path)?;
        } else {
            root.sweep(path)?;
        }
    }
    Ok(())
}

/// Removes a generation from an archive: under another name, so that a cut leaves all of it or nothing. Returns whether
/// there was one.
pub(crate) fn remove(root: &Root, archive: &str, number: u32) -> Result<bool, StoreError> {
    let going = Path::new(archive).join(format!("{GOING}{number}"));
    root.remove_dir_all(&going)?;
    match root.rename(directory(archive, number), &going) {
        Ok(()) => {}
        Err(error) if error.is_missing() => return Ok(false),
        Err(error) => return Err(error.into()),
    }
    root.sync_directory(archive)?;
    root.remove_dir_all(&going)?;
    Ok(true)
}

impl Generation {
    /// Writes it into an archive: under another name first, so that a cut leaves all of it or nothing.
    pub(crate) fn write(&self, root: &Root, archive: &str) -> Result<(), StoreError> {
        root.create_dir_all_durable(archive)?;
        let making = Path::new(archive).join(format!("{MAKING}{}", self.number));
        root.remove_dir_all(&making)?;
        let written = self.write_files(root, &making).and_then(|()| {
            root.rename(&making, directory(archive, self.number))?;
            Ok(root.sync_directory(archive)?)
        });
        if written.is_err() {
            // Best effort: the error that led here is the one to report.
            let _ = root.remove_dir_all(&making);
        }
        written
    }

    fn write_files(&self, root: &Root, making: &Path) -> Result<(), StoreError> {
        root.create_dir_all(making)?;
        let mut files = Vec::new();
        for (at, (path, content)) in self.files.0.iter().enumerate() {
            let saved_as = saved_name(at + 1, path);
            root.write_new(making.join(&saved_as), &content.bytes, 0o600, Durability::Durable)?;
            files.push(Saved {
                path: path.clone(),
                saved_as,
                mode: content.mode,
            });
        }
        let manifest = Manifest {
            version: VERSION,
            number: self.number,
            time: self.time,
            origin: self.origin,
            by: self.by.clone(),
            summary: self.summary.clone(),
            digest: self.digest.clone(),
            files,
        };
        let write = |name, bytes: Vec<u8>| root.write_new(making.join(name), &bytes, 0o600, Durability::Durable);
        write(MANIFEST, json::bytes(&manifest))?;
        if self.health != Health::Unknown {
            write(HEALTH, json::bytes(&self.health))?;
        }
        root.sync_directory(making)?;
        Ok(())
    }

    /// Reads it from an archive, and checks that its files are those that were committed.
    pub(crate) fn read(root: &Root, archive: &str, number: u32) -> Result<Self, StoreError> {
        let directory = directory(archive, number);
        let damaged = |reason: String| StoreError::Damaged {
            path: directory.clone(),
            reason,
        };
        let manifest: Manifest = json::read(root, directory.join(MANIFEST))?.ok_or_else(|| {
            if root.is_dir(&directory) {
                damaged(format!("it has no {MANIFEST}"))
            } else {
                StoreError::NoGeneration(number)
            }
        })?;
        if manifest.version != VERSION {
            return Err(damaged(format!("version {} is not known", manifest.version)));
        }
        if manifest.number != number {
            return Err(damaged(format!("it says that it is number {}", manifest.number)));
        }
        let files = Files(read_files(root, &directory, manifest.files)?);
        if files.digest() != manifest.digest {
            return Err(damaged("its files are not those that were committed".to_owned()));
        }
        Ok(Self {
            number,
            time: manifest.time,
            origin: manifest.origin,
            by: manifest.by,
            summary: manifest.summary,
            digest: manifest.digest,
            health: Self::health_in(root, archive, number),
            files,
            spooled: archive == cleat_root::paths::SPOOL,
        })
    }

    /// Writes what became of it.
    pub(crate) fn mark(root: &Root, archive: &str, number: u32, health: &Health) -> Result<(), StoreError> {
        let path = directory(archive, number).join(HEALTH);
        root.write_atomic_as(path, &json::bytes(health), 0o600, Durability::Durable)?;
        Ok(())
    }

    /// What became of one. That is worth less than the files: a mark that cannot be read is none.
    pub(crate) fn health_in(root: &Root, archive: &str, number: u32) -> Health {
        let mark = json::read(root, directory(archive, number).join(HEALTH));
        mark.ok().flatten().unwrap_or_default()
    }

    /// How many bytes its files have.
    pub fn size(&self) -> u64 {
        self.files.0.values().map(|content| content.bytes.len() as u64).sum()
    }
}

fn read_files(root: &Root, directory: &Path, files: Vec<Saved>) -> Result<BTreeMap<PathBuf, Content>, StoreError> {
    let mut read = BTreeMap::new();
    for Saved { path, saved_as, mode } in files {
        let bytes = root.read(directory.join(saved_as))?;
        read.insert(path, Content { bytes, mode });
    }
    Ok(read)
}

/// The name that a file gets beside the manifest: its number and its own, as far as that is plain.
fn saved_name(number: usize, path: &Path) -> String {
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    let plain: String = name
        .chars()
        .map(|char| {
            if char.is_ascii_alphanumeric() || "-_.".contains(char) {
                char
            } else {
                '_'
            }
        })
        .take(100)
        .collect();
    format!("{number}-{plain}")
}
