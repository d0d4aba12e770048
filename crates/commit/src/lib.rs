//! `cleat-commit`: a staged configuration becomes the live one like a transaction: judged, durable, with history, and
//! undone when it cuts the host off.
//!
//! Files and history are `cleat-store`'s; here are the judge, the live changes, the trials, and what people see.

// Tests make trees of their own.
#![cfg_attr(test, allow(clippy::disallowed_methods))]

mod as_before;
mod boot;
pub mod check;
mod desk;
mod edit;
#[cfg(test)]
mod faulted;
mod guard;
pub mod judge;
mod listen;
mod live;
mod notes;
mod outside;
mod past;
mod program;
mod recover;
mod reload;
mod staging;
mod status;
mod trial;
mod trying;

pub use program::PROGRAM;
pub use status::notices;
