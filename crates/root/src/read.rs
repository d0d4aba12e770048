//! Reading.

use crate::{Call, Root, RootError};
use std::ffi::OsString;
use std::fs::{self, OpenOptions};
use std::io::{self, Read};
use std::os::unix::fs::{FileTypeExt, MetadataExt, OpenOptionsExt};
use std::path::{Path, PathBuf};

/// Most bytes that [`Root::read`] takes.
pub const READ_LIMIT: u64 = 64 << 20;

impl Root {
    /// All bytes of a file of up to [`READ_LIMIT`] bytes.
    ///
    /// *Errors*: refuses what is not a regular file (directory, FIFO, socket, device), by name; `/dev/null` reads as empty,
    /// because a link to it is how files are masked.
    pub fn read(&self, path: impl AsRef<Path>) -> Result<Vec<u8>, RootError> {
        self.read_up_to(path, READ_LIMIT)
    }

    /// As [`Root::read`] with another limit.
    pub fn read_up_to(&self, path: impl AsRef<Path>, limit: u64) -> Result<Vec<u8>, RootError> {
        self.read_with_metadata(path, limit).map(|(bytes, _)| bytes)
    }

    /// As [`Root::read_up_to`], with kind, mode and owner of the very file that was read.
    pub fn read_with_metadata(&self, path: impl AsRef<Path>, limit: u64) -> Result<(Vec<u8>, fs::Metadata), RootError> {
        let path = path.as_ref();
        let read = || {
            let host = self.seen(path)?;
            self.call(Call::Read(&host), || read_host_file(&host, limit))
        };
        read().map_err(|error| RootError::new("read", path, error))
    }

    /// A small text file as the kernel shows it in /proc and /sys: without its last line end, bytes that are no UTF-8
    /// as U+FFFD.
    pub fn read_text(&self, path: impl AsRef<Path>) -> Result<String, RootError> {
        let bytes = self.read(path)?;
        let text = String::from_utf8_lossy(&bytes);
        Ok(text.strip_suffix('\n').unwrap_or(&text).to_owned())
    }

    /// The names in a directory, sorted by their bytes.
    pub fn read_dir(&self, path: impl AsRef<Path>) -> Result<Vec<OsString>, RootError> {
        let path = path.as_ref();
        let read = || {
            let host = self.seen(path)?;
            let mut names = self.call(Call::Read(&host), || names_in(&host))?;
            names.sort();
            Ok(names)
        };
        read().map_err(|error| RootError::new("read", path, error))
    }

    /// What a symbolic link points at, as written in it.
    pub fn read_link(&self, path: impl AsRef<Path>) -> Result<PathBuf, RootError> {
        let path = path.as_ref();
        let read = || {
            let host = self.follow_parents(path)?;
            self.call(Call::Look(&host), || fs::read_link(&host))
        };
        read().map_err(|error| RootError::new("read the link", path, error))
    }

    /// The path below this root that `path` leads to, all links followed.
    pub fn real_path(&self, path: impl AsRef<Path>) -> Result<PathBuf, RootError> {
        let path = path.as_ref();
        let resolve = || {
            let host = self.follow(path)?;
            fs::symlink_metadata(&host)?;
            let below = host.strip_prefix(self.prefix()).unwrap_or(&host);
            Ok(Path::new("/").join(below))
        };
        resolve().map_err(|error| RootError::new("resolve", path, error))
    }

    /// Kind, mode, owner and size of a path, links followed.
    pub fn metadata(&self, path: impl AsRef<Path>) -> Result<fs::Metadata, RootError> {
        let path = path.as_ref();
        let read = || {
            let host = self.seen(path)?;
            self.call(Call::Look(&host), || fs::metadata(&host))
        };
        read().map_err(|error| RootError::new("look at", path, error))
    }

    /// As [`Root::metadata`], of a link itself where the path is one.
    pub fn metadata_of_link(&self, path: impl AsRef<Path>) -> Result<fs::Metadata, RootError> {
        let path = path.as_ref();
        let read = || {
            let host = self.follow_parents(path)?;
            self.call(Call::Look(&host), || fs::symlink_metadata(&host))
        };
        read().map_err(|error| RootError::new("look at", path, error))
    }

    /// Bytes and inodes that are free on the file system of a directory, the share that is kept for root included.
    ///
    /// *Shape*: a file system that makes inodes as they are needed has none to count, and answers [`u64::MAX`].
    ///
    /// # Errors
    /// The directory is not there.
    pub fn free(&self, path: impl AsRef<Path>) -> Result<(u64, u64), RootError> {
        let path = path.as_ref();
        let free = || {
            let found = rustix::fs::statvfs(self.seen(path)?)?;
            let inodes = if found.f_files == 0 { u64::MAX } else { found.f_ffree };
            Ok((found.f_bfree.saturating_mul(found.f_frsize), inodes))
        };
        free().map_err(|error| RootError::new("look at", path, error))
    }

    /// Whether a path exists, links followed. What cannot be looked at does not.
    pub fn exists(&self, path: impl AsRef<Path>) -> bool {
        self.metadata(path).is_ok()
    }

    /// Whether a path is a directory, links followed.
    pub fn is_dir(&self, path: impl AsRef<Path>) -> bool {
        self.metadata(path).is_ok_and(|found| found.is_dir())
    }

    /// Device and inode of a path, links followed: equal for two paths of one file.
    pub fn identity(&self, path: impl AsRef<Path>) -> Result<(u64, u64), RootError> {
        self.metadata(path).map(|found| (found.dev(), found.ino()))
    }
}

fn names_in(directory: &Path) -> io::Result<Vec<OsString>> {
    fs::read_dir(directory)?.map(|entry| Ok(entry?.file_name())).collect()
}

fn read_host_file(host: &Path, limit: u64) -> io::Result<(Vec<u8>, fs::Metadata)> {
    // Not blocking: a FIFO without a writer would hold the open for ever.
    let flags = nix::fcntl::OFlag::O_NONBLOCK.bits();
    let file = match OpenOptions::new().read(true).custom_flags(flags).open(host) {
        // A socket cannot be opened at all; say that it is one.
        Err(error) => return Err(not_a_file(&fs::metadata(host)?).unwrap_or(error)),
        Ok(file) => file,
    };
    let found = file.metadata()?;
    if found.file_type().is_char_device() && found.rdev() == nix::sys::stat::makedev(1, 3) {
        return Ok((Vec::new(), found));
    }
    if let Some(error) = not_a_file(&found) {
        return Err(error);
    }
    // Files of /proc and /sys say 0 or a page; they grow as they are read.
    let expected = usize::try_from(found.len().min(limit)).unwrap_or(0);
    let mut bytes = Vec::with_capacity(expected + 1);
    let read = file.take(limit + 1).read_to_end(&mut bytes)?;
    if read as u64 > limit {
        let text = format!("it is larger than {}", in_words(limit));
        return Err(io::Error::new(io::ErrorKind::FileTooLarge, text));
    }
    Ok((bytes, found))
}

/// The error for what is not a regular file.
pub(crate) fn not_a_file(found: &fs::Metadata) -> Option<io::Error> {
    let kind = found.file_type();
    let what = match () {
        () if kind.is_file() => return None,
        () if kind.is_dir() => return Some(io::Error::from_raw_os_error(nix::errno::Errno::EISDIR as i32)),
        () if kind.is_fifo() => "it is a FIFO",
        () if kind.is_socket() => "it is a socket",
        () if kind.is_char_device() || kind.is_block_device() => "it is a device",
        () => "it is not a file",
    };
    Some(io::Error::new(io::ErrorKind::InvalidInput, what))
}

fn in_words(bytes: u64) -> String {
    if bytes >= 1 << 20 && bytes.is_multiple_of(1 << 20) {
        format!("{} MiB", bytes >> 20)
    } else {
        format!("{bytes} bytes")
    }
}
