//! What every verb starts from: the configuration that is asked about, and the kernel as it is.

use super::options::Options;
use cleat_diag::Diagnostic;
use cleat_ifupdown::args::{Args, Input};
use cleat_ifupdown::change;
use cleat_ifupdown::command::Command;
use cleat_ifupdown::hooks::Runner;
use cleat_ifupdown::plan::pipeline::Basis;
use cleat_ifupdown::read::scope::{Known, scope};
use cleat_ifupdown::read::session::Session;
use cleat_ifupdown::state::State;
use cleat_kernel::Host;
use cleat_model::desired::Desired;
use cleat_model::drift::{self, Leased};
use cleat_model::kernel::{Kernel, Query};
use cleat_model::name::IfName;
use cleat_model::op::Plan;
use cleat_model::snapshot::Snapshot;
use cleat_model::verify::verify;
use cleat_root::Root;
use std::path::Path;

/// Reads the live configuration, or the file that the options name (`-` is standard input).
pub fn session(options: &Options) -> Session {
    let input = match &options.file {
        None => Input::Standard,
        Some(path) if path == Path::new("-") => Input::Stdin,
        Some(path) => Input::File(path.clone()),
    };
    Session::load(Root::real(), &input)
}

/// Reads the kernel, with the settings of NICs that the configuration asks for. Needs no privilege.
///
/// # Errors
/// One sentence.
pub fn snapshot(session: &Session) -> Result<Snapshot, String> {
    let (state, _) = State::peek(&session.root, &session.files.state);
    read(Query {
        ethtool: session.of_nics(state.owned()),
        ..Query::ALL
    })
}

/// Reads the kernel alone.
///
/// # Errors
/// As [`snapshot`].
pub fn live() -> Result<Snapshot, String> {
    read(Query::ALL)
}

fn read(query: Query) -> Result<Snapshot, String> {
    Host::open()
        .and_then(|mut kernel| kernel.snapshot(query))
        .map_err(|error| format!("cannot read the kernel's links (ip link): {error}"))
}

/// The plan that `ifreload -a` would carry out, and what `look` makes of it; `None` where it would refuse to begin. With
/// it comes what the plan says of itself.
pub fn reload_plan<T>(
    session: &mut Session,
    desired: &Desired,
    now: &Snapshot,
    look: impl FnOnce(&Session, &Plan, Basis<'_>) -> T,
) -> (Option<(Plan, T)>, Vec<Diagnostic>) {
    let (state, mut found) = State::peek(&session.root, &session.files.state);
    let args = Args {
        all: true,
        no_act: true,
        ..Args::new(Command::Ifreload)
    };
    let known = Known {
        decls: &session.decls,
        desired,
        snapshot: now,
        owned: state.owned(),
    };
    let (names, mut unfit) = scope(&args, known);
    found.append(&mut unfit);
    let mut runner = Runner::new(session.root.clone(), session.settings.hook_limit, false);
    let request = change::request(&args, names, &mut runner);
    let basis = Basis {
        desired,
        snapshot: now,
        owned: state.owned(),
        request: &request,
        is_way_back: false,
        renamed: &[],
    };
    let (plan, mut told) = session.plan(basis);
    found.append(&mut told);
    let seen = plan.map(|plan| {
        let seen = look(session, &plan, basis);
        (plan, seen)
    });
    (seen, found)
}

/// How the kernel differs from what is declared, in both directions: what comes up by itself and is not so, what is there
/// and not declared, and what left the file and is still there.
pub fn differences(session: &Session, desired: &Desired, now: &Snapshot) -> Vec<Diagnostic> {
    let wanted = desired.links().iter().filter(|want| desired.comes_up(want, now));
    let scope: Vec<IfName> = wanted.map(|want| want.name).collect();
    let leased = |name: IfName| session.decls.get(name).map(Leased::of).unwrap_or_default();
    let (state, _) = State::peek(&session.root, &session.files.state);
    let mut found = verify(desired, now, &scope);
    found.extend(drift::drift(desired, now, &scope, leased));
    found.extend(drift::kept(desired, state.owned(), now));
    found
}
