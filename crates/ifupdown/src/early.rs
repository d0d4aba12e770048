//! What a run begins with before it has read its file: the lock, and the kernel on its way.
//!
//! Reading a thousand links takes the kernel longer than everything else that a reload does before it compares. So it
//! begins at once, in a thread, where the lock is free; the snapshot is then of a time when nobody else changed anything.

use crate::args::{Args, Input};
use crate::command::Command;
use crate::state::lock::{self, Turn};
use crate::state::run_files::RunFiles;
use cleat_kernel::Host;
use cleat_root::Root;
use std::time::Duration;

/// The beginning of a run.
#[derive(Debug)]
pub struct Early {
    /// The lock; none for a run that does nothing.
    pub turn: Option<Turn>,
    /// The kernel.
    pub kernel: Host,
}

impl Early {
    /// Begins, where the run is one that needs the kernel and need not wait for its turn.
    ///
    /// Whatever is in the way is found again, and told, where the run cannot do without.
    pub fn begin(args: &Args, root: &Root, files: &RunFiles) -> Option<Self> {
        let only_asks = args.command == Command::Ifquery || args.syntax_check || args.graph.is_some();
        // Standard input comes when it comes, and the kernel would have changed by then.
        if only_asks || args.input == Input::Stdin || !nix::unistd::geteuid().is_root() {
            return None;
        }
        let turn = match args.no_act {
            true => None,
            false => Some(lock::take(root, args.lock.as_ref().unwrap_or(&files.lock), Duration::ZERO).ok()?),
        };
        let mut kernel = Host::open().ok()?;
        kernel.read_ahead().ok()?;
        Some(Self { turn, kernel })
    }
}
