//! The demo's own network and files: namespaces that hold everything and vanish with the process.

use nix::mount::{MsFlags, mount};
use nix::sched::{CloneFlags, unshare};
use nix::unistd::{getegid, geteuid};
use std::fs;
use std::path::Path;
use std::process::{Command, Stdio};

/// Where the demo's configuration is written; a private file system is mounted there first.
const ETC_NETWORK: &str = "/etc/network";
const NO_DATA: Option<&str> = None;

/// Moves the process into a network and mount namespace of its own, with an empty `/run` and `/etc/network` and a
/// `/sys` that shows the links in it. To be called before any thread is started.
///
/// Like `unshare --net --mount`, and `--user --map-root-user` in front of it where the caller is not root.
///
/// # Errors
/// One sentence on the step that failed. The host is as it was.
pub fn enter() -> Result<(), String> {
    if !geteuid().is_root() {
        become_root_of_a_user_namespace()?;
    }
    unshare(CloneFlags::CLONE_NEWNET | CloneFlags::CLONE_NEWNS).map_err(|errno| {
        let who = if geteuid().is_root() {
            "this container or kernel forbids it"
        } else {
            "run it as root"
        };
        format!("cannot make a network of its own ({}): {who}", errno.desc())
    })?;
    mount(NO_DATA, "/", NO_DATA, MsFlags::MS_REC | MsFlags::MS_PRIVATE, NO_DATA)
        .map_err(|errno| format!("cannot make the mounts private: {}", errno.desc()))?;
    mounted("sysfs", "/sys")?;
    mounted("tmpfs", "/run")?;
    if !Path::new(ETC_NETWORK).is_dir() {
        etc_with_room_for_network()?;
    }
    mounted("tmpfs", ETC_NETWORK)
}

fn become_root_of_a_user_namespace() -> Result<(), String> {
    let (user, group) = (geteuid(), getegid());
    unshare(CloneFlags::CLONE_NEWUSER)
        .map_err(|errno| format!("cannot make a user namespace ({}): run it as root", errno.desc()))?;
    let maps = [
        ("/proc/self/setgroups", "deny".to_owned()),
        ("/proc/self/uid_map", format!("0 {user} 1")),
        ("/proc/self/gid_map", format!("0 {group} 1")),
    ];
    for (path, text) in maps {
        fs::write(path, text).map_err(|error| format!("cannot write {path} ({error}): run it as root"))?;
    }
    Ok(())
}

fn mounted(kind: &str, at: &str) -> Result<(), String> {
    mount(Some(kind), at, Some(kind), MsFlags::empty(), NO_DATA)
        .map_err(|errno| format!("cannot mount a {kind} of its own on {at}: {}", errno.desc()))
}

/// A host without /etc/network gets one in this namespace only: a writable layer of memory over its /etc.
fn etc_with_room_for_network() -> Result<(), String> {
    let cannot = |what: &str, why: &str| format!("cannot {what} for a private /etc/network: {why}");
    for directory in ["/run/etc-upper/network", "/run/etc-work"] {
        fs::create_dir_all(directory).map_err(|error| cannot("make a directory", &error.to_string()))?;
    }
    let layers = "lowerdir=/etc,upperdir=/run/etc-upper,workdir=/run/etc-work";
    mount(Some("overlay"), "/etc", Some("overlay"), MsFlags::empty(), Some(layers))
        .map_err(|errno| cannot("lay a layer over /etc", errno.desc()))
}

/// Runs `ip` with the words of `command`.
///
/// # Errors
/// The command and what it said.
pub fn ip(command: &str) -> Result<(), String> {
    let output = Command::new("ip")
        .args(command.split_whitespace())
        .stdin(Stdio::null())
        .output()
        .map_err(|error| format!("cannot run `ip {command}`: {error}"))?;
    let said = String::from_utf8_lossy(&output.stderr);
    match output.status.success() {
        true => Ok(()),
        false => Err(format!("`ip {command}` failed: {}", said.trim())),
    }
}

/// The programs of `names` that are not in PATH.
pub fn missing_programs<'a>(names: &[&'a str]) -> Vec<&'a str> {
    let path = std::env::var_os("PATH").unwrap_or_default();
    let found = |name: &str| std::env::split_paths(&path).any(|directory| directory.join(name).is_file());
    names.iter().copied().filter(|name| !found(name)).collect()
}

/// Plugs the stand-ins: a NIC eno1 on a wire to a gateway, and a guest that will be plugged into the bridge.
///
/// *Shape*: `eno1` is one end of a veth pair; the other end, in the namespace `gateway`, has 192.168.10.1.
/// `tap100i0` is one end of another; the other end, in the namespace `guest`, has 192.168.10.50.
///
/// # Errors
/// Of [`ip`].
pub fn plug() -> Result<(), String> {
    for command in [
        "link set lo up",
        "netns add gateway",
        "netns add guest",
        "link add eno1 type veth peer name wire netns gateway",
        "-n gateway link set wire up",
        "-n gateway addr add 192.168.10.1/24 dev wire",
        "link add tap100i0 type veth peer name eth0 netns guest",
        "-n guest link set eth0 up",
        "-n guest addr add 192.168.10.50/24 dev eth0",
    ] {
        ip(command)?;
    }
    Ok(())
}

/// Puts the guest's port into the bridge, as a hypervisor does when the guest starts.
///
/// # Errors
/// Of [`ip`].
pub fn start_guest() -> Result<(), String> {
    ip("link set tap100i0 master vmbr0 up")
}
