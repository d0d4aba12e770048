//! What every verb reads of sysctl.d.

use crate::{Key, Settings, Wanted, last_of_names};
use cleat_cli::{Call, Opt, flag};
use cleat_diag::{Diagnostic, Sources};
use cleat_root::Root;

/// `--prefix KEY`.
pub(super) const PREFIX: Opt = flag("--prefix KEY", "only settings below KEY; may be given more than once");

/// What sysctl.d says, as far as the call asks for it.
pub(super) struct Read {
    pub sources: Sources,
    pub settings: Settings,
    pub wanted: Vec<Wanted>,
    /// What is wrong with the files.
    pub found: Vec<Diagnostic>,
}

/// Reads sysctl.d.
pub(super) fn read(root: &Root, call: &Call) -> Read {
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
