//! The shortest stanza of each kind of link and the options that it can change, made from its row: what a kind is to go
//! through, on the simulator and on real kernels.

use crate::attr::{Attr, Change, Need, On, Wire};
use crate::kinds::{Below, KindRow, Told};
use crate::table;

/// The link that each of them is.
pub const NAME: &str = "t7";
/// What it stands on.
pub const LOWER: &str = "eno1";
/// What it has as a port.
pub const PORT: &str = "eno2";
/// Its other end.
pub const END: &str = "t7-end";

/// Lines of a stanza: option and value.
pub type Lines = Vec<(&'static str, String)>;

/// What makes a stanza one of the kind, and without which it cannot be made.
pub fn stanza(row: &KindRow) -> Lines {
    let mut lines = Lines::new();
    let told = row.told_by.first().map(|told| match told {
        Told::By(option) => (*option, value(row, option)),
        Told::As(option, value) => (*option, (*value).to_owned()),
    });
    lines.extend(told);
    // What it may stand on, where that is one of its options and no more.
    let lower = match row.below {
        Below::Data(_, option) => Some(option),
        Below::Nothing | Below::Link(_) | Below::Peer(_) => None,
    };
    for option in row.lacks.iter().map(|lack| lack.option).chain(lower) {
        if lines.iter().all(|(known, _)| *known != option) {
            lines.push((option, value(row, option)));
        }
    }
    lines
}

fn value(row: &KindRow, option: &str) -> String {
    if row.below.option() == Some(option) {
        return match row.below {
            Below::Peer(_) => END,
            Below::Nothing | Below::Link(_) | Below::Data(..) => LOWER,
        }
        .to_owned();
    }
    match row.port_list() == Some(option) {
        true => PORT.to_owned(),
        false => table::find(option).map_or("", |attr| attr.example).to_owned(),
    }
}

/// The options of the kind that can change on a link that is there, each with the lines that set it to another value and
/// those that it needs.
pub fn changes(row: &'static KindRow) -> Vec<Lines> {
    let kind = row.kind();
    let said = stanza(row);
    let of_kind = |attr: &&'static Attr| {
        let own = !matches!(attr.on, On::BridgePort | On::BondPort) && attr.on.kind().as_ref() == Some(&kind);
        let new = said.iter().all(|(option, _)| *option != attr.name);
        own && new && attr.change != Change::Recreate && !matches!(attr.wire, Wire::None)
    };
    table::all()
        .filter(of_kind)
        .map(|attr| {
            let mut lines: Lines = attr.needs.iter().filter_map(needed).collect();
            lines.push((attr.name, other(attr)));
            lines
        })
        .collect()
}

/// A line that makes the option mean something.
fn needed(need: &Need) -> Option<(&'static str, String)> {
    match need {
        Need::OneOf { attr, values, .. } => {
            let row = table::find(attr)?;
            let number = crate::attr::Value::Number(*values.first()?);
            Some((row.name, row.show(&number)))
        }
        Need::Set(attr) => table::find(attr).map(|row| (row.name, row.example.to_owned())),
        Need::Excludes(_) => None,
    }
}

/// A value that is not the one of a new link.
fn other(attr: &Attr) -> String {
    let usual = attr.default_value();
    let texts = attr.trials.iter().map(|trial| trial.text);
    let mut texts = texts.chain([attr.example, "yes", "no", "1", "2"]);
    let differs = |text: &&str| attr.parse(text).is_ok_and(|value| Some(value) != usual);
    texts.find(differs).unwrap_or(attr.example).to_owned()
}

/// A file with that stanza.
pub fn file(lines: &[(&'static str, String)]) -> String {
    let lines: String = lines
        .iter()
        .map(|(option, value)| format!("  {option} {value}\n"))
        .collect();
    format!("auto {NAME}\niface {NAME}\n{lines}")
}
