//! The second run of the network tests, in user-mode Linux, where every link kind is there and nothing is skipped.

use std::fmt::Write as _;
use std::path::Path;
use std::time::Duration;

use crate::executables::{self, Executable, TestLog, plain_name};
use crate::outcome::{PartEnd, Tally};
use crate::tree;
use crate::uml::{self, Job, JobEnd, quoted};

/// What that kernel has: a test that lacks one of these there has failed, not been skipped.
const REQUIRED: &str = "netns,bond,vlan,vlan-ad,bridge,vlan-filtering,dummy,veth,vxlan,vrf,macvlan,tap,inet6,nat";

const LIMIT: Duration = Duration::from_secs(1200);
const MEMORY_MIB: u32 = 1024;

/// Runs the tests that asked for a network namespace in the first run (`log`) once more.
pub fn run(tests: &[Executable], log: &TestLog, tally: &mut Tally) -> PartEnd {
    let chosen: Vec<(&Executable, Vec<String>)> = tests
        .iter()
        .map(|executable| (executable, log.network_tests(&executable.name)))
        .filter(|(_, names)| !names.is_empty())
        .collect();
    if chosen.is_empty() {
        return PartEnd::Skipped("no test wanted a network namespace".to_owned());
    }
    if let Err(reason) = uml::available() {
        return PartEnd::Skipped(reason);
    }
    match boot(&chosen, tally) {
        Ok(end) => end,
        Err(error) => PartEnd::Failed(error),
    }
}

fn boot(chosen: &[(&Executable, Vec<String>)], tally: &mut Tally) -> Result<PartEnd, String> {
    let scratch = tree::fresh_scratch("uml-tests")?;
    let script = script(chosen, &scratch);
    let top = tree::top();
    let job = Job {
        script: &script,
        directory: &top,
        scratch: &scratch,
        memory_mib: MEMORY_MIB,
        limit: LIMIT,
    };
    let end = uml::run(&job, &mut std::io::stdout())?;

    let told = TestLog::read(&scratch.join("tests.log"));
    let mut failed = 0;
    let mut count = 0;
    for (executable, names) in chosen {
        let read = |ending: &str| {
            let path = scratch.join(format!("{}.{ending}", executable.name));
            String::from_utf8_lossy(&std::fs::read(path).unwrap_or_default()).into_owned()
        };
        let ended_well = read("status").trim() == "0";
        let failed_here = executables::tally(tally, &executable.name, &read("log"), ended_well, &|id| told.skip(id));
        if failed_here > 0 {
            println!(
                "--- {} in user-mode Linux ---\n{}",
                plain_name(&executable.name),
                read("out").trim_end()
            );
        }
        failed += failed_here;
        count += names.len();
    }
    if let JobEnd::Overran(limit) = end {
        return Err(format!(
            "killed after its limit of {} s; see {}",
            limit.as_secs(),
            scratch.display()
        ));
    }
    if failed > 0 {
        return Ok(PartEnd::Failed(format!(
            "{failed} of {count} network tests; see {}",
            scratch.display()
        )));
    }
    let _ = std::fs::remove_dir_all(&scratch);
    Ok(PartEnd::Passed(format!(
        "{count} network tests again, REQUIRE={REQUIRED}"
    )))
}

/// The script that runs the chosen tests one executable after the other, results in `scratch`.
fn script(chosen: &[(&Executable, Vec<String>)], scratch: &Path) -> String {
    let log = quoted(scratch.join("tests.log").as_os_str());
    let mut text = format!("export REQUIRE={REQUIRED} CLEAT_TEST_LOG={log}\n");
    for (executable, names) in chosen {
        let Executable {
            path,
            name,
            directory,
            package: _,
        } = executable;
        let result = quoted(scratch.join(name).as_os_str());
        let words: Vec<String> = names.iter().map(|name| quoted(name.as_ref())).collect();
        // Writing to a String cannot fail.
        let _ = write!(
            text,
            "cd {directory} && CARGO_MANIFEST_DIR={directory} {path} --exact {words} --logfile {result}.log > {result}.out 2>&1\n\
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
