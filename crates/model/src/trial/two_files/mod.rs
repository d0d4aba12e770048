//! Two files, before and after, with guests on the bridges and a failure at any step: what must hold whatever is written
//! in them. For the fuzz target `plan_apply` and for the tests.

mod invented;
#[cfg(test)]
mod tests;

pub use invented::{EXAMPLES, invented};

use super::{Host, differing, essence, lines};
use crate::apply::{Ending, NoHooks, OnError, apply};
use crate::decl::{NOT_DONE, declare};
use crate::desired::Desired;
use crate::fake::defaults;
use crate::journal::NoJournal;
use crate::kernel::KernelError;
use crate::name::IfName;
use crate::plan::{Planned, Request, Verb};
use crate::resolve::resolve;
use crate::select::{Selection, select};
use crate::snapshot::{IFF_UP, IFLA_MTU, Snapshot};
use crate::types::{Kind, VlanRange};
use cleat_diag::{Diagnostic, Severity, Sources};
use std::collections::BTreeMap;

/// What stands between the two files.
pub const BETWEEN: &str = "\n==\n";
/// NICs of the machine.
const NICS: [&str; 4] = ["eno1", "eno2", "eno3", "eno4"];

/// How a pair of files went.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Course {
    /// There are no two files in it.
    NoPair,
    /// The second file has a fault that stops a reload.
    Stopped,
    /// The plan was not begun.
    Refused,
    /// There was nothing to do.
    Nothing,
    /// The kernel refused a step that nobody made fail, and all was put back.
    PutBack,
    /// It was done.
    Done,
}

/// Brings the first file up as at boot, plugs a guest into each bridge, and reloads with the second: once with a failure
/// at the step that the first byte names, once without.
///
/// *Shape*: a byte, the first file, [`BETWEEN`], the second file.
///
/// # Errors
/// What does not hold: after a failure all is as it was; without one the file is reached and a second plan is empty;
/// guests keep their bridge, their VLANs and the options of their ports.
pub fn judge(input: &[u8]) -> Result<Course, String> {
    let Some((at, before, after)) = halves(input) else {
        return Ok(Course::NoPair);
    };
    let mut host = booted(before);
    let (wanted, found) = read(after, host.kernel.now());
    if found.iter().any(stops) {
        return Ok(Course::Stopped);
    }
    let request = asked(&wanted, host.kernel.now(), Verb::Reload);
    let planned = host.plan(&wanted, &request);
    if planned.refused {
        return match planned.plan.is_empty() {
            true => Ok(Course::Refused),
            false => Err(format!("a plan that is refused has steps\n{}", planned.plan)),
        };
    }
    if planned.plan.is_empty() {
        return Ok(Course::Nothing);
    }
    let before = host.clone();
    let course = done(&mut host, &wanted, &request, &planned)?;
    // What the kernel refuses by itself is put back already; a second failure would be one of that.
    if course == Course::Done {
        put_back_after_failure(&before, &planned, usize::from(at) % planned.plan.steps.len())?;
    }
    Ok(course)
}

/// As [`judge`] for each step in turn.
///
/// # Errors
/// As there.
pub fn judge_each_step(input: &[u8]) -> Result<Course, String> {
    let mut course = judge(input)?;
    let Some((_, before, after)) = halves(input) else {
        return Ok(course);
    };
    let host = booted(before);
    let (wanted, _) = read(after, host.kernel.now());
    let planned = host.plan(&wanted, &asked(&wanted, host.kernel.now(), Verb::Reload));
    for at in 0..planned.plan.steps.len().min(256) {
        let bytes = [&[at as u8], &input[1..]].concat();
        course = judge(&bytes)?;
    }
    Ok(course)
}

fn halves(input: &[u8]) -> Option<(u8, &[u8], &[u8])> {
    let (at, text) = input.split_first()?;
    let between = text
        .windows(BETWEEN.len())
        .position(|part| part == BETWEEN.as_bytes())?;
    Some((*at, &text[..between + 1], &text[between + BETWEEN.len()..]))
}

/// A machine with the first file up, whatever is wrong in it, and guests.
fn booted(file: &[u8]) -> Host {
    let mut host = Host::new(&NICS);
    let (first, _) = read(file, host.kernel.now());
    let request = asked(&first, host.kernel.now(), Verb::Up);
    host.run(&first, &request, OnError::KeepGoing);
    plug(&mut host);
    host
}

fn read(file: &[u8], facts: &Snapshot) -> (Desired, Vec<Diagnostic>) {
    let mut sources = Sources::new();
    let id = sources.add("interfaces", file.to_vec());
    let source = sources.get(id).expect("it was added");
    let (document, mut found) = cleat_eni::parse(id, source);
    let (decls, more) = declare(document.items());
    found.extend(more);
    let (desired, more) = resolve(&decls, Some(facts));
    found.extend(more);
    (desired, found)
}

/// Whether a reload stops there: a fault of the text, not of the machine.
fn stops(found: &Diagnostic) -> bool {
    found.severity == Severity::Error && found.code != "missing-link" && !NOT_DONE.contains(&found.code)
}

fn asked(wanted: &Desired, now: &Snapshot, verb: Verb) -> Request {
    let all = Selection {
        all: true,
        ..Selection::default()
    };
    let mut request = Request::new(verb, select(wanted, Some(now), &all));
    request.all = true;
    request
}

/// A guest's tap on each bridge, with a VLAN of its own.
fn plug(host: &mut Host) {
    let now = host.kernel.now_mut();
    let bridges = now.links().iter().filter(|link| link.kind == Kind::Bridge);
    let bridges: Vec<(u32, u32)> = bridges.map(|link| (link.index, link.mtu())).collect();
    for (number, (bridge, mtu)) in (9000u32..).zip(bridges) {
        let name = super::name(&format!("tap{}i0", number - 8900));
        let mut tap = defaults::link(number, name, Kind::Other("tun".into()), defaults::mac(number));
        // A smaller one would lower the bridge, as Proxmox VE knows.
        tap.attrs.set(IFLA_MTU, &mtu.to_ne_bytes());
        tap.flags |= IFF_UP;
        tap.master = Some(bridge);
        tap.port_kind = Some(Kind::Bridge);
        tap.port = defaults::bridge_port();
        now.insert(tap);
        let own = VlanRange {
            first: 7,
            last: 7,
            pvid: true,
            untagged: true,
        };
        now.vlans.insert(number, vec![own]);
    }
}

/// Guests that the files do not speak of, with all that they have.
fn guests(now: &Snapshot, wanted: &Desired) -> BTreeMap<IfName, String> {
    let taps = now.links().iter().filter(|link| link.kind == Kind::Other("tun".into()));
    let own = taps.filter(|tap| wanted.get(tap.name).is_none());
    own.map(|tap| {
        let bridge = tap
            .master
            .and_then(|index| now.by_index(index))
            .map(|bridge| bridge.name);
        let text = format!("{bridge:?} {:?} {:?} {}", now.vlans(tap.index), tap.port, tap.is_up());
        (tap.name, text)
    })
    .collect()
}

fn put_back_after_failure(host: &Host, planned: &Planned, at: usize) -> Result<(), String> {
    const ENOMEM: i32 = 12;
    let mut kernel = host.kernel.clone();
    kernel.fail_at(at, KernelError::errno(ENOMEM));
    let outcome = apply(
        &planned.plan,
        &mut kernel,
        &mut NoHooks,
        &mut NoJournal,
        OnError::RollBack,
    );
    // A setting of lesser weight that is refused undoes nothing.
    if outcome.ending == Ending::Done {
        return Ok(());
    }
    let told: Vec<&str> = outcome.diagnostics.iter().map(|found| found.message.as_str()).collect();
    let differs = differing(&essence(&host.kernel), &essence(&kernel));
    match (outcome.ending, differs.as_str()) {
        (Ending::PutBack, "") => Ok(()),
        (ending, differs) => Err(format!(
            "not as before: a failure at {at} ends with {ending:?}\n{differs}{told:#?}\n{}",
            planned.plan
        )),
    }
}

fn done(host: &mut Host, wanted: &Desired, request: &Request, planned: &Planned) -> Result<Course, String> {
    let before = guests(host.kernel.now(), wanted);
    let was = essence(&host.kernel);
    let (_, outcome) = host.run(wanted, request, OnError::RollBack);
    let after = guests(host.kernel.now(), wanted);
    if before != after {
        return Err(format!("guests: had {before:#?}, have {after:#?}\n{}", planned.plan));
    }
    match outcome.ending {
        Ending::Done | Ending::Partly => {}
        Ending::PutBack => {
            return match differing(&was, &essence(&host.kernel)).as_str() {
                "" => Ok(Course::PutBack),
                differs => Err(format!("not as before: {differs}\n{}", planned.plan)),
            };
        }
        Ending::Stuck(steps) => return Err(format!("{steps} steps cannot be undone\n{}", planned.plan)),
    }
    let again = host.plan(wanted, request);
    match lines(&again).is_empty() || again.plan.is_empty() {
        true => Ok(Course::Done),
        false => Err(format!("second plan:\n{}\nafter\n{}", again.plan, planned.plan)),
    }
}
