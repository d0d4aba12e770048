//! The Debian packages that building and testing need: found out, named, and installed.

use std::io::{IsTerminal, Write};
use std::process::{Command, Stdio};

/// A Debian package and what it is needed for.
pub struct Package {
    /// Its name in Debian.
    pub name: &'static str,
    /// What for, in a few words.
    pub why: &'static str,
}

/// A row of a list.
pub const fn package(name: &'static str, why: &'static str) -> Package {
    Package { name, why }
}

/// Without these nothing can be built or tested.
pub const TO_TEST: &[Package] = &[
    package("libudev-dev", "the udev crate links to it"),
    package("pkg-config", "finds libudev"),
    package("iproute2", "ip and bridge, the tests' second witness"),
    package("ethtool", "the tests' second witness of NIC settings"),
    package("iputils-ping", "the guest's ping"),
    package("iptables", "the masquerading example"),
    package("kmod", "loads the kernel modules of user-mode Linux"),
    package("shellcheck", "checks the shell files"),
    package("zsh", "reads its completions"),
    package("fish", "reads its completions"),
    package("python3", "runs ifupdown2, the second witness of exit codes"),
    package("strace", "counts netlink requests"),
    package("zstd", "unpacks an initramfs"),
    package("systemd", "systemd-analyze, the judge of the units"),
];

/// The kernel for the second run of the network tests; not built for every architecture.
pub const UML: &[Package] = &[package(
    "user-mode-linux",
    "a kernel with every link kind, as a process",
)];

/// For the benchmark: the peers that it unpacks are run by these.
pub const TO_BENCH: &[Package] = &[
    package("libudev-dev", "the udev crate links to it"),
    package("pkg-config", "finds libudev"),
    package("iproute2", "ip -batch, the kernel's own floor"),
    package("python3", "runs ifupdown2"),
    package("strace", "counts netlink requests"),
];

/// Whether missing packages may be installed without asking.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Consent {
    /// Ask on a terminal; where there is none nobody can be asked, and starting the command is the consent.
    AskOnTerminal,
    /// `--yes`.
    Given,
}

/// Installs those of `wanted` that are missing.
///
/// *Errors*: a text that names the packages and the command which installs them.
pub fn ensure(wanted: &[Package], consent: Consent) -> Result<(), String> {
    let missing: Vec<&Package> = wanted.iter().filter(|package| !installed(package.name)).collect();
    if missing.is_empty() {
        return Ok(());
    }
    eprintln!("missing Debian packages:");
    for Package { name, why } in &missing {
        eprintln!("  {name:<16} {why}");
    }
    let names: Vec<&str> = missing.iter().map(|package| package.name).collect();
    let by_hand = format!("install them by hand: apt-get install {}", names.join(" "));
    if !runs("apt-get", &["--version"]) {
        return Err(format!("this is not a Debian system (no apt-get); {by_hand}"));
    }
    if consent == Consent::AskOnTerminal && !agreed()? {
        return Err(by_hand);
    }
    // The lists of a fresh machine are empty or old: try, update once, try again.
    if !install(&names) {
        eprintln!("the package lists may be missing or old: updating them once");
        apt_get(&["update"]);
        if !install(&names) {
            return Err(format!("apt-get could not install them; {by_hand}"));
        }
    }
    // One that was there may have had to go for those that came (a part of a newer release's QEMU): back with it.
    let gone = wanted
        .iter()
        .map(|package| package.name)
        .filter(|name| !installed(name));
    let gone: Vec<&str> = gone.collect();
    if gone.is_empty() || install(&gone) && gone.iter().all(|name| installed(name)) {
        return Ok(());
    }
    Err(format!("apt-get could not install {}; {by_hand}", gone.join(" ")))
}

fn install(names: &[&str]) -> bool {
    apt_get(&[&["install", "-y", "--no-install-recommends"], names].concat())
}

/// Asks on the terminal; without one the answer is yes.
fn agreed() -> Result<bool, String> {
    if !std::io::stdin().is_terminal() || !std::io::stderr().is_terminal() {
        return Ok(true);
    }
    eprint!("install them now with apt-get? [Y/n] ");
    std::io::stderr()
        .flush()
        .map_err(|error| format!("cannot ask: {error}"))?;
    let mut answer = String::new();
    std::io::stdin()
        .read_line(&mut answer)
        .map_err(|error| format!("cannot read the answer: {error}"))?;
    Ok(matches!(answer.trim(), "" | "y" | "Y" | "yes"))
}

/// Whether dpkg has the package installed and configured.
pub fn installed(name: &str) -> bool {
    Command::new("dpkg-query")
        .args(["-W", "-f=${db:Status-Status}", name])
        .stderr(Stdio::null())
        .output()
        .is_ok_and(|output| output.status.success() && output.stdout == b"installed")
}

/// Runs apt-get as root, through sudo where we are not; output goes where ours goes.
fn apt_get(args: &[&str]) -> bool {
    let root = nix::unistd::geteuid().is_root();
    let mut command = Command::new(if root { "apt-get" } else { "sudo" });
    if !root {
        if !std::io::stdin().is_terminal() {
            command.arg("-n");
        }
        command.args(["env", "DEBIAN_FRONTEND=noninteractive", "apt-get"]);
    }
    // The progress of apt-get is not our result: standard error, like all messages here.
    command
        .env("DEBIAN_FRONTEND", "noninteractive")
        .args(args)
        .stdout(std::io::stderr());
    match command.status() {
        Ok(status) => status.success(),
        Err(error) => {
            eprintln!("cannot run {}: {error}", command.get_program().display());
            false
        }
    }
}

/// Whether a program is there and ends with status 0.
pub fn runs(program: &str, args: &[&str]) -> bool {
    Command::new(program)
        .args(args)
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .status()
        .is_ok_and(|status| status.success())
}
