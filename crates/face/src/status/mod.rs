//! `cleat status`: declared against real, on one screen.

mod overview;
mod table;
#[cfg(test)]
mod tests;

use super::graph::canvas::Ink;
use super::graph::style::state_ink;
use super::links::LinkState;
use super::options::Options;
use super::{End, complain, input, print};
use cleat_cli::report::json_text;
use cleat_commit as commit;
use cleat_diag::Severity;
use cleat_kernel::Events;
use cleat_model::name::IfName;
use overview::{Entry, Overview};
use std::time::Duration;
use table::{Column, Row};

/// Changes that come within this time are shown together.
const SETTLE: Duration = Duration::from_millis(150);
/// Goes to the upper left corner and clears the screen (ECMA-48 CUP, ED).
const CLEAR: &str = "\x1b[H\x1b[2J";

const COLUMNS: [Column; 6] = [
    Column {
        title: "interface",
        spare: None,
    },
    Column {
        title: "kind",
        spare: Some(1),
    },
    Column {
        title: "state",
        spare: None,
    },
    Column {
        title: "ports / master",
        spare: Some(2),
    },
    Column {
        title: "mtu",
        spare: Some(0),
    },
    Column {
        title: "addresses",
        spare: None,
    },
];

/// Shows the table once, or with `--watch` again after every change that the kernel reports.
pub fn run(options: &Options) -> End {
    if !options.watch {
        return match look(options) {
            Some((text, end)) => worse(print(&text), end),
            None => End::Fault,
        };
    }
    match watch(options) {
        Ok(end) => end,
        Err(error) => {
            complain(&format!(
                "cannot listen to the kernel's changes (ip monitor): {error}\n"
            ));
            End::Fault
        }
    }
}

fn watch(options: &Options) -> Result<End, cleat_model::kernel::KernelError> {
    // Listening begins before the first look, so that no change falls between the two.
    let mut events = Events::open()?;
    loop {
        let Some((text, _)) = look(options) else {
            return Ok(End::Fault);
        };
        if print(&format!("{CLEAR}{text}")) != End::Well {
            return Ok(End::Fault);
        }
        events.next(None)?;
        while events.next(Some(SETTLE))?.is_some() {}
    }
}

fn worse(printed: End, judged: End) -> End {
    match printed {
        End::Well => judged,
        fault => fault,
    }
}

/// Reads file and kernel, and writes the page. `None`, with a message, where the kernel cannot be read.
fn look(options: &Options) -> Option<(String, End)> {
    let mut session = input::session(options);
    let now = match input::snapshot(&session) {
        Ok(now) => now,
        Err(text) => {
            complain(&format!("{text}\n"));
            return None;
        }
    };
    let desired = session.wanted(Some(&now));
    let differences = input::differences(&session, &desired, &now);
    let overview = Overview::new(&desired, &now, &differences, session.sources());
    let errors = session
        .diagnostics
        .iter()
        .filter(|found| found.severity == Severity::Error)
        .count();
    let end = match (overview.differing() + overview.general.len(), errors) {
        (0, 0) => End::Well,
        _ => End::Fault,
    };
    if options.json {
        let mut document = overview.document();
        document["commit"] = commit::notices(&session.root).into();
        return Some((json_text(&document), end));
    }
    let page = options.page();
    let mut text = draw(&overview, page.width, options.ascii, page.color);
    if errors > 0 {
        let plural = if errors == 1 { "" } else { "s" };
        text += &format!("the configuration has {errors} error{plural}: `cleat check` shows where\n");
    }
    for notice in commit::notices(&session.root) {
        text += &format!("{notice}\n");
    }
    Some((text, end))
}

/// The page: a table, and what it comes to.
fn draw(overview: &Overview, width: usize, ascii: bool, color: bool) -> String {
    if overview.entries.is_empty() {
        return "no interface is declared\n".to_owned();
    }
    let rows: Vec<Row> = overview.entries.iter().map(|entry| row(entry, ascii)).collect();
    let mut text = table::draw(&COLUMNS, &rows, width, color);
    for general in &overview.general {
        text += &format!("! {general}\n");
    }
    text.push('\n');
    let count = overview.entries.len();
    let plural = if count == 1 { "" } else { "s" };
    text += &match overview.differing() {
        0 if overview.general.is_empty() => format!("{count} interface{plural}, all as declared\n"),
        0 => format!("{count} interface{plural} as declared, and more than is declared\n"),
        some => format!("{count} interface{plural}, {} as declared, {some} not\n", count - some),
    };
    if !overview.strangers.is_empty() {
        let names: Vec<&str> = overview.strangers.iter().map(IfName::as_str).collect();
        text += &format!("not declared, left alone: {}\n", short_list(&names));
    }
    text
}

/// Up to eight names, and how many more there are.
fn short_list(names: &[&str]) -> String {
    const SHOWN: usize = 8;
    match names.len() > SHOWN {
        true => format!("{} and {} more", names[..SHOWN].join(", "), names.len() - SHOWN),
        false => names.join(", "),
    }
}

fn row(entry: &Entry, ascii: bool) -> Row {
    let plain = |text: String| vec![(text, Ink::Plain)];
    let ink = state_ink(entry.state);
    let state = match (entry.state, entry.auto) {
        (LinkState::Down | LinkState::Missing, false) => format!("{} (not auto)", entry.state.word()),
        _ => entry.state.word().to_owned(),
    };
    let mut addresses: Vec<(String, Ink)> = entry.addresses.iter().map(|text| (text.clone(), Ink::Cyan)).collect();
    addresses.extend(entry.gateways.iter().map(|via| (format!("gateway {via}"), Ink::Plain)));
    let remarks = entry.differences.iter().map(|(text, place)| {
        let place = place.as_ref().map_or(String::new(), |place| format!(" ({place})"));
        (format!("! {text}{place}"), Ink::Red)
    });
    Row {
        cells: vec![
            vec![(entry.name.to_string(), Ink::Bold)],
            plain(entry.kind.clone()),
            vec![(format!("{} {state}", entry.state.mark(ascii)), ink)],
            hangs_on(entry),
            plain(entry.mtu.map_or(String::new(), |mtu| mtu.to_string())),
            addresses,
        ],
        remarks: remarks.collect(),
    }
}

/// `eno1 eno2 +5 guests`, and below it `in bond0`.
fn hangs_on(entry: &Entry) -> table::Cell {
    let mut lines = Vec::new();
    let mut words: Vec<String> = Vec::new();
    let ports: Vec<&str> = entry.ports.iter().map(IfName::as_str).collect();
    if !ports.is_empty() {
        words.push(match ports.len() {
            1..=3 => ports.join(" "),
            many => format!("{} +{} ports", ports[..2].join(" "), many - 2),
        });
    }
    let guests = entry.foreign.iter().filter(|(_, guest)| guest.is_some()).count();
    let others = entry.foreign.len() - guests;
    for (count, one, many) in [(guests, "guest", "guests"), (others, "other", "others")] {
        match count {
            0 => {}
            1 => words.push(format!("+1 {one}")),
            count => words.push(format!("+{count} {many}")),
        }
    }
    if !words.is_empty() {
        lines.push((words.join(" "), Ink::Plain));
    }
    if let Some(master) = entry.master {
        lines.push((format!("in {master}"), Ink::Faint));
    }
    lines
}
