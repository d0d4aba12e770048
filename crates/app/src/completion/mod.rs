//! Completions for shells, made from the tables that parsing and help are made from.

mod bash;
mod fish;
mod zsh;

use cleat_cli::{COMMON, Hint, Opt, Program, Takes};
use cleat_ifupdown::args::flags;
use cleat_ifupdown::command::Command;

/// Prints the links that there are.
const LINKS: &str = "command ls /sys/class/net";

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
    let programs = crate::PROGRAMS.iter().map(|program| Spec::of_program(program));
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

/// What can be typed behind a program's name.
#[derive(Debug)]
struct Spec {
    name: &'static str,
    /// With verbs the first word is one of them.
    verbs: Vec<Line>,
    /// Without verbs, the whole of it.
    alone: Option<Line>,
}

/// A verb, or a program without verbs.
#[derive(Debug)]
struct Line {
    name: &'static str,
    short: &'static str,
    options: Vec<Choice>,
    words: Hint,
}

/// An option.
#[derive(Debug)]
struct Choice {
    /// With its dashes.
    letter: Option<String>,
    /// With its dashes.
    long: Option<String>,
    takes: Takes,
    hint: Hint,
    doc: &'static str,
}

impl Spec {
    fn of_program(program: &'static Program) -> Self {
        let lines = program.verbs.iter().map(|verb| Line {
            name: verb.name,
            short: verb.short,
            options: verb.options.iter().chain(&COMMON).map(Choice::of_option).collect(),
            words: verb.words.hint,
        });
        Self {
            name: program.name,
            verbs: lines.collect(),
            alone: None,
        }
    }

    fn of_command(command: Command) -> Self {
        let shown = flags::of(command).filter(|flag| !flag.help.is_empty());
        Self {
            name: command.name(),
            verbs: Vec::new(),
            alone: Some(Line {
                name: command.name(),
                short: command.summary(),
                options: shown.map(Choice::of_flag).collect(),
                words: Hint::Interface,
            }),
        }
    }
}

impl Choice {
    fn of_option(option: &Opt) -> Self {
        Self {
            letter: option.letter().map(|letter| format!("-{letter}")),
            long: Some(format!("--{}", option.long())),
            takes: option.takes(),
            hint: option.hint,
            doc: option.doc,
        }
    }

    fn of_flag(flag: &flags::Flag) -> Self {
        Self {
            letter: flag.short.map(|letter| format!("-{letter}")),
            long: flag.long.first().map(|long| format!("--{long}")),
            takes: match flag.value {
                Some(_) => Takes::Value,
                None => Takes::Nothing,
            },
            hint: match flag.value {
                Some("FILE") => Hint::File,
                Some("native|json") => Hint::OneOf(&["native", "json"]),
                Some("list|dot") => Hint::OneOf(&["list", "dot"]),
                _ => Hint::Free,
            },
            doc: flag.help,
        }
    }

    /// Its spellings.
    fn spellings(&self) -> impl Iterator<Item = &str> {
        self.long.iter().chain(&self.letter).map(String::as_str)
    }
}

/// The first line of every file.
const MADE: &str = "# Made by `cargo xtask gen` from the program's table.\n";

/// Words in single quotes, for any of the shells.
fn quoted(text: &str, apostrophe: &str) -> String {
    format!("'{}'", text.replace('\'', apostrophe))
}
