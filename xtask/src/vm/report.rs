//! What came of the scenarios, for people.

use std::fmt::Write;

/// How a scenario ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// Everything was as expected.
    Passed,
    /// Something was not; with what, and where to look.
    Failed(String),
    /// It was not run; with why.
    Skipped(String),
}

/// A scenario that was run, or not.
#[derive(Clone, Debug)]
pub struct Line {
    /// The scenario.
    pub name: String,
    /// The Debian release it ran on, or `image`.
    pub release: String,
    /// Wall-clock time, in seconds.
    pub seconds: f64,
    /// How it ended.
    pub outcome: Outcome,
}

/// What is printed when a scenario has ended.
pub fn progress(line: &Line) -> String {
    match &line.outcome {
        Outcome::Failed(error) => format!("{}\n  {}", short(line), error.trim_end().replace('\n', "\n  ")),
        _ => short(line),
    }
}

fn short(line: &Line) -> String {
    let Line {
        name,
        release,
        seconds,
        outcome,
    } = line;
    let word = match outcome {
        Outcome::Passed => "passed",
        Outcome::Failed(_) => "FAILED",
        Outcome::Skipped(_) => "skipped",
    };
    let reason = match outcome {
        Outcome::Skipped(reason) => reason.as_str(),
        _ => "",
    };
    format!("{release:<6} {name:<32} {seconds:>7.1} s  {word:<8} {reason}")
        .trim_end()
        .to_owned()
}

/// The closing table and, as the last line, the counts.
pub fn table(lines: &[Line]) -> String {
    let mut text = String::from("\n");
    for line in lines {
        // Writing to a String cannot fail.
        let _ = writeln!(text, "{}", short(line));
    }
    let count = |wanted: fn(&Outcome) -> bool| lines.iter().filter(|line| wanted(&line.outcome)).count();
    let _ = writeln!(
        text,
        "\n{} passed, {} failed, {} skipped",
        count(|outcome| matches!(outcome, Outcome::Passed)),
        count(|outcome| matches!(outcome, Outcome::Failed(_))),
        count(|outcome| matches!(outcome, Outcome::Skipped(_)))
    );
    text
}

/// Whether the run shows anything: nothing failed and something passed.
pub fn good(lines: &[Line]) -> bool {
    lines.iter().any(|line| line.outcome == Outcome::Passed)
        && !lines.iter().any(|line| matches!(line.outcome, Outcome::Failed(_)))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn line(name: &str, outcome: Outcome) -> Line {
        Line {
            name: name.to_owned(),
            release: "12".to_owned(),
            seconds: 1.25,
            outcome,
        }
    }

    #[test]
    fn the_table_names_each_scenario_and_ends_with_the_counts() {
        let lines = [
            line("a", Outcome::Passed),
            line("b", Outcome::Skipped("no image".to_owned())),
        ];
        let text = table(&lines);
        assert!(
            text.contains("12     b                                    1.2 s  skipped  no image\n"),
            "{text}"
        );
        assert!(text.ends_with("\n1 passed, 0 failed, 1 skipped\n"), "{text}");
    }

    #[test]
    fn a_run_that_passed_nothing_is_not_good() {
        assert!(!good(&[line("b", Outcome::Skipped("x".to_owned()))]));
        assert!(!good(&[
            line("a", Outcome::Passed),
            line("b", Outcome::Failed("x".to_owned()))
        ]));
        assert!(good(&[
            line("a", Outcome::Passed),
            line("b", Outcome::Skipped("x".to_owned()))
        ]));
    }
}
