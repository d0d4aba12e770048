//! `cleat check`: every fault of a configuration, shown in place.

use super::args::Options;
use super::terminal::Page;
use super::{End, complain, input, print, takeover};
use crate::session::Session;
use crate::severity::{self, Situation};
use crate::state::State;
use crate::trust;
use cleat_diag::{Diagnostic, Place, Severity, Sources, Summary, render};
use cleat_model::desired::Desired;
use cleat_model::snapshot::Snapshot;
use cleat_model::verify::addresses_on_ports;
use cleat_root::paths;
use serde_json::{Value, json};

/// Judges the live file, or the one that is named.
///
/// The live file is judged against this machine too (a NIC that is missing is an error); a file that is named is
/// judged alone, since it may be meant for another machine, unless `--online` is said.
pub fn run(options: &Options) -> End {
    let offline = options.offline || options.takeover || (options.file.is_some() && !options.online);
    let mut session = input::session(options);
    let snapshot = match offline {
        true => None,
        false => match input::snapshot() {
            Ok(snapshot) => Some(snapshot),
            Err(text) => {
                complain(&format!("{text}\n"));
                return End::Fault;
            }
        },
    };
    let desired = session.resolve(snapshot.as_ref());
    if let Some(now) = &snapshot {
        refuse_what_no_reload_begins(&mut session, &desired, now);
        session.diagnostics.extend(addresses_on_ports(&desired, now));
    }
    if is_of_this_host(options) {
        let state = State::peek(&session.root, &session.files.state).0;
        session.doubt(state.owned());
    }
    if options.file.is_none() {
        let mut found = trust::told(&session);
        session.diagnostics.append(&mut found);
    }
    if options.takeover {
        let mut found = takeover::told(&session);
        session.diagnostics.append(&mut found);
    }
    let situation = match options.takeover {
        true => Situation::Takeover,
        false => Situation::Check,
    };
    severity::regrade(&mut session.diagnostics, situation);
    let diagnostics = in_order(&session.diagnostics);
    let text = match options.json {
        true => json_text(&document(&diagnostics, session.sources())),
        false => page(&diagnostics, session.sources(), Page::new(options).color),
    };
    match (print(&text), Summary::of(diagnostics).errors) {
        (End::Well, 0) => End::Well,
        _ => End::Fault,
    }
}

/// What a reload would refuse to begin with on this machine is a fault of the file, too. Who would notice the reload is
/// shown by `cleat plan`, and not looked for here.
fn refuse_what_no_reload_begins(session: &mut Session, desired: &Desired, now: &Snapshot) {
    let told = session.diagnostics.len();
    if session.stops(Situation::Reload) || input::reload_plan(session, desired, now, |_, _, _| ()).is_some() {
        session.diagnostics.truncate(told);
    }
}

/// Whether the file is the live one, or the one that is to take its place, by whatever way it is named.
fn is_of_this_host(options: &Options) -> bool {
    let Some(path) = &options.file else { return true };
    let path = std::path::absolute(path).unwrap_or_else(|_| path.clone());
    [paths::INTERFACES, paths::INTERFACES_NEW].contains(&path.to_string_lossy().as_ref())
}

/// By file and place, those without a place first; of one place, errors first.
pub(crate) fn in_order(diagnostics: &[Diagnostic]) -> Vec<&Diagnostic> {
    let mut sorted: Vec<&Diagnostic> = diagnostics.iter().collect();
    sorted.sort_by_key(|found| {
        let place = found.label.as_ref().map(|label| label.place);
        (place, std::cmp::Reverse(found.severity))
    });
    sorted
}

/// All diagnostics as a compiler shows them, and the count.
pub(crate) fn page(diagnostics: &[&Diagnostic], sources: &Sources, color: bool) -> String {
    let mut text = String::new();
    for diagnostic in diagnostics {
        text += &render::terminal(diagnostic, sources, color);
        if !text.ends_with('\n') {
            text.push('\n');
        }
        text.push('\n');
    }
    let summary = Summary::of(diagnostics.iter().copied());
    let verdict = match (summary.errors, summary.warnings) {
        (0, 0) => format!("no fault found in {}", files_text(sources)),
        _ => summary.to_string(),
    };
    text + &verdict + "\n"
}

fn files_text(sources: &Sources) -> String {
    let mut paths = sources.iter().map(|(_, source)| source.path.display().to_string());
    match (paths.next(), paths.count()) {
        (None, _) => "no file".to_owned(),
        (Some(path), 0) => path,
        (Some(path), 1) => format!("{path} and 1 file that it sources"),
        (Some(path), more) => format!("{path} and {more} files that it sources"),
    }
}

/// The document of `--json`.
///
/// *Shape*: `{"errors", "warnings", "files": [path], "diagnostics": [{"severity", "code", "message", "interface",
/// "path", "line", "column", "end_line", "end_column", "label", "notes": [{"text", "path", "line", "column"}],
/// "help": [text]}]}`; lines and columns count from 1, the end is one past the last character; what is not known is
/// `null`.
pub(crate) fn document(diagnostics: &[&Diagnostic], sources: &Sources) -> Value {
    let summary = Summary::of(diagnostics.iter().copied());
    let files: Vec<String> = sources
        .iter()
        .map(|(_, source)| source.path.display().to_string())
        .collect();
    let found: Vec<Value> = diagnostics.iter().map(|found| entry(found, sources)).collect();
    json!({
        "errors": summary.errors,
        "warnings": summary.warnings,
        "files": files,
        "diagnostics": found,
    })
}

fn entry(found: &Diagnostic, sources: &Sources) -> Value {
    let Diagnostic {
        severity,
        code,
        message,
        iface,
        label,
        notes,
        help,
        // Of runs that change something; the exit code of a check is that of any error.
        leaves_out: _,
    } = found;
    let place = label.as_ref().map(|label| label.place);
    let (path, start) = located(place, sources);
    let end = place.and_then(|place| Some(sources.get(place.file)?.position(place.span.end)));
    let notes: Vec<Value> = notes
        .iter()
        .map(|note| {
            let (path, start) = located(note.place, sources);
            json!({
                "text": note.text,
                "path": path,
                "line": start.map(|(line, _)| line),
                "column": start.map(|(_, column)| column),
            })
        })
        .collect();
    json!({
        "severity": match severity {
            Severity::Error => "error",
            Severity::Warning => "warning",
            Severity::Info => "info",
        },
        "code": code,
        "message": message,
        "interface": iface,
        "path": path,
        "line": start.map(|(line, _)| line),
        "column": start.map(|(_, column)| column),
        "end_line": end.map(|end| end.line),
        "end_column": end.map(|end| end.column),
        "label": label.as_ref().map(|label| &label.text),
        "notes": notes,
        "help": help,
    })
}

type Located = (Option<String>, Option<(u32, u32)>);

fn located(place: Option<Place>, sources: &Sources) -> Located {
    let found = place.and_then(|place| sources.locate(place));
    (
        found.map(|(path, _)| path.display().to_string()),
        found.map(|(_, at)| (at.line, at.column)),
    )
}

/// A JSON value as text of several lines.
pub(crate) fn json_text(value: &Value) -> String {
    // A `Value` has only text keys, so it can always be written.
    let text = serde_json::to_string_pretty(value).unwrap_or_default();
    cleat_diag::escaped_lines(&text).into_owned() + "\n"
}
