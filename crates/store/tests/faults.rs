//! Every call to the file system fails in turn, and is in turn the last before a cut: the live file is the old or the
//! new one, byte for byte, the history reads, and the next run finishes or undoes.
//!
//! Second witness: the bytes on the disk, read past the store.

#![allow(clippy::disallowed_methods, clippy::unwrap_used)]

mod host;

use cleat_faults::{Fault, Faults, Loss};
use cleat_root::Root;
use cleat_store::{Found, Generation, Health, Origin, Outcome, Recovery, Staging, Store, StoreError, Watch, What};
use host::{Host, NEW, OLD, boot, live};
use nix::errno::Errno;
use std::path::Path;
use std::time::Duration;

/// What a program does, as far as the file system sees it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Verb {
    /// `boot` with a staged file.
    Boot,
    /// `boot` with a staged file whose first boot is to be confirmed, and the check fails.
    BootUnconfirmed,
    /// `apply`: committed, verified.
    Apply,
    /// `apply`: committed, the reload fails, put back.
    ApplyFailing,
    /// `rollback --now`.
    Rollback,
    /// `rollback` for the next boot, and that boot.
    RollbackAtBoot,
    /// `try`, confirmed.
    Try,
    /// `try`, not confirmed in time.
    TryTimeout,
    /// `stage`, and no more.
    Stage,
}

/// A host ready for a verb.
fn host_for(verb: Verb) -> Host {
    let host = Host::in_memory();
    match verb {
        Verb::Rollback | Verb::RollbackAtBoot => {
            // The live one is NEW, OLD is generation 1.
            host.stage(NEW);
            host.commit(What::Staged, boot()).unwrap();
        }
        Verb::Stage => {}
        _ => host.stage(NEW),
    }
    host
}

fn run(verb: Verb, root: &Root, host: &Host) -> Result<(), StoreError> {
    let store = Store::new(root, host.now());
    let locked = store.lock(Duration::ZERO)?;
    locked.recover()?;
    let commit = |what, options| match locked.commit(what, &options, &|_| Vec::new())? {
        Outcome::Committed(_) => Ok(()),
        Outcome::Refused(refusal) => Err(StoreError::Damaged {
            path: "/".into(),
            reason: format!("{:?}", refusal.findings.diagnostics),
        }),
        other => panic!("{verb:?}: {other:?}"),
    };
    let watch = Watch::Live { until: None };
    match verb {
        Verb::Boot => commit(What::Staged, boot()),
        Verb::BootUnconfirmed => {
            let check = "gateway".to_owned();
            let options = cleat_store::CommitOptions {
                watch: Some(Watch::FirstBoot { check }),
                ..boot()
            };
            commit(What::Staged, options)?;
            locked.undo("no answer from 192.0.2.254").map(|_| ())
        }
        Verb::Apply | Verb::Try => {
            commit(What::Staged, live(watch))?;
            locked.confirm().map(|_| ())
        }
        Verb::ApplyFailing | Verb::TryTimeout => {
            commit(What::Staged, live(watch))?;
            locked.undo("the reload failed").map(|_| ())
        }
        Verb::Rollback => {
            commit(What::Generation(1), live(watch))?;
            locked.confirm().map(|_| ())
        }
        Verb::RollbackAtBoot => {
            let staging = store.staging_of(&store.generation(1)?)?;
            locked.stage(staging)?;
            commit(What::Staged, boot())
        }
        Verb::Stage => locked.stage(Staging {
            bytes: NEW.as_bytes().to_vec(),
            base: host.content("/etc/network/interfaces"),
            ..Staging::default()
        }),
    }
}

/// What the live file holds: `old` or `new`; anything else is the end of the test.
fn which(host: &Host, when: &str) -> &'static str {
    match host.read("/etc/network/interfaces").as_deref() {
        Some(OLD) => "old",
        Some(NEW) => "new",
        other => panic!("{when}: the live file is neither the old nor the new one: {other:?}"),
    }
}

/// The next run, on a disk without faults: ends what was begun, reads all, and can commit again.
fn next_run(host: &Host, when: &str) {
    which(host, when);
    let store = host.store();
    let locked = store.lock(Duration::ZERO).unwrap();
    match locked.recover().unwrap_or_else(|error| panic!("{when}: {error}")) {
        Recovery::SetAside { reason, .. } => panic!("{when}: the record is damaged: {reason}"),
        Recovery::Finished { warnings, .. } => assert!(warnings.is_empty(), "{when}: {warnings:?}"),
        Recovery::Undone(undone) => assert!(undone.warnings.is_empty(), "{when}: {:?}", undone.warnings),
        Recovery::Nothing => {}
    }
    which(host, when);
    if store.pending().unwrap().is_some() {
        locked.undo("the next run").unwrap();
    }
    let (history, diagnostics) = store.history();
    assert!(diagnostics.is_empty(), "{when}: {diagnostics:?}");
    for generation in &history {
        let bytes = &generation.files.0[Path::new("/etc/network/interfaces")].bytes;
        let number = generation.number;
        assert!(bytes == OLD.as_bytes() || bytes == NEW.as_bytes(), "{when}: {number}");
    }
    if let Found::Fit(staged) = store.staged().unwrap() {
        assert!(
            [OLD, NEW].contains(&std::str::from_utf8(&staged.bytes).unwrap()),
            "{when}"
        );
    }
    // It can go on: whatever is staged is committed, and then nothing is left to do.
    match locked.commit(What::Staged, &boot(), &|_| Vec::new()).unwrap() {
        Outcome::Committed(_) | Outcome::Nothing | Outcome::Unchanged(_) => {}
        Outcome::Refused(refusal) => panic!("{when}: {:?}", refusal.findings.diagnostics),
    }
    locked.import_spool().unwrap();
    assert!(store.is_idle(), "{when}");
    let live = which(host, when);
    // The newest generation is the live configuration, unless nothing was ever committed, or what came behind it could
    // not be written and was warned of.
    let (history, _) = store.history();
    let is_live = |newest: &&Generation| !matches!(newest.health, Health::Failed { .. });
    if let Some(newest) = history.last().filter(is_live) {
        let bytes = &newest.files.0[Path::new("/etc/network/interfaces")].bytes;
        let expected = if live == "old" { OLD } else { NEW };
        assert_eq!(bytes, expected.as_bytes(), "{when}: {:?}", newest.origin);
    }
    let names = host.names_below("/etc").into_iter().chain(host.names_below("/var"));
    let litter: Vec<_> = names.filter(|name| name.contains("/.new-")).collect();
    assert!(litter.is_empty(), "{when}: {litter:?}");
}

/// The number of calls that a verb makes, and that it does what it should without a fault.
fn calls_of(verb: Verb) -> Vec<String> {
    let host = host_for(verb);
    let faults = Faults::new(0, Fault::None);
    run(verb, &faults.on(&host.root), &host).unwrap();
    let expected = match verb {
        Verb::Boot | Verb::Apply | Verb::Try => "new",
        _ => "old",
    };
    assert_eq!(which(&host, "without a fault"), expected, "{verb:?}");
    faults.calls()
}

fn tried(verb: Verb) {
    let calls = calls_of(verb);
    let changing = |call: &str| !call.starts_with("Look(") && !call.starts_with("Read(");
    let mut points = 0;
    for (index, call) in calls.iter().enumerate() {
        let kinds = [Errno::EIO, Errno::ENOSPC, Errno::EROFS];
        let once = kinds.map(Fault::Once);
        // From a call that only looks on, the next one that changes something fails: that one has its own turn.
        let lasting = kinds.map(Fault::FromHere).into_iter().filter(|_| changing(call));
        for (turn, fault) in once.into_iter().chain(lasting).enumerate() {
            fails(verb, index + 1, fault, (index + turn) % 2 == 0, call);
            points += 1;
        }
    }
    cut(verb, 0, "none");
    // Behind a call that only looks the disk is as it was before it.
    for (index, call) in calls.iter().enumerate().filter(|(_, call)| changing(call)) {
        points += cut(verb, index + 1, call);
    }
    let changing = calls.iter().filter(|call| changing(call)).count();
    println!(
        "{verb:?}: {} calls, {changing} that change something, {points} points tried",
        calls.len()
    );
}

/// One call fails (and perhaps all behind it); then comes the next run, in this boot or the next.
fn fails(verb: Verb, at: usize, fault: Fault, reboot: bool, call: &str) {
    let host = host_for(verb);
    let done = run(verb, &Faults::new(at, fault).on(&host.root), &host);
    let when = format!("{verb:?}, {fault:?} at call {at}, {call}, reboot {reboot}: {done:?}");
    which(&host, &when);
    if reboot {
        host.reboot();
    }
    next_run(&host, &when);
}

/// One call is the last. Returns the number of ways in which the disk was found.
fn cut(verb: Verb, at: usize, call: &str) -> usize {
    let losses = [Loss::Nothing, Loss::Everything, Loss::Bytes];
    let choices = (0..5).map(|choice| Loss::Some(at as u64 * 8 + choice));
    let ways: Vec<_> = losses.into_iter().chain(choices).collect();
    for loss in &ways {
        let host = host_for(verb);
        let faults = Faults::new(at, Fault::Cut);
        // The error is that of a program on a dead machine: nobody sees it.
        let _ = run(verb, &faults.on(&host.root), &host);
        faults.power_on(*loss);
        host.reboot();
        next_run(
            &host,
            &format!("{verb:?}, cut behind call {at}, {call}, losing {loss:?}"),
        );
    }
    ways.len()
}

#[test]
fn a_boot_survives_every_fault_at_every_call() {
    tried(Verb::Boot);
}

#[test]
fn a_boot_that_is_not_confirmed_survives_every_fault_at_every_call() {
    tried(Verb::BootUnconfirmed);
}

#[test]
fn an_apply_survives_every_fault_at_every_call() {
    tried(Verb::Apply);
}

#[test]
fn an_apply_that_is_put_back_survives_every_fault_at_every_call() {
    tried(Verb::ApplyFailing);
}

#[test]
fn a_rollback_survives_every_fault_at_every_call() {
    tried(Verb::Rollback);
    tried(Verb::RollbackAtBoot);
}

#[test]
fn a_try_survives_every_fault_at_every_call() {
    tried(Verb::Try);
    tried(Verb::TryTimeout);
}

#[test]
fn staging_survives_every_fault_at_every_call() {
    tried(Verb::Stage);
}

#[test]
fn a_disk_without_a_history_commits_and_keeps_both_in_the_spool() {
    let host = Host::in_memory();
    host.stage(NEW);
    std::fs::remove_dir_all(host.path().join("var")).unwrap();
    host.commit(What::Staged, boot()).unwrap();
    let (history, _) = host.store().history();
    let origins: Vec<_> = history.iter().map(|found| (found.origin, found.spooled)).collect();
    assert_eq!(origins, [(Origin::Found, true), (Origin::Boot, true)]);
}
