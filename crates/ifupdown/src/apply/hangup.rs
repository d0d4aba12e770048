//! A change goes on when the terminal goes away: over SSH it may be the change itself that cuts the line.

// The one call is of sigaction(2), with a handler that sets a flag.
#![allow(unsafe_code)]

use nix::sys::signal::{SaFlags, SigAction, SigHandler, SigSet, Signal, sigaction};
use std::sync::atomic::{AtomicBool, Ordering};

static HEARD: AtomicBool = AtomicBool::new(false);

extern "C" fn note(_signal: std::ffi::c_int) {
    HEARD.store(true, Ordering::Relaxed);
}

/// Whether there was a hang-up since [`outlive`].
pub fn heard() -> bool {
    HEARD.load(Ordering::Relaxed)
}

/// From here on a hang-up does not end this process. Programs that it runs get the default again, which an ignored
/// signal would not give them: a daemon started by a hook must still hear its SIGHUP.
pub fn outlive() {
    let survive = SigAction::new(SigHandler::Handler(note), SaFlags::SA_RESTART, SigSet::empty());
    // SAFETY: the handler sets an atomic flag and touches nothing else, so it may run at any point.
    let before = unsafe { sigaction(Signal::SIGHUP, &survive) };
    if let Ok(before) = before
        && matches!(before.handler(), SigHandler::SigIgn)
    {
        // Started by nohup(1): it and its programs go on ignoring it. An error leaves the handler, which does as well.
        // SAFETY: as above; this restores what was there.
        let _ = unsafe { sigaction(Signal::SIGHUP, &before) };
    }
}
