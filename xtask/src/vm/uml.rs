//! The second engine: the same image and the same scenarios under user-mode Linux. It has its own kernel, no PCI, no
//! initramfs; its NICs are the ends of virtual cables. QEMU stays the judge of everything that depends on those.

use std::os::fd::OwnedFd;
use std::os::unix::net::UnixStream;
use std::path::PathBuf;
use std::process::Stdio;

use super::agent::Agent;
use super::hardware::hubs;
use super::image;
use super::machine::{Machine, Plan, Process};
use super::scenario::{Action, Scenario};
use crate::process;
use crate::uml;

/// Why a scenario cannot run here, if it cannot.
pub fn unfit(scenario: &Scenario) -> Option<String> {
    if let Err(error) = uml::available() {
        return Some(error);
    }
    if scenario.machines.len() > 1 {
        return Some("user-mode Linux has no wires between machines".to_owned());
    }
    if scenario.machines.iter().any(|machine| !machine.disks.is_empty()) {
        return Some("user-mode Linux has no further disks here".to_owned());
    }
    scenario.steps.iter().find_map(|step| match step.action {
        Action::Plug(_) | Action::Unplug(_) | Action::Fit(_) | Action::Cable(..) | Action::PowerCut => {
            Some(format!("user-mode Linux has no monitor for `{}`", step.name))
        }
        Action::Kill => Some("user-mode Linux does not keep a disk over `kill`".to_owned()),
        _ => None,
    })
}

/// Boots the machine.
pub fn start(plan: &Plan) -> Result<Machine, String> {
    let modules = modules()?;
    let (here, there) = UnixStream::pair().map_err(|error| format!("cannot make the agent's line: {error}"))?;
    let mut command = uml::kernel()?;
    // A copy-on-write file of its own over the image.
    command.arg(format!("ubd0=root.cow,{}", plan.image.disk.display()));
    command.args([
        "ubd1r=job.tar",
        "ubd2=out.tar",
        "root=/dev/ubda",
        "rw",
        "init=/usr/lib/vm-tests/uml-init",
    ]);
    command.args([
        "con=null",
        "con0=null,fd:1",
        "ssl=null",
        "ssl0=fd:0,fd:0",
        "console=tty0",
        "loglevel=5",
    ]);
    command.arg(format!("mem={}M", plan.hardware.memory));
    command.arg(format!("uml_dir={}", plan.folder.display()));
    command.arg(format!("vm_tests.modules={}", modules.display()));
    command.arg("vm_tests.line=ttyS0");
    for (nic, wire) in plan.hardware.nics.iter().zip(hubs(&plan.hardware.nics)) {
        command.arg(format!("vm_tests.nic={},{},{wire}", nic.name, nic.mac));
    }
    command.args(plan.hardware.words.split_whitespace());
    let console = process::output_file(&plan.folder.join("serial.log"))?;
    let log = plan.folder.join("uml.log");
    command
        .current_dir(plan.folder)
        .stdin(Stdio::from(OwnedFd::from(there)));
    let child = process::start(command.stdout(console).stderr(process::output_file(&log)?))?;
    Ok(Machine::new(Process::new(child, log), None, Agent::new(here)?))
}

/// The kernel's modules with their index, made once for each version of the kernel.
fn modules() -> Result<PathBuf, String> {
    let about = std::fs::metadata(uml::KERNEL).and_then(|about| about.modified());
    let recipe = ["1".to_owned(), format!("{about:?}")];
    let kept = image::kept("uml-modules", &recipe, |folder| {
        std::fs::create_dir(folder.join("lib"))
            .map_err(|error| format!("cannot create {}: {error}", folder.display()))?;
        uml::modules(&folder.join("lib/modules"))
    })?;
    Ok(kept.folder.join("lib/modules"))
}
