//! Our own small files: JSON, written whole.

use crate::StoreError;
use cleat_root::{Durability, Root, paths};
use serde::Serialize;
use serde::de::DeserializeOwned;
use std::path::Path;

/// Reads a file; none where there is none.
pub(crate) fn read<T: DeserializeOwned>(root: &Root, path: impl AsRef<Path>) -> Result<Option<T>, StoreError> {
    let path = path.as_ref();
    let bytes = match root.read(path) {
        Ok(bytes) => bytes,
        Err(error) if error.is_missing() => return Ok(None),
        Err(error) => return Err(error.into()),
    };
    serde_json::from_slice(&bytes)
        .map(Some)
        .map_err(|error| StoreError::Damaged {
            path: path.to_owned(),
            reason: error.to_string(),
        })
}

/// The bytes of a file.
pub(crate) fn bytes<T: Serialize>(what: &T) -> Vec<u8> {
    // Our types have string keys and no failing Serialize: this cannot fail.
    let mut bytes = serde_json::to_vec_pretty(what).unwrap_or_default();
    bytes.push(b'\n');
    bytes
}

/// Writes a file into the commit directory, durably; readable by its owner only, as it may hold what a configuration
/// holds.
pub(crate) fn write<T: Serialize>(root: &Root, path: &str, what: &T) -> Result<(), StoreError> {
    root.create_dir_all_durable(paths::COMMIT_DIR)?;
    root.write_atomic_as(path, &bytes(what), 0o600, Durability::Durable)?;
    Ok(())
}

/// Removes a file, durably. Returns whether there was one.
pub(crate) fn remove(root: &Root, path: &str) -> Result<bool, StoreError> {
    if !root.remove(path)? {
        return Ok(false);
    }
    root.sync_directory(Path::new(path).parent().unwrap_or(Path::new("/")))?;
    Ok(true)
}
