//! `cleat-link`: names of NICs.

pub mod refresh;

use crate::cli::Program;

/// `cleat-link`: each verb's row stands beside what it does.
pub static PROGRAM: Program = Program {
    name: "cleat-link",
    about: "cleat-link keeps the names of network interfaces.",
    others: false,
    closing: "",
    verbs: &[refresh::VERB],
};
