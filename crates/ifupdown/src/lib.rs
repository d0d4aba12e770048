//! `ifup`, `ifdown`, `ifreload` and `ifquery`: arguments, lock, state, hooks, and the way from a file to a running network
//! ([`Session`](read::session::Session)).
//!
//! It runs other programs: hooks and mapping scripts, and modprobe at a boot.

// Tests make trees of their own.
#![cfg_attr(test, allow(clippy::disallowed_methods))]

pub mod apply;
pub mod args;
pub mod change;
pub mod command;
mod early;
pub mod hooks;
mod ifquery;
pub mod look;
pub mod plan;
pub mod read;
pub mod run;
pub mod state;
mod unchanged;
pub mod version;
