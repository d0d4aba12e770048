//! Running one scenario: its machine, its steps, and what is left behind when it fails.

use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use super::image::Image;
use super::job;
use super::judge;
use super::machine::{Machine, Plan, Root};
use super::qemu::Qemu;
use super::scenario::{Action, Engine, Scenario, Start, Step};
use super::snapshot::{Snapshot, Snapshots};
use super::uml;

/// What all scenarios of a run share.
pub struct Lab<'a> {
    /// The emulator.
    pub qemu: &'a Qemu,
    /// What is booted.
    pub image: &'a Image,
    /// The suite, laid out as the root.
    pub suite: &'a Path,
    /// The integration tests, laid out as the root.
    pub tests: &'a Path,
    /// Where each scenario has its folder.
    pub folder: PathBuf,
    /// What runs it.
    pub engine: Engine,
    /// Machines that have booted.
    pub snapshots: &'a Snapshots,
    /// Leave the folders of scenarios that passed.
    pub keep: bool,
}

impl Lab<'_> {
    /// The integration tests where the scenario wants them.
    fn tests_for(&self, scenario: &Scenario) -> &[&Path] {
        let Self { tests, .. } = self;
        if scenario.text.tests {
            std::slice::from_ref(tests)
        } else {
            &[]
        }
    }
}

/// Runs a scenario. On success its folder is removed; after a failure it holds all that was collected.
///
/// *Errors*: which step failed, how, and where to look.
pub fn run(lab: &Lab, scenario: &Scenario) -> Result<(), String> {
    let folder = lab.folder.join(&scenario.name);
    let _ = std::fs::remove_dir_all(&folder);
    std::fs::create_dir_all(&folder).map_err(|error| format!("cannot create {}: {error}", folder.display()))?;
    let result = in_folder(lab, scenario, &folder);
    for disk in ["job.tar", "out.tar", "job", "root.cow"] {
        let path = folder.join(disk);
        let _ = if path.is_dir() {
            std::fs::remove_dir_all(&path)
        } else {
            std::fs::remove_file(&path)
        };
    }
    match result {
        Ok(()) if !lab.keep => {
            let _ = std::fs::remove_dir_all(&folder);
            Ok(())
        }
        Ok(()) => Ok(()),
        Err(error) => Err(format!("{error}\nkept: {} ({})", folder.display(), listing(&folder))),
    }
}

fn in_folder(lab: &Lab, scenario: &Scenario, folder: &Path) -> Result<(), String> {
    // Making the machine to resume is not the scenario's own time.
    let snapshot = match (scenario.text.start, lab.engine) {
        (Start::Snapshot, Engine::Qemu) => Some(lab.snapshots.of(lab, scenario)?),
        _ => None,
    };
    let deadline = Instant::now() + Duration::from_secs(u64::from(scenario.text.limit * lab.qemu.factor));
    let mut machine = match &snapshot {
        Some(snapshot) => resumed(lab, scenario, folder, snapshot)?,
        None => booted(lab, scenario, folder, deadline)?,
    };
    if scenario.text.start == Start::Snapshot {
        match machine.ask("job", left(deadline)?)? {
            0 => {}
            status => return Err(format!("the machine could not unpack its job (status {status})")),
        }
    }
    let outcome = steps(&mut machine, scenario, deadline);
    if outcome.is_err() {
        // It may be beyond answering: what is on the host is kept in any case.
        let _ = machine.ask("run collect", Duration::from_secs(60));
    }
    let results = match machine.ask("results", Duration::from_secs(120)) {
        Ok(0) => job::unpack_results(folder),
        Ok(status) => Err(format!("the machine could not write its results (status {status})")),
        Err(error) => Err(error),
    };
    drop(machine);
    let judged = results.and_then(|()| judge(scenario, folder, outcome.as_ref().err().map(|(index, _)| *index)));
    // The first thing that went wrong comes first.
    match (judged, outcome) {
        (Err(judged), Err((_, said))) if judged.starts_with("step") => Err(format!("{judged}\n{said}")),
        (_, Err((_, said))) => Err(said),
        (judged, Ok(())) => judged,
    }
}

fn plan<'a>(lab: &'a Lab, scenario: &'a Scenario, folder: &'a Path) -> Plan<'a> {
    Plan {
        qemu: lab.qemu,
        image: lab.image,
        root: Root::Throwaway,
        folder,
        nics: &scenario.text.nics,
        words: &scenario.text.words,
        memory: scenario.text.memory,
        incoming: None,
    }
}

/// A machine that goes on where the snapshot was taken; its job disk is the scenario's.
fn resumed(lab: &Lab, scenario: &Scenario, folder: &Path, snapshot: &Snapshot) -> Result<Machine, String> {
    job::write(scenario, lab.tests_for(scenario), folder)?;
    let state = snapshot.state();
    let plan = Plan {
        root: Root::Resumed(snapshot.disk()),
        incoming: Some(&state),
        ..plan(lab, scenario, folder)
    };
    let mut machine = plan.start()?;
    machine.resume()?;
    Ok(machine)
}

/// A machine that was switched on. For a scenario that resumes where that can be, it has booted without its files, and
/// its job disk is the scenario's now.
fn booted(lab: &Lab, scenario: &Scenario, folder: &Path, deadline: Instant) -> Result<Machine, String> {
    let empty = scenario.text.start == Start::Snapshot;
    if empty {
        job::write(&scenario.without_content(), &[lab.suite], folder)?;
    } else {
        let with = [&[lab.suite], lab.tests_for(scenario)].concat();
        job::write(scenario, &with, folder)?;
    }
    let plan = plan(lab, scenario, folder);
    let mut machine = match lab.engine {
        Engine::Qemu => plan.start()?,
        Engine::Uml => uml::start(&plan)?,
    };
    machine.ready(left(deadline)?)?;
    if empty {
        machine.ask("run settled", left(deadline)?)?;
        job::write(scenario, lab.tests_for(scenario), folder)?;
    }
    Ok(machine)
}

/// The time left, or the scenario's end.
fn left(deadline: Instant) -> Result<Duration, String> {
    let left = deadline.saturating_duration_since(Instant::now());
    if left.is_zero() {
        Err("its time limit is over".to_owned())
    } else {
        Ok(left)
    }
}

/// Does the steps; the first that fails ends it: its index, and how.
fn steps(machine: &mut Machine, scenario: &Scenario, deadline: Instant) -> Result<(), (usize, String)> {
    for (index, step) in scenario.steps.iter().enumerate() {
        let done = left(deadline).and_then(|left| act(machine, scenario, index, step, left));
        done.map_err(|error| (index, format!("{}: {error}", named(index, step))))?;
    }
    Ok(())
}

fn named(index: usize, step: &Step) -> String {
    format!("step {} ({})", index + 1, step.name)
}

fn act(machine: &mut Machine, scenario: &Scenario, index: usize, step: &Step, left: Duration) -> Result<(), String> {
    let nics = &scenario.text.nics;
    match &step.action {
        Action::Script(_) | Action::Golden(_) => {
            let status = machine.ask(&format!("run {}", job::step_file(index)), left)?;
            if status == step.status {
                Ok(())
            } else {
                Err(format!("exit status {status}, expected {}", step.status))
            }
        }
        Action::Settled => match machine.ask("run settled", left)? {
            0 => Ok(()),
            status => Err(format!("exit status {status}")),
        },
        Action::Wait(time) => {
            std::thread::sleep((*time).min(left));
            Ok(())
        }
        Action::Reboot => {
            machine.tell("reboot")?;
            machine.ready(left)
        }
        Action::PowerCut => {
            machine.power_cut()?;
            machine.ready(left)
        }
        Action::Plug(nic) => machine.plug(nics, nic),
        Action::Unplug(nic) => machine.unplug(nics, nic),
        Action::Cable(nic, plugged) => machine.cable(nics, nic, *plugged),
    }
}

/// Looks at what the steps printed and dumped, up to and with the one that failed; a script's output is shown with it.
fn judge(scenario: &Scenario, folder: &Path, failed: Option<usize>) -> Result<(), String> {
    let out = folder.join("out");
    for (index, step) in scenario.steps.iter().enumerate() {
        let last = failed == Some(index);
        let log = out.join(format!("{}.log", job::step_file(index)));
        let judged = match &step.action {
            Action::Script(_) => {
                let printed = std::fs::read(&log).unwrap_or_default();
                let printed = String::from_utf8_lossy(&printed);
                let judged = printed_as_expected(step, &printed);
                let judged = if last {
                    judged.and(Err("failed".to_owned()))
                } else {
                    judged
                };
                judged.map_err(|error| format!("{error}; it printed\n{}", indented(&printed)))
            }
            Action::Golden(expected) if !last => judge::same(expected, &out.join(job::step_file(index))),
            _ => Ok(()),
        };
        judged.map_err(|error| format!("{}: {error}", named(index, step)))?;
        if last {
            break;
        }
    }
    Ok(())
}

fn printed_as_expected(step: &Step, printed: &str) -> Result<(), String> {
    if let Some(missing) = step.prints.iter().find(|text| !printed.contains(text.as_str())) {
        return Err(format!("`{missing}` is not in what it printed"));
    }
    if let Some(found) = step.lacks.iter().find(|text| printed.contains(text.as_str())) {
        return Err(format!("`{found}` must not be in what it printed"));
    }
    Ok(())
}

/// The last lines of a text, each set in.
fn indented(text: &str) -> String {
    let lines: Vec<&str> = text.lines().collect();
    let last = &lines[lines.len().saturating_sub(40)..];
    last.iter()
        .map(|line| format!("    {line}"))
        .collect::<Vec<_>>()
        .join("\n")
}

/// What lies in a folder, in one line.
fn listing(folder: &Path) -> String {
    let mut names: Vec<String> = [folder.to_owned(), folder.join("out")]
        .iter()
        .filter_map(|folder| std::fs::read_dir(folder).ok())
        .flatten()
        .filter_map(|entry| Some(entry.ok()?.file_name().to_string_lossy().into_owned()))
        .filter(|name| name != "out")
        .collect();
    names.sort();
    names.join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn step(prints: &[&str], lacks: &[&str]) -> Step {
        let owned = |words: &[&str]| words.iter().map(|word| (*word).to_owned()).collect();
        Step {
            action: Action::Script(String::new()),
            name: "x".to_owned(),
            status: 0,
            prints: owned(prints),
            lacks: owned(lacks),
        }
    }

    #[test]
    fn what_a_script_prints_is_held_against_both_lists() {
        assert_eq!(printed_as_expected(&step(&["up"], &["down"]), "eno1 up"), Ok(()));
        assert_eq!(
            printed_as_expected(&step(&["up"], &[]), "eno1"),
            Err("`up` is not in what it printed".to_owned())
        );
        assert_eq!(
            printed_as_expected(&step(&[], &["down"]), "down"),
            Err("`down` must not be in what it printed".to_owned())
        );
    }
}
