//! File locks that wait, and say for whom.

use crate::{Call, Root, RootError, paths};
use nix::fcntl::{Flock, FlockArg};
use std::fmt;
use std::fs::{self, File, OpenOptions, Permissions};
use std::io::{self, Read, Seek, Write};
use std::os::unix::fs::{MetadataExt, OpenOptionsExt, PermissionsExt};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

/// How often a busy lock is tried again.
const POLL: Duration = Duration::from_millis(25);

/// flock(2) asks for no right to write: whoever may open the file for reading can hold the lock for ever.
const MODE: u32 = 0o600;

/// A lock that is held until this is dropped (or the process ends).
#[derive(Debug)]
pub struct Lock {
    file: Flock<File>,
}

/// Who holds a lock, as far as it can be known.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Held {
    /// The lock file.
    pub path: PathBuf,
    /// The process.
    pub pid: Option<u32>,
    /// Its command line.
    pub command: Option<String>,
    /// How long it holds the lock.
    pub age: Option<Duration>,
}

impl fmt::Display for Held {
    /// `/run/network/.lock is held by pid 123 (ifup -a) for 12 s`.
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            path,
            pid,
            command,
            age,
        } = self;
        write!(out, "{} is held by ", path.display())?;
        match pid {
            Some(pid) => write!(out, "pid {pid}")?,
            None => out.write_str("another program")?,
        }
        if let Some(command) = command {
            write!(out, " ({command})")?;
        }
        if let Some(age) = age {
            write!(out, " for {} s", age.as_secs())?;
        }
        Ok(())
    }
}

/// Why a lock was not taken.
#[derive(Debug)]
pub enum LockError {
    /// Another process held it all the time.
    Busy {
        /// Who.
        held: Held,
        /// How long was waited.
        waited: Duration,
    },
    /// The lock file cannot be used.
    Io(RootError),
}

impl fmt::Display for LockError {
    /// `/run/network/.lock is held by pid 123 (ifup -a) for 12 s; waited 5 s for it`.
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            LockError::Busy { held, waited } if waited.is_zero() => write!(out, "{held}"),
            LockError::Busy { held, waited } => write!(out, "{held}; waited {} s for it", waited.as_secs_f32().ceil()),
            LockError::Io(error) => write!(out, "{error}"),
        }
    }
}

impl std::error::Error for LockError {}

impl Root {
    /// Takes the lock of a file, waiting up to `wait` for whoever holds it. Missing directories are made.
    ///
    /// Only the owner may open the file, also one that another program made readable. Where root waits for a process of
    /// another user (which opened the file before that), the file is replaced: that process keeps a lock on nothing.
    ///
    /// *Errors*: [`LockError::Busy`] names the holder.
    pub fn lock(&self, path: impl AsRef<Path>, wait: Duration) -> Result<Lock, LockError> {
        self.lock_or_tell(path, wait, |_| {})
    }

    /// As [`Root::lock`]; `tell` is called once, before the first wait, with the holder.
    pub fn lock_or_tell(
        &self,
        path: impl AsRef<Path>,
        wait: Duration,
        tell: impl FnOnce(&Held),
    ) -> Result<Lock, LockError> {
        let path = path.as_ref();
        let fail = |error| LockError::Io(RootError::new("lock", path, error));
        if let Some(parent) = path.parent() {
            self.create_dir_all(parent).map_err(LockError::Io)?;
        }
        let host = self.follow(path).map_err(fail)?;
        let mut file = self.open_lock(&host).map_err(fail)?;
        let begun = Instant::now();
        let mut tell = Some(tell);
        loop {
            match Flock::lock(file, FlockArg::LockExclusiveNonblock) {
                Ok(held) if is_at(&held, &host) => {
                    let mut lock = Lock { file: held };
                    lock.sign();
                    return Ok(lock);
                }
                // Somebody replaced the file between the look and the lock.
                Ok(_) => {
                    file = self.open_lock(&host).map_err(fail)?;
                    continue;
                }
                Err((unlocked, nix::errno::Errno::EWOULDBLOCK)) => file = unlocked,
                Err((unlocked, nix::errno::Errno::EINTR)) => {
                    file = unlocked;
                    continue;
                }
                Err((_, errno)) => return Err(fail(errno.into())),
            }
            if !is_at(&file, &host) || self.is_freed_of_strangers(&file, &host) {
                file = self.open_lock(&host).map_err(fail)?;
                continue;
            }
            if begun.elapsed() >= wait {
                let waited = if wait.is_zero() { wait } else { begun.elapsed() };
                return Err(LockError::Busy {
                    held: self.holder(path, &file),
                    waited,
                });
            }
            if let Some(tell) = tell.take() {
                tell(&self.holder(path, &file));
            }
            std::thread::sleep(POLL.min(wait.saturating_sub(begun.elapsed())));
        }
    }

    /// Opens a lock file for its owner alone; one on a file system that cannot be written is taken as it is.
    fn open_lock(&self, host: &Path) -> io::Result<File> {
        let open = || {
            let mut options = OpenOptions::new();
            options.read(true).write(true).create(true).truncate(false).mode(MODE);
            options.open(host)
        };
        let file = match self.call(Call::Create(host), open) {
            Err(error) if error.kind() == io::ErrorKind::ReadOnlyFilesystem => File::open(host).map_err(|_| error)?,
            opened => opened?,
        };
        if file.metadata()?.mode() & 0o077 != 0 {
            // Whoever may not do that does not own it, and cannot keep others off it either.
            let _ = file.set_permissions(Permissions::from_mode(MODE));
        }
        Ok(file)
    }

    /// Takes a lock file away that a process of another user holds. Answers whether it did.
    fn is_freed_of_strangers(&self, file: &File, host: &Path) -> bool {
        let Ok(found) = file.metadata() else { return false };
        let us = nix::unistd::geteuid().as_raw();
        let holder = holder_of(&found).and_then(owner_of);
        us == 0
            && found.uid() == us
            && holder.is_some_and(|owner| owner != us)
            && self.call(Call::Remove(host), || fs::remove_file(host)).is_ok()
    }

    /// Who holds the lock of `file`: by the kernel's list, and by what our own programs write into it.
    fn holder(&self, path: &Path, file: &File) -> Held {
        let mut held = Held {
            path: path.to_owned(),
            ..Held::default()
        };
        held.pid = file.metadata().ok().and_then(|found| holder_of(&found));
        let signed = Signature::read(file);
        if let Some(signed) =
            signed.filter(|signed| held.pid.is_none_or(|pid| pid == signed.pid) && is_alive(signed.pid))
        {
            held.pid = Some(signed.pid);
            held.command = Some(signed.command);
            held.age = SystemTime::now().duration_since(UNIX_EPOCH + signed.since).ok();
        }
        if held.command.is_none() {
            held.command = held.pid.and_then(command_of);
        }
        held
    }
}

impl Lock {
    /// Writes who we are into the lock file: a courtesy to those who wait, and no part of the lock. So a file system
    /// that is full is not a reason to go without the lock.
    fn sign(&mut self) {
        let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        let args: Vec<String> = std::env::args_os()
            .map(|arg| arg.to_string_lossy().into_owned())
            .collect();
        let text = format!("{} {} {}\n", std::process::id(), since.as_secs(), shorten(args));
        let mut write = || {
            self.file.set_len(0)?;
            self.file.rewind()?;
            self.file.write_all(text.as_bytes())
        };
        if write().is_err() {
            // A part of a name would be that of somebody else.
            let _ = self.file.set_len(0);
        }
    }
}

impl Drop for Lock {
    /// Takes our name out of the file before the lock goes: another program that takes it may not write its own.
    fn drop(&mut self) {
        // A name that stays behind is harmless: the holder is looked up alive, and in the kernel's list.
        let _ = self.file.set_len(0);
    }
}

/// What [`Lock::sign`] wrote.
struct Signature {
    pid: u32,
    since: Duration,
    command: String,
}

impl Signature {
    fn read(mut file: &File) -> Option<Self> {
        let mut text = String::new();
        file.rewind().ok()?;
        file.take(1024).read_to_string(&mut text).ok()?;
        let mut words = text.trim_end().splitn(3, ' ');
        let pid = words.next()?.parse().ok()?;
        let since = Duration::from_secs(words.next()?.parse().ok()?);
        Some(Self {
            pid,
            since,
            command: words.next()?.to_owned(),
        })
    }
}

/// Whether the file that is open is still the one at `path`.
fn is_at(file: &File, path: &Path) -> bool {
    match (file.metadata(), fs::metadata(path)) {
        (Ok(open), Ok(there)) => (open.dev(), open.ino()) == (there.dev(), there.ino()),
        _ => false,
    }
}

/// The process that holds a flock on this inode. The one that took it may be gone, and a program that it started hold
/// the open file: then that one.
fn holder_of(found: &fs::Metadata) -> Option<u32> {
    let taker = holder_in_proc_locks(found)?;
    match is_alive(taker) {
        true => Some(taker),
        false => heir(found),
    }
}

/// The place of a file in the words of /proc/locks: major and minor number in hexadecimal, and the inode.
fn place(found: &fs::Metadata) -> String {
    let (major, minor) = (nix::sys::stat::major(found.dev()), nix::sys::stat::minor(found.dev()));
    format!("{major:02x}:{minor:02x}:{}", found.ino())
}

/// The process that took the flock on this inode, from /proc/locks.
///
/// *Source*: proc_locks(5): `1: FLOCK ADVISORY WRITE 1234 fd:00:5678 0 EOF`.
fn holder_in_proc_locks(found: &fs::Metadata) -> Option<u32> {
    let file = place(found);
    let locks = fs::read_to_string(paths::PROC_LOCKS).ok()?;
    let line = locks
        .lines()
        .map(|line| line.split_ascii_whitespace().collect::<Vec<_>>())
        .find(|words| words.get(1) == Some(&"FLOCK") && words.get(5) == Some(&file.as_str()))?;
    // A holder in another pid namespace is shown as 0 or less.
    line.get(4)?.parse().ok().filter(|pid| *pid > 0)
}

/// A process that has the flock on this inode from another one.
///
/// *Source*: proc_pid_fdinfo(5): a `lock:` line, in the form of /proc/locks, with the descriptor that has it.
fn heir(found: &fs::Metadata) -> Option<u32> {
    let file = place(found);
    let has_lock = |info: &fs::DirEntry| {
        let text = fs::read_to_string(info.path()).unwrap_or_default();
        let mut locks = text.lines().filter(|line| line.starts_with("lock:"));
        locks.any(|line| line.contains("FLOCK") && line.contains(&file))
    };
    let pids = fs::read_dir("/proc").ok()?.flatten();
    let mut pids = pids.filter_map(|entry| entry.file_name().to_str()?.parse::<u32>().ok());
    pids.find(|pid| {
        let infos = fs::read_dir(format!("/proc/{pid}/fdinfo"));
        infos.is_ok_and(|infos| infos.flatten().any(|info| has_lock(&info)))
    })
}

fn is_alive(pid: u32) -> bool {
    Path::new("/proc").join(pid.to_string()).exists()
}

/// The real user of a process: one that runs a set-user-ID program is still itself.
///
/// *Source*: proc_pid_status(5): `Uid:` and the real, effective, saved and file system user.
fn owner_of(pid: u32) -> Option<u32> {
    let status = fs::read_to_string(format!("/proc/{pid}/status")).ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix("Uid:"))?;
    line.split_ascii_whitespace().next()?.parse().ok()
}

/// The command line of a process.
fn command_of(pid: u32) -> Option<String> {
    let bytes = fs::read(format!("/proc/{pid}/cmdline")).ok()?;
    let args: Vec<String> = bytes
        .split(|byte| *byte == 0)
        .filter(|arg| !arg.is_empty())
        .map(|arg| String::from_utf8_lossy(arg).into_owned())
        .collect();
    (!args.is_empty()).then(|| shorten(args))
}

/// A command line on one line: the program without its directory, at most 80 characters.
fn shorten(mut args: Vec<String>) -> String {
    if let Some(program) = args.first_mut() {
        *program = program.rsplit('/').next().unwrap_or_default().to_owned();
    }
    let text: String = args
        .join(" ")
        .chars()
        .map(|char| if char.is_control() { ' ' } else { char })
        .collect();
    match text.char_indices().nth(80) {
        Some((at, _)) => format!("{}...", &text[..at]),
        None => text,
    }
}
