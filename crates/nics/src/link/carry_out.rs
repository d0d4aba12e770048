//! Doing the work: all of it or nothing.

use super::configuration::{Configuration, Rewritten};
use super::work::Work;
use crate::initramfs::{self, Policy, Refreshed};
use crate::programs::Programs;
use cleat_diag::Diagnostic;
use cleat_root::{Durability, Root, RootError, paths};
use cleat_store::{Companion, Content, FileChange, Found, Locked, Staged, Staging, Store, StoreError};
use serde::{Deserialize, Serialize};
use std::path::Path;

/// What is done and what was there before, kept while the work is done.
#[derive(Serialize, Deserialize)]
struct Record {
    /// The files that change at once.
    files: Vec<FileChange>,
    /// The staged file and its record, with what they hold before; `new` is not looked at.
    staged: Vec<FileChange>,
    /// Names that become others in the configuration: from and to.
    renamed: Vec<(String, String)>,
}

/// What was done about a run that was cut short.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Recovered {
    /// There was none.
    Nothing,
    /// What it had done was taken back.
    TakenBack,
    /// It was finished: its configuration is the live one by now.
    Finished,
}

/// Writes the files, stages the configuration, and puts the .link files into the initramfs. Where a step fails, all that
/// was done is taken back, and the initramfs is rebuilt once more where it had been made.
///
/// A record of what was there before lies under /var/lib/cleat meanwhile: by it [`recover`] ends what a power cut left half
/// done.
///
/// # Errors
/// What failed, and what of it could not be taken back.
pub fn carry_out(
    store: &Locked<'_>,
    root: &Root,
    work: &Work,
    programs: &dyn Programs,
    progress: &mut dyn FnMut(&str),
) -> Result<Refreshed, Vec<Diagnostic>> {
    let failed = |error: &dyn std::fmt::Display| vec![Diagnostic::error("pin-failed", error.to_string())];
    let before = Record::of(root, work).map_err(|error| failed(&error))?;
    write_record(root, &before).map_err(|error| failed(&error))?;
    let changed = change(store, root, work).map_err(|error| failed(&error));
    let done = changed.and_then(|()| initramfs::refresh(root, programs, Policy::default(), progress));
    match done {
        Ok(refreshed) => {
            // What is left of the record would only take back what is wanted.
            remove_record(root).map_err(|error| failed(&error))?;
            Ok(refreshed)
        }
        Err(mut told) => {
            told.extend(take_back(root, &before, programs, progress));
            Err(told)
        }
    }
}

/// Ends what a run before left half done. It is taken back, unless a boot has committed the configuration that it staged:
/// then the new names are those of the live configuration, and the run is finished.
///
/// # Errors
/// What could not be taken back or finished.
pub fn recover(
    root: &Root,
    programs: &dyn Programs,
    progress: &mut dyn FnMut(&str),
) -> Result<Recovered, Vec<Diagnostic>> {
    let Some(before) = read_record(root)? else {
        return Ok(Recovered::Nothing);
    };
    if before.is_committed(root) {
        finish(root, &before, programs, progress)?;
        return Ok(Recovered::Finished);
    }
    let told = take_back(root, &before, programs, progress);
    if told.iter().any(|found| found.code != "pin-taken-back") {
        return Err(told);
    }
    Ok(Recovered::TakenBack)
}

/// What the next run will do about one that was cut short.
pub fn cut_short(root: &Root) -> Recovered {
    if !root.exists(paths::LINK_RECORD) {
        return Recovered::Nothing;
    }
    let record = read_record(root).ok().flatten();
    match record.is_some_and(|record| record.is_committed(root)) {
        true => Recovered::Finished,
        false => Recovered::TakenBack,
    }
}

/// Does what is left of a run: files, then the initramfs.
fn finish(
    root: &Root,
    record: &Record,
    programs: &dyn Programs,
    progress: &mut dyn FnMut(&str),
) -> Result<(), Vec<Diagnostic>> {
    let failed = |error: RootError| vec![Diagnostic::error("pin-half-done", error.to_string())];
    for FileChange { path, new, .. } in &record.files {
        put(root, path, new.as_ref()).map_err(failed)?;
    }
    initramfs::refresh(root, programs, Policy::default(), progress)?;
    remove_record(root).map_err(failed)
}

impl Record {
    fn of(root: &Root, work: &Work) -> Result<Self, RootError> {
        let kept = |path: &str| {
            let old = Content::read(root, Path::new(path))?;
            Ok(FileChange {
                path: path.into(),
                old,
                new: None,
            })
        };
        Ok(Self {
            files: work.files.clone(),
            staged: vec![kept(paths::INTERFACES_NEW)?, kept(paths::STAGED_RECORD)?],
            renamed: work.in_configuration.clone(),
        })
    }

    /// Whether the configuration that was staged is the live one, which then has the new names and none of the old. It need
    /// not be the same byte for byte: a commit may have merged it; and something else may be staged by now.
    fn is_committed(&self, root: &Root) -> bool {
        let live = root.read(paths::INTERFACES).unwrap_or_default();
        let live = Configuration::of(root, live, &[]);
        self.renamed.iter().any(|(_, to)| live.mentions(to))
            && !self.renamed.iter().any(|(from, _)| live.mentions(from))
    }
}

fn write_record(root: &Root, record: &Record) -> Result<(), RootError> {
    if let Some(directory) = Path::new(paths::LINK_RECORD).parent() {
        root.create_dir_all(directory)?;
    }
    // Text keys, numbers and texts: there is nothing in it that JSON cannot hold.
    let bytes = serde_json::to_vec(record).unwrap_or_default();
    root.write_atomic_as(paths::LINK_RECORD, &bytes, 0o600, Durability::Durable)
}

fn remove_record(root: &Root) -> Result<(), RootError> {
    put(root, Path::new(paths::LINK_RECORD), None)
}

fn read_record(root: &Root) -> Result<Option<Record>, Vec<Diagnostic>> {
    let damaged = |reason: String| {
        let text = format!("the record of a run that was cut short cannot be read: {reason}");
        let found = Diagnostic::error("pin-record-damaged", text);
        vec![found.help(format!(
            "look at `cleat-link check`, then remove {}",
            paths::LINK_RECORD
        ))]
    };
    let bytes = match root.read(paths::LINK_RECORD) {
        Ok(bytes) => bytes,
        Err(error) if error.is_missing() => return Ok(None),
        Err(error) => return Err(damaged(error.to_string())),
    };
    let record = serde_json::from_slice(&bytes).map_err(|error| damaged(error.to_string()))?;
    Ok(Some(record))
}

fn change(store: &Locked<'_>, root: &Root, work: &Work) -> Result<(), StoreError> {
    for FileChange { path, new, .. } in &work.files {
        put(root, path, new.as_ref())?;
    }
    stage(store, root, work)
}

/// Stages the renamed configuration with the files that it sources. A staged one that says what the live one does is
/// taken away.
fn stage(store: &Locked<'_>, root: &Root, work: &Work) -> Result<(), StoreError> {
    if !work.configuration.is_changed() {
        return Ok(());
    }
    let staged = match store.staged()? {
        Found::Fit(staged) => Some(*staged),
        Found::Nothing | Found::Unfit(_) => None,
    };
    let record = staged.as_ref().and_then(|staged| staged.record.clone());
    let mut companions = record
        .as_ref()
        .map(|record| record.companions.clone())
        .unwrap_or_default();
    for Rewritten { path, old, new } in work.configuration.sourced() {
        companions.retain(|companion| companion.path != path);
        if old != new {
            let on_disk = Content::read(root, &path)?;
            let mode = on_disk.as_ref().map_or(0o644, |content| content.mode);
            companions.push(Companion {
                path,
                base: on_disk.map(|content| content.digest()),
                new: Some(Content { bytes: new, mode }),
            });
        }
    }
    let bytes = work.configuration.interfaces();
    let live = Content::read(root, Path::new(paths::INTERFACES))?;
    if companions.is_empty() && live.as_ref().is_some_and(|live| live.bytes == bytes) {
        return store.revert().map(drop);
    }
    let over = staged.as_ref().map_or_else(
        || Staging {
            base: live,
            ..Staging::default()
        },
        Staging::over,
    );
    store.stage(Staging {
        bytes,
        by: by(staged.as_ref()),
        rollback_of: None,
        taken_back: record.as_ref().and_then(|record| record.taken_back.clone()),
        companions,
        replace: true,
        ..over
    })
}

/// The configuration that is to be renamed: the staged one, else the live one.
///
/// # Errors
/// It cannot be read, or is not fit to be committed.
pub fn configuration(store: &Store, root: &Root) -> Result<Configuration, Vec<Diagnostic>> {
    let failed = |error: &dyn std::fmt::Display| vec![Diagnostic::error("pin-failed", error.to_string())];
    let staged = match store.staged().map_err(|error| failed(&error))? {
        Found::Fit(staged) => Some(*staged),
        Found::Nothing => None,
        Found::Unfit(unfit) => return Err(vec![*unfit]),
    };
    let Some(staged) = staged else {
        let live = Content::read(root, Path::new(paths::INTERFACES)).map_err(|error| failed(&error))?;
        return Ok(Configuration::of(
            root,
            live.map(|live| live.bytes).unwrap_or_default(),
            &[],
        ));
    };
    let companions = staged.record.map(|record| record.companions).unwrap_or_default();
    let companions = companions
        .into_iter()
        .filter_map(|one| Some((one.path, one.new?.bytes)));
    Ok(Configuration::of(root, staged.bytes, &companions.collect::<Vec<_>>()))
}

/// Who stages it: us, over what somebody else had staged.
fn by(staged: Option<&Staged>) -> String {
    let other = staged.map(|staged| match &staged.record {
        Some(record) => record.by.as_str(),
        None => "another program",
    });
    match other.filter(|by| !by.starts_with("cleat-link")) {
        Some(other) => format!("cleat-link, over what {other} staged"),
        None => "cleat-link".to_owned(),
    }
}

/// Puts everything back as it was, and tells what could not be.
fn take_back(root: &Root, before: &Record, programs: &dyn Programs, progress: &mut dyn FnMut(&str)) -> Vec<Diagnostic> {
    let mut told = Vec::new();
    for FileChange { path, old, .. } in before.files.iter().chain(&before.staged).rev() {
        if let Err(error) = put(root, path, old.as_ref()) {
            told.push(Diagnostic::error("pin-half-done", error.to_string()));
        }
    }
    // An image that was made meanwhile carries what is no more; one that was not made is as it should be.
    if let Err(mut found) = initramfs::refresh(root, programs, Policy::default(), progress) {
        told.append(&mut found);
    }
    if told.is_empty() {
        match remove_record(root) {
            Ok(()) => told.push(Diagnostic::info("pin-taken-back", "everything is as it was before")),
            Err(error) => told.push(Diagnostic::error("pin-half-done", error.to_string())),
        }
    }
    told
}

/// Makes a file hold that, durably.
fn put(root: &Root, path: &Path, content: Option<&Content>) -> Result<(), RootError> {
    let directory = path.parent().unwrap_or(Path::new("/"));
    match content {
        Some(content) => {
            root.create_dir_all(directory)?;
            root.write_atomic_as(path, &content.bytes, content.mode, Durability::Durable)
        }
        None if root.remove(path)? => root.sync_directory(directory),
        None => Ok(()),
    }
}
