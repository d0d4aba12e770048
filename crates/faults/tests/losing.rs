//! The model of a disk loses what it should lose, and keeps what was flushed.

#![allow(clippy::disallowed_methods, clippy::unwrap_used)]

use cleat_faults::{Fault, Faults, Loss};
use cleat_root::{Durability, Root};
use nix::errno::Errno;

/// What `/d/file` holds after a cut behind the last call of `run`, by what is lost.
fn after(run: impl Fn(&Root), loss: Loss) -> Option<String> {
    let directory = tempfile::tempdir().unwrap();
    let root = Root::at(directory.path());
    root.create_dir_all("/d").unwrap();
    root.write_atomic("/d/file", b"old", Durability::Durable).unwrap();
    let faults = Faults::new(usize::MAX, Fault::Cut);
    run(&faults.on(&root));
    faults.power_on(loss);
    root.read_text("/d/file").ok()
}

/// Source: fsync(2), rename(2).
#[test]
fn a_file_that_is_renamed_unflushed_may_come_back_empty() {
    let volatile = |root: &Root| root.write_atomic("/d/file", b"new", Durability::Volatile).unwrap();
    assert_eq!(after(volatile, Loss::Nothing).unwrap(), "new");
    assert_eq!(after(volatile, Loss::Everything).unwrap(), "old");
    assert_eq!(after(volatile, Loss::Bytes).unwrap(), "");
    let found: std::collections::BTreeSet<_> = (0..40).map(|number| after(volatile, Loss::Some(number))).collect();
    assert!(found.len() > 2, "{found:?}");
}

#[test]
fn what_is_flushed_is_kept_whatever_is_lost() {
    let durable = |root: &Root| root.write_atomic("/d/file", b"new", Durability::Durable).unwrap();
    let losses = (0..40).map(Loss::Some);
    for loss in losses.chain([Loss::Nothing, Loss::Everything, Loss::Bytes]) {
        assert_eq!(after(durable, loss).unwrap(), "new", "{loss:?}");
    }
}

#[test]
fn a_name_that_is_not_flushed_may_be_gone_and_a_removed_one_back() {
    let removed = |root: &Root| assert!(root.remove("/d/file").unwrap());
    assert_eq!(after(removed, Loss::Nothing), None);
    assert_eq!(after(removed, Loss::Everything).unwrap(), "old");
    let flushed = |root: &Root| {
        root.remove("/d/file").unwrap();
        root.sync_directory("/d").unwrap();
    };
    assert_eq!(after(flushed, Loss::Everything), None);
}

#[test]
fn a_directory_keeps_its_files_under_its_new_name() {
    let made = |root: &Root| {
        root.create_dir_all_durable("/d/new").unwrap();
        root.write_new("/d/new/file", b"x", 0o644, Durability::Durable).unwrap();
        root.sync_directory("/d/new").unwrap();
        root.rename("/d/new", "/d/made").unwrap();
        root.sync_directory("/d").unwrap();
        root.remove("/d/file").unwrap();
        root.rename("/d/made/file", "/d/file").unwrap();
        root.sync_directory("/d").unwrap();
    };
    assert_eq!(after(made, Loss::Everything).unwrap(), "x");
}

#[test]
fn a_fault_comes_at_its_call() {
    let directory = tempfile::tempdir().unwrap();
    let root = Root::at(directory.path());
    let faults = Faults::new(0, Fault::None);
    let write = |root: &Root| root.write_atomic("/file", b"four", Durability::Durable);
    write(&faults.on(&root)).unwrap();
    let calls = faults.calls();
    let at = calls.iter().position(|call| call.starts_with("Write(")).unwrap() + 1;
    let failing = Faults::new(at, Fault::Once(Errno::ENOSPC)).on(&root);
    assert_eq!(
        write(&failing).unwrap_err().to_string(),
        "cannot write /file: No space left on device"
    );
    assert_eq!(root.read_dir("/").unwrap(), ["file"]);
    let read_only = Faults::new(1, Fault::FromHere(Errno::EROFS)).on(&root);
    assert_eq!(read_only.read("/file").unwrap(), b"four");
    assert_eq!(
        write(&read_only).unwrap_err().to_string(),
        "cannot write /file: Read-only file system"
    );
    let cut = Faults::new(0, Fault::Cut).on(&root);
    assert_eq!(
        cut.read("/file").unwrap_err().to_string(),
        "cannot read /file: Input/output error"
    );
}
