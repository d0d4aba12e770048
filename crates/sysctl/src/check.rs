//! Wanted and found, side by side.

use crate::key::Key;
use crate::resets::resets;
use crate::wanted::{Wanted, dotted_help, of_dotted_link};
use cleat_diag::Diagnostic;
use cleat_root::{Root, os_text};
use std::io;

/// What the kernel has for a setting.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Reading {
    /// This value, as it prints it, line ends cut off.
    Value(String),
    /// There is no such setting.
    Nothing,
    /// The name ends before a setting, or goes on behind one: `net.ipv4.conf.eno1`, `net.ipv4.conf.eno1.forwarding.7`.
    Place,
    /// It cannot be read: some can only be written (`net.ipv4.route.flush`).
    Unreadable(String),
}

impl Reading {
    /// Reads a setting.
    pub fn read(root: &Root, key: &Key) -> Self {
        if key.leads_out() {
            return Reading::Nothing;
        }
        match root.read_text(key.path()) {
            Ok(text) => Reading::Value(text.trim_end().to_owned()),
            Err(error) if error.is_missing() => Reading::Nothing,
            Err(error) if is_place(&error.error) => Reading::Place,
            Err(error) => Reading::Unreadable(os_text(&error.error)),
        }
    }

    /// Whether it is what is wanted.
    pub fn is(&self, wanted: &Wanted) -> bool {
        matches!(self, Reading::Value(found) if wanted.value.is(found))
    }
}

fn is_place(error: &io::Error) -> bool {
    matches!(error.kind(), io::ErrorKind::NotADirectory | io::ErrorKind::IsADirectory)
}

/// Compares each setting with the kernel's value.
pub fn check(root: &Root, wanted: &[Wanted]) -> Vec<Reading> {
    wanted.iter().map(|wanted| Reading::read(root, &wanted.key)).collect()
}

/// What is to be said of settings that are not as wanted, each at its line; `found` as [`check`] answered for `wanted`.
///
/// *Shape*: a value that differs is an error, a setting that this kernel does not have a warning, as it is with
/// systemd-sysctl; a setting that cannot be read is none.
pub fn differences(wanted: &[Wanted], found: &[Reading]) -> Vec<Diagnostic> {
    let mut all = Vec::new();
    for (want, found) in wanted.iter().zip(found) {
        let diagnostic = match found {
            Reading::Value(_) if found.is(want) => continue,
            Reading::Unreadable(_) => continue,
            Reading::Place if want.may_fail => continue,
            Reading::Place => {
                let text = format!("`{}` is not the name of one setting", want.key);
                let fault = Diagnostic::error("sysctl-refused", text).at(want.place, "");
                fault.help("it ends before a setting, or goes on behind one")
            }
            // systemd keeps silent of it, and never sets it for the link that is meant.
            Reading::Nothing if want.may_fail && of_dotted_link(&want.key).is_none() => continue,
            Reading::Nothing => unknown(want),
            Reading::Value(value) => {
                let text = format!("`{}` is `{value}`, not `{}`", want.key, want.value);
                because(
                    Diagnostic::error("sysctl-differs", text).at(want.place, "wants this"),
                    want,
                    wanted,
                )
            }
        };
        all.push(diagnostic);
    }
    all
}

/// The warning of a setting that this kernel does not have.
pub(crate) fn unknown(wanted: &Wanted) -> Diagnostic {
    let text = format!("there is no setting `{}` in this kernel", wanted.key);
    let warning = Diagnostic::warning("sysctl-unknown", text).at(wanted.place, "");
    if let Some(meant) = of_dotted_link(&wanted.key) {
        return warning.help(dotted_help(&meant));
    }
    let parts: Vec<&str> = wanted.key.parts().collect();
    match parts.as_slice() {
        ["net", "bridge", ..] => warning.help("load br_netfilter before: name it in a file of /etc/modules-load.d"),
        ["net", "netfilter", ..] => warning.help("load nf_conntrack before: name it in a file of /etc/modules-load.d"),
        ["net", "ipv4" | "ipv6", "conf" | "neigh", link, ..] => {
            warning.help(format!("it comes with the link {link}; is the name right?"))
        }
        _ => warning.help("correct the name; with `-` before it nothing is said"),
    }
}

/// Adds why the value may be another: other lines that set the same, or that reset it.
fn because(mut diagnostic: Diagnostic, want: &Wanted, all: &[Wanted]) -> Diagnostic {
    if let Some(pattern) = &want.pattern {
        diagnostic = diagnostic.note(format!("the pattern `{pattern}` names it"));
    }
    for (place, value) in &want.overridden {
        let said = value
            .as_ref()
            .map_or("nothing".to_owned(), |value| format!("`{value}`"));
        diagnostic = diagnostic.note_at(*place, format!("{said} is asked for, and overridden,"));
    }
    let causes = all
        .iter()
        .filter(|other| other.value != want.value && resets(&other.key, &want.key));
    for cause in causes {
        diagnostic = diagnostic.note_at(cause.place, format!("`{}` resets it when it is written,", cause.key));
    }
    diagnostic.help("`cleat-sysctl apply` sets it; where it does not stay, something else on the host sets it back")
}
