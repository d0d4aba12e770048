//! The second run of the network tests, in user-mode Linux, where every link kind is there and nothing is skipped.

use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::time::Duration;

use crate::executables::{self, Executable, TestLog, plain_name};
use crate::outcome::{PartEnd, Tally};
use crate::tree;
use crate::uml::{self, Job, JobEnd, quoted};

/// What that kernel has: a test that lacks one of these there has failed, not been skipped.
const REQUIRED: &str = "netns,bond,vlan,vlan-ad,bridge,vlan-filtering,dummy,veth,vxlan,vrf,macvlan,tap,inet6,nat";

const LIMIT: Duration = Duration::from_secs(1200);
const MEMORY_MIB: u32 = 768;
/// A machine has one processor: on two or more of ours, two of them share the work.
const MACHINES: usize = 2;

/// The tests of one executable that a machine runs.
type Share<'a> = (&'a Executable, Vec<String>);

/// Runs the tests that asked for a network namespace in the first run (`log`) once more.
pub fn run(tests: &[Executable], log: &TestLog, tally: &mut Tally) -> PartEnd {
    let all: Vec<(&Executable, String)> = tests
        .iter()
        .flat_map(|executable| {
            log.network_tests(&executable.name)
                .into_iter()
                .map(move |name| (executable, name))
        })
        .collect();
    if all.is_empty() {
        return PartEnd::Skipped("no test wanted a network namespace".to_owned());
    }
    if let Err(reason) = uml::available() {
        return PartEnd::Skipped(reason);
    }
    let processors = std::thread::available_parallelism().map_or(1, usize::from);
    let shares = shares(&all, processors.clamp(1, MACHINES));
    let ends: Vec<Result<Machine, String>> = std::thread::scope(|scope| {
        let threads: Vec<_> = (1..)
            .zip(&shares)
            .map(|(number, share)| scope.spawn(move || Machine::run(number, share)))
            .collect();
        threads
            .into_iter()
            .map(|thread| thread.join().unwrap_or_else(|_| Err("a thread panicked".to_owned())))
            .collect()
    });
    let mut failed = 0;
    let mut wrong = Vec::new();
    for (share, end) in shares.iter().zip(ends) {
        match end.and_then(|machine| machine.collect(share, tally)) {
            Ok(count) => failed += count,
            Err(error) => wrong.push(error),
        }
    }
    if let [first, ..] = &wrong[..] {
        return PartEnd::Failed(first.clone());
    }
    if failed > 0 {
        return PartEnd::Failed(format!("{failed} of {} network tests", all.len()));
    }
    PartEnd::Passed(format!("{} network tests again, nothing skipped", all.len()))
}

/// Deals the tests out to `machines`, one after the other, and groups each share by executable.
fn shares<'a>(all: &[(&'a Executable, String)], machines: usize) -> Vec<Vec<Share<'a>>> {
    let mut shares: Vec<Vec<Share<'a>>> = vec![Vec::new(); machines.min(all.len())];
    for (at, (executable, name)) in all.iter().enumerate() {
        let machine = at % shares.len();
        if let Some(share) = shares.get_mut(machine) {
            match share.last_mut() {
                Some((last, names)) if last.name == executable.name => names.push(name.clone()),
                _ => share.push((executable, vec![name.clone()])),
            }
        }
    }
    shares
}

/// A machine that has run its share.
struct Machine {
    scratch: PathBuf,
    end: JobEnd,
}

impl Machine {
    fn run(number: usize, share: &[Share]) -> Result<Self, String> {
        let scratch = tree::fresh_scratch(&format!("uml-tests-{number}"))?;
        let script = script(share, &scratch);
        let top = tree::top();
        let job = Job {
            script: &script,
            directory: &top,
            scratch: &scratch,
            memory_mib: MEMORY_MIB,
            limit: LIMIT,
        };
        let end = uml::run(&job, &mut std::io::stdout())?;
        Ok(Self { scratch, end })
    }

    /// Enters the results; gives the number of failed tests. The scratch directory stays if there is one.
    fn collect(self, share: &[Share], tally: &mut Tally) -> Result<usize, String> {
        let Self { scratch, end } = self;
        let told = TestLog::read(&scratch.join("tests.log"));
        let mut failed = 0;
        for (executable, _) in share {
            let read = |ending: &str| {
                let path = scratch.join(format!("{}.{ending}", executable.name));
                String::from_utf8_lossy(&std::fs::read(path).unwrap_or_default()).into_owned()
            };
            let ended_well = read("status").trim() == "0";
            let here = executables::tally(tally, &executable.name, &read("log"), ended_well, &|id| told.skip(id));
            if here > 0 {
                println!(
                    "--- {} in user-mode Linux ---\n{}",
                    plain_name(&executable.name),
                    read("out").trim_end()
                );
            }
            failed += here;
        }
        if let JobEnd::Overran(limit) = end {
            return Err(format!(
                "killed after its limit of {} s; see {}",
                limit.as_secs(),
                scratch.display()
            ));
        }
        if failed == 0 {
            let _ = std::fs::remove_dir_all(&scratch);
        } else {
            println!("all its output is in {}", scratch.display());
        }
        Ok(failed)
    }
}

/// The script that runs the chosen tests one executable after the other, results in `scratch`.
fn script(share: &[Share], scratch: &Path) -> String {
    let log = quoted(scratch.join("tests.log").as_os_str());
    let mut text = format!("export REQUIRE={REQUIRED} CLEAT_TEST_LOG={log}\n");
    for (executable, names) in share {
        let Executable {
            path,
            name,
            directory,
            package: _,
        } = executable;
        let result = quoted(scratch.join(name).as_os_str());
        let words: Vec<String> = names.iter().map(|name| quoted(name.as_ref())).collect();
        // One processor, but most of a test's time is waiting. Writing to a String cannot fail.
        let _ = write!(
            text,
            "cd {directory} && CARGO_MANIFEST_DIR={directory} {path} --exact {words} --test-threads 4 --logfile {result}.log > {result}.out 2>&1\n\
             echo $? > {result}.status\n\
             echo {shown} status \"$(cat {result}.status)\"\n",
            directory = quoted(directory.as_os_str()),
            path = quoted(path.as_os_str()),
            words = words.join(" "),
            shown = quoted(
                format!(
                    "  {:<24} {:>4} tests in user-mode Linux,",
                    plain_name(name),
                    names.len()
                )
                .as_ref()
            ),
        );
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_test_is_dealt_to_one_machine_and_the_shares_differ_by_one_at_most() {
        let executable = |name: &str| Executable {
            path: PathBuf::from(name),
            name: name.to_owned(),
            directory: PathBuf::from("/"),
            package: "cleat".to_owned(),
        };
        let (a, b) = (executable("a"), executable("b"));
        let all: Vec<(&Executable, String)> = [(&a, "1"), (&a, "2"), (&a, "3"), (&b, "4"), (&b, "5")]
            .map(|(of, name)| (of, name.to_owned()))
            .into();
        let dealt: Vec<Vec<(&str, Vec<String>)>> = shares(&all, 2)
            .into_iter()
            .map(|share| share.into_iter().map(|(of, names)| (of.name.as_str(), names)).collect())
            .collect();
        let names = |names: &[&str]| names.iter().map(|name| (*name).to_owned()).collect::<Vec<String>>();
        assert_eq!(dealt[0], [("a", names(&["1", "3"])), ("b", names(&["5"]))]);
        assert_eq!(dealt[1], [("a", names(&["2"])), ("b", names(&["4"]))]);
        assert_eq!(shares(&all[..1], 2).len(), 1);
    }
}
