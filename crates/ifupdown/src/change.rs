//! `ifup`, `ifdown` and `ifreload`: one way, three requests.

use crate::apply::account::Account;
use crate::apply::announce;
use crate::apply::hangup;
use crate::apply::interrupt;
use crate::args::{Args, Input};
use crate::command::Command;
use crate::early::Early;
use crate::hooks::Runner;
use crate::hooks::recursion;
use crate::look::absent;
use crate::look::lacking;
use crate::look::{Seen, look};
use crate::plan::forewarn;
use crate::plan::pipeline::{Basis, Records};
use crate::plan::trust;
use crate::read::rename::{self, Renames};
use crate::read::saved_nics::SavedNics;
use crate::read::session::Session;
use crate::read::severity::{self, Situation};
use crate::state::State;
use crate::state::history::{self, Brought};
use crate::state::lock::{self, Turn};
use crate::state::runs::{Run, by};
use crate::unchanged::{self, Answer, Question};
use cleat_cli::exit::Exit;
use cleat_cli::logging::Reporter;
use cleat_cli::show;
use cleat_diag::{Diagnostic, Severity};
use cleat_kernel::Host;
use cleat_model::apply::OnError;
use cleat_model::desired::{Desired, Phase};
use cleat_model::journal::Recovery;
use cleat_model::kernel::Kernel;
use cleat_model::name::IfName;
use cleat_model::owned::Owned;
use cleat_model::plan::{Request, Verb};
use cleat_model::snapshot::{Link, Snapshot};
use cleat_root::LockError;
use cleat_settings::HookFailure;
use cleat_store::{Health, incomplete};
use log::debug;
use std::borrow::Cow;

/// Runs one of the three.
///
/// *Shape*: lock, state, kernel, wanted network, scope, plan, steps, a second look, state. An error in the file stops
/// `ifreload` and `--syntax-check`; `ifup` and `ifdown` leave out what is wrong and go on with the rest.
pub fn run(args: &Args, session: &mut Session, early: Option<Early>) -> Exit {
    let reporter = Reporter::new(args.verbosity);
    let mut ended = go(args, session, early);
    if session.settings.hook_failure == HookFailure::Error && !args.ignore_errors {
        blame_hooks(&mut session.diagnostics);
    }
    if !args.names.is_empty() && args.command != Command::Ifreload && !was_left_out(args, session, &ended.scope) {
        leave_out_others(&mut session.diagnostics, &ended.scope);
    }
    if args.hotplug {
        forgive_absent(&mut session.diagnostics);
    }
    if !args.must_be_recorded() {
        forgive_records(&mut session.diagnostics);
    }
    severity::regrade(&mut session.diagnostics, Situation::of(args));
    let acts = !args.no_act && !args.syntax_check && args.graph.is_none() && nix::unistd::geteuid().is_root();
    let by = if acts { by(&session.root) } else { String::new() };
    let generation = match acts && !matches!(ended.turn, Some(Turn::Callers(_))) {
        true => {
            let noted = history::note(args, &Brought::of(session, &by), ended.tried(args), ended.health.take());
            noted.unwrap_or_else(|error| {
                session.diagnostics.push(incomplete(&error));
                None
            })
        }
        false => None,
    };
    // Until then no other run may come between: generations are in the order of the runs.
    drop(ended.turn.take());
    // One that is said with a warning would be repeated without it.
    if let Some(answer) = ended.answer.take().filter(|_| session.diagnostics.is_empty()) {
        answer.keep(&session.root, &session.files, generation);
    }
    reporter.print(&session.diagnostics, session.sources());
    let left_out = lacking::left_out(&session.diagnostics, session.sources());
    if let Some(account) = &ended.account {
        let text = account.closing();
        // With errors, or links that were left out, the last line says what that means.
        let clean = !session.has_errors() && left_out.is_empty();
        if clean || !account.entries().is_empty() {
            reporter.account(&text);
        }
    }
    if let Some(outcome) = ended.outcome {
        reporter.close_without(&session.diagnostics, outcome, &left_out);
    }
    let exit = match ended.exit {
        Exit::Done if session.has_errors() => Exit::Failed,
        exit => exit,
    };
    if acts {
        let run = Run::of(by, args, exit, ended.account.as_ref(), &session.diagnostics);
        run.in_generation(generation).record(&session.root, &session.files);
    }
    exit
}

/// What is said of the host where a run ended before its first step.
const UNTOUCHED: &str = "nothing was changed";

/// How a run ended, and what that means for the host.
#[derive(Default)]
struct Ended {
    exit: Exit,
    outcome: Option<&'static str>,
    /// The interfaces it was about.
    scope: Vec<IfName>,
    /// What was done; `None` where nothing was begun.
    account: Option<Account>,
    /// What it says of the configuration, where that is not for the diagnostics to say.
    health: Option<Health>,
    /// What may answer the next run.
    answer: Option<Answer>,
    /// The lock, until all is written down.
    turn: Option<Turn>,
}

impl Ended {
    fn new(exit: Exit) -> Self {
        Self {
            exit,
            ..Self::default()
        }
    }

    /// Whether the configuration was brought up, or a change of it was tried.
    fn tried(&self, args: &Args) -> bool {
        let did = self
            .account
            .as_ref()
            .is_some_and(|account| !account.entries().is_empty());
        did || args.command == Command::Ifup
    }

    /// Ended before anything was done.
    fn untouched(exit: Exit) -> Self {
        Self {
            exit,
            outcome: Some(UNTOUCHED),
            ..Self::default()
        }
    }
}

fn go(args: &Args, session: &mut Session, mut early: Option<Early>) -> Ended {
    if args.syntax_check {
        return check_file(args, session);
    }
    if let Some(form) = args.graph {
        let desired = session.wanted(None);
        let (names, mut found) = crate::read::pick::pick(args, &session.decls, &|_| false);
        session.diagnostics.append(&mut found);
        return Ended::new(show(&crate::ifquery::graph(form, &desired, &names)));
    }
    if !args.no_act && !nix::unistd::geteuid().is_root() {
        session.diagnostics.push(Diagnostic::error(
            "not-root",
            format!("only root can do this: {}", args.command),
        ));
        return Ended::untouched(Exit::Failed);
    }
    // What runs can be recorded whatever is wrong in the file: the rest of it was not brought up, and will not be.
    if args.command == Command::Ifreload && !args.adopt && session.stops(Situation::Reload) {
        return Ended::untouched(Exit::Failed);
    }
    hangup::outlive();
    let turn = match early.as_mut().and_then(|early| early.turn.take()) {
        Some(turn) => Some(turn),
        None => match take_turn(args, session) {
            Ok(turn) => turn,
            Err(exit) => return Ended::untouched(exit),
        },
    };
    let caller = match turn {
        Some(Turn::Callers(caller)) => Some(caller),
        _ => None,
    };
    if caller.is_some() {
        session.files.journal = session.files.inner_journal.clone();
        if let Some(fault) = recursion::of_arguments(args) {
            session.diagnostics.push(fault);
            return Ended::untouched(Exit::Failed);
        }
    }
    Ended {
        turn,
        ..with_lock(args, session, early, caller)
    }
}

/// Judges the file against the kernel, where that can be read.
fn check_file(args: &Args, session: &mut Session) -> Ended {
    let snapshot = Host::open().ok().and_then(|mut kernel| {
        let query = session.query(&Owned::default());
        kernel.snapshot(query).ok()
    });
    session.wanted(snapshot.as_ref());
    if args.input == Input::Standard {
        let state = State::peek(&session.root, &session.files.state).0;
        session.doubt(state.owned());
    }
    Ended::new(Exit::Done)
}

/// The lock; none for a run that does nothing.
fn take_turn(args: &Args, session: &mut Session) -> Result<Option<Turn>, Exit> {
    if args.no_act {
        return Ok(None);
    }
    let path = args.lock.clone().unwrap_or_else(|| session.files.lock.clone());
    if lock::held_by_caller(&session.root, &path).is_some()
        && let Some(fault) = recursion::of_arguments(args)
    {
        session.diagnostics.push(fault);
        return Err(Exit::Failed);
    }
    let wait = args.lock_wait.unwrap_or(session.settings.lock_wait);
    match lock::take(&session.root, &path, wait) {
        Ok(turn) => Ok(Some(turn)),
        // The file system of the lock is full or cannot be written: at boot nobody else is under way.
        Err(LockError::Io(error)) if !args.must_be_recorded() => {
            let warning = Diagnostic::warning("lock", error.to_string());
            session
                .diagnostics
                .push(warning.note("it goes on without a lock: another run may come between"));
            Ok(None)
        }
        Err(error) => {
            session.diagnostics.push(Diagnostic::error("lock", error.to_string()));
            Err(match error {
                LockError::Busy { .. } => Exit::Busy,
                LockError::Io(_) => Exit::Failed,
            })
        }
    }
}

/// The run itself; `caller` is the process of the run whose hook called this one, and which holds the lock.
fn with_lock(args: &Args, session: &mut Session, early: Option<Early>, caller: Option<u32>) -> Ended {
    session.lap("declare and lock");
    let mut state = session.state();
    session.lap("state");
    if caller.is_none() && !args.no_act {
        session.root.sweep_up();
    }
    let left = match caller {
        None => session.recover(&mut state),
        Some(_) => Vec::new(),
    };
    // A script may change what was read, and a rename does.
    let early = early.filter(|_| is_fixed(session)).map(|early| early.kernel);
    let Some(mut kernel) = early.or_else(|| session.netlink()) else {
        return Ended::untouched(Exit::Failed);
    };
    // Now, while the kernel is still being read.
    let question = may_be_noted(args, session).then(|| Question::of(args, session, state.owned()));
    if question.is_some() {
        kernel.keep_digest();
    }
    let mut account = Account::new();
    let (args, renames) = rename::of_file(args, session, &mut kernel, &mut account);
    let mut run = Begun {
        session,
        kernel,
        account,
        state,
        left,
        caller,
        question,
    };
    let ended = go_on(&args, &renames, &mut run);
    // What stopped it came after the names.
    if ended.outcome == Some(UNTOUCHED) && args.command == Command::Ifreload {
        let mut found = rename::take_back(&renames.done, &mut run.kernel, &mut run.account);
        run.session.diagnostics.append(&mut found);
    }
    // The process is at its end: to free thousands of links one by one would only take time.
    std::mem::forget(run.state);
    ended
}

/// A run with the lock, which has read what runs before it left.
struct Begun<'a> {
    session: &'a mut Session,
    kernel: Host,
    account: Account,
    state: State,
    left: Vec<Recovery>,
    caller: Option<u32>,
    question: Option<Question>,
}

/// The run from where links have their names.
fn go_on(args: &Args, renames: &Renames, run: &mut Begun<'_>) -> Ended {
    let Begun {
        session,
        kernel,
        account,
        state,
        left,
        caller,
        question,
    } = run;
    let (session, caller): (&mut Session, _) = (session, *caller);
    let seen = match look(args, session, kernel, state, &renames.due) {
        Ok(seen) => seen,
        Err(mut found) => {
            session.diagnostics.append(&mut found);
            return Ended::untouched(Exit::Failed);
        }
    };
    let Seen {
        desired,
        snapshot,
        names,
        followed,
        modules,
        mut found,
    } = seen;
    session.diagnostics.append(&mut found);
    if trust::is_for(args) {
        session.diagnostics.append(&mut trust::told(session));
    }
    session.keep_recovered(left, state, &snapshot, !args.no_act);
    if args.adopt {
        return adopt(session, &desired, &snapshot, state, names);
    }
    want_named(args, &mut session.diagnostics);
    if args.command == Command::Ifreload && args.all && !args.force && !args.regardless {
        let mut found = absent::in_place(&desired, &snapshot, state.owned());
        session.diagnostics.append(&mut found);
        session.doubt(state.owned());
    }
    if args.command == Command::Ifreload && session.stops(Situation::Reload) {
        return Ended::untouched(Exit::Failed);
    }
    let owned = as_recorded(args, &desired, state.owned());
    if let Some(fault) = caller.and_then(|_| recursion::of_scope(args, &names)) {
        session.diagnostics.push(fault);
        return Ended::untouched(Exit::Failed);
    }
    let mut runner = Runner::new(session.root.clone(), session.settings.hook_limit, loud(args));
    if let Some(caller) = caller {
        runner.within(caller);
    }
    let request = request(args, names, &mut runner);
    let basis = Basis {
        desired: &desired,
        snapshot: &snapshot,
        owned: &owned,
        request: &request,
        is_way_back: args.regardless,
        renamed: &renames.done,
    };
    session.lap("scope");
    let (plan, mut found) = session.plan(basis);
    session.diagnostics.append(&mut found);
    let Some(plan) = plan else {
        return Ended {
            scope: request.scope.clone(),
            ..Ended::untouched(Exit::Failed)
        };
    };
    session.lap("plan");
    let scope = request.scope.clone();
    if args.no_act {
        let mut text: String = renames.due.iter().map(|due| format!("{}\n", due.op())).collect();
        text += &plan.to_string();
        if text.is_empty() {
            text.push_str("nothing to do\n");
        }
        return Ended {
            scope,
            ..Ended::new(show(&text))
        };
    }
    let on_error = match args.command {
        Command::Ifreload => OnError::RollBack,
        _ => OnError::KeepGoing,
    };
    drop(modules);
    session.lap("modules");
    let (mut records, fault) = session.records(&plan, state);
    if let Some(error) = fault.filter(|_| args.must_be_recorded()) {
        session.give_up(records);
        let text = format!("what is done could not be recorded, and not be undone after a crash: {error}");
        session.diagnostics.push(Diagnostic::error("run-unrecorded", text));
        return Ended::untouched(Exit::Failed);
    }
    if args.command == Command::Ifreload {
        forewarn::tell(session, &plan, basis, Reporter::new(args.verbosity));
        session.lap("interruptions");
    }
    let by = (on_error, &mut records, &mut *account);
    let applied = session.apply(kernel, &plan, basis, &mut runner, by);
    session.lap("apply and settle");
    if !applied.is_blind {
        session.save(state, &applied.owned, records);
    }
    if let Some(after) = &applied.after {
        announce::tell(kernel, &snapshot, after);
        session.lap("announce");
    }
    // The names of the file are those to be known by; where they were followed it has others.
    if args.all && args.command != Command::Ifdown && !followed && !session.has_errors() {
        save_nics(session, &desired, &snapshot);
    }
    session.lap("save");
    // The record must be what the plan was made from, too.
    let same = applied.outcome.is_none() && std::ptr::eq(applied.owned.as_ref(), state.owned());
    let seen = kernel.last_digest().filter(|_| same && session.diagnostics.is_empty());
    let outcome = Some(applied.summary());
    let exit = match interrupt::heard().filter(|_| applied.is_interrupted()) {
        Some(signal) => Exit::Interrupted(signal),
        None => Exit::Done,
    };
    // As below.
    std::mem::forget((applied, plan));
    std::mem::forget(owned);
    std::mem::forget((desired, snapshot));
    Ended {
        exit,
        outcome,
        scope,
        account: Some(std::mem::take(account)),
        answer: question
            .take()
            .zip(seen)
            .and_then(|(question, kernel)| question.answered(kernel)),
        ..Ended::default()
    }
}

/// Takes the running network for ours: what is declared and up is recorded as if this program had brought it up, so
/// that the next reload has only differences to make, and takes down what goes from the file after that. What is wrong in
/// the file is left out, and is a warning.
fn adopt(session: &mut Session, desired: &Desired, snapshot: &Snapshot, state: &State, names: Vec<IfName>) -> Ended {
    let health = history::health_of(&session.diagnostics);
    for fault in &mut session.diagnostics {
        fault.severity = fault.severity.min(Severity::Warning);
    }
    let is_up = |name: &IfName| snapshot.get(*name).is_some_and(Link::is_up);
    let up: Vec<IfName> = names.into_iter().filter(is_up).collect();
    let owned = state.owned().settle(desired, snapshot, &up, &[]).into_owned();
    session.save(state, &owned, Records::default());
    Ended {
        scope: up,
        health: Some(health),
        ..Ended::untouched(Exit::Done)
    }
}

/// Whether the answer to this run may be the answer to the next.
fn may_be_noted(args: &Args, session: &Session) -> bool {
    unchanged::may_be(args) && is_fixed(session)
}

/// Whether the file says it all: what scripts say is not known beforehand, and a rename changes what was read.
fn is_fixed(session: &Session) -> bool {
    session.decls.mappings.is_empty() && session.decls.renames.is_empty()
}

/// Keeps the addresses of the NICs for the day when their names are others. Nothing hangs on it now.
fn save_nics(session: &Session, desired: &Desired, snapshot: &Snapshot) {
    if !session.files.is_of_host() {
        return;
    }
    if let Err(error) = SavedNics::of(desired, snapshot).save(&session.root) {
        debug!("the NICs' addresses are not kept: {error}");
    }
}

/// What is ours, with the hooks of the file in place of those recorded where `--use-current-config` asks for it.
fn as_recorded<'a>(args: &Args, desired: &Desired, owned: &'a Owned) -> Cow<'a, Owned> {
    if !args.use_current {
        return Cow::Borrowed(owned);
    }
    let mut owned = owned.clone();
    for link in desired.links() {
        if let Some(record) = owned.links.get_mut(&link.name) {
            let hooks = link.hooks.iter();
            record.hooks = hooks.map(|hook| (hook.phase, hook.command.value.clone())).collect();
            record.vars.clone_from(&link.vars);
            record.no_scripts = link.no_scripts;
        }
    }
    Cow::Owned(owned)
}

/// What the plan is asked for; scripts are only named where there are some, so that no phase is planned for nothing.
pub fn request(args: &Args, names: Vec<IfName>, runner: &mut Runner) -> Request {
    let verb = match args.command {
        Command::Ifdown => Verb::Down,
        // Only where all is asked for is anything stale; named interfaces are brought up as the file says.
        Command::Ifreload if args.all => Verb::Reload,
        _ => Verb::Up,
    };
    Request {
        all: args.all,
        force: args.force,
        admin_only: args.admin_state,
        scripts: Phase::ALL
            .into_iter()
            .filter_map(|phase| Some((phase, runner.wanted(phase)?)))
            .collect(),
        ..Request::new(verb, names)
    }
}

fn loud(args: &Args) -> bool {
    args.verbosity > crate::args::Verbosity::Normal
}

/// With `hook-failure = "error"` a failing hook is an error.
fn blame_hooks(diagnostics: &mut [Diagnostic]) {
    for diagnostic in diagnostics
        .iter_mut()
        .filter(|diagnostic| diagnostic.code == "hook-failed")
    {
        diagnostic.severity = Severity::Error;
    }
}

/// At boot links that are up count for more than the record of them.
fn forgive_records(diagnostics: &mut [Diagnostic]) {
    for diagnostic in diagnostics
        .iter_mut()
        .filter(|diagnostic| diagnostic.code == "state-unwritable")
    {
        diagnostic.severity = Severity::Warning;
    }
}

/// Where one NIC has come, the others are not a failure: the boot reported them, and each is waited for by itself.
fn forgive_absent(diagnostics: &mut [Diagnostic]) {
    for diagnostic in diagnostics
        .iter_mut()
        .filter(|diagnostic| diagnostic.code == "missing-link")
    {
        diagnostic.severity = Severity::Warning;
    }
}

/// A NIC that an interface of the command line needs is missed, whatever its class.
fn want_named(args: &Args, diagnostics: &mut [Diagnostic]) {
    let is_named = |iface: &str| args.names.iter().any(|named| named.name == iface);
    for found in diagnostics.iter_mut().filter(|found| found.code == "missing-link") {
        if found.iface.as_deref().is_some_and(is_named) {
            found.severity = Severity::Error;
        }
    }
}

/// Whether an interface of the command line is declared and yet not in the scope: a fault took it out, whatever
/// interface that fault is reported.
fn was_left_out(args: &Args, session: &Session, scope: &[IfName]) -> bool {
    let names = args.names.iter().filter_map(|named| IfName::new(&named.name).ok());
    let mut out = names.filter(|name| session.decls.get(*name).is_some() && !scope.contains(name));
    !args.hotplug && out.next().is_some()
}

/// Where interfaces are named, faults of others are not what was asked about: their number is said in one line.
fn leave_out_others(diagnostics: &mut Vec<Diagnostic>, scope: &[IfName]) {
    let about_others = |found: &Diagnostic| {
        let iface = found.iface.as_deref();
        found.label.is_some() && iface.is_some_and(|iface| !scope.iter().any(|name| name.as_str() == iface))
    };
    let others = diagnostics.iter().filter(|found| about_others(found));
    let errors = others.filter(|found| found.severity == Severity::Error).count();
    diagnostics.retain(|found| !about_others(found));
    if errors > 0 {
        let faults = if errors == 1 {
            "an error".to_owned()
        } else {
            format!("{errors} errors")
        };
        let text = format!("the file has {faults} for other interfaces");
        diagnostics.push(Diagnostic::warning("errors-elsewhere", text).help("`cleat check` shows them"));
    }
}
