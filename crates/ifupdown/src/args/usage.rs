//! The help text, made from the table of flags.

use super::flags::{self, Id};
use crate::command::Command;
use std::fmt::Write;

const WIDTH: usize = 79;
const COLUMN: usize = 30;

/// The text of `--help`.
pub fn usage(command: Command) -> String {
    let mut text = format!("{command}: {}\n\n", command.summary());
    let names = match command {
        Command::Ifreload => "-a | -c | --allow CLASS | IFACE...",
        _ => "-a | --allow CLASS | IFACE[=LOGICAL]...",
    };
    let _ = write!(text, "Usage: {command} [OPTIONS] {names}\n\nOptions:\n");
    for flag in flags::of(command).filter(|flag| !flag.help.is_empty()) {
        let letter = flag.short.map_or("    ".to_owned(), |letter| format!("-{letter}, "));
        let mut head = format!("  {letter}{}", flag.spelling());
        if let Some(value) = flag.value {
            let _ = write!(head, " {value}");
        }
        if head.len() + 2 > COLUMN {
            let _ = writeln!(text, "{head}");
            head.clear();
        }
        for line in wrap(flag.help, WIDTH - COLUMN) {
            let _ = writeln!(text, "{head:COLUMN$}{line}");
            head.clear();
        }
    }
    let locks = flags::of(command).any(|flag| flag.id == Id::Lock);
    let busy = if locks {
        ", 89 another run held the lock too long"
    } else {
        ""
    };
    let codes = format!("Exit codes: 0 what was asked is so, 1 it is not{busy}, 90 bad arguments.");
    text.push('\n');
    for line in wrap(&codes, WIDTH) {
        let _ = writeln!(text, "{line}");
    }
    text
}

/// Breaks a text at spaces so that each line has at most `width` characters, where its words allow it.
fn wrap(text: &str, width: usize) -> Vec<String> {
    let mut lines: Vec<String> = Vec::new();
    for word in text.split(' ') {
        match lines.last_mut() {
            Some(line) if line.len() + 1 + word.len() <= width => {
                line.push(' ');
                line.push_str(word);
            }
            _ => lines.push(word.to_owned()),
        }
    }
    lines
}
