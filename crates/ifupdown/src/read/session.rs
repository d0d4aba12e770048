//! The way from a file to a running network, one step a function; the commands and `cleat` put the steps together.

use crate::args::Input;
use crate::look::devices;
use crate::read::emptied::emptied;
use crate::read::last_good;
use crate::read::renamed::Renamed;
use crate::read::severity::{self, Situation};
use crate::read::{mapping, served};
use crate::state::State;
use crate::state::run_files::RunFiles;
use cleat_diag::{Diagnostic, Severity, Sources};
use cleat_eni::ConfigSet;
use cleat_kernel::Host;
use cleat_model::decl::{self, Decls};
use cleat_model::desired::Desired;
use cleat_model::hash::{Map, Set};
use cleat_model::kernel::{Kernel, KernelError, Query};
use cleat_model::name::IfName;
use cleat_model::owned::Owned;
use cleat_model::snapshot::Snapshot;
use cleat_model::types::Kind;
use cleat_root::{Root, paths};
use cleat_settings::{self as settings, Settings};
use log::debug;
use std::io::Read;
use std::path::Path;
use std::time::{Duration, Instant};

/// One configuration on its way, and everything that was found wrong with it so far.
#[derive(Debug)]
pub struct Session {
    /// The `/` that it is read from.
    pub root: Root,
    /// What /etc/cleat/cleat.toml says.
    pub settings: Settings,
    /// The files under /run.
    pub files: RunFiles,
    /// The files as read.
    pub config: ConfigSet,
    /// Their text, and that of files of sysctl.d where a plan read them.
    pub sources: Sources,
    /// The interfaces as written.
    pub decls: Decls,
    /// What was found, in the order found.
    pub diagnostics: Vec<Diagnostic>,
    /// The generation that is brought up in place of files that are lost.
    pub instead: Option<u32>,
    lap: Instant,
}

impl Session {
    /// Reads the settings, the file with all that it sources, and the interfaces in it. Never fails: what is wrong is
    /// in [`Session::diagnostics`].
    pub fn load(root: Root, input: &Input) -> Self {
        let (config, found) = Self::read(&root, input);
        Self::of_config(root, config, found)
    }

    /// Reads the file with all that it sources, and no more.
    pub fn read(root: &Root, input: &Input) -> (ConfigSet, Vec<Diagnostic>) {
        let read = |path: &Path| ConfigSet::load(root, path);
        match input {
            Input::Standard => read(Path::new(paths::INTERFACES)),
            Input::File(path) => read(&absolute(path)),
            Input::Stdin => {
                let mut bytes = Vec::new();
                match std::io::stdin().lock().read_to_end(&mut bytes) {
                    Ok(_) => ConfigSet::from_bytes(&absolute(Path::new("<stdin>")), bytes, root),
                    Err(error) => {
                        let text = format!("cannot read standard input: {error}");
                        (ConfigSet::default(), vec![Diagnostic::error("unreadable", text)])
                    }
                }
            }
        }
    }

    /// The live configuration as a boot brings it up: where its files are lost, the newest healthy generation.
    pub fn at_boot(root: Root, config: ConfigSet, found: Vec<Diagnostic>) -> Self {
        let Some(instead) = last_good::instead_of(&config, &root) else {
            return Self::of_config(root, config, found);
        };
        let mut session = Self::of_config(root, instead.config, instead.found);
        session.instead = Some(instead.number);
        session
    }

    /// A session of a configuration that was read already; `found` is what was found then.
    pub fn of_config(root: Root, mut config: ConfigSet, mut found: Vec<Diagnostic>) -> Self {
        let lap = Instant::now();
        let (settings, mut diagnostics) = Settings::load(&root, &mut config.sources);
        diagnostics.append(&mut found);
        let (decls, mut found) = decl::declare(config.items());
        served::leave_to_scripts(&root, &decls, &mut found);
        diagnostics.append(&mut found);
        Self {
            files: RunFiles::of_this_namespace(&root),
            root,
            settings,
            sources: config.sources.clone(),
            config,
            decls,
            diagnostics,
            instead: None,
            lap,
        }
    }

    /// Tells with `--debug` how long a step took.
    pub fn lap(&mut self, step: &str) {
        let now = Instant::now();
        debug!("{step}: {:.1} ms", (now - self.lap).as_secs_f64() * 1e3);
        self.lap = now;
    }

    /// The files' text, to print diagnostics with.
    pub fn sources(&self) -> &Sources {
        &self.sources
    }

    /// Whether an error was found. One in our own settings does not count: the built-in ones hold then.
    pub fn has_errors(&self) -> bool {
        let mut errors = self
            .diagnostics
            .iter()
            .filter(|found| found.severity == Severity::Error);
        errors.any(|found| !settings::is_about(found))
    }

    /// Tells of a file that would leave this host without a network.
    pub fn doubt(&mut self, owned: &Owned) {
        self.diagnostics.extend(emptied(&self.config, &self.decls, owned));
    }

    /// Whether something was found, so far, for which nothing must be changed in this situation.
    pub fn stops(&mut self, situation: Situation) -> bool {
        severity::regrade(&mut self.diagnostics, situation);
        let mut faults = self.diagnostics.iter().filter(|found| found.stops());
        faults.any(|found| !settings::is_about(found))
    }

    /// Runs the mapping scripts for these interfaces and configures each by the stanza that they pick; names given as
    /// `IFACE=LOGICAL` are taken as said.
    ///
    /// *Shape*: what was found: a script that failed, a logical name without a stanza.
    pub fn map(&mut self, named: &[(IfName, Option<String>)], scripts: bool) -> Vec<Diagnostic> {
        let mut all = Vec::new();
        for (name, said) in named {
            let logical = match said {
                Some(logical) => logical.clone(),
                None if scripts && !self.decls.mappings.is_empty() => {
                    let limit = self.settings.hook_limit;
                    let mappings = self.decls.mappings.iter();
                    let (logical, mut found) = mapping::logical(&self.root, mappings, name.as_str(), limit);
                    all.append(&mut found);
                    logical
                }
                None => continue,
            };
            if logical != name.as_str() && !self.decls.map(*name, &logical) {
                let text = format!("there is no stanza `{logical}` to configure `{name}` by");
                all.push(Diagnostic::error("logical-unknown", text).on(name));
            }
        }
        all
    }

    /// The logical name of each interface that is configured by another stanza than its own.
    pub fn logical_names(&self) -> Map<IfName, String> {
        let mapped = self.decls.iter().filter(|decl| decl.logical != decl.name.as_str());
        mapped.map(|decl| (decl.name, decl.logical.clone())).collect()
    }

    /// Waits for the NICs that these interfaces need, and answers whether `snapshot` is too old then: the kernel is to be
    /// read again. Those that did not come in time are reported when the file is resolved against the kernel.
    ///
    /// `limit` is that of NICs that are missing; with it come those that are there under another name, which udev may
    /// still have to come to.
    pub fn wait_for_devices(
        &self,
        desired: &Desired,
        snapshot: &Snapshot,
        names: &[IfName],
        (limit, renamed): (Option<Duration>, &[Renamed]),
    ) -> bool {
        let needed = with_lowers(desired, names);
        let physical = needed.iter().filter(|name| {
            let link = desired.get(**name);
            link.is_some_and(|link| link.kind == Kind::Physical)
        });
        let names: Vec<&str> = physical.map(IfName::as_str).filter(|name| *name != "lo").collect();
        let unnamed = |name: &str| {
            let mut nics = renamed.iter().filter(|nic| nic.from.as_str() == name);
            nics.any(|nic| self.is_unnamed(nic))
        };
        let limit = limit.or(self.settings.device_wait);
        let waited = devices::wait(&self.root, &names, limit, &unnamed);
        // One that got its name after the kernel was read and before it was waited for costs no wait, but is not read.
        let came = |name: &&str| snapshot.find(name).is_none() && !waited.missing.contains(name);
        waited.slept || names.iter().any(came)
    }

    /// Reads the state. Take the lock first where it will be written back.
    pub fn state(&mut self) -> State {
        let (state, mut found) = State::load(&self.root, &self.files.state);
        self.diagnostics.append(&mut found);
        state
    }

    /// Opens the engine; `None` where that failed, which is an error in [`Session::diagnostics`].
    pub fn netlink(&mut self) -> Option<Host> {
        let opened = Host::open();
        if let Err(error) = &opened {
            self.diagnostics.push(Diagnostic::error(
                "kernel-unreadable",
                format!("cannot open a netlink socket: {error}"),
            ));
        }
        opened.ok()
    }

    /// Reads the kernel; `None` where that failed, which is an error in [`Session::diagnostics`].
    pub fn snapshot(&mut self, kernel: &mut dyn Kernel, query: Query) -> Option<Snapshot> {
        let read = kernel.snapshot(query);
        read.map_err(|error| self.diagnostics.push(unreadable(&error))).ok()
    }
}

/// The kernel cannot be read.
pub(crate) fn unreadable(error: &KernelError) -> Diagnostic {
    let text = format!("cannot read the kernel's links (ip link): {error}");
    Diagnostic::error("kernel-unreadable", text)
}

/// The names and all that they depend on, near or far, in no order.
pub(crate) fn with_lowers(desired: &Desired, names: &[IfName]) -> Vec<IfName> {
    let mut seen: Set<IfName> = names.iter().copied().collect();
    let mut all = names.to_vec();
    let mut at = 0;
    while let Some(name) = all.get(at).copied() {
        at += 1;
        let lowers = desired.get(name).into_iter().flat_map(|link| link.lower());
        all.extend(lowers.map(|lower| lower.name).filter(|lower| seen.insert(*lower)));
    }
    all
}

/// `path` from the root: what the shell handed over is relative to where it stands.
fn absolute(path: &Path) -> std::path::PathBuf {
    std::path::absolute(path).unwrap_or_else(|_| path.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;
    use cleat_model::desired::WantLink;
    use cleat_model::types::Origin;
    use cleat_networks::link;

    /// A booting machine: udev names a NIC between the kernel's reading and the wait, which then has nothing to wait for.
    #[test]
    fn regress_a_nic_named_after_the_kernel_was_read_makes_it_be_read_again() {
        let tree = tempfile::tempdir().unwrap();
        let root = Root::at(tree.path());
        root.create_dir_all(Path::new(paths::SYS_CLASS_NET).join("eno1"))
            .unwrap();
        let session = Session::of_config(root, ConfigSet::default(), Vec::new());
        let names = ["eno1", "eno9"].map(|name| IfName::new(name).unwrap());
        let desired = Desired::new(names.map(|name| WantLink::new(name, Origin::Own("test"))).into());
        let before = Snapshot::new();
        assert!(session.wait_for_devices(&desired, &before, &names, (Some(Duration::ZERO), &[])));
        let mut after = Snapshot::new();
        after.insert(link(1, "eno1", Kind::Physical, None));
        // eno9 is nowhere: reading again would not bring it.
        assert!(!session.wait_for_devices(&desired, &after, &names, (Some(Duration::ZERO), &[])));
    }
}
