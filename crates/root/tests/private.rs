//! Locks, records and logs that their owner alone may open; room that is taken before it is needed.

#![allow(clippy::disallowed_methods, clippy::unwrap_used)]

use cleat_netns as netns;
use cleat_root::{LockError, Root};
use std::fs;
use std::io::Read;
use std::os::unix::fs::PermissionsExt;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

fn mode(root: &Root, path: &str) -> u32 {
    fs::metadata(root.host_path(path)).unwrap().permissions().mode() & 0o777
}

/// A process of another user that holds the lock of a file, which its owner has let it read.
fn stranger(root: &Root, path: &str) -> Child {
    let script = "exec 9<\"$0\"; flock 9; echo; exec sleep 60";
    let mut child = Command::new("setpriv")
        .args(["--reuid=65534", "--regid=65534", "--clear-groups", "sh", "-c", script])
        .arg(root.host_path(path))
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    child.stdout.as_mut().unwrap().read_exact(&mut [0]).unwrap();
    child
}

#[test]
fn nobody_else_may_open_a_lock_also_one_that_was_open_to_all() {
    let tree = tempfile::tempdir().unwrap();
    let root = Root::at(tree.path());
    drop(root.lock("/run/new.lock", Duration::ZERO).unwrap());
    assert_eq!(mode(&root, "/run/new.lock"), 0o600);
    fs::write(tree.path().join("run/old.lock"), "").unwrap();
    fs::set_permissions(tree.path().join("run/old.lock"), fs::Permissions::from_mode(0o644)).unwrap();
    drop(root.lock("/run/old.lock", Duration::ZERO).unwrap());
    assert_eq!(mode(&root, "/run/old.lock"), 0o600);
}

/// Second witness: setpriv(1) and flock(2), by another user than root.
#[test]
fn a_lock_that_another_user_holds_does_not_keep_root_out() {
    let _room = netns::enter!();
    let tree = tempfile::tempdir().unwrap();
    fs::set_permissions(tree.path(), fs::Permissions::from_mode(0o755)).unwrap();
    let root = Root::at(tree.path());
    fs::write(tree.path().join("lock"), "").unwrap();
    fs::set_permissions(tree.path().join("lock"), fs::Permissions::from_mode(0o644)).unwrap();
    let mut other = stranger(&root, "/lock");
    let held = root.lock("/lock", Duration::ZERO).unwrap();
    assert_eq!(mode(&root, "/lock"), 0o600);
    // It is a lock among us all the same.
    let busy = root.lock("/lock", Duration::ZERO).unwrap_err();
    assert!(matches!(busy, LockError::Busy { .. }), "{busy}");
    drop(held);
    drop(root.lock("/lock", Duration::ZERO).unwrap());
    other.kill().unwrap();
    other.wait().unwrap();
}

/// Second witness: tmpfs, full to the last page.
#[test]
fn a_full_file_system_does_not_hinder_a_lock_nor_what_room_was_taken_for() {
    let _room = netns::enter!();
    let tree = tempfile::tempdir().unwrap();
    let run = tree.path().join("run");
    fs::create_dir(&run).unwrap();
    netns::run(&format!("mount -t tmpfs -o size=64k,mode=755 none {}", run.display()));
    let root = Root::at(tree.path());
    drop(root.lock("/run/lock", Duration::ZERO).unwrap());
    root.write_private("/run/state", b"old").unwrap();
    let mut log = root.begin_log("/run/log", 8192).unwrap();
    let reserved = root.reserve("/run/state", 4096).unwrap();
    let full = fs::write(run.join("fill"), vec![0; 1 << 20]).unwrap_err();
    assert_eq!(full.raw_os_error(), Some(28));
    drop(root.lock("/run/lock", Duration::ZERO).unwrap());
    for _ in 0..8 {
        log.add(&[b'x'; 1024]).unwrap();
    }
    reserved.put(&[b'y'; 4096]).unwrap();
    assert_eq!(root.read("/run/log").unwrap(), [b'x'; 8192]);
    assert_eq!(root.read("/run/state").unwrap(), [b'y'; 4096]);
    assert_eq!((mode(&root, "/run/log"), mode(&root, "/run/state")), (0o600, 0o600));
    let told = root.reserve("/run/state", 65536).unwrap_err().to_string();
    assert_eq!(told, "cannot write /run/state: No space left on device");
    assert_eq!(root.read("/run/state").unwrap(), [b'y'; 4096]);
    drop(log);
    let mut names: Vec<_> = fs::read_dir(&run)
        .unwrap()
        .map(|entry| entry.unwrap().file_name())
        .collect();
    names.sort();
    assert_eq!(names, ["fill", "lock", "log", "state"]);
    netns::run(&format!("umount {}", run.display()));
}
