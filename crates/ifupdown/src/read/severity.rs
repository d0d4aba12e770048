//! How bad a fault is: one table of what is wrong against what the program is doing.
//!
//! A fault of the *text* (a slip of the pen, a cycle, a value that cannot be) stops whatever replaces a network that
//! works. A fault of the *machine as it is now* (a NIC, a port that is absent) leaves out what hangs on it, and the rest
//! is done. docs/diagnostics.md has the table, and a test compares.

use crate::args::Args;
use crate::command::Command;
use cleat_diag::{Diagnostic, Severity};
use std::fmt::Write;

/// What the program is doing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Situation {
    /// `cleat check`, and `-s` of the four commands.
    Check,
    /// `cleat check --takeover`: another program runs this network today.
    Takeover,
    /// `cleat-commit`: a file is to become the live one.
    Commit,
    /// `ifup -a`, as at boot: nothing is replaced, and half a network is better than none.
    Boot,
    /// `ifreload`: a network that works is replaced.
    Reload,
    /// `ifup NAME` and `ifdown`.
    Named,
}

impl Situation {
    /// All, in the order of the table's columns.
    pub const ALL: [Self; 6] = [
        Self::Check,
        Self::Takeover,
        Self::Commit,
        Self::Boot,
        Self::Reload,
        Self::Named,
    ];

    /// That of a run of one of the four commands.
    pub fn of(args: &Args) -> Self {
        match args.command {
            _ if args.syntax_check => Self::Check,
            Command::Ifreload => Self::Reload,
            _ if !args.names.is_empty() => Self::Named,
            _ => Self::Boot,
        }
    }

    /// The heading of its column.
    pub fn heading(self) -> &'static str {
        match self {
            Self::Check => "`check`",
            Self::Takeover => "`check --takeover`",
            Self::Commit => "`stage`, `apply`, `try`",
            Self::Boot => "`ifup -a` (boot)",
            Self::Reload => "`ifreload`",
            Self::Named => "`ifup NAME`",
        }
    }
}

/// What a fault does in a situation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Grade {
    /// An error: nothing is changed, and the exit code is 1.
    Stops,
    /// An error: what it is about is left out, the rest is done, and the exit code is 1.
    LeavesOut,
    /// A warning: the exit code is 0.
    Warns,
}

impl Grade {
    fn word(self) -> &'static str {
        match self {
            Self::Stops => "stops",
            Self::LeavesOut => "leaves out",
            Self::Warns => "warns",
        }
    }
}

/// Faults that have the same grade in each situation.
#[derive(Clone, Copy, Debug)]
pub struct Row {
    /// What is wrong.
    pub what: &'static str,
    /// The codes; none for the rows of all others.
    pub codes: &'static [&'static str],
    /// The grades, in the order of [`Situation::ALL`].
    pub grades: [Grade; 6],
}

use Grade::{LeavesOut, Stops, Warns};

/// The table. An error has the grade of its code's row, or of [`OTHER_ERRORS`]; a warning stays one, but for codes whose
/// row says that it stops.
pub const ROWS: &[Row] = &[
    Row {
        what: "the machine lacks a NIC, and with it what is declared to come up",
        codes: &["missing-link"],
        grades: [LeavesOut; 6],
    },
    Row {
        what: "a second default gateway: the first holds, as in classic ifupdown",
        codes: &["two-gateways"],
        grades: [LeavesOut, Warns, LeavesOut, LeavesOut, LeavesOut, LeavesOut],
    },
    Row {
        what: "a hook failed, where cleat.toml has `hook-failure = \"error\"`",
        codes: &["hook-failed"],
        // cleat-commit never takes a change back because of a hook; a check runs none.
        grades: [LeavesOut, LeavesOut, Warns, LeavesOut, LeavesOut, LeavesOut],
    },
    Row {
        what: "written rightly, and done by another program today",
        codes: &cleat_model::decl::NOT_DONE,
        grades: [Warns, Stops, Warns, Warns, Warns, Warns],
    },
];

/// Errors without a row of their own: faults of the text.
pub const OTHER_ERRORS: Row = Row {
    what: "any other error in the files",
    codes: &[],
    grades: [Stops, Stops, Stops, LeavesOut, Stops, LeavesOut],
};

/// Warnings without a row of their own.
pub const OTHER_WARNINGS: Row = Row {
    what: "any other warning",
    codes: &[],
    grades: [Warns; 6],
};

/// The grade of a fault that was made with this code and severity; `None` for an info.
pub fn grade(code: &str, made: Severity, situation: Situation) -> Option<Grade> {
    let row = ROWS.iter().find(|row| row.codes.contains(&code));
    let at = situation as usize;
    match (made, row) {
        (Severity::Info, _) => None,
        (Severity::Error, row) => Some(row.unwrap_or(&OTHER_ERRORS).grades[at]),
        // What was made as a warning since nothing hangs on it stays one.
        (Severity::Warning, Some(row)) if row.grades[at] == Stops => Some(Stops),
        (Severity::Warning, _) => Some(Warns),
    }
}

/// Gives each fault the severity that it has in this situation. To do so twice changes nothing.
pub fn regrade(found: &mut [Diagnostic], situation: Situation) {
    for fault in found {
        let Some(grade) = grade(fault.code, fault.severity, situation) else {
            continue;
        };
        fault.severity = match grade {
            Stops | LeavesOut => Severity::Error,
            Warns => Severity::Warning,
        };
        fault.leaves_out = grade == LeavesOut;
    }
}

/// The table as docs/diagnostics.md has it.
pub fn table() -> String {
    let mut text = String::from("| what is wrong |");
    for situation in Situation::ALL {
        let _ = write!(text, " {} |", situation.heading());
    }
    text += "\n|---|---|---|---|---|---|---|\n";
    for row in ROWS.iter().chain([&OTHER_ERRORS, &OTHER_WARNINGS]) {
        let codes: Vec<String> = row.codes.iter().map(|code| format!("`{code}`")).collect();
        let codes = match codes.is_empty() {
            true => String::new(),
            false => format!(" ({})", codes.join(", ")),
        };
        let grades = row.grades.map(Grade::word).join(" | ");
        let _ = writeln!(text, "| {}{codes} | {grades} |", row.what);
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_page_of_diagnostics_has_the_table() {
        let page = concat!(env!("CARGO_MANIFEST_DIR"), "/../../docs/diagnostics.md");
        let page = std::fs::read_to_string(page).unwrap();
        assert!(page.contains(&table()), "docs/diagnostics.md is to have:\n{}", table());
    }

    #[test]
    fn no_code_has_two_rows() {
        let codes = ROWS.iter().flat_map(|row| row.codes);
        let mut seen = std::collections::BTreeSet::new();
        assert!(codes.clone().count() > 4);
        for code in codes {
            assert!(seen.insert(code), "{code}");
        }
    }

    #[test]
    fn a_second_grading_changes_nothing() {
        let mut found = vec![
            Diagnostic::error("missing-link", "a"),
            Diagnostic::warning("missing-link", "b"),
            Diagnostic::error("two-gateways", "c"),
            Diagnostic::warning("not-handled", "d"),
            Diagnostic::error("bad-value", "e"),
            Diagnostic::info("put-back", "f"),
        ];
        for situation in Situation::ALL {
            let mut once = found.clone();
            regrade(&mut once, situation);
            let mut twice = once.clone();
            regrade(&mut twice, situation);
            assert_eq!(once, twice, "{situation:?}");
        }
        regrade(&mut found, Situation::Takeover);
        let seen: Vec<_> = found.iter().map(|fault| (fault.severity, fault.stops())).collect();
        use Severity::{Error, Info, Warning};
        assert_eq!(
            seen,
            [
                (Error, false),
                (Warning, false),
                (Warning, false),
                (Error, true),
                (Error, true),
                (Info, false)
            ]
        );
    }
}
