//! A private network for a test, a demo or a measurement.
//!
//! [`Room::enter`] puts the calling *thread* in a fresh network and mount namespace: nothing done there reaches the
//! host's own network or its files under /run and /sys. Programs started from the thread are in the same room.
//!
//! A network test starts with one line and is skipped, by name, where the machine cannot run it:
//!
//! ```no_run
//! # use cleat_netns as netns;
//! // #[test]
//! fn a_bond_has_its_mode() {
//!     let _room = netns::enter!(Bond, Dummy);
//!     netns::run("ip link add bond7 type bond mode 802.3ad");
//!     let links = netns::ip_json(&["-d", "link", "show", "bond7"]);
//!     assert_eq!(links[0]["linkinfo"]["info_data"]["mode"], "802.3ad");
//! }
//! ```
//!
//! What the test runner reads: with `CLEAT_TEST_LOG=PATH` every entered room and every skip is appended there, see
//! [`skip`]. With `REQUIRE=netns,bond,...` (the names of [`Kind::name`], and `netns` for the room itself) a skip for
//! that reason is a failure instead. `cargo xtask test` runs every test that asked for a room a second time in
//! user-mode Linux, where nothing may be skipped.
//!
//! `/proc/net` is a link to the *process's* (the main thread's) network: read `/proc/thread-self/net` instead.
//! `/proc/sys/net` and `/sys/class/net` show the room.

// The one crate besides `app` that runs programs and touches files: it exists for tests and measurements only.
#![allow(clippy::disallowed_methods)]

mod command;
mod kind;
mod record;
mod room;
mod unpacked;

pub use command::{bridge_json, ip_json, run, try_run};
pub use kind::{Kind, lacking};
pub use record::skip;
pub use room::{EnterError, Room};
pub use unpacked::unpacked;

/// Enters a [`Room`] for the running test, or records why it cannot and returns from the test.
///
/// *Shape*: `enter!()` or `enter!(Bond, Vlan)`, with the variants of [`Kind`] the test needs; gives the `Room`, which
/// must be kept in a variable (`let _room = ...`): the thread leaves when it is dropped.
///
/// *Errors*: panics where the missing thing is named in `REQUIRE`.
#[macro_export]
macro_rules! enter {
    ($($kind:ident),* $(,)?) => {
        match $crate::room_or_skip(&[$($crate::Kind::$kind),*]) {
            Some(room) => room,
            None => return,
        }
    };
}

/// As [`enter!`], for a test that asks nothing of the kernel which user-mode Linux answers otherwise, and takes minutes
/// there: the runner does not run it a second time.
#[macro_export]
macro_rules! enter_once {
    ($($kind:ident),* $(,)?) => {
        match $crate::enter_or_skip(&[$($crate::Kind::$kind),*]) {
            Some(room) => room,
            None => return,
        }
    };
}

/// Returns from the test, recorded as a skip, unless the kernel has every named [`Kind`]; for use inside a room.
#[macro_export]
macro_rules! require {
    ($($kind:ident),+ $(,)?) => {
        if !$crate::has_or_skip(&[$($crate::Kind::$kind),+]) {
            return;
        }
    };
}

/// What [`enter!`] does: a room whose kernel has all of `kinds`, or `None` after recording the skip.
#[doc(hidden)]
pub fn room_or_skip(kinds: &[Kind]) -> Option<Room> {
    record::room_wanted();
    enter_or_skip(kinds)
}

/// What [`enter_once!`] does: the same without asking for a second run.
#[doc(hidden)]
pub fn enter_or_skip(kinds: &[Kind]) -> Option<Room> {
    match Room::enter() {
        Ok(room) => has_or_skip(kinds).then_some(room),
        Err(error) => {
            skip("netns", &error.to_string());
            None
        }
    }
}

/// What [`require!`] does: whether the kernel has all of `kinds`; the first that is missing is recorded.
#[doc(hidden)]
pub fn has_or_skip(kinds: &[Kind]) -> bool {
    for kind in kinds {
        if let Some(reason) = lacking(*kind) {
            skip(kind.name(), &reason);
            return false;
        }
    }
    true
}
