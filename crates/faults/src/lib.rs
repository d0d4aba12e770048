//! The test bed for bad disks: any call to the file system of a [`Root`] fails, or is the last before the power goes.
//!
//! A run is made once with [`Fault::None`] to count its calls, then once per call and fault. After a cut,
//! [`Faults::power_on`] gives back the disk as it may be found: with all that was written, or with what was not
//! flushed lost in one of several ways.

// The test bed is what makes the file system bad: it looks at the real one.
#![allow(clippy::disallowed_methods)]

mod disk;

use cleat_root::{Call, Root, Watch};
use disk::Disk;
use nix::errno::Errno;
use std::fs::OpenOptions;
use std::io::{self, Write};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

pub use disk::Loss;

/// What goes wrong at a call.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fault {
    /// Nothing: the calls are only counted.
    None,
    /// That call fails, and no other.
    Once(Errno),
    /// From that call on, each one that changes something fails: a disk that is full, or was made read-only.
    FromHere(Errno),
    /// That call is the last that is made; nothing has an effect any more.
    Cut,
}

/// A file system with a fault at one of its calls.
#[derive(Debug)]
pub struct Faults {
    /// Which call, from 1; a cut at 0 comes before the first.
    at: usize,
    fault: Fault,
    state: Mutex<State>,
}

#[derive(Debug, Default)]
struct State {
    count: usize,
    /// Of a run without a fault alone: to write them down takes longer than to make them.
    calls: Vec<String>,
    disk: Option<Disk>,
}

impl Faults {
    /// A fault at call number `at`, from 1.
    pub fn new(at: usize, fault: Fault) -> Arc<Self> {
        Arc::new(Self {
            at,
            fault,
            state: Mutex::default(),
        })
    }

    /// The same root with this fault in its way. What lies below it now is taken for flushed.
    pub fn on(self: &Arc<Self>, root: &Root) -> Root {
        if self.fault == Fault::Cut {
            self.state().disk = Some(Disk::of(root.prefix()));
        }
        root.clone().watched_by(Arc::clone(self) as Arc<dyn Watch>)
    }

    /// The calls of a run with [`Fault::None`], in order: `Rename("/a", "/b")`.
    pub fn calls(&self) -> Vec<String> {
        self.state().calls.clone()
    }

    /// Puts below the root what the disk may have after the cut. The root that was under test must not be used again.
    pub fn power_on(&self, loss: Loss) {
        if let Some(disk) = &self.state().disk {
            disk.put_back(loss);
        }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Watch for Faults {
    fn before(&self, call: Call<'_>) -> io::Result<()> {
        let number = {
            let mut state = self.state();
            if self.fault == Fault::None {
                state.calls.push(shown(call));
            }
            state.count += 1;
            state.count
        };
        let errno = match self.fault {
            Fault::Once(errno) if number == self.at => errno,
            Fault::FromHere(errno) if number >= self.at && changes(call) => errno,
            Fault::Cut if number > self.at => Errno::EIO,
            _ => return Ok(()),
        };
        if let (Call::Write(path, bytes), Errno::ENOSPC) = (call, errno) {
            // A disk is full in the middle of a write, not in front of it.
            let mut file = OpenOptions::new().append(true).open(path)?;
            file.write_all(&bytes[..bytes.len() / 2])?;
        }
        Err(errno.into())
    }

    fn after(&self, call: Call<'_>) {
        if let Some(disk) = &mut self.state().disk {
            disk.note(call);
        }
    }
}

/// Whether a call changes anything on the disk.
fn changes(call: Call<'_>) -> bool {
    !matches!(call, Call::Look(_) | Call::Read(_))
}

fn shown(call: Call<'_>) -> String {
    match call {
        Call::Write(path, bytes) => format!("Write({path:?}, {} bytes)", bytes.len()),
        call => format!("{call:?}"),
    }
}
