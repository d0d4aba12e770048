//! Which scenario runs when: as many at a time as was asked for, those that failed once more, and an end to it all.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::{Condvar, Mutex, PoisonError};
use std::time::Instant;

use super::image::{self, Image};
use super::qemu::Qemu;
use super::report::{self, Line, Outcome};
use super::run::{self, Lab};
use super::scenario::{Engine, Kind, Scenario};
use super::snapshot::Snapshots;
use super::{Options, uml};

/// What a run has at hand.
pub struct Stock<'a> {
    /// What was asked for.
    pub options: &'a Options,
    /// The emulator.
    pub qemu: &'a Qemu,
    /// Where it works.
    pub folder: &'a Path,
    /// The suite, laid out as the root.
    pub suite: &'a Path,
    /// Its packages, laid out as the root.
    pub packages: &'a Path,
    /// The integration tests, laid out as the root.
    pub tests: &'a Path,
    /// When it must be over.
    pub last: Instant,
}

/// A scenario on a release.
struct Turn<'a> {
    scenario: &'a Scenario,
    release: String,
}

/// Runs scenarios on each of the releases that they name, or on the one that was asked for.
pub fn run_all(stock: &Stock, wanted: &[&Scenario]) -> Vec<Line> {
    let turns = turns(stock.options, wanted);
    let snapshots = Snapshots::default();
    let labs = labs(stock, &turns, &snapshots);
    let mut lines = first_runs(stock, &turns, &labs);
    second_runs(stock, &turns, &labs, &mut lines);
    snapshots.remove();
    lines.sort_by(|one: &Line, other: &Line| (&one.release, &one.name).cmp(&(&other.release, &other.name)));
    lines
}

/// Those with several machines first, as they need more than one place; then those that may take longest, so that the
/// last ones to run are short.
fn turns<'a>(options: &Options, wanted: &[&'a Scenario]) -> Vec<Turn<'a>> {
    let mut turns: Vec<Turn> = Vec::new();
    for scenario in wanted {
        let releases = match (&options.image, &options.suite) {
            (Some(_), _) => vec!["image".to_owned()],
            (None, Some(suite)) => vec![suite.clone()],
            (None, None) => scenario.text.suites.clone(),
        };
        turns.extend(releases.into_iter().map(|release| Turn { scenario, release }));
    }
    turns.sort_by_key(|turn| std::cmp::Reverse((turn.scenario.machines.len(), turn.scenario.text.limit)));
    turns
}

/// A lab for each image that is needed, or why there is none.
type Labs<'a> = BTreeMap<(String, Kind), Result<Lab<'a>, String>>;

fn labs<'a>(stock: &Stock<'a>, turns: &[Turn], snapshots: &'a Snapshots) -> Labs<'a> {
    let mut labs = Labs::new();
    for Turn { scenario, release } in turns {
        if unfit(stock.options.engine, scenario).is_some() {
            continue;
        }
        let kind = scenario.text.image;
        labs.entry((release.clone(), kind)).or_insert_with(|| {
            Ok(Lab {
                qemu: stock.qemu,
                image: image_of(stock, release, kind)?,
                suite: stock.suite,
                packages: stock.packages,
                tests: stock.tests,
                folder: stock.folder.join(format!("{release}-{}", stock.options.engine)),
                engine: stock.options.engine,
                snapshots,
                keep: stock.options.keep,
                last: stock.last,
            })
        });
    }
    labs
}

fn image_of(stock: &Stock, release: &str, kind: Kind) -> Result<Image, String> {
    match &stock.options.image {
        Some(file) => image::of_file(file),
        None => image::of_suite(release, kind, stock.options.consent),
    }
}

fn first_runs(stock: &Stock, turns: &[Turn], labs: &Labs) -> Vec<Line> {
    let queue = Mutex::new(turns.iter());
    let lines = Mutex::new(Vec::new());
    let places = Places::new(stock.options.jobs);
    std::thread::scope(|scope| {
        for _ in 0..places.all {
            scope.spawn(|| {
                loop {
                    let next = queue.lock().unwrap_or_else(PoisonError::into_inner).next();
                    let Some(turn) = next else { break };
                    let line = places.with(turn.scenario.machines.len(), || {
                        run_one(stock, turn, labs, &turn.scenario.name)
                    });
                    println!("{}", report::progress(&line));
                    lines.lock().unwrap_or_else(PoisonError::into_inner).push(line);
                }
            });
        }
    });
    lines.into_inner().unwrap_or_else(PoisonError::into_inner)
}

/// Runs those that failed once more, one at a time: a failure that does not come again is reported, but does not count.
fn second_runs(stock: &Stock, turns: &[Turn], labs: &Labs, lines: &mut [Line]) {
    for line in lines {
        let Outcome::Failed(first) = &line.outcome else {
            continue;
        };
        let turn = turns
            .iter()
            .find(|turn| turn.scenario.name == line.name && turn.release == line.release);
        let (Some(turn), true) = (turn, Instant::now() < stock.last) else {
            continue;
        };
        let image = labs.get(&(turn.release.clone(), turn.scenario.text.image));
        if !matches!(image, Some(Ok(_))) {
            continue;
        }
        let mut again = run_one(stock, turn, labs, &format!("{}-again", line.name));
        again.seconds += line.seconds;
        if again.outcome == Outcome::Passed {
            again.outcome = Outcome::PassedAgain(first.clone());
        }
        println!("{}", report::progress(&again));
        *line = again;
    }
}

fn run_one(stock: &Stock, turn: &Turn, labs: &Labs, folder: &str) -> Line {
    let Turn { scenario, release } = turn;
    eprintln!("vm: {release} {folder} ...");
    let start = Instant::now();
    let lab = labs.get(&(release.clone(), scenario.text.image));
    let mut compared = Vec::new();
    let outcome = match (unfit(stock.options.engine, scenario), lab) {
        (Some(reason), _) => Outcome::Skipped(reason),
        _ if start >= stock.last => Outcome::NotRun,
        // The archive may not serve the newer release; the older one must be had.
        (None, Some(Err(error))) if release == "13" => Outcome::Skipped(format!("no image: {error}")),
        (None, Some(Err(error))) => Outcome::Failed(format!("no image: {error}")),
        (None, Some(Ok(lab))) => match run::run(lab, scenario, folder) {
            Ok(lines) => {
                compared = lines;
                Outcome::Passed
            }
            Err(error) => Outcome::Failed(error),
        },
        (None, None) => Outcome::Failed("no image was asked for".to_owned()),
    };
    Line {
        name: scenario.name.clone(),
        release: release.clone(),
        seconds: start.elapsed().as_secs_f64(),
        outcome,
        compared,
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

/// Places for machines that run at once.
struct Places {
    all: usize,
    free: Mutex<usize>,
    freed: Condvar,
}

impl Places {
    fn new(all: usize) -> Self {
        let all = all.max(1);
        Self {
            all,
            free: Mutex::new(all),
            freed: Condvar::new(),
        }
    }

    /// Runs something that takes `wanted` places, or all that there are.
    fn with<T>(&self, wanted: usize, run: impl FnOnce() -> T) -> T {
        let wanted = wanted.min(self.all);
        let free = self.free.lock().unwrap_or_else(PoisonError::into_inner);
        let mut free = self
            .freed
            .wait_while(free, |free| *free < wanted)
            .unwrap_or_else(PoisonError::into_inner);
        *free -= wanted;
        drop(free);
        let done = run();
        *self.free.lock().unwrap_or_else(PoisonError::into_inner) += wanted;
        self.freed.notify_all();
        done
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::atomic::{AtomicUsize, Ordering};

    #[test]
    fn never_more_machines_run_than_there_are_places() {
        let places = Places::new(2);
        let (running, most) = (AtomicUsize::new(0), AtomicUsize::new(0));
        std::thread::scope(|scope| {
            // The one with three machines takes all places, and is alone.
            for machines in [1, 2, 1, 3, 1, 1] {
                let (places, running, most) = (&places, &running, &most);
                scope.spawn(move || {
                    places.with(machines, || {
                        let taken = machines.min(2);
                        most.fetch_max(running.fetch_add(taken, Ordering::SeqCst) + taken, Ordering::SeqCst);
                        std::thread::yield_now();
                        running.fetch_sub(taken, Ordering::SeqCst);
                    });
                });
            }
        });
        assert_eq!(most.into_inner(), 2);
        assert_eq!(*places.free.lock().expect("nobody failed"), 2);
    }
}
