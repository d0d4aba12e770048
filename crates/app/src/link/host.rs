//! What every verb starts from: the NICs, the .link files, and the pins among them.

use super::nic::Nic;
use cleat_kernel::Netlink;
use cleat_model::kernel::{Kernel, Query};
use cleat_model::snapshot::Snapshot;
use cleat_naming::facts;
use cleat_naming::link_file::{Device, LinkFile, LinkFiles, Machine, Policy, Verdict};
use cleat_naming::pins::{Pin, Pins};
use cleat_naming::rules::{self, NameRule, ruled};
use cleat_root::{Root, paths};

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
    pub rules: Vec<NameRule>,
    /// What conditions in .link files ask for.
    pub machine: Machine,
    /// Its NICs, in the order of their names with numbers counted.
    pub nics: Vec<Nic>,
    /// The kernel's links, NICs or not.
    pub snapshot: Snapshot,
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

impl Host {
    /// Reads the running host.
    ///
    /// # Errors
    /// One sentence: the kernel cannot be read.
    pub fn running() -> Result<Self, String> {
        let snapshot = Netlink::open()
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
        Self {
            pins: Pins::of(&files),
            rules: rules::load(&root),
            machine: Machine::read(&root),
            files,
            nics,
            snapshot,
            root,
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
        self.pins.of_address(nic.address()?)
    }

    /// The NIC of a pin.
    pub fn nic_of(&self, pin: &Pin) -> Option<&Nic> {
        self.nics.iter().find(|nic| nic.address() == Some(&pin.address))
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
        if self.rules.is_empty() {
            return None;
        }
        let mut facts = facts::read(&self.root, &nic.name).ok()?;
        if let (Some(device), Some(address)) = (facts.devices.first_mut(), nic.address()) {
            device.attributes.insert("address".to_owned(), address.to_string());
        }
        ruled(&self.rules, &facts).by
    }

    /// The name that a NIC gets at the next boot, if `file` is the .link file that it gets.
    ///
    /// What udev's policies would give stands in its database, where its own rules put it at this boot.
    pub fn next_name(&self, nic: &Nic, file: Option<&LinkFile>) -> Next {
        if let Some(rule) = self.rule_of(nic) {
            return Next::Name(rule.name.clone());
        }
        let Some(file) = file else { return Next::Kernel };
        let naming = &file.naming;
        let policies = match self.machine.uses_name_policies() {
            true => naming.policy.as_slice(),
            false => &[],
        };
        let Some(properties) = &nic.device.properties else {
            return match (policies, &naming.name) {
                ([], Some(name)) => Next::Name(name.clone()),
                ([], None) => Next::Kernel,
                _ => Next::Unknown("udev's database has nothing of it".to_owned()),
            };
        };
        let given = policies
            .iter()
            .filter_map(|policy| properties.get(property_of(*policy)?));
        let mut legal = given.filter(|name| cleat_naming::link_file::is_name(name));
        match legal.next().or(naming.name.as_ref()) {
            Some(name) => Next::Name(name.clone()),
            None => Next::Kernel,
        }
    }
}

/// The property that a policy takes its name from. *Source*: systemd.link(5), `NamePolicy=`. `keep` and `kernel` have
/// none: at boot no NIC has a name yet, and few drivers call theirs predictable.
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
