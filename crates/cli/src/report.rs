//! What was found, for those who read it: as pages, and as the document of `--json`.

use cleat_diag::{Diagnostic, Place, Severity, Sources, Summary, render};
use serde_json::{Value, json};

/// By file and place, those without a place first; of one place, errors first.
pub fn in_order(diagnostics: &[Diagnostic]) -> Vec<&Diagnostic> {
    let mut sorted: Vec<&Diagnostic> = diagnostics.iter().collect();
    sorted.sort_by_key(|found| {
        let place = found.label.as_ref().map(|label| label.place);
        (place, std::cmp::Reverse(found.severity))
    });
    sorted
}

/// All diagnostics as a compiler shows them, and the count.
pub fn page(diagnostics: &[&Diagnostic], sources: &Sources, color: bool) -> String {
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
pub fn document(diagnostics: &[&Diagnostic], sources: &Sources) -> Value {
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
pub fn json_text(value: &Value) -> String {
    // A `Value` has only text keys, so it can always be written.
    let text = serde_json::to_string_pretty(value).unwrap_or_default();
    cleat_diag::escaped_lines(&text).into_owned() + "\n"
}
