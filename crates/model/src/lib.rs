//! The wanted network, the real one, and the difference between them. Pure: no IO, no async, no clock.
//!
//! The journey (see ARCHITECTURE.md): [`declare`] merges stanzas into [`Decls`], [`resolve`] makes
//! [`Desired`] of them, the kernel engine reads a [`Snapshot`], [`plan`] compares the two and [`apply`] walks
//! the [`Plan`] with a [`Kernel`].

pub mod announce;
pub mod apply;
pub mod attr;
pub mod attrs;
mod conf_names;
pub mod decl;
pub mod desired;
pub mod differs;
pub mod drift;
pub mod engine;
pub mod ethtool;
pub mod fake;
pub mod hash;
pub mod impact;
pub mod journal;
pub mod kernel;
pub mod kernel_attr;
pub mod kinds;
pub mod name;
pub mod nla;
pub mod op;
pub mod owned;
pub mod pattern;
pub mod plan;
pub mod resolve;
pub mod select;
mod show;
pub mod snapshot;
pub mod table;
#[cfg(test)]
mod testing;
#[cfg(any(test, feature = "trial"))]
pub mod trial;
pub mod types;
pub mod value;
pub mod verify;
pub mod vlans;
