//! From argv to an exit code.

use crate::apply::account::Account;
use crate::args::{self, Args, Asked, Input};
use crate::command::Command;
use crate::early::Early;
use crate::read::pick;
use crate::read::session::Session;
use crate::state::history::{self, Brought};
use crate::state::run_files::RunFiles;
use crate::state::runs::{Run, by};
use crate::unchanged::{self, Still};
use crate::{change, ifquery, version};
use cleat_cli::exit::Exit;
use cleat_cli::logging;
use cleat_cli::logging::{Reporter, complain};
use cleat_cli::show;
use cleat_eni::ConfigSet;
use cleat_root::Root;
use cleat_settings::Settings;
use std::ffi::OsString;
use std::process::ExitCode;

/// Runs the command that the program was called by.
///
/// *Shape*: `arguments` is argv. Where argv\[0\] names none of the four commands, the first argument does:
/// `ifupdown ifup -a`.
pub fn main(arguments: impl IntoIterator<Item = OsString>) -> ExitCode {
    let mut arguments = arguments.into_iter();
    let program = text(arguments.next());
    let command = Command::of_program(&program).or_else(|| Command::of_program(&text(arguments.next())));
    let Some(command) = command else {
        let names = Command::ALL.map(Command::name).join(", ");
        complain(&format!("{program}: the first argument names the command: {names}"));
        return Exit::Usage.into();
    };
    match args::parse(command, arguments) {
        Ok(Asked::Help) => show(&args::usage(command)).into(),
        Ok(Asked::Version) => show(&format!("{}\n", version::version())).into(),
        Ok(Asked::Run(mut args)) => {
            let goes_on =
                !args.read_environment || args::environment::heed(&mut args, &|name| std::env::var(name).ok());
            logging::start(args.verbosity);
            if !goes_on {
                log::warn!("nothing is brought up: CONFIGURE_INTERFACES=no");
                return Exit::Done.into();
            }
            run(&args).into()
        }
        Err(message) => {
            complain(&format!(
                "{command}: error: {message}\n`{command} --help` lists the options"
            ));
            Exit::Usage.into()
        }
    }
}

fn text(argument: Option<OsString>) -> String {
    argument.unwrap_or_default().to_string_lossy().into_owned()
}

/// Runs what was asked for, on the machine that the program runs on.
fn run(args: &Args) -> Exit {
    let root = Root::real();
    let files = RunFiles::of_this_namespace(&root);
    let mut early = Early::begin(args, &root, &files);
    let (config, found) = Session::read(&root, &args.input);
    let root_user = nix::unistd::geteuid().is_root();
    let answer = match root_user && found.is_empty() && unchanged::may_be(args) {
        // Who calls is looked for while the kernel is still being read.
        true => {
            let by = by(&root);
            let still = unchanged::is_so_still(args, &root, &files, &config, early.as_mut());
            still.map(|answer| (answer, by))
        }
        false => None,
    };
    if let Some((answer, by)) = answer {
        answered(args, &root, &files, &config, (answer, by));
        std::mem::forget(config);
        return Exit::Done;
    }
    let boots = args.command == Command::Ifup && args.input == Input::Standard && (args.all || args.hotplug);
    let mut session = match boots {
        true => Session::at_boot(root, config, found),
        false => Session::of_config(root, config, found),
    };
    let args = &*pick::expand(args, &session.decls);
    let exit = match args.command {
        Command::Ifquery => ifquery::run(args, &mut session),
        Command::Ifup | Command::Ifdown | Command::Ifreload => change::run(args, &mut session, early),
    };
    // The process is at its end: to free thousands of stanzas one by one would only take time.
    std::mem::forget(session);
    exit
}

/// Ends a reload that has nothing to do, as the one before.
fn answered(args: &Args, root: &Root, files: &RunFiles, config: &ConfigSet, (answer, by): (Still, String)) {
    let reporter = Reporter::new(args.verbosity);
    let mut found = Vec::new();
    let generation = match answer {
        Still::Same(generation) => generation,
        Still::Reworded(answer) => {
            let mut sources = config.sources.clone();
            let brought = Brought {
                root,
                config,
                sources: &config.sources,
                // Without a fault: they are those of the answer, which had nothing to say.
                settings: &Settings::load(root, &mut sources).0,
                by: &by,
                instead: None,
                found: &[],
            };
            match history::note(args, &brought, false, None) {
                Ok(generation) => {
                    answer.keep(root, files, generation);
                    generation
                }
                Err(error) => {
                    found.push(cleat_store::incomplete(&error));
                    None
                }
            }
        }
    };
    reporter.print(&found, &config.sources);
    reporter.account("nothing to do");
    let run = Run::of(by, args, Exit::Done, Some(&Account::default()), &found);
    run.in_generation(generation).record(root, files);
}
