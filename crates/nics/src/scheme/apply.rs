//! Doing it: files, commands, and a look at what the boot loader has now. What fails is put back.

use super::loader::{Loader, config};
use super::plan::{Change, Plan, is_ours};
use super::record::Record;
use crate::programs::{Failure, Programs};
use cleat_diag::Diagnostic;
use cleat_naming::cmdline;
use cleat_root::{Durability, Root, RootError, paths};
use std::path::{Path, PathBuf};

/// Carries a plan out. `record` is what is to be known of it afterwards; `None` where nothing is pinned any more.
///
/// # Errors
/// What failed. The files are then as before, and the boot loader was told so; what of that failed too is said.
pub fn apply(
    root: &Root,
    programs: &dyn Programs,
    plan: &Plan,
    record: Option<&Record>,
    progress: &mut dyn FnMut(&str),
) -> Result<(), Vec<Diagnostic>> {
    let older = root.read(paths::SCHEME_RECORD).ok();
    let done = begin(root, record)
        .and_then(|()| write_all(root, plan))
        .and_then(|()| run_all(programs, plan, progress))
        .and_then(|()| verify(root, plan));
    match done {
        Ok(()) if record.is_none() => forget(root).map_err(|told| vec![*told]),
        Ok(()) => Ok(()),
        Err(told) => {
            let mut told = vec![*told];
            told.extend(take_back(root, programs, plan, older.as_deref(), progress));
            Err(told)
        }
    }
}

/// The entries that the boot loader has for this system, each with the file that it is in. None where the files are on
/// partitions that are not mounted, or inside kernel images.
pub fn entries(root: &Root, loader: Loader) -> Vec<(PathBuf, config::Entry)> {
    let files: Vec<PathBuf> = match loader {
        Loader::Grub => vec![paths::GRUB_CFG.into()],
        Loader::UBoot | Loader::Extlinux => vec![paths::EXTLINUX_CONF.into()],
        Loader::SystemdBoot | Loader::SystemdBootByHand => config::boot_entry_files(root),
        Loader::ProxmoxGrub | Loader::ProxmoxSystemdBoot => Vec::new(),
    };
    let of_file = |path: PathBuf| {
        let text = root.read_text(&path).unwrap_or_default();
        let entries = match loader {
            Loader::Grub => config::grub(&text),
            Loader::UBoot | Loader::Extlinux => config::extlinux(&text),
            _ => Vec::from_iter(config::boot_entry(&text)),
        };
        entries
            .into_iter()
            .map(move |entry| (path.clone(), entry))
            .collect::<Vec<_>>()
    };
    let all = files.into_iter().flat_map(of_file);
    // GRUB's part for this system is marked as such; an entry there may name its root otherwise than the running one.
    all.filter(|(_, entry)| loader == Loader::Grub || is_ours(root, entry))
        .collect()
}

fn begin(root: &Root, record: Option<&Record>) -> Result<(), Box<Diagnostic>> {
    match record {
        Some(record) => record.save(root).map_err(|error| file_error(&error)),
        None => Ok(()),
    }
}

fn forget(root: &Root) -> Result<(), Box<Diagnostic>> {
    root.remove(paths::SCHEME_RECORD)
        .map(drop)
        .map_err(|error| file_error(&error))
}

fn file_error(error: &RootError) -> Box<Diagnostic> {
    Box::new(Diagnostic::error("scheme-file", error.to_string()))
}

fn write_all(root: &Root, plan: &Plan) -> Result<(), Box<Diagnostic>> {
    for Change { path, after, .. } in plan.changes.iter().filter(|change| !change.is_none()) {
        write(root, path, after.as_deref()).map_err(|error| file_error(&error))?;
    }
    Ok(())
}

fn write(root: &Root, path: &Path, text: Option<&str>) -> Result<(), RootError> {
    let Some(text) = text else {
        return root.remove(path).map(drop);
    };
    root.create_dir_all(path.parent().unwrap_or(Path::new("/")))?;
    root.write_atomic(path, text.as_bytes(), Durability::Durable)
}

fn run_all(programs: &dyn Programs, plan: &Plan, progress: &mut dyn FnMut(&str)) -> Result<(), Box<Diagnostic>> {
    for words in &plan.commands {
        run(programs, words, progress)
            .map_err(|failure| Box::new(Diagnostic::error("scheme-command", failure.to_string())))?;
    }
    Ok(())
}

fn run(programs: &dyn Programs, words: &[String], progress: &mut dyn FnMut(&str)) -> Result<(), Failure> {
    let words: Vec<&str> = words.iter().map(String::as_str).collect();
    progress(&words.join(" "));
    programs.run(&words)
}

/// Whether each entry of the boot loader says the scheme of the plan.
fn verify(root: &Root, plan: &Plan) -> Result<(), Box<Diagnostic>> {
    for (path, entry) in entries(root, plan.loader) {
        let says = cmdline::naming_scheme(&entry.cmdline);
        let by_hand = says
            .as_ref()
            .is_some_and(|says| plan.by_hand.iter().any(|mention| mention.scheme == *says));
        if says != plan.scheme && !by_hand {
            let word = |scheme: Option<String>| scheme.unwrap_or_else(|| "no scheme".to_owned());
            let text = format!(
                "the entry for {} in {} says {}, not {}",
                entry.kernel,
                path.display(),
                word(says),
                word(plan.scheme.clone())
            );
            let told = Diagnostic::error("scheme-not-in-entry", text);
            return Err(told
                .help(format!(
                    "its command line is `{}`: look where it comes from",
                    entry.cmdline
                ))
                .into());
        }
    }
    Ok(())
}

/// Puts the files back as they were and tells the boot loader.
fn take_back(
    root: &Root,
    programs: &dyn Programs,
    plan: &Plan,
    record: Option<&[u8]>,
    progress: &mut dyn FnMut(&str),
) -> Vec<Diagnostic> {
    let failed = |text: String| Diagnostic::error("scheme-not-put-back", text);
    let mut told = Vec::new();
    for Change { path, before, .. } in plan.changes.iter().rev().filter(|change| !change.is_none()) {
        let put_back = write(root, path, before.as_deref());
        told.extend(put_back.err().map(|error| failed(error.to_string())));
    }
    for words in &plan.commands {
        let ran = run(programs, words, progress);
        told.extend(ran.err().map(|failure| failed(failure.to_string())));
    }
    let old_record = match record {
        Some(bytes) => root.write_atomic(paths::SCHEME_RECORD, bytes, Durability::Durable),
        None => root.remove(paths::SCHEME_RECORD).map(drop),
    };
    told.extend(old_record.err().map(|error| failed(error.to_string())));
    told
}
