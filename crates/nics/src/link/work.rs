//! What a pin or its end does to a host: .link files and sysctl snippets at once, the configuration for the next boot.

use super::configuration::Configuration;
use super::host::Host;
use super::references::{Reference, references};
use super::sysctl_names;
use cleat_diag::Diagnostic;
use cleat_root::paths;
use cleat_store::{Content, FileChange, StoreError};
use std::path::PathBuf;

/// Mode of a file that is made.
const MODE: u32 = 0o644;

/// Everything that changes together.
#[derive(Clone, Debug)]
pub struct Work {
    /// Files that change at once.
    pub files: Vec<FileChange>,
    /// The configuration, renamed.
    pub configuration: Configuration,
    /// Names that become others at the next boot.
    pub renames: Vec<(String, String)>,
    /// Those that become others in the configuration.
    pub in_configuration: Vec<(String, String)>,
    /// What a person has to change.
    pub by_hand: Vec<(String, Reference)>,
    /// Warnings on the way; with an error among them nothing may be done.
    pub told: Vec<Diagnostic>,
}

impl Work {
    /// Nothing yet.
    pub fn new(configuration: Configuration) -> Self {
        Self {
            files: Vec::new(),
            configuration,
            renames: Vec::new(),
            in_configuration: Vec::new(),
            by_hand: Vec::new(),
            told: Vec::new(),
        }
    }

    /// Whether nothing would be changed.
    pub fn is_empty(&self) -> bool {
        self.files.is_empty() && !self.configuration.is_changed()
    }

    /// Whether this is what the other one would do.
    pub fn does_the_same(&self, other: &Self) -> bool {
        let sourced = |work: &Self| work.configuration.sourced();
        self.files == other.files
            && self.configuration.interfaces() == other.configuration.interfaces()
            && sourced(self) == sourced(other)
    }

    /// A file becomes that, or goes.
    ///
    /// *Errors*: what is there cannot be read.
    pub fn put(&mut self, host: &Host, path: PathBuf, bytes: Option<Vec<u8>>) -> Result<(), StoreError> {
        let planned = self.files.iter().position(|change| change.path == path);
        let old = match planned {
            Some(at) => self.files.remove(at).old,
            None => Content::read(&host.root, &path)?,
        };
        let mode = old.as_ref().map_or(MODE, |old| old.mode);
        let new = bytes.map(|bytes| Content { bytes, mode });
        if new != old {
            self.files.push(FileChange { path, old, new });
        }
        Ok(())
    }

    /// A NIC that is called by these names gets another: in the configuration, and in sysctl snippets.
    ///
    /// *Errors*: a snippet cannot be read.
    pub fn rename(&mut self, host: &Host, from: &[&str], to: &str) -> Result<(), StoreError> {
        for name in from.iter().filter(|name| **name != to) {
            if self.configuration.mentions(name) {
                self.told.append(&mut self.configuration.rename(name, to));
                self.in_configuration.push(((*name).to_owned(), to.to_owned()));
            }
            for path in snippets(host) {
                let planned = self.files.iter().find(|change| change.path == path);
                let bytes = match planned.and_then(|change| change.new.as_ref()) {
                    Some(content) => content.bytes.clone(),
                    None => host.root.read(&path)?,
                };
                if let Some(new) = sysctl_names::renamed(&bytes, name, to) {
                    self.put(host, path, Some(new))?;
                }
            }
            let found = references(&host.root, name).into_iter();
            self.by_hand
                .extend(found.map(|reference| (format!("{name} becomes {to}"), reference)));
        }
        if let Some(now) = from.first().filter(|now| **now != to) {
            self.renames.push(((*now).to_owned(), to.to_owned()));
        }
        Ok(())
    }
}

/// The snippets of the administrator.
fn snippets(host: &Host) -> Vec<PathBuf> {
    let found = [paths::SYSCTL_CONF, paths::ETC_SYSCTL_SNIPPETS]
        .into_iter()
        .flat_map(|place| host.root.glob(place, "/"));
    // Debian 12 has a link to /etc/sysctl.conf among the snippets: it is one file.
    let mut seen = std::collections::BTreeSet::new();
    let fresh = found.filter(|path| host.root.identity(path).is_ok_and(|identity| seen.insert(identity)));
    fresh.collect()
}
