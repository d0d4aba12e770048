//! Doing the work: all of it or nothing.

use super::configuration::{Configuration, Rewritten};
use super::work::Work;
use crate::initramfs::{self, Policy, Refreshed};
use crate::programs::Programs;
use cleat_diag::Diagnostic;
use cleat_root::{Durability, Root, RootError, paths};
use cleat_store::{Change, Companion, Content, Found, Locked, Staged, Staging, Store, StoreError};
use serde::{Deserialize, Serialize};
use std::path::Path;

/// What was there before, kept while the work is done.
#[derive(Serialize, Deserialize)]
struct Record {
    /// Every file that is changed, with what it holds before; `new` is not looked at.
    files: Vec<Change>,
}

/// Writes the files, stages the configuration, and puts the .link files into the initramfs. Where a step fails, all that
/// was done is taken back, and the initramfs is made anew once more where it had been made.
///
/// A record of what was there before lies under /var/lib/cleat meanwhile: [`recover`] takes back from it what a power cut
/// left half done.
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
    let before = before(root, work).map_err(|error| failed(&error))?;
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

/// Takes back what a run before left half done. Returns whether there was anything.
///
/// # Errors
/// What could not be taken back.
pub fn recover(root: &Root, programs: &dyn Programs, progress: &mut dyn FnMut(&str)) -> Result<bool, Vec<Diagnostic>> {
    let Some(before) = read_record(root)? else {
        return Ok(false);
    };
    let told = take_back(root, &before, programs, progress);
    if told.iter().any(|found| found.code != "pin-taken-back") {
        return Err(told);
    }
    Ok(true)
}

/// Whether a run was cut short.
pub fn is_cut_short(root: &Root) -> bool {
    root.exists(paths::LINK_RECORD)
}

fn before(root: &Root, work: &Work) -> Result<Vec<Change>, RootError> {
    let mut files = work.files.clone();
    for path in [paths::INTERFACES_NEW, paths::STAGED_RECORD] {
        let old = Content::read(root, Path::new(path))?;
        files.push(Change {
            path: path.into(),
            old,
            new: None,
        });
    }
    Ok(files)
}

fn write_record(root: &Root, files: &[Change]) -> Result<(), RootError> {
    if let Some(directory) = Path::new(paths::LINK_RECORD).parent() {
        root.create_dir_all(directory)?;
    }
    let record = Record { files: files.to_vec() };
    // Text keys, numbers and texts: there is nothing in it that JSON cannot hold.
    let bytes = serde_json::to_vec(&record).unwrap_or_default();
    root.write_atomic_as(paths::LINK_RECORD, &bytes, 0o600, Durability::Durable)
}

fn remove_record(root: &Root) -> Result<(), RootError> {
    put(root, Path::new(paths::LINK_RECORD), None)
}

fn read_record(root: &Root) -> Result<Option<Vec<Change>>, Vec<Diagnostic>> {
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
    let record: Record = serde_json::from_slice(&bytes).map_err(|error| damaged(error.to_string()))?;
    Ok(Some(record.files))
}

fn change(store: &Locked<'_>, root: &Root, work: &Work) -> Result<(), StoreError> {
    for Change { path, new, .. } in &work.files {
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
    store.stage(Staging {
        bytes,
        base: record.as_ref().map_or(live, |record| record.base.clone()),
        by: by(staged.as_ref()),
        confirm: record.as_ref().and_then(|record| record.confirm.clone()),
        rollback_of: None,
        taken_back: record.as_ref().and_then(|record| record.taken_back.clone()),
        companions,
        replace: true,
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
    let other = staged
        .and_then(|staged| staged.record.as_ref())
        .map(|record| record.by.as_str());
    match other.filter(|by| !by.starts_with("cleat-link")) {
        Some(other) => format!("cleat-link, over what {other} staged"),
        None => "cleat-link".to_owned(),
    }
}

/// Puts everything back as it was, and tells what could not be.
fn take_back(
    root: &Root,
    before: &[Change],
    programs: &dyn Programs,
    progress: &mut dyn FnMut(&str),
) -> Vec<Diagnostic> {
    let mut told = Vec::new();
    for Change { path, old, .. } in before.iter().rev() {
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
