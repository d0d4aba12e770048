//! Where messages go: standard error, for a terminal, a log file or the journal.

use crate::verbosity::Verbosity;
use cleat_diag::{Diagnostic, Severity, Sources, Summary, escaped_lines, render};
use log::{Level, LevelFilter, log_enabled};
use nix::sys::stat::fstat;
use std::io::{IsTerminal, Write};

/// The log target of what hooks print: shown where nothing else of that level is.
pub const LOG_TARGET: &str = "hook";

/// Sets the log up; `RUST_LOG` adds to or overrides what the flags say.
///
/// *Shape*: `warning: text`; under systemd with `<4>` before it (sd-daemon(3)). Output of hooks has no word before it.
pub fn start(verbosity: Verbosity) {
    let mut builder = env_logger::Builder::new();
    let level = match verbosity {
        Verbosity::Quiet => LevelFilter::Error,
        Verbosity::Normal => LevelFilter::Warn,
        Verbosity::Verbose => LevelFilter::Info,
        Verbosity::Debug => LevelFilter::Debug,
    };
    builder.filter_level(level);
    if verbosity != Verbosity::Quiet {
        builder.filter_module(LOG_TARGET, level.max(LevelFilter::Info));
    }
    builder.parse_default_env();
    let journal = to_journal();
    builder.format(move |out, record| {
        let (number, word) = match record.level() {
            Level::Error => (3, "error: "),
            Level::Warn => (4, "warning: "),
            Level::Info => (6, "info: "),
            Level::Debug | Level::Trace => (7, "debug: "),
        };
        let word = if record.target() == LOG_TARGET { "" } else { word };
        let said = record.args().to_string();
        let said = escaped_lines(&said);
        match journal {
            true => writeln!(out, "<{number}>{word}{said}"),
            false => writeln!(out, "{word}{said}"),
        }
    });
    // A second start in one process (tests) keeps the first.
    let _ = builder.try_init();
}

/// Whether standard error leads to the journal: systemd names its device and inode in `JOURNAL_STREAM`.
///
/// *Source*: systemd.exec(5).
pub fn to_journal() -> bool {
    let Ok(stream) = std::env::var("JOURNAL_STREAM") else {
        return false;
    };
    fstat(std::io::stderr()).is_ok_and(|stat| stream == format!("{}:{}", stat.st_dev, stat.st_ino))
}

/// Writes an error to standard error before or beside the log; each line has the priority where that is the journal.
pub fn complain(text: &str) {
    let priority = if to_journal() { "<3>" } else { "" };
    let lines: String = escaped_lines(text)
        .lines()
        .map(|line| format!("{priority}{line}\n"))
        .collect();
    // There is nowhere to tell that standard error cannot be written.
    let _ = std::io::stderr().write_all(lines.as_bytes());
}

/// The least that the log lets through; errors are always told.
fn of_log() -> Severity {
    if log_enabled!(Level::Info) {
        Severity::Info
    } else if log_enabled!(Level::Warn) {
        Severity::Warning
    } else {
        Severity::Error
    }
}

/// Prints diagnostics to standard error as they are best read there: with the source line on a terminal, a line each
/// elsewhere.
#[derive(Clone, Copy, Debug)]
pub struct Reporter {
    terminal: bool,
    color: bool,
    journal: bool,
    least: Severity,
}

impl Reporter {
    /// By what standard error is, `NO_COLOR`, and the flags or, where it is set, `RUST_LOG`.
    pub fn new(verbosity: Verbosity) -> Self {
        let terminal = std::io::stderr().is_terminal();
        Self {
            terminal,
            color: terminal && std::env::var_os("NO_COLOR").is_none_or(|value| value.is_empty()),
            journal: to_journal(),
            least: match verbosity {
                _ if std::env::var_os("RUST_LOG").is_some() => of_log(),
                Verbosity::Quiet => Severity::Error,
                Verbosity::Normal => Severity::Warning,
                Verbosity::Verbose | Verbosity::Debug => Severity::Info,
            },
        }
    }

    /// Prints them in the order given, those that are not asked for left out.
    pub fn print(&self, diagnostics: &[Diagnostic], sources: &Sources) {
        let shown = diagnostics
            .iter()
            .filter(|diagnostic| diagnostic.severity >= self.least);
        let mut text = String::new();
        for diagnostic in shown {
            if self.terminal {
                text.push_str(&render::terminal(diagnostic, sources, self.color));
                text.push('\n');
                continue;
            }
            if self.journal {
                text.push_str(match diagnostic.severity {
                    Severity::Error => "<3>",
                    Severity::Warning => "<4>",
                    Severity::Info => "<6>",
                });
            }
            text.push_str(&render::line(diagnostic, sources));
            if !text.ends_with('\n') {
                text.push('\n');
            }
        }
        // There is nowhere to tell that standard error cannot be written.
        let _ = std::io::stderr().write_all(text.as_bytes());
    }

    /// Prints what [`Reporter::print`] leaves out where it prints a line each: for those with notes the text that they
    /// point at, and the notes with theirs. A terminal has shown them.
    pub fn print_notes(&self, diagnostics: &[Diagnostic], sources: &Sources) {
        if self.terminal {
            return;
        }
        let prefix = if self.journal { "<5>" } else { "" };
        let noted = diagnostics
            .iter()
            .filter(|found| found.severity >= self.least && !found.notes.is_empty());
        for found in noted {
            let page = render::terminal(found, sources, false);
            // Its first line is the one that was printed.
            for line in page.lines().skip(1).filter(|line| !line.trim().is_empty()) {
                let _ = writeln!(std::io::stderr(), "{prefix}{line}");
            }
        }
    }

    /// Prints what a run did in one line, where somebody looks on (a terminal) or asks for it (`-v`): other programs
    /// take what a good run says for a fault.
    pub fn account(&self, text: &str) {
        let least = if self.terminal {
            Severity::Warning
        } else {
            Severity::Info
        };
        if self.least > least {
            return;
        }
        let prefix = if self.journal { "<6>" } else { "" };
        let _ = writeln!(std::io::stderr(), "{prefix}{}", escaped_lines(text));
    }

    /// As [`Reporter::print_notes`], of files that may hold keys: only where their lines stand.
    pub fn print_places(&self, diagnostics: &[Diagnostic], sources: &Sources) {
        if self.terminal {
            return;
        }
        let prefix = if self.journal { "<5>" } else { "" };
        for found in diagnostics.iter().filter(|found| found.severity >= self.least) {
            for line in render::bare_notes(found, sources) {
                let _ = writeln!(std::io::stderr(), "{prefix}{line}");
            }
        }
    }

    /// Prints the closing count and what it means for the host, where there are errors to count.
    pub fn close(&self, diagnostics: &[Diagnostic], outcome: &str) {
        self.close_without(diagnostics, outcome, &[]);
    }

    /// As [`Reporter::close`], of a run that left these links out, which is reported where there are no errors, too.
    pub fn close_without(&self, diagnostics: &[Diagnostic], outcome: &str, left_out: &[String]) {
        let summary = Summary::of(diagnostics);
        let least = if summary.errors == 0 {
            Severity::Warning
        } else {
            Severity::Error
        };
        if (summary.errors == 0 && left_out.is_empty()) || least < self.least {
            return;
        }
        let prefix = match (self.journal, least) {
            (false, _) => "",
            (true, Severity::Error) => "<3>",
            (true, _) => "<4>",
        };
        let left_out = match left_out.is_empty() {
            true => String::new(),
            false => format!("; left out, since not there: {}", left_out.join(", ")),
        };
        let _ = writeln!(std::io::stderr(), "{prefix}{summary}; {outcome}{left_out}");
    }
}
