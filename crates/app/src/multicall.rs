//! One file for every program but cleat-early: the name that it is called by says which one is meant.
//!
//! One file is a third of the size of six, and a boot that calls four programs reads one from the disk.

use crate::other;
use crate::programs::of_name;
use cleat_ifupdown::command::Command;
use cleat_ifupdown::run;
use std::ffi::{OsStr, OsString};
use std::path::Path;
use std::process::ExitCode;

/// What the four commands are called by where the first argument says which one is meant: our own name for them, and the
/// one that Proxmox VE looks for.
const FIRST_ARGUMENT_SAYS: [&str; 2] = ["ifupdown", "ifupdown2"];

/// Runs the program that the process was called by; `cleat` where the name is another.
///
/// *Shape*: `arguments` is argv.
pub fn main(arguments: impl IntoIterator<Item = OsString>) -> ExitCode {
    let mut arguments = arguments.into_iter().peekable();
    let called = arguments.peek().map(|first| file_name(first)).unwrap_or_default();
    if Command::of_program(&called).is_some() || FIRST_ARGUMENT_SAYS.contains(&called.as_str()) {
        return run::main(arguments);
    }
    let words = arguments.skip(1);
    match of_name(&called) {
        Some(program) => program.call(words),
        None => cleat_cli::run(&cleat_face::program::PROGRAM, words, other::run),
    }
}

fn file_name(path: &OsStr) -> String {
    let name = Path::new(path).file_name();
    name.unwrap_or_default().to_string_lossy().into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::programs::PROGRAMS;

    #[test]
    fn each_program_is_found_by_its_name_and_cleat_is_what_is_left() {
        let names: Vec<&str> = PROGRAMS.iter().map(|program| program.name).collect();
        assert_eq!(
            names,
            ["cleat", "cleat-commit", "cleat-link", "cleat-scheme", "cleat-sysctl"]
        );
        for name in &names[1..] {
            assert_eq!(of_name(name).map(|program| program.name), Some(*name));
        }
        for name in ["cleat", "cleat-early", "cleat-commit2", ""] {
            assert!(of_name(name).is_none(), "{name}");
        }
    }

    #[test]
    fn a_directory_before_the_name_does_not_matter() {
        for path in ["/usr/sbin/ifup", "./ifup", "ifup"] {
            assert_eq!(file_name(OsStr::new(path)), "ifup");
        }
    }

    #[test]
    fn help_fits_a_terminal_of_80_columns_and_names_every_option() {
        for program in PROGRAMS.iter().copied() {
            for verb in [None].into_iter().chain(program.verbs.iter().map(Some)) {
                let text = program.help(verb);
                let wide: Vec<&str> = text.lines().filter(|line| line.chars().count() > 80).collect();
                assert_eq!(wide, Vec::<&str>::new());
                for option in verb.iter().flat_map(|verb| verb.options) {
                    assert!(text.contains(option.form), "{}: {text}", option.form);
                }
            }
        }
    }
}
