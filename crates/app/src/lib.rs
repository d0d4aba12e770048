//! One file for all programs: which one runs is said by the name that it is called by.
//!
//! Nothing imports this crate but the program in `bins/`.

pub mod completion;
pub mod multicall;
mod other;

use cleat_cli::Program;

/// The programs that are one table each ([`cleat_cli`]); `ifup` and its like have the table of
/// [`cleat_ifupdown::args::flags`].
pub static PROGRAMS: &[&Program] = &[
    &cleat_face::program::PROGRAM,
    &cleat_commit::PROGRAM,
    &cleat_nics::link::PROGRAM,
    &cleat_nics::scheme::PROGRAM,
    &cleat_sysctl::program::PROGRAM,
];
