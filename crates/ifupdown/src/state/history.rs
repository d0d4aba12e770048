//! What a boot or a reload brought up becomes a generation, so that `cleat-commit rollback` finds the way back from
//! whatever changed the files: an editor, Proxmox VE's web interface, a package.
//!
//! A run does not depend on it: where the disk is full or cannot be written, the generation is not made, and a warning says so.

use crate::args::{Args, Input};
use crate::command::Command;
use crate::read::session::Session;
use cleat_diag::{Diagnostic, Severity, Sources};
use cleat_eni::ConfigSet;
use cleat_root::Root;
use cleat_settings::{self as settings, Settings};
use cleat_store::{Health, Occasion, Ran, Store, StoreError, Timestamp};
use log::debug;
use std::time::Duration;

/// How long another program that is writing the configuration is waited for: the network is up by then, and what comes
/// after a boot waits for its end.
const LOCK_WAIT: Duration = Duration::from_secs(2);

/// Faults that say nothing of the configuration: another run is under way, somebody ended this one, or the kernel or /run is
/// out of reach.
const IN_THE_WAY: [&str; 5] = ["lock", "interrupted", "kernel-unreadable", "run-unrecorded", "not-root"];
/// Faults with which a host is well all the same: a hook is not the configuration, nor is the record of a run.
const BESIDE: [&str; 2] = ["hook-failed", "state-unwritable"];

/// Faults that are named in the reason why a generation failed.
const NAMED: usize = 3;

/// What a run read and found.
#[derive(Debug)]
pub(crate) struct Brought<'a> {
    /// The root that it ran on.
    pub root: &'a Root,
    /// The files, as they were followed in memory.
    pub config: &'a ConfigSet,
    /// Their bytes as read.
    pub sources: &'a Sources,
    /// What cleat.toml says.
    pub settings: &'a Settings,
    /// Who called it.
    pub by: &'a str,
    /// The generation that is brought up in place of files that are lost.
    pub instead: Option<u32>,
    /// What was found wrong.
    pub found: &'a [Diagnostic],
}

impl<'a> Brought<'a> {
    /// What a session read and found, and who called it.
    pub fn of(session: &'a Session, by: &'a str) -> Self {
        Self {
            root: &session.root,
            config: &session.config,
            sources: &session.sources,
            settings: &session.settings,
            by,
            instead: session.instead,
            found: &session.diagnostics,
        }
    }
}

/// Notes what a run brought up, and answers the generation that holds it. `tried` is whether there was something to do;
/// `health` is what came of it, `None` where [`health_of`] the faults says it.
///
/// # Errors
/// The history lacks something ([`cleat_store::incomplete`]).
pub(crate) fn note(
    args: &Args,
    run: &Brought<'_>,
    tried: bool,
    health: Option<Health>,
) -> Result<Option<u32>, StoreError> {
    if args.input != Input::Standard || run.config.documents.is_empty() || !run.config.lost.is_empty() {
        return Ok(None);
    }
    if run.instead.is_some() {
        return Ok(run.instead);
    }
    let store = Store::new(run.root, Timestamp::now());
    generation(args, run, &store, (tried, health))
}

fn generation(
    args: &Args,
    run: &Brought<'_>,
    store: &Store,
    (tried, health): (bool, Option<Health>),
) -> Result<Option<u32>, StoreError> {
    if !store.speaks_of_live() {
        return Ok(None);
    }
    if let Some(number) = store.unsettled()? {
        return Ok(Some(number));
    }
    let files = store.files_of(run.config, run.sources)?;
    let digest = files.digest();
    let Some(origin) = origin(args).filter(|_| counts(args, run)) else {
        return store.newest_if(&digest);
    };
    let ran = Ran {
        files,
        digest,
        origin,
        by: run.by.to_owned(),
        health: health.unwrap_or_else(|| health_of(run.found)),
        tried,
    };
    if let Some(number) = store.has_all_of(&ran)? {
        return Ok(Some(number));
    }
    let locked = store.lock(LOCK_WAIT)?;
    if args.adopt {
        // The host is up, and nobody else has made the directory yet.
        locked.set_up_history()?;
    }
    let number = locked.note_run(ran)?;
    for number in locked.prune(run.settings.keep())? {
        debug!("generation {number} is removed: the history is kept within its bounds");
    }
    Ok(number)
}

/// Which run it was; `None` for one that is about a part of the configuration.
fn origin(args: &Args) -> Option<Occasion> {
    match args.command {
        Command::Ifreload if args.adopt => Some(Occasion::Takeover),
        Command::Ifreload if args.names.is_empty() => Some(Occasion::Ifreload),
        Command::Ifup if args.all => Some(Occasion::Ifup),
        _ => None,
    }
}

/// Whether the run makes generations. What puts a configuration back is `cleat-commit`, which keeps account of it.
fn counts(args: &Args, run: &Brought<'_>) -> bool {
    let in_the_way = |found: &Diagnostic| found.severity == Severity::Error && IN_THE_WAY.contains(&found.code);
    run.settings.history && !args.regardless && !run.found.iter().any(in_the_way)
}

/// How the host came up: healthy, or what is wrong.
pub(crate) fn health_of(found: &[Diagnostic]) -> Health {
    let time = Timestamp::now();
    let errors = found.iter().filter(|found| {
        found.severity == Severity::Error && !settings::is_about(found) && !BESIDE.contains(&found.code)
    });
    let texts: Vec<&str> = errors.map(|found| found.message.as_str()).collect();
    if texts.is_empty() {
        return Health::Healthy { time };
    }
    let mut reason = texts.iter().take(NAMED).copied().collect::<Vec<&str>>().join("; ");
    if texts.len() > NAMED {
        reason += &format!("; and {} more", texts.len() - NAMED);
    }
    Health::Failed { time, reason }
}
