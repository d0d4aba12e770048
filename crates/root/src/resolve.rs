//! Following symbolic links without leaving the root.

use crate::error::is_of_the_disk;
use crate::{Call, Root};
use std::collections::VecDeque;
use std::ffi::OsString;
use std::path::{Component, Path, PathBuf};
use std::{fs, io};

/// Links followed before it is taken for a loop; the kernel's own limit (path_resolution(7)).
const MOST_LINKS: usize = 40;

impl Root {
    /// The host path of `path` for who only reads what it leads to: at the host's own `/` the kernel follows the links
    /// itself, and need not be asked for each part of the path.
    pub(crate) fn seen(&self, path: &Path) -> io::Result<PathBuf> {
        // The kernel does not go up from what is not there.
        let goes_up = path.components().any(|part| part == Component::ParentDir);
        match self.is_real() && self.watch.is_none() && !goes_up {
            true => Ok(self.host_path(path)),
            false => self.follow(path),
        }
    }

    /// The host path of `path`, links followed; parts that do not exist are kept as named.
    pub(crate) fn follow(&self, path: &Path) -> io::Result<PathBuf> {
        self.walk(path, true)
    }

    /// As [`Root::follow`], the last part not followed.
    pub(crate) fn follow_parents(&self, path: &Path) -> io::Result<PathBuf> {
        self.walk(path, false)
    }

    fn walk(&self, path: &Path, last: bool) -> io::Result<PathBuf> {
        let mut waiting: VecDeque<OsString> = parts(path).collect();
        let mut done: Vec<OsString> = Vec::new();
        let mut links = 0;
        while let Some(part) = waiting.pop_front() {
            if part == ".." {
                done.pop();
                continue;
            }
            done.push(part);
            if waiting.is_empty() && !last {
                break;
            }
            let here = self.below(&done);
            let target = match self.call(Call::Look(&here), || fs::read_link(&here)) {
                Ok(target) => target,
                // A link may stand there, and what is written there would take its place.
                Err(error) if is_of_the_disk(&error) => return Err(error),
                // No link, not there, or not ours to see: whoever uses the path is told.
                Err(_) => continue,
            };
            links += 1;
            if links > MOST_LINKS {
                return Err(io::Error::from_raw_os_error(nix::errno::Errno::ELOOP as i32));
            }
            // /proc's links to open files, such as /proc/self/fd/3, name no path: the kernel has to follow them.
            if self.is_real() && here.starts_with("/proc") {
                continue;
            }
            done.pop();
            if target.is_absolute() {
                done.clear();
            }
            parts(&target).rev().for_each(|part| waiting.push_front(part));
        }
        Ok(self.below(&done))
    }

    fn below(&self, parts: &[OsString]) -> PathBuf {
        let mut path = self.prefix().to_owned();
        path.extend(parts);
        path
    }
}

fn parts(path: &Path) -> impl DoubleEndedIterator<Item = OsString> {
    path.components().filter_map(|part| match part {
        Component::Normal(name) => Some(name.to_owned()),
        Component::ParentDir => Some("..".into()),
        Component::RootDir | Component::CurDir | Component::Prefix(_) => None,
    })
}
