//! The face for people: `cleat check`, `plan`, `status`, `log`, `graph` and `demo`.
//!
//! Nothing here changes the host: the verbs read, judge and show; `demo` works in namespaces of its own.

// Tests make trees of their own.
#![cfg_attr(test, allow(clippy::disallowed_methods))]

pub mod check;
// The tour runs ip(8) and ping(8), and writes in namespaces of its own.
#[allow(clippy::disallowed_methods)]
pub mod demo;
pub mod graph;
pub mod input;
pub mod links;
pub mod log;
pub mod online;
mod options;
pub mod plan;
pub mod program;
pub mod status;
mod takeover;
mod vlan_filter;

pub use cleat_cli::End;
pub(crate) use cleat_cli::{complain, print};
