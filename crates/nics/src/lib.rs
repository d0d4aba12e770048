//! The names of NICs: `cleat-link` (which .link file names which NIC, and pins), `cleat-scheme` (udev's naming scheme, pinned
//! for the boot loader), and the initramfs, which names NICs before the root does.
//!
//! It runs other programs: those that make an initramfs and the boot loader's configuration, and udevadm.

// Tests make trees of their own.
#![cfg_attr(test, allow(clippy::disallowed_methods))]

pub mod initramfs;
pub mod link;
pub mod programs;
pub mod scheme;
