//! `cleat check`: every fault of a configuration, shown in place.

use super::options::Options;
use super::{End, complain, input, print, takeover, vlan_filter};
use cleat_cli::report::{document, in_order, json_text, page};
use cleat_diag::Summary;
use cleat_ifupdown::plan::trust;
use cleat_ifupdown::read::doubled;
use cleat_ifupdown::read::session::Session;
use cleat_ifupdown::read::severity::{self, Situation};
use cleat_ifupdown::state::State;
use cleat_model::desired::Desired;
use cleat_model::snapshot::Snapshot;
use cleat_model::verify::addresses_on_ports;
use cleat_root::paths;

/// Judges the live file, or the one that is named.
///
/// The live file is judged against this machine too (a NIC that is missing is an error); a file that is named is
/// judged alone, since it may be meant for another machine, unless `--online` is said.
pub fn run(options: &Options) -> End {
    let offline = options.offline || options.takeover || (options.file.is_some() && !options.online);
    let mut session = input::session(options);
    let snapshot = match offline {
        true => None,
        false => match input::snapshot(&session) {
            Ok(snapshot) => Some(snapshot),
            Err(text) => {
                complain(&format!("{text}\n"));
                return End::Fault;
            }
        },
    };
    let desired = session.wanted(snapshot.as_ref());
    if let Some(now) = &snapshot {
        refuse_what_no_reload_begins(&mut session, &desired, now);
        session.diagnostics.extend(addresses_on_ports(&desired, now));
        let small = vlan_filter::told(&session, &desired);
        session.diagnostics.extend(small);
    }
    if is_of_this_host(options) {
        let state = State::peek(&session.root, &session.files.state).0;
        session.doubt(state.owned());
    }
    if options.file.is_none() {
        let mut found = trust::told(&session);
        found.append(&mut doubled::told(&session));
        session.diagnostics.append(&mut found);
    }
    if options.takeover {
        let mut found = takeover::told(&session);
        session.diagnostics.append(&mut found);
    }
    let situation = match options.takeover {
        true => Situation::Takeover,
        false => Situation::Check,
    };
    severity::regrade(&mut session.diagnostics, situation);
    let diagnostics = in_order(&session.diagnostics);
    let text = match options.json {
        true => json_text(&document(&diagnostics, session.sources())),
        false => page(&diagnostics, session.sources(), options.page().color),
    };
    match (print(&text), Summary::of(diagnostics).errors) {
        (End::Well, 0) => End::Well,
        _ => End::Fault,
    }
}

/// What a reload would refuse to begin with on this machine is a fault of the file, too. Who would notice the reload is
/// shown by `cleat plan`, and not looked for here.
fn refuse_what_no_reload_begins(session: &mut Session, desired: &Desired, now: &Snapshot) {
    if session.stops(Situation::Reload) {
        return;
    }
    if let (None, mut refused) = input::reload_plan(session, desired, now, |_, _, _| ()) {
        session.diagnostics.append(&mut refused);
    }
}

/// Whether the file is the live one, or the one that is to take its place, by whatever way it is named.
fn is_of_this_host(options: &Options) -> bool {
    let Some(path) = &options.file else { return true };
    let path = std::path::absolute(path).unwrap_or_else(|_| path.clone());
    [paths::INTERFACES, paths::INTERFACES_NEW].contains(&path.to_string_lossy().as_ref())
}
