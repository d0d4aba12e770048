//! Running a program with a time limit.

use std::fs::File;
use std::os::unix::process::CommandExt;
use std::path::Path;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::time::{Duration, Instant};

use nix::sys::signal::{Signal, killpg};
use nix::unistd::Pid;

/// How a program with a time limit ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum End {
    /// It ended by itself.
    Exited(ExitStatus),
    /// It ran over the limit and was killed with all its children.
    Overran(Duration),
}

impl End {
    /// Whether it ended by itself with status 0.
    pub fn success(self) -> bool {
        matches!(self, Self::Exited(status) if status.success())
    }
}

impl std::fmt::Display for End {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Exited(status) => status.fmt(f),
            Self::Overran(limit) => write!(f, "killed after its limit of {} s", limit.as_secs()),
        }
    }
}

/// Runs `command` without standard input, its output as set by the caller, in a process group of its own.
///
/// *Errors*: it cannot be started; the text names the program.
pub fn run_limited(command: &mut Command, limit: Duration) -> Result<End, String> {
    let mut child = start(command.stdin(Stdio::null()))?;
    wait_limited(&mut child, limit)
}

/// Starts `command` in a process group of its own, for [`wait_limited`].
pub fn start(command: &mut Command) -> Result<Child, String> {
    let name = command.get_program().to_string_lossy().into_owned();
    command
        .process_group(0)
        .spawn()
        .map_err(|error| format!("cannot run {name}: {error}"))
}

/// Waits for a child of [`start`] to end; past the limit kills it and its group.
pub fn wait_limited(child: &mut Child, limit: Duration) -> Result<End, String> {
    let start = Instant::now();
    // Short waits first, so that a short program costs no more than it takes.
    let mut pause = Duration::from_millis(1);
    loop {
        match child.try_wait() {
            Ok(Some(status)) => return Ok(End::Exited(status)),
            Ok(None) if start.elapsed() < limit => {
                std::thread::sleep(pause);
                pause = (pause * 2).min(Duration::from_millis(50));
            }
            Ok(None) => {
                // The group is the child's own: `start` made it.
                let _ = killpg(Pid::from_raw(child.id().cast_signed()), Signal::SIGKILL);
                let _ = child.wait();
                return Ok(End::Overran(limit));
            }
            Err(error) => return Err(format!("cannot wait for process {}: {error}", child.id())),
        }
    }
}

/// Creates a file for a program's output.
pub fn output_file(path: &Path) -> Result<File, String> {
    File::create(path).map_err(|error| format!("cannot create {}: {error}", path.display()))
}
