//! SIGINT and SIGTERM while the network is being changed: the steps under way are finished, and then the run ends in order.
//! A second one ends it at once; the journal then tells the next run.

// The calls are of sigaction(2), and in the handler of signal(2) and raise(3), which signal-safety(7) allows there.
#![allow(unsafe_code)]

use nix::sys::signal::{SaFlags, SigAction, SigHandler, SigSet, Signal, raise, sigaction, signal};
use std::sync::atomic::{AtomicBool, AtomicI32, Ordering};

/// The first signal; 0 where there was none.
static FIRST: AtomicI32 = AtomicI32::new(0);
/// Whether a run is under way that ends early where it is asked to.
static ARMED: AtomicBool = AtomicBool::new(false);

extern "C" fn note(number: std::ffi::c_int) {
    let is_first = FIRST.compare_exchange(0, number, Ordering::Relaxed, Ordering::Relaxed);
    if let (Err(_), Ok(number)) = (is_first, Signal::try_from(number)) {
        // SAFETY: the default action is the kernel's own.
        let _ = unsafe { signal(number, SigHandler::SigDfl) };
        let _ = raise(number);
    }
}

/// From here on the first SIGINT or SIGTERM is noted, and does not end this process by itself. One that is ignored stays
/// so: whoever started this in the background of a script meant that.
pub fn catch() {
    for number in [Signal::SIGINT, Signal::SIGTERM] {
        let noted = SigAction::new(SigHandler::Handler(note), SaFlags::SA_RESTART, SigSet::empty());
        // SAFETY: the handler touches atomic values and makes calls that are allowed in handlers, so it may run at any
        // point.
        let before = unsafe { sigaction(number, &noted) };
        if let Ok(before) = before
            && matches!(before.handler(), SigHandler::SigIgn)
        {
            // SAFETY: as above; this restores what was there.
            let _ = unsafe { sigaction(number, &before) };
        }
    }
}

/// A run begins that can end early, also for a signal that came since [`catch`].
pub fn arm() {
    ARMED.store(true, Ordering::Relaxed);
}

/// The run is over, or ends early by now: what follows is not to be cut short by the same signal.
pub fn disarm() {
    ARMED.store(false, Ordering::Relaxed);
}

/// The signal by which the run that is under way is asked to end.
pub fn asked() -> Option<Signal> {
    if ARMED.load(Ordering::Relaxed) { heard() } else { None }
}

/// The first signal since [`catch`].
pub fn heard() -> Option<Signal> {
    Signal::try_from(FIRST.load(Ordering::Relaxed)).ok()
}
