//! The second half of the way: wanted network, plan, steps, a second look, record.

use crate::apply::account::Account;
use crate::apply::aftermath;
use crate::apply::interrupt;
use crate::hooks::{PlannedHooks, Runner};
use crate::look::absent::LeftOut;
use crate::look::lacking;
use crate::plan::conversations;
use crate::read::rename::{self, Due};
use crate::read::session::Session;
use crate::state::State;
use cleat_diag::{Diagnostic, Severity};
use cleat_model::apply::{self, Ending, OnError, Outcome};
use cleat_model::attr::Value;
use cleat_model::desired::Desired;
use cleat_model::ethtool::Group;
use cleat_model::hash::Fold;
use cleat_model::journal::{self, JournalSink, Recovery};
use cleat_model::kernel::{Kernel, Query};
use cleat_model::name::IfName;
use cleat_model::op::{Action, Op, Plan, StepId};
use cleat_model::owned::Owned;
use cleat_model::plan::{self, Request};
use cleat_model::resolve;
use cleat_model::snapshot::Snapshot;
use cleat_model::table;
use cleat_model::verify;
use cleat_root::{Log, Reserved, RootError, paths};
use cleat_sysctl::{fresh, made};
use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};
use std::hash::{Hash, Hasher};
use std::path::Path;

/// What a plan was made from.
#[derive(Clone, Copy, Debug)]
pub struct Basis<'a> {
    /// The wanted network.
    pub desired: &'a Desired,
    /// The kernel as it was.
    pub snapshot: &'a Snapshot,
    /// What was ours.
    pub owned: &'a Owned,
    /// What is asked.
    pub request: &'a Request,
    /// Whether it brings back what was before: a signal does not end it early, for nobody else would do it.
    pub is_way_back: bool,
    /// Links that got another name before the kernel was read: they get their old one where the run is undone.
    pub renamed: &'a [Due],
}

/// What came of a plan.
#[derive(Clone, Debug)]
pub struct Applied<'a> {
    /// How each step went; `None` where there was nothing to do.
    pub outcome: Option<Outcome>,
    /// What is ours now.
    pub owned: Cow<'a, Owned>,
    /// Whether the kernel could not be looked at again, so that `owned` is what was ours before: what was done is in the
    /// journal, which is left for the next run.
    pub is_blind: bool,
    /// The kernel after the steps; `None` where there were none, or it could not be looked at again.
    pub after: Option<Snapshot>,
}

impl Applied<'_> {
    /// Whether a signal ended it early.
    pub fn is_interrupted(&self) -> bool {
        self.outcome.as_ref().is_some_and(|outcome| outcome.interrupted)
    }

    fn has_rebuilt(&self) -> bool {
        self.outcome.as_ref().is_some_and(|outcome| !outcome.rebuilt.is_empty())
    }

    /// The state that the host is in, for the closing line.
    pub fn summary(&self) -> &'static str {
        match self.outcome.as_ref().map(|outcome| outcome.ending) {
            None => "nothing had to be changed",
            Some(Ending::Done | Ending::Partly) if self.is_interrupted() => "what was begun by then was done",
            Some(Ending::Done | Ending::Partly) => "the rest was done",
            Some(Ending::PutBack) if self.has_rebuilt() => "what was begun was put back",
            Some(Ending::PutBack) => "nothing was changed: what was begun was put back",
            Some(Ending::Stuck(_)) => "not all that was begun could be put back",
        }
    }
}

impl Session {
    /// Builds the wanted network, judged against the kernel where `facts` are given, and answers what is wrong with it.
    pub fn resolve(&mut self, facts: Option<&Snapshot>) -> (Desired, Vec<Diagnostic>) {
        self.decls.draw = self.draw();
        resolve::resolve(&self.decls, facts)
    }

    /// As [`Session::resolve`], for who looks once: what is wrong is added to what is to be reported.
    pub fn wanted(&mut self, facts: Option<&Snapshot>) -> Desired {
        let (desired, mut found) = self.resolve(facts);
        self.diagnostics.append(&mut found);
        desired
    }

    /// What hardware addresses are drawn from, where any is: another number at each boot.
    fn draw(&self) -> u64 {
        let mut options = self.decls.iter().flat_map(|decl| &decl.options);
        if !options.any(|option| option.typed == Some(Value::Drawn)) {
            return 0;
        }
        let mut hash = Fold::default();
        let boot = self.root.read_text(paths::BOOT_ID).unwrap_or_default();
        boot.hash(&mut hash);
        hash.finish()
    }

    /// The dumps that this configuration, and what is ours, need; the costlier ones are left out where nothing would
    /// be compared with them.
    pub fn query(&self, owned: &Owned) -> Query {
        let said = |names: &[&str]| {
            let mut options = self.decls.iter().flat_map(|decl| &decl.options);
            options.any(|option| names.contains(&option.name()))
        };
        Query {
            routes: true,
            vlans: said(&["bridge-vlan-aware", "bridge-vids", "bridge-pvid", "bridge-access"])
                || owned.links.values().any(|link| !link.vlans.is_empty()),
            fdb: said(&["vxlan-remoteip", "vxlan-svcnodeip"]) || owned.links.values().any(|link| !link.fdb.is_empty()),
            rules: said(&["vrf-table"]) || !owned.rules.is_empty(),
            ethtool: self.of_nics(owned),
            ..Query::default()
        }
    }

    /// What of ethtool(8) options ask for, or asked for when they were still written.
    pub fn of_nics(&self, owned: &Owned) -> BTreeMap<IfName, BTreeSet<Group>> {
        let said = self.decls.iter().flat_map(|decl| {
            let rows = decl.options.iter().filter_map(|option| option.attr);
            rows.filter_map(|row| Some((decl.name, row.0.field()?.group)))
        });
        let ours = owned.links.iter().flat_map(|(name, link)| {
            let rows = link.knobs.iter().filter_map(|knob| table::find(knob));
            rows.filter_map(|row| Some((*name, row.field()?.group)))
        });
        let mut all: BTreeMap<IfName, BTreeSet<Group>> = BTreeMap::new();
        for (name, group) in said.chain(ours) {
            all.entry(name).or_default().insert(group);
        }
        all
    }

    /// The difference between what is wanted and what is, and what is to be said of it. `None`: nothing may be done, and
    /// that says why.
    pub fn plan(&mut self, basis: Basis<'_>) -> (Option<Plan>, Vec<Diagnostic>) {
        let Basis {
            desired,
            snapshot,
            owned,
            request,
            is_way_back: _,
            renamed: _,
        } = basis;
        let fresh = fresh::of_gone(&self.root, desired, owned, &mut self.sources);
        let with_fresh = (!fresh.is_empty()).then(|| Request {
            fresh,
            ..request.clone()
        });
        let request = with_fresh.as_ref().unwrap_or(request);
        let mut planned = plan::plan(desired, snapshot, owned, request);
        let removes = planned.plan.ops().any(may_cut_off);
        let sysctls = made::of_plan(&self.root, &planned.plan, &mut self.sources);
        let storage = match removes {
            true => conversations::storage(&self.root),
            false => BTreeMap::new(),
        };
        if !sysctls.is_empty() || !storage.is_empty() {
            let request = Request {
                sysctls,
                storage,
                ..request.clone()
            };
            planned = plan::plan(desired, snapshot, owned, &request);
        }
        ((!planned.refused).then_some(planned.plan), planned.diagnostics)
    }

    /// Does the plan's steps, looks at the kernel again, reports what is not as wanted, and says what is ours now.
    ///
    /// The journal is kept while it runs, so that [`Session::recover`] finds what a crash left.
    pub fn apply<'a>(
        &mut self,
        kernel: &mut dyn Kernel,
        plan: &Plan,
        basis: Basis<'a>,
        runner: &mut Runner,
        (on_error, records, account): (OnError, &mut Records, &mut Account),
    ) -> Applied<'a> {
        let names = &basis.request.scope;
        let (up, down): (&[IfName], &[IfName]) = match basis.request.verb {
            plan::Verb::Down => (&[], names),
            plan::Verb::Up | plan::Verb::Reload => (names, &[]),
        };
        if plan.is_empty() {
            // What cannot be made here is not there without a step, too.
            if !up.is_empty() && !basis.request.admin_only {
                let missing = verify::missing(basis.desired, basis.snapshot, up);
                self.tell_new(missing, basis.desired, basis.snapshot);
            }
            return Applied {
                outcome: None,
                owned: basis.owned.settle(basis.desired, basis.snapshot, up, down),
                is_blind: false,
                after: None,
            };
        }
        let query = self.query(basis.owned);
        // How it is in the last moment before it changes, with all that a run that fails is to bring back.
        let before = (on_error == OnError::RollBack).then(|| aftermath::before(kernel, basis.snapshot, &query));
        let logical = self.logical_names();
        let mut hooks = PlannedHooks::new(runner, basis.desired, basis.owned, logical);
        if !basis.is_way_back {
            interrupt::catch();
            interrupt::arm();
        }
        let mut outcome = apply::apply_observed(plan, kernel, &mut hooks, &mut records.journal, on_error, account);
        interrupt::disarm();
        self.diagnostics.append(&mut outcome.diagnostics);
        self.tell_interrupted(&outcome);
        let mut now = None;
        if outcome.ending == Ending::Done {
            now = self.snapshot(kernel, query.clone());
            if let (Some(before), Some(seen)) = (&before, &now) {
                let mut lost = self.lost_at_the_end(plan, basis, &outcome.done, (before, seen));
                if !lost.is_empty() {
                    self.diagnostics.append(&mut lost);
                    outcome = apply::take_back(plan, outcome, kernel, &mut records.journal, account);
                }
            }
        }
        let put_back = matches!(outcome.ending, Ending::PutBack | Ending::Stuck(_));
        if let Some(before) = before.filter(|_| put_back) {
            outcome.diagnostics.extend(hooks.put_back(plan, &outcome.done));
            let ours = apply::of_plan(plan);
            aftermath::settle(&ours, (&before, &[]), kernel, &outcome.stuck, account).enter(&mut outcome);
            let renamed = rename::take_back(basis.renamed, kernel, account);
            outcome.diagnostics.extend(renamed);
            now = None;
        }
        outcome.diagnostics.extend(hooks.passed_over());
        self.diagnostics.append(&mut outcome.diagnostics);
        let Some(now) = now.or_else(|| self.snapshot(kernel, query)) else {
            return Applied {
                outcome: Some(outcome),
                owned: Cow::Borrowed(basis.owned),
                is_blind: true,
                after: None,
            };
        };
        let owned = match put_back {
            true => basis.owned.settle(basis.desired, &now, &[], &[]),
            false => basis.owned.settle(basis.desired, &now, up, down),
        };
        let owned = Owned::remembering(owned, basis.owned, basis.snapshot);
        let owned = match put_back {
            true => owned,
            false => Owned::with_rules(owned, plan.ops_of(&outcome.done)),
        };
        // What was left out for a signal is not there, of course.
        let judged = !put_back && !outcome.interrupted;
        if judged && basis.request.verb != plan::Verb::Down && !basis.request.admin_only {
            let differs = verify::verify(basis.desired, &now, up);
            self.tell_new(differs, basis.desired, &now);
        }
        Applied {
            outcome: Some(outcome),
            owned,
            is_blind: false,
            after: Some(now),
        }
    }

    fn tell_interrupted(&mut self, outcome: &Outcome) {
        let Some(signal) = interrupt::heard().filter(|_| outcome.interrupted) else {
            return;
        };
        let done = match outcome.ending {
            Ending::PutBack | Ending::Stuck(_) => "what was begun is undone",
            Ending::Done | Ending::Partly => "what was not begun is left out",
        };
        let text = format!("interrupted by {signal}: {done}");
        self.diagnostics.push(Diagnostic::error("interrupted", text));
    }

    /// What is wanted and not there although every step was done, and for which a reload is put back like one that fails.
    ///
    /// *Shape*: a link, an address, a gateway or a membership that was there before, or is new in the file. What was
    /// missing before the run as well is only reported, and so is what a hook line of that interface, or one that names it,
    /// may have taken away.
    fn lost_at_the_end(
        &self,
        plan: &Plan,
        basis: Basis<'_>,
        done: &[StepId],
        (before, now): (&Snapshot, &Snapshot),
    ) -> Vec<Diagnostic> {
        let request = basis.request;
        if request.verb != plan::Verb::Reload || request.admin_only {
            return Vec::new();
        }
        let steps = done.iter().filter_map(|id| plan.steps.get(id.0 as usize));
        let lines: Vec<(IfName, &String)> = steps
            .filter_map(|step| match &step.action {
                Action::Hook(iface, _, run) => Some(run.lines.iter().map(|line| (*iface, line))),
                Action::Kernel(_) => None,
            })
            .flatten()
            .collect();
        let is_hooked = |name: &IfName| {
            let mut lines = lines.iter();
            lines.any(|(iface, line)| iface == name || line.contains(name.as_str()))
        };
        let scope: Vec<IfName> = request.scope.iter().copied().filter(|name| !is_hooked(name)).collect();
        let lost = verify::lost(basis.desired, (before, now), basis.owned, &scope);
        let lost = self.untold(lost, basis.desired, now);
        let lost = lost
            .into_iter()
            .map(|fault| fault.help("see what takes it away; the reload is taken back for it"));
        lost.collect()
    }

    /// Tells what is not as wanted, but for what follows from what was told already, and what hangs on a NIC that is not
    /// there.
    fn tell_new(&mut self, found: Vec<Diagnostic>, desired: &Desired, now: &Snapshot) {
        let new = self.untold(found, desired, now);
        self.diagnostics.extend(new);
    }

    fn untold(&self, mut found: Vec<Diagnostic>, desired: &Desired, now: &Snapshot) -> Vec<Diagnostic> {
        let told = &self.diagnostics;
        let absent = LeftOut::of(desired, now, &lacking::left_out(told, &self.sources));
        found.retain(|found| !is_told(told, found) && !absent.has(found));
        found
    }

    /// Takes room for all that a plan writes down, before its first step: /run may fill up meanwhile.
    ///
    /// *Shape*: with why not all can be written down, where it cannot: the journal, or what is ours after it, may be
    /// missing then.
    pub fn records(&self, plan: &Plan, state: &State) -> (Records, Option<String>) {
        let mut records = Records::default();
        if plan.is_empty() {
            return (records, None);
        }
        if state.is_adopted() {
            // The journal is all that tells what a run before made: it must not make room for another one.
            let fault = "what a run before left could not be recorded".to_owned();
            records.journal.fault.clone_from(&fault);
            return (records, Some(fault));
        }
        let room = journal::room(plan);
        // What a step makes is in the record as it is in the journal, and stanzas with their hooks as they are written.
        let texts: usize = self
            .config
            .files()
            .filter_map(|(file, _)| self.sources.get(file))
            .map(|source| source.bytes().len())
            .sum();
        let begun = self.root.begin_log(&self.files.journal, room).and_then(|log| {
            records.journal.log = Some(log);
            records.state = Some(state.reserve(&self.root, room + texts as u64)?);
            Ok(())
        });
        let fault = begun.err().map(|error: RootError| error.to_string());
        if records.journal.log.is_none() {
            records.journal.fault = fault.clone().unwrap_or_default();
        }
        (records, fault)
    }

    /// Gives up what [`Session::records`] took, where nothing is begun.
    pub fn give_up(&self, records: Records) {
        if records.journal.log.is_none() {
            return;
        }
        drop(records);
        // Where it cannot be removed it is empty, and speaks of no step.
        let _ = self.root.remove(&self.files.journal);
    }

    /// Writes down what is ours, and then ends the journal: until then it is the record.
    pub fn save(&mut self, state: &State, owned: &Owned, mut records: Records) {
        if let Err(error) = state.save(&self.root, owned, records.state.take()) {
            let text = format!("what is ours could not be recorded: {error}");
            let fault = Diagnostic::error("state-unwritable", text);
            self.diagnostics.push(match records.journal.log {
                Some(_) => fault.note("the journal has it, and is left for the next run"),
                None => fault,
            });
            return;
        }
        if let Some(log) = &mut records.journal.log {
            // Where the file cannot be removed this line says that it speaks of nothing any more.
            let _ = log.add(format!("{}\n", journal::end()).as_bytes());
        }
        self.remove_journal(&self.files.journal.clone());
    }

    fn remove_journal(&mut self, path: &Path) {
        if let Err(error) = self.root.remove(path) {
            self.diagnostics
                .push(Diagnostic::warning("journal-unwritable", error.to_string()));
        }
    }

    /// Takes over what runs left that did not come to their end: what they made is ours, and the plan that follows makes
    /// the difference, whatever those runs had in mind. Answers what they left, for [`Session::keep_recovered`].
    pub fn recover(&mut self, state: &mut State) -> Vec<Recovery> {
        let mut all = Vec::new();
        for path in [self.files.journal.clone(), self.files.inner_journal.clone()] {
            let left = self.root.read(&path).ok().and_then(|bytes| journal::recover(&bytes));
            let Some(left) = left else { continue };
            left.adopt(state.owned_mut());
            let (done, open) = (left.done.len(), left.open.len());
            let text = format!("a run before did not come to its end: {done} steps were done, {open} begun");
            let warning = Diagnostic::warning("run-unfinished", text).note("what it made is taken over");
            self.diagnostics.push(warning);
            all.push(left);
        }
        all
    }

    /// Records what was taken over, and only then removes the journals that tell of it: this run may be killed, too.
    /// With `record` unset it is taken over for this run alone.
    pub fn keep_recovered(&mut self, left: &[Recovery], state: &mut State, now: &Snapshot, record: bool) {
        for left in left {
            left.adopt_masters(state.owned_mut(), now);
        }
        if left.is_empty() || !record {
            return;
        }
        match state.keep_adopted(&self.root) {
            Ok(()) => {
                for path in [self.files.journal.clone(), self.files.inner_journal.clone()] {
                    self.remove_journal(&path);
                }
                // What that run had reserved, and never put in place.
                let directory = self.files.state.parent().unwrap_or(Path::new("/"));
                if let Err(error) = self.root.sweep(directory) {
                    log::debug!("{error}");
                }
            }
            Err(error) => {
                let text = format!("what a run before left could not be recorded: {error}");
                self.diagnostics.push(Diagnostic::warning("state-unwritable", text));
            }
        }
    }
}

/// Whether a step may take away what the host reaches its disks by.
fn may_cut_off(op: &Op) -> bool {
    matches!(
        op,
        Op::DelAddress { .. }
            | Op::DelRoute { .. }
            | Op::AddRoute { replace: true, .. }
            | Op::DeleteLink { .. }
            | Op::SetMaster { .. }
            | Op::SetUp { up: false, .. }
    )
}

/// Whether an error of that interface, or of that line, was told already: what follows from it need not be told again.
fn is_told(told: &[Diagnostic], found: &Diagnostic) -> bool {
    let place = |diagnostic: &Diagnostic| diagnostic.label.as_ref().map(|label| label.place);
    // A port that is absent says nothing of what else its bridge lacks.
    // What a driver refused or does not have is not as wanted, of course.
    let is_of_nic = |code: &str| matches!(code, "nic-option-refused" | "no-nic-support");
    if found.code == "nic-differs" && told.iter().any(|old| is_of_nic(old.code) && old.iface == found.iface) {
        return true;
    }
    let mut errors = told
        .iter()
        .filter(|old| old.severity == Severity::Error && old.code != "missing-link");
    errors.any(|old| {
        let same_iface = old.iface == found.iface && old.iface.is_some();
        let same_line = place(old) == place(found) && place(old).is_some();
        same_iface || same_line
    })
}

/// Where a run writes down what it does, with room for it.
#[derive(Debug, Default)]
pub struct Records {
    journal: JournalFile,
    state: Option<Reserved>,
}

/// The journal as a file.
#[derive(Debug, Default)]
struct JournalFile {
    log: Option<Log>,
    /// Why there is none.
    fault: String,
}

impl JournalSink for JournalFile {
    fn put(&mut self, line: &str) -> Result<(), String> {
        let Some(log) = &mut self.log else {
            return Err(self.fault.clone());
        };
        let bytes = [line.as_bytes(), b"\n"].concat();
        log.add(&bytes).map_err(|error| error.to_string())
    }
}
