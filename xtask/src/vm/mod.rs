//! `cargo xtask vm`: scenarios in real machines. See docs/vm-tests.md.

mod agent;
mod deadline;
mod hardware;
pub mod image;
mod job;
mod judge;
mod kvm;
mod machine;
mod qemu;
mod qmp;
mod report;
mod run;
mod scenario;
mod schedule;
mod snapshot;
mod suite;
mod uml;

use std::fs::File;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::time::{Duration, Instant};

use nix::fcntl::{Flock, FlockArg};

use crate::deb::Profile;
use crate::outcome::{PartEnd, Tally, TestId};
use crate::packages::Consent;
use crate::tree;
use report::Line;
use scenario::{Engine, Kind, Scenario};
use schedule::Stock;

/// For all scenarios together, where nothing else is asked for.
const BUDGET: Duration = Duration::from_secs(3 * 3600);

/// As a part of `cargo xtask test`: what it is to take at most on two processors, with all images there.
const WARM: Duration = Duration::from_secs(25 * 60);
/// The same with images to be made.
const COLD: Duration = Duration::from_secs(40 * 60);
/// How much longer a slower machine may take before what has not begun is given up.
const SLOWER: Duration = Duration::from_secs(20 * 60);

/// What was asked for.
pub struct Options {
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
    budget: Duration,
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

/// All scenarios, as a part of `cargo xtask test`; each counts as one test.
pub fn part(consent: Consent, tally: &mut Tally) -> PartEnd {
    let run = || {
        let all = scenario::all(&tree::top().join("vm-tests/scenarios"))?;
        let bar = if image::there(&all) { WARM } else { COLD };
        let options = Options {
            budget: bar + SLOWER,
            ..Options::usual(consent)
        };
        let start = Instant::now();
        let lines = run_all(&options, &all.iter().collect::<Vec<_>>())?;
        let minutes = |time: Duration| time.as_secs_f64() / 60.0;
        let (took, bar) = (minutes(start.elapsed()), minutes(bar));
        println!("vm: all of it took {took:.1} min; on two processors it is to take {bar:.0} at most");
        Ok(lines)
    };
    let lines = match run() {
        Ok(lines) => lines,
        Err(error) => return PartEnd::Failed(error),
    };
    print!("{}", report::table(&lines));
    for line in &lines {
        let id = TestId {
            binary: "vm".to_owned(),
            test: line.title(),
        };
        tally.add(id, line.verdict());
    }
    if report::good(&lines) {
        PartEnd::Passed(report::counts(&lines))
    } else {
        PartEnd::Failed(report::counts(&lines))
    }
}

/// How many machines run at once: as many as there are processors (three on two took as long as two); each has up to
/// 768 MiB. Scenarios of two machines need two.
fn jobs() -> usize {
    std::thread::available_parallelism().map_or(2, |processors| processors.get().clamp(2, 8))
}

impl Options {
    /// What is so where nothing else is asked for.
    fn usual(consent: Consent) -> Self {
        Self {
            filters: Vec::new(),
            suite: None,
            engine: Engine::Qemu,
            kvm: false,
            image: None,
            scenario: None,
            list: false,
            keep: false,
            jobs: jobs(),
            budget: BUDGET,
            consent,
        }
    }
}

fn options(mut args: lexopt::Parser) -> Result<Options, String> {
    use lexopt::prelude::*;
    let mut options = Options::usual(Consent::AskOnTerminal);
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
            Long("budget") => {
                let minutes: u32 = args.value().and_then(|value| value.parse()).map_err(text)?;
                options.budget = Duration::from_secs(60 * u64::from(minutes));
            }
            Long("yes") => options.consent = Consent::Given,
            Value(filter) => options.filters.push(filter.string().map_err(text)?),
            other => return Err(other.unexpected().to_string()),
        }
    }
    Ok(options)
}

/// Makes ready what all scenarios need, and runs them.
fn run_all(options: &Options, wanted: &[&Scenario]) -> Result<Vec<Line>, String> {
    let last = Instant::now() + options.budget;
    let mut qemu = qemu::find(options.consent)?;
    eprintln!("vm: {}", qemu.about);
    let folder = tree::target().join("vm");
    let _only = alone(&folder)?;
    if options.kvm {
        qemu.kvm = kvm_works(options, &qemu, &folder);
    }
    let suite = folder.join("suite");
    let with_packages = wanted.iter().any(|scenario| scenario.text.packages);
    // The programs as they are released are much quicker under emulation, and slow to build: where they are wanted anyway,
    // all scenarios have them.
    let profile = if with_packages {
        Profile::Release
    } else {
        Profile::Quick
    };
    match &options.image {
        None => suite::stage(&suite, profile, options.consent)?,
        // Someone's own image has what they want tried.
        Some(_) => suite::stage_nothing(&suite)?,
    }
    let packages = folder.join("packages");
    if with_packages {
        suite::stage_packages(&packages, options.consent)?;
    }
    let tests = folder.join("tests");
    if wanted.iter().any(|scenario| scenario.text.tests) {
        suite::stage_tests(&tests)?;
    }
    let stock = Stock {
        options,
        qemu: &qemu,
        folder: &folder,
        suite: &suite,
        packages: &packages,
        tests: &tests,
        last,
    };
    Ok(schedule::run_all(&stock, wanted))
}

/// Whether KVM, which was asked for, runs a kernel here. Where it does not, that is said, and the CPU is emulated.
fn kvm_works(options: &Options, qemu: &qemu::Qemu, folder: &Path) -> bool {
    let image = match &options.image {
        Some(file) => image::of_file(file),
        None => image::of_suite("12", Kind::Plain, options.consent),
    };
    let probed = image.and_then(|image| {
        let kernel = image.kernel.ok_or("the image has no kernel to try it with")?;
        kvm::probe(qemu, &kernel, folder)
    });
    if let Err(error) = &probed {
        eprintln!("vm: KVM was asked for and does not work here: {error}; the CPU is emulated");
    }
    probed.is_ok()
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
