//! The project's own commands: `cargo xtask test`, `cargo xtask uml`, ...

// Runs cargo, apt-get and kernels, and reads and writes under target/: that is what it is for.
#![allow(clippy::disallowed_methods)]

mod bench;
mod checks;
mod deb;
mod demo;
mod executables;
mod generate;
mod outcome;
mod packages;
mod peer;
mod process;
mod selection;
mod shell_files;
mod test;
mod tree;
mod udevs;
mod uml;
mod uml_tests;
mod vm;

use std::ffi::OsString;
use std::process::ExitCode;

/// The commands: how each is called, and what it does.
const COMMANDS: &[(&str, &str)] = &[
    (
        "demo [--yes]",
        "install what is missing, build, and give a tour in a network of its own",
    ),
    (
        "test [FILTER] [--no-uml] [--no-vm] [--seed N|any] [--all-faults] [--yes]",
        "install what is missing, check, and run every test; with FILTER only the
tests whose name contains it, of which only the executables are built that can
hold one. The network tests run twice: in this kernel, and in user-mode Linux,
which has every link kind. Without FILTER the scenarios of `vm` follow.
Property tests begin at the same seed in every run, or at N, or anywhere. With
--all-faults cleat-commit's verbs are tried with every fault at every call to
the file system",
    ),
    (
        "bench [--links N] [--repeat N] [--no-peers] [--only WORD] [--debug-build]",
        "the same links made by us, by ip -batch and by the peers, as ratios; each
with the bar that it must hold",
    ),
    (
        "deb [--version VERSION] [--yes]",
        "the Debian packages cleat and cleat-ifupdown, into target/debian, checked by
lintian",
    ),
    (
        "gen [--check] [--yes]",
        "write the manual pages and completions from their frames and the program's
tables; with --check only say whether they are fresh",
    ),
    (
        "uml [--timeout SECONDS] [--memory MIB] -- COMMAND...",
        "run a command in user-mode Linux on this machine's own files, read-only",
    ),
    (
        "udevs",
        "unpack the udevs of other Debian releases that predicted names are compared
with, and their dracuts, which the initramfs hook is tried with, as `test` does
too",
    ),
    (
        "vm [FILTER...] [--suite 12|13] [--engine qemu|uml] [--kvm] [--image FILE]
   [--scenario DIR] [--list] [--keep] [--jobs N] [--budget MINUTES] [--yes]",
        "scenarios in booted machines (vm-tests/scenarios, docs/vm-tests.md)",
    ),
];

/// How to call all of it, or one command.
fn usage(command: Option<&str>) -> String {
    let indented = |text: &str, by: &str| text.replace('\n', &format!("\n{by}"));
    let name = |call: &str| call.split(' ').next().unwrap_or_default().to_owned();
    let one = COMMANDS.iter().find(|(call, _)| command == Some(&name(call)));
    match one {
        Some((call, does)) => format!("usage: cargo xtask {}\n\n{does}\n", indented(call, "             ")),
        None => {
            let row = |(call, does): &(&str, &str)| {
                format!("  {}\n        {}\n", indented(call, "  "), indented(does, "        "))
            };
            let rows: String = COMMANDS.iter().map(row).collect();
            format!("usage: cargo xtask COMMAND\n\n{rows}\nFor one of them: cargo xtask COMMAND --help\n")
        }
    }
}

/// The help that these words ask for: `--help` before a `--`.
fn help(words: &[OsString]) -> Option<String> {
    let mut ours = words.iter().take_while(|word| *word != "--");
    ours.any(|word| word == "--help" || word == "-h")
        .then(|| usage(words.first().and_then(|word| word.to_str())))
}

fn main() -> ExitCode {
    let words: Vec<OsString> = std::env::args_os().skip(1).collect();
    if let Some(help) = help(&words) {
        print!("{help}");
        return ExitCode::SUCCESS;
    }
    let mut args = lexopt::Parser::from_args(words);
    let result = match args.value() {
        Ok(command) => dispatch(&command, args),
        Err(_) => Err(usage(None)),
    };
    match result {
        Ok(code) => code,
        Err(message) => {
            eprintln!("{}", message.trim_end());
            ExitCode::from(2)
        }
    }
}

fn dispatch(command: &OsString, args: lexopt::Parser) -> Result<ExitCode, String> {
    match command.to_str() {
        Some("deb") => deb::main(args),
        Some("demo") => demo::main(args),
        Some("test") => test::main(args),
        Some("bench") => bench::main(args),
        // Not for people: the process between bench and what it measures, and the part that runs in user-mode Linux.
        Some("bench-measure") => bench::measure::main(args),
        Some("bench-requests") => bench::requests::main(args),
        Some("gen") => generate::main(args),
        Some("uml") => uml::main(args),
        Some("udevs") => {
            udevs::ensure(packages::Consent::AskOnTerminal);
            Ok(ExitCode::SUCCESS)
        }
        Some("vm") => vm::main(args),
        _ => Err(format!(
            "error: there is no command {}\n\n{}",
            command.display(),
            usage(None)
        )),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn help_is_there_for_all_and_for_each_command_and_not_for_what_a_command_runs() {
        let said = |words: &[&str]| help(&words.iter().map(OsString::from).collect::<Vec<_>>());
        let all = said(&["--help"]).expect("help");
        for (call, does) in COMMANDS {
            let name = call.split(' ').next().expect("a name");
            let one = said(&[name, "--help"]).expect("help");
            assert_eq!(said(&[name, "-h"]), Some(one.clone()));
            assert!(
                one.starts_with(&format!("usage: cargo xtask {name}")) && one.contains(does),
                "{one}"
            );
            assert!(all.contains(&format!("\n  {name}")), "{all}");
        }
        assert_eq!(said(&["uml", "--", "ip", "--help"]), None);
        assert_eq!(said(&["test", "help"]), None);
        assert!(all.lines().all(|line| line.len() <= 88), "{all}");
    }
}
