//! A scenario: a folder with `scenario.toml`, perhaps `files/` (put over the machine's root before it starts) and
//! `steps/` (scripts that the machine runs). The format is told in docs/vm-tests.md.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::time::Duration;

use serde::Deserialize;

/// The text of `scenario.toml`.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct Text {
    /// What it shows, in one line.
    pub about: String,
    /// From power-on, or from the snapshot of a machine that has booted.
    #[serde(default)]
    pub start: Start,
    /// Seconds until it is killed, with the newer QEMU.
    #[serde(default = "limit")]
    pub limit: u32,
    /// Debian releases it runs on by itself: `12`, `13`.
    #[serde(default = "suites")]
    pub suites: Vec<String>,
    /// Engines it can run on.
    #[serde(default = "engines")]
    pub engines: Vec<Engine>,
    /// Further words for the kernel command line.
    #[serde(default)]
    pub words: String,
    /// Memory in MiB.
    #[serde(default = "memory")]
    pub memory: u32,
    /// Whether the project's integration tests go in, as /usr/lib/vm-tests/tests.
    #[serde(default)]
    pub tests: bool,
    /// Path in the machine to a file here, relative to the scenario.
    #[serde(default)]
    pub place: BTreeMap<String, PathBuf>,
    /// NICs in the order of their slots.
    #[serde(default, rename = "nic")]
    pub nics: Vec<Nic>,
    /// What happens, in order.
    #[serde(rename = "step")]
    pub steps: Vec<StepText>,
}

fn limit() -> u32 {
    120
}

fn suites() -> Vec<String> {
    vec!["12".to_owned()]
}

fn engines() -> Vec<Engine> {
    vec![Engine::Qemu]
}

fn memory() -> u32 {
    512
}

/// Where a scenario starts.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Start {
    /// Power-on.
    #[default]
    Boot,
    /// A machine with the same NICs that has booted with an empty configuration.
    Snapshot,
}

/// What the machine is made of.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Engine {
    /// A PC with NICs, udev, an initramfs.
    Qemu,
    /// User-mode Linux: its own kernel, no PCI, no initramfs.
    Uml,
}

impl std::fmt::Display for Engine {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::Qemu => "qemu",
            Self::Uml => "uml",
        })
    }
}

/// A NIC of the machine.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct Nic {
    /// Its name, pinned to its MAC by a .link file.
    pub name: String,
    /// Its MAC.
    pub mac: String,
    /// The wire that it is plugged into; NICs of one wire hear each other. Without one: a wire of its own.
    pub wire: Option<String>,
    /// It is not there at the start: a step plugs it.
    #[serde(default)]
    pub late: bool,
}

/// A step as written: exactly one of the keys that say what to do, and what is expected of it.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct StepText {
    run: Option<String>,
    sh: Option<String>,
    settled: Option<bool>,
    wait: Option<f64>,
    reboot: Option<bool>,
    power_cut: Option<bool>,
    plug: Option<String>,
    unplug: Option<String>,
    cable_out: Option<String>,
    cable_in: Option<String>,
    golden: Option<PathBuf>,
    status: Option<i32>,
    #[serde(default)]
    prints: Vec<String>,
    #[serde(default)]
    lacks: Vec<String>,
}

/// What a step does.
#[derive(Debug, Clone, PartialEq)]
pub enum Action {
    /// Runs a script in the machine.
    Script(String),
    /// Waits until the boot has ended and udev has named what is there.
    Settled,
    /// Lets time pass.
    Wait(Duration),
    /// Asks the machine to restart.
    Reboot,
    /// Resets the machine as a power cut does.
    PowerCut,
    /// Hot-plugs a NIC.
    Plug(String),
    /// Takes a NIC out.
    Unplug(String),
    /// Takes or brings a NIC's carrier.
    Cable(String, bool),
    /// Dumps the network and compares it with a folder of expected dumps.
    Golden(PathBuf),
}

/// A step, checked.
#[derive(Debug, Clone)]
pub struct Step {
    /// What it does.
    pub action: Action,
    /// How it is named in messages and logs.
    pub name: String,
    /// The exit status that its script must have.
    pub status: i32,
    /// What its script must print.
    pub prints: Vec<String>,
    /// What its script must not print.
    pub lacks: Vec<String>,
}

/// A scenario, read and checked.
#[derive(Debug)]
pub struct Scenario {
    /// Its folder's name.
    pub name: String,
    /// Its folder.
    pub folder: PathBuf,
    /// The text of its file.
    pub text: Text,
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
    let text: Text = toml::from_str(&text).map_err(|error| format!("{}: {error}", path.display()))?;
    let folder =
        std::fs::canonicalize(folder).map_err(|error| format!("cannot resolve {}: {error}", folder.display()))?;
    let name = folder.file_name().unwrap_or_default().to_string_lossy().into_owned();
    let wrong = |message: String| format!("{}: {message}", path.display());
    let steps: Result<Vec<Step>, String> = text
        .steps
        .iter()
        .enumerate()
        .map(|(index, step)| checked(index + 1, step, &folder, &text))
        .collect();
    let steps = steps.map_err(wrong)?;
    if steps.is_empty() {
        return Err(wrong("it has no step, so it can show nothing".to_owned()));
    }
    Ok(Scenario {
        name,
        folder,
        text,
        steps,
    })
}

fn checked(number: usize, step: &StepText, folder: &Path, text: &Text) -> Result<Step, String> {
    let StepText {
        run,
        sh,
        settled,
        wait,
        reboot,
        power_cut,
        plug,
        unplug,
        cable_out,
        cable_in,
        golden,
        status,
        prints,
        lacks,
    } = step;
    let mut actions: Vec<(Action, String)> = Vec::new();
    if let Some(file) = run {
        let path = folder.join("steps").join(file);
        let script =
            std::fs::read_to_string(&path).map_err(|error| format!("step {number}: {}: {error}", path.display()))?;
        actions.push((Action::Script(script), file.clone()));
    }
    if let Some(script) = sh {
        actions.push((Action::Script(script.clone()), first_line(script)));
    }
    if *settled == Some(true) {
        actions.push((Action::Settled, "settled".to_owned()));
    }
    if let Some(seconds) = wait {
        let time = Duration::try_from_secs_f64(*seconds).map_err(|error| format!("step {number}: wait: {error}"))?;
        actions.push((Action::Wait(time), format!("wait {seconds} s")));
    }
    if *reboot == Some(true) {
        actions.push((Action::Reboot, "reboot".to_owned()));
    }
    if *power_cut == Some(true) {
        actions.push((Action::PowerCut, "power cut".to_owned()));
    }
    for (nic, action) in [
        (plug, Action::Plug as fn(String) -> Action),
        (unplug, Action::Unplug),
        (cable_out, |nic| Action::Cable(nic, false)),
        (cable_in, |nic| Action::Cable(nic, true)),
    ] {
        if let Some(nic) = nic {
            if !text.nics.iter().any(|there| there.name == *nic) {
                return Err(format!("step {number}: the machine has no NIC {nic}"));
            }
            let action = action(nic.clone());
            let name = format!("{action:?}").to_lowercase().replace('"', "");
            actions.push((action, name));
        }
    }
    if let Some(expected) = golden {
        let path = folder.join(expected);
        if !path.exists() {
            return Err(format!("step {number}: there is no {}", path.display()));
        }
        actions.push((Action::Golden(path), format!("golden {}", expected.display())));
    }
    let [(action, name)] = <[_; 1]>::try_from(actions)
        .map_err(|found| format!("step {number}: it must say one thing to do; it says {}", found.len()))?;
    if !matches!(action, Action::Script(_)) && (status.is_some() || !prints.is_empty() || !lacks.is_empty()) {
        return Err(format!(
            "step {number}: only a script has a status and prints something"
        ));
    }
    Ok(Step {
        action,
        name,
        status: status.unwrap_or(0),
        prints: prints.clone(),
        lacks: lacks.clone(),
    })
}

fn first_line(script: &str) -> String {
    let line = script
        .lines()
        .map(str::trim)
        .find(|line| !line.is_empty())
        .unwrap_or_default();
    line.chars().take(60).collect()
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
    fn an_expectation_that_nothing_can_meet_is_refused() {
        let error = read("[[step]]\nwait = 1.0\nprints = [\"x\"]\n").expect_err("a wait prints nothing");
        assert_eq!(error, "step 1: only a script has a status and prints something");
        let error = read("step = []\n").expect_err("no step at all");
        assert!(error.contains("unknown field") || error.contains("step"), "{error}");
    }
}
