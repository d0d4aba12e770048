//! Reading the kernel ahead: in a thread, while the caller still reads what it will be compared with.

use crate::netlink::Netlink;
use cleat_model::kernel::{KernelError, Query};
use cleat_model::snapshot::Snapshot;
use std::sync::mpsc::{Sender, channel};
use std::thread::JoinHandle;

/// A snapshot on its way: what every one has is read at once, the rest when [`Ahead::wait`] says what is needed.
pub struct Ahead {
    ask: Sender<Query>,
    thread: JoinHandle<(Netlink, Result<Snapshot, KernelError>)>,
}

impl std::fmt::Debug for Ahead {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        out.debug_struct("Ahead").finish_non_exhaustive()
    }
}

impl Netlink {
    /// Begins to take a snapshot in a thread. It is of the network namespace that the kernel was opened in.
    ///
    /// # Errors
    /// The system has no thread for us.
    pub fn read_ahead(mut self) -> std::io::Result<Ahead> {
        let (ask, asked) = channel();
        let read = move || {
            let begun = self.begin();
            // Where nobody waits for it the run has ended meanwhile.
            let query = asked.recv().unwrap_or_default();
            let snapshot = begun.and_then(|begun| self.finish(begun, query));
            (self, snapshot)
        };
        let thread = std::thread::Builder::new().spawn(read)?;
        Ok(Ahead { ask, thread })
    }
}

impl Ahead {
    /// Waits for the snapshot, with what `query` asks for, and gives the kernel back.
    ///
    /// *Errors* of the snapshot: as those of [`cleat_model::kernel::Kernel::snapshot`].
    pub fn wait(self, query: Query) -> (Netlink, Result<Snapshot, KernelError>) {
        let Self { ask, thread } = self;
        // It fails where the thread has panicked, which is found next.
        let _ = ask.send(query);
        thread.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic))
    }
}
