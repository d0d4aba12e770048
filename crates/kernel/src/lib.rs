//! The engine that talks to the running kernel: the one crate with netlink in it.
//!
//! [`Host`] implements the [`Kernel`](cleat_model::kernel::Kernel) trait with one engine for each part of the host, all with
//! blocking sockets. That of links reads one dump for each object kind and sends many requests in one datagram; that of the
//! settings of NICs (`ethtool/`) is opened only where an option asks for it. [`Recording`] wraps any engine and keeps what was asked of it;
//! [`Events`] tells of links that come and go, and is the one place with an async runtime in it.
//!
//! Messages are built with rtnetlink's builders where it has one that fits, else with the types of netlink-packet-route
//! (ARCHITECTURE.md says which and why); attributes that the table knows by number go in as they
//! are. Answers are read attribute by attribute, so that one that cannot be decoded never makes a link look absent.

mod ahead;
mod announce;
mod answer;
mod decode;
mod digest;
mod encode;
mod ethtool;
mod events;
mod explain;
mod host;
mod names;
mod neighbour;
mod netlink;
mod read;
mod recording;
mod socket;

pub use events::{Event, Events};
pub use host::Host;
pub use neighbour::Neighbour;
pub use recording::Recording;
