//! Kernel modules of the links that a boot makes, loaded by one process of ours.
//!
//! The kernel would ask for them itself, one `modprobe` for each kind of link, while we wait in the midst of a request.
//! At a boot that costs twice: each of these programs reads its libraries and tables again, and as the kernel's own
//! children they have no part in the weight of our unit, so that udev's workers are ahead of them. Asked for in one go,
//! they are loaded while we still plan, with what our unit gives.

use cleat_model::desired::Desired;
use cleat_model::name::IfName;
use cleat_model::snapshot::Snapshot;
use cleat_model::types::Kind;
use cleat_root::{Root, paths};
use log::debug;
use std::collections::BTreeSet;
use std::process::{Child, Command, Stdio};

/// Modules on their way; they are there, or cannot be had, once this is dropped.
#[derive(Debug)]
pub(crate) struct Loading(Child);

impl Loading {
    /// Begins to load what makes the links of these names, by the aliases that the kernel has for that
    /// (`rtnl-link-bond`). None where the kernel has a link of each kind already.
    ///
    /// *Source*: `request_module` of the kernel: the program is the one of `kernel.modprobe`, where an empty text says
    /// that none is to be run; `-q`, as an alias that nothing has is not a fault of modprobe's. What it cannot load the
    /// kernel asks for once more, and tells of.
    pub(crate) fn of(root: &Root, names: &[IfName], desired: &Desired, snapshot: &Snapshot) -> Option<Self> {
        let aliases = lacking(names, desired, snapshot);
        if aliases.is_empty() {
            return None;
        }
        let program = root.read_text(paths::PROC_MODPROBE).ok()?;
        let program = program.trim_end_matches('\n');
        if program.is_empty() {
            return None;
        }
        // The kernel's own modprobe.
        #[allow(clippy::disallowed_methods)]
        let started = Command::new(program)
            .args(["-a", "-q", "--"])
            .args(&aliases)
            .env_clear()
            .env("PATH", "/sbin:/usr/sbin:/bin:/usr/bin")
            .current_dir("/")
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn();
        match started {
            Ok(child) => Some(Self(child)),
            Err(error) => {
                debug!("`{program}` cannot be started, the kernel loads its modules itself: {error}");
                None
            }
        }
    }
}

impl Drop for Loading {
    fn drop(&mut self) {
        match self.0.wait() {
            Ok(status) => debug!("modules are loaded: {status}"),
            Err(error) => debug!("what became of modprobe is not known: {error}"),
        }
    }
}

/// The aliases of the kinds that are wanted, where the kernel has no link of the kind.
fn lacking(names: &[IfName], desired: &Desired, snapshot: &Snapshot) -> BTreeSet<String> {
    let there: BTreeSet<&Kind> = snapshot.links().iter().map(|link| &link.kind).collect();
    let wanted = names.iter().filter_map(|name| desired.get(*name));
    wanted
        .map(|link| &link.kind)
        .filter(|kind| **kind != Kind::Physical && !there.contains(kind))
        .map(|kind| format!("rtnl-link-{kind}"))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use cleat_model::desired::WantLink;
    use cleat_model::fake::defaults;
    use cleat_model::name::Mac;
    use cleat_model::types::Origin;
    use cleat_root::Durability;
    use std::fs;
    use std::path::Path;

    fn want(name: &str, kind: Kind) -> WantLink {
        let mut link = WantLink::new(name.parse().unwrap(), Origin::Own("test"));
        link.kind = kind;
        link
    }

    /// Runs it with a program in modprobe's place that notes its arguments, as `kernel.modprobe` names it.
    fn asked(line: &dyn Fn(&Path) -> String, names: &[&str]) -> Option<String> {
        let directory = tempfile::tempdir().unwrap();
        let program = directory.path().join("modprobe");
        let noted = directory.path().join("noted");
        let source = directory.path().join("source");
        fs::write(
            &source,
            format!("#!/bin/sh\necho \"$@\" >{}\nexit 1\n", noted.display()),
        )
        .unwrap();
        // By another process: no test beside this one can have it open for writing while it is started.
        let installed = Command::new("install").arg("-m755").args([&source, &program]).status();
        assert!(installed.unwrap().success());
        fs::create_dir_all(directory.path().join("proc/sys/kernel")).unwrap();
        let root = Root::at(directory.path());
        root.write_atomic(paths::PROC_MODPROBE, line(&program).as_bytes(), Durability::Volatile)
            .unwrap();
        let desired = Desired::new(vec![
            want("eno1", Kind::Physical),
            want("bond0", Kind::Bond),
            want("vmbr0", Kind::Bridge),
            want("vmbr1", Kind::Bridge),
            want("vmbr0.5", Kind::Vlan),
        ]);
        let mac = Mac::new(&[2, 0, 0, 0, 0, 1]).unwrap();
        let snapshot = Snapshot::of(vec![defaults::link(2, "br0".parse().unwrap(), Kind::Bridge, mac)]);
        let names: Vec<IfName> = names.iter().map(|name| name.parse().unwrap()).collect();
        drop(Loading::of(&root, &names, &desired, &snapshot));
        fs::read_to_string(noted).ok()
    }

    #[test]
    fn modules_of_all_kinds_that_are_not_there_are_asked_for_at_once() {
        let line = |program: &Path| format!("{}\n", program.display());
        let all = asked(&line, &["eno1", "vmbr0.5", "bond0", "vmbr0"]);
        assert_eq!(all.as_deref(), Some("-a -q -- rtnl-link-bond rtnl-link-vlan\n"));
        assert_eq!(asked(&line, &["eno1", "vmbr0", "vmbr1"]), None, "there is a bridge");
    }

    /// Documentation/admin-guide/sysctl/kernel.rst, "modprobe": an empty string, and no module is loaded by itself.
    #[test]
    fn nothing_is_run_where_the_administrator_says_so() {
        assert_eq!(asked(&|_| "\n".to_owned(), &["bond0"]), None);
        assert_eq!(asked(&|_| "/no/such/program\n".to_owned(), &["bond0"]), None);
    }
}
