//! `cleat-scheme`: the naming scheme of udev on the kernel command line.

mod apply;
mod diff;
mod list;
pub mod loader;
mod names;
mod next;
mod pin;
mod plan;
mod record;
mod show;
mod udev;

pub use next::{NextBoot, Pinned};

use cleat_cli::logging::Reporter;
use cleat_cli::{Call, End, Program};
use cleat_diag::{Diagnostic, Sources};

/// `cleat-scheme`: each verb's row stands beside what it does.
pub static PROGRAM: Program = Program {
    name: "cleat-scheme",
    about: "cleat-scheme pins the version of udev's naming scheme on the kernel command line.",
    others: false,
    closing: "",
    verbs: &[show::VERB, pin::VERB, pin::UNPIN, list::VERB],
};

/// Prints what went wrong, and that nothing is other than before where that is so.
fn fault(call: &Call, told: &[Diagnostic], sources: &Sources) -> End {
    let reporter = Reporter::new(call.verbosity);
    reporter.print(told, sources);
    let left = told.iter().any(|told| told.code == "scheme-not-put-back");
    reporter.close(
        told,
        if left {
            "not all was put back"
        } else {
            "nothing was changed"
        },
    );
    End::Fault
}

#[cfg(test)]
mod testing;
#[cfg(test)]
mod tests;
