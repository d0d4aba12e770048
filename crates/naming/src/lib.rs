//! How udev names network interfaces: what sysfs says of a NIC, the naming schemes, the names that follow.
//!
//! Everything is read through [`Root`](cleat_root::Root), so that a captured tree or an image is as good as the host.

pub mod carried;
pub mod cmdline;
pub mod link_file;
pub mod pins;
pub mod scheme;

pub use scheme::{Flag, SCHEMES, Scheme};
