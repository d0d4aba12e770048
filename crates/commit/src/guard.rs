//! The process that watches over a trial.

use super::desk::Desk;
use super::trial::Trial;
use cleat_diag::Diagnostic;
use cleat_ifupdown::state::run_files::RunFiles;
use cleat_root::{Durability, Lock, LockError, Root, paths};
use cleat_store::{Before, LiveChange};
use log::warn;
use std::ffi::OsString;
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

/// The verb that the guard runs as.
pub const VERB: &str = "guard-try";
/// The words that make the file we run from into `cleat-commit` with that verb, whatever name we were called by.
const CALL: [&str; 2] = ["commit", VERB];

/// How long the guard may take to start.
const START: Duration = Duration::from_secs(20);
/// How long a guard of the trial before may look at the watch.
const LOOK: Duration = Duration::from_secs(2);
/// How often a guard that stands by looks whether the first one is gone.
const STAND_BY: Duration = Duration::from_millis(300);
/// How often the guard looks at the trial.
const POLL: Duration = Duration::from_millis(200);

/// The lock of the one who waits at the terminal; free when that process ends, however it ends.
///
/// # Errors
/// Another `try` holds it.
pub fn hold_watch(root: &Root) -> Result<Lock, LockError> {
    root.lock(paths::TRIAL_WATCH, LOOK)
}

/// Starts the guard and waits until it is there.
///
/// *Shape*: where systemd runs the host, a transient unit, which belongs to no login; else, and in network namespaces
/// that systemd knows nothing of, a child that leads a session of its own.
///
/// # Errors
/// One sentence.
pub fn start(root: &Root) -> Result<(), String> {
    let program = std::env::current_exe().map_err(|error| format!("cannot find my own program: {error}"))?;
    let _ = root.remove(paths::TRIAL_GUARD);
    if under_systemd(root) {
        match start_unit(program.as_os_str().to_owned()) {
            Ok(()) => return wait_for_guard(root),
            Err(reason) => warn!("{reason}; a process of its own watches over the trial"),
        }
    }
    start_child(&program)?;
    wait_for_guard(root)
}

/// Starts another guard where there is none any more, as after a kill.
pub fn revive(root: &Root) {
    match root.lock(paths::TRIAL_GUARD_LOCK, Duration::ZERO) {
        // Nobody holds it.
        Ok(lock) => drop(lock),
        Err(_) => return,
    }
    let program = std::env::current_exe().map_err(|error| format!("cannot find my own program: {error}"));
    match program.and_then(|program| start_child(&program)) {
        Ok(()) => warn!("the guard of the trial was gone: another one watches now"),
        Err(text) => warn!("the guard of the trial is gone: {text}"),
    }
}

/// The lock of the guard. A second one that is started waits here for the end of the first, and takes its place.
///
/// `None` where the lock cannot be had at all: two guards are better than none.
pub fn hold(root: &Root) -> Option<Lock> {
    loop {
        match root.lock(paths::TRIAL_GUARD_LOCK, Duration::ZERO) {
            Ok(lock) => return Some(lock),
            Err(LockError::Busy { .. }) => std::thread::sleep(STAND_BY),
            Err(LockError::Io(_)) => return None,
        }
    }
}

/// Whether there is a trial, or one about to begin. What cannot be known is taken to be so.
pub(super) fn is_needed(desk: &Desk) -> bool {
    let is_tried = !matches!(desk.store.live_change(), Ok(None));
    is_tried || desk.root.lock(paths::TRIAL_WATCH, Duration::ZERO).is_err()
}

/// Where nobody starts the guard again when it is killed, a second one stands by.
pub fn start_stand_by(root: &Root) {
    if under_systemd(root) {
        return;
    }
    let started = std::env::current_exe().map_err(|error| error.to_string());
    if let Err(reason) = started.and_then(|program| start_child(&program)) {
        warn!("no second guard stands by: {reason}");
    }
}

/// Whether process 1 is systemd, and we are in its network.
fn under_systemd(root: &Root) -> bool {
    // sd_booted(3).
    root.is_real() && root.is_dir("/run/systemd/system") && RunFiles::of_this_namespace(root).is_of_host()
}

fn start_unit(program: OsString) -> Result<(), String> {
    // The guard of a trial outlives the terminal as a unit of its own.
    #[allow(clippy::disallowed_methods)]
    let output = Command::new("systemd-run")
        .args(["--quiet", "--collect", "--service-type=exec"])
        .arg(format!("--unit=cleat-try-{}", std::process::id()))
        .arg("--description=Puts the network back unless it is confirmed")
        // Whoever kills it gets another one.
        .args(["--property=Restart=on-failure", "--property=RestartSec=100ms"])
        .arg("--")
        .arg(program)
        .args(CALL)
        .stdin(Stdio::null())
        .output()
        .map_err(|error| format!("cannot run systemd-run: {error}"))?;
    if output.status.success() {
        return Ok(());
    }
    let said = String::from_utf8_lossy(&output.stderr);
    Err(format!(
        "systemd-run failed: {}",
        said.lines().next().unwrap_or("it does not say why")
    ))
}

fn start_child(program: &Path) -> Result<(), String> {
    // It makes itself a session leader, and is not waited for: process 1 takes it over.
    // Without systemd the guard is this program again, in a session of its own.
    #[allow(clippy::disallowed_methods)]
    let child = Command::new(program)
        .args(CALL)
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .spawn()
        .map_err(|error| format!("cannot start the guard: {error}"))?;
    drop(child);
    Ok(())
}

fn wait_for_guard(root: &Root) -> Result<(), String> {
    let end = Instant::now() + START;
    while !root.exists(paths::TRIAL_GUARD) {
        if Instant::now() >= end {
            return Err(format!("the guard did not start within {} s", START.as_secs()));
        }
        std::thread::sleep(Duration::from_millis(20));
    }
    Ok(())
}

/// Why the guard has to act.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Cause {
    /// Nobody confirmed in time.
    Time,
    /// Who waited for the confirmation is gone.
    Gone,
}

/// The guard takes leave of the terminal.
pub fn leave_terminal() {
    // Fails for a process that leads a group already: systemd has put it there.
    let _ = nix::unistd::setsid();
}

/// The guard says that it is there.
///
/// # Errors
/// One sentence: /run cannot be written.
pub fn announce(root: &Root) -> Result<(), String> {
    root.create_dir_all(paths::RUN_DIR)
        .and_then(|()| root.write_atomic(paths::TRIAL_GUARD, b"", Durability::Volatile))
        .map_err(|error| error.to_string())
}

/// What the guard does: waits until there is a generation to put back; `None` where the trial was decided without it.
///
/// What cannot be read is reported once, and looked at again: the guard is the last who can put anything back.
pub(super) fn watch(desk: &Desk) -> Option<(Before, Cause)> {
    let mut known: Option<LiveChange> = None;
    let mut told = false;
    let mut tell = |text: String| {
        if !std::mem::replace(&mut told, true) {
            desk.say(Diagnostic::warning("guard-hindered", text));
        }
    };
    loop {
        let is_gone = match desk.root.lock(paths::TRIAL_WATCH, Duration::ZERO) {
            Ok(_) => true,
            Err(LockError::Busy { .. }) => false,
            Err(LockError::Io(error)) => {
                tell(error.to_string());
                false
            }
        };
        match desk.store.live_change() {
            Ok(None) if is_gone => return None,
            // Also where it was killed as it wrote the files.
            Ok(Some(change)) if is_gone => return Some((change.before, Cause::Gone)),
            // The record of the trial may be that of the one before: who holds the watch has not written its own yet.
            Ok(Some(change)) if change.waits && is_over(&desk.root, change.before.number) => {
                return Some((change.before, Cause::Time));
            }
            Ok(change) => known = change.or(known),
            Err(error) => {
                tell(error.to_string());
                // What was read before is as good.
                let over = known.take_if(|known| is_gone || known.waits && is_over(&desk.root, known.before.number));
                if let Some(known) = over {
                    let cause = if is_gone { Cause::Gone } else { Cause::Time };
                    return Some((known.before, cause));
                }
            }
        }
        desk.outside.pause(POLL);
    }
}

/// Whether the time of the trial of a generation is over.
fn is_over(root: &Root, number: u32) -> bool {
    let trial = Trial::open(root).filter(|trial| trial.generation == number);
    trial.and_then(|trial| trial.left()) == Some(Duration::ZERO)
}
