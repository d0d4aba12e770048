//! The test executables: built by cargo, run by us, their results read from libtest's own log.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use serde_json::Value;

use crate::outcome::{Tally, TestId, Verdict};
use crate::selection::Target;
use crate::tree;

/// A test executable that cargo built.
#[derive(Clone, Debug)]
pub struct Executable {
    /// Its path.
    pub path: PathBuf,
    /// Its file name, which has cargo's hash and so is unique.
    pub name: String,
    /// The package's directory: cargo runs tests there.
    pub directory: PathBuf,
    /// The package's name.
    pub package: String,
}

/// Builds all tests of the workspace, or those of some targets, and gives their executables, sorted by name.
///
/// *Errors*: the build failed; cargo has printed why.
pub fn build(only: Option<&[Target]>) -> Result<Vec<Executable>, String> {
    let mut found = match only {
        None => built(&["--workspace".to_owned()])?,
        Some(targets) => {
            let packages: BTreeSet<&str> = targets.iter().map(|target| target.package.as_str()).collect();
            let mut found = Vec::new();
            // Each by itself: what is asked for of one package would be built of the others, too.
            for package in packages {
                let of_it = targets.iter().filter(|target| target.package == package);
                let selectors = of_it.flat_map(|target| target.selector.iter().cloned());
                let words: Vec<String> = ["--package".to_owned(), package.to_owned()]
                    .into_iter()
                    .chain(selectors)
                    .collect();
                found.append(&mut built(&words)?);
            }
            found
        }
    };
    found.sort_by(|a, b| a.name.cmp(&b.name));
    Ok(found)
}

fn built(what: &[String]) -> Result<Vec<Executable>, String> {
    let output = Command::new(tree::cargo())
        .args(["test", "--no-run", "--message-format=json-render-diagnostics"])
        .args(what)
        .current_dir(tree::top())
        .stdin(Stdio::null())
        .stderr(Stdio::inherit())
        .output()
        .map_err(|error| format!("cannot run cargo: {error}"))?;
    if !output.status.success() {
        return Err("the tests do not build".to_owned());
    }
    let text = String::from_utf8_lossy(&output.stdout);
    Ok(text.lines().filter_map(executable).collect())
}

/// The test executable that one line of cargo's JSON messages announces.
fn executable(line: &str) -> Option<Executable> {
    let message: Value = serde_json::from_str(line).ok()?;
    if message["reason"] != "compiler-artifact" || message["profile"]["test"] != true {
        return None;
    }
    let path = PathBuf::from(message["executable"].as_str()?);
    let manifest = Path::new(message["manifest_path"].as_str()?);
    // "path+file:///DIR#NAME@VERSION", or "...#VERSION" where the directory has the package's name.
    let id = message["package_id"].as_str()?;
    let after = id.rsplit('#').next()?;
    let package = match after.split_once('@') {
        Some((name, _)) => name.to_owned(),
        None => manifest.parent()?.file_name()?.to_str()?.to_owned(),
    };
    Some(Executable {
        name: path.file_name()?.to_str()?.to_owned(),
        directory: manifest.parent()?.to_owned(),
        path,
        package,
    })
}

/// An executable's name without cargo's hash.
pub fn plain_name(name: &str) -> &str {
    match name.rsplit_once('-') {
        Some((plain, hash)) if hash.len() == 16 && hash.bytes().all(|byte| byte.is_ascii_hexdigit()) => plain,
        _ => name,
    }
}

/// Enters the results of one run of an executable from libtest's log (`--logfile`: one line a test, `ok NAME`).
///
/// `log` is the log's text, `ended_well` whether the executable ended with status 0, `skips` gives the reason with
/// which a test said that it cannot run. A run that ended badly with no failed test in its log (it crashed, or it
/// was killed) is a failed test named after the executable. Gives the number of tests that failed.
pub fn tally(
    tally: &mut Tally,
    binary: &str,
    log: &str,
    ended_well: bool,
    skips: &dyn Fn(&TestId) -> Option<String>,
) -> usize {
    let mut failed = 0;
    for line in log.lines() {
        let Some((word, test)) = line.split_once(' ') else {
            continue;
        };
        let id = TestId {
            binary: binary.to_owned(),
            test: test.to_owned(),
        };
        let verdict = match word {
            "ok" => skips(&id).map_or(Verdict::Passed, Verdict::Skipped),
            "failed" => Verdict::Failed,
            "ignored" => Verdict::Skipped("ignored by an attribute".to_owned()),
            _ => continue,
        };
        failed += usize::from(verdict == Verdict::Failed);
        tally.add(id, verdict);
    }
    if !ended_well && failed == 0 {
        tally.add(
            TestId {
                binary: binary.to_owned(),
                test: "(the whole executable)".to_owned(),
            },
            Verdict::Failed,
        );
        failed = 1;
    }
    failed
}

/// How many tests libtest says it ran, in its closing line `test result: ok. 3 passed; 0 failed; 1 ignored; ...`.
///
/// The second witness for the log, which a later libtest might write otherwise, or no more.
pub fn announced(output: &str) -> Option<usize> {
    let line = output
        .lines()
        .rev()
        .find_map(|line| line.split_once("test result: "))?
        .1;
    let count = |word: &str| {
        let before = line.split(';').find_map(|part| part.trim_end().strip_suffix(word))?;
        before.trim_end().rsplit(' ').next()?.parse::<usize>().ok()
    };
    Some(count("passed")? + count("failed")? + count("ignored")?)
}

/// What the tests told the runner (see `cleat-netns`): tab-separated lines `netns BINARY TEST` and
/// `skip BINARY TEST REASON`.
#[derive(Debug, Default)]
pub struct TestLog {
    lines: Vec<Vec<String>>,
}

impl TestLog {
    /// Reads the log; a log that does not exist is empty: no test wrote to it.
    pub fn read(path: &Path) -> Self {
        Self::parse(&std::fs::read_to_string(path).unwrap_or_default())
    }

    fn parse(text: &str) -> Self {
        Self {
            lines: text
                .lines()
                .map(|line| line.split('\t').map(str::to_owned).collect())
                .collect(),
        }
    }

    /// Why the test was skipped, if it was.
    pub fn skip(&self, id: &TestId) -> Option<String> {
        self.lines.iter().find_map(|fields| match &fields[..] {
            [word, binary, test, reason] if word == "skip" && *binary == id.binary && *test == id.test => {
                Some(reason.clone())
            }
            _ => None,
        })
    }

    /// The tests of `binary` that wanted a network namespace, each once.
    pub fn network_tests(&self, binary: &str) -> Vec<String> {
        let mut tests: Vec<String> = self
            .lines
            .iter()
            .filter_map(|fields| match &fields[..] {
                [word, of, test] if word == "netns" && of == binary => Some(test.clone()),
                _ => None,
            })
            .collect();
        tests.sort();
        tests.dedup();
        tests
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::outcome::Counts;

    // The line is one that cargo 1.95 printed, with fields left out and the directory changed.
    #[test]
    fn a_test_executable_is_read_from_cargos_message() {
        let line = r#"{"reason":"compiler-artifact","package_id":"path+file:///x/crates/diag#cleat-diag@0.1.0",
            "manifest_path":"/x/crates/diag/Cargo.toml","profile":{"test":true},
            "executable":"/x/target/debug/deps/cleat_diag-2f3b"}"#;
        let found = executable(line).expect("a test executable");
        assert_eq!(found.package, "cleat-diag");
        assert_eq!(found.directory, Path::new("/x/crates/diag"));
        assert_eq!(found.name, "cleat_diag-2f3b");
        assert!(executable(&line.replace("\"test\":true", "\"test\":false")).is_none());
    }

    // The words are those of libtest's --logfile (rustc 1.95: `ok`, `failed`, `ignored`).
    #[test]
    fn a_log_of_libtest_is_counted_with_the_skips_the_tests_told() {
        let told = TestLog::parse("netns\tt-1\ta\nskip\tt-1\ta\tno bond here\nnetns\tt-1\tb\nnetns\tt-1\ta\n");
        let mut sum = Tally::default();
        let failed = tally(&mut sum, "t-1", "ok a\nok b\nfailed c\nignored d\n", false, &|id| {
            told.skip(id)
        });
        assert_eq!(failed, 1);
        assert_eq!(
            sum.counts(),
            Counts {
                passed: 1,
                failed: 1,
                skipped: 2
            }
        );
        assert_eq!(told.network_tests("t-1"), ["a", "b"]);
        assert_eq!(told.network_tests("t-2"), [""; 0]);
    }

    #[test]
    fn an_executable_that_crashes_is_a_failed_test() {
        let mut sum = Tally::default();
        assert_eq!(tally(&mut sum, "t-1", "ok a\n", false, &|_| None), 1);
        assert_eq!(
            sum.counts(),
            Counts {
                passed: 1,
                failed: 1,
                skipped: 0
            }
        );
    }

    // The line is one that libtest of rustc 1.95 printed.
    #[test]
    fn the_number_of_tests_is_read_from_libtests_closing_line() {
        let text = "running 4 tests\n....\ntest result: FAILED. 2 passed; 1 failed; 1 ignored; 0 measured; 7 filtered out; finished in 0.12s\n\n";
        assert_eq!(announced(text), Some(4));
        assert_eq!(announced("running 4 tests\n"), None);
    }

    #[test]
    fn only_cargos_hash_is_taken_from_a_name() {
        assert_eq!(plain_name("cleat_diag-0123456789abcdef"), "cleat_diag");
        assert_eq!(plain_name("a-b"), "a-b");
        assert_eq!(plain_name("fmt"), "fmt");
    }
}
