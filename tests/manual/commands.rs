//! The options of the commands as entries of their pages.

use super::roff::{bold, italic, sentence, typed};
use cleat_cli::{self as cli, Program};
use cleat_ifupdown::args::flags::{self, Flag};
use cleat_ifupdown::command::Command;
use std::fmt::Write;

/// The options of one of the four commands.
pub fn options(command: Command) -> String {
    let shown = flags::of(command).filter(|flag| !flag.help.is_empty());
    let mut text: String = shown
        .map(|flag| format!(".TP\n{}\n{}.\n", spellings(flag), sentence(&capital(flag.help))))
        .collect();
    let taken: Vec<String> = flags::of(command)
        .filter(|flag| flag.help.is_empty())
        .map(spellings)
        .collect();
    if !taken.is_empty() {
        let _ = write!(
            text,
            ".PP\nTaken and without effect, for scripts that were written for other programs:\n{}.\n",
            taken.join(",\n")
        );
    }
    text
}

/// `-i`, `--interfaces` FILE.
fn spellings(flag: &Flag) -> String {
    let letter = flag.short.map(|letter| bold(&format!("-{letter}")));
    let words = flag.long.iter().map(|word| bold(&format!("--{word}")));
    let all: Vec<String> = letter.into_iter().chain(words).collect();
    match flag.value {
        Some(value) => format!("{} {}", all.join(", "), placeholder(value)),
        None => all.join(", "),
    }
}

/// `FILE` stands for a value, `list|dot` are the values.
fn placeholder(value: &str) -> String {
    match value.chars().any(char::is_uppercase) {
        true => italic(value),
        false => value.split('|').map(bold).collect::<Vec<_>>().join("|"),
    }
}

fn capital(text: &str) -> String {
    let mut chars = text.chars();
    let first = chars.next().map(|c| c.to_uppercase().to_string());
    first.unwrap_or_default() + chars.as_str()
}

/// The verbs of a program, each with its options.
pub fn verbs(program: &Program) -> String {
    let mut text = String::new();
    for verb in program.verbs {
        let _ = write!(
            text,
            ".SS {}\n.nf\n{}\n.fi\n.PP\n{}\n",
            typed(&format!("{} {}", program.name, verb.name)),
            bold(verb.usage),
            sentence(verb.doc)
        );
        let words = (!verb.words.name.is_empty()).then_some((verb.words.name, verb.words.doc));
        let options = verb.options.iter().map(|option| (option.form, option.doc));
        for (form, doc) in words.into_iter().chain(options) {
            let _ = write!(text, ".TP\n{}\n{}.\n", form_of(form), sentence(doc));
        }
    }
    text += ".SS Options of every command\n";
    for option in &cli::COMMON {
        let _ = write!(text, ".TP\n{}\n{}.\n", form_of(option.form), sentence(option.doc));
    }
    text
}

/// `-y, --yes`, `--from FILE`, `--confirm-boot[=CHECK]`.
fn form_of(form: &str) -> String {
    let words: Vec<String> = form.split(' ').map(word).collect();
    words.join(" ")
}

fn word(word: &str) -> String {
    match word.split_once("[=") {
        _ if !word.starts_with('-') => italic(word),
        Some((option, value)) => format!("{}[={}]", bold(option), italic(value.trim_end_matches(']'))),
        None => match word.strip_suffix(',') {
            Some(letter) => format!("{},", bold(letter)),
            None => bold(word),
        },
    }
}

// Second witness: the help of ifup(8), whose lines come from the same rows by another way.
#[test]
fn an_option_is_shown_with_all_its_spellings() {
    let text = options(Command::Ifup);
    assert!(
        text.contains(".TP\n\\fB\\-i\\fR, \\fB\\-\\-interfaces\\fR \\fIFILE\\fR\nRead FILE instead"),
        "{text}"
    );
    assert!(
        text.contains("\\fB\\-\\-admin\\-state\\fR, \\fB\\-\\-no\\-scripts\\fR"),
        "{text}"
    );
    for line in cleat_ifupdown::args::usage(Command::Ifup)
        .lines()
        .filter(|line| line.starts_with("  "))
    {
        for option in line.split([' ', ',']).filter(|word| word.starts_with("--")) {
            assert!(
                text.contains(&bold(option)),
                "{option} is in the help and not in the page"
            );
        }
    }
}
