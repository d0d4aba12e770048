//! The steps of a scenario: what each does, and what is expected of it.

use std::path::{Path, PathBuf};
use std::time::Duration;

use super::text::{Hardware, StepText};

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
    /// Ends the emulator without a word to the machine, and starts it again as the scenario starts: what it had not
    /// written to its disks is gone.
    Kill,
    /// Hot-plugs a NIC.
    Plug(String),
    /// Takes a NIC out, and waits until the machine has let go of it.
    Unplug(String),
    /// Switches the machine off, puts a NIC in at its place among the others, and switches it on.
    Fit(String),
    /// Takes or brings a NIC's carrier.
    Cable(String, bool),
    /// What the machine's console has shown since its power came: a text that must be in it.
    Console(String),
    /// Dumps the network and compares it with a folder of expected dumps.
    Golden(PathBuf),
    /// Dumps the network under a name.
    Dump(String),
    /// Dumps the network and compares it with an earlier dump.
    SameAs(String),
}

/// A step, checked.
#[derive(Debug, Clone)]
pub struct Step {
    /// What it does.
    pub action: Action,
    /// Which machine it is about: an index.
    pub on: usize,
    /// How it is named in messages and logs.
    pub name: String,
    /// The exit status that its script must have.
    pub status: i32,
    /// What its script must print.
    pub prints: Vec<String>,
    /// What its script must not print.
    pub lacks: Vec<String>,
}

/// Checks a step of a scenario in `folder`. `number` is for messages.
///
/// *Errors*: what is wrong with it.
pub fn checked(number: usize, step: &StepText, folder: &Path, machines: &[Hardware]) -> Result<Step, String> {
    let wrong = |said: String| format!("step {number}: {said}");
    let on = match &step.on {
        None => 0,
        Some(name) => machines
            .iter()
            .position(|machine| machine.name == *name)
            .ok_or_else(|| wrong(format!("there is no machine {name}")))?,
    };
    let mut actions = scripts(step, folder).map_err(wrong)?;
    actions.extend(of_machine(step).map_err(wrong)?);
    actions.extend(of_nic(step, &machines[on]).map_err(wrong)?);
    let [(action, name)] = <[_; 1]>::try_from(actions)
        .map_err(|found| wrong(format!("it must say one thing to do; it says {}", found.len())))?;
    let expects = step.status.is_some() || !step.prints.is_empty() || !step.lacks.is_empty();
    if expects && !matches!(action, Action::Script(_)) {
        return Err(wrong("only a script has a status and prints something".to_owned()));
    }
    Ok(Step {
        action,
        on,
        name,
        status: step.status.unwrap_or(0),
        prints: step.prints.clone(),
        lacks: step.lacks.clone(),
    })
}

fn scripts(step: &StepText, folder: &Path) -> Result<Vec<(Action, String)>, String> {
    let mut actions = Vec::new();
    if let Some(file) = &step.run {
        let path = folder.join("steps").join(file);
        let script = std::fs::read_to_string(&path).map_err(|error| format!("{}: {error}", path.display()))?;
        actions.push((Action::Script(script), file.clone()));
    }
    if let Some(script) = &step.sh {
        actions.push((Action::Script(script.clone()), first_line(script)));
    }
    if let Some(expected) = &step.golden {
        let path = folder.join(expected);
        if !path.exists() {
            return Err(format!("there is no {}", path.display()));
        }
        actions.push((Action::Golden(path), format!("golden {}", expected.display())));
    }
    if let Some(name) = &step.dump {
        actions.push((Action::Dump(name.clone()), format!("dump {name}")));
    }
    if let Some(name) = &step.same_as {
        actions.push((Action::SameAs(name.clone()), format!("same as {name}")));
    }
    Ok(actions)
}

fn of_machine(step: &StepText) -> Result<Vec<(Action, String)>, String> {
    let mut actions = Vec::new();
    for (said, action, name) in [
        (step.settled, Action::Settled, "settled"),
        (step.reboot, Action::Reboot, "reboot"),
        (step.power_cut, Action::PowerCut, "power cut"),
        (step.kill, Action::Kill, "kill"),
    ] {
        if said == Some(true) {
            actions.push((action, name.to_owned()));
        }
    }
    if let Some(text) = &step.console {
        actions.push((Action::Console(text.clone()), format!("console: {}", first_line(text))));
    }
    if let Some(seconds) = step.wait {
        let time = Duration::try_from_secs_f64(seconds).map_err(|error| format!("wait: {error}"))?;
        actions.push((Action::Wait(time), format!("wait {seconds} s")));
    }
    Ok(actions)
}

fn of_nic(step: &StepText, machine: &Hardware) -> Result<Vec<(Action, String)>, String> {
    let mut actions = Vec::new();
    for (nic, word, action) in [
        (&step.plug, "plug", Action::Plug as fn(String) -> Action),
        (&step.unplug, "unplug", Action::Unplug),
        (&step.fit, "fit", Action::Fit),
        (&step.cable_out, "cable-out", |nic| Action::Cable(nic, false)),
        (&step.cable_in, "cable-in", |nic| Action::Cable(nic, true)),
    ] {
        let Some(nic) = nic else { continue };
        let there = machine.nics.iter().find(|there| there.name == *nic);
        let there = there.ok_or_else(|| format!("the machine has no NIC {nic}"))?;
        if word == "fit" && !there.late {
            return Err(format!("{nic} is not `late`: it is there from the start"));
        }
        actions.push((action(nic.clone()), format!("{word} {nic}")));
    }
    Ok(actions)
}

fn first_line(script: &str) -> String {
    let line = script
        .lines()
        .map(str::trim)
        .find(|line| !line.is_empty())
        .unwrap_or_default();
    line.chars().take(60).collect()
}
