//! `cargo xtask demo`: from a fresh Debian machine to the tour of `cleat demo`.

use std::ffi::OsString;
use std::process::{Command, ExitCode};

use crate::packages::{self, Consent, Package};
use crate::tree;

/// What building the program and the tour itself need.
const TO_DEMO: &[Package] = &[
    Package {
        name: "libudev-dev",
        why: "the udev crate links to it",
    },
    Package {
        name: "pkg-config",
        why: "finds libudev",
    },
    Package {
        name: "iproute2",
        why: "ip, to plug the stand-ins",
    },
    Package {
        name: "iputils-ping",
        why: "the guest's ping",
    },
];

/// Installs what is missing, builds, and gives the tour. Words after `demo` go to `cleat demo`, but for `--yes`.
///
/// *Errors*: a package that is missing and not wanted, or a build that fails. The exit code is that of the tour.
pub fn main(mut args: lexopt::Parser) -> Result<ExitCode, String> {
    let mut consent = Consent::AskOnTerminal;
    let mut words: Vec<OsString> = Vec::new();
    for word in args.raw_args().map_err(|error| error.to_string())? {
        match word == "--yes" {
            true => consent = Consent::Given,
            false => words.push(word),
        }
    }
    packages::ensure(TO_DEMO, consent)?;
    let mut build = Command::new(tree::cargo());
    build
        .args(["build", "--quiet", "--bin", "cleat"])
        .current_dir(tree::top());
    if !finish(&mut build)? {
        return Err("error: the program could not be built".to_owned());
    }
    let program = tree::target().join("debug/cleat");
    let mut tour = match needs_sudo() {
        true => {
            eprintln!("a network of its own needs root here: asking sudo");
            let mut sudo = Command::new("sudo");
            sudo.arg(&program);
            sudo
        }
        false => Command::new(&program),
    };
    tour.arg("demo").args(words);
    match finish(&mut tour)? {
        true => Ok(ExitCode::SUCCESS),
        false => Ok(ExitCode::FAILURE),
    }
}

fn finish(command: &mut Command) -> Result<bool, String> {
    // In our own process group: sudo asks on the terminal.
    let status = command.status();
    let status = status.map_err(|error| format!("cannot run {}: {error}", command.get_program().display()))?;
    Ok(status.success())
}

/// Not root, and user namespaces are not for everybody here, but there is sudo.
fn needs_sudo() -> bool {
    !nix::unistd::geteuid().is_root()
        && !packages::runs("unshare", &["--user", "--map-root-user", "--net", "--mount", "true"])
        && packages::runs("sudo", &["--version"])
}
