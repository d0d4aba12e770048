//! The look that a run takes at file and kernel before it plans: until the NICs that it needs are there and named.

pub mod absent;
pub mod devices;
pub mod lacking;
pub mod modules;

use crate::args::Args;
use crate::command::Command;
use crate::look::modules::Loading;
use crate::read::follow::Renamed;
use crate::read::rename::Due;
use crate::read::scope::{Known, scope};
use crate::read::session::Session;
use crate::state::State;
use cleat_eni::ConfigSet;
use cleat_model::desired::Desired;
use cleat_model::kernel::Kernel;
use cleat_model::name::IfName;
use cleat_model::snapshot::{Link, Snapshot};
use log::debug;
use std::borrow::Cow;
use std::time::Duration;

/// How often NICs are followed: a name may be another one again by the time that the kernel is read for the plan.
const FOLLOWED: usize = 3;

/// The wanted network and the real one.
pub(crate) struct Seen {
    /// What the file says.
    pub desired: Desired,
    /// What the kernel has.
    pub snapshot: Snapshot,
    /// The interfaces that the run is about.
    pub names: Vec<IfName>,
    /// Whether NICs go by other names than the file has.
    pub followed: bool,
    /// Modules that are being loaded for it.
    pub modules: Option<Loading>,
}

/// Reads the kernel and resolves the file against it; looks again after waiting for NICs that were not there yet. NICs
/// that the file calls by names which are gone are followed, once udev is done with them or has had its time.
pub(crate) fn look(
    args: &Args,
    session: &mut Session,
    kernel: &mut dyn Kernel,
    state: &State,
    renames: &[Due],
) -> Option<Seen> {
    let as_called = args;
    let mut args = Cow::Borrowed(as_called);
    let mut followed: Option<Followed> = None;
    let mut tries = FOLLOWED;
    let query = session.query(state.owned());
    let mut before = session.diagnostics.len();
    let mut modules = None;
    let mut waited = args.command == Command::Ifdown || args.no_act || args.adopt;
    // The NIC that came is there; waiting for others would hold up the next one that comes.
    let limit = args.wait.or_else(|| args.hotplug.then_some(Duration::ZERO));
    loop {
        let mut snapshot = session.snapshot(kernel, query)?;
        session.lap("kernel");
        for due in renames {
            // Not done yet (`--no-act`): what follows is planned as if it were.
            if let Some(link) = snapshot.get(due.from).cloned() {
                snapshot.insert(Link { name: due.to, ..link });
            }
        }
        if let Some(old) = followed.take_if(|now| now.is_outdated(&snapshot) && tries > 0) {
            session.redeclare(old.config);
            session.diagnostics.truncate(old.diagnostics);
            args = Cow::Borrowed(as_called);
            session.map(&logical(&args, session), !args.no_mappings);
            before = session.diagnostics.len();
        }
        let desired = session.resolve(Some(&snapshot));
        session.lap("resolve");
        let renamed = match followed {
            None => session.renamed_nics(&desired, &snapshot),
            Some(_) => Vec::new(),
        };
        let known = Known {
            decls: &session.decls,
            desired: &desired,
            snapshot: &snapshot,
            owned: state.owned(),
        };
        let (names, mut found) = scope(&args, known);
        if modules.is_none() && args.read_environment && session.files.is_of_host() {
            modules = Loading::of(&session.root, &names, &desired, &snapshot);
        }
        let named = !renamed.iter().any(|nic| session.is_unnamed(nic));
        let wait_first = !waited && (renamed.is_empty() || !named);
        // Whoever runs for one NIC that came does not wait for the names of others.
        let coming: &[Renamed] = if args.hotplug { &[] } else { &renamed };
        if wait_first && session.wait_for_devices(&desired, &snapshot, &names, (limit, coming)) {
            debug!("reading the kernel again");
            waited = true;
            session.diagnostics.truncate(before);
            continue;
        }
        if !renamed.is_empty() && (named || waited) && tries > 0 {
            tries -= 1;
            let mut told = session.diagnostics.split_off(before);
            if let Some(config) = session.follow(&renamed) {
                call_by_new_names(args.to_mut(), &renamed);
                session.map(&logical(&args, session), !args.no_mappings);
                followed = Some(Followed {
                    nics: renamed,
                    config,
                    diagnostics: before,
                });
                before = session.diagnostics.len();
                continue;
            }
            session.diagnostics.append(&mut told);
        }
        session.diagnostics.append(&mut found);
        return Some(Seen {
            desired,
            snapshot,
            names,
            followed: followed.is_some(),
            modules,
        });
    }
}

/// NICs that are taken by the names that they have now.
struct Followed {
    nics: Vec<Renamed>,
    /// The configuration as it was.
    config: ConfigSet,
    /// How many diagnostics there were before.
    diagnostics: usize,
}

impl Followed {
    /// Whether one of them has another name again: mostly that of the file, which udev has given to it meanwhile.
    fn is_outdated(&self, snapshot: &Snapshot) -> bool {
        self.nics.iter().any(|nic| snapshot.get(nic.to).is_none())
    }
}

/// Interfaces that are named on the command line as the file has them.
fn call_by_new_names(args: &mut Args, renamed: &[Renamed]) {
    for named in &mut args.names {
        if let Some(one) = renamed.iter().find(|one| one.from.as_str() == named.name) {
            named.name = one.to.to_string();
        }
    }
}

/// The interfaces that mapping scripts may be run for: those named, or all of the classes.
pub(crate) fn logical(args: &Args, session: &Session) -> Vec<(IfName, Option<String>)> {
    let named = args.names.iter().filter_map(|named| {
        let name = IfName::new(&named.name).ok()?;
        Some((name, named.logical.clone()))
    });
    let mut all: Vec<(IfName, Option<String>)> = named.collect();
    if args.names.is_empty() && !session.decls.mappings.is_empty() {
        let names = session.decls.iter().filter(|decl| !decl.classes.is_empty());
        all.extend(names.map(|decl| (decl.name, None)));
    }
    all
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::args::Input;
    use cleat_model::kernel::{KernelError, Query};
    use cleat_model::op::Op;
    use cleat_model::types::Kind;
    use cleat_networks::{link, name};
    use cleat_root::{Durability, Root};
    use std::collections::VecDeque;

    /// A kernel that is another one at each look.
    struct Looks(VecDeque<Snapshot>);

    impl Kernel for Looks {
        fn snapshot(&mut self, _: Query) -> Result<Snapshot, KernelError> {
            let more = || KernelError::text("nobody looks so often");
            self.0.pop_front().ok_or_else(more)
        }

        fn perform(&mut self, ops: &[Op]) -> Vec<Result<(), KernelError>> {
            panic!("a look changes nothing: {ops:?}");
        }
    }

    /// A NIC by each of these names in turn; `eno1` is another name of it all the while.
    fn looks(names: &[&str]) -> Looks {
        let snapshot = |text: &&str| {
            let mut snapshot = Snapshot::new();
            let mut nic = link(2, text, Kind::Physical, None);
            nic.altnames = vec!["eno1".to_owned()];
            snapshot.insert(nic);
            snapshot
        };
        Looks(names.iter().map(snapshot).collect())
    }

    /// What `ifup -a` is about, whether it goes by other names than the file, and what it tells.
    fn seen(looks: &mut Looks) -> (Vec<IfName>, bool, Vec<String>) {
        let tree = tempfile::tempdir().unwrap();
        let root = Root::at(tree.path());
        root.create_dir_all("/etc/network").unwrap();
        let file = b"auto eno1\niface eno1\n\taddress 192.0.2.1/24\n";
        root.write_atomic("/etc/network/interfaces", file, Durability::Volatile)
            .unwrap();
        let mut session = Session::load(root, &Input::Standard);
        let state = session.state();
        let args = Args {
            all: true,
            ..Args::new(Command::Ifup)
        };
        let seen = look(&args, &mut session, looks, &state, &[]).expect("the looks suffice");
        assert!(looks.0.is_empty(), "each look was needed");
        let told = session.diagnostics.iter().map(|found| found.code.to_string());
        (seen.names, seen.followed, told.collect())
    }

    #[test]
    fn a_nic_whose_name_is_gone_is_followed_and_the_kernel_read_again() {
        assert_eq!(
            seen(&mut looks(&["enp1s0", "enp1s0"])),
            (vec![name("enp1s0")], true, vec!["nic-renamed".to_owned()])
        );
    }

    /// As a slow machine's boot had it: udev gave the NIC its name between the two looks.
    #[test]
    fn regress_a_nic_that_has_its_name_back_is_no_longer_followed() {
        assert_eq!(
            seen(&mut looks(&["enp1s0", "eno1"])),
            (vec![name("eno1")], false, vec![])
        );
    }

    #[test]
    fn names_that_never_rest_end_the_look_all_the_same() {
        let (names, followed, told) = seen(&mut looks(&["lan0", "lan1", "lan2", "lan3"]));
        assert_eq!((names, followed), (vec![name("lan2")], true));
        assert_eq!(told, ["nic-renamed", "missing-link"]);
    }
}
