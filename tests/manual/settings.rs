//! The keys of cleat.toml as entries of its page, and the commented example file.

use super::roff::{bold, plain, typed};
use cleat_settings::keys::{KEYS, example_file};
use std::path::{Path, PathBuf};

/// All keys, those of a table under its heading.
pub fn entries() -> String {
    let mut text = String::new();
    let mut table = "";
    for key in KEYS {
        if key.table != table {
            table = key.table;
            text += &format!(".SS {}\n", typed(&format!("[{table}]")));
        }
        let wants = plain(key.slot.wants());
        text += &format!(".TP\n{} = {wants}\n{}\n", bold(key.name), plain(key.doc));
        if let Some(default) = key.default {
            text += &format!("Default: {}.\n", bold(default));
        }
        if let Some(variable) = key.variable {
            text += &format!("The environment variable {} comes before it.\n", bold(variable));
        }
    }
    text
}

fn example() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("examples/cleat.toml")
}

#[test]
fn the_example_file_is_what_the_table_says() {
    let text = example_file();
    if std::fs::read_to_string(example()).is_ok_and(|old| old == text) {
        return;
    }
    assert!(
        std::env::var_os("BLESS").is_some(),
        "examples/cleat.toml is stale; run `cargo xtask gen`"
    );
    std::fs::write(example(), text).expect("examples can be written");
}

// Second witness: the toml crate, which reads the file with each of its lines switched on.
#[test]
fn every_line_of_the_example_file_can_be_switched_on() {
    let lines: Vec<String> = example_file()
        .lines()
        .map(|line| match line.strip_prefix('#') {
            Some(rest) if !rest.starts_with(' ') => rest.to_owned(),
            _ => line.to_owned(),
        })
        .collect();
    let table: toml::Table = lines.join("\n").parse().expect("the example is TOML");
    for key in KEYS {
        let inner = match key.table {
            "" => Some(&table),
            name => table.get(name).and_then(toml::Value::as_table),
        };
        assert!(
            inner.is_some_and(|inner| inner.contains_key(key.name)),
            "{}",
            key.path()
        );
    }
}
