//! `cargo xtask vm`: scenarios in real machines. See docs/vm-tests.md.

mod agent;
pub mod image;
mod job;
mod judge;
mod machine;
mod qemu;
mod qmp;
mod report;
mod run;
mod scenario;
mod snapshot;
mod uml;

use std::collections::BTreeMap;
use std::fs::File;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::Mutex;
use std::time::Instant;

use nix::fcntl::{Flock, FlockArg};

use crate::packages::Consent;
use crate::tree;
use report::{Line, Outcome};
use run::Lab;
use scenario::{Engine, Scenario};
use snapshot::Snapshots;

struct Options {
    /// Parts of names; none is all.
    filters: Vec<String>,
    suite: Option<String>,
    engine: Engine,
    kvm: bool,
    image: Option<PathBuf>,
    scenario: Option<PathBuf>,
    list: bool,
    keep: bool,
    jobs: usize,
    consent: Consent,
}

/// `cargo xtask vm [FILTER...] ...`: exit status 0 only if nothing failed and something passed.
pub fn main(args: lexopt::Parser) -> Result<ExitCode, String> {
    let options = options(args)?;
    let scenarios = match &options.scenario {
        Some(folder) => vec![scenario::load(folder)?],
        None => scenario::all(&tree::top().join("vm-tests/scenarios"))?,
    };
    let wanted: Vec<&Scenario> = scenarios
        .iter()
        .filter(|scenario| {
            let named = |filter: &String| scenario.name.contains(filter.as_str());
            options.filters.is_empty() || options.filters.iter().any(named)
        })
        .collect();
    if wanted.is_empty() {
        return Err("error: no scenario has this in its name; --list names them".to_owned());
    }
    if options.list {
        for scenario in wanted {
            println!("{:<32} {}", scenario.name, scenario.text.about);
        }
        return Ok(ExitCode::SUCCESS);
    }
    let lines = run_all(&options, &wanted)?;
    print!("{}", report::table(&lines));
    Ok(ExitCode::from(u8::from(!report::good(&lines))))
}

fn options(mut args: lexopt::Parser) -> Result<Options, String> {
    use lexopt::prelude::*;
    let mut options = Options {
        filters: Vec::new(),
        suite: None,
        engine: Engine::Qemu,
        kvm: false,
        image: None,
        scenario: None,
        list: false,
        keep: false,
        jobs: 2,
        consent: Consent::AskOnTerminal,
    };
    let text = |error: lexopt::Error| error.to_string();
    while let Some(argument) = args.next().map_err(text)? {
        match argument {
            Long("suite") => options.suite = Some(args.value().and_then(|value| value.string()).map_err(text)?),
            Long("engine") => {
                options.engine = match args.value().and_then(|value| value.string()).map_err(text)?.as_str() {
                    "qemu" => Engine::Qemu,
                    "uml" => Engine::Uml,
                    other => return Err(format!("error: no engine {other}: qemu or uml")),
                }
            }
            Long("kvm") => options.kvm = true,
            Long("image") => options.image = Some(args.value().map_err(text)?.into()),
            Long("scenario") => options.scenario = Some(args.value().map_err(text)?.into()),
            Long("list") => options.list = true,
            Long("keep") => options.keep = true,
            Long("jobs") => options.jobs = args.value().and_then(|value| value.parse()).map_err(text)?,
            Long("yes") => options.consent = Consent::Given,
            Value(filter) => options.filters.push(filter.string().map_err(text)?),
            other => return Err(other.unexpected().to_string()),
        }
    }
    Ok(options)
}

/// Runs the scenarios on each of the releases that they name, or on the one that was asked for.
fn run_all(options: &Options, wanted: &[&Scenario]) -> Result<Vec<Line>, String> {
    let qemu = qemu::find(options.kvm, options.consent)?;
    eprintln!("vm: {}", qemu.about);
    let folder = tree::target().join("vm");
    let _only = alone(&folder)?;
    let suite = folder.join("suite");
    match &options.image {
        None => job::stage_suite(&suite)?,
        // Someone's own image has what they want tried.
        Some(_) => job::stage_nothing(&suite)?,
    }
    let tests = folder.join("tests");
    if wanted.iter().any(|scenario| scenario.text.tests) {
        job::stage_tests(&tests)?;
    }
    let mut by_release: BTreeMap<String, Vec<&Scenario>> = BTreeMap::new();
    for scenario in wanted {
        match (&options.image, &options.suite) {
            (Some(_), _) => by_release.entry("image".to_owned()).or_default().push(scenario),
            (None, Some(suite)) => by_release.entry(suite.clone()).or_default().push(scenario),
            (None, None) => {
                for suite in &scenario.text.suites {
                    by_release.entry(suite.clone()).or_default().push(scenario);
                }
            }
        }
    }
    let mut lines = Vec::new();
    for (release, scenarios) in by_release {
        let image = match &options.image {
            Some(file) => image::of_file(file),
            None => image::of_suite(&release, options.consent),
        };
        let snapshots = Snapshots::default();
        match image {
            Ok(image) => {
                let lab = Lab {
                    qemu: &qemu,
                    image: &image,
                    suite: &suite,
                    tests: &tests,
                    folder: folder.join(format!("{release}-{}", options.engine)),
                    engine: options.engine,
                    snapshots: &snapshots,
                    keep: options.keep,
                };
                lines.extend(run_some(&lab, &release, options, &scenarios));
                snapshots.remove();
            }
            Err(error) => lines.extend(scenarios.iter().map(|scenario| Line {
                name: scenario.name.clone(),
                release: release.clone(),
                seconds: 0.0,
                // The archive may not serve the newer release; the older one must be had.
                outcome: if release == "13" {
                    Outcome::Skipped(format!("no image: {error}"))
                } else {
                    Outcome::Failed(format!("no image: {error}"))
                },
            })),
        }
    }
    Ok(lines)
}

/// Waits until no other run uses the folder; the lock goes with what is given.
fn alone(folder: &Path) -> Result<Flock<File>, String> {
    let path = folder.join("lock");
    let failed = |error: std::io::Error| format!("cannot lock {}: {error}", path.display());
    std::fs::create_dir_all(folder).map_err(failed)?;
    let file = File::create(&path).map_err(failed)?;
    Flock::lock(file, FlockArg::LockExclusiveNonblock)
        .or_else(|(file, _)| {
            eprintln!("vm: another run is under way in {}: waiting", folder.display());
            Flock::lock(file, FlockArg::LockExclusive)
        })
        .map_err(|(_, error)| failed(error.into()))
}

/// Runs scenarios on one image, as many at a time as was asked for.
fn run_some(lab: &Lab, release: &str, options: &Options, scenarios: &[&Scenario]) -> Vec<Line> {
    let queue = Mutex::new(scenarios.iter().copied());
    let lines = Mutex::new(Vec::new());
    std::thread::scope(|scope| {
        for _ in 0..options.jobs.max(1) {
            scope.spawn(|| {
                loop {
                    let next = queue.lock().ok().and_then(|mut queue| queue.next());
                    let Some(scenario) = next else { break };
                    let line = run_one(lab, release, options, scenario);
                    println!("{}", report::progress(&line));
                    if let Ok(mut lines) = lines.lock() {
                        lines.push(line);
                    }
                }
            });
        }
    });
    let mut lines = lines.into_inner().unwrap_or_default();
    lines.sort_by(|one: &Line, other: &Line| one.name.cmp(&other.name));
    lines
}

fn run_one(lab: &Lab, release: &str, options: &Options, scenario: &Scenario) -> Line {
    eprintln!("vm: {release} {} ...", scenario.name);
    let start = Instant::now();
    let outcome = match unfit(options.engine, scenario) {
        Some(reason) => Outcome::Skipped(reason),
        None => run::run(lab, scenario).map_or_else(Outcome::Failed, |()| Outcome::Passed),
    };
    Line {
        name: scenario.name.clone(),
        release: release.to_owned(),
        seconds: start.elapsed().as_secs_f64(),
        outcome,
    }
}

/// Why a scenario cannot run on an engine, if it cannot.
fn unfit(engine: Engine, scenario: &Scenario) -> Option<String> {
    if !scenario.text.engines.contains(&engine) {
        return Some(format!("not for the engine {engine}"));
    }
    match engine {
        Engine::Qemu => None,
        Engine::Uml => uml::unfit(scenario),
    }
}
