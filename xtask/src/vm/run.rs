//! Running one scenario: its machines, its steps, and what is left behind when it fails.

use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use super::deadline::Deadline;
use super::hardware::{self, Cable};
use super::image::Image;
use super::job;
use super::judge;
use super::machine::{Machine, Plan, Root, Sockets};
use super::qemu::Qemu;
use super::scenario::{Action, Engine, Hardware, Scenario, Start, Step};
use super::snapshot::{Snapshot, Snapshots};
use super::uml;

/// For collecting what a failed scenario leaves, and for writing its results.
const AFTERWARDS: Duration = Duration::from_secs(120);

/// What all scenarios on one image share.
pub struct Lab<'a> {
    /// The emulator.
    pub qemu: &'a Qemu,
    /// What is booted.
    pub image: Image,
    /// The suite, laid out as the root.
    pub suite: &'a Path,
    /// Its packages, laid out as the root.
    pub packages: &'a Path,
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
    /// When the whole run is over.
    pub last: Instant,
}

/// Runs a scenario, its files in the folder `name`. On success the folder is removed; after a failure it holds all that
/// was collected. Returns the lines in which steps say how much they compared with a second witness.
///
/// *Errors*: which step failed, how, and where to look.
pub fn run(lab: &Lab, scenario: &Scenario, name: &str) -> Result<Vec<String>, String> {
    let folder = lab.folder.join(name);
    let _ = std::fs::remove_dir_all(&folder);
    std::fs::create_dir_all(&folder).map_err(|error| format!("cannot create {}: {error}", folder.display()))?;
    let result = in_folder(lab, scenario, &folder);
    for place in places(scenario, &folder) {
        remove_disks(&place, scenario);
    }
    match result {
        Ok(compared) => {
            if !lab.keep {
                let _ = std::fs::remove_dir_all(&folder);
            }
            Ok(compared)
        }
        Err(error) => Err(format!("{error}\nkept: {} ({})", folder.display(), listing(&folder))),
    }
}

/// Where each machine has its disks and logs: the scenario's folder where there is one machine.
fn places(scenario: &Scenario, folder: &Path) -> Vec<PathBuf> {
    let place = |machine: &Hardware| match machine.name.as_str() {
        "" => folder.to_owned(),
        name => folder.join(name),
    };
    scenario.machines.iter().map(place).collect()
}

fn remove_disks(place: &Path, scenario: &Scenario) {
    let _ = std::fs::remove_dir_all(place.join("job"));
    for disk in ["job.tar", "out.tar", "root.cow", "root.qcow2"] {
        let _ = std::fs::remove_file(place.join(disk));
    }
    for disk in scenario.machines.iter().flat_map(|machine| &machine.disks) {
        let _ = std::fs::remove_file(place.join(format!("disk-{}", disk.name)));
    }
}

fn in_folder(lab: &Lab, scenario: &Scenario, folder: &Path) -> Result<Vec<String>, String> {
    // Making the machine to resume is not the scenario's own time.
    let snapshot = match (scenario.text.start, lab.engine) {
        (Start::Snapshot, Engine::Qemu) => Some(lab.snapshots.of(lab, scenario)?),
        _ => None,
    };
    let mut bench = Bench::new(lab, scenario, folder, snapshot)?;
    let outcome = bench
        .start()
        .map_err(|error| (None, error))
        .and_then(|()| bench.steps().map_err(|(index, error)| (Some(index), error)));
    if outcome.is_err() {
        // It may be beyond answering: what is on the host is kept in any case.
        let _ = bench.ask_all("run collect");
    }
    let results = bench.results();
    let places = std::mem::take(&mut bench.places);
    drop(bench);
    let (failed, said) = match outcome {
        Ok(()) => (None, None),
        // Nothing was run that could be looked at.
        Err((None, said)) => return Err(said),
        Err((failed, said)) => (failed, Some(said)),
    };
    let judged = results.and_then(|()| judge(scenario, &places, failed));
    // The first thing that went wrong comes first.
    match (judged, said) {
        (Err(judged), Some(said)) if judged.starts_with("step") => Err(format!("{judged}\n{said}")),
        (_, Some(said)) => Err(said),
        (judged, None) => judged,
    }
}

/// Which NICs of a machine are there at its start.
pub fn present(machine: &Hardware) -> Vec<bool> {
    machine.nics.iter().map(|nic| !nic.late).collect()
}

/// A scenario that is being run.
struct Bench<'a> {
    lab: &'a Lab<'a>,
    scenario: &'a Scenario,
    /// Where its machines go on, unless they are switched on.
    snapshot: Option<Snapshot>,
    folder: PathBuf,
    places: Vec<PathBuf>,
    sockets: Sockets,
    cables: Vec<Vec<Cable>>,
    /// Which NICs of each machine are there when it is switched on.
    present: Vec<Vec<bool>>,
    machines: Vec<Machine>,
    deadline: Deadline,
}

impl<'a> Bench<'a> {
    fn new(
        lab: &'a Lab<'a>,
        scenario: &'a Scenario,
        folder: &Path,
        snapshot: Option<Snapshot>,
    ) -> Result<Self, String> {
        let places = places(scenario, folder);
        for place in &places {
            std::fs::create_dir_all(place).map_err(|error| format!("cannot create {}: {error}", place.display()))?;
        }
        let sockets = Sockets::new()?;
        let limit = Duration::from_secs(u64::from(scenario.text.limit * lab.qemu.factor));
        Ok(Self {
            lab,
            scenario,
            snapshot,
            folder: folder.to_owned(),
            places,
            cables: hardware::cables(&scenario.machines, sockets.path()),
            sockets,
            present: scenario.machines.iter().map(present).collect(),
            machines: Vec::new(),
            deadline: Deadline::new(limit, lab.last),
        })
    }

    /// Brings the machines to where the steps begin.
    fn start(&mut self) -> Result<(), String> {
        for index in 0..self.scenario.machines.len() {
            let machine = match &self.snapshot {
                Some(snapshot) => {
                    self.write_job(index, self.scenario, &[])?;
                    self.resumed(index, snapshot)?
                }
                None => self.boot(index)?,
            };
            self.machines.push(machine);
        }
        if self.snapshot.is_none() {
            for machine in &mut self.machines {
                machine.ready(&self.deadline)?;
            }
        }
        if self.scenario.text.start == Start::Snapshot {
            if self.snapshot.is_none() {
                // It has booted without the scenario's files; its job disk is the scenario's now.
                self.ask_all("run settled")?;
                self.write_job(0, self.scenario, &[])?;
            }
            unpacked(self.ask_all("job")?)?;
        }
        Ok(())
    }

    fn write_job(&self, index: usize, scenario: &Scenario, with: &[&Path]) -> Result<(), String> {
        let mut with = with.to_vec();
        if scenario.text.tests {
            with.push(self.lab.tests);
        }
        job::write(scenario, &scenario.machines[index], &with, &self.places[index])
    }

    /// A machine that goes on where the snapshot was taken.
    fn resumed(&self, index: usize, snapshot: &Snapshot) -> Result<Machine, String> {
        let state = snapshot.state();
        let plan = Plan {
            incoming: Some(&state),
            ..self.plan(index, Root::Resumed(snapshot.disk()))
        };
        let mut machine = plan.start()?;
        machine.resume()?;
        Ok(machine)
    }

    /// A machine that is switched on for the first time.
    fn boot(&self, index: usize) -> Result<Machine, String> {
        if self.scenario.text.start == Start::Snapshot {
            self.write_job(index, &self.scenario.without_content(), &[self.lab.suite])?;
        } else if self.scenario.text.packages {
            self.write_job(index, self.scenario, &[self.lab.packages])?;
        } else {
            self.write_job(index, self.scenario, &[self.lab.suite])?;
        }
        let root = self.root(index);
        if let Root::Kept(disk) = &root {
            self.lab.qemu.overlay(&self.lab.image.disk, disk)?;
        }
        self.switched_on(index, root)
    }

    fn switched_on(&self, index: usize, root: Root) -> Result<Machine, String> {
        let plan = self.plan(index, root);
        match self.lab.engine {
            Engine::Qemu => plan.start(),
            Engine::Uml => uml::start(&plan),
        }
    }

    /// A machine that is switched off and on again needs what it wrote.
    fn root(&self, index: usize) -> Root {
        let again = |step: &Step| step.on == index && matches!(step.action, Action::Fit(_) | Action::Kill);
        if self.scenario.steps.iter().any(again) {
            Root::Kept(self.places[index].join("root.qcow2"))
        } else {
            Root::Throwaway
        }
    }

    fn plan(&self, index: usize, root: Root) -> Plan<'_> {
        Plan {
            qemu: self.lab.qemu,
            image: &self.lab.image,
            root,
            folder: &self.places[index],
            sockets: self.sockets.path(),
            hardware: &self.scenario.machines[index],
            present: self.present[index].clone(),
            cables: &self.cables[index],
            incoming: None,
        }
    }

    /// The time left to the machines: the one that had to wait longest decides.
    fn left(&self) -> Result<Duration, String> {
        let waited = self.machines.iter().map(Machine::waited).max().unwrap_or_default();
        self.deadline.left(waited)
    }

    /// Does the steps; the first that fails ends it: its index, and how. How long each took is written down.
    fn steps(&mut self) -> Result<(), (usize, String)> {
        let mut times = String::new();
        for (index, step) in self.scenario.steps.iter().enumerate() {
            let start = Instant::now();
            let done = self.left().and_then(|_| self.act(index, step));
            times += &format!("{:7.1} s  {}\n", start.elapsed().as_secs_f64(), self.named(index));
            let written = std::fs::write(self.folder.join("times.txt"), &times);
            let done = done.and(written.map_err(|error| format!("cannot write times.txt: {error}")));
            done.map_err(|error| (index, format!("{}: {error}", self.named(index))))?;
        }
        Ok(())
    }

    fn named(&self, index: usize) -> String {
        named(self.scenario, index)
    }

    fn act(&mut self, index: usize, step: &Step) -> Result<(), String> {
        let deadline = self.deadline;
        let hardware = &self.scenario.machines[step.on];
        let machine = &mut self.machines[step.on];
        match &step.action {
            Action::Script(_) | Action::Golden(_) | Action::Dump(_) | Action::SameAs(_) => {
                let status = machine.ask(&format!("run {}", job::step_file(index)), &deadline)?;
                if status == step.status {
                    Ok(())
                } else {
                    Err(format!("exit status {status}, expected {}", step.status))
                }
            }
            Action::Settled => match machine.ask("run settled", &deadline)? {
                0 => Ok(()),
                status => Err(format!("exit status {status}")),
            },
            Action::Wait(time) => {
                std::thread::sleep(*time);
                Ok(())
            }
            Action::Reboot => {
                machine.tell("reboot")?;
                machine.ready(&deadline)
            }
            Action::PowerCut => {
                machine.power_cut()?;
                machine.ready(&deadline)
            }
            Action::Kill => self.kill(step.on),
            Action::Console(text) => console_has(&self.places[step.on], text),
            Action::Plug(nic) => {
                let nic = find_nic(hardware, nic)?;
                machine.plug(&hardware::device(hardware, &hardware.nics[nic], nic))
            }
            Action::Unplug(nic) => machine.unplug(find_nic(hardware, nic)?, &deadline),
            Action::Cable(nic, plugged) => machine.cable(find_nic(hardware, nic)?, *plugged),
            Action::Fit(nic) => self.fit(step.on, find_nic(hardware, nic)?),
        }
    }

    /// Switches a machine off, puts a NIC in, and switches it on.
    fn fit(&mut self, index: usize, nic: usize) -> Result<(), String> {
        let waited = self.machines[index].waited();
        self.machines[index].power_off(&self.deadline)?;
        self.present[index][nic] = true;
        self.start_again(index, waited)
    }

    /// Ends the emulator of a machine, which is told nothing, and starts it again.
    fn kill(&mut self, index: usize) -> Result<(), String> {
        let waited = self.machines[index].waited();
        self.machines[index].kill();
        self.start_again(index, waited)
    }

    /// Another machine in the place of one that has ended and had `waited` for a CPU, on the disks that it wrote.
    fn start_again(&mut self, index: usize, waited: Duration) -> Result<(), String> {
        // The next one counts from zero.
        self.deadline.extend(waited);
        let machine = match &self.snapshot {
            Some(snapshot) => {
                let mut machine = self.resumed(index, snapshot)?;
                unpacked(machine.ask("job", &self.deadline)?)?;
                machine
            }
            None => {
                let mut machine = self.switched_on(index, self.root(index))?;
                machine.ready(&self.deadline)?;
                machine
            }
        };
        self.machines[index] = machine;
        Ok(())
    }

    /// Asks all machines for the same; the first status that is not 0, or 0.
    fn ask_all(&mut self, request: &str) -> Result<i32, String> {
        let deadline = Deadline::new(AFTERWARDS.max(self.left().unwrap_or_default()), far(self.lab.last));
        let mut first = 0;
        for machine in &mut self.machines {
            let status = machine.ask(request, &deadline)?;
            first = if first == 0 { status } else { first };
        }
        Ok(first)
    }

    /// Has all machines write their results, and unpacks those.
    fn results(&mut self) -> Result<(), String> {
        match self.ask_all("results")? {
            0 => self.places.iter().try_for_each(|place| job::unpack_results(place)),
            status => Err(format!("the machine could not write its results (status {status})")),
        }
    }
}

/// Whether a machine's console has shown a text. What it shows comes by a serial line, with that line's ends.
fn console_has(place: &Path, text: &str) -> Result<(), String> {
    let path = place.join("serial.log");
    let shown = std::fs::read(&path).map_err(|error| format!("{}: {error}", path.display()))?;
    let shown = String::from_utf8_lossy(&shown).replace("\r\n", "\n");
    if shown.contains(text) {
        return Ok(());
    }
    Err(format!(
        "`{text}` is not in what the console showed\n{}",
        indented(&shown)
    ))
}

/// What the agent answered to `job`.
fn unpacked(status: i32) -> Result<(), String> {
    match status {
        0 => Ok(()),
        status => Err(format!("the machine could not unpack its job (status {status})")),
    }
}

/// After the end of a run there is still time to collect.
fn far(last: Instant) -> Instant {
    last.max(Instant::now()) + AFTERWARDS
}

fn find_nic(machine: &Hardware, name: &str) -> Result<usize, String> {
    let found = machine.nics.iter().position(|nic| nic.name == name);
    found.ok_or_else(|| format!("the machine has no NIC {name}"))
}

fn named(scenario: &Scenario, index: usize) -> String {
    let step = &scenario.steps[index];
    match scenario.machines[step.on].name.as_str() {
        "" => format!("step {} ({})", index + 1, step.name),
        machine => format!("step {} (on {machine}: {})", index + 1, step.name),
    }
}

/// Looks at what the steps printed and dumped, up to and with the one that failed; a script's output is shown with it.
/// `places` are the machines' folders. Returns the lines that say how much was compared.
fn judge(scenario: &Scenario, places: &[PathBuf], failed: Option<usize>) -> Result<Vec<String>, String> {
    let mut compared = Vec::new();
    for (index, step) in scenario.steps.iter().enumerate() {
        let out = places[step.on].join("out");
        let last = failed == Some(index);
        let log = out.join(format!("{}.log", job::step_file(index)));
        let judged = match &step.action {
            Action::Script(_) => {
                let printed = std::fs::read(&log).unwrap_or_default();
                let printed = String::from_utf8_lossy(&printed);
                let lines = printed.lines().filter(|line| line.starts_with("COMPARED "));
                compared.extend(lines.map(str::to_owned));
                let judged = printed_as_expected(step, &printed);
                let judged = if last {
                    judged.and(Err("failed".to_owned()))
                } else {
                    judged
                };
                judged.map_err(|error| format!("{error}; it printed\n{}", indented(&printed)))
            }
            Action::Golden(expected) if !last => judge::same(expected, &out.join(job::step_file(index))),
            Action::SameAs(name) if !last => judge::same(&out.join(name), &out.join(job::step_file(index))),
            _ => Ok(()),
        };
        judged.map_err(|error| format!("{}: {error}", named(scenario, index)))?;
        if last {
            break;
        }
    }
    Ok(compared)
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
    let mut names: Vec<String> = super::image::files_below(folder)
        .unwrap_or_default()
        .iter()
        .filter_map(|file| Some(file.strip_prefix(folder).ok()?.display().to_string()))
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
            on: 0,
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
