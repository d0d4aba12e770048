//! Machines that have booted, stopped and written to a file: a scenario that is not about booting resumes one, in 3 s
//! instead of 15.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use super::deadline::Deadline;
use super::hardware;
use super::job;
use super::machine::{Plan, Root, Sockets};
use super::run::{Lab, present};
use super::scenario::Scenario;

/// For making one: 15 s when quiet.
const LIMIT: Duration = Duration::from_secs(120);

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

/// The snapshots of a run, one for each image and set of hardware; made when the first scenario asks.
#[derive(Default)]
pub struct Snapshots(Mutex<BTreeMap<Vec<String>, Slot>>);

impl Snapshots {
    /// The snapshot of a machine with the hardware of `scenario`.
    pub fn of(&self, lab: &Lab, scenario: &Scenario) -> Result<Snapshot, String> {
        let failed = || "another thread has failed".to_owned();
        let machine = &scenario.machines[0];
        let mut key = hardware::words(machine, &present(machine), &[]);
        key.push(lab.image.disk.display().to_string());
        key.push(machine.words.clone());
        key.extend(machine.nics.iter().map(|nic| nic.name.clone()));
        let (slot, number) = {
            let mut all = self.0.lock().map_err(|_| failed())?;
            let number = all.len();
            (Arc::clone(all.entry(key).or_default()), number)
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

/// Boots the machine of a scenario without its files, waits until it has settled, and stops it.
fn make(lab: &Lab, scenario: &Scenario, folder: PathBuf) -> Result<Snapshot, String> {
    let failed = |error: String| {
        format!(
            "the machine to resume could not be made: {error}; see {}",
            folder.display()
        )
    };
    let _ = std::fs::remove_dir_all(&folder);
    std::fs::create_dir_all(&folder).map_err(|error| failed(error.to_string()))?;
    let snapshot = Snapshot { folder: folder.clone() };
    let boot = || -> Result<(), String> {
        let bare = scenario.without_content();
        let machine = &bare.machines[0];
        lab.qemu.overlay(&lab.image.disk, &snapshot.disk())?;
        job::write(&bare, machine, &[lab.suite], &folder)?;
        let sockets = Sockets::new()?;
        let deadline = Deadline::new(LIMIT * lab.qemu.factor, lab.last);
        let plan = Plan {
            qemu: lab.qemu,
            image: &lab.image,
            root: Root::Kept(snapshot.disk()),
            folder: &folder,
            sockets: sockets.path(),
            hardware: machine,
            present: present(machine),
            cables: &[],
            incoming: None,
        };
        let mut machine = plan.start()?;
        machine.ready(&deadline)?;
        machine.ask("run settled", &deadline)?;
        machine.freeze(&snapshot.state())
    };
    boot().map_err(failed)?;
    Ok(snapshot)
}

impl Scenario {
    /// The same machines with no files and no steps.
    pub fn without_content(&self) -> Self {
        let mut bare = self.clone();
        bare.folder = self.folder.join("no-such-folder");
        bare.steps.clear();
        for machine in &mut bare.machines {
            machine.place.clear();
        }
        bare
    }
}
