//! The old file beside a new one: to go back is one rename, which needs no room on the disk.

use crate::directory::TEMPORARY;
use crate::{Call, Root, RootError};
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

/// No process has this number: what was kept and forgotten is swept as what a process left that is no more.
pub(crate) const NOBODY: u32 = 0;

impl Root {
    /// Keeps a file beside itself, under a name that `number` makes, for [`Root::put_kept_back`]. It is the same file: it
    /// takes no room, and has the same owner, mode and attributes. Nothing where there is no file.
    ///
    /// *Errors*: also on file systems without hard links.
    pub fn keep(&self, path: impl AsRef<Path>, number: u32) -> Result<(), RootError> {
        let path = path.as_ref();
        let keep = || {
            let host = self.follow(path)?;
            let beside = kept(&host, number);
            let link = || fs::hard_link(&host, &beside);
            match self.call(Call::Create(&beside), link) {
                Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {
                    self.call(Call::Remove(&beside), || fs::remove_file(&beside))?;
                    self.call(Call::Create(&beside), link)
                }
                Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
                linked => linked,
            }
        };
        keep().map_err(|error| RootError::new("keep", path, error))
    }

    /// Puts a file that was kept in its place again, durably, where it holds these bytes. Returns whether it did.
    pub fn put_kept_back(&self, path: impl AsRef<Path>, number: u32, bytes: &[u8]) -> Result<bool, RootError> {
        let path = path.as_ref();
        let put = || {
            let host = self.follow(path)?;
            let beside = kept(&host, number);
            match self.call(Call::Read(&beside), || fs::read(&beside)) {
                Ok(holds) if holds == bytes => {}
                _ => return Ok(false),
            }
            self.call(Call::Rename(&beside, &host), || fs::rename(&beside, &host))?;
            self.sync_host_directory(host.parent().unwrap_or(Path::new("/")))?;
            Ok(true)
        };
        put().map_err(|error| RootError::new("put back", path, error))
    }

    /// Removes what [`Root::keep`] kept, if it is there.
    pub fn drop_kept(&self, path: impl AsRef<Path>, number: u32) -> Result<(), RootError> {
        let path = path.as_ref();
        let remove = || {
            let beside = kept(&self.follow(path)?, number);
            match self.call(Call::Remove(&beside), || fs::remove_file(&beside)) {
                Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
                removed => removed,
            }
        };
        remove().map_err(|error| RootError::new("remove", path, error))
    }
}

/// The name that a file is kept under.
fn kept(host: &Path, number: u32) -> PathBuf {
    let name = host.file_name().unwrap_or_default();
    // Two files of one directory may be kept for one number.
    let sum = name
        .as_encoded_bytes()
        .iter()
        .fold(number, |sum, byte| sum.wrapping_mul(16_777_619) ^ u32::from(*byte));
    host.with_file_name(format!("{TEMPORARY}{NOBODY}-{sum}"))
}
