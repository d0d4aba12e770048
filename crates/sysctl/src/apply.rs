//! Writing what differs.

use crate::check::{Reading, unknown};
use crate::value::Value;
use crate::wanted::Wanted;
use cleat_diag::{Diagnostic, Place};
use cleat_root::{Root, RootError};
use nix::errno::Errno;

/// What came of one setting.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Deed {
    /// It was so already; nothing was written.
    WasSo,
    /// It was written.
    Written,
    /// This kernel does not have it.
    Unknown,
    /// It could not be written.
    Refused,
}

/// Writes each setting that is not so yet, in the order given ([`crate::Settings::wanted`]).
///
/// # Errors
/// As diagnostics, each at its line, the rest is written: a value that the kernel refuses, a setting that may not be
/// written, each an error; a setting that this kernel does not have, a warning. Nothing of settings that may fail.
pub fn apply(root: &Root, wanted: &[Wanted]) -> (Vec<Deed>, Vec<Diagnostic>) {
    let mut found = Vec::new();
    let deeds = wanted.iter().map(|wanted| {
        let (deed, fault) = one(root, wanted);
        found.extend(fault.filter(|_| !wanted.may_fail));
        deed
    });
    (deeds.collect(), found)
}

fn one(root: &Root, wanted: &Wanted) -> (Deed, Option<Diagnostic>) {
    if wanted.key.leads_out() {
        let text = format!("`{}` leads out of /proc/sys", wanted.key);
        return (
            Deed::Refused,
            Some(Diagnostic::error("sysctl-refused", text).at(wanted.place, "")),
        );
    }
    let before = Reading::read(root, &wanted.key);
    if before.is(wanted) {
        return (Deed::WasSo, None);
    }
    if before == Reading::Nothing {
        return (Deed::Unknown, Some(unknown(wanted)));
    }
    match root.write_in_place(wanted.key.path(), &wanted.value.line()) {
        Ok(()) => (Deed::Written, None),
        // A value that the kernel spells otherwise may be refused and be there all the same.
        Err(_) if Reading::read(root, &wanted.key).is(wanted) => (Deed::WasSo, None),
        Err(error) => {
            let fault = refusal(wanted, &error);
            match fall_back(root, wanted) {
                Some((place, value)) => (
                    Deed::Refused,
                    Some(fault.note_at(*place, format!("`{value}` stays, as it is asked for"))),
                ),
                None => (Deed::Refused, Some(fault)),
            }
        }
    }
}

/// Sets the last value before the refused one that the kernel takes: systemd-sysctl, which writes each in turn, leaves it.
fn fall_back<'a>(root: &Root, wanted: &'a Wanted) -> Option<&'a (Place, Value)> {
    wanted.before.iter().rev().find(|(_, value)| {
        let is_so = || matches!(Reading::read(root, &wanted.key), Reading::Value(found) if value.is(&found));
        is_so() || root.write_in_place(wanted.key.path(), &value.line()).is_ok()
    })
}

fn refusal(wanted: &Wanted, error: &RootError) -> Diagnostic {
    let (key, value) = (&wanted.key, &wanted.value);
    let code = error.error.raw_os_error().map(Errno::from_raw);
    let text = format!("cannot set `{key}` to `{value}`: {}", error.reason());
    let fault = Diagnostic::error("sysctl-refused", text).at(wanted.place, "");
    match code {
        Some(Errno::EROFS) => fault.help("/proc/sys is read-only here; in a container the host sets this"),
        Some(Errno::EACCES | Errno::EPERM) => fault.help("only root can set it, and in a container only the host"),
        Some(Errno::EINVAL | Errno::ERANGE) => fault.help("correct the value; the kernel does not take this one"),
        Some(Errno::EISDIR) => fault.help("name a setting in this directory"),
        _ => fault,
    }
}
