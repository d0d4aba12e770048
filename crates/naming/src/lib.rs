//! How udev names network interfaces: what sysfs says of a NIC, the naming schemes, the names that follow.
//!
//! Everything is read through [`Root`](cleat_root::Root), so that a captured tree or an image is as good as the host.

pub mod carried;
pub mod cmdline;
mod database;
pub mod facts;
pub mod kernel_name;
pub mod link_file;
mod number;
pub mod pins;
pub mod policy;
pub mod predict;
pub mod rules;
pub mod scheme;
pub mod udev;

pub use database::{index_of, noted};
pub use facts::NicFacts;
pub use kernel_name::{Clues, Judged, KernelName};
pub use predict::{Candidate, NameSource, Prediction, legal, predict};
pub use scheme::{Flag, NEWEST, SCHEMES, Scheme};
pub use udev::Udev;
