//! `cleat-link`: names of NICs that stay. Which .link file names which NIC, and pins: a name for a hardware address.

mod ask;
mod boots;
mod capture;
mod carrier;
mod carry_out;
mod check;
mod configuration;
mod faults;
pub(crate) mod host;
mod list;
mod names;
pub(crate) mod nic;
mod pin;
mod predict;
mod references;
pub mod refresh;
mod stacked;
mod sysctl_names;
#[cfg(test)]
mod testing;
mod unpin;
mod work;

use cleat_cli::Program;

/// `cleat-link`: each verb's row stands beside what it does.
pub static PROGRAM: Program = Program {
    name: "cleat-link",
    about: "cleat-link keeps the names of network interfaces.",
    others: false,
    closing: "",
    verbs: &[
        list::VERB,
        predict::VERB,
        capture::VERB,
        check::VERB,
        pin::VERB,
        unpin::VERB,
        refresh::VERB,
    ],
};
