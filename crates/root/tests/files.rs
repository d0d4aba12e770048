//! Reading, writing, globbing and locking below a temporary root.

#![allow(clippy::disallowed_methods, clippy::unwrap_used)]

use cleat_root::{Durability, LockError, Root};
use std::fs;
use std::os::unix::fs::{MetadataExt, PermissionsExt, symlink};
use std::path::Path;
use std::time::{Duration, Instant};

/// A root with `/etc/network`, gone at the end.
fn room() -> (tempfile::TempDir, Root) {
    let directory = tempfile::tempdir().unwrap();
    fs::create_dir_all(directory.path().join("etc/network")).unwrap();
    let root = Root::at(directory.path());
    (directory, root)
}

/// Source: the texts are strerror(3)'s; the paths are those below the root, as a user knows them.
#[test]
fn what_cannot_be_read_says_why() {
    let (directory, root) = room();
    let at = |name: &str| directory.path().join(name);
    nix::unistd::mkfifo(&at("fifo"), nix::sys::stat::Mode::S_IRUSR).unwrap();
    let _socket = std::os::unix::net::UnixListener::bind(at("socket")).unwrap();
    symlink("loop", at("loop")).unwrap();
    fs::write(at("large"), [b'x'; 11]).unwrap();
    let text = |path: &str| root.read_up_to(path, 10).unwrap_err().to_string();
    assert_eq!(text("/none"), "cannot read /none: No such file or directory");
    assert_eq!(text("/etc"), "cannot read /etc: Is a directory");
    assert_eq!(text("/fifo"), "cannot read /fifo: it is a FIFO");
    assert_eq!(text("/socket"), "cannot read /socket: it is a socket");
    assert_eq!(text("/loop"), "cannot read /loop: Too many levels of symbolic links");
    assert_eq!(text("/large"), "cannot read /large: it is larger than 10 bytes");
    assert_eq!(text("/large/x"), "cannot read /large/x: Not a directory");
    assert_eq!(root.read_up_to("/large", 11).unwrap(), [b'x'; 11]);
    let message = root.read_dir("/large").unwrap_err().to_string();
    assert_eq!(message, "cannot read /large: Not a directory");
}

/// Source: systemd.link(5), sysctl.d(5): a link to /dev/null masks a file.
#[test]
fn a_masked_file_reads_as_empty() {
    assert_eq!(Root::real().read("/dev/null").unwrap(), b"");
    let message = Root::real().read("/dev/zero").unwrap_err().to_string();
    assert_eq!(message, "cannot read /dev/zero: it is a device");
}

#[test]
fn files_of_the_kernel_read_without_their_line_end() {
    let root = Root::real();
    assert_eq!(root.read_text("/proc/sys/kernel/ostype").unwrap(), "Linux");
    assert!(root.read_dir("/sys/class/net").unwrap().iter().any(|name| name == "lo"));
}

/// Second witness: the links as they are made; sysfs names devices so (`class/net/eth0`, `physfn`).
#[test]
fn a_path_is_resolved_to_where_it_leads_below_the_root() {
    let (directory, root) = room();
    root.symlink("../network", "/etc/network/self").unwrap();
    assert_eq!(
        root.real_path("/etc/network/self/self").unwrap(),
        Path::new("/etc/network")
    );
    assert_eq!(
        fs::read_link(directory.path().join("etc/network/self")).unwrap(),
        Path::new("../network")
    );
    let again = root.symlink("x", "/etc/network/self").unwrap_err().to_string();
    assert_eq!(again, "cannot make the link /etc/network/self: File exists");
    let missing = root.real_path("/etc/none").unwrap_err().to_string();
    assert_eq!(missing, "cannot resolve /etc/none: No such file or directory");
}

#[test]
fn links_do_not_lead_out_of_the_root() {
    let (directory, root) = room();
    fs::write(directory.path().join("etc/network/real"), "inside").unwrap();
    symlink("/etc/network/real", directory.path().join("absolute")).unwrap();
    symlink("../../../../../../etc/network/real", directory.path().join("etc/up")).unwrap();
    symlink("/etc", directory.path().join("conf")).unwrap();
    for path in [
        "/absolute",
        "/etc/up",
        "/conf/network/real",
        "/conf/../etc/./network/real",
    ] {
        assert_eq!(root.read(path).unwrap(), b"inside", "{path}");
    }
    assert_eq!(root.read_link("/absolute").unwrap(), Path::new("/etc/network/real"));
    assert_eq!(
        root.identity("/absolute").unwrap(),
        root.identity("/etc/network/real").unwrap()
    );
}

#[test]
fn an_atomic_write_keeps_mode_owner_and_link() {
    let (directory, root) = room();
    let host = directory.path().join("etc/network/interfaces");
    root.write_atomic("/etc/network/interfaces", b"one", Durability::Durable)
        .unwrap();
    assert_eq!(fs::metadata(&host).unwrap().mode() & 0o7777, 0o644);
    fs::set_permissions(&host, fs::Permissions::from_mode(0o640)).unwrap();
    let is_root = nix::unistd::geteuid().is_root();
    if is_root {
        std::os::unix::fs::chown(&host, Some(12), Some(34)).unwrap();
    }
    symlink("interfaces", directory.path().join("etc/network/link")).unwrap();
    root.write_atomic("/etc/network/link", b"two", Durability::Volatile)
        .unwrap();
    let found = fs::metadata(&host).unwrap();
    assert_eq!(found.mode() & 0o7777, 0o640);
    if is_root {
        assert_eq!((found.uid(), found.gid()), (12, 34));
    }
    assert!(
        fs::symlink_metadata(directory.path().join("etc/network/link"))
            .unwrap()
            .is_symlink()
    );
    assert_eq!(fs::read(&host).unwrap(), b"two");
    assert_eq!(root.read_dir("/etc/network").unwrap(), ["interfaces", "link"]);
}

#[test]
fn a_write_that_cannot_be_done_changes_nothing() {
    let (_directory, root) = room();
    let message = |path: &str| {
        root.write_atomic(path, b"x", Durability::Durable)
            .unwrap_err()
            .to_string()
    };
    assert_eq!(message("/etc/network"), "cannot write /etc/network: Is a directory");
    assert_eq!(
        message("/none/file"),
        "cannot write /none/file: No such file or directory"
    );
    assert_eq!(root.read_dir("/etc").unwrap(), ["network"]);
}

#[test]
fn equal_bytes_are_not_written_again() {
    let (directory, root) = room();
    let inode = || fs::metadata(directory.path().join("file")).unwrap().ino();
    assert!(root.replace_if_changed("/file", b"a", Durability::Volatile).unwrap());
    let first = inode();
    assert!(!root.replace_if_changed("/file", b"a", Durability::Volatile).unwrap());
    assert_eq!(inode(), first);
    assert!(root.replace_if_changed("/file", b"b", Durability::Volatile).unwrap());
    assert_eq!(root.read("/file").unwrap(), b"b");
}

/// Source: a file of /proc/sys takes its value in one write and is never made by one.
#[test]
fn a_write_in_place_neither_makes_nor_truncates() {
    let (_directory, root) = room();
    let message = root.write_in_place("/none", b"1").unwrap_err().to_string();
    assert_eq!(message, "cannot write /none: No such file or directory");
    root.append("/value", b"abc").unwrap();
    root.write_in_place("/value", b"1").unwrap();
    root.append("/value", b"d").unwrap();
    assert_eq!(root.read("/value").unwrap(), b"1bcd");
}

#[test]
fn removing_takes_the_link_and_not_its_target() {
    let (directory, root) = room();
    root.append("/file", b"x").unwrap();
    symlink("file", directory.path().join("link")).unwrap();
    assert!(root.remove("/link").unwrap());
    assert!(!root.remove("/link").unwrap());
    assert!(root.exists("/file"));
    assert_eq!(
        root.remove("/etc").unwrap_err().to_string(),
        "cannot remove /etc: Is a directory"
    );
    root.rename("/file", "/etc/moved").unwrap();
    assert_eq!(root.read("/etc/moved").unwrap(), b"x");
}

/// Second witness: bash, told to give nothing for a pattern without a match.
#[test]
fn globs_find_what_bash_finds() {
    let (directory, root) = room();
    root.create_dir_all("/d/sub").unwrap();
    root.create_dir_all("/d/.hidden").unwrap();
    for name in [
        "a",
        "b",
        "b.conf",
        "c.conf",
        ".dot",
        "Z",
        "[x]",
        "e f",
        "sub/one",
        "sub/two",
        ".hidden/three",
    ] {
        root.append(Path::new("/d").join(name), b"").unwrap();
    }
    let script = "shopt -s nullglob; cd d; for p in $1; do printf '%s\\n' \"$p\"; done | LC_ALL=C sort -u";
    let patterns = [
        "*",
        "*.conf",
        "?",
        "[ab]",
        "[!ab]",
        "[a-c]*",
        "{a,b}*",
        "*/one",
        "*/*",
        "sub/{one,two}",
        ".d*",
        ".*/three",
        "x*",
        "\\[x\\]*",
        "./a*",
        "[[]x]",
        "[A-Z]",
    ];
    for pattern in patterns {
        let script = script.replace("$1", pattern);
        let bash = std::process::Command::new("bash")
            .args(["-c", &script])
            .env("LC_ALL", "C")
            .current_dir(directory.path())
            .output()
            .unwrap();
        let expected = String::from_utf8(bash.stdout).unwrap();
        let expected: Vec<_> = expected
            .lines()
            .map(|line| Path::new("/d").join(line.trim_start_matches("./")))
            .collect();
        assert_eq!(root.glob(pattern, "/d"), expected, "{pattern}");
    }
    assert_eq!(root.glob("/d/a", "/elsewhere"), [Path::new("/d/a")]);
    assert!(root.glob("/d/none", "/elsewhere").is_empty());
}

#[test]
fn a_busy_lock_names_its_holder() {
    let (_directory, root) = room();
    let held = root.lock("/run/network/.lock", Duration::ZERO).unwrap();
    let busy = root.lock("/run/network/.lock", Duration::ZERO).unwrap_err().to_string();
    let pid = std::process::id();
    let expected = format!("/run/network/.lock is held by pid {pid} (files-");
    assert!(busy.starts_with(&expected), "{busy}");
    // The lock was signed with whole seconds of the clock, which may tick between the two.
    let age = |busy: &str| ["0 s", "1 s"].iter().any(|age| busy.ends_with(&format!(") for {age}")));
    assert!(age(&busy), "{busy}");
    let busy = root
        .lock("/run/network/.lock", Duration::from_millis(60))
        .unwrap_err()
        .to_string();
    let waited = busy.strip_suffix("; waited 1 s for it");
    assert!(waited.is_some_and(age), "{busy}");
    drop(held);
    drop(root.lock("/run/network/.lock", Duration::ZERO).unwrap());
    assert_eq!(root.read("/run/network/.lock").unwrap(), b"");
}

#[test]
fn a_lock_is_waited_for() {
    let (_directory, root) = room();
    let held = root.lock("/lock", Duration::ZERO).unwrap();
    let begun = Instant::now();
    let release = std::thread::spawn(move || {
        std::thread::sleep(Duration::from_millis(150));
        drop(held);
    });
    let mut told = Vec::new();
    root.lock_or_tell("/lock", Duration::from_secs(20), |held| told.push(held.pid))
        .unwrap();
    assert!(begun.elapsed() >= Duration::from_millis(150));
    assert_eq!(told, [Some(std::process::id())]);
    release.join().unwrap();
}

/// Second witness: flock(1), as a program that writes no name into the file.
#[test]
fn the_holder_is_known_without_its_signature() {
    let (directory, root) = room();
    let mut child = std::process::Command::new("flock")
        .args(["-x", "lock", "sh", "-c", "echo locked; read wait"])
        .current_dir(directory.path())
        .stdin(std::process::Stdio::piped())
        .stdout(std::process::Stdio::piped())
        .spawn()
        .unwrap();
    let mut locked = [0; 7];
    std::io::Read::read_exact(child.stdout.as_mut().unwrap(), &mut locked).unwrap();
    let Err(LockError::Busy { held, .. }) = root.lock("/lock", Duration::ZERO) else {
        panic!("not busy")
    };
    assert_eq!(
        held.to_string(),
        format!(
            "/lock is held by pid {} (flock -x lock sh -c echo locked; read wait)",
            child.id()
        )
    );
    drop(child.stdin.take());
    child.wait().unwrap();
    drop(root.lock("/lock", Duration::from_secs(5)).unwrap());
}
