//! What may be found in the place of a staged file, and is never committed.

#![allow(clippy::disallowed_methods, clippy::unwrap_used)]

mod host;

use cleat_faults::{Fault, Faults};
use cleat_store::{Found, Outcome, Store, What};
use host::{Host, NEW, OLD, boot};
use std::fs::{self, File, Permissions};
use std::os::unix::fs::{PermissionsExt, symlink};
use std::path::{Path, PathBuf};

const STAGED: &str = "/etc/network/interfaces.new";

/// What a boot says of it; both files stay as they are.
fn refusal(make: impl Fn(&Path)) -> String {
    let host = Host::new();
    let path: PathBuf = host.root.host_path(STAGED);
    make(&path);
    let kind = fs::symlink_metadata(&path).unwrap().file_type();
    let Outcome::Refused(refusal) = host.commit(What::Staged, boot()).unwrap() else {
        panic!("not refused")
    };
    assert_eq!(host.read("/etc/network/interfaces").as_deref(), Some(OLD));
    assert_eq!(fs::symlink_metadata(&path).unwrap().file_type(), kind);
    assert!(host.store().history().0.is_empty());
    let [found] = refusal.findings.diagnostics.as_slice() else {
        panic!("{:?}", refusal.findings.diagnostics)
    };
    assert_eq!(found.code, "staged-unfit");
    found.message.clone()
}

/// Source: the texts are strerror(3)'s, or say what stat(2) says.
#[test]
fn what_is_no_file_is_refused_with_its_kind() {
    type Make = fn(&Path);
    let cases: [(&str, Make); 5] = [
        ("cannot read /etc/network/interfaces.new: Is a directory", |path| {
            fs::create_dir(path).unwrap();
        }),
        ("cannot read /etc/network/interfaces.new: it is a FIFO", |path| {
            nix::unistd::mkfifo(path, nix::sys::stat::Mode::S_IRUSR).unwrap();
        }),
        ("cannot read /etc/network/interfaces.new: it is a socket", |path| {
            std::os::unix::net::UnixListener::bind(path).unwrap();
        }),
        ("/etc/network/interfaces.new is a link that leads nowhere", |path| {
            symlink("/nowhere", path).unwrap();
        }),
        (
            "cannot read /etc/network/interfaces.new: Too many levels of symbolic links",
            |path| symlink("interfaces.new", path).unwrap(),
        ),
    ];
    for (message, make) in cases {
        assert_eq!(refusal(make), message);
    }
}

#[test]
fn a_file_of_a_gigabyte_is_refused_unread() {
    let large = |path: &Path| File::create(path).unwrap().set_len(1 << 30).unwrap();
    assert_eq!(
        refusal(large),
        "cannot read /etc/network/interfaces.new: it is larger than 16 MiB"
    );
}

#[test]
fn a_file_that_everybody_may_write_is_refused() {
    let open = |path: &Path| {
        fs::write(path, NEW).unwrap();
        fs::set_permissions(path, Permissions::from_mode(0o646)).unwrap();
    };
    assert_eq!(refusal(open), "/etc/network/interfaces.new is writable by everybody");
}

#[test]
fn a_file_of_another_user_is_refused_unless_the_live_file_is_his() {
    if !nix::unistd::geteuid().is_root() {
        return cleat_netns::skip("root", "only root gives files away");
    }
    let foreign = |path: &Path| {
        fs::write(path, NEW).unwrap();
        std::os::unix::fs::chown(path, Some(1_234), None).unwrap();
    };
    assert_eq!(refusal(foreign), "/etc/network/interfaces.new belongs to user 1234");
    // A link of another user to a good file is his choice of file.
    let link = |path: &Path| {
        symlink("interfaces", path).unwrap();
        std::os::unix::fs::lchown(path, Some(1_234), None).unwrap();
    };
    assert_eq!(refusal(link), "/etc/network/interfaces.new belongs to user 1234");
    let host = Host::new();
    foreign(&host.root.host_path(STAGED));
    std::os::unix::fs::chown(host.root.host_path("/etc/network/interfaces"), Some(1_234), None).unwrap();
    assert!(matches!(host.store().staged(), Ok(Found::Fit(_))));
}

/// The directories of a `source` pattern, of our .link files and of our sysctl snippets: one that the disk does not give
/// may hold anything. The error's text is strerror(3)'s.
#[test]
fn regress_a_directory_that_cannot_be_read_is_no_empty_one() {
    let staged = format!("{NEW}source interfaces.d/*\n");
    let make = || {
        let host = Host::new();
        host.write("/etc/network/interfaces.d/more", "auto eno2\niface eno2 inet manual\n");
        host.write("/etc/systemd/network/10-cleat-eno1.link", "[Match]\n");
        host.write("/etc/sysctl.d/60-cleat.conf", "net.ipv4.ip_forward = 1\n");
        host.stage(&staged);
        host
    };
    let commit = |host: &Host, faults: &std::sync::Arc<Faults>| {
        let store = Store::new(&faults.on(&host.root), host.now());
        let locked = store.lock(std::time::Duration::ZERO).unwrap();
        locked.commit(What::Staged, &boot(), &|_| Vec::new())
    };
    let (host, counting) = (make(), Faults::new(0, Fault::None));
    assert!(matches!(commit(&host, &counting), Ok(Outcome::Committed(_))));
    for directory in ["/etc/network/interfaces.d", "/etc/systemd/network", "/etc/sysctl.d"] {
        let reads = format!("Read({:?})", host.root.host_path(directory));
        let calls = counting.calls();
        let places: Vec<usize> = (0..calls.len()).filter(|at| calls[*at] == reads).collect();
        let mut refused = 0;
        for place in places {
            let host = make();
            let told = match commit(&host, &Faults::new(place + 1, Fault::Once(nix::errno::Errno::EIO))) {
                Ok(Outcome::Refused(refusal)) => refusal.findings.diagnostics[0].message.clone(),
                Err(error) => error.to_string(),
                // Only litter was looked for there.
                Ok(Outcome::Committed(_)) => {
                    // The old file sources nothing.
                    let held: Vec<usize> = host.store().history().0.iter().map(|one| one.files.0.len()).collect();
                    assert_eq!(held, [3, 4], "{directory}");
                    continue;
                }
                other => panic!("{directory}: {other:?}"),
            };
            refused += 1;
            assert_eq!(told, format!("cannot read {directory}: Input/output error"));
            assert_eq!(host.read("/etc/network/interfaces").as_deref(), Some(OLD));
            assert_eq!(host.read(STAGED).as_ref(), Some(&staged));
        }
        assert!(refused > 0, "{directory}: {calls:#?}");
    }
}

#[test]
fn names_with_newlines_are_kept_whole() {
    let host = Host::new();
    let odd = "/etc/network/interfaces.d/a\nb";
    host.write("/etc/network/interfaces", "auto eno1\nsource interfaces.d/*\n");
    host.write(odd, "iface eno1 inet manual\n");
    host.stage("auto eno1\nsource interfaces.d/*\n# changed\n");
    host.commit(What::Staged, boot()).unwrap();
    let (history, diagnostics) = host.store().history();
    assert!(diagnostics.is_empty(), "{diagnostics:?}");
    let content = &history[1].files.0[Path::new(odd)];
    assert_eq!(content.bytes, b"iface eno1 inet manual\n");
    let mut changed = history[1].files.clone();
    changed.0.get_mut(Path::new(odd)).unwrap().bytes = b"iface eno1 inet dhcp\n".to_vec();
    let diff = history[1].files.diff(&changed);
    assert!(diff.starts_with("--- /etc/network/interfaces.d/a?b\n+++ "), "{diff}");
}

#[test]
fn what_is_staged_over_a_link_takes_its_place() {
    let host = Host::new();
    symlink("/nowhere", host.root.host_path(STAGED)).unwrap();
    host.stage(NEW);
    assert!(fs::symlink_metadata(host.root.host_path(STAGED)).unwrap().is_file());
    host.commit(What::Staged, boot()).unwrap();
    assert_eq!(host.read("/etc/network/interfaces").as_deref(), Some(NEW));
}

#[test]
fn a_live_file_that_is_a_link_stays_one() {
    let host = Host::new();
    host.write("/etc/network/real", OLD);
    fs::remove_file(host.root.host_path("/etc/network/interfaces")).unwrap();
    symlink("real", host.root.host_path("/etc/network/interfaces")).unwrap();
    host.stage(NEW);
    host.commit(What::Staged, boot()).unwrap();
    assert_eq!(host.read("/etc/network/real").as_deref(), Some(NEW));
    assert_eq!(
        fs::read_link(host.root.host_path("/etc/network/interfaces")).unwrap(),
        Path::new("real")
    );
}
