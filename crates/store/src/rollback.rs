//! An earlier generation brought back: what it held, and what it did not.

use crate::candidate::replaced;
use crate::{Companion, Content, Generation, Staging, Store, StoreError};
use cleat_diag::Diagnostic;
use cleat_eni::{ConfigSet, Replaced};
use cleat_root::{Root, matches, paths};
use std::path::{Path, PathBuf};

/// Where files may be removed: what a configuration sources from elsewhere belongs to a package.
const REMOVABLE: &str = "/etc";

impl Generation {
    /// The configuration as it was, whatever the files say now; files below /etc that it did not have are left out.
    pub fn config(&self, root: &Root) -> (ConfigSet, Vec<Diagnostic>) {
        let interfaces = Path::new(paths::INTERFACES);
        let held = &self.files.0;
        let bytes = held
            .get(interfaces)
            .map(|content| content.bytes.clone())
            .unwrap_or_default();
        let others = held.iter().filter(|(path, _)| *path != interfaces);
        let mut replaced: Replaced = others
            .map(|(path, content)| (path.clone(), Some(content.bytes.clone())))
            .collect();
        loop {
            let (set, found) = ConfigSet::with_replaced(interfaces, bytes.clone(), root, &replaced);
            let added = set.files().skip(1).map(|(_, path)| path.to_owned());
            let added: Vec<PathBuf> = added
                .filter(|path| path.starts_with(REMOVABLE) && !replaced.contains_key(path))
                .collect();
            if added.is_empty() {
                return (set, found);
            }
            replaced.extend(added.into_iter().map(|path| (path, None)));
        }
    }
}

impl Store {
    /// What to stage to bring a generation back: its interfaces file, the other files that it held, and the removal
    /// of what it did not hold: files of ours, and files below /etc that its interfaces file would source now. They can
    /// come back: a commit keeps what is live before it in the history.
    pub fn staging_of(&self, generation: &Generation) -> Result<Staging, StoreError> {
        let interfaces = Path::new(paths::INTERFACES);
        let live = self.live()?;
        let held = &generation.files.0;
        let bytes = held
            .get(interfaces)
            .map(|content| content.bytes.clone())
            .unwrap_or_default();
        let mut companions = Vec::new();
        for (path, content) in held.iter().filter(|(path, _)| *path != interfaces) {
            let now = Content::read(&self.root, path)?;
            if now.as_ref().map(|now| &now.bytes) != Some(&content.bytes) {
                companions.push(Companion {
                    path: path.clone(),
                    base: now.map(|now| now.digest()),
                    new: Some(content.clone()),
                });
            }
        }
        for pattern in paths::OUR_FILES {
            for path in self.root.try_glob(pattern, "/")? {
                if let (None, Some(now)) = (held.get(&path), live.0.get(&path)) {
                    companions.push(removal(path, now));
                }
            }
        }
        // One that goes takes with it what only it sources: so one after the other.
        loop {
            let sourced = self.sourced(&bytes, &companions)?;
            let mut others = sourced
                .into_iter()
                .filter(|path| path.starts_with(REMOVABLE) && !held.contains_key(path));
            let Some(path) = others.next() else { break };
            match Content::read(&self.root, &path)? {
                Some(now) if !companions.iter().any(|one| one.path == path) => companions.push(removal(path, &now)),
                _ => break,
            }
        }
        Ok(Staging {
            bytes,
            base: live.0.get(interfaces).cloned(),
            rollback_of: Some(generation.number),
            companions,
            ..Staging::default()
        })
    }

    /// What a configuration sources once its files are changed.
    fn sourced(&self, interfaces: &[u8], companions: &[Companion]) -> Result<Vec<PathBuf>, StoreError> {
        let path = Path::new(paths::INTERFACES);
        let (set, _) = ConfigSet::with_replaced(path, interfaces.to_vec(), &self.root, &replaced(companions));
        if let Some(lost) = set.lost.first() {
            return Err(lost.clone().into());
        }
        Ok(set.files().skip(1).map(|(_, path)| path.to_owned()).collect())
    }

    /// What is to be told of the files that a generation did not have: those that go, and those that have to stay.
    pub fn tell_rollback(
        &self,
        number: Option<u32>,
        interfaces: &[u8],
        companions: &[Companion],
    ) -> Result<Vec<Diagnostic>, StoreError> {
        let ours = |path: &Path| {
            paths::OUR_FILES
                .iter()
                .any(|pattern| matches(pattern, &path.to_string_lossy()))
        };
        let gone = companions.iter().filter(|one| one.new.is_none() && !ours(&one.path));
        let mut told: Vec<Diagnostic> = gone
            .map(|one| {
                let path = one.path.display();
                let message = match number {
                    Some(number) => format!("{path} is removed: generation {number} did not have it"),
                    None => format!("{path} is removed: what is staged does not have it"),
                };
                Diagnostic::warning("rollback-removes", message)
                    .help("`cleat-commit history` has the generation before this one, which holds it")
            })
            .collect();
        let Some(generation) = number.and_then(|number| self.generation(number).ok()) else {
            return Ok(told);
        };
        for path in self.sourced(interfaces, companions)? {
            if !path.starts_with(REMOVABLE) && !generation.files.0.contains_key(&path) {
                let path = path.display();
                let number = generation.number;
                let message = format!("{path} stays and is sourced, which generation {number} did not have");
                let found = Diagnostic::warning("rollback-incomplete", message);
                told.push(found.help("it belongs to a package: it is for that to take it away"));
            }
        }
        Ok(told)
    }
}

fn removal(path: PathBuf, now: &Content) -> Companion {
    Companion {
        base: Some(now.digest()),
        path,
        new: None,
    }
}
