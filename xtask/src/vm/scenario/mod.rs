//! A scenario: a folder with `scenario.toml`, perhaps `files/` (put over each machine's root before it starts) and
//! `steps/` (scripts that a machine runs). The format is described in docs/vm-tests.md.

mod step;
mod text;

use std::path::{Path, PathBuf};

pub use step::{Action, Step};
pub use text::{Disk, Engine, Hardware, Kind, Nic, Start, Text};

/// A scenario, read and checked.
#[derive(Clone, Debug)]
pub struct Scenario {
    /// Its folder's name.
    pub name: String,
    /// Its folder.
    pub folder: PathBuf,
    /// The text of its file.
    pub text: Text,
    /// Its machines: one at least.
    pub machines: Vec<Hardware>,
    /// Its steps.
    pub steps: Vec<Step>,
}

/// Reads all scenarios in a folder, by name.
pub fn all(folder: &Path) -> Result<Vec<Scenario>, String> {
    let entries = std::fs::read_dir(folder).map_err(|error| format!("cannot read {}: {error}", folder.display()))?;
    let mut folders: Vec<PathBuf> = entries
        .filter_map(|entry| Some(entry.ok()?.path()))
        .filter(|path| path.join("scenario.toml").exists())
        .collect();
    folders.sort();
    folders.iter().map(|folder| load(folder)).collect()
}

/// Reads one scenario.
///
/// *Errors*: what is wrong with which of its steps.
pub fn load(folder: &Path) -> Result<Scenario, String> {
    let path = folder.join("scenario.toml");
    let text = std::fs::read_to_string(&path).map_err(|error| format!("cannot read {}: {error}", path.display()))?;
    let wrong = |message: String| format!("{}: {message}", path.display());
    let (text, machines) = text::parse(&text).map_err(wrong)?;
    let folder =
        std::fs::canonicalize(folder).map_err(|error| format!("cannot resolve {}: {error}", folder.display()))?;
    let name = folder.file_name().unwrap_or_default().to_string_lossy().into_owned();
    let steps: Result<Vec<Step>, String> = text
        .steps
        .iter()
        .enumerate()
        .map(|(index, step)| step::checked(index + 1, step, &folder, &machines))
        .collect();
    let scenario = Scenario {
        name,
        folder,
        text,
        machines,
        steps: steps.map_err(wrong)?,
    };
    scenario.sound().map_err(wrong)?;
    Ok(scenario)
}

impl Scenario {
    /// What can be seen to be wrong before anything runs.
    fn sound(&self) -> Result<(), String> {
        let Self {
            text, machines, steps, ..
        } = self;
        if steps.is_empty() {
            return Err("it has no step, so it can show nothing".to_owned());
        }
        if text.start == Start::Snapshot && machines.len() > 1 {
            return Err("machines on one wire start from power-on".to_owned());
        }
        if text.start == Start::Snapshot && steps.iter().any(|step| matches!(step.action, Action::Fit(_))) {
            return Err("a machine that is switched off starts from power-on".to_owned());
        }
        if text.image == Kind::Loader && machines.iter().any(|machine| !machine.words.is_empty()) {
            return Err("the kernel words of a disk with a boot loader stand in the boot loader".to_owned());
        }
        if text.packages && text.start == Start::Snapshot {
            return Err("a machine without the suite starts from power-on".to_owned());
        }
        for (index, step) in steps.iter().enumerate() {
            let dumped = |earlier: &Step| {
                earlier.on == step.on
                    && matches!((&earlier.action, &step.action), (Action::Dump(one), Action::SameAs(other)) if one == other)
            };
            if matches!(step.action, Action::SameAs(_)) && !steps[..index].iter().any(dumped) {
                return Err(format!("step {}: no step before it dumps that", index + 1));
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(steps: &str) -> Result<Scenario, String> {
        let folder = std::env::temp_dir().join(format!("cleat-scenario-{}-{}", std::process::id(), steps.len()));
        std::fs::create_dir_all(&folder).expect("a folder");
        let text = format!("about = \"x\"\n[[nic]]\nname = \"eno1\"\nmac = \"52:54:00:00:10:01\"\n{steps}");
        std::fs::write(folder.join("scenario.toml"), text).expect("a file");
        let scenario = load(&folder);
        let _ = std::fs::remove_dir_all(&folder);
        scenario.map_err(|error| {
            error
                .split_once("scenario.toml: ")
                .map_or(error.clone(), |(_, said)| said.to_owned())
        })
    }

    #[test]
    fn a_step_says_exactly_one_thing_to_do() {
        let error = read("[[step]]\nsh = \"true\"\nwait = 1.0\n").expect_err("two things");
        assert_eq!(error, "step 1: it must say one thing to do; it says 2");
        let error = read("[[step]]\nprints = [\"x\"]\n").expect_err("nothing");
        assert_eq!(error, "step 1: it must say one thing to do; it says 0");
    }

    #[test]
    fn a_step_about_a_nic_names_one_of_the_machine() {
        let error = read("[[step]]\nplug = \"eno2\"\n").expect_err("no such NIC");
        assert_eq!(error, "step 1: the machine has no NIC eno2");
        let scenario = read("[[step]]\ncable-out = \"eno1\"\n").expect("it is there");
        assert_eq!(scenario.steps[0].action, Action::Cable("eno1".to_owned(), false));
    }

    #[test]
    fn a_comparison_needs_an_earlier_dump_of_that_name() {
        let error = read("[[step]]\ndump = \"before\"\n[[step]]\nsame-as = \"after\"\n").expect_err("another name");
        assert_eq!(error, "step 2: no step before it dumps that");
        let scenario = read("[[step]]\ndump = \"before\"\n[[step]]\nsame-as = \"before\"\n").expect("it is there");
        assert_eq!(scenario.steps[1].action, Action::SameAs("before".to_owned()));
    }

    #[test]
    fn an_expectation_that_nothing_can_meet_is_refused() {
        let error = read("[[step]]\nwait = 1.0\nprints = [\"x\"]\n").expect_err("a wait prints nothing");
        assert_eq!(error, "step 1: only a script has a status and prints something");
        let error = read("step = []\n").expect_err("no step at all");
        assert!(error.contains("unknown field") || error.contains("step"), "{error}");
    }
}
