//! Running a program with a time limit.

use std::ffi::OsStr;
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

/// A command that is killed when the thread that starts it ends, whatever ends us: a machine must not outlive its run.
pub fn mortal(program: impl AsRef<OsStr>) -> Command {
    // setpriv is of util-linux, which every Debian system has.
    let mut command = Command::new("setpriv");
    command.args(["--pdeathsig", "KILL", "--"]).arg(program);
    command
}

/// The same for a program that has processes which outlive it, as user-mode Linux has: all of them end with it. Only root
/// can have that; for others it is [`mortal`].
pub fn mortal_family(program: impl AsRef<OsStr>) -> Command {
    if !nix::unistd::geteuid().is_root() {
        return mortal(program);
    }
    // The first process of a namespace of process numbers takes all others of it with it.
    let mut command = mortal("unshare");
    command.args(["--pid", "--fork", "--kill-child", "--"]).arg(program);
    command
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
    wait_or_settle(child, limit, limit, || false)
}

/// The same for a child whose work may be done before it ends: `grace` after `is_done` it is killed, too.
pub fn wait_or_settle(
    child: &mut Child,
    limit: Duration,
    grace: Duration,
    mut is_done: impl FnMut() -> bool,
) -> Result<End, String> {
    let start = Instant::now();
    let mut limit = limit;
    let mut done = false;
    // Short waits first, so that a short program costs no more than it takes.
    let mut pause = Duration::from_millis(1);
    loop {
        match child.try_wait() {
            Ok(Some(status)) => return Ok(End::Exited(status)),
            Ok(None) if start.elapsed() < limit => {
                if !done && is_done() {
                    done = true;
                    limit = limit.min(start.elapsed() + grace);
                }
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

/// Runs `command` to its end; where that is not status 0, what it said of it is the error, after the word `what`.
pub fn succeed(command: &mut Command, what: &str) -> Result<(), String> {
    let output = command
        .output()
        .map_err(|error| format!("cannot run {}: {error}", command.get_program().to_string_lossy()))?;
    if output.status.success() {
        return Ok(());
    }
    Err(format!("{what}: {}", String::from_utf8_lossy(&output.stderr).trim()))
}

/// Creates a file for a program's output.
pub fn output_file(path: &Path) -> Result<File, String> {
    File::create(path).map_err(|error| format!("cannot create {}: {error}", path.display()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::Read;

    #[test]
    fn a_child_whose_work_is_done_is_not_waited_for_up_to_the_limit() {
        let mut command = Command::new("sleep");
        let mut child = start(command.arg("600")).expect("it starts");
        let mut asked = 0;
        let end = wait_or_settle(&mut child, Duration::from_secs(600), Duration::ZERO, || {
            asked += 1;
            asked == 3
        });
        assert!(
            matches!(end, Ok(End::Overran(limit)) if limit < Duration::from_secs(60)),
            "{end:?}"
        );
        assert_eq!(child.wait().expect("it ended").to_string(), "signal: 9 (SIGKILL)");
    }

    // Second witness: the pipe, which a process that is left would hold open.
    #[test]
    fn a_mortal_family_ends_as_a_whole() {
        let script = match nix::unistd::geteuid().is_root() {
            true => "sleep 600 & sleep 600 & echo both; wait",
            false => "echo both; exec sleep 600",
        };
        let (mut pipe, mut child) = std::thread::spawn(move || {
            let mut command = mortal_family("sh");
            command.args(["-c", script]);
            let mut child = start(command.stdout(Stdio::piped())).expect("it starts");
            let mut pipe = child.stdout.take().expect("a pipe");
            pipe.read_exact(&mut [0; 5]).expect("both run");
            (pipe, child)
        })
        .join()
        .expect("it started");
        let mut said = Vec::new();
        pipe.read_to_end(&mut said).expect("the end");
        assert!(said.is_empty());
        assert_eq!(child.wait().expect("it ended").to_string(), "signal: 9 (SIGKILL)");
    }

    // Second witness: the pipe, which is at its end only when nobody holds its other side any more.
    #[test]
    fn a_mortal_command_ends_with_the_thread_that_started_it() {
        let started = std::thread::spawn(|| {
            let mut command = mortal("sleep");
            let mut child = start(command.arg("600").stdout(Stdio::piped())).expect("it starts");
            // Until sleep runs in the place of setpriv, which tells the kernel only then.
            let name = format!("/proc/{}/comm", child.id());
            while std::fs::read_to_string(&name).expect("it is there") != "sleep\n" {
                std::thread::sleep(Duration::from_millis(5));
            }
            (child.stdout.take().expect("a pipe"), child)
        });
        let (mut pipe, mut child) = started.join().expect("it started");
        let mut said = Vec::new();
        pipe.read_to_end(&mut said).expect("the end");
        assert!(said.is_empty());
        assert_eq!(child.wait().expect("it ended").to_string(), "signal: 9 (SIGKILL)");
    }
}
