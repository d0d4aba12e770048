//! Completions for shells, made from the tables that parsing and help are made from.

mod bash;
mod fish;
mod spec;
mod zsh;

use crate::programs::PROGRAMS;
use cleat_ifupdown::command::Command;
use spec::Spec;

/// A shell.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Shell {
    /// bash(1).
    Bash,
    /// zsh(1).
    Zsh,
    /// fish(1).
    Fish,
}

impl Shell {
    /// All of them.
    pub const ALL: [Self; 3] = [Self::Bash, Self::Zsh, Self::Fish];

    /// Its name, and that of the folder of its files.
    pub fn name(self) -> &'static str {
        match self {
            Shell::Bash => "bash",
            Shell::Zsh => "zsh",
            Shell::Fish => "fish",
        }
    }

    /// What it wants the completion file of a program to be called.
    pub fn file(self, program: &str) -> String {
        match self {
            Shell::Bash => program.to_owned(),
            Shell::Zsh => format!("_{program}"),
            Shell::Fish => format!("{program}.fish"),
        }
    }
}

/// Every program with its completion file for a shell: the name of the file, and its text.
pub fn files(shell: Shell) -> Vec<(String, String)> {
    let programs = PROGRAMS.iter().map(|program| Spec::of_program(program));
    let specs = programs.chain(Command::ALL.map(Spec::of_command));
    specs
        .map(|spec| {
            let text = match shell {
                Shell::Bash => bash::script(&spec),
                Shell::Zsh => zsh::script(&spec),
                Shell::Fish => fish::script(&spec),
            };
            (shell.file(spec.name), text)
        })
        .collect()
}
