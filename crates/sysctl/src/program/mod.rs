//! `cleat-sysctl`.

mod apply;
mod breaks;
mod check;
mod snippet;
mod switch;

use crate::{Key, Settings, Wanted, last_of_names};
use cleat_cli::{Call, Opt, Program, flag};
use cleat_diag::{Diagnostic, Sources};
use cleat_root::Root;

/// `cleat-sysctl`: each verb's row stands beside what it does.
pub static PROGRAM: Program = Program {
    name: "cleat-sysctl",
    about: "cleat-sysctl applies and checks the kernel settings of sysctl.d.",
    others: false,
    closing: "",
    verbs: &[
        apply::VERB,
        check::CHECK,
        check::SHOW,
        switch::IPV6,
        switch::FORWARD,
        switch::PROXY_ARP,
    ],
};

/// `--prefix KEY`.
const PREFIX: Opt = flag("--prefix KEY", "only settings below KEY; may be given more than once");

/// What sysctl.d says, as far as the call asks for it.
struct Read {
    sources: Sources,
    settings: Settings,
    wanted: Vec<Wanted>,
    /// What is wrong with the files.
    found: Vec<Diagnostic>,
}

/// Reads sysctl.d.
fn read(root: &Root, call: &Call) -> Read {
    let prefixes = call.values("prefix").map(|prefix| Key::new(&prefix.to_string_lossy()));
    let prefixes: Vec<Key> = prefixes.collect();
    let mut sources = Sources::new();
    let (settings, mut found) = Settings::load(root, &mut sources);
    let (wanted, mut warnings) = settings.wanted(root, &prefixes);
    found.append(&mut warnings);
    Read {
        sources,
        settings,
        wanted: last_of_names(wanted),
        found,
    }
}
