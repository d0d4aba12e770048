//! The second half of the way: wanted network, plan, steps, a second look, record.

use crate::absent::LeftOut;
use crate::hooks::{PlannedHooks, Runner};
use crate::lacking;
use crate::session::Session;
use crate::state::State;
use crate::sysctl::{fresh, made};
use cleat_diag::{Diagnostic, Severity};
use cleat_model::apply::{self, Ending, OnError, Outcome};
use cleat_model::desired::Desired;
use cleat_model::journal::{self, JournalSink};
use cleat_model::kernel::{Kernel, Query};
use cleat_model::name::IfName;
use cleat_model::op::Plan;
use cleat_model::owned::Owned;
use cleat_model::plan::{self, Request};
use cleat_model::resolve;
use cleat_model::snapshot::Snapshot;
use cleat_model::verify;
use cleat_root::Root;
use std::borrow::Cow;
use std::path::{Path, PathBuf};

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
}

/// What came of a plan.
#[derive(Clone, Debug)]
pub struct Applied<'a> {
    /// How each step went; `None` where there was nothing to do.
    pub outcome: Option<Outcome>,
    /// What is ours now.
    pub owned: Cow<'a, Owned>,
}

impl Applied<'_> {
    /// The state that the host is in, for the closing line.
    pub fn summary(&self) -> &'static str {
        match self.outcome.as_ref().map(|outcome| outcome.ending) {
            None => "nothing had to be changed",
            Some(Ending::Done | Ending::Partly) => "the rest was done",
            Some(Ending::PutBack) => "nothing was changed: what was begun was put back",
            Some(Ending::Stuck(_)) => "not all that was begun could be put back",
        }
    }
}

impl Session {
    /// Builds the wanted network, judged against the kernel where `facts` are given.
    pub fn resolve(&mut self, facts: Option<&Snapshot>) -> Desired {
        let (desired, mut found) = resolve::resolve(&self.decls, facts);
        self.diagnostics.append(&mut found);
        desired
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
        }
    }

    /// The difference between what is wanted and what is. `None`: nothing may be done, and the diagnostics say why.
    pub fn plan(&mut self, basis: Basis<'_>) -> Option<Plan> {
        let Basis {
            desired,
            snapshot,
            owned,
            request,
        } = basis;
        let fresh = fresh::of_gone(&self.root, desired, owned, &mut self.sources);
        let with_fresh = (!fresh.is_empty()).then(|| Request {
            fresh,
            ..request.clone()
        });
        let request = with_fresh.as_ref().unwrap_or(request);
        let mut planned = plan::plan(desired, snapshot, owned, request);
        let sysctls = made::of_plan(&self.root, &planned.plan, &mut self.sources);
        if !sysctls.is_empty() {
            let request = Request {
                sysctls,
                ..request.clone()
            };
            planned = plan::plan(desired, snapshot, owned, &request);
        }
        self.diagnostics.append(&mut planned.diagnostics);
        (!planned.refused).then_some(planned.plan)
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
        on_error: OnError,
    ) -> Applied<'a> {
        let names = &basis.request.scope;
        let (up, down): (&[IfName], &[IfName]) = match basis.request.verb {
            plan::Verb::Down => (&[], names),
            plan::Verb::Up | plan::Verb::Reload => (names, &[]),
        };
        if plan.is_empty() {
            return Applied {
                outcome: None,
                owned: basis.owned.settle(basis.desired, basis.snapshot, up, down),
            };
        }
        let mut sink = JournalFile::new(self.root.clone(), self.files.journal.clone());
        let logical = self.logical_names();
        let mut hooks = PlannedHooks::new(runner, basis.desired, basis.owned, logical);
        let mut outcome = apply::apply(plan, kernel, &mut hooks, &mut sink, on_error);
        if matches!(outcome.ending, Ending::PutBack | Ending::Stuck(_)) {
            outcome.diagnostics.extend(hooks.put_back(plan, &outcome.done));
        }
        outcome.diagnostics.extend(hooks.passed_over());
        self.diagnostics.append(&mut outcome.diagnostics);
        let query = self.query(basis.owned);
        let Some(now) = self.snapshot(kernel, query) else {
            // What was done is in the journal, which is left for the next run.
            return Applied {
                outcome: Some(outcome),
                owned: Cow::Borrowed(basis.owned),
            };
        };
        let put_back = matches!(outcome.ending, Ending::PutBack | Ending::Stuck(_));
        let owned = match put_back {
            true => basis.owned.settle(basis.desired, &now, &[], &[]),
            false => basis.owned.settle(basis.desired, &now, up, down),
        };
        let owned = Owned::remembering(owned, basis.owned, basis.snapshot);
        if !put_back && basis.request.verb != plan::Verb::Down && !basis.request.admin_only {
            let told = self.diagnostics.clone();
            let absent = LeftOut::of(basis.desired, &now, &lacking::left_out(&told, &self.sources));
            let differs = verify::verify(basis.desired, &now, up).into_iter();
            self.diagnostics
                .extend(differs.filter(|found| !is_told(&told, found) && !absent.has(found)));
        }
        Applied {
            outcome: Some(outcome),
            owned,
        }
    }

    /// Writes down what is ours and closes the journal.
    pub fn save(&mut self, state: &State, owned: &Owned) {
        if let Err(error) = state.save(&self.root, owned) {
            let text = format!("what is ours could not be recorded: {error}");
            self.diagnostics.push(Diagnostic::error("state-unwritable", text));
            return;
        }
        if let Err(error) = self.root.remove(&self.files.journal) {
            self.diagnostics
                .push(Diagnostic::warning("journal-unwritable", error.to_string()));
        }
    }

    /// Takes over what a run left that did not come to its end: what it made is ours, and the plan that follows makes
    /// the difference, whatever that run had in mind.
    pub fn recover(&mut self, state: &mut State) {
        for path in [self.files.journal.clone(), self.files.inner_journal.clone()] {
            let left = self.root.read(&path).ok().and_then(|bytes| journal::recover(&bytes));
            let Some(left) = left else { continue };
            left.adopt(state.owned_mut());
            let (done, open) = (left.done.len(), left.open.len());
            let text = format!("a run before did not come to its end: {done} steps were done, {open} begun");
            let warning = Diagnostic::warning("run-unfinished", text).note("what it made is taken over");
            self.diagnostics.push(warning);
        }
    }
}

/// Whether an error of that interface, or of that line, was told already: what follows from it need not be told again.
fn is_told(told: &[Diagnostic], found: &Diagnostic) -> bool {
    let place = |diagnostic: &Diagnostic| diagnostic.label.as_ref().map(|label| label.place);
    // A port that is absent says nothing of what else its bridge lacks.
    let mut errors = told
        .iter()
        .filter(|old| old.severity == Severity::Error && old.code != "missing-link");
    errors.any(|old| {
        let same_iface = old.iface == found.iface && old.iface.is_some();
        let same_line = place(old) == place(found) && place(old).is_some();
        same_iface || same_line
    })
}

/// The journal as a file.
struct JournalFile {
    root: Root,
    path: PathBuf,
    begun: bool,
}

impl JournalFile {
    fn new(root: Root, path: PathBuf) -> Self {
        Self {
            root,
            path,
            begun: false,
        }
    }
}

impl JournalSink for JournalFile {
    fn put(&mut self, line: &str) -> Result<(), String> {
        if !self.begun {
            let directory = self.path.parent().unwrap_or(Path::new("/"));
            self.root.create_dir_all(directory).map_err(|error| error.to_string())?;
            self.root.remove(&self.path).map_err(|error| error.to_string())?;
            self.begun = true;
        }
        let bytes = [line.as_bytes(), b"\n"].concat();
        self.root.append(&self.path, &bytes).map_err(|error| error.to_string())
    }
}
