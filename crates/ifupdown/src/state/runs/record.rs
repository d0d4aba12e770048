//! Writes a run down, within bounds.

use super::Run;
use super::journal;
use crate::state::run_files::RunFiles;
use cleat_root::{Root, RootError};
use log::debug;
use std::os::unix::fs::MetadataExt;
use std::path::Path;

/// Bytes of the record: /run is memory.
pub(super) const LIMIT: u64 = 256 * 1024;
/// What must be free beside it, bytes and inodes: what is ours must always find room there, and is worth more.
const LEFT_FREE: (u64, u64) = (1024 * 1024, 64);

impl Run {
    /// Writes it down and tells the journal. A host whose /run is full or read-only gets its network all the same.
    pub fn record(&self, root: &Root, files: &RunFiles) {
        if has_room(root, &files.runs)
            && let Err(error) = self.append(root, &files.runs)
        {
            debug!("`cleat log` will not know of this run: {error}");
        }
        if let Err(error) = journal::send(root, self) {
            debug!("the journal does not hear of this run: {error}");
        }
    }

    pub(super) fn append(&self, root: &Root, path: &Path) -> Result<(), RootError> {
        // Only texts and numbers: there is nothing in it that JSON cannot hold.
        let mut line = serde_json::to_vec(self).unwrap_or_default();
        line.push(b'\n');
        let size = match root.metadata(path) {
            Ok(metadata) => metadata.size(),
            Err(error) if error.is_missing() => return root.reserve(path, 0)?.put(&line),
            Err(error) => return Err(error),
        };
        if size + line.len() as u64 <= LIMIT {
            return root.append(path, &line);
        }
        let mut kept = newest(&root.read(path)?).to_vec();
        kept.append(&mut line);
        root.reserve(path, 0)?.put(&kept)
    }
}

/// Whether the file system can well spare the room.
fn has_room(root: &Root, path: &Path) -> bool {
    // The first run of a boot may end before it makes the directory.
    let there = path.ancestors().skip(1).find(|directory| root.is_dir(directory));
    there
        .and_then(|directory| root.free(directory).ok())
        .is_some_and(|(bytes, inodes)| bytes >= LEFT_FREE.0 && inodes >= LEFT_FREE.1)
}

/// The newest half of the record, whole lines.
fn newest(bytes: &[u8]) -> &[u8] {
    let from = bytes.len().saturating_sub(LIMIT as usize / 2);
    let rest = bytes.get(from..).unwrap_or_default();
    let end = rest.iter().position(|byte| *byte == b'\n');
    end.and_then(|end| rest.get(end + 1..)).unwrap_or_default()
}
