//! One run at a time.

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
    /// The caller's (`up ifup eno1.5` in a stanza): it waits for us, so nobody else can come between.
    Callers,
}

/// Takes the lock, waiting for whoever holds it; says so once when it has to wait.
///
/// # Errors
/// [`LockError::Busy`] names the holder; [`LockError::Io`] where the lock file cannot be used.
pub fn take(root: &Root, path: &Path, wait: Duration) -> Result<Turn, LockError> {
    let caller = std::env::var(HOLDER).ok().and_then(|pid| pid.parse::<u32>().ok());
    if caller.is_some() {
        match root.lock(path, Duration::ZERO) {
            Ok(lock) => return Ok(Turn::Own(lock)),
            Err(LockError::Busy { held, .. }) if held.pid == caller => return Ok(Turn::Callers),
            Err(LockError::Busy { .. }) => {}
            Err(error) => return Err(error),
        }
    }
    let tell = |held: &Held| warn!("waiting up to {} s: {held}", wait.as_secs());
    root.lock_or_tell(path, wait, tell).map(Turn::Own)
}
