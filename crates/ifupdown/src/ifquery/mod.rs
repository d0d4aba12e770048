//! `ifquery`: what is configured, what is so, and whether the two are the same.

mod check;
mod entry;
mod graph;
mod running;
mod spelling;
mod vocabulary;
mod written;

use crate::args::{Args, Format, Graph, Verbosity};
use crate::read::pick::pick;
use crate::read::session::{Session, with_lowers};
use cleat_cli::exit::Exit;
use cleat_cli::logging::Reporter;
use cleat_cli::show;
use cleat_diag::{Diagnostic, Severity};
use cleat_model::desired::Desired;
use cleat_model::kernel::Query;
use cleat_model::name::IfName;
use cleat_model::owned::Owned;
use entry::{Entry, Mark};

/// Runs it. Only what is asked for is read: of the kernel nothing at all, unless it is to be compared or shown.
pub fn run(args: &Args, session: &mut Session) -> Exit {
    if args.syntax_help {
        return show(&vocabulary::text());
    }
    let before = session.diagnostics.len();
    let exit = match (args.running, args.state) {
        (true, _) => running(args, session),
        (_, true) => state(args, session),
        _ => declared(args, session),
    };
    let reporter = Reporter::new(args.verbosity);
    // What the file's own faults are is for `-s`, `cleat check` and those who change something to say.
    let shown = if args.verbosity >= Verbosity::Verbose {
        0
    } else {
        before
    };
    let errors = |found: &&Diagnostic| found.severity == Severity::Error;
    let unreadable = session.diagnostics[..before]
        .iter()
        .filter(errors)
        .filter(|found| found.code == "unreadable");
    let mut told: Vec<_> = if shown == 0 {
        Vec::new()
    } else {
        unreadable.cloned().collect()
    };
    let failed = !told.is_empty()
        || session.diagnostics[before..]
            .iter()
            .any(|found| found.severity == Severity::Error);
    told.extend_from_slice(&session.diagnostics[shown..]);
    reporter.print(&told, session.sources());
    if failed { Exit::Failed } else { exit }
}

/// What the file says, in one of its forms.
fn declared(args: &Args, session: &mut Session) -> Exit {
    let (names, mut found) = pick(args, &session.decls, &|_| false);
    session.diagnostics.append(&mut found);
    let decls = names.iter().filter_map(|name| session.decls.get(*name));
    if args.list {
        return show(&names.iter().map(|name| format!("{name}\n")).collect::<String>());
    }
    if args.raw {
        return show(
            &decls
                .map(|decl| written::raw(decl, session.sources()))
                .collect::<String>(),
        );
    }
    if args.check {
        return checked(args, session, &names);
    }
    if let Some(form) = args.graph {
        let desired = session.wanted(None);
        return show(&graph(form, &desired, &names));
    }
    let names = match args.with_depends {
        true => with_lowers(&session.wanted(None), &names),
        false => names,
    };
    let decls = names.iter().filter_map(|name| session.decls.get(*name));
    let entries: Vec<Entry> = decls.flat_map(written::entries).collect();
    print(args, &entries)
}

/// The file against the kernel.
fn checked(args: &Args, session: &mut Session, names: &[IfName]) -> Exit {
    let Some(mut kernel) = session.netlink() else {
        return Exit::Failed;
    };
    let query = session.query(&Owned::default());
    let Some(snapshot) = session.snapshot(&mut kernel, query) else {
        return Exit::Failed;
    };
    let desired = session.wanted(Some(&snapshot));
    let decls = names.iter().filter_map(|name| session.decls.get(*name));
    let entries: Vec<Entry> = decls.map(|decl| check::entry(decl, &desired, &snapshot)).collect();
    let differs = entries.iter().any(|entry| entry.status != Some(Mark::Pass));
    match print(args, &entries) {
        Exit::Done if differs => Exit::Failed,
        exit => exit,
    }
}

/// The dependency graph of these interfaces.
pub fn graph(form: Graph, desired: &Desired, names: &[IfName]) -> String {
    match form {
        Graph::List => graph::list(desired, names),
        Graph::Dot => graph::dot(desired, names),
    }
}

/// The kernel's links as stanzas: those named, or all.
fn running(args: &Args, session: &mut Session) -> Exit {
    let Some(mut kernel) = session.netlink() else {
        return Exit::Failed;
    };
    let query = Query {
        routes: true,
        vlans: true,
        ethtool: session.of_nics(&Owned::default()),
        ..Query::default()
    };
    let Some(snapshot) = session.snapshot(&mut kernel, query) else {
        return Exit::Failed;
    };
    let mut entries = Vec::new();
    if args.names.is_empty() {
        let declared = |name: IfName| session.decls.get(name).is_some_and(|decl| decl.is_in("auto"));
        let links = snapshot.links().iter().filter(|link| !args.all || declared(link.name));
        entries.extend(links.map(|link| running::entry(link, &snapshot, &rows(session, link.name))));
    }
    let mut exit = Exit::Done;
    for named in &args.names {
        match snapshot.find(&named.name) {
            Some(link) => entries.push(running::entry(link, &snapshot, &rows(session, link.name))),
            None => {
                session.diagnostics.push(Diagnostic::error(
                    "missing-link",
                    format!("there is no link `{}`", named.name),
                ));
                exit = Exit::Failed;
            }
        }
    }
    match print(args, &entries) {
        Exit::Done => exit,
        other => other,
    }
}

/// The rows of the options that the file has for a link.
fn rows(session: &Session, name: IfName) -> Vec<&'static str> {
    let options = session.decls.get(name).map(|decl| decl.options.iter());
    let rows = options.into_iter().flatten().filter_map(|option| option.attr);
    rows.map(|row| row.0.name).collect()
}

/// The interfaces that are recorded as up.
///
/// *Shape*: `eno1=eno1`, as classic ifupdown prints it (name and logical name).
fn state(args: &Args, session: &mut Session) -> Exit {
    let state = session.state();
    let up = |name: IfName| state.owned().get(name).is_some_and(|link| link.up);
    let logical = session.logical_names();
    let mut text = String::new();
    let mut exit = Exit::Done;
    let names: Vec<IfName> = match args.names.is_empty() {
        true => state.owned().links.keys().copied().filter(|name| up(*name)).collect(),
        false => args
            .names
            .iter()
            .filter_map(|named| IfName::new(&named.name).ok())
            .collect(),
    };
    if names.len() < args.names.len() {
        exit = Exit::Failed;
    }
    for name in names {
        if up(name) {
            let stanza = logical.get(&name).map_or(name.as_str(), String::as_str);
            text.push_str(&format!("{name}={stanza}\n"));
        } else {
            exit = Exit::Failed;
        }
    }
    match show(&text) {
        Exit::Done => exit,
        other => other,
    }
}

fn print(args: &Args, entries: &[Entry]) -> Exit {
    show(&match args.format {
        Format::Native => entry::native(entries),
        Format::Json => entry::json(entries),
    })
}
