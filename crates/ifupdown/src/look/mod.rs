//! The look that a run takes at file and kernel before it plans: until the NICs that it needs are there and named.

pub mod absent;
pub mod devices;
pub mod lacking;
pub mod modules;

use crate::args::Args;
use crate::command::Command;
use crate::look::modules::Loading;
use crate::read::rename::Due;
use crate::read::renamed::Renamed;
use crate::read::scope::{Known, scope};
use crate::read::session::{Session, unreadable};
use crate::state::State;
use cleat_diag::Diagnostic;
use cleat_eni::ConfigSet;
use cleat_model::desired::Desired;
use cleat_model::kernel::Kernel;
use cleat_model::name::IfName;
use cleat_model::snapshot::{Link, Snapshot};
use log::debug;
use std::time::Duration;

/// How often NICs are followed: a name may be another one again by the time that the kernel is read for the plan.
const FOLLOWED: usize = 3;

/// The wanted network and the real one.
#[derive(Debug)]
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
    /// What this look found wrong; what looks before it found is forgotten with them.
    pub found: Vec<Diagnostic>,
}

/// Reads the kernel and resolves the file against it; looks again after waiting for NICs that were not there yet. NICs
/// that the file calls by names which are gone are followed, once udev is done with them or has had its time.
///
/// # Errors
/// The kernel cannot be read: that, and what else was found.
pub(crate) fn look(
    args: &Args,
    session: &mut Session,
    kernel: &mut dyn Kernel,
    state: &State,
    renames: &[Due],
) -> Result<Seen, Vec<Diagnostic>> {
    let query = session.query(state.owned());
    let mut looking = Looking::begin(args, session, state);
    loop {
        let mut snapshot = match kernel.snapshot(query.clone()) {
            Ok(snapshot) => snapshot,
            Err(error) => return Err(looking.names.into_found(unreadable(&error))),
        };
        looking.session.lap("kernel");
        for due in renames {
            // Not done yet (`--no-act`): what follows is planned as if it were.
            if let Some(link) = snapshot.get(due.from).cloned() {
                snapshot.insert(Link { name: due.to, ..link });
            }
        }
        looking.leave_outdated(&snapshot);
        match looking.judge(snapshot) {
            Look::TooEarly => debug!("reading the kernel again"),
            Look::Renamed(followed) => looking.names = Names::Followed(followed),
            Look::Whole(seen) => return Ok(*seen),
        }
    }
}

/// What one look comes to.
enum Look {
    /// NICs came, or got their names, after the kernel was read.
    TooEarly,
    /// NICs are called otherwise than the file has it: from now on they are called so.
    Renamed(Box<Followed>),
    /// All that was waited for is there, or had its time.
    Whole(Box<Seen>),
}

/// By which names the configuration calls its NICs.
enum Names {
    /// As written; with what choosing the stanzas found.
    Written(Vec<Diagnostic>),
    /// As they are called now.
    Followed(Box<Followed>),
}

impl Names {
    /// What was found until now, and this.
    fn into_found(self, last: Diagnostic) -> Vec<Diagnostic> {
        let mut found = match self {
            Names::Written(found) => found,
            Names::Followed(followed) => followed.found,
        };
        found.push(last);
        found
    }
}

/// NICs that are taken by the names that they have now.
struct Followed {
    nics: Vec<Renamed>,
    /// The command line with these names.
    args: Args,
    /// The configuration as it was.
    config: ConfigSet,
    /// What is to be said of it, and what choosing the stanzas found.
    found: Vec<Diagnostic>,
}

impl Followed {
    /// Whether one of them has another name again: mostly that of the file, which udev has given to it meanwhile.
    fn is_outdated(&self, snapshot: &Snapshot) -> bool {
        self.nics.iter().any(|nic| snapshot.get(nic.to).is_none())
    }
}

/// From one look to the next.
struct Looking<'a> {
    args: &'a Args,
    session: &'a mut Session,
    state: &'a State,
    names: Names,
    /// How often NICs may still be followed.
    tries: usize,
    /// Whether NICs have had their time.
    waited: bool,
    modules: Option<Loading>,
}

impl<'a> Looking<'a> {
    fn begin(args: &'a Args, session: &'a mut Session, state: &'a State) -> Self {
        Self {
            names: Names::Written(session.map(&logical(args, session), !args.no_mappings)),
            args,
            session,
            state,
            tries: FOLLOWED,
            waited: args.command == Command::Ifdown || args.no_act || args.adopt,
            modules: None,
        }
    }

    /// Goes back to the names of the file where those that were followed are gone.
    fn leave_outdated(&mut self, snapshot: &Snapshot) {
        match &mut self.names {
            Names::Followed(now) if now.is_outdated(snapshot) && self.tries > 0 => {
                self.session.redeclare(std::mem::take(&mut now.config));
                let found = self
                    .session
                    .map(&logical(self.args, self.session), !self.args.no_mappings);
                self.names = Names::Written(found);
            }
            Names::Followed(_) | Names::Written(_) => {}
        }
    }

    /// Resolves the file against the kernel, and says whether that will do.
    fn judge(&mut self, snapshot: Snapshot) -> Look {
        let (desired, mut found) = self.session.resolve(Some(&snapshot));
        self.session.lap("resolve");
        let (args, renamed) = match &self.names {
            Names::Written(_) => (self.args, self.session.renamed_nics(&desired, &snapshot)),
            Names::Followed(followed) => (&followed.args, Vec::new()),
        };
        let known = Known {
            decls: &self.session.decls,
            desired: &desired,
            snapshot: &snapshot,
            owned: self.state.owned(),
        };
        let (names, mut unfit) = scope(args, known);
        if self.modules.is_none() && args.read_environment && self.session.files.is_of_host() {
            self.modules = Loading::of(&self.session.root, &names, &desired, &snapshot);
        }
        let named = !renamed.iter().any(|nic| self.session.is_unnamed(nic));
        if !self.waited && (renamed.is_empty() || !named) && self.has_waited(&desired, &snapshot, &names, &renamed) {
            self.waited = true;
            return Look::TooEarly;
        }
        let mut all = Vec::new();
        if !renamed.is_empty() && (named || self.waited) && self.tries > 0 {
            self.tries -= 1;
            match self.follow(renamed) {
                Ok(followed) => return Look::Renamed(Box::new(followed)),
                Err(faults) => all = faults,
            }
        }
        let before = match &mut self.names {
            Names::Written(found) => found,
            Names::Followed(followed) => &mut followed.found,
        };
        all.splice(0..0, before.drain(..));
        all.append(&mut found);
        all.append(&mut unfit);
        Look::Whole(Box::new(Seen {
            desired,
            snapshot,
            names,
            followed: matches!(self.names, Names::Followed(_)),
            modules: self.modules.take(),
            found: all,
        }))
    }

    /// Waits for NICs, and answers whether the kernel is another one since.
    fn has_waited(&self, desired: &Desired, snapshot: &Snapshot, names: &[IfName], renamed: &[Renamed]) -> bool {
        // The NIC that came is there; waiting for others would hold up the next one that comes.
        let limit = self.args.wait.or_else(|| self.args.hotplug.then_some(Duration::ZERO));
        // Whoever runs for one NIC that came does not wait for the names of others.
        let coming: &[Renamed] = if self.args.hotplug { &[] } else { renamed };
        self.session.wait_for_devices(desired, snapshot, names, (limit, coming))
    }

    /// Takes NICs by the names that they have now.
    ///
    /// # Errors
    /// The configuration cannot be changed so: why.
    fn follow(&mut self, nics: Vec<Renamed>) -> Result<Followed, Vec<Diagnostic>> {
        let (config, mut found) = self.session.follow(&nics)?;
        let mut args = self.args.clone();
        call_by_new_names(&mut args, &nics);
        found.append(&mut self.session.map(&logical(&args, self.session), !args.no_mappings));
        Ok(Followed {
            nics,
            args,
            config,
            found,
        })
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
        assert!(session.diagnostics.is_empty(), "a look has findings of its own");
        let told = seen.found.iter().map(|found| found.code.to_string());
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
