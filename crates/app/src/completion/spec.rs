//! What the scripts of all shells are made from.

use cleat_cli::{COMMON, Hint, Opt, Program, Takes};
use cleat_ifupdown::args::flags;
use cleat_ifupdown::command::Command;

/// Prints the links that there are.
pub(super) const LINKS: &str = "command ls /sys/class/net";

/// What can be typed behind a program's name.
#[derive(Debug)]
pub(super) struct Spec {
    pub name: &'static str,
    /// With verbs the first word is one of them.
    pub verbs: Vec<Line>,
    /// Without verbs, the whole of it.
    pub alone: Option<Line>,
}

/// A verb, or a program without verbs.
#[derive(Debug)]
pub(super) struct Line {
    pub name: &'static str,
    pub short: &'static str,
    pub options: Vec<Choice>,
    pub words: Hint,
}

/// An option.
#[derive(Debug)]
pub(super) struct Choice {
    /// With its dashes.
    pub letter: Option<String>,
    /// With its dashes.
    pub long: Option<String>,
    pub takes: Takes,
    pub hint: Hint,
    pub doc: &'static str,
}

impl Spec {
    pub fn of_program(program: &'static Program) -> Self {
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

    pub fn of_command(command: Command) -> Self {
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
    pub fn of_option(option: &Opt) -> Self {
        Self {
            letter: option.letter().map(|letter| format!("-{letter}")),
            long: Some(format!("--{}", option.long())),
            takes: option.takes(),
            hint: option.hint,
            doc: option.doc,
        }
    }

    pub fn of_flag(flag: &flags::Flag) -> Self {
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
    pub fn spellings(&self) -> impl Iterator<Item = &str> {
        self.long.iter().chain(&self.letter).map(String::as_str)
    }
}

/// The first line of every file.
pub(super) const MADE: &str = "# Made by `cargo xtask gen` from the program's table.\n";

/// Words in single quotes, for any of the shells.
pub(super) fn quoted(text: &str, apostrophe: &str) -> String {
    format!("'{}'", text.replace('\'', apostrophe))
}
