//! What a run of tests came to: counted once for each test, however often it ran.

use std::collections::BTreeMap;
use std::time::Duration;

/// Which test: the binary's name as cargo built it (a part's name for other checks), and the test's full name.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct TestId {
    /// File name of the executable, with cargo's hash.
    pub binary: String,
    /// Path of the test within it.
    pub test: String,
}

/// How one run of one test ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// It ran and held.
    Passed,
    /// It could not run here, and says why.
    Skipped(String),
    /// It ran and did not hold.
    Failed,
}

/// The tests of all parts. A test that ran twice (here and in user-mode Linux) is one test: failed if it failed
/// anywhere, else passed if it passed anywhere, else skipped.
#[derive(Default, Debug)]
pub struct Tally(BTreeMap<TestId, Verdict>);

/// How many of each.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counts {
    /// Tests that held.
    pub passed: usize,
    /// Tests that did not.
    pub failed: usize,
    /// Tests that nowhere could run.
    pub skipped: usize,
}

impl Tally {
    /// Enters one run of a test.
    pub fn add(&mut self, id: TestId, verdict: Verdict) {
        let merged = match (self.0.remove(&id), verdict) {
            (Some(Verdict::Failed), _) | (_, Verdict::Failed) => Verdict::Failed,
            (Some(Verdict::Passed), _) | (_, Verdict::Passed) => Verdict::Passed,
            (_, skipped @ Verdict::Skipped(_)) => skipped,
        };
        self.0.insert(id, merged);
    }

    /// All tests together.
    pub fn counts(&self) -> Counts {
        let mut counts = Counts::default();
        for verdict in self.0.values() {
            match verdict {
                Verdict::Passed => counts.passed += 1,
                Verdict::Failed => counts.failed += 1,
                Verdict::Skipped(_) => counts.skipped += 1,
            }
        }
        counts
    }

    /// The tests that ran nowhere, with their reasons.
    pub fn skips(&self) -> impl Iterator<Item = (&TestId, &str)> {
        self.0.iter().filter_map(|(id, verdict)| match verdict {
            Verdict::Skipped(reason) => Some((id, reason.as_str())),
            _ => None,
        })
    }

    /// The tests that failed.
    pub fn failures(&self) -> impl Iterator<Item = &TestId> {
        self.0
            .iter()
            .filter(|(_, verdict)| **verdict == Verdict::Failed)
            .map(|(id, _)| id)
    }
}

/// How a part of the run ended, for the closing table.
#[derive(Clone, Debug)]
pub enum PartEnd {
    /// All of it held; with a word about it.
    Passed(String),
    /// Something did not; with what.
    Failed(String),
    /// It was not run; with why.
    Skipped(String),
}

/// One line of the closing table.
#[derive(Clone, Debug)]
pub struct Part {
    /// Its name.
    pub name: &'static str,
    /// Wall-clock time it took.
    pub time: Duration,
    /// How it ended.
    pub end: PartEnd,
}

/// The closing table and, as the last line, the counts. Text with a final newline.
pub fn report(parts: &[Part], tally: &Tally) -> String {
    use std::fmt::Write;
    let mut text = String::from("\n");
    for Part { name, time, end } in parts {
        let (word, note) = match end {
            PartEnd::Passed(note) => ("passed", note),
            PartEnd::Failed(note) => ("FAILED", note),
            PartEnd::Skipped(note) => ("skipped", note),
        };
        let line = format!("{name:<12} {:>7.1} s  {word:<8} {note}", time.as_secs_f64());
        // Writing to a String cannot fail.
        let _ = writeln!(text, "{}", line.trim_end());
    }
    for (id, reason) in tally.skips() {
        let _ = writeln!(
            text,
            "SKIP {}: {}: {reason}",
            crate::executables::plain_name(&id.binary),
            id.test
        );
    }
    for id in tally.failures() {
        let _ = writeln!(text, "FAIL {}: {}", crate::executables::plain_name(&id.binary), id.test);
    }
    let Counts {
        passed,
        failed,
        skipped,
    } = tally.counts();
    let _ = writeln!(text, "\n{passed} passed, {failed} failed, {skipped} skipped");
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    fn id(test: &str) -> TestId {
        TestId {
            binary: "tests-0123456789abcdef".to_owned(),
            test: test.to_owned(),
        }
    }

    #[test]
    fn a_test_skipped_here_that_passes_in_the_other_kernel_is_passed() {
        let mut tally = Tally::default();
        tally.add(id("bond"), Verdict::Skipped("no bond here".to_owned()));
        tally.add(id("bond"), Verdict::Passed);
        assert_eq!(
            tally.counts(),
            Counts {
                passed: 1,
                failed: 0,
                skipped: 0
            }
        );
    }

    #[test]
    fn a_test_that_fails_in_either_kernel_is_failed() {
        let mut tally = Tally::default();
        tally.add(id("a"), Verdict::Failed);
        tally.add(id("a"), Verdict::Passed);
        tally.add(id("b"), Verdict::Passed);
        tally.add(id("b"), Verdict::Failed);
        assert_eq!(
            tally.counts(),
            Counts {
                passed: 0,
                failed: 2,
                skipped: 0
            }
        );
    }

    #[test]
    fn the_report_names_skips_and_failures_and_ends_with_the_counts() {
        let mut tally = Tally::default();
        tally.add(id("good"), Verdict::Passed);
        tally.add(id("bad"), Verdict::Failed);
        tally.add(id("absent"), Verdict::Skipped("no vrf here".to_owned()));
        let parts = [Part {
            name: "tests",
            time: Duration::from_millis(1240),
            end: PartEnd::Failed("1 of 3".into()),
        }];
        let expected = "\n\
                        tests            1.2 s  FAILED   1 of 3\n\
                        SKIP tests: absent: no vrf here\n\
                        FAIL tests: bad\n\
                        \n\
                        1 passed, 1 failed, 1 skipped\n";
        assert_eq!(report(&parts, &tally), expected);
    }
}
