//! What every verb starts from: the NICs, the .link files, and the pins among them.

use super::carrier::Carrier;
use super::nic::Nic;
use crate::scheme::next::NextBoot;
use cleat_model::kernel::{Kernel, Query};
use cleat_model::snapshot::Snapshot;
use cleat_naming::link_file::{Device, Fit, LinkFile, LinkFiles, Machine, Policy, Verdict};
use cleat_naming::pins::{Pin, Pins};
use cleat_naming::policy::{ChosenName, choose};
use cleat_naming::rules::{self, NameRule, Rules, ruled};
use cleat_naming::udev::DEBIAN_13;
use cleat_naming::{NicFacts, Scheme, Udev, facts, predict};
use cleat_root::{Root, paths};
use std::path::Path;

/// The file that names what no other file is for.
///
/// *Source*: of Debian 12's package udev it has `AlternativeNamesPolicy=database onboard slot path`, of Debian 13's `mac`
/// behind that.
const DEFAULT_FILE: &str = "/usr/lib/systemd/network/99-default.link";

/// A host, read once.
#[derive(Debug)]
pub struct Host {
    /// Where it is read from.
    pub root: Root,
    /// Its .link files.
    pub files: LinkFiles,
    /// The pins among them.
    pub pins: Pins,
    /// The rules of udev that give names, which are stronger than .link files.
    pub rules: Rules,
    /// What conditions in .link files ask for.
    pub machine: Machine,
    /// Its NICs, in the order of their names with numbers counted.
    pub nics: Vec<Nic>,
    /// The kernel's links, NICs or not.
    pub snapshot: Snapshot,
    /// The udev and the scheme of the next boot.
    pub next_boot: NextBoot,
    /// What the images of an initramfs carry, where they were looked into.
    pub carriers: Vec<Carrier>,
}

/// The name that a NIC gets.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Next {
    /// This one.
    Name(String),
    /// The one that the kernel gives it, which is not known before.
    Kernel,
    /// It cannot be told, and why.
    Unknown(String),
}

impl Next {
    /// The name, where it is known.
    pub fn name(&self) -> Option<&str> {
        match self {
            Next::Name(name) => Some(name),
            Next::Kernel | Next::Unknown(_) => None,
        }
    }
}

impl Host {
    /// Reads the running host.
    ///
    /// # Errors
    /// One sentence: the kernel cannot be read.
    pub fn running() -> Result<Self, String> {
        let snapshot = cleat_kernel::Host::open()
            .and_then(|mut kernel| kernel.snapshot(Query::default()))
            .map_err(|error| format!("cannot read the kernel's links (ip link): {error}"))?;
        Ok(Self::of(Root::real(), snapshot))
    }

    /// This root with what only the kernel tells, where it is the running one's: permanent addresses, which .link files
    /// may ask for.
    pub fn as_far_as_known(root: &Root) -> Self {
        let running = if root.is_real() { Self::running().ok() } else { None };
        running.unwrap_or_else(|| Self::of(root.clone(), Snapshot::default()))
    }

    /// A host with these links.
    pub fn of(root: Root, snapshot: Snapshot) -> Self {
        let files = LinkFiles::load(&root);
        let names = root.read_dir(paths::SYS_CLASS_NET).unwrap_or_default();
        let names = names.iter().filter_map(|name| name.to_str());
        let mut nics: Vec<Nic> = names
            .filter_map(|name| Nic::read(&root, name, Some(&snapshot)))
            .collect();
        nics.sort_by_key(|nic| natural(&nic.name));
        let machine = Machine::read(&root);
        let mut pins = Pins::of(&files);
        // One file for many machines says with Host= which it is for.
        pins.list.retain(|pin| {
            let file = files.files.iter().find(|file| file.path == pin.path);
            file.is_some_and(|file| file.matching.holds_on(&machine))
        });
        Self {
            pins,
            rules: rules::load(&root),
            next_boot: NextBoot::read(&root),
            machine,
            files,
            nics,
            snapshot,
            root,
            carriers: Vec::new(),
        }
    }

    /// The NIC that is called so now, or has that address.
    pub fn nic(&self, word: &str) -> Option<&Nic> {
        let by_name = self.nics.iter().find(|nic| nic.name == word);
        let by_altname = || self.nics.iter().find(|nic| nic.is_called(word));
        let by_address = || {
            let address = word.parse().ok()?;
            self.nics.iter().find(|nic| nic.address() == Some(&address))
        };
        by_name.or_else(by_altname).or_else(by_address)
    }

    /// The pin of a NIC.
    pub fn pin_of(&self, nic: &Nic) -> Option<&Pin> {
        self.pins.list.iter().find(|pin| self.is_for(pin, nic))
    }

    /// The NIC of a pin.
    pub fn nic_of(&self, pin: &Pin) -> Option<&Nic> {
        self.nics.iter().find(|nic| self.is_for(pin, nic))
    }

    /// The NICs that have the address of a pin, those among them that another key of its file leaves out.
    pub fn nics_with_address(&self, pin: &Pin) -> impl Iterator<Item = &Nic> {
        self.nics.iter().filter(move |nic| nic.address() == Some(&pin.address))
    }

    /// Whether a NIC has the address of a pin, and the other keys of the pin's file take it, too.
    pub fn is_for(&self, pin: &Pin, nic: &Nic) -> bool {
        nic.address() == Some(&pin.address) && !matches!(self.fit(pin, nic), Some(Fit::No(_)) | None)
    }

    /// Whether the file of a pin is for a NIC when that has its own address; `None` where the file is gone.
    pub fn fit(&self, pin: &Pin, nic: &Nic) -> Option<Fit> {
        pin.fit(&self.files, &self.device_at_boot(nic), &self.machine)
    }

    /// Which .link file a NIC gets at the next boot, when it has its own address.
    pub fn verdict(&self, nic: &Nic) -> Verdict<'_> {
        self.files.verdict(&self.device_at_boot(nic), &self.machine)
    }

    /// A NIC as udev sees it at boot: with the address that is its own.
    pub fn device_at_boot(&self, nic: &Nic) -> Device {
        let address = nic.address().or(nic.device.address.as_ref()).cloned();
        Device {
            address,
            ..nic.device.clone()
        }
    }

    /// The rule of udev that names a NIC at boot, when it has its own address: then no .link file does.
    ///
    /// *Source*: systemd's 80-net-setup-link.rules takes the .link file's name where no rule before gave one.
    pub fn rule_of(&self, nic: &Nic) -> Option<&NameRule> {
        self.rules.naming().next()?;
        ruled(&self.rules, &self.facts_at_boot(nic)?).by
    }

    /// The rules of udev that name a NIC at boot, or may: of those that hold for sure the last one.
    pub fn naming_rules_of(&self, nic: &Nic) -> Vec<&NameRule> {
        if self.rules.naming().next().is_none() {
            return Vec::new();
        }
        let Some(facts) = self.facts_at_boot(nic) else {
            return Vec::new();
        };
        let found = ruled(&self.rules, &facts);
        let perhaps = found.perhaps.into_iter().map(|(rule, _)| rule);
        found.by.into_iter().chain(perhaps).collect()
    }

    /// What sysfs says of a NIC as udev sees it at boot; `None` where it is gone.
    pub fn facts_at_boot(&self, nic: &Nic) -> Option<NicFacts> {
        Some(self.at_boot(facts::read(&self.root, &nic.name).ok()?))
    }

    /// Facts of a NIC of this host as udev sees it at boot: with its own address, as far as that is known.
    pub fn at_boot(&self, mut facts: NicFacts) -> NicFacts {
        let nic = self.nics.iter().find(|nic| nic.name == facts.name());
        if let Some(own) = nic.and_then(Nic::address) {
            facts.permanent_mac = Some(own.to_string());
        }
        facts.at_boot()
    }

    /// What this udev would call a NIC under that scheme at the next boot; the facts are those of [`Host::at_boot`].
    pub fn choice(&self, facts: &NicFacts, scheme: &'static Scheme, udev: Udev) -> ChosenName {
        let verdict = match self.nics.iter().find(|known| known.name == facts.name()) {
            Some(known) => self.verdict(known),
            None => {
                let device = Device::read(&self.root, facts.name());
                self.files.verdict(&device, &self.machine)
            }
        };
        let prediction = predict(facts, scheme, udev);
        let policies = self.machine.uses_name_policies();
        let ruled = ruled(&self.rules, facts);
        let mut choice = choose(facts, &prediction, verdict.winner, policies, &ruled, scheme);
        choice.doubts.extend(doubts(&verdict));
        choice
    }

    /// The scheme of the next boot, where it is another than the one that named the NIC at this boot: another is pinned, or
    /// another systemd installed.
    fn other_scheme(&self, nic: &Nic) -> Option<&'static Scheme> {
        let noted = nic.device.properties.as_ref()?.get("ID_NET_NAMING_SCHEME")?;
        self.next_boot.scheme().filter(|scheme| scheme.name != noted)
    }

    /// The name that a policy gives a NIC at the next boot.
    ///
    /// What udev's policies give stands in its database, where its own rules put it at this boot; under another scheme it
    /// is predicted.
    pub fn name_by(&self, nic: &Nic, policy: Policy) -> Option<String> {
        let name = match (self.other_scheme(nic), policy.origin()) {
            (Some(scheme), Some(origin)) => {
                let facts = self.facts_at_boot(nic)?;
                let prediction = predict(&facts, scheme, self.next_boot.udev_for(scheme));
                prediction.from_origin(origin)?.name.clone()
            }
            _ => nic.device.properties.as_ref()?.get(property_of(policy)?)?.clone(),
        };
        cleat_naming::link_file::is_name(&name).then_some(name)
    }

    /// The other names that a NIC gets at the next boot, by the .link file that it gets.
    ///
    /// *Source*: systemd.link(5), `AlternativeName=` and `AlternativeNamesPolicy=`, which `net.ifnames=0` leaves alone.
    pub fn next_altnames(&self, nic: &Nic) -> Vec<String> {
        let Some(file) = self.verdict(nic).winner else {
            return Vec::new();
        };
        let policies = file.naming.alternative_policy.iter();
        let by_policy = policies.filter_map(|policy| self.name_by(nic, *policy));
        let mut names: Vec<String> = by_policy.chain(file.naming.alternative.iter().cloned()).collect();
        // The name of a link is not an alternative name of the same link.
        if let Next::Name(own) = self.next_name(nic, Some(file)) {
            names.retain(|name| *name != own);
        }
        names
    }

    /// The other names that a NIC would get from that udev under that scheme, where `choice` is its name; the facts are those
    /// of [`Host::at_boot`].
    pub fn altnames_under(&self, facts: &NicFacts, choice: &ChosenName, scheme: &Scheme, udev: Udev) -> Vec<String> {
        let Some(file) = self
            .nics
            .iter()
            .find(|nic| nic.name == facts.name())
            .and_then(|nic| self.verdict(nic).winner)
        else {
            return Vec::new();
        };
        let prediction = predict(facts, scheme, udev);
        let mut policies = file.naming.alternative_policy.clone();
        // Debian 13's own file has one policy more than Debian 12's, which it replaces.
        let is_default = file.path == Path::new(DEFAULT_FILE) && file.drop_ins.is_empty();
        if is_default && udev >= DEBIAN_13 && self.next_boot.udev.is_some_and(|installed| installed < DEBIAN_13) {
            policies.push(Policy::Mac);
        }
        let origins = policies.iter().filter_map(|policy| policy.origin());
        let by_policy = origins.filter_map(|origin| Some(prediction.from_origin(origin)?.name.clone()));
        let mut names: Vec<String> = by_policy.chain(file.naming.alternative.iter().cloned()).collect();
        names.retain(|name| choice.name.as_ref() != Some(name));
        names
    }

    /// The name that a NIC gets from the root at the next boot, if `file` is the .link file that it gets; for what an
    /// initramfs does to it see [`Host::coming`].
    pub fn next_name(&self, nic: &Nic, file: Option<&LinkFile>) -> Next {
        if let Some(rule) = self.rule_of(nic) {
            return match rule.given(self.next_boot.scheme_or_newest()) {
                Ok(name) => Next::Name(name),
                Err(_) => Next::Kernel,
            };
        }
        self.named_by(nic, file)
    }
}

/// What may make another file the one of a NIC, a sentence each.
pub(super) fn doubts(verdict: &Verdict<'_>) -> Vec<String> {
    let open = verdict.open();
    let mut doubts: Vec<String> = open
        .map(|(file, condition)| format!("{} may be for it: {condition} cannot be told here", file.path.display()))
        .collect();
    if let (Some(file), Some(condition)) = (verdict.winner, &verdict.unless) {
        let path = file.path.display();
        doubts.push(format!(
            "{path} is for it if {condition} holds at the boot, which cannot be known here"
        ));
    }
    doubts
}

/// The property that a policy takes its name from. *Source*: systemd.link(5), `NamePolicy=`. `keep` and `kernel` have
/// none: at boot no program has named a NIC yet.
pub(super) fn property_of(policy: Policy) -> Option<&'static str> {
    match policy {
        Policy::Kernel | Policy::Keep => None,
        Policy::Database => Some("ID_NET_NAME_FROM_DATABASE"),
        Policy::Onboard => Some("ID_NET_NAME_ONBOARD"),
        Policy::Slot => Some("ID_NET_NAME_SLOT"),
        Policy::Path => Some("ID_NET_NAME_PATH"),
        Policy::Mac => Some("ID_NET_NAME_MAC"),
    }
}

/// A key by which `eth10` comes behind `eth9`: text and numbers in turn.
fn natural(name: &str) -> Vec<(String, u64)> {
    let mut key = Vec::new();
    let mut rest = name;
    while !rest.is_empty() {
        let text = rest.find(|char: char| char.is_ascii_digit()).unwrap_or(rest.len());
        let (word, behind) = rest.split_at(text);
        let digits = behind.find(|char: char| !char.is_ascii_digit()).unwrap_or(behind.len());
        let (number, behind) = behind.split_at(digits);
        key.push((word.to_owned(), number.parse().unwrap_or(u64::MAX)));
        rest = behind;
    }
    key
}

#[cfg(test)]
mod tests {
    use super::*;
    use cleat_root::Durability;

    /// A NIC of Debian 12 behind a bridge, with a number of the firmware: of the captures in crates/naming/tests/fixtures.
    const NIC: &str = r#"[{"devices": [
        {"syspath": "/sys/devices/pci0000:00/0000:00:04.0/0000:01:02.0/net/enp1s2", "subsystem": "net",
         "attributes": {"type": "1", "ifindex": "3", "iflink": "3", "dev_port": "0", "addr_assign_type": "0",
                        "address": "52:54:00:aa:00:07", "name_assign_type": "4"},
         "properties": {"ID_NET_NAMING_SCHEME": "v252", "ID_NET_NAME_PATH": "enp1s2"}},
        {"syspath": "/sys/devices/pci0000:00/0000:00:04.0/0000:01:02.0", "subsystem": "pci", "header_type": 0,
         "attributes": {"firmware_node/sun": "2"}},
        {"syspath": "/sys/devices/pci0000:00/0000:00:04.0", "subsystem": "pci", "header_type": 1}]}]"#;

    fn write(root: &Root, path: &str, text: &str) {
        root.create_dir_all(Path::new(path).parent().unwrap()).unwrap();
        root.write_atomic(path, text.as_bytes(), Durability::Volatile).unwrap();
    }

    fn tree() -> (tempfile::TempDir, Root) {
        let directory = tempfile::tempdir().unwrap();
        let root = Root::at(directory.path());
        let nics: Vec<NicFacts> = serde_json::from_str(NIC).unwrap();
        facts::write(&root, &nics).unwrap();
        write(
            &root,
            "/usr/lib/systemd/network/99-default.link",
            "[Match]\nOriginalName=*\n[Link]\nNamePolicy=keep kernel database onboard slot path\n",
        );
        write(&root, "/usr/lib/systemd/libsystemd-shared-252.so", "");
        (directory, root)
    }

    fn next(root: &Root) -> Next {
        let host = Host::of(root.clone(), Snapshot::default());
        let nic = &host.nics[0];
        host.next_name(nic, host.verdict(nic).winner)
    }

    /// Second witness: udev 252 and 257 on the same machine, crates/naming/tests/fixtures/captured/truth.json.
    #[test]
    fn a_scheme_that_this_boot_did_not_have_gives_the_name_of_the_next() {
        let (_directory, root) = tree();
        let name = |name: &str| Next::Name(name.to_owned());
        assert_eq!(next(&root), name("enp1s2"));
        // systemd was upgraded since the boot.
        write(&root, "/usr/lib/systemd/libsystemd-shared-257.so", "");
        assert_eq!(next(&root), name("ens2"));
        write(
            &root,
            "/proc/cmdline",
            "BOOT_IMAGE=/vmlinuz root=/dev/vda1 net.naming-scheme=v252\n",
        );
        assert_eq!(next(&root), name("enp1s2"));
        // The boot loader will say another.
        let entry = "linux /vmlinuz root=/dev/vda1 net.naming-scheme=v257\n";
        write(&root, "/boot/grub/grub.cfg", entry);
        assert_eq!(next(&root), name("ens2"));
    }

    /// *Source*: systemd.link(5), `NamePolicy=kernel`; 2 is NET_NAME_PREDICTABLE of linux/netdevice.h.
    #[test]
    fn a_name_that_the_kernel_calls_predictable_is_kept_and_predicted() {
        let (_directory, root) = tree();
        let said = "/sys/devices/pci0000:00/0000:00:04.0/0000:01:02.0/net/enp1s2/name_assign_type";
        for (assigned, expected) in [("2", "enp1s2"), ("1", "ens9")] {
            write(&root, said, assigned);
            write(
                &root,
                "/run/udev/data/n3",
                "E:ID_NET_NAMING_SCHEME=v252\nE:ID_NET_NAME_SLOT=ens9\n",
            );
            assert_eq!(next(&root), Next::Name(expected.to_owned()));
        }
        write(&root, said, "2");
        let host = Host::of(root.clone(), Snapshot::default());
        let facts = host.facts_at_boot(&host.nics[0]).unwrap();
        let choice = host.choice(&facts, cleat_naming::NEWEST, DEBIAN_13);
        assert_eq!(choice.name.as_deref(), Some("enp1s2"));
        assert_eq!(choice.reason, "the kernel says that its name is predictable");
    }

    /// Second witness: `ip -j link` and `udevadm test-builtin net_id` of Debian 12 on an igb in QEMU (scenario
    /// nic-topologies): the function's `permaddr` is another at every boot, and udev gives it no name by its MAC.
    #[test]
    fn regress_what_a_virtual_function_calls_permanent_is_not_its_address_at_boot() {
        let bed = super::super::testing::Bed::new();
        bed.nic_as("ens7v0", "a2:db:cc:51:36:40", "ens7v0", |link| {
            link.perm_mac = cleat_model::name::Mac::new(&[0xde, 0xd5, 0xe1, 0x76, 0xa0, 0x08]);
        });
        for (file, value) in [("addr_assign_type", "3"), ("ifindex", "2"), ("iflink", "2")] {
            bed.write(&format!("/sys/class/net/ens7v0/{file}"), value);
        }
        bed.write("/sys/class/net/ens7v0/device/physfn/net/ens7/type", "1\n");
        let host = bed.host();
        let nic = &host.nics[0];
        assert_eq!((nic.address(), nic.function_of.as_deref()), (None, Some("ens7")));
        let facts = host.facts_at_boot(nic).unwrap();
        let said = ["address", "addr_assign_type"].map(|name| facts.attribute(name));
        assert_eq!(said, [Some("a2:db:cc:51:36:40"), Some("3")]);
        let copy = tempfile::tempdir().unwrap();
        super::super::capture::capture(&host, copy.path()).unwrap();
        assert_eq!(facts::own_address(&Root::at(copy.path()), "ens7v0"), None);
    }

    /// Source: Linux's drivers/net/bonding: ports have the bond's address, and `IFLA_BOND_SLAVE_PERM_HWADDR` (4 in
    /// linux/if_link.h) is the one that each has again at boot; virtio NICs have no other permanent one.
    #[test]
    fn ports_of_a_bond_that_runs_are_taken_by_their_own_addresses() {
        let bed = super::super::testing::Bed::new();
        for (name, own, index) in [("enp1s0", 1, "2"), ("enp2s0", 2, "3")] {
            bed.nic_as(name, "bc:24:11:00:00:01", name, |link| {
                link.port_kind = Some(cleat_model::types::Kind::Bond);
                link.port.set(4, &[0xbc, 0x24, 0x11, 0, 0, own]);
            });
            for (file, value) in [("addr_assign_type", "3"), ("ifindex", index), ("iflink", index)] {
                bed.write(&format!("/sys/class/net/{name}/{file}"), value);
            }
        }
        let names = || {
            let host = bed.host();
            let name = |nic: &Nic| {
                let facts = host.facts_at_boot(nic)?;
                host.choice(&facts, cleat_naming::NEWEST, DEBIAN_13).name
            };
            host.nics.iter().map(name).collect::<Vec<_>>()
        };
        let some = |names: [&str; 2]| names.map(|name| Some(name.to_owned())).to_vec();
        let by_mac = "[Match]\nOriginalName=*\n[Link]\nNamePolicy=mac\n";
        bed.write("/etc/systemd/network/50-mac.link", by_mac);
        assert_eq!(names(), some(["enxbc2411000001", "enxbc2411000002"]));
        bed.write(
            "/etc/udev/rules.d/70-persistent-net.rules",
            "SUBSYSTEM==\"net\", ATTR{address}==\"bc:24:11:00:00:01\", NAME=\"lan7\"\n",
        );
        assert_eq!(names(), some(["lan7", "enxbc2411000002"]));
    }

    /// Source: linux/if_link.h: IFLA_PERM_ADDRESS is the maker's address, whatever was set since; only netlink has it.
    #[test]
    fn a_capture_keeps_the_own_address_of_a_nic_whose_address_was_changed() {
        let (_directory, root) = tree();
        let interface = "/sys/devices/pci0000:00/0000:00:04.0/0000:01:02.0/net/enp1s2";
        write(&root, &format!("{interface}/address"), "02:00:00:00:00:99");
        write(&root, &format!("{interface}/addr_assign_type"), "3");
        let pin = "[Match]\nPermanentMACAddress=52:54:00:aa:00:07\n[Link]\nName=ennic0\n";
        write(&root, "/etc/systemd/network/10-ennic0.link", pin);
        let mut snapshot = Snapshot::default();
        let mut link = cleat_networks::link(3, "enp1s2", cleat_model::types::Kind::Physical, None);
        link.perm_mac = cleat_model::name::Mac::new(&[0x52, 0x54, 0, 0xaa, 0, 7]);
        snapshot.insert(link);
        let host = Host::of(root, snapshot);
        let copy = tempfile::tempdir().unwrap();
        super::super::capture::capture(&host, copy.path()).unwrap();
        let captured = Host::as_far_as_known(&Root::at(copy.path()));
        for host in [&host, &captured] {
            let nic = &host.nics[0];
            assert_eq!(
                host.next_name(nic, host.verdict(nic).winner),
                Next::Name("ennic0".to_owned())
            );
            let facts = host.facts_at_boot(nic).unwrap();
            assert_eq!(facts.mac(), Some("52:54:00:aa:00:07"));
            assert_eq!(facts.attribute("addr_assign_type"), Some("0"));
            let choice = host.choice(&facts, cleat_naming::NEWEST, DEBIAN_13);
            assert_eq!(choice.name.as_deref(), Some("ennic0"));
        }
        // Without what netlink says the tree alone would not do.
        let blind = Host::as_far_as_known(&host.root);
        assert_eq!(blind.nics[0].address(), None);
    }
}
