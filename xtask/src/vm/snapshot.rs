//! Machines that have booted, stopped and written to a file: a scenario that is not about booting resumes one, in 3 s
//! instead of 15.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use super::job;
use super::machine::{Plan, Root};
use super::run::Lab;
use super::scenario::{Scenario, Start};

/// A machine's state and its disk.
#[derive(Clone, Debug)]
pub struct Snapshot {
    folder: PathBuf,
}

impl Snapshot {
    /// What its disk holds.
    pub fn disk(&self) -> PathBuf {
        self.folder.join("root.qcow2")
    }

    /// What its memory and its devices hold.
    pub fn state(&self) -> PathBuf {
        self.folder.join("state")
    }
}

type Slot = Arc<Mutex<Option<Result<Snapshot, String>>>>;

/// The snapshots of a run, one for each set of hardware; made when the first scenario asks.
#[derive(Default)]
pub struct Snapshots(Mutex<BTreeMap<Vec<String>, Slot>>);

impl Snapshots {
    /// The snapshot of a machine with the hardware of `scenario`.
    pub fn of(&self, lab: &Lab, scenario: &Scenario) -> Result<Snapshot, String> {
        let failed = || "another thread has failed".to_owned();
        let mut hardware = plan(lab, scenario, &lab.folder).hardware();
        hardware.push(scenario.text.words.clone());
        hardware.extend(scenario.text.nics.iter().map(|nic| nic.name.clone()));
        let (slot, number) = {
            let mut all = self.0.lock().map_err(|_| failed())?;
            let number = all.len();
            (Arc::clone(all.entry(hardware).or_default()), number)
        };
        // Held while it is made: another scenario that wants the same waits for it.
        let mut made = slot.lock().map_err(|_| failed())?;
        made.get_or_insert_with(|| make(lab, scenario, lab.folder.join(format!("snapshot-{number}"))))
            .clone()
    }

    /// Removes them: each is 200 MB.
    pub fn remove(&self) {
        let Ok(all) = self.0.lock() else { return };
        for slot in all.values() {
            if let Ok(slot) = slot.lock()
                && let Some(Ok(snapshot)) = &*slot
            {
                let _ = std::fs::remove_dir_all(&snapshot.folder);
            }
        }
    }
}

fn plan<'a>(lab: &'a Lab, scenario: &'a Scenario, folder: &'a std::path::Path) -> Plan<'a> {
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

/// Boots a machine with the suite and nothing of the scenario but its NICs, and freezes it.
fn make(lab: &Lab, scenario: &Scenario, folder: PathBuf) -> Result<Snapshot, String> {
    let error = |error: String| format!("the machine to resume from: {error}; see {}", folder.display());
    let _ = std::fs::remove_dir_all(&folder);
    std::fs::create_dir_all(&folder).map_err(|failed| error(failed.to_string()))?;
    let snapshot = Snapshot { folder: folder.clone() };
    let limit = Duration::from_secs(u64::from(120 * lab.qemu.factor));
    let boot = || -> Result<(), String> {
        lab.qemu.overlay(&lab.image.disk, &snapshot.disk())?;
        job::write(&scenario.without_content(), &[lab.suite], &folder)?;
        let plan = Plan {
            root: Root::Kept(snapshot.disk()),
            ..plan(lab, scenario, &folder)
        };
        let mut machine = plan.start()?;
        machine.ready(limit)?;
        machine.ask("run settled", limit)?;
        machine.freeze(&snapshot.state())
    };
    boot().map_err(error)?;
    Ok(snapshot)
}

impl Scenario {
    /// The same machine with no files and no steps.
    pub fn without_content(&self) -> Self {
        Self {
            name: "snapshot".to_owned(),
            folder: self.folder.join("no-such-folder"),
            text: super::scenario::Text {
                about: String::new(),
                start: Start::Boot,
                limit: 0,
                suites: Vec::new(),
                engines: Vec::new(),
                words: self.text.words.clone(),
                memory: self.text.memory,
                tests: false,
                place: BTreeMap::new(),
                nics: self.text.nics.clone(),
                steps: Vec::new(),
            },
            steps: Vec::new(),
        }
    }
}
