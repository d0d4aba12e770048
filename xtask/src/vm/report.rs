//! What came of the scenarios, for people.

use std::fmt::Write;

use crate::outcome::Verdict;

/// How a scenario ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// Everything was as expected.
    Passed,
    /// Everything was as expected when it was run once more, alone; with what was not the first time.
    PassedAgain(String),
    /// Something was not, twice; with what, and where to look.
    Failed(String),
    /// The run's time was over before its turn: nothing is known of it, and that is a failure.
    NotRun,
    /// It cannot be run here; with why.
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
    /// How much its steps compared with a second witness: a line each.
    pub compared: Vec<String>,
}

impl Line {
    /// The release and the scenario, as the table names them.
    pub fn title(&self) -> String {
        format!("{} {}", self.release, self.name)
    }
}

impl Line {
    /// What it is as a test among others.
    pub fn verdict(&self) -> Verdict {
        match &self.outcome {
            Outcome::Passed | Outcome::PassedAgain(_) => Verdict::Passed,
            Outcome::Failed(_) | Outcome::NotRun => Verdict::Failed,
            Outcome::Skipped(reason) => Verdict::Skipped(reason.clone()),
        }
    }
}

impl Outcome {
    /// Whether it says that something is wrong, or may be.
    pub fn bad(&self) -> bool {
        matches!(self, Self::Failed(_) | Self::NotRun)
    }
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
        compared: _,
    } = line;
    let (word, reason) = match outcome {
        Outcome::Passed => ("passed", ""),
        Outcome::PassedAgain(first) => ("passed", first.lines().next().unwrap_or_default()),
        Outcome::Failed(_) => ("FAILED", ""),
        Outcome::NotRun => ("NOT RUN", "the time for all scenarios was over"),
        Outcome::Skipped(reason) => ("skipped", reason.as_str()),
    };
    let again = match outcome {
        Outcome::PassedAgain(_) => "at the second run, alone; the first: ",
        _ => "",
    };
    format!("{release:<6} {name:<32} {seconds:>7.1} s  {word:<8} {again}{reason}")
        .trim_end()
        .to_owned()
}

/// The closing table and, as the last line, the counts.
pub fn table(lines: &[Line]) -> String {
    let mut text = String::from("\n");
    for line in lines {
        // Writing to a String cannot fail.
        let _ = writeln!(text, "{}", short(line));
        for compared in &line.compared {
            let _ = writeln!(text, "       {compared}");
        }
    }
    let _ = writeln!(text, "\n{}", counts(lines));
    text
}

/// How many of each, and which passed at the second run only.
pub fn counts(lines: &[Line]) -> String {
    let count = |wanted: fn(&Outcome) -> bool| lines.iter().filter(|line| wanted(&line.outcome)).count();
    let again: Vec<String> = lines
        .iter()
        .filter(|line| matches!(line.outcome, Outcome::PassedAgain(_)))
        .map(Line::title)
        .collect();
    let again = if again.is_empty() {
        String::new()
    } else {
        format!(" ({} of them at the second run: {})", again.len(), again.join(", "))
    };
    format!(
        "{} passed{again}, {} failed, {} not run, {} skipped",
        count(|outcome| matches!(outcome, Outcome::Passed | Outcome::PassedAgain(_))),
        count(|outcome| matches!(outcome, Outcome::Failed(_))),
        count(|outcome| matches!(outcome, Outcome::NotRun)),
        count(|outcome| matches!(outcome, Outcome::Skipped(_)))
    )
}

/// Whether the run shows anything: nothing failed, nothing is missing, and something passed.
pub fn good(lines: &[Line]) -> bool {
    let passed = |line: &Line| matches!(line.outcome, Outcome::Passed | Outcome::PassedAgain(_));
    lines.iter().any(passed) && !lines.iter().any(|line| line.outcome.bad())
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
            compared: Vec::new(),
        }
    }

    #[test]
    fn the_table_names_each_scenario_and_ends_with_the_counts() {
        let mut lines = [
            line("a", Outcome::Passed),
            line("b", Outcome::Skipped("no image".to_owned())),
        ];
        lines[0].compared.push("COMPARED 12 names".to_owned());
        let text = table(&lines);
        assert!(text.contains(" passed\n       COMPARED 12 names\n12     b"), "{text}");
        assert!(
            text.contains("12     b                                    1.2 s  skipped  no image\n"),
            "{text}"
        );
        assert!(text.ends_with("\n1 passed, 0 failed, 0 not run, 1 skipped\n"), "{text}");
    }

    #[test]
    fn a_scenario_that_passed_at_the_second_run_only_is_seen_and_counted() {
        let lines = [
            line("a", Outcome::Passed),
            line("b", Outcome::PassedAgain("step 2 (ping): lost\nkept: x".to_owned())),
        ];
        let text = table(&lines);
        assert!(
            text.contains("passed   at the second run, alone; the first: step 2 (ping): lost\n"),
            "{text}"
        );
        assert!(
            text.ends_with("\n2 passed (1 of them at the second run: 12 b), 0 failed, 0 not run, 0 skipped\n"),
            "{text}"
        );
        assert!(good(&lines));
    }

    #[test]
    fn a_run_that_passed_nothing_is_not_good() {
        assert!(!good(&[line("b", Outcome::Skipped("x".to_owned()))]));
        assert!(!good(&[
            line("a", Outcome::Passed),
            line("b", Outcome::Failed("x".to_owned()))
        ]));
        assert!(!good(&[line("a", Outcome::Passed), line("b", Outcome::NotRun)]));
        assert!(good(&[
            line("a", Outcome::Passed),
            line("b", Outcome::Skipped("x".to_owned()))
        ]));
    }
}
