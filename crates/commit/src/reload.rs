//! The kernel follows the live file, in this process: what `ifreload -a` and `ifup -a` do.

use cleat_cli::exit::Exit;
use cleat_diag::Severity;
use cleat_ifupdown::args::{Args, Input, Verbosity};
use cleat_ifupdown::change;
use cleat_ifupdown::command::Command;
use cleat_ifupdown::read::session::Session;
use cleat_ifupdown::read::severity::Situation;
use cleat_root::Root;
use cleat_store::Before;
use log::warn;

/// What came of bringing the kernel back.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Follows {
    /// It is as the file says.
    Whole,
    /// It could not be tried, or not be looked at: another run is under way, or the way to the kernel failed.
    Later,
    /// What comes up is up; these faults are left.
    Faults(String),
}

/// What is in the way of a run, and not a fault of what it brings up.
const IN_THE_WAY: [&str; 2] = ["lock", "kernel-unreadable"];

/// Makes the kernel what the live file says, like `ifreload -a`: where a step fails, all are undone. Answers whether
/// the kernel is so.
pub fn reload(root: &Root, verbosity: Verbosity) -> bool {
    let mut session = Session::load(root.clone(), &Input::Standard);
    run(&args(verbosity, Command::Ifreload), &mut session) == Follows::Whole
}

/// Makes the kernel what the configuration from before says, or the live file. A reload that fails leaves what it found;
/// then as much as can be is brought up, like `ifup -a`: half a network is better than the one that was not wanted.
///
/// Nothing that others hold or fill up is in its way but the lock of a run: it goes on without a record of it.
pub fn bring_back(root: &Root, verbosity: Verbosity, before: Option<&Before>) -> Follows {
    let session = || match before {
        Some(before) => {
            let (config, found) = before.config(root);
            Session::of_config(root.clone(), config, found)
        }
        None => Session::load(root.clone(), &Input::Standard),
    };
    let regardless = |command| Args {
        regardless: true,
        ..args(verbosity, command)
    };
    match run(&regardless(Command::Ifreload), &mut session()) {
        Follows::Faults(_) => {
            warn!("the network could not be put back as a whole; bringing up what comes up");
            run(&regardless(Command::Ifup), &mut session())
        }
        follows => follows,
    }
}

fn args(verbosity: Verbosity, command: Command) -> Args {
    Args {
        all: true,
        verbosity,
        // A good change is never taken back because a hook failed, whatever `hook-failure` says.
        ignore_errors: true,
        ..Args::new(command)
    }
}

fn run(args: &Args, session: &mut Session) -> Follows {
    let ended = change::run(args, session, None);
    let stops = session.stops(Situation::Reload);
    let errors = session.diagnostics.iter();
    let errors: Vec<_> = errors.filter(|found| found.severity == Severity::Error).collect();
    if errors.iter().any(|found| IN_THE_WAY.contains(&found.code)) {
        return Follows::Later;
    }
    match ended {
        Exit::Done => Follows::Whole,
        // What hangs on a NIC that is absent was left out, and the rest is as the file says.
        Exit::Failed if !stops => Follows::Whole,
        Exit::Failed | Exit::Busy | Exit::Usage | Exit::Interrupted(_) => {
            let texts: Vec<&str> = errors.iter().map(|found| found.message.as_str()).collect();
            Follows::Faults(texts.join("; "))
        }
    }
}
