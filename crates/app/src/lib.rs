//! The commands, and what they share: arguments, settings, log, lock, state, hooks, and the way from a file to a
//! running network ([`Session`](session::Session)).
//!
//! Nothing imports this crate but the programs in `bins/`. It is the only one that runs other programs.

#![allow(clippy::disallowed_methods)]

mod absent;
mod account;
mod aftermath;
mod announce;
pub mod args;
pub mod change;
pub mod command;
pub mod commit;
pub mod completion;
mod conversations;
pub mod devices;
mod early;
mod emptied;
pub mod face;
pub mod follow;
mod forewarn;
mod hangup;
mod history;
pub mod hooks;
pub mod ifquery;
mod interrupt;
mod lacking;
mod last_good;
pub mod lock;
mod look;
pub mod mapping;
mod modules;
pub mod multicall;
pub mod pick;
pub mod pinned_nics;
pub mod pipeline;
pub mod recursion;
pub mod rename;
pub mod run;
pub mod run_files;
mod runs;
pub mod saved_nics;
pub mod scope;
pub mod served;
mod session;
pub mod severity;
pub mod state;
mod state_part;
pub mod sysctl;
mod trust;
mod unchanged;
pub mod version;

use cleat_cli as cli;
use cleat_cli::{exit, logging};
use cleat_settings as settings;

/// The programs that are one table each ([`cli`]); `ifup` and its like have the table of [`args::flags`].
pub static PROGRAMS: &[&cli::Program] = &[
    &face::program::PROGRAM,
    &commit::PROGRAM,
    &cleat_nics::link::PROGRAM,
    &cleat_nics::scheme::PROGRAM,
    &sysctl::PROGRAM,
];
