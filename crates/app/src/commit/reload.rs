//! The kernel follows the live file, in this process: what `ifreload -a` and `ifup -a` do.

use crate::args::{Args, Input, Verbosity};
use crate::change;
use crate::command::Command;
use crate::exit::Exit;
use crate::session::Session;
use crate::severity::Situation;
use cleat_root::Root;
use log::warn;

/// Makes the kernel what the live file says, like `ifreload -a`: where a step fails, all are undone. Answers whether
/// the kernel is so.
pub fn reload(root: &Root, verbosity: Verbosity) -> bool {
    run(root, verbosity, Command::Ifreload)
}

/// Makes the kernel what the file says that was put back. A reload that fails leaves what it found; then as much as
/// can be is brought up, like `ifup -a`: half a network is better than the one that was not wanted.
pub fn bring_back(root: &Root, verbosity: Verbosity) -> bool {
    if reload(root, verbosity) {
        return true;
    }
    warn!("the network could not be put back as a whole; bringing up what comes up");
    run(root, verbosity, Command::Ifup)
}

fn run(root: &Root, verbosity: Verbosity, command: Command) -> bool {
    let args = Args {
        all: true,
        verbosity,
        // A good change is never taken back because a hook failed, whatever `hook-failure` says.
        ignore_errors: true,
        ..Args::new(command)
    };
    let mut session = Session::load(root.clone(), &Input::Standard);
    match change::run(&args, &mut session, None) {
        Exit::Done => true,
        // What hangs on a NIC that is absent was left out, and the rest is as the file says.
        Exit::Failed => !session.stops(Situation::Reload),
        Exit::Busy | Exit::Usage => false,
    }
}
