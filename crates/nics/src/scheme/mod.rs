//! `cleat-scheme`: the naming scheme of udev on the kernel command line.

mod apply;
mod diff;
mod fault;
mod list;
pub mod loader;
mod names;
pub(crate) mod next;
mod pin;
mod plan;
mod record;
mod show;
mod udev;

use cleat_cli::Program;

/// `cleat-scheme`: each verb's row stands beside what it does.
pub static PROGRAM: Program = Program {
    name: "cleat-scheme",
    about: "cleat-scheme pins the version of udev's naming scheme on the kernel command line.",
    others: false,
    closing: "",
    verbs: &[show::VERB, pin::VERB, pin::UNPIN, list::VERB],
};

#[cfg(test)]
mod testing;
#[cfg(test)]
mod tests;
