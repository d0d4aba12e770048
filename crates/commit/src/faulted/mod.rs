//! The verbs, whole, on a disk with faults: every call to the file system fails in turn, and is in turn the last before a
//! cut. After each the live file is byte for byte the old or the new one, the history reads, and the next run finishes or
//! undoes, with the files that go together still together.
//!
//! Second witness: the bytes on the disk, read past the store.
//!
//! Of each verb those calls have their turn that no verb before it in its test begins with. A run takes every one that
//! changes something, with each of the three errors and one of the ways to lose what was not flushed, and half of the first
//! of each kind that looks at or reads something, with one of the errors. `CLEAT_FAULTS=all` (`cargo xtask test
//! --all-faults`) takes all calls with all faults and losses.

#![allow(clippy::disallowed_methods, clippy::unwrap_used)]

mod bed;

use super::boot::{boot_at, check_boot_at};
use super::desk::Desk;
use super::live::{apply_at, confirm_at, rollback_now, stage_generation};
use super::staging::{revert_at, stage_bytes};
use super::trying::try_at;
use bed::{Ends, Host, LINK, MORE, NEW, NEW_LINK, OLD, OLD_LINK, SNIPPET, THIRD, Template, World, run};
use cleat_cli::End;
use cleat_faults::{Fault, Faults, Loss};
use cleat_root::paths;
use cleat_store::{Files, Health};
use nix::errno::Errno;
use std::collections::BTreeMap;
use std::io::Write;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::Path;
use std::rc::Rc;
use std::time::Duration;

/// What is run.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Verb {
    /// `boot`, and `check-boot` once the network is up.
    Boot,
    /// The same, with a check that is passed.
    BootConfirmed,
    /// The same, with a check that is not.
    BootUndone,
    /// `boot` with a file that has errors, which is set aside.
    BootRefused,
    /// `boot` before /var is mounted, `check-boot` behind it.
    BootBeforeVar,
    /// `apply`.
    Apply,
    /// `apply`, with a reload that fails.
    ApplyPutBack,
    /// `rollback --now`.
    RollbackNow,
    /// `rollback`, and the boot behind it.
    RollbackAtBoot,
    /// `try`, and how it ends.
    Try(Ends),
    /// `stage`.
    Stage,
    /// `revert`.
    Revert,
}

impl Verb {
    /// The host before it, and the world that it meets.
    fn template(self) -> Template {
        let host = Host::new();
        let world = self.world(&host);
        match self {
            Verb::BootConfirmed | Verb::BootUndone => host.stage(&world, Some("gateway")),
            Verb::BootRefused => {
                host.write("/etc/cleat/cleat.toml", "[commit]\nkeep-refused = true\n");
                host.write(paths::INTERFACES_NEW, &NEW.replace("192.0.2.2/", "192.0.2.300/"));
            }
            Verb::BootBeforeVar => {
                host.write(paths::FSTAB, "/dev/sdb1 /var ext4 defaults 0 2\n");
                host.stage(&world, None);
            }
            Verb::RollbackNow | Verb::RollbackAtBoot => {
                // The live one is NEW, OLD is generation 1, and goes when there is a third.
                host.write("/etc/cleat/cleat.toml", "[commit]\nkeep-generations = 2\n");
                host.stage(&world, None);
                assert_eq!(run(&host.desk(None, &world), apply_at), Some(End::Well));
            }
            Verb::Stage => {}
            _ => host.stage(&world, None),
        }
        host.template()
    }

    fn world(self, host: &Host) -> Rc<World> {
        let ends = match self {
            Verb::Try(ends) => ends,
            _ => Ends::default(),
        };
        Rc::new(World {
            kernel: host.read(paths::INTERFACES).unwrap().into(),
            refuses_new: self == Verb::ApplyPutBack,
            is_ill: self == Verb::BootUndone,
            ends,
            ..World::default()
        })
    }

    fn run(self, desk: &Desk, host: &Host, world: &Rc<World>) -> Result<End, End> {
        match self {
            Verb::Boot | Verb::BootConfirmed | Verb::BootUndone | Verb::BootRefused | Verb::BootBeforeVar => {
                boots(desk, host, world)
            }
            Verb::Apply | Verb::ApplyPutBack => apply_at(desk),
            Verb::RollbackNow => rollback_now(desk, None),
            Verb::RollbackAtBoot => {
                let staged = stage_generation(desk, Some(1))?;
                host.reboot(2);
                let booted = boots(desk, host, world)?;
                Ok(if staged == End::Well { booted } else { staged })
            }
            Verb::Try(_) => {
                world.guarded(desk);
                try_at(desk, Duration::ZERO)
            }
            Verb::Stage => stage_bytes(desk, NEW.as_bytes().to_vec(), None),
            Verb::Revert => revert_at(desk),
        }
    }

    /// How it ends on a disk without faults, and what is live then.
    fn expected(self) -> (End, &'static str) {
        match self {
            Verb::Boot | Verb::BootConfirmed | Verb::BootBeforeVar | Verb::Apply => (End::Well, NEW),
            Verb::Try(Ends::Enter | Ends::Confirmed) => (End::Well, NEW),
            Verb::RollbackNow | Verb::RollbackAtBoot | Verb::Stage | Verb::Revert => (End::Well, OLD),
            Verb::BootUndone | Verb::BootRefused | Verb::ApplyPutBack | Verb::Try(_) => (End::Fault, OLD),
        }
    }

    /// Whether what is left staged at its end was left by the boot's commit.
    fn commits_at_boot(self) -> bool {
        matches!(self, Verb::Boot | Verb::BootRefused | Verb::BootBeforeVar)
    }

    fn is_of_boot(self) -> bool {
        matches!(
            self,
            Verb::Boot
                | Verb::BootConfirmed
                | Verb::BootUndone
                | Verb::BootRefused
                | Verb::BootBeforeVar
                | Verb::RollbackAtBoot
        )
    }
}

/// As the units do it: the commit, the network, the check.
fn boots(desk: &Desk, host: &Host, world: &Rc<World>) -> Result<End, End> {
    let booted = match desk.store.is_idle() {
        true => End::Well,
        false => boot_at(desk).unwrap_or_else(|end| end),
    };
    world.kernel.replace(host.read(paths::INTERFACES).unwrap_or_default());
    if host.read(paths::FSTAB).is_some() {
        host.write(paths::PROC_MOUNTS, "30 1 8:17 / /var rw - ext4 /dev/sdb1 rw\n");
    }
    let checked = check_boot_at(desk)?;
    Ok(if booted == End::Well { checked } else { booted })
}

/// The live file; anything but the old and the new one is the end of the test.
fn live(host: &Host, when: &str) -> &'static str {
    match host.read(paths::INTERFACES).as_deref() {
        Some(OLD) => OLD,
        Some(NEW) => NEW,
        other => panic!("{when}: the live file is neither the old nor the new one: {other:?}"),
    }
}

/// A machine that had a fault, and what the next runs make of it.
struct After<'a> {
    verb: Verb,
    host: &'a Host,
    world: &'a Rc<World>,
    when: &'a str,
}

impl After<'_> {
    fn desk(&self) -> Desk {
        self.world.end();
        self.host.bury();
        self.host.desk(None, self.world)
    }

    #[track_caller]
    fn well(&self, what: &str, verb: impl FnOnce(&Desk) -> Result<End, End>) {
        let ended = run(&self.desk(), verb);
        assert_eq!(
            ended,
            Some(End::Well),
            "{}: {what}: {}",
            self.when,
            self.world.said.borrow()
        );
    }

    /// The next run in the same boot.
    fn in_this_boot(&self, confirms: bool) {
        let desk = self.desk();
        let mut is_pending = desk.store.pending().unwrap().is_some();
        let mut is_kept = false;
        if self.verb.is_of_boot() && is_pending {
            let _ = run(&desk, check_boot_at);
            is_pending = desk.store.pending().unwrap().is_some();
        } else if is_pending && confirms {
            is_kept = run(&desk, confirm_at) == Some(End::Well);
            let said = self.world.said.borrow();
            assert!(
                is_kept || said.contains("is taken back in part"),
                "{}: {said}",
                self.when
            );
            is_pending = !is_kept;
        }
        if is_kept {
            // Whether the kernel followed, whoever confirms has to see.
        } else if !is_pending {
            let _ = run(&desk, apply_at);
        } else {
            self.well("rollback --now", |desk| rollback_now(desk, None));
        }
        assert!(desk.store.pending().unwrap().is_none(), "{}", self.when);
        self.settled();
        if !is_pending && !is_kept {
            let said = self.world.said.borrow();
            // Where the disk did not give the file that was to be brought up again, that was told.
            if !said.contains("put-back-failed") {
                assert_eq!(
                    *self.world.kernel.borrow(),
                    live(self.host, self.when),
                    "{}: {said}",
                    self.when
                );
            }
        }
    }

    /// The next boot.
    fn at_the_next_boot(&self) {
        self.host.reboot(3);
        let _ = run(&self.desk(), |desk| boots(desk, self.host, self.world));
        assert!(self.desk().store.pending().unwrap().is_none(), "{}", self.when);
        self.settled();
        assert_eq!(*self.world.kernel.borrow(), live(self.host, self.when), "{}", self.when);
    }

    /// Nothing is half done.
    fn settled(&self) {
        let (host, when) = (self.host, self.when);
        let live = live(host, when);
        let staged_alone = matches!(self.verb, Verb::Stage);
        let link_of = |interfaces: &str| {
            let is_new = interfaces == NEW && !staged_alone;
            if is_new { NEW_LINK } else { OLD_LINK }
        };
        assert_eq!(host.read(LINK).as_deref(), Some(link_of(live)), "{when}: {live}");
        let (history, found) = self.desk().store.history();
        assert!(found.is_empty(), "{when}: {found:?}");
        for generation in &history {
            let number = generation.number;
            let text = text_of(&generation.files, paths::INTERFACES);
            assert!(
                [OLD, NEW].contains(&text.as_str()),
                "{when}: generation {number}: {text}"
            );
            let expected = [
                (paths::INTERFACES, text.as_str()),
                (LINK, link_of(&text)),
                MORE,
                SNIPPET,
            ];
            let held: BTreeMap<String, String> = generation
                .files
                .0
                .keys()
                .map(|path| path.to_str().unwrap())
                .map(|path| (path.to_owned(), text_of(&generation.files, path)))
                .collect();
            let expected = expected.map(|(path, text)| (path.to_owned(), text.to_owned()));
            assert_eq!(held, BTreeMap::from(expected), "{when}: generation {number}");
        }
    }

    /// The host can go on: what is staged goes, and another configuration is applied.
    fn goes_on(&self) {
        let (host, when) = (self.host, self.when);
        self.well("revert", revert_at);
        self.well("check-boot", check_boot_at);
        assert!(self.desk().store.is_idle(), "{when}: {:?}", host.names());
        self.well("stage", |desk| stage_bytes(desk, THIRD.as_bytes().to_vec(), None));
        self.well("apply", apply_at);
        assert_eq!(host.read(paths::INTERFACES).as_deref(), Some(THIRD), "{when}");
        assert_eq!(*self.world.kernel.borrow(), THIRD, "{when}");
        let (history, found) = self.desk().store.history();
        assert!(found.is_empty(), "{when}: {found:?}");
        let newest = history.last().unwrap();
        assert_eq!(text_of(&newest.files, paths::INTERFACES), THIRD, "{when}");
        assert!(matches!(newest.health, Health::Healthy { .. }), "{when}: {newest:?}");
        assert_eq!(host.litter(), [""; 0], "{when}");
    }
}

fn text_of(files: &Files, path: &str) -> String {
    String::from_utf8(files.0[Path::new(path)].bytes.clone()).unwrap()
}

/// The calls that a verb makes, and that it does what it should without a fault.
fn calls_of(verb: Verb, template: &Template) -> Vec<String> {
    let (host, faults) = (template.host(), Faults::new(0, Fault::None));
    let world = verb.world(&host);
    let desk = host.desk(Some(&faults), &world);
    let ended = run(&desk, |desk| verb.run(desk, &host, &world));
    let (end, expected) = verb.expected();
    assert_eq!(ended, Some(end), "{verb:?}: {}", world.said.borrow());
    assert_eq!(live(&host, "without a fault"), expected, "{verb:?}");
    let prefix = host.root.prefix().display().to_string();
    let temporary = format!(".cleat-{}-", std::process::id());
    let plain = |call: &String| {
        let call = call.replace(&prefix, "");
        match call.split_once(&temporary) {
            Some((head, rest)) => format!(
                "{head}.cleat-{}",
                rest.trim_start_matches(|sign: char| sign.is_ascii_digit())
            ),
            None => call,
        }
    };
    faults.calls().iter().map(plain).collect()
}

/// One call fails (and perhaps all behind it); then comes the next run, in this boot or the next.
fn fails(verb: Verb, template: &Template, at: usize, fault: Fault, call: &str) {
    let host = template.host();
    let world = verb.world(&host);
    let faults = Faults::new(at, fault);
    let ended = run(&host.desk(Some(&faults), &world), |desk| verb.run(desk, &host, &world));
    let said = world.said.take();
    let when = format!("{verb:?}, {fault:?} at call {at}, {call}: {ended:?}: {said}");
    let now = live(&host, &when);
    let (end, expected) = verb.expected();
    if ended == Some(End::Well) && end == End::Well {
        assert_eq!(now, expected, "{when}: it says that all is well");
    }
    if verb.commits_at_boot() && now == OLD && host.read(paths::INTERFACES_NEW).is_some() {
        // Proxmox VE's own unit looks for nothing else before it moves the file.
        let is_noted = host.read(paths::REFUSED).is_some() || said.contains("[refusal-unnoted]");
        assert!(is_noted, "{when}: the file stays, and nothing holds it");
    }
    let after = After {
        verb,
        host: &host,
        world: &world,
        when: &when,
    };
    // Each of the three errors (5, 28 and 30) meets another run next.
    let turn = match fault {
        Fault::Once(errno) | Fault::FromHere(errno) => at + errno as usize,
        Fault::Cut | Fault::None => at,
    };
    match turn % 3 {
        0 => {}
        turn => after.in_this_boot(turn == 1),
    }
    after.at_the_next_boot();
    if at.is_multiple_of(4) {
        after.goes_on();
    }
}

/// One call is the last.
fn cut(verb: Verb, template: &Template, at: usize, loss: Loss, is_last: bool, call: &str) {
    let host = template.host();
    let world = verb.world(&host);
    let faults = Faults::new(at, Fault::Cut);
    let desk = host.desk(Some(&faults), &world);
    // What the program makes of a dead machine nobody sees.
    let _ = run(&desk, |desk| verb.run(desk, &host, &world));
    drop(desk);
    faults.power_on(loss);
    world.said.take();
    let when = format!("{verb:?}, cut behind call {at}, {call}, losing {loss:?}");
    live(&host, &when);
    let after = After {
        verb,
        host: &host,
        world: &world,
        when: &when,
    };
    after.at_the_next_boot();
    if is_last && !matches!(verb, Verb::Stage) {
        assert_eq!(live(&host, &when), verb.expected().1, "{when}: it was done");
    }
    if at % 4 == 1 {
        after.goes_on();
    }
}

/// Whether a call changes something, where a cut behind it and a fault that lasts have a turn of their own.
fn changes(call: &str) -> bool {
    !call.starts_with("Look(") && !call.starts_with("Read(")
}

fn tried(verbs: &[Verb]) {
    let is_long = std::env::var("CLEAT_FAULTS").is_ok_and(|value| value == "all");
    let mut wrong = Vec::new();
    let mut before: Vec<Vec<String>> = Vec::new();
    for verb in verbs {
        let template = verb.template();
        let calls = calls_of(*verb, &template);
        // What a verb before begins with, too, has had its turn.
        let shared = |other: &Vec<String>| calls.iter().zip(other).take_while(|(one, other)| one == other).count();
        let begin = before.iter().map(shared).max().unwrap_or(0);
        let points = match is_long {
            true => all_points(&calls, begin),
            false => some_points(&calls, begin),
        };
        for point in &points {
            let survives = || match *point {
                Point::Fails { at, fault } => fails(*verb, &template, at, fault, &calls[at - 1]),
                Point::Cut { at, loss } => {
                    let is_last = calls[at..].iter().all(|call| !changes(call));
                    cut(*verb, &template, at, loss, is_last, &calls[at - 1]);
                }
            };
            if let Err(payload) = catch_unwind(AssertUnwindSafe(survives)) {
                wrong.push(payload.downcast_ref::<String>().cloned().unwrap_or_default());
            }
        }
        let changing = calls.iter().filter(|call| changes(call)).count();
        let cuts = points.iter().filter(|point| matches!(point, Point::Cut { .. })).count();
        // Not println!: libtest would swallow it in a passing test.
        let _ = writeln!(
            std::io::stderr(),
            "COMPARED faults, cleat-commit {verb:?}: {} calls to the file system, {changing} change something; {} points \
             where one fails, {cuts} where it is the last before a cut",
            calls.len(),
            points.len() - cuts
        );
        assert!(cuts > 0, "{verb:?}");
        before.push(calls);
    }
    let shown = wrong.iter().take(5).cloned().collect::<Vec<_>>().join("\n\n");
    assert!(wrong.is_empty(), "{} points are wrong; the first: {shown}", wrong.len());
}

/// What goes wrong at a call, by its number from 1.
#[derive(Clone, Copy, Debug)]
enum Point {
    Fails { at: usize, fault: Fault },
    Cut { at: usize, loss: Loss },
}

const ERRORS: [Errno; 3] = [Errno::EIO, Errno::ENOSPC, Errno::EROFS];

fn losses(at: usize) -> impl Iterator<Item = Loss> {
    let choices = (0..5).map(move |choice| Loss::Some(at as u64 * 8 + choice));
    [Loss::Nothing, Loss::Everything, Loss::Bytes]
        .into_iter()
        .chain(choices)
}

/// Every call with every fault. From one that only looks on, the next one that changes something fails where the fault
/// lasts, and behind it the disk is as it was before it: that one has its own turn.
fn all_points(calls: &[String], begin: usize) -> Vec<Point> {
    let mut points = Vec::new();
    for (index, call) in calls.iter().enumerate().skip(begin) {
        let at = index + 1;
        points.extend(ERRORS.map(|errno| Point::Fails {
            at,
            fault: Fault::Once(errno),
        }));
        if changes(call) {
            points.extend(ERRORS.map(|errno| Point::Fails {
                at,
                fault: Fault::FromHere(errno),
            }));
            points.extend(losses(at).map(|loss| Point::Cut { at, loss }));
        }
    }
    points
}

/// The calls that change something with each error, once or from there on by turns, and one loss; of the first of each
/// other kind every second with one error.
fn some_points(calls: &[String], begin: usize) -> Vec<Point> {
    let mut points = Vec::new();
    let mut turn = 0;
    for (index, call) in calls.iter().enumerate().skip(begin) {
        let at = index + 1;
        if changes(call) {
            for (choice, errno) in ERRORS.into_iter().enumerate() {
                let fault = match (turn + choice) % 2 {
                    0 => Fault::Once(errno),
                    _ => Fault::FromHere(errno),
                };
                points.push(Point::Fails { at, fault });
            }
            points.extend(losses(at).nth(turn % 8).map(|loss| Point::Cut { at, loss }));
            turn += 1;
        } else if index % 2 == 0 && !calls[..index].contains(call) {
            let fault = Fault::Once(ERRORS[index / 2 % 3]);
            points.push(Point::Fails { at, fault });
        }
    }
    points
}

#[test]
fn a_boot_survives_each_error_and_a_cut_at_each_call_that_changes_something() {
    tried(&[Verb::Boot, Verb::BootRefused]);
}

#[test]
fn a_boot_before_var_is_mounted_survives_each_error_and_a_cut_at_each_call_that_changes_something() {
    tried(&[Verb::BootBeforeVar]);
}

#[test]
fn a_first_boot_with_a_check_survives_each_error_and_a_cut_at_each_call_that_changes_something() {
    tried(&[Verb::BootConfirmed, Verb::BootUndone]);
}

#[test]
fn an_apply_survives_each_error_and_a_cut_at_each_call_that_changes_something() {
    tried(&[Verb::Apply, Verb::ApplyPutBack]);
}

#[test]
fn a_rollback_survives_each_error_and_a_cut_at_each_call_that_changes_something() {
    tried(&[Verb::RollbackNow, Verb::RollbackAtBoot]);
}

#[test]
fn a_try_survives_each_error_and_a_cut_at_each_call_that_changes_something() {
    tried(&[
        Verb::Try(Ends::Enter),
        Verb::Try(Ends::Confirmed),
        Verb::Try(Ends::Time),
        Verb::Try(Ends::HangUp),
        Verb::Try(Ends::RolledBack),
    ]);
}

#[test]
fn staging_survives_each_error_and_a_cut_at_each_call_that_changes_something() {
    tried(&[Verb::Stage, Verb::Revert]);
}
