//! The room itself: entering and leaving the namespaces of one thread.

use std::fmt;
use std::fs::File;
use std::marker::PhantomData;
use std::os::unix::fs::symlink;
use std::path::Path;

use nix::errno::Errno;
use nix::mount::{MsFlags, mount};
use nix::sched::{CloneFlags, setns, unshare};

/// A fresh network and mount namespace, held by the calling thread until it is dropped.
///
/// Inside: only `lo`, down; an own `/sys` that shows the room's links; empty tmpfs on `/run`. Mounts made inside do
/// not reach the host.
#[derive(Debug)]
pub struct Room {
    network: File,
    mounts: File,
    root: File,
    directory: File,
    /// Namespaces belong to the thread that entered: a `Room` must be dropped there.
    thread_bound: PhantomData<*const ()>,
}

/// Why no room could be entered.
#[derive(Debug)]
pub struct EnterError {
    step: &'static str,
    cause: String,
}

impl fmt::Display for EnterError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "cannot {}: {}", self.step, self.cause)
    }
}

impl std::error::Error for EnterError {}

impl EnterError {
    fn new(step: &'static str) -> impl FnOnce(Errno) -> Self {
        move |errno| Self {
            step,
            cause: errno.desc().to_owned(),
        }
    }

    fn io(step: &'static str) -> impl FnOnce(std::io::Error) -> Self {
        move |error| Self {
            step,
            cause: error.to_string(),
        }
    }
}

const NO_DATA: Option<&str> = None;

impl Room {
    /// Moves the calling thread into a new room; like `unshare --net --mount`.
    ///
    /// *Errors*: not root, or a kernel or container that forbids namespaces. The thread is then where it was.
    pub fn enter() -> Result<Self, EnterError> {
        if !nix::unistd::geteuid().is_root() {
            return Err(EnterError {
                step: "make a network namespace",
                cause: "not root".to_owned(),
            });
        }
        let room = Self {
            network: File::open("/proc/thread-self/ns/net").map_err(EnterError::io("open the network namespace"))?,
            mounts: File::open("/proc/thread-self/ns/mnt").map_err(EnterError::io("open the mount namespace"))?,
            root: File::open("/").map_err(EnterError::io("open the root directory"))?,
            directory: File::open(".").map_err(EnterError::io("open the working directory"))?,
            thread_bound: PhantomData,
        };
        unshare(CloneFlags::CLONE_NEWNET | CloneFlags::CLONE_NEWNS)
            .map_err(EnterError::new("make a network and mount namespace"))?;
        // From here on an error drops `room`, which moves the thread back.
        mount(NO_DATA, "/", NO_DATA, MsFlags::MS_REC | MsFlags::MS_PRIVATE, NO_DATA)
            .map_err(EnterError::new("make the mounts private"))?;
        mount(Some("sysfs"), "/sys", Some("sysfs"), MsFlags::empty(), NO_DATA)
            .map_err(EnterError::new("mount the room's /sys"))?;
        room.private_dir("/run")
            .map_err(EnterError::io("mount an empty /run"))?;
        Ok(room)
    }

    /// Covers an existing directory with an empty one that only this room sees.
    ///
    /// *Errors*: the directory does not exist, or the mount was refused.
    pub fn private_dir(&self, path: impl AsRef<Path>) -> std::io::Result<()> {
        mount(
            Some("tmpfs"),
            path.as_ref(),
            Some("tmpfs"),
            MsFlags::empty(),
            Some("mode=0755"),
        )?;
        Ok(())
    }

    /// Covers `directory` with a directory of its own that has the same entries, but those named in `except`: what
    /// is created, replaced or removed in it stays in the room.
    ///
    /// *Shape*: a tmpfs with one link for each entry; what was there stays reachable at `/run/host/DIRECTORY`.
    ///
    /// *Errors*: any file error while building it.
    pub fn private_copy(&self, directory: impl AsRef<Path>, except: &[&str]) -> std::io::Result<()> {
        let directory = directory.as_ref();
        let kept = Path::new("/run/host").join(directory.strip_prefix("/").unwrap_or(directory));
        std::fs::create_dir_all(&kept)?;
        mount(
            Some(directory),
            &kept,
            NO_DATA,
            MsFlags::MS_BIND | MsFlags::MS_REC,
            NO_DATA,
        )?;
        self.private_dir(directory)?;
        for entry in std::fs::read_dir(&kept)? {
            let name = entry?.file_name();
            if !except.iter().any(|excepted| name == *excepted) {
                symlink(kept.join(&name), directory.join(&name))?;
            }
        }
        Ok(())
    }

    /// Gives the room an `/etc` of its own with an empty `/etc/network`, and a `/var/lib` of its own, both without what
    /// cleat keeps there of the machine; see [`Self::private_copy`].
    ///
    /// *Errors*: any file error while building it.
    pub fn private_etc(&self) -> std::io::Result<()> {
        self.private_copy("/etc", &["network", "cleat"])?;
        self.private_copy("/var/lib", &["cleat"])?;
        std::fs::create_dir("/etc/network")
    }
}

impl Drop for Room {
    fn drop(&mut self) {
        // Going back to a mount namespace moves root and working directory to its top, which in a chroot is not
        // where we were. A thread that cannot go back must not run another test: it would be in a room nobody holds.
        // Threads begun in the room share root and directory with us, and a scoped one may end after its join: the
        // kernel refuses to move one thread of several that share them, so we take our own first.
        let back = unshare(CloneFlags::CLONE_FS)
            .and_then(|()| setns(&self.network, CloneFlags::CLONE_NEWNET))
            .and_then(|()| setns(&self.mounts, CloneFlags::CLONE_NEWNS))
            .and_then(|()| nix::unistd::fchdir(&self.root))
            .and_then(|()| nix::unistd::chroot("."))
            .and_then(|()| nix::unistd::fchdir(&self.directory));
        if let Err(errno) = back
            && !std::thread::panicking()
        {
            panic!("cannot leave the network namespace: {errno}");
        }
    }
}
