//! The manual: pages made of a hand-written frame (`docs/man/NAME.in`) and the tables of the program.
//!
//! `cargo xtask gen` runs these tests with `BLESS=1`, which writes the pages; without it a page that is not what the
//! tables say fails the test.

// Tests read the tree directly.
#![allow(clippy::disallowed_methods)]

mod attributes;
mod commands;
mod roff;
mod settings;

use cleat_ifupdown::command::Command;
use cleat_witness::{assert_alike, text_difference};
use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

/// Page and frame.
const PAGES: &[(&str, &str)] = &[
    ("cleat-interfaces.5", "interfaces.5.in"),
    ("ifup.8", "ifup.8.in"),
    ("ifdown.8", "ifdown.8.in"),
    ("ifreload.8", "ifreload.8.in"),
    ("ifquery.8", "ifquery.8.in"),
    ("cleat.1", "cleat.1.in"),
    ("cleat-up.service.8", "cleat-up.service.8.in"),
    ("cleat.toml.5", "cleat.toml.5.in"),
    ("cleat-link.8", "cleat-link.8.in"),
    ("cleat-early.8", "cleat-early.8.in"),
    ("cleat-scheme.8", "cleat-scheme.8.in"),
    ("cleat-sysctl.8", "cleat-sysctl.8.in"),
    ("cleat-commit.8", "cleat-commit.8.in"),
];

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/man")
}

fn read(name: &str) -> String {
    let path = folder().join(name);
    std::fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

/// The text that a line `@WORD@` of a frame stands for.
fn part(word: &str) -> Option<String> {
    Some(match word {
        "ATTRIBUTES" => attributes::sections(),
        "HOOKS" => attributes::hooks(),
        "FOR-SCRIPTS" => attributes::for_scripts(),
        "NOT-YET" => attributes::not_yet(),
        "DONE-HERE" => roff::listed(cleat_ifupdown::hooks::DONE_HERE.iter().map(|(name, _)| *name)),
        "IFUP-OPTIONS" => commands::options(Command::Ifup),
        "IFDOWN-OPTIONS" => commands::options(Command::Ifdown),
        "IFRELOAD-OPTIONS" => commands::options(Command::Ifreload),
        "IFQUERY-OPTIONS" => commands::options(Command::Ifquery),
        "SETTINGS" => settings::entries(),
        _ => {
            // VERBS-CLEAT-LINK stands for those of cleat-link.
            let name = word.strip_prefix("VERBS-")?.to_lowercase();
            let program = cleat_app::programs::PROGRAMS
                .iter()
                .find(|program| program.name == name)?;
            commands::verbs(program)
        }
    })
}

/// The page of a frame.
fn page(frame: &str) -> String {
    let mut text = format!(".\\\" Made by `cargo xtask gen` from docs/man/{frame} and the program's tables.\n");
    for line in read(frame).lines() {
        let word = line.strip_prefix('@').and_then(|line| line.strip_suffix('@'));
        match word {
            Some(word) => text.push_str(&part(word).unwrap_or_else(|| panic!("{frame}: there is no part {line}"))),
            None => {
                text.push_str(line);
                text.push('\n');
            }
        }
    }
    text
}

#[test]
fn the_pages_are_what_the_tables_say() {
    let bless = std::env::var_os("BLESS").is_some();
    let mut stale = Vec::new();
    for (name, frame) in PAGES {
        let text = page(frame);
        let path = folder().join(name);
        let committed = std::fs::read_to_string(&path).unwrap_or_default();
        let Some(lines) = text_difference(&committed, &text) else {
            continue;
        };
        if bless {
            std::fs::write(&path, text).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
        } else {
            stale.push(format!("{name}:\n{lines}"));
        }
    }
    assert!(
        stale.is_empty(),
        "run `cargo xtask gen`; stale in docs/man are\n{}",
        stale.join("\n")
    );
}

#[test]
fn no_frame_and_no_page_is_orphaned() {
    let entries = std::fs::read_dir(folder()).expect("docs/man is there");
    let found: BTreeSet<String> = entries
        .map(|entry| {
            entry
                .expect("a readable folder")
                .file_name()
                .to_string_lossy()
                .into_owned()
        })
        .collect();
    let known: BTreeSet<String> = PAGES
        .iter()
        .flat_map(|(page, frame)| [page.to_string(), frame.to_string()])
        .collect();
    // A page that is missing is reported by the other test, which may be writing it just now.
    let frames = |names: &BTreeSet<String>| -> BTreeSet<String> {
        names.iter().filter(|name| name.ends_with(".in")).cloned().collect()
    };
    assert_alike("frames", ["in docs/man", "known"], &frames(&found), &frames(&known));
    let orphans: Vec<&String> = found.difference(&known).collect();
    assert!(orphans.is_empty(), "in docs/man, made of no frame: {orphans:?}");
}

// Second witness: the macros of man(7), and groff_man(7)'s advice to close every font that is opened.
#[test]
fn every_request_of_a_page_is_a_macro_of_man_and_every_font_is_closed() {
    let macros = [
        "TH", "SH", "SS", "TP", "IP", "PP", "RS", "RE", "B", "I", "BR", "RB", "BI", "IB", "RI", "IR", "nf", "fi", "br",
    ];
    for (name, frame) in PAGES {
        for (number, line) in page(frame).lines().enumerate().skip(1) {
            let at = format!("{name}:{}: {line}", number + 1);
            match line.strip_prefix('.') {
                Some(request) => {
                    let request = request.split(' ').next().unwrap_or_default();
                    assert!(macros.contains(&request), "{at}");
                }
                None => {
                    let opened = line.matches("\\fB").count() + line.matches("\\fI").count();
                    assert_eq!(opened, line.matches("\\fR").count(), "{at}");
                    assert!(
                        !line.starts_with('\'') && !line.contains('`') && line.is_ascii(),
                        "{at}"
                    );
                }
            }
        }
    }
}
