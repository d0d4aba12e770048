//! NICs that the configuration calls by names which are gone: known again by their other names and their addresses.

use crate::look::devices;
use crate::read::pinned_nics::PinnedNics;
use crate::read::renamed::Renamed;
use crate::read::saved_nics::{SavedNics, is_nic, nic_of, own_mac};
use crate::read::session::Session;
use cleat_diag::Diagnostic;
use cleat_eni::{ConfigSet, rename_interface};
use cleat_model::decl;
use cleat_model::desired::Desired;
use cleat_model::name::IfName;
use cleat_model::snapshot::Snapshot;
use cleat_model::table;
use cleat_model::types::Kind;
use std::path::PathBuf;

/// The NICs of a network whose names are gone, and which other links they are now.
///
/// Names may have moved on from NIC to NIC (a card was put in before them): a name that another NIC has now goes with the
/// address that it had, unless a pin gives it to that NIC. Nothing is answered that would put two names on one NIC.
pub fn renamed(desired: &Desired, snapshot: &Snapshot, saved: &SavedNics, pins: &PinnedNics) -> Vec<Renamed> {
    let nics = desired.links().iter().filter(|link| link.kind == Kind::Physical);
    let names: Vec<IfName> = nics
        .map(|link| link.name)
        .filter(|name| name.as_str() != "lo")
        .collect();
    let all = names.iter().filter_map(|name| {
        let found = match snapshot.get(*name) {
            None => gone(*name, snapshot, saved, pins)?,
            Some(there) if is_nic(there) && !pins.names_it_so(there) => by_saved(*name, snapshot, saved)?,
            Some(_) => return None,
        };
        (found.to != *name).then(|| Renamed {
            pin: found.pin.or_else(|| pin_to_come(found.to, snapshot, pins)),
            ..found
        })
    });
    let mut all: Vec<Renamed> = all.collect();
    loop {
        let bad = |one: &Renamed| {
            let twice = all.iter().filter(|other| other.to == one.to).count() > 1;
            let moves_on = all.iter().any(|other| other.from == one.to);
            twice || (names.contains(&one.to) && !moves_on)
        };
        let (out, kept): (Vec<_>, Vec<_>) = all.iter().cloned().partition(bad);
        if out.is_empty() {
            return kept;
        }
        all = kept;
    }
}

/// The pin that gives a NIC another name than it has, once udev has come to it: brought up before, it would keep this one.
fn pin_to_come(nic: IfName, snapshot: &Snapshot, pins: &PinnedNics) -> Option<PathBuf> {
    let pin = pins.of(snapshot.get(nic)?)?;
    (pin.name != nic.as_str()).then(|| pin.path.clone())
}

fn gone(name: IfName, snapshot: &Snapshot, saved: &SavedNics, pins: &PinnedNics) -> Option<Renamed> {
    if let Some(link) = snapshot.find(name.as_str()) {
        return Some(Renamed {
            from: name,
            to: link.name,
            why: format!("`{name}` is another name of it"),
            pin: None,
        });
    }
    if let Some((pin, to)) = pins.named(name, snapshot) {
        let file = pin.path.display();
        return Some(Renamed {
            from: name,
            to,
            why: format!("{file} pins its address {} to that name, to no effect yet", pin.address),
            pin: Some(pin.path.clone()),
        });
    }
    by_saved(name, snapshot, saved)
}

/// Whether a NIC of the network is gone, or has another address than it had.
fn is_suspicious(desired: &Desired, snapshot: &Snapshot, saved: &SavedNics) -> bool {
    let mut nics = desired
        .links()
        .iter()
        .filter(|link| link.kind == Kind::Physical && link.name.as_str() != "lo");
    nics.any(|link| match snapshot.get(link.name) {
        None => true,
        Some(there) => {
            let had = saved.addresses.get(link.name.as_str());
            is_nic(there) && had.is_some_and(|had| own_mac(there).is_some_and(|mac| mac.to_string() != *had))
        }
    })
}

fn by_saved(name: IfName, snapshot: &Snapshot, saved: &SavedNics) -> Option<Renamed> {
    let address = saved.addresses.get(name.as_str())?;
    Some(Renamed {
        from: name,
        to: nic_of(snapshot, address)?,
        why: format!("its address {address} is the one that `{name}` had when it was last up"),
        pin: None,
    })
}

impl Session {
    /// The NICs whose names are gone, and what they are called now. Nothing is changed.
    pub fn renamed_nics(&self, desired: &Desired, snapshot: &Snapshot) -> Vec<Renamed> {
        let saved = SavedNics::load(&self.root);
        if !is_suspicious(desired, snapshot, &saved) {
            return Vec::new();
        }
        renamed(desired, snapshot, &saved, &PinnedNics::load(&self.root))
    }

    /// Whether udev has still to come to this NIC: a NIC that will get its name back is not reported, and is waited for
    /// first.
    pub fn is_unnamed(&self, nic: &Renamed) -> bool {
        !devices::is_handled(&self.root, nic.to.as_str(), nic.pin.as_deref())
    }

    /// Takes these NICs by the names that they have now: the configuration is changed in memory, and declared again.
    /// Returns the configuration as it was, for [`Session::redeclare`], and what is to be said.
    ///
    /// # Errors
    /// It cannot be changed so: why. It is as it was.
    pub fn follow(&mut self, nics: &[Renamed]) -> Result<(ConfigSet, Vec<Diagnostic>), Vec<Diagnostic>> {
        let mut config = self.config.clone();
        let told = rename_all(&mut config, nics)?;
        let before = self.redeclare(config);
        Ok((before, nics.iter().map(Renamed::warning).chain(told).collect()))
    }

    /// Takes the network from another configuration, and answers the one that it was taken from.
    pub fn redeclare(&mut self, config: ConfigSet) -> ConfigSet {
        let before = std::mem::replace(&mut self.config, config);
        (self.decls, _) = decl::declare(self.config.items());
        before
    }
}

/// Renames them all at once: names may change places, so each gets one that nobody has in between.
fn rename_all(config: &mut ConfigSet, all: &[Renamed]) -> Result<Vec<Diagnostic>, Vec<Diagnostic>> {
    let moved_on = all.iter().any(|one| all.iter().any(|other| other.from == one.to));
    let between = |at: usize| format!("~{at}");
    let steps: Vec<(String, String)> = match moved_on {
        false => all
            .iter()
            .map(|one| (one.from.to_string(), one.to.to_string()))
            .collect(),
        true => {
            let away = all
                .iter()
                .enumerate()
                .map(|(at, one)| (one.from.to_string(), between(at)));
            let back = all
                .iter()
                .enumerate()
                .map(|(at, one)| (between(at), one.to.to_string()));
            away.chain(back).collect()
        }
    };
    let mut told = Vec::new();
    for (from, to) in steps {
        let (_, mut found) = rename_interface(config, &from, &to, &table::names_interfaces);
        if found.iter().any(|fault| fault.severity == cleat_diag::Severity::Error) {
            return Err(found);
        }
        // What would be reported of a name in between interests nobody.
        found.retain(|_| !moved_on);
        told.append(&mut found);
    }
    Ok(told)
}

#[cfg(test)]
mod tests {
    use super::*;
    use cleat_diag::FileId;
    use cleat_model::desired::WantLink;
    use cleat_model::snapshot::IFLA_ADDRESS;
    use cleat_model::types::Origin;
    use cleat_networks::{link, name};
    use cleat_root::{Durability, Root};

    fn snapshot(nics: &[(&str, u8, &[&str])]) -> Snapshot {
        let mut snapshot = Snapshot::new();
        for (at, (text, last, altnames)) in nics.iter().enumerate() {
            let mut link = link(at as u32 + 2, text, Kind::Physical, None);
            link.attrs.set(IFLA_ADDRESS, &[0xbc, 0x24, 0x11, 0, 0, *last]);
            link.altnames = altnames.iter().map(|name| name.to_string()).collect();
            snapshot.insert(link);
        }
        snapshot
    }

    fn desired(names: &[&str]) -> Desired {
        let links = names.iter().map(|text| WantLink::new(name(text), Origin::Own("test")));
        Desired::new(links.collect())
    }

    fn saved(nics: &[(&str, u8)]) -> SavedNics {
        let addresses = nics
            .iter()
            .map(|(name, last)| (name.to_string(), format!("bc:24:11:00:00:{last:02x}")));
        SavedNics {
            addresses: addresses.collect(),
        }
    }

    fn found(wanted: &[&str], nics: &[(&str, u8, &[&str])], known: &[(&str, u8)]) -> Vec<String> {
        let all = renamed(
            &desired(wanted),
            &snapshot(nics),
            &saved(known),
            &PinnedNics::load(&Root::at("/nonexistent")),
        );
        all.iter()
            .map(|one| format!("{} is {}: {}", one.from, one.to, one.why))
            .collect()
    }

    #[test]
    fn a_name_that_is_there_is_that_nics_whatever_was_saved() {
        assert_eq!(found(&["eno1"], &[("eno1", 1, &[])], &[("eno1", 9)]), [""; 0]);
    }

    #[test]
    fn a_name_that_is_gone_is_found_among_other_names_and_then_by_its_address() {
        assert_eq!(
            found(
                &["eno1", "eno2", "eno3"],
                &[("lan0", 1, &["eno1"]), ("lan1", 2, &[])],
                &[("eno2", 2), ("eno3", 3)]
            ),
            [
                "eno1 is lan0: `eno1` is another name of it",
                "eno2 is lan1: its address bc:24:11:00:00:02 is the one that `eno2` had when it was last up"
            ]
        );
    }

    /// A card was put in before two NICs: the first one's name is gone, the second one's is the first one's now.
    #[test]
    fn names_that_moved_on_are_all_followed() {
        let nics: &[(&str, u8, &[&str])] = &[("enp2s0", 1, &[]), ("enp3s0", 2, &[])];
        let short = |text: &String| text.split(':').next().unwrap().to_owned();
        let all = found(&["enp1s0", "enp2s0"], nics, &[("enp1s0", 1), ("enp2s0", 2)]);
        assert_eq!(
            all.iter().map(short).collect::<Vec<_>>(),
            ["enp1s0 is enp2s0", "enp2s0 is enp3s0"]
        );
    }

    /// As `moved-nics` of the machines found it: the new card has the first one's name, and no name is gone.
    #[test]
    fn regress_names_that_moved_on_are_followed_where_none_is_gone() {
        let nics: &[(&str, u8, &[&str])] = &[("enp0s1", 9, &[]), ("enp0s2", 1, &[]), ("enp0s3", 2, &[])];
        let known = &[("enp0s1", 1), ("enp0s2", 2)];
        let short = |text: &String| text.split(':').next().unwrap().to_owned();
        let all = found(&["enp0s1", "enp0s2"], nics, known);
        assert_eq!(
            all.iter().map(short).collect::<Vec<_>>(),
            ["enp0s1 is enp0s2", "enp0s2 is enp0s3"]
        );
        // A card that took another's place, and its name, is what is meant.
        assert_eq!(found(&["enp0s1"], &[("enp0s1", 9, &[])], known), [""; 0]);
    }

    /// As `moved-nics` of the machines found it, where ifup was quicker than udev: the pin is in the root alone, the
    /// initramfs gave the NIC another name, and one that is up is not renamed.
    #[test]
    fn regress_a_nic_that_moved_on_has_its_pins_name_to_come() {
        let pinned = |files: &[(&str, u8, &str)]| {
            let tree = tempfile::tempdir().unwrap();
            let root = Root::at(tree.path());
            root.create_dir_all("/etc/systemd/network").unwrap();
            for (path, last, name) in files {
                let text = format!("[Match]\nMACAddress=bc:24:11:00:00:{last:02x}\nType=ether\n[Link]\nName={name}\n");
                root.write_atomic(path, text.as_bytes(), Durability::Volatile).unwrap();
            }
            let nics: &[(&str, u8, &[&str])] = &[("enp0s1", 9, &[]), ("enp0s2", 1, &[])];
            let pins = PinnedNics::load(&root);
            let all = renamed(&desired(&["enp0s1"]), &snapshot(nics), &saved(&[("enp0s1", 1)]), &pins);
            all.into_iter()
                .map(|one| (one.to.to_string(), one.pin))
                .collect::<Vec<_>>()
        };
        let file = "/etc/systemd/network/50-nic0.link";
        let is = |pin: Option<&str>| vec![("enp0s2".to_owned(), pin.map(PathBuf::from))];
        assert_eq!(pinned(&[(file, 1, "nic0")]), is(Some(file)));
        assert_eq!(pinned(&[(file, 1, "enp0s2")]), is(None));
        assert_eq!(pinned(&[(file, 7, "nic0")]), is(None));
    }

    /// Source: canonical/cloud-init#4768: a synthetic NIC and its virtual function have one address, and `Driver=` tells
    /// them apart.
    #[test]
    fn a_pin_is_credited_to_the_nic_that_all_keys_of_its_file_are_for() {
        let tree = tempfile::tempdir().unwrap();
        let root = Root::at(tree.path());
        root.create_dir_all("/etc/systemd/network").unwrap();
        let file = "/etc/systemd/network/10-net0.link";
        for (nic, driver) in [("eth0", "hv_netvsc"), ("enp1s0", "mlx5_core")] {
            let device = format!("/sys/class/net/{nic}/device");
            root.create_dir_all(&device).unwrap();
            root.symlink(format!("/sys/bus/{driver}"), format!("{device}/driver"))
                .unwrap();
            let kind = format!("/sys/class/net/{nic}/type");
            root.write_atomic(&kind, b"1\n", Durability::Volatile).unwrap();
        }
        let found = |keys: &str| {
            let text = format!("[Match]\nMACAddress=bc:24:11:00:00:01\n{keys}[Link]\nName=net0\n");
            root.write_atomic(file, text.as_bytes(), Durability::Volatile).unwrap();
            let nics: &[(&str, u8, &[&str])] = &[("eth0", 1, &[]), ("enp1s0", 1, &[])];
            let pins = PinnedNics::load(&root);
            let all = renamed(&desired(&["net0"]), &snapshot(nics), &saved(&[]), &pins);
            let nics = snapshot(nics);
            let pinned = nics.links().iter().filter(|link| pins.of(link).is_some());
            let pinned: Vec<String> = pinned.map(|link| link.name.to_string()).collect();
            (
                all.into_iter().map(|one| one.to.to_string()).collect::<Vec<_>>(),
                pinned,
            )
        };
        let is = |nics: &[&str], pinned: &[&str]| {
            let owned = |names: &[&str]| names.iter().map(|name| (*name).to_owned()).collect::<Vec<_>>();
            (owned(nics), owned(pinned))
        };
        for (keys, nic) in [
            ("Driver=hv_netvsc\n", "eth0"),
            ("Driver=!mlx*\n", "eth0"),
            ("Driver=mlx5_core\nType=ether\n", "enp1s0"),
        ] {
            assert_eq!(found(keys), is(&[nic], &[nic]), "{keys}");
        }
        // Neither is it where the pin may be for both, or is for neither.
        assert_eq!(found("Type=ether\n"), is(&[], &["eth0", "enp1s0"]));
        assert_eq!(found("Driver=virtio_net\n"), is(&[], &[]));
    }

    #[test]
    fn a_nic_that_has_a_stanza_of_its_own_is_not_taken_for_another() {
        assert_eq!(found(&["eno1", "lan0"], &[("lan0", 1, &["eno1"])], &[]), [""; 0]);
        assert_eq!(
            found(&["eno1", "eno2"], &[("lan0", 1, &["eno1", "eno2"])], &[]),
            [""; 0]
        );
    }

    #[test]
    fn the_configuration_is_read_as_if_it_said_the_new_names() {
        let tree = tempfile::tempdir().unwrap();
        let root = Root::at(tree.path());
        root.create_dir_all("/var/lib/cleat").unwrap();
        let text = "auto enp1s0\niface enp1s0 inet manual\nauto enp2s0.5\niface enp2s0.5 inet manual\n\
                    auto vmbr0\niface vmbr0 inet manual\n  bridge-ports enp1s0 enp2s0\n";
        let (config, _) = ConfigSet::from_bytes("/etc/network/interfaces".as_ref(), text.into(), &root);
        let known = saved(&[("enp1s0", 1), ("enp2s0", 2)]);
        known.save(&root).unwrap();
        let mut session = Session::of_config(root.clone(), config, Vec::new());
        let now = snapshot(&[("enp2s0", 1, &[]), ("enp3s0", 2, &[])]);
        let (wanted, _) = session.resolve(Some(&now));
        let renamed = session.renamed_nics(&wanted, &now);
        assert_eq!(renamed.len(), 2);
        let (before, told) = session.follow(&renamed).expect("the file can be changed");
        assert_eq!(before.document(FileId(0)).unwrap().to_bytes(), text.as_bytes());
        let document = session.config.document(FileId(0)).unwrap();
        assert_eq!(
            String::from_utf8(document.to_bytes()).unwrap(),
            "auto enp2s0\niface enp2s0 inet manual\nauto enp3s0.5\niface enp3s0.5 inet manual\n\
             auto vmbr0\niface vmbr0 inet manual\n  bridge-ports enp2s0 enp3s0\n"
        );
        let told: Vec<&str> = told.iter().map(|found| found.message.as_str()).collect();
        assert_eq!(
            told,
            [
                "the NIC that the file calls `enp1s0` is called `enp2s0` now, and is brought up so: its address \
             bc:24:11:00:00:01 is the one that `enp1s0` had when it was last up",
                "the NIC that the file calls `enp2s0` is called `enp3s0` now, and is brought up so: its address \
             bc:24:11:00:00:02 is the one that `enp2s0` had when it was last up"
            ]
        );
        let (wanted, _) = session.resolve(Some(&now));
        assert_eq!(session.renamed_nics(&wanted, &now), []);
    }

    #[test]
    fn damaged_addresses_are_none() {
        let tree = tempfile::tempdir().unwrap();
        let root = Root::at(tree.path());
        root.create_dir_all("/var/lib/cleat").unwrap();
        root.write_atomic("/var/lib/cleat/nics.json", b"{\"version\":1,", Durability::Volatile)
            .unwrap();
        assert_eq!(SavedNics::load(&root), SavedNics::default());
        saved(&[("eno1", 1)]).save(&root).unwrap();
        assert_eq!(SavedNics::load(&root), saved(&[("eno1", 1)]));
    }
}
