//! One program, with a time limit and its output caught.

use super::tied::Tie;
use super::tree::Tree;
use crate::apply::interrupt;
use cleat_diag::length;
use nix::sys::signal::{Signal, killpg};
use nix::unistd::Pid;
use std::collections::BTreeMap;
use std::ffi::OsStr;
use std::fmt;
use std::fs::File;
use std::io;
use std::os::unix::fs::FileExt;
use std::os::unix::process::{CommandExt, ExitStatusExt};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::time::{Duration, Instant};

/// How long a program that was asked to end may take to do so before it is killed.
const GRACE: Duration = Duration::from_secs(2);
/// How much of the output is kept.
const MOST_OUTPUT: usize = 256 * 1024;

/// Why a program is not a success.
#[derive(Debug)]
pub enum Fault {
    /// It could not be started.
    Start(io::Error),
    /// It ended with that code.
    Code(i32),
    /// A signal ended it.
    Signal(i32),
    /// It ran longer than allowed and was killed with all that it had started.
    Late(Duration),
    /// It was ended with all that it had started, since the run was interrupted.
    Interrupted,
}

impl fmt::Display for Fault {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Fault::Start(error) => write!(out, "cannot be started: {error}"),
            Fault::Code(code) => write!(out, "exit code {code}"),
            Fault::Signal(number) => match Signal::try_from(*number) {
                Ok(signal) => write!(out, "killed by {signal}"),
                Err(_) => write!(out, "killed by signal {number}"),
            },
            Fault::Late(limit) => write!(out, "still running after {}, killed", length(*limit)),
            Fault::Interrupted => out.write_str("ended, as the run was interrupted"),
        }
    }
}

/// What became of a program.
#[derive(Debug)]
pub struct Ended {
    /// What it printed on standard output and standard error, in one.
    pub output: String,
    /// Why it is not a success.
    pub fault: Option<Fault>,
}

/// Runs a program in a process group of its own until it ends or the limit is over.
///
/// *Shape*: standard input is empty; `environment` is the whole environment. What the program leaves running in the
/// background is not waited for: the output is caught in a memory file, which has no end to wait for, and which is
/// sealed afterwards, so that a daemon which goes on printing gets an error and not a signal.
pub fn run(
    program: &OsStr,
    arguments: &[&OsStr],
    environment: &BTreeMap<String, String>,
    input: Option<&str>,
    limit: Duration,
) -> Ended {
    match start(program, arguments, environment, input) {
        Ok((child, output, tie)) => {
            let ended = wait(child, &output, limit);
            tie.let_go();
            ended
        }
        Err(error) => Ended {
            output: String::new(),
            fault: Some(Fault::Start(error)),
        },
    }
}

fn memory_file(name: &std::ffi::CStr) -> io::Result<File> {
    use nix::sys::memfd::{MFdFlags, memfd_create};
    Ok(File::from(memfd_create(
        name,
        MFdFlags::MFD_CLOEXEC | MFdFlags::MFD_ALLOW_SEALING,
    )?))
}

fn start(
    program: &OsStr,
    arguments: &[&OsStr],
    environment: &BTreeMap<String, String>,
    input: Option<&str>,
) -> io::Result<(Child, File, Tie)> {
    let output = memory_file(c"hook-output")?;
    let stdin = match input {
        Some(text) => {
            let file = memory_file(c"hook-input")?;
            file.write_all_at(text.as_bytes(), 0)?;
            Stdio::from(file)
        }
        None => Stdio::null(),
    };
    // The commands and scripts of the file: what hooks are.
    #[allow(clippy::disallowed_methods)]
    let mut command = Command::new(program);
    command
        .args(arguments)
        .env_clear()
        .envs(environment)
        .current_dir("/")
        .stdin(stdin)
        .stdout(output.try_clone()?)
        .stderr(output.try_clone()?)
        .process_group(0);
    let tie = Tie::to(&mut command)?;
    Ok((command.spawn()?, output, tie))
}

fn wait(mut child: Child, output: &File, limit: Duration) -> Ended {
    let fault = match wait_until(&mut child, Instant::now() + limit, &|| interrupt::asked().is_some()) {
        Ok(Some(status)) => fault_of(status),
        Ok(None) => {
            kill(&mut child);
            Some(match interrupt::asked() {
                Some(_) => Fault::Interrupted,
                None => Fault::Late(limit),
            })
        }
        Err(error) => Some(Fault::Start(error)),
    };
    let text = read(output);
    seal(output);
    Ended { output: text, fault }
}

/// Waits for the end with short sleeps that grow: a script of 2 ms is seen to end within 1 ms.
fn wait_until(child: &mut Child, end: Instant, stops: &dyn Fn() -> bool) -> io::Result<Option<ExitStatus>> {
    let mut pause = Duration::from_micros(200);
    loop {
        if let Some(status) = child.try_wait()? {
            return Ok(Some(status));
        }
        let left = end.saturating_duration_since(Instant::now());
        if left.is_zero() || stops() {
            return Ok(None);
        }
        std::thread::sleep(pause.min(left));
        pause = (pause * 3 / 2).min(Duration::from_millis(10));
    }
}

/// Ends the program with its process group and all that it has started, kindly first.
fn kill(child: &mut Child) {
    let group = Pid::from_raw(child.id().cast_signed());
    let mut tree = Tree::of(group.as_raw());
    // An error means that nobody is left in the group.
    let _ = killpg(group, Signal::SIGTERM);
    tree.signal(Signal::SIGTERM);
    let _ = wait_until(child, Instant::now() + GRACE, &|| false);
    tree.grow();
    let _ = killpg(group, Signal::SIGKILL);
    tree.signal(Signal::SIGKILL);
    let _ = child.wait();
}

fn fault_of(status: ExitStatus) -> Option<Fault> {
    match (status.code(), status.signal()) {
        (Some(0), _) => None,
        (Some(code), _) => Some(Fault::Code(code)),
        (None, signal) => Some(Fault::Signal(signal.unwrap_or_default())),
    }
}

fn read(output: &File) -> String {
    let length = output.metadata().map_or(0, |data| data.len());
    let kept = usize::try_from(length).unwrap_or(MOST_OUTPUT).min(MOST_OUTPUT);
    let mut bytes = vec![0; kept];
    if output.read_exact_at(&mut bytes, 0).is_err() {
        bytes.clear();
    }
    let mut text = String::from_utf8_lossy(&bytes).into_owned();
    if length > kept as u64 {
        text.push_str(&format!("\n({} more bytes left out)\n", length - kept as u64));
    }
    text
}

fn seal(output: &File) {
    use nix::fcntl::{FcntlArg, SealFlag, fcntl};
    let seals = SealFlag::F_SEAL_GROW | SealFlag::F_SEAL_WRITE;
    // Nothing depends on it: without the seal the daemon's output takes memory, that is all.
    let _ = fcntl(output, FcntlArg::F_ADD_SEALS(seals));
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shell(script: &str, limit: Duration) -> Ended {
        let environment = BTreeMap::from([("PATH".to_owned(), "/usr/bin:/bin".to_owned())]);
        run(
            OsStr::new("/bin/sh"),
            &[OsStr::new("-c"), OsStr::new(script)],
            &environment,
            None,
            limit,
        )
    }

    #[test]
    fn both_outputs_come_in_the_order_written() {
        let ended = shell("echo one; echo two >&2; echo three", Duration::from_secs(10));
        assert_eq!(ended.output, "one\ntwo\nthree\n");
        assert!(ended.fault.is_none());
    }

    #[test]
    fn an_exit_code_and_a_signal_are_told_apart() {
        let code = shell("exit 3", Duration::from_secs(10)).fault.unwrap();
        assert_eq!(code.to_string(), "exit code 3");
        let signal = shell("kill -9 $$", Duration::from_secs(10)).fault.unwrap();
        assert_eq!(signal.to_string(), "killed by SIGKILL");
    }

    #[test]
    fn a_program_that_is_not_there_is_said_so() {
        let ended = run(
            OsStr::new("/no/such"),
            &[],
            &BTreeMap::new(),
            None,
            Duration::from_secs(1),
        );
        assert_eq!(
            ended.fault.unwrap().to_string(),
            "cannot be started: No such file or directory (os error 2)"
        );
    }

    #[test]
    fn a_late_program_is_killed_with_its_children() {
        let began = Instant::now();
        let ended = shell("sleep 77 & echo $!; wait", Duration::from_millis(300));
        assert_eq!(ended.fault.unwrap().to_string(), "still running after 0.3 s, killed");
        assert!(began.elapsed() < Duration::from_secs(5));
        let pid: i32 = ended.output.trim().parse().unwrap();
        // The kernel is the witness: signal 0 asks whether the process is still there; a zombie waits for init.
        // The kill is asynchronous: on a busy machine the child may run on for a moment.
        loop {
            let stat = std::fs::read_to_string(format!("/proc/{pid}/stat")).unwrap_or_default();
            if stat.is_empty() || stat.contains(") Z ") {
                break;
            }
            assert!(began.elapsed() < Duration::from_secs(10), "{stat}");
            std::thread::sleep(Duration::from_millis(10));
        }
    }

    /// Proxmox bug 5009: a daemon that keeps standard output open must not hold the caller.
    #[test]
    fn a_daemon_that_keeps_the_output_open_is_not_waited_for() {
        let ended = shell("sleep 600 & echo $!", Duration::from_secs(300));
        assert!(ended.fault.is_none());
        let pid: i32 = ended.output.trim().parse().unwrap();
        // No clock: the daemon still runs, so nobody waited for it.
        let daemon = Pid::from_raw(pid);
        nix::sys::signal::kill(daemon, Signal::SIGKILL).expect("the daemon still runs");
    }

    #[test]
    fn a_daemon_that_goes_on_printing_is_not_killed_by_it() {
        let mark = tempfile::NamedTempFile::new().unwrap();
        let script = format!(
            "(sleep 0.3; echo late; echo \"alive $?\" > {}) & echo started",
            mark.path().display()
        );
        assert!(shell(&script, Duration::from_secs(10)).fault.is_none());
        let end = Instant::now() + Duration::from_secs(10);
        let mut text = String::new();
        while text.is_empty() && Instant::now() < end {
            std::thread::sleep(Duration::from_millis(20));
            text = std::fs::read_to_string(mark.path()).unwrap();
        }
        assert!(text.starts_with("alive "), "{text:?}");
    }

    #[test]
    fn input_is_handed_over_and_empty_otherwise() {
        let environment = BTreeMap::from([("PATH".to_owned(), "/usr/bin:/bin".to_owned())]);
        let cat = |input| run(OsStr::new("/bin/cat"), &[], &environment, input, Duration::from_secs(5)).output;
        assert_eq!(cat(Some("a b\n")), "a b\n");
        assert_eq!(cat(None), "");
    }

    #[test]
    fn nothing_of_the_callers_environment_is_handed_on() {
        let ended = shell(
            "env | grep -v -e ^PATH= -e ^PWD= -e ^_= -e ^SHLVL= -e ^OLDPWD=",
            Duration::from_secs(5),
        );
        assert_eq!(ended.output, "");
    }
}
