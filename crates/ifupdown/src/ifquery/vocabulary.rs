//! Every option that may stand in a stanza: `ifquery --syntax-help`.

use cleat_model::attr::{Attr, Times};
use cleat_model::table;
use std::fmt::Write;

/// The table of options as text, in the order of the manual.
pub fn text() -> String {
    table::all().map(option).collect::<Vec<_>>().join("\n")
}

fn option(attr: &Attr) -> String {
    let mut text = attr.name.to_owned();
    if !attr.aliases.is_empty() {
        let names: Vec<&str> = attr.aliases.iter().map(|alias| alias.name).collect();
        let _ = write!(text, " (also {})", names.join(", "));
    }
    let _ = write!(text, "\n\t{}\n\ttakes: {}\n", attr.doc, attr.accepts());
    if attr.times == Times::Many {
        text.push_str("\tmay be repeated\n");
    }
    if let Some(default) = attr.default.filter(|default| !default.is_empty()) {
        let _ = writeln!(text, "\tdefault: {default}");
    }
    let _ = writeln!(text, "\texample: {} {}", attr.name, attr.example);
    text
}
