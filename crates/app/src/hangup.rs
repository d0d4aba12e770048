//! A change goes on when the terminal goes away: over SSH it may be the change itself that cuts the line.

// The one call is of sigaction(2), with a handler that does nothing.
#![allow(unsafe_code)]

use nix::sys::signal::{SaFlags, SigAction, SigHandler, SigSet, Signal, sigaction};

extern "C" fn nothing(_signal: std::ffi::c_int) {}

/// From here on a hang-up does not end this process. Programs that it runs get the default again, which an ignored
/// signal would not give them: a daemon started by a hook must still hear its SIGHUP.
pub fn outlive() {
    let survive = SigAction::new(SigHandler::Handler(nothing), SaFlags::SA_RESTART, SigSet::empty());
    // SAFETY: the handler touches nothing, so it may run at any point.
    let before = unsafe { sigaction(Signal::SIGHUP, &survive) };
    if let Ok(before) = before
        && matches!(before.handler(), SigHandler::SigIgn)
    {
        // Started by nohup(1): it and its programs go on ignoring it. An error leaves the handler, which does as well.
        // SAFETY: as above; this restores what was there.
        let _ = unsafe { sigaction(Signal::SIGHUP, &before) };
    }
}
