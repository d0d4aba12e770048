//! The record of what we made and set, kept under /run.

pub mod history;
pub mod lock;
mod part;
pub mod run_files;
pub mod runs;

use crate::state::part::{Unknown, in_part};
use cleat_diag::Diagnostic;
use cleat_model::name::IfName;
use cleat_model::op::Op;
use cleat_model::owned::{Owned, OwnedLink};
use cleat_model::types::Rule;
use cleat_root::{Reserved, Root, RootError};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

/// The version that is written. Older ones are read as they are: what they lack is at its default.
const VERSION: u32 = 1;

#[derive(Serialize)]
struct Written<'a> {
    version: u32,
    links: &'a BTreeMap<IfName, OwnedLink>,
    #[serde(skip_serializing_if = "<[Rule]>::is_empty")]
    rules: &'a [Rule],
    #[serde(skip_serializing_if = "<[Op]>::is_empty")]
    owed: &'a [Op],
}

#[derive(Deserialize)]
struct Read {
    #[serde(default)]
    version: u32,
    links: BTreeMap<IfName, OwnedLink>,
    #[serde(default)]
    rules: Vec<Rule>,
    #[serde(default)]
    owed: Vec<Op>,
}

/// The state as read, and where it goes back to.
#[derive(Clone, Debug)]
pub struct State {
    path: PathBuf,
    read: Owned,
    /// As read with what was adopted since, where anything was.
    adopted: Option<Owned>,
    /// What a newer program wrote that this one does not know.
    unknown: Unknown,
    /// *Units*: bytes of the file.
    size: usize,
}

impl State {
    /// Reads the state. A file that is not there is an empty state; one that cannot be understood is set aside as
    /// `state.json.damaged-N`, told, and taken for empty: the kernel still shows what is there.
    pub fn load(root: &Root, path: &Path) -> (Self, Vec<Diagnostic>) {
        Self::read(root, path, |reason| set_aside(root, path, reason))
    }

    /// As [`State::load`], for those who only look: a damaged file is reported and stays where it is.
    pub fn peek(root: &Root, path: &Path) -> (Self, Vec<Diagnostic>) {
        Self::read(root, path, |reason| damaged(path, reason))
    }

    fn read(root: &Root, path: &Path, tell: impl Fn(&str) -> Diagnostic) -> (Self, Vec<Diagnostic>) {
        let mut diagnostics = Vec::new();
        let (mut parsed, mut size) = (Parsed::default(), 0);
        match root.read(path) {
            Ok(bytes) => {
                size = bytes.len();
                match parse(&bytes) {
                    Ok(understood) => parsed = understood,
                    Err(reason) => diagnostics.push(tell(&reason)),
                }
            }
            Err(error) if error.is_missing() => {}
            Err(error) if error.error.kind() == std::io::ErrorKind::PermissionDenied => diagnostics.push(
                Diagnostic::info("state-private", "what is recorded as ours can be read by root alone")
                    .note("what would be taken away is not shown"),
            ),
            Err(error) => diagnostics.push(tell(&error.reason())),
        }
        if let Some(version) = parsed.newer {
            diagnostics.push(newer(path, version));
        }
        // What could be read of a damaged file counts; the file itself is kept to be looked at.
        diagnostics.extend(parsed.damage.as_deref().map(tell));
        let state = Self {
            path: path.to_owned(),
            adopted: None,
            read: parsed.owned,
            unknown: parsed.unknown,
            size,
        };
        (state, diagnostics)
    }

    /// Takes room for the state that a run leaves, beside the old one, with `more` bytes for what it makes.
    ///
    /// # Errors
    /// With the path and the reason.
    pub fn reserve(&self, root: &Root, more: u64) -> Result<Reserved, RootError> {
        root.reserve(&self.path, self.size as u64 + more)
    }

    /// Whether something was adopted and is recorded nowhere yet but in what it was adopted from.
    pub fn is_adopted(&self) -> bool {
        self.adopted.as_ref().is_some_and(|adopted| *adopted != self.read)
    }

    /// Writes what was adopted, so that what it was adopted from can go.
    ///
    /// # Errors
    /// As [`State::save`]; it is adopted all the same.
    pub fn keep_adopted(&mut self, root: &Root) -> Result<(), RootError> {
        let Some(adopted) = &self.adopted else { return Ok(()) };
        self.save(root, adopted, None)?;
        self.read = self.adopted.take().unwrap_or_default();
        Ok(())
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
    pub fn save(&self, root: &Root, owned: &Owned, room: Option<Reserved>) -> Result<(), RootError> {
        if std::ptr::eq(owned, &self.read) || *owned == self.read {
            return Ok(());
        }
        let now = root.read(&self.path).ok().and_then(|bytes| parse(&bytes).ok());
        let merged = match now.map(|now| now.owned) {
            Some(now) if now != self.read => merge(&self.read, owned, &now),
            _ => owned.clone(),
        };
        let bytes = self.bytes(&merged);
        match room.map(|room| room.put(&bytes)) {
            Some(Ok(())) => Ok(()),
            // It was made for less, or there was none.
            Some(Err(_)) | None => {
                if let Some(directory) = self.path.parent() {
                    root.create_dir_all(directory)?;
                }
                root.write_private(&self.path, &bytes)
            }
        }
    }

    fn bytes(&self, owned: &Owned) -> Vec<u8> {
        let written = Written {
            version: VERSION,
            links: &owned.links,
            rules: &owned.rules,
            owed: &owned.owed,
        };
        // Maps with text keys and plain values: there is nothing in it that JSON cannot hold.
        let mut bytes = match self.unknown.is_empty() {
            true => serde_json::to_vec(&written).unwrap_or_default(),
            false => {
                let mut document = serde_json::to_value(&written).unwrap_or_default();
                self.unknown.put_back(&mut document);
                serde_json::to_vec(&document).unwrap_or_default()
            }
        };
        bytes.push(b'\n');
        bytes
    }
}

/// What there is in a state file.
#[derive(Debug, Default)]
struct Parsed {
    owned: Owned,
    /// Its version, where it is later than ours.
    newer: Option<u32>,
    unknown: Unknown,
    /// What of it could not be read.
    damage: Option<String>,
}

/// Reads a state as far as it can be understood. *Errors*: nothing of it can.
fn parse(bytes: &[u8]) -> Result<Parsed, String> {
    let whole = serde_json::from_slice::<Read>(bytes);
    let reason = match whole {
        Ok(read) if read.version <= VERSION => {
            return Ok(Parsed {
                owned: Owned {
                    links: read.links,
                    rules: read.rules,
                    owed: read.owed,
                },
                ..Parsed::default()
            });
        }
        Ok(_) => None,
        Err(error) => Some(error.to_string()),
    };
    let document: Value = serde_json::from_slice(bytes).map_err(|error| error.to_string())?;
    let (owned, unknown) = in_part(&document).ok_or_else(|| reason.clone().unwrap_or_default())?;
    let version = document.get("version").and_then(Value::as_u64).unwrap_or_default();
    let newer = u32::try_from(version).ok().filter(|version| *version > VERSION);
    Ok(Parsed {
        owned,
        // Of a later version it is not damage.
        damage: reason.filter(|_| newer.is_none()),
        newer,
        unknown,
    })
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
    let rules = if before.rules == after.rules { now } else { after }.rules.clone();
    let owed = if before.owed == after.owed { now } else { after }.owed.clone();
    Owned { links, rules, owed }
}

fn newer(path: &Path, version: u32) -> Diagnostic {
    let text = format!(
        "the state file {} is of version {version}, later than {VERSION}, which this program writes",
        path.display()
    );
    Diagnostic::warning("state-newer", text).note("what can be understood of it holds; the rest is kept as it is")
}

fn damaged(path: &Path, reason: &str) -> Diagnostic {
    let text = format!("the state file {} is damaged: {reason}", path.display());
    Diagnostic::warning("state-damaged", text)
        .note("what cannot be read of it is not known as ours any more, and left in the kernel as it is")
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
mod tests {
    use super::*;
    use cleat_model::types::Kind;

    const PATH: &str = "/run/cleat/state.json";

    fn name(text: &str) -> IfName {
        IfName::new(text).unwrap()
    }

    /// A state without what is owed (of versions before it) is read, and what is owed is written and read again.
    #[test]
    fn what_is_owed_to_others_outlives_a_run() {
        let tree = tempfile::tempdir().unwrap();
        let root = Root::at(tree.path());
        let mut saved = owned(&[("vmbr0", Some(Kind::Bridge))]);
        saved.owed.push(Op::SetMaster {
            name: name("tap1"),
            master: Some(name("vmbr0")),
        });
        let (state, _) = State::load(&root, Path::new(PATH));
        state.save(&root, &saved, None).unwrap();
        let (state, told) = State::load(&root, Path::new(PATH));
        assert_eq!((state.owned(), told), (&saved, Vec::new()));
        let newer = root.read_text(PATH).unwrap().replace("\"version\":1", "\"version\":9");
        root.write_private(PATH, newer.as_bytes()).unwrap();
        assert_eq!(State::load(&root, Path::new(PATH)).0.owned(), &saved);
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
            rules: Vec::new(),
            ..Owned::default()
        }
    }

    #[test]
    fn what_is_saved_is_read_back_and_missing_directories_are_made() {
        let tree = tempfile::tempdir().unwrap();
        let root = Root::at(tree.path());
        let (state, diagnostics) = State::load(&root, Path::new(PATH));
        assert_eq!((state.owned(), diagnostics), (&Owned::default(), Vec::new()));
        let saved = owned(&[("vmbr0", Some(Kind::Bridge)), ("eno1", None)]);
        state.save(&root, &saved, None).unwrap();
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

    fn lay_out(text: &str) -> (tempfile::TempDir, Root) {
        let tree = tempfile::tempdir().unwrap();
        let root = Root::at(tree.path());
        root.create_dir_all("/run/cleat").unwrap();
        std::fs::write(tree.path().join("run/cleat/state.json"), text).unwrap();
        (tree, root)
    }

    /// A package was taken back: what a later program wrote is used as far as it is understood, and not lost.
    #[test]
    fn a_later_version_is_read_as_far_as_it_is_understood_and_the_rest_is_kept() {
        let text = r#"{"version":7,"era":"later","links":{
            "vmbr0":{"created":"bridge","up":true,"colour":"blue"},
            "eno1":{"up":true,"addresses":"packed"},
            "far:too:long:a:name":{"up":true}}}"#;
        let (_tree, root) = lay_out(text);
        let (state, told) = State::load(&root, Path::new(PATH));
        let mut saved = owned(&[("vmbr0", Some(Kind::Bridge)), ("eno1", None)]);
        assert_eq!(state.owned(), &saved);
        assert_eq!(
            told[0].message,
            "the state file /run/cleat/state.json is of version 7, later than 1, which this program writes"
        );
        assert_eq!(told.len(), 1);
        // Nothing changed: the file stays as it is.
        state.save(&root, state.owned(), None).unwrap();
        assert_eq!(root.read_text(PATH).unwrap(), text);
        let created = saved.links.remove(&name("eno1"));
        state.save(&root, &saved, None).unwrap();
        let read: Value = serde_json::from_slice(&root.read(PATH).unwrap()).unwrap();
        assert_eq!(read["version"], 1);
        assert_eq!(read["era"], "later");
        assert_eq!(read["links"]["vmbr0"]["colour"], "blue");
        assert_eq!(read["links"].get("eno1"), None);
        assert!(created.is_some_and(|link| link.up));
        let (state, told) = State::load(&root, Path::new(PATH));
        assert_eq!((state.owned(), told), (&saved, Vec::new()));
    }

    /// A package was upgraded while the host ran.
    #[test]
    fn an_older_version_lacks_what_it_did_not_know_and_nothing_is_told() {
        for text in [
            r#"{"links":{"vmbr0":{"created":"bridge","up":true}}}"#,
            r#"{"version":0,"links":{"vmbr0":{"created":"bridge","up":true}}}"#,
        ] {
            let (_tree, root) = lay_out(text);
            let (state, told) = State::load(&root, Path::new(PATH));
            let expected = owned(&[("vmbr0", Some(Kind::Bridge))]);
            assert_eq!((state.owned(), told), (&expected, Vec::new()), "{text}");
        }
    }

    #[test]
    fn of_a_file_that_is_damaged_in_part_the_rest_counts() {
        let (_tree, root) = lay_out(
            r#"{"version":1,"links":{"vmbr0":{"created":"bridge","up":true,"routes":7},"eno1":{"up":true},"eno2":null}}"#,
        );
        let (state, told) = State::load(&root, Path::new(PATH));
        assert_eq!(state.owned(), &owned(&[("vmbr0", Some(Kind::Bridge)), ("eno1", None)]));
        let message = "the state file /run/cleat/state.json is damaged: invalid type: integer `7`, expected a sequence at line 1 column 70";
        assert_eq!(told[0].message, message);
        assert_eq!(told.len(), 1);
        assert!(root.exists("/run/cleat/state.json.damaged-1"));
    }

    #[test]
    fn only_root_may_read_what_a_state_file_says_also_one_that_was_open_to_all() {
        use std::os::unix::fs::PermissionsExt;
        let (tree, root) = lay_out("{\"version\":1,\"links\":{}}");
        let file = tree.path().join("run/cleat/state.json");
        std::fs::set_permissions(&file, std::fs::Permissions::from_mode(0o644)).unwrap();
        let (state, _) = State::load(&root, Path::new(PATH));
        state.save(&root, &owned(&[("eno1", None)]), None).unwrap();
        assert_eq!(std::fs::metadata(&file).unwrap().permissions().mode() & 0o777, 0o600);
    }

    #[test]
    fn what_a_hooks_own_ifup_wrote_is_kept() {
        let tree = tempfile::tempdir().unwrap();
        let root = Root::at(tree.path());
        let (outer, _) = State::load(&root, Path::new(PATH));
        let (inner, _) = State::load(&root, Path::new(PATH));
        inner
            .save(&root, &owned(&[("eno1.5", Some(Kind::Vlan))]), None)
            .unwrap();
        outer
            .save(&root, &owned(&[("vmbr0", Some(Kind::Bridge))]), None)
            .unwrap();
        let (state, _) = State::load(&root, Path::new(PATH));
        let both = owned(&[("vmbr0", Some(Kind::Bridge)), ("eno1.5", Some(Kind::Vlan))]);
        assert_eq!(state.owned(), &both);
    }
}
