//! Whether a configuration may become the live one.

use cleat_diag::Diagnostic;
use cleat_eni::ConfigSet;
use cleat_ifupdown::look::absent;
use cleat_ifupdown::read::follow::renamed;
use cleat_ifupdown::read::pinned_nics::PinnedNics;
use cleat_ifupdown::read::renamed::Renamed;
use cleat_ifupdown::read::saved_nics::SavedNics;
use cleat_ifupdown::read::served;
use cleat_ifupdown::read::severity::{self, Situation};
use cleat_ifupdown::state::State;
use cleat_ifupdown::state::run_files::RunFiles;
use cleat_kernel::Host;
use cleat_model::decl;
use cleat_model::kernel::{Kernel, KernelError, Query};
use cleat_model::owned::Owned;
use cleat_model::resolve;
use cleat_model::snapshot::Snapshot;
use cleat_root::Root;

/// Judges configurations: what is written, what follows from it, and whether this machine has the NICs that it names.
#[derive(Debug, Default)]
pub struct Judge {
    machine: Option<Machine>,
}

/// What a configuration is held against.
#[derive(Debug)]
struct Machine {
    root: Root,
    snapshot: Snapshot,
    saved: SavedNics,
    pins: PinnedNics,
    owned: Owned,
}

impl Judge {
    /// A judge who looks at the files alone: at boot, when NICs may not be there or named yet.
    pub fn of_files() -> Self {
        Self::default()
    }

    /// A judge who knows the NICs of this machine, by their names, other names and addresses.
    ///
    /// # Errors
    /// The kernel cannot be read.
    pub fn of_machine(root: &Root) -> Result<Self, KernelError> {
        let read = Host::open().and_then(|mut kernel| kernel.snapshot(Query::default()));
        let machine = Machine {
            root: root.clone(),
            snapshot: read?,
            saved: SavedNics::load(root),
            pins: PinnedNics::load(root),
            owned: State::peek(root, &RunFiles::of_this_namespace(root).state)
                .0
                .owned()
                .clone(),
        };
        Ok(Self { machine: Some(machine) })
    }

    /// Everything that is wrong with the configuration. Errors mean that it must not become the live one.
    pub fn judge(&self, config: &ConfigSet) -> Vec<Diagnostic> {
        let (decls, mut found) = decl::declare(config.items());
        if let Some(machine) = &self.machine {
            served::leave_to_scripts(&machine.root, &decls, &mut found);
        }
        let snapshot = self.machine.as_ref().map(|machine| &machine.snapshot);
        let (desired, resolved) = resolve::resolve(&decls, snapshot);
        let others = self.machine.as_ref().map_or(Vec::new(), |machine| {
            renamed(&desired, &machine.snapshot, &machine.saved, &machine.pins)
        });
        found.extend(resolved.into_iter().map(|found| known_again(found, config, &others)));
        if let Some(machine) = self.machine.as_ref().filter(|_| others.is_empty()) {
            found.extend(absent::in_place(&desired, &machine.snapshot, &machine.owned));
        }
        severity::regrade(&mut found, Situation::Commit);
        found
    }
}

/// A NIC that is missing under its name and there under another one is brought up all the same: that is a warning.
fn known_again(found: Diagnostic, config: &ConfigSet, others: &[Renamed]) -> Diagnostic {
    let name = match (&found.label, found.code) {
        (Some(label), "missing-link") => config.sources.text(label.place),
        _ => return found,
    };
    match others.iter().find(|other| other.from.as_str() == name) {
        Some(other) => Diagnostic {
            label: found.label,
            ..other.warning()
        },
        None => found,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use cleat_diag::render;
    use cleat_model::name::Mac;
    use cleat_model::types::Kind;
    use cleat_networks::link;
    use std::path::Path;

    fn judged(judge: &Judge) -> Vec<String> {
        let path = Path::new("/etc/network/interfaces.new");
        let text = b"auto eno9\niface eno9\n\taddress 192.0.2.1/24\n".to_vec();
        let (config, _) = ConfigSet::from_bytes(path, text, &Root::at("/nonexistent"));
        let found = judge.judge(&config);
        let lines = found.iter().map(|found| render::line(found, &config.sources));
        lines.map(|line| line.trim_end().to_owned()).collect()
    }

    fn machine(saved: SavedNics) -> Judge {
        let mut snapshot = Snapshot::new();
        let mut nic = link(2, "enp2s0", Kind::Physical, None);
        nic.perm_mac = Mac::new(&[2, 0, 0, 0, 0, 7]);
        snapshot.insert(nic);
        let pins = PinnedNics::load(&Root::at("/nonexistent"));
        Judge {
            machine: Some(Machine {
                root: Root::at("/nonexistent"),
                snapshot,
                saved,
                pins,
                owned: Owned::default(),
            }),
        }
    }

    #[test]
    fn a_missing_nic_is_a_fault_of_the_machine_and_not_of_the_file() {
        assert_eq!(judged(&Judge::of_files()), [""; 0]);
        assert_eq!(
            judged(&machine(SavedNics::default())),
            [
                "error: eno9: there is no link `eno9` on this machine (/etc/network/interfaces.new:2:7) [missing-link]; \
              help: links that are there and not used: enp2s0"
            ]
        );
    }

    #[test]
    fn a_nic_that_is_known_by_its_saved_address_is_a_warning() {
        let mut saved = SavedNics::default();
        saved
            .addresses
            .insert("eno9".to_owned(), "02:00:00:00:00:07".to_owned());
        let told = judged(&machine(saved));
        assert_eq!(told.len(), 1, "{told:?}");
        assert!(
            told[0].starts_with(
                "warning: enp2s0: the NIC that the file calls `eno9` is called `enp2s0` now, and is brought up so: "
            ),
            "{told:?}"
        );
        assert!(
            told[0].contains("(/etc/network/interfaces.new:2:7) [nic-renamed]"),
            "{told:?}"
        );
    }
}
