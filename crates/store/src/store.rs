//! The way in: what may be read without a lock, and the lock.

use crate::transaction::Transaction;
use crate::{StoreError, Timestamp};
use cleat_root::{Lock, Root, paths};
use std::time::Duration;

/// The staged configuration and the history below a root, at a point in time.
#[derive(Clone, Debug)]
pub struct Store {
    pub(crate) root: Root,
    pub(crate) now: Timestamp,
}

impl Store {
    /// The store of a root; `now` is written into what it makes.
    pub fn new(root: &Root, now: Timestamp) -> Self {
        Self {
            root: root.clone(),
            now,
        }
    }

    /// Whether a boot has nothing to do here: nothing is staged, unfinished, unconfirmed or spooled. Costs a few
    /// looks at names that are not there.
    pub fn is_idle(&self) -> bool {
        let places = [paths::INTERFACES_NEW, paths::TRANSACTION, paths::SPOOL];
        places
            .iter()
            .all(|path| matches!(self.root.metadata_of_link(path), Err(error) if error.is_missing()))
    }

    /// Takes the lock that Proxmox's tools take for the staged file, and sweeps away what killed runs left.
    ///
    /// *Errors*: [`StoreError::Lock`] names the holder after `wait`.
    pub fn lock(&self, wait: Duration) -> Result<Locked<'_>, StoreError> {
        let lock = self.root.lock(paths::PVE_INTERFACES_LOCK, wait)?;
        self.root.sweep_up();
        Ok(Locked {
            store: self,
            _lock: lock,
        })
    }

    /// The name of this boot; empty where the kernel does not tell.
    pub(crate) fn boot(&self) -> String {
        self.root.read_text(paths::BOOT_ID).unwrap_or_default()
    }

    pub(crate) fn transaction(&self) -> Result<Option<Transaction>, StoreError> {
        Transaction::read(&self.root)
    }
}

/// The store, held against all others that know the lock.
#[derive(Debug)]
pub struct Locked<'a> {
    pub(crate) store: &'a Store,
    _lock: Lock,
}

impl std::ops::Deref for Locked<'_> {
    type Target = Store;

    fn deref(&self) -> &Store {
        self.store
    }
}
