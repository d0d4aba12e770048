//! One run at a time.

use crate::hooks::tree::descends_from;
use cleat_root::{Held, Lock, LockError, Root};
use log::warn;
use std::path::Path;
use std::time::Duration;

/// The environment variable that tells a command run by a hook that its own caller holds the lock: the process id.
pub const HOLDER: &str = "CLEAT_LOCK_HOLDER";

/// The lock as held: by this process, or by the run that called the hook that called us.
#[derive(Debug)]
pub enum Turn {
    /// Ours until dropped.
    Own(Lock),
    /// That of a caller with this process number (`up ifup eno1.5` in a stanza): it waits for us, so nobody else can come
    /// between.
    Callers(u32),
}

/// The process that holds the lock, where it is the run whose hook called this one, or started what did.
pub fn held_by_caller(root: &Root, path: &Path) -> Option<u32> {
    let caller = caller()?;
    match root.lock(path, Duration::ZERO) {
        Err(LockError::Busy { held, .. }) if held.pid == Some(caller) => Some(caller),
        _ => None,
    }
}

fn caller() -> Option<u32> {
    std::env::var(HOLDER).ok().and_then(|pid| pid.parse().ok())
}

/// Takes the lock, waiting for whoever holds it; says so once when it has to wait.
///
/// # Errors
/// [`LockError::Busy`] names the holder; [`LockError::Io`] where the lock file cannot be used.
pub fn take(root: &Root, path: &Path, wait: Duration) -> Result<Turn, LockError> {
    // What a hook left in the background is not waited for by the caller, and takes its turn like everybody.
    if let Some(caller) = held_by_caller(root, path).filter(|caller| descends_from(*caller)) {
        return Ok(Turn::Callers(caller));
    }
    let tell = |held: &Held| warn!("waiting up to {} s: {held}", wait.as_secs());
    root.lock_or_tell(path, wait, tell).map(Turn::Own)
}
