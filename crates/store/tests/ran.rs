//! What runs of `ifup -a` and `ifreload -a` leave in the history, below a temporary root.

#![allow(clippy::disallowed_methods, clippy::unwrap_used)]

mod host;

use cleat_eni::ConfigSet;
use cleat_store::{Health, Keep, Occasion, Outcome, Ran, StoreError, Timestamp, Watch, What};
use host::{Host, NEW, OLD, live};
use std::path::Path;

fn healthy() -> Health {
    Health::Healthy { time: Timestamp(1) }
}

fn failed() -> Health {
    Health::Failed {
        time: Timestamp(1),
        reason: "no such link".to_owned(),
    }
}

/// A run that read this text, whatever the file says by now.
fn ran(host: &Host, text: &str, health: Health, tried: bool) -> Ran {
    let path = Path::new("/etc/network/interfaces");
    let (config, _) = ConfigSet::from_bytes(path, text.as_bytes().to_vec(), &host.root);
    let files = host.store().files_of(&config, &config.sources).unwrap();
    Ran {
        digest: files.digest(),
        files,
        origin: Occasion::Ifreload,
        by: "root".to_owned(),
        health,
        tried,
    }
}

fn note(host: &Host, text: &str, health: Health) -> Result<Option<u32>, StoreError> {
    host.locked(|locked| locked.note_run(ran(host, text, health, true)))
}

/// Health of each generation, by one letter.
fn letters(host: &Host) -> String {
    let (history, found) = host.store().history();
    assert!(found.is_empty(), "{found:?}");
    let letter = |health: &Health| match health {
        Health::Unknown => '?',
        Health::Healthy { .. } => 'h',
        Health::Failed { .. } => 'f',
    };
    history.iter().map(|generation| letter(&generation.health)).collect()
}

#[test]
fn other_bytes_make_a_generation_of_what_the_run_read_and_equal_ones_none() {
    let host = Host::new();
    assert_eq!(note(&host, OLD, healthy()).unwrap(), Some(1));
    assert_eq!(note(&host, OLD, healthy()).unwrap(), Some(1));
    assert_eq!(note(&host, NEW, healthy()).unwrap(), Some(2));
    assert_eq!(note(&host, OLD, healthy()).unwrap(), Some(3));
    let generation = host.store().generation(2).unwrap();
    let file = &generation.files.0[Path::new("/etc/network/interfaces")];
    assert_eq!((file.bytes.as_slice(), file.mode), (NEW.as_bytes(), 0o644));
    assert_eq!(
        (generation.summary.as_str(), generation.by.as_str()),
        ("eno1 changed", "root")
    );
    assert_eq!(letters(&host), "hhh");
}

#[test]
fn a_host_that_came_up_once_stays_healthy_and_one_that_failed_is_cleared_by_a_run_that_tried() {
    let host = Host::new();
    note(&host, OLD, failed()).unwrap();
    assert_eq!(letters(&host), "f");
    let idle = ran(&host, OLD, healthy(), false);
    assert_eq!(host.store().has_all_of(&idle).unwrap(), Some(1));
    host.locked(|locked| locked.note_run(idle)).unwrap();
    assert_eq!(letters(&host), "f");
    let tried = ran(&host, OLD, healthy(), true);
    assert_eq!(host.store().has_all_of(&tried).unwrap(), None);
    note(&host, OLD, healthy()).unwrap();
    assert_eq!(letters(&host), "h");
    note(&host, OLD, failed()).unwrap();
    assert_eq!(letters(&host), "h");
}

#[test]
fn while_a_commit_is_unsettled_no_run_adds_to_the_history() {
    let host = Host::new();
    note(&host, OLD, healthy()).unwrap();
    host.stage(NEW);
    let Outcome::Committed(_) = host.commit(What::Staged, live(Watch::Live { until: None })).unwrap() else {
        panic!("not committed")
    };
    assert_eq!(host.store().unsettled().unwrap(), Some(2));
    assert_eq!(note(&host, &NEW.replace("2.2", "2.3"), healthy()).unwrap(), Some(2));
    assert_eq!(letters(&host), "h?");
}

/// A boot before /var is there: one generation in the spool, and not another one for each boot.
#[test]
fn a_boot_before_var_is_mounted_leaves_its_generation_in_the_spool_once() {
    let host = Host::new();
    host.write("/etc/fstab", "/dev/sdb1 /var ext4 defaults 0 2\n");
    note(&host, OLD, healthy()).unwrap();
    assert!(host.store().generation(1).unwrap().spooled);
    host.write("/proc/self/mountinfo", "30 1 8:17 / /var rw - ext4 /dev/sdb1 rw\n");
    assert_eq!(host.locked(|locked| locked.import_spool()).unwrap(), [1]);
    // Another boot, with the history out of reach again.
    host.write("/proc/self/mountinfo", "");
    std::fs::rename(host.path().join("var"), host.path().join("disk")).unwrap();
    host.root.create_dir_all("/var/lib/cleat/generations").unwrap();
    assert_eq!(note(&host, OLD, healthy()).unwrap(), Some(1));
    assert!(host.read("/etc/cleat/commit/spool/2/generation.json").is_none());
}

/// Somebody has emptied /var/lib/cleat: what is live is in the history again after the next run.
#[test]
fn a_generation_that_is_lost_is_made_again() {
    let host = Host::new();
    note(&host, OLD, healthy()).unwrap();
    std::fs::remove_dir_all(host.path().join("var/lib/cleat/generations/1")).unwrap();
    assert_eq!(note(&host, OLD, healthy()).unwrap(), Some(2));
    assert_eq!(letters(&host), "h");
}

#[test]
fn pruning_keeps_the_healthy_one_that_a_rollback_goes_to() {
    let host = Host::new();
    note(&host, OLD, healthy()).unwrap();
    for last in 2..9 {
        note(&host, &NEW.replace("2.2", &format!("2.{last}")), failed()).unwrap();
    }
    note(&host, NEW, healthy()).unwrap();
    let keep = Keep {
        count: 2,
        bytes: 1 << 20,
    };
    host.locked(|locked| locked.prune(keep)).unwrap();
    let (history, _) = host.store().history();
    let numbers: Vec<u32> = history.iter().map(|generation| generation.number).collect();
    assert_eq!(numbers, [1, 9]);
}
