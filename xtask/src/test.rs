//! `cargo xtask test`: everything that CI runs, and what a developer runs before a commit.

use std::ffi::OsString;
use std::process::{Command, ExitCode};
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use crate::executables::{self, Executable, TestLog, plain_name};
use crate::outcome::{self, Part, PartEnd, Tally, TestId, Verdict};
use crate::packages::{self, Consent};
use crate::peer::Peer;
use crate::{checks, deb, process, selection, tree, udevs, uml_tests, vm};

/// For one executable, and for all documentation tests.
const LIMIT: Duration = Duration::from_secs(900);
/// The same where the verbs are tried at every point of `--all-faults`.
const LIMIT_OF_ALL_FAULTS: Duration = Duration::from_secs(3 * 3600);
/// Where the property tests begin to invent, unless another start is asked for: a change is judged by the same cases
/// as the one before it, and `--seed` looks for new ones.
const SEED: u64 = 20;

struct Options {
    filter: Option<String>,
    uml: bool,
    vm: bool,
    seed: u64,
    all_faults: bool,
    consent: Consent,
}

/// `cargo xtask test [FILTER] [--no-uml] [--no-vm] [--seed N|any] [--all-faults] [--yes]`: exit status 0 only if nothing failed.
pub fn main(args: lexopt::Parser) -> Result<ExitCode, String> {
    let options = options(args)?;
    let only = match &options.filter {
        Some(word) => Some(selection::holding(&selection::targets()?, word)),
        None => None,
    };
    if let (Some(word), Some([])) = (&options.filter, only.as_deref())
        && !selection::has_examples(word)
    {
        return Err(format!("error: no test's name contains `{word}`"));
    }
    println!("property tests start at seed {}", options.seed);
    packages::ensure(packages::TO_TEST, options.consent)?;
    if options.filter.is_none() {
        packages::ensure(deb::TO_DEB, options.consent)?;
    }
    if options.uml
        && let Err(error) = packages::ensure(packages::UML, options.consent)
    {
        // Not built for every architecture; the part is then skipped by name.
        eprintln!("{error}");
    }
    udevs::ensure(options.consent);
    // The test that asks it is skipped by name without it.
    if let Err(error) = Peer::unpack("ifupdown2") {
        eprintln!("{error}");
    }
    let mut run = Run::default();
    if options.filter.is_none() {
        run.check("fmt", checks::fmt);
        run.check("clippy", checks::clippy);
        run.check("shellcheck", checks::shell);
    }
    let mut tests = Vec::new();
    // Where it can only be an example, cargo builds what that needs.
    let is_example = only.as_ref().is_some_and(Vec::is_empty);
    run.check("build", || match executables::build(only.as_deref()) {
        Ok(built) => {
            tests = built;
            PartEnd::Passed(format!("{} test executables", tests.len()))
        }
        Err(error) => PartEnd::Failed(error),
    });
    if !tests.is_empty() || is_example {
        run.tests(&tests, &options)?;
    }
    if options.filter.is_none() {
        run.check("packages", deb::part);
        run.part("vm", |tally| {
            if options.vm {
                vm::part(options.consent, tally)
            } else {
                PartEnd::Skipped("--no-vm".to_owned())
            }
        });
    }
    print!("{}", outcome::report(&run.parts, &run.tally));
    let failed = run.parts.iter().any(|part| matches!(part.end, PartEnd::Failed(_)));
    Ok(ExitCode::from(u8::from(failed)))
}

fn options(mut args: lexopt::Parser) -> Result<Options, String> {
    use lexopt::prelude::*;
    let mut options = Options {
        filter: None,
        uml: true,
        vm: true,
        seed: SEED,
        all_faults: false,
        consent: Consent::AskOnTerminal,
    };
    while let Some(argument) = args.next().map_err(|error| error.to_string())? {
        match argument {
            Long("no-uml") => options.uml = false,
            Long("no-vm") => options.vm = false,
            Long("seed") => options.seed = seed(&args.value().and_then(|value| value.string()).map_err(text)?)?,
            Long("all-faults") => options.all_faults = true,
            Long("yes") => options.consent = Consent::Given,
            Value(filter) if options.filter.is_none() => options.filter = Some(filter.string().map_err(text)?),
            other => return Err(other.unexpected().to_string()),
        }
    }
    Ok(options)
}

/// The number that was given, or with `any` one that no run had before.
fn seed(word: &str) -> Result<u64, String> {
    if word == "any" {
        let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        return Ok(now.as_secs());
    }
    word.parse()
        .map_err(|_| format!("error: `--seed` takes a number or `any`, not `{word}`"))
}

fn text(error: lexopt::Error) -> String {
    error.to_string()
}

/// A run so far.
#[derive(Default)]
struct Run {
    parts: Vec<Part>,
    tally: Tally,
}

impl Run {
    /// Runs a part and enters it in the table.
    fn part(&mut self, name: &'static str, run: impl FnOnce(&mut Tally) -> PartEnd) {
        println!("== {name}");
        let start = Instant::now();
        let failed_before = self.tally.counts().failed;
        let end = match run(&mut self.tally) {
            PartEnd::Failed(note) => {
                println!("FAILED {name}: {note}");
                if self.tally.counts().failed == failed_before {
                    // Not a test but the part itself: the counts must not read as if all were well.
                    let id = TestId {
                        binary: "check".to_owned(),
                        test: name.to_owned(),
                    };
                    self.tally.add(id, Verdict::Failed);
                }
                PartEnd::Failed(note.lines().next().unwrap_or_default().to_owned())
            }
            other => other,
        };
        self.parts.push(Part {
            name,
            time: start.elapsed(),
            end,
        });
    }

    /// Runs a part that counts as one test itself.
    fn check(&mut self, name: &'static str, run: impl FnOnce() -> PartEnd) {
        self.part(name, |tally| {
            let end = run();
            let verdict = match &end {
                PartEnd::Passed(_) => Verdict::Passed,
                PartEnd::Failed(_) => Verdict::Failed,
                PartEnd::Skipped(reason) => Verdict::Skipped(reason.clone()),
            };
            tally.add(
                TestId {
                    binary: "check".to_owned(),
                    test: name.to_owned(),
                },
                verdict,
            );
            end
        });
    }

    fn tests(&mut self, tests: &[Executable], options: &Options) -> Result<(), String> {
        let scratch = tree::fresh_scratch("tests")?;
        let log_path = scratch.join("tests.log");
        self.part("tests", |tally| {
            let mut failed = 0;
            let mut total = 0;
            for executable in tests {
                match run_executable(executable, options, &scratch, tally) {
                    Ok((ran, bad)) => {
                        total += ran;
                        failed += bad;
                    }
                    Err(error) => return PartEnd::Failed(error),
                }
            }
            if total == 0
                && !tests.is_empty()
                && let Some(filter) = &options.filter
            {
                return PartEnd::Failed(format!("no test's name contains {filter}"));
            }
            ended(failed, total)
        });
        self.part("doc tests", |tally| match options.filter.as_deref() {
            Some(word) if !selection::has_examples(word) => PartEnd::Passed("no example can have that name".to_owned()),
            filter => doc_tests(filter, tally),
        });
        let log = TestLog::read(&log_path);
        self.part("uml", |tally| {
            if options.uml {
                uml_tests::run(tests, &log, tally)
            } else {
                PartEnd::Skipped("--no-uml".to_owned())
            }
        });
        let _ = std::fs::remove_dir_all(&scratch);
        Ok(())
    }
}

fn ended(failed: usize, total: usize) -> PartEnd {
    if failed == 0 {
        PartEnd::Passed(format!("{total} tests"))
    } else {
        PartEnd::Failed(format!("{failed} of {total} tests"))
    }
}

/// Runs one test executable in its package's directory, as cargo would. Its output is shown only if a test failed;
/// one line tells how it went. Gives the number of tests, and of those that failed.
fn run_executable(
    executable: &Executable,
    options: &Options,
    scratch: &std::path::Path,
    tally: &mut Tally,
) -> Result<(usize, usize), String> {
    let Executable {
        path,
        name,
        directory,
        package,
    } = executable;
    let log = scratch.join(format!("{name}.log"));
    let out = scratch.join(format!("{name}.out"));
    let output = process::output_file(&out)?;
    let errors = output
        .try_clone()
        .map_err(|error| format!("cannot duplicate a file: {error}"))?;
    let start = Instant::now();
    let mut command = Command::new(path);
    if options.all_faults {
        command.env("CLEAT_FAULTS", "all");
    }
    let end = process::run_limited(
        command
            .args(&options.filter)
            .args([OsString::from("--logfile"), log.clone().into()])
            .current_dir(directory)
            .env("CARGO_MANIFEST_DIR", directory)
            .env("CARGO_PKG_NAME", package)
            .env("CLEAT_TEST_LOG", scratch.join("tests.log"))
            .env("PROPTEST_RNG_SEED", options.seed.to_string())
            .stdout(output)
            .stderr(errors),
        if options.all_faults { LIMIT_OF_ALL_FAULTS } else { LIMIT },
    )?;
    let results = std::fs::read_to_string(&log).unwrap_or_default();
    let told = TestLog::read(&scratch.join("tests.log"));
    let failed = executables::tally(tally, name, &results, end.success(), &|id| told.skip(id));
    let total = results.lines().count();
    let output = std::fs::read(&out).unwrap_or_default();
    let output = String::from_utf8_lossy(&output);
    if failed > 0 {
        println!(
            "--- {} of {package}: {end} ---\n{}",
            plain_name(name),
            output.trim_end()
        );
    } else if executables::announced(&output) != Some(total) {
        return Err(format!(
            "{}: {total} results in libtest's log, but it closed with other counts",
            plain_name(name)
        ));
    }
    if total > 0 || failed > 0 {
        let word = if failed == 0 { "ok" } else { "FAILED" };
        println!(
            "  {:<24} {total:>4} tests {:>6.1} s  {word}",
            plain_name(name),
            start.elapsed().as_secs_f64()
        );
    }
    // How much a test compared with its second witness.
    for line in output.lines().filter(|line| line.starts_with("COMPARED ")) {
        println!("    {line}");
    }
    Ok((total, failed))
}

/// The examples in the documentation, through `cargo test --doc`.
fn doc_tests(filter: Option<&str>, tally: &mut Tally) -> PartEnd {
    let mut command = Command::new(tree::cargo());
    command
        .args(["test", "--quiet", "--workspace", "--doc", "--no-fail-fast", "--"])
        .args(filter);
    let output = match command.arg("--format=pretty").current_dir(tree::top()).output() {
        Ok(output) => output,
        Err(error) => return PartEnd::Failed(format!("cannot run cargo: {error}")),
    };
    let results = String::from_utf8_lossy(&output.stdout);
    let mut total = 0;
    let mut failed = 0;
    for (test, verdict) in results.lines().filter_map(doc_result) {
        total += 1;
        failed += usize::from(verdict == Verdict::Failed);
        tally.add(
            TestId {
                binary: "doc".to_owned(),
                test: test.to_owned(),
            },
            verdict,
        );
    }
    if !output.status.success() {
        println!("{}{}", results, String::from_utf8_lossy(&output.stderr));
        return PartEnd::Failed(format!("{failed} of {total} examples, {}", output.status));
    }
    PartEnd::Passed(format!("{total} examples"))
}

/// One line of libtest's output for a documentation test: `test FILE - ITEM (line N) ... ok`.
fn doc_result(line: &str) -> Option<(&str, Verdict)> {
    let (name, word) = line.strip_prefix("test ")?.rsplit_once(" ... ")?;
    let verdict = match word {
        "ok" => Verdict::Passed,
        "FAILED" => Verdict::Failed,
        "ignored" => Verdict::Skipped("ignored by an attribute".to_owned()),
        _ => return None,
    };
    Some((name, verdict))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_seed_is_a_number_or_any() {
        assert_eq!(seed("7"), Ok(7));
        assert!(seed("any").is_ok_and(|seed| seed > 1_700_000_000));
        assert_eq!(
            seed("-1"),
            Err("error: `--seed` takes a number or `any`, not `-1`".to_owned())
        );
    }

    // The lines are those of rustdoc 1.95.
    #[test]
    fn results_of_documentation_tests_are_read_from_libtests_lines() {
        let line = "test crates/netns/src/lib.rs - (line 8) - compile ... ok";
        assert_eq!(
            doc_result(line),
            Some(("crates/netns/src/lib.rs - (line 8) - compile", Verdict::Passed))
        );
        assert_eq!(doc_result("test a ... FAILED"), Some(("a", Verdict::Failed)));
        assert_eq!(doc_result("test result: ok. 1 passed; 0 failed"), None);
        assert_eq!(doc_result("running 1 test"), None);
    }
}
