//! The wait of `try` at its terminal.

use super::trial::Trial;
use cleat_ifupdown::apply::{hangup, interrupt};
use cleat_root::Root;
use nix::poll::{PollFd, PollFlags, PollTimeout, poll};
use std::io::{self, IsTerminal, Read};
use std::os::fd::AsFd;
use std::time::{Duration, Instant};

/// How often the trial is looked at.
const POLL: u16 = 200;
/// How often it is looked whether the guard is there.
const GUARD_POLL: Duration = Duration::from_secs(1);

/// What ended the wait.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Heard {
    /// Enter was pressed here.
    Enter,
    /// Somebody else decided.
    Decided,
    /// The terminal is gone.
    HangUp,
    /// The time is over.
    Time,
}

/// Waits for as long as the trial is `open`, and until its deadline.
///
/// *Shape*: only a terminal can confirm: standard input that is a file or a pipe, or at its end, is passed over, since
/// nobody can be asked there.
///
/// Meanwhile it is seen to, with `guard`, that somebody watches over the trial.
pub fn listen(root: &Root, open: impl Fn() -> bool, guard: impl Fn()) -> Heard {
    let stdin = io::stdin();
    let terminal = stdin.is_terminal();
    let mut seen = Instant::now();
    loop {
        if seen.elapsed() >= GUARD_POLL {
            guard();
            seen = Instant::now();
        }
        let Some(left) = Trial::open(root).and_then(|trial| trial.left()).filter(|_| open()) else {
            return Heard::Decided;
        };
        if left.is_zero() {
            return Heard::Time;
        }
        if hangup::heard() || interrupt::heard().is_some() {
            return Heard::HangUp;
        }
        if !terminal {
            std::thread::sleep(Duration::from_millis(POLL.into()));
            continue;
        }
        let mut asked = [PollFd::new(stdin.as_fd(), PollFlags::POLLIN)];
        // A signal ends the wait early; what came of it is looked at above.
        let _ = poll(&mut asked, PollTimeout::from(POLL));
        let found = asked[0].revents().unwrap_or(PollFlags::empty());
        if found.intersects(PollFlags::POLLHUP | PollFlags::POLLERR | PollFlags::POLLNVAL) {
            return Heard::HangUp;
        }
        if found.contains(PollFlags::POLLIN) {
            match read_line(&stdin) {
                Some(true) => return Heard::Enter,
                Some(false) => {}
                None => return Heard::HangUp,
            }
        }
    }
}

/// Whether a line was read; `None` where the terminal is gone. Ctrl-D alone is not an answer.
fn read_line(stdin: &io::Stdin) -> Option<bool> {
    let mut bytes = [0; 256];
    let count = stdin.lock().read(&mut bytes).ok()?;
    Some(bytes[..count].contains(&b'\n'))
}
