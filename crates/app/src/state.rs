//! The record of what we made and set, kept under /run.

use cleat_diag::Diagnostic;
use cleat_model::name::IfName;
use cleat_model::owned::{Owned, OwnedLink};
use cleat_root::{Durability, Root, RootError};
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

/// The version that is written; an unknown one is not read.
const VERSION: u32 = 1;

#[derive(Serialize)]
struct Written<'a> {
    version: u32,
    links: &'a BTreeMap<IfName, OwnedLink>,
}

#[derive(Deserialize)]
struct Read {
    version: u32,
    links: BTreeMap<IfName, OwnedLink>,
}

/// The state as read, and where it goes back to.
#[derive(Clone, Debug)]
pub struct State {
    path: PathBuf,
    read: Owned,
    /// As read with what was adopted since, where anything was.
    adopted: Option<Owned>,
}

impl State {
    /// Reads the state. A file that is not there is an empty state; one that cannot be understood is set aside as
    /// `state.json.damaged-N`, told, and taken for empty: the kernel still shows what is there.
    pub fn load(root: &Root, path: &Path) -> (Self, Vec<Diagnostic>) {
        Self::read(root, path, |reason| set_aside(root, path, reason))
    }

    /// As [`State::load`], for those who only look: a damaged file is told and stays where it is.
    pub fn peek(root: &Root, path: &Path) -> (Self, Vec<Diagnostic>) {
        Self::read(root, path, |reason| damaged(path, reason))
    }

    fn read(root: &Root, path: &Path, tell: impl Fn(&str) -> Diagnostic) -> (Self, Vec<Diagnostic>) {
        let mut diagnostics = Vec::new();
        let read = match root.read(path) {
            Ok(bytes) => parse(&bytes).unwrap_or_else(|reason| {
                diagnostics.push(tell(&reason));
                Owned::default()
            }),
            Err(error) if error.is_missing() => Owned::default(),
            Err(error) => {
                diagnostics.push(tell(&error.reason()));
                Owned::default()
            }
        };
        let state = Self {
            path: path.to_owned(),
            adopted: None,
            read,
        };
        (state, diagnostics)
    }

    /// What is ours: as read, with what was adopted since.
    pub fn owned(&self) -> &Owned {
        self.adopted.as_ref().unwrap_or(&self.read)
    }

    /// The same, to adopt what a run that crashed left.
    pub fn owned_mut(&mut self) -> &mut Owned {
        self.adopted.get_or_insert_with(|| self.read.clone())
    }

    /// Writes the state after a run, whole or not at all; nothing is written where nothing changed.
    ///
    /// A hook may have run one of our commands (`up ifup eno1.5`), which wrote the file in between: for a link that
    /// this run did not touch, what stands in the file now is kept.
    ///
    /// # Errors
    /// With the path and the reason.
    pub fn save(&self, root: &Root, owned: &Owned) -> Result<(), RootError> {
        if std::ptr::eq(owned, &self.read) || *owned == self.read {
            return Ok(());
        }
        let now = root.read(&self.path).ok().and_then(|bytes| parse(&bytes).ok());
        let merged = match now {
            Some(now) if now != self.read => merge(&self.read, owned, &now),
            _ => owned.clone(),
        };
        if let Some(directory) = self.path.parent() {
            root.create_dir_all(directory)?;
        }
        let written = Written {
            version: VERSION,
            links: &merged.links,
        };
        // Maps with text keys and plain values: there is nothing in it that JSON cannot hold.
        let mut bytes = serde_json::to_vec(&written).unwrap_or_default();
        bytes.push(b'\n');
        root.write_atomic(&self.path, &bytes, Durability::Volatile)
    }
}

fn parse(bytes: &[u8]) -> Result<Owned, String> {
    let read: Read = serde_json::from_slice(bytes).map_err(|error| error.to_string())?;
    if read.version != VERSION {
        return Err(format!("version {} is not known here", read.version));
    }
    Ok(Owned { links: read.links })
}

/// `after` where this run changed something, else `now`.
fn merge(before: &Owned, after: &Owned, now: &Owned) -> Owned {
    let names: BTreeSet<IfName> = [before, after, now]
        .iter()
        .flat_map(|owned| owned.links.keys().copied())
        .collect();
    let mut links = BTreeMap::new();
    for name in names {
        let changed = before.get(name) != after.get(name);
        let holds = if changed { after } else { now };
        if let Some(link) = holds.get(name) {
            links.insert(name, link.clone());
        }
    }
    Owned { links }
}

fn damaged(path: &Path, reason: &str) -> Diagnostic {
    let text = format!("the state file {} is damaged: {reason}", path.display());
    Diagnostic::warning("state-damaged", text)
        .note("what was recorded as ours is not known any more; what the kernel has is left as it is")
}

fn set_aside(root: &Root, path: &Path, reason: &str) -> Diagnostic {
    let diagnostic = damaged(path, reason);
    let free = (1..1000).find_map(|number| {
        let mut name = path.as_os_str().to_owned();
        name.push(format!(".damaged-{number}"));
        let aside = PathBuf::from(name);
        (!root.exists(&aside)).then_some(aside)
    });
    let Some(aside) = free else {
        return diagnostic;
    };
    match root.rename(path, &aside) {
        Ok(()) => diagnostic.note(format!("it was set aside as {}", aside.display())),
        Err(error) => diagnostic.note(error.to_string()),
    }
}

#[cfg(test)]
#[allow(clippy::disallowed_methods)]
mod tests {
    use super::*;
    use cleat_model::types::Kind;

    const PATH: &str = "/run/cleat/state.json";

    fn name(text: &str) -> IfName {
        IfName::new(text).unwrap()
    }

    fn owned(links: &[(&str, Option<Kind>)]) -> Owned {
        let link = |created: &Option<Kind>| OwnedLink {
            created: created.clone(),
            up: true,
            ..OwnedLink::default()
        };
        Owned {
            links: links
                .iter()
                .map(|(text, created)| (name(text), link(created)))
                .collect(),
        }
    }

    #[test]
    fn what_is_saved_is_read_back_and_missing_directories_are_made() {
        let tree = tempfile::tempdir().unwrap();
        let root = Root::at(tree.path());
        let (state, diagnostics) = State::load(&root, Path::new(PATH));
        assert_eq!((state.owned(), diagnostics), (&Owned::default(), Vec::new()));
        let saved = owned(&[("vmbr0", Some(Kind::Bridge)), ("eno1", None)]);
        state.save(&root, &saved).unwrap();
        let (state, diagnostics) = State::load(&root, Path::new(PATH));
        assert_eq!((state.owned(), diagnostics), (&saved, Vec::new()));
    }

    #[test]
    fn a_damaged_file_is_set_aside_and_survived() {
        let tree = tempfile::tempdir().unwrap();
        let root = Root::at(tree.path());
        std::fs::create_dir_all(tree.path().join("run/cleat")).unwrap();
        for number in 1..=2 {
            std::fs::write(tree.path().join("run/cleat/state.json"), "{\"version\":1,").unwrap();
            let (state, diagnostics) = State::load(&root, Path::new(PATH));
            assert_eq!(state.owned(), &Owned::default());
            assert_eq!(
                diagnostics[0].message,
                "the state file /run/cleat/state.json is damaged: EOF while parsing a value at line 1 column 13"
            );
            let aside = format!("/run/cleat/state.json.damaged-{number}");
            assert_eq!(diagnostics[0].notes[1].text, format!("it was set aside as {aside}"));
            assert_eq!(root.read_text(&aside).unwrap(), "{\"version\":1,");
            assert!(!root.exists(PATH));
        }
    }

    #[test]
    fn a_later_version_is_not_guessed_at() {
        let tree = tempfile::tempdir().unwrap();
        let root = Root::at(tree.path());
        root.create_dir_all("/run/cleat").unwrap();
        std::fs::write(tree.path().join("run/cleat/state.json"), "{\"version\":7,\"links\":{}}").unwrap();
        let (_, diagnostics) = State::load(&root, Path::new(PATH));
        assert_eq!(
            diagnostics[0].message,
            "the state file /run/cleat/state.json is damaged: version 7 is not known here"
        );
    }

    #[test]
    fn what_a_hooks_own_ifup_wrote_is_kept() {
        let tree = tempfile::tempdir().unwrap();
        let root = Root::at(tree.path());
        let (outer, _) = State::load(&root, Path::new(PATH));
        let (inner, _) = State::load(&root, Path::new(PATH));
        inner.save(&root, &owned(&[("eno1.5", Some(Kind::Vlan))])).unwrap();
        outer.save(&root, &owned(&[("vmbr0", Some(Kind::Bridge))])).unwrap();
        let (state, _) = State::load(&root, Path::new(PATH));
        let both = owned(&[("vmbr0", Some(Kind::Bridge)), ("eno1.5", Some(Kind::Vlan))]);
        assert_eq!(state.owned(), &both);
    }
}
