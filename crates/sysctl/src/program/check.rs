//! `cleat-sysctl check` and `show`.

use super::reading::{PREFIX, Read, read};
use crate::{Reading, Wanted, check, differences};
use cleat_cli::logging::Reporter;
use cleat_cli::{Call, End, JSON, Verb, Words, print};
use cleat_diag::{Diagnostic, Place, Sources, Summary, escaped, escaped_lines};
use cleat_root::{Root, paths};
use serde_json::{Value, json};

/// The verb that compares.
pub(super) const CHECK: Verb = Verb {
    name: "check",
    usage: "cleat-sysctl check [--prefix KEY]... [--json]",
    short: "compares sysctl.d with the kernel",
    doc: "Compares what sysctl.d says with what the kernel has. Each setting that differs is shown at the line that holds, \
          with the lines that it overrides and the settings that reset it. The exit code is 1 where any differs, or a \
          file is faulty.",
    words: Words::NONE,
    options: &[PREFIX, JSON],
    run: run_check,
};

/// The verb that lists.
pub(super) const SHOW: Verb = Verb {
    name: "show",
    usage: "cleat-sysctl show [--prefix KEY]... [--json]",
    short: "shows what sysctl.d says, and which line says so",
    doc: "Shows each setting that sysctl.d gives a value, in the order in which they are written, with the line that \
          holds and the lines that it overrides, and then the files that are not read as one of the same name in another \
          directory counts.",
    words: Words::NONE,
    options: &[PREFIX, JSON],
    run: run_show,
};

fn run_check(call: &Call) -> End {
    let root = Root::real();
    let mut read = read(&root, call);
    let now = check(&root, &read.wanted);
    read.found.extend(differences(&read.wanted, &now));
    read.found.extend(unread(&root, &read));
    if call.has("json") {
        return end(&read, &escaped_lines(&format!("{:#}\n", document(&read, &now))));
    }
    let summary = Summary::of(&read.found);
    let reporter = Reporter::new(call.verbosity);
    reporter.print(&read.found, &read.sources);
    reporter.print_notes(&read.found, &read.sources);
    let so = read.wanted.iter().zip(&now).filter(|(wanted, found)| found.is(wanted));
    let text = format!(
        "{} of {} settings are in force; {summary}\n",
        so.count(),
        read.wanted.len()
    );
    end(&read, &text)
}

/// Prints, and ends with a fault where there is an error.
fn end(read: &Read, text: &str) -> End {
    match print(text) {
        End::Well if Summary::of(&read.found).errors > 0 => End::Fault,
        end => end,
    }
}

fn run_show(call: &Call) -> End {
    let root = Root::real();
    let read = read(&root, call);
    Reporter::new(call.verbosity).print(&read.found, &read.sources);
    if call.has("json") {
        let document = document(&read, &check(&root, &read.wanted));
        return end(&read, &escaped_lines(&format!("{document:#}\n")));
    }
    let mut text = String::new();
    for wanted in &read.wanted {
        let place = at(&read.sources, wanted.place);
        let mut line = format!("{} = {}  # {place}", wanted.key, wanted.value);
        for (place, _) in &wanted.overridden {
            line += &format!(", over {}", at(&read.sources, *place));
        }
        text += &format!("{}\n", escaped(&line));
    }
    for (path, first) in &read.settings.hidden {
        let line = format!("# not read: {}, for {}", path.display(), first.display());
        text += &format!("{}\n", escaped(&line));
    }
    end(&read, &text)
}

/// `path:line`.
fn at(sources: &Sources, place: Place) -> String {
    let located = sources.locate(place);
    located.map_or_else(String::new, |(path, position)| {
        format!("{}:{}", path.display(), position.line)
    })
}

/// /etc/sysctl.conf where it sets something and nothing reads it: since Debian 13 no link leads there.
fn unread(root: &Root, read: &Read) -> Option<Diagnostic> {
    let says = |text: &str| {
        text.lines()
            .any(|line| !line.trim().is_empty() && !line.trim().starts_with(['#', ';']))
    };
    root.read_text(paths::SYSCTL_CONF).ok().filter(|text| says(text))?;
    let file = root.identity(paths::SYSCTL_CONF).ok()?;
    if read
        .settings
        .files
        .iter()
        .any(|path| root.identity(path).is_ok_and(|other| other == file))
    {
        return None;
    }
    let text = format!(
        "{} has settings, and systemd-sysctl does not read it",
        paths::SYSCTL_CONF
    );
    Some(Diagnostic::warning("sysctl-conf-unread", text).help("move its lines to a file of /etc/sysctl.d"))
}

/// *Shape*: `{"settings": [{"key", "value", "found", "state", "file", "line", "may_fail", "pattern", "overridden":
/// [{"value", "file", "line"}]}], "hidden": [{"file", "for"}], "diagnostics": [{"severity", "code", "message", "file", "line"}]}`; `state` is
/// `in-force`, `differs`, `absent` or `unreadable`, and `found` null where nothing can be read.
fn document(read: &Read, now: &[Reading]) -> Value {
    let settings = read
        .wanted
        .iter()
        .zip(now)
        .map(|(wanted, found)| setting(&read.sources, wanted, found));
    let unreadable = |found: &Diagnostic| {
        let mut known = read.settings.unreadable.iter();
        known.find(|(_, of)| of == found).map(|(path, _)| path.as_path())
    };
    let diagnostics = read.found.iter().map(|found| {
        let place = found.label.as_ref().and_then(|label| read.sources.locate(label.place));
        let file = place.map(|(path, _)| path).or_else(|| unreadable(found));
        json!({
            "severity": found.severity.word(),
            "code": found.code,
            "message": found.message,
            "file": file.map(|path| path.display().to_string()),
            "line": place.map(|(_, position)| position.line),
        })
    });
    let hidden = read.settings.hidden.iter();
    let hidden = hidden.map(|(path, first)| json!({ "file": path, "for": first }));
    json!({
        "settings": settings.collect::<Vec<_>>(),
        "hidden": hidden.collect::<Vec<_>>(),
        "diagnostics": diagnostics.collect::<Vec<_>>(),
    })
}

fn setting(sources: &Sources, wanted: &Wanted, found: &Reading) -> Value {
    let (state, value) = match found {
        Reading::Value(value) if found.is(wanted) => ("in-force", Some(value)),
        Reading::Value(value) => ("differs", Some(value)),
        Reading::Nothing | Reading::Place => ("absent", None),
        Reading::Unreadable(_) => ("unreadable", None),
    };
    let file = |place: Place| sources.locate(place).map(|(path, _)| path.display().to_string());
    let line = |place: Place| sources.locate(place).map(|(_, position)| position.line);
    let overridden = wanted.overridden.iter().map(|(place, value)| {
        json!({
            "value": value.as_ref().map(ToString::to_string),
            "file": file(*place),
            "line": line(*place),
        })
    });
    json!({
        "key": wanted.key.to_string(),
        "value": wanted.value.to_string(),
        "found": value,
        "state": state,
        "file": file(wanted.place),
        "line": line(wanted.place),
        "may_fail": wanted.may_fail,
        "pattern": wanted.pattern.as_ref().map(ToString::to_string),
        "overridden": overridden.collect::<Vec<_>>(),
    })
}
