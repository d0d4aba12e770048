//! Whether the host is healthy with the network that it has: what a first boot has to pass.

use cleat_ifupdown::args::Input;
use cleat_ifupdown::hooks::{PATH, process};
use cleat_ifupdown::look::lacking::{Ask, lacking};
use cleat_ifupdown::read::session::Session;
use cleat_kernel::{Host, Neighbour};
use cleat_model::desired::Desired;
use cleat_model::kernel::{Kernel, Query};
use cleat_model::name::IfName;
use cleat_model::snapshot::Snapshot;
use cleat_root::Root;
use cleat_settings::Check;
use std::collections::{BTreeMap, BTreeSet};
use std::ffi::OsStr;
use std::net::IpAddr;
use std::time::{Duration, Instant};

/// How long to wait until a check that failed is tried again.
const PAUSE: Duration = Duration::from_millis(500);
/// How often the kernel is asked whether a gateway has answered.
const POLL: Duration = Duration::from_millis(50);

/// Repeats a check until it is passed or the limit is over: links come up, and switches learn, one after the other.
///
/// # Errors
/// Why the last try that came to its end failed, a sentence each: one that the limit cut short tells less.
pub fn wait(check: &Check, root: &Root, limit: Duration) -> Result<(), Vec<String>> {
    let end = Instant::now() + limit;
    let mut before = None;
    loop {
        let reasons = once(check, root, end);
        if reasons.is_empty() {
            return Ok(());
        }
        if Instant::now() >= end {
            return Err(before.unwrap_or(reasons));
        }
        if Instant::now() + PAUSE >= end {
            return Err(reasons);
        }
        before = Some(reasons);
        std::thread::sleep(PAUSE);
    }
}

/// Tries once, until `end` at most. Answers what is not as it should be.
fn once(check: &Check, root: &Root, end: Instant) -> Vec<String> {
    if let Check::Command(line) = check {
        return command(line, end);
    }
    let mut session = Session::load(root.clone(), &Input::Standard);
    let looked = Host::open().and_then(|mut kernel| {
        let snapshot = kernel.snapshot(Query {
            routes: true,
            ..Query::default()
        })?;
        Ok((kernel, snapshot))
    });
    let (mut kernel, snapshot) = match looked {
        Ok(looked) => looked,
        Err(error) => return vec![format!("cannot read the kernel's links (ip link): {error}")],
    };
    let (desired, _) = session.resolve(Some(&snapshot));
    match check {
        Check::Links => lacking(&desired, &snapshot, Ask::Cables),
        Check::Gateway => gateways(&mut kernel, &desired, &snapshot, end),
        Check::Command(_) => Vec::new(),
    }
}

/// The gateways of the file and those that the kernel has by other ways (DHCP, router advertisements), with their link.
fn known_gateways(desired: &Desired, snapshot: &Snapshot) -> BTreeSet<(IfName, IpAddr)> {
    let declared = desired.links().iter().filter(|want| desired.comes_up(want, snapshot));
    let declared = declared.flat_map(|want| {
        let vias = want.routes.iter().filter_map(|route| route.value.via);
        vias.map(|via| (want.name, via))
    });
    let running = snapshot.links().iter().flat_map(|link| {
        let routes = snapshot.routes(link.index).iter();
        let vias = routes.filter(|route| route.is_default()).filter_map(|route| route.via);
        vias.map(|via| (link.name, via))
    });
    declared.chain(running).collect()
}

/// The gateways that do not answer ARP or neighbour discovery.
fn gateways(kernel: &mut Host, desired: &Desired, snapshot: &Snapshot, end: Instant) -> Vec<String> {
    let known = known_gateways(desired, snapshot);
    if known.is_empty() {
        return vec!["there is no gateway".to_owned()];
    }
    let mut reasons = Vec::new();
    let mut asked = Vec::new();
    for (name, address) in known {
        let Some(link) = snapshot.get(name) else {
            reasons.push(format!("{name}, which leads to gateway {address}, is not there"));
            continue;
        };
        match kernel.ask_neighbour(link.index, address) {
            Ok(()) => asked.push((name, link.index, address)),
            Err(error) => reasons.push(format!("gateway {address} on {name} cannot be asked: {error}")),
        }
    }
    for (name, index, address) in asked {
        if !answers(kernel, index, address, end) {
            reasons.push(format!("gateway {address} on {name} does not answer"));
        }
    }
    reasons
}

/// Waits for the kernel's answer or its giving up.
fn answers(kernel: &mut Host, index: u32, address: IpAddr, end: Instant) -> bool {
    loop {
        match kernel.neighbour(index, address) {
            Ok(Neighbour::Answers | Neighbour::Fixed) => return true,
            Ok(Neighbour::Silent) | Err(_) => return false,
            Ok(Neighbour::Unknown) if Instant::now() >= end => return false,
            Ok(Neighbour::Unknown) => std::thread::sleep(POLL),
        }
    }
}

/// Runs a command line, killed at `end`.
fn command(line: &str, end: Instant) -> Vec<String> {
    let environment = BTreeMap::from([("PATH".to_owned(), PATH.to_owned())]);
    let arguments = [OsStr::new("-c"), OsStr::new(line)];
    let left = end.saturating_duration_since(Instant::now());
    let ended = process::run(OsStr::new("/bin/sh"), &arguments, &environment, None, left);
    let Some(fault) = ended.fault else {
        return Vec::new();
    };
    let said = ended.output.lines().rfind(|line| !line.trim().is_empty());
    let said = said.map_or(String::new(), |said| format!(": {said}"));
    vec![format!("`{line}` failed: {fault}{said}")]
}
