//! .link files by a hardware address that are for more than their NIC: VLANs, bonds and bridges above it have the same one.
//!
//! *Source*: systemd.link(5), `MACAddress=` and `Type=`; systemd/systemd#11992: udev tries to give the VLAN the NIC's name,
//! which the kernel refuses, and its event fails with all that hangs on it.

use super::configuration::Configuration;
use super::host::Host;
use super::nic::Nic;
use cleat_diag::Diagnostic;
use cleat_model::attr::Value;
use cleat_model::desired::{Desired, WantLink};
use cleat_model::kinds::MacFrom;
use cleat_model::name::IfName;
use cleat_model::types::Kind;
use cleat_naming::link_file::{Device, HardwareAddress};
use cleat_naming::rules::ruled;
use cleat_naming::{KernelName, NicFacts, facts};
use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;

/// Kinds that udev knows by the `DEVTYPE` of their uevent; others are of the type of their frames, `ether`.
///
/// *Source*: `SET_NETDEV_DEVTYPE` in Linux's drivers/net and net: macvlan, veth and dummy have none.
fn has_type(kind: &Kind) -> bool {
    kind.row().devtype
}

/// A link that is no NIC, with the addresses that it may have when udev sees it.
struct Above {
    name: String,
    kind: Kind,
    addresses: BTreeSet<HardwareAddress>,
}

/// Who gives a link above a NIC a name.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord)]
enum Giver {
    /// A .link file that lists the hardware address.
    ByAddress(PathBuf),
    /// Another .link file.
    Wide(PathBuf),
    /// A rule of udev, which comes before .link files.
    Rule(String),
}

/// Files and rules that give a NIC's name to a link above it, too; `configuration` is that of the next boot.
pub fn for_more_than_nics(host: &Host, configuration: Option<&Configuration>, found: &mut Vec<Diagnostic>) {
    let mut links: BTreeMap<String, Above> = BTreeMap::new();
    let wanted = configuration.map(Configuration::wanted).unwrap_or_default();
    for above in made(host, &wanted).into_iter().chain(there(host)) {
        let name = above.name.clone();
        let known = links.entry(name).or_insert(Above {
            addresses: BTreeSet::new(),
            ..above
        });
        known.addresses.extend(above.addresses);
    }
    let mut taken: BTreeMap<(Giver, String), Vec<&Above>> = BTreeMap::new();
    for above in links.values() {
        // One that has an address by chance may be for a file that asks for none.
        let addresses = above.addresses.iter().map(Some).chain([None]);
        let given: BTreeSet<(Giver, String)> = addresses
            .filter_map(|address| given(host, above, address))
            .filter(|(_, name)| *name != above.name)
            .collect();
        for one in given {
            taken.entry(one).or_default().push(above);
        }
    }
    found.extend(taken.iter().map(|((giver, name), links)| warning(giver, name, links)));
}

/// The name that udev gives the link when it has that address, and by what.
fn given(host: &Host, above: &Above, address: Option<&HardwareAddress>) -> Option<(Giver, String)> {
    let facts = facts(above, address);
    if let Some(rule) = ruled(&host.rules, &facts).by {
        let name = rule.given(host.next_boot.scheme_or_newest()).ok()?;
        return Some((Giver::Rule(rule.place()), name));
    }
    let device = Device {
        name: above.name.clone(),
        kernel: KernelName::fixed(&above.name),
        directory: Some("/devices/virtual/net".to_owned()),
        devtype: Some(match has_type(&above.kind) {
            true => above.kind.word().to_owned(),
            false => String::new(),
        }),
        address: address.cloned(),
        driver: driver(&above.kind).map(str::to_owned),
        kind: Some(above.kind.word().to_owned()),
        device_type: Some(match has_type(&above.kind) {
            true => above.kind.word().to_owned(),
            false => "ether".to_owned(),
        }),
        properties: Some(BTreeMap::new()),
        ..Device::default()
    };
    let file = host.files.verdict(&device, &host.machine).winner?;
    let name = file.naming.name.clone()?;
    let giver = match address.is_some_and(|address| file.matching.addresses.contains(address)) {
        true => Giver::ByAddress(file.path.clone()),
        false => Giver::Wide(file.path.clone()),
    };
    Some((giver, name))
}

/// What sysfs will say of the link, as far as rules ask for it.
fn facts(above: &Above, address: Option<&HardwareAddress>) -> NicFacts {
    let said = [("type", "1"), ("dev_id", "0x0"), ("dev_port", "0")];
    let said = said.map(|(key, value)| (key.to_owned(), value.to_owned()));
    let address = address.map(|address| ("address".to_owned(), address.to_string()));
    NicFacts {
        devices: vec![facts::Device {
            syspath: format!("/sys/devices/virtual/net/{}", above.name),
            subsystem: Some("net".to_owned()),
            devtype: has_type(&above.kind).then(|| above.kind.word().to_owned()),
            attributes: said.into_iter().chain(address).collect(),
            ..facts::Device::default()
        }],
        slots: Vec::new(),
        aliases: BTreeMap::new(),
        permanent_mac: None,
    }
}

/// What `ethtool -i` says of such a link. *Source*: `get_drvinfo` of Linux's net/8021q, net/bridge and drivers/net.
fn driver(kind: &Kind) -> Option<&'static str> {
    Some(match kind.word() {
        "vlan" => "802.1Q VLAN Support",
        "bridge" => "bridge",
        "bond" => "bonding",
        "vxlan" => "vxlan",
        "macvlan" => "macvlan",
        "veth" => "veth",
        "dummy" => "dummy",
        "vrf" => "vrf",
        _ => return None,
    })
}

fn warning(giver: &Giver, name: &str, links: &[&Above]) -> Diagnostic {
    let names: Vec<&str> = links.iter().map(|above| above.name.as_str()).collect();
    let names = names.join(" and ");
    let text = match giver {
        Giver::ByAddress(path) => format!("{} is for {names} too, by the hardware address", path.display()),
        Giver::Wide(path) => format!("{} is for {names} too", path.display()),
        Giver::Rule(place) => format!("the udev rule at {place} is for {names} too"),
    };
    let found = Diagnostic::warning("link-takes-others", text).note(format!(
        "udev would rename {names} to `{name}`: the kernel refuses that, and udev does nothing else for it, such as its \
         sysctl.d"
    ));
    match giver {
        Giver::ByAddress(_) => narrowed(found, links),
        Giver::Wide(_) => found.help("write `MACAddress=` of the NIC and `Type=ether` below [Match]"),
        Giver::Rule(_) => {
            found.help("write `DRIVERS==\"?*\"` into the rule: only NICs stand on a device with a driver")
        }
    }
}

/// How a file by a hardware address is made one for the NIC alone.
fn narrowed(mut found: Diagnostic, links: &[&Above]) -> Diagnostic {
    let (typed, untyped): (Vec<&Above>, Vec<&Above>) = links.iter().partition(|above| has_type(&above.kind));
    if !typed.is_empty() {
        found = found.help("write `Type=ether` below [Match]: VLANs, bonds and bridges are of other types");
    }
    if !untyped.is_empty() {
        let kinds: BTreeSet<&str> = untyped.iter().map(|above| above.kind.word()).collect();
        let kinds: Vec<&str> = kinds.into_iter().collect();
        found = found.help(format!(
            "write `Kind=!{}` below [Match]: to `Type=` these are as NICs are",
            kinds.join(" ")
        ));
    }
    found
}

/// The links that the kernel has now.
fn there(host: &Host) -> impl Iterator<Item = Above> + '_ {
    let is_nic = |name: &str| host.nics.iter().any(|nic| nic.name == name);
    let others = host.snapshot.links().iter();
    let others = others.filter(move |link| link.kind != Kind::Physical && !is_nic(link.name.as_str()));
    others.filter_map(|link| {
        Some(Above {
            name: link.name.to_string(),
            kind: link.kind.clone(),
            addresses: BTreeSet::from([HardwareAddress::new(link.mac()?.bytes())?]),
        })
    })
}

/// The links that the configuration makes, lower ones first.
fn made(host: &Host, wanted: &Desired) -> Vec<Above> {
    let mut known: BTreeMap<IfName, BTreeSet<HardwareAddress>> = BTreeMap::new();
    let mut made = Vec::new();
    for link in wanted.links() {
        let addresses = addresses(host, link, &known);
        if link.kind != Kind::Physical {
            made.push(Above {
                name: link.name.to_string(),
                kind: link.kind.clone(),
                addresses: addresses.clone(),
            });
        }
        known.insert(link.name, addresses);
    }
    made
}

/// The addresses that a link may have when udev sees it: its own, a VLAN its parent's, a bond or a bridge that of a port.
fn addresses(
    host: &Host,
    link: &WantLink,
    known: &BTreeMap<IfName, BTreeSet<HardwareAddress>>,
) -> BTreeSet<HardwareAddress> {
    if let Some(Value::Mac(mac)) = link.knob("hwaddress").map(|knob| &knob.value)
        && link.kind != Kind::Physical
    {
        return HardwareAddress::new(mac.bytes()).into_iter().collect();
    }
    if link.kind == Kind::Physical {
        let address = nic(host, link.name).and_then(Nic::address);
        return address.cloned().into_iter().collect();
    }
    let below: Vec<IfName> = match link.kind.row().mac {
        MacFrom::Below => link.parent.iter().map(|parent| parent.name).collect(),
        MacFrom::Ports => link.ports.iter().map(|port| port.name).collect(),
        MacFrom::Chance => Vec::new(),
    };
    below
        .iter()
        .filter_map(|name| known.get(name))
        .flatten()
        .cloned()
        .collect()
}

/// The NIC of a name, now or at the next boot.
fn nic(host: &Host, name: IfName) -> Option<&Nic> {
    let called = host.nic(name.as_str());
    called.or_else(|| {
        let pin = host.pins.named(name.as_str())?;
        host.nic_of(pin)
    })
}

#[cfg(test)]
mod tests {
    use super::super::testing::Bed;
    use super::*;
    use crate::link::faults::faults;

    fn told(bed: &Bed) -> Vec<(String, Vec<String>)> {
        let found = faults(&bed.host());
        let ours = found.into_iter().filter(|fault| fault.code == "link-takes-others");
        ours.map(|fault| (fault.message, fault.help)).collect()
    }

    fn bed(configuration: &str) -> Bed {
        let bed = Bed::new();
        bed.nic("lan0", "bc:24:11:00:00:01", "enp1s0");
        bed.nic("lan1", "bc:24:11:00:00:02", "enp2s0");
        bed.write("/etc/network/interfaces", configuration);
        bed
    }

    fn file(bed: &Bed, extra: &str) {
        let text = format!("[Match]\nMACAddress=bc:24:11:00:00:01\n{extra}[Link]\nName=lan0\n");
        bed.write("/etc/systemd/network/10-lan0.link", &text);
    }

    const FILE: &str = "/etc/systemd/network/10-lan0.link";
    const TYPE: &str = "write `Type=ether` below [Match]: VLANs, bonds and bridges are of other types";

    /// Second witness: `udevadm test-builtin net_setup_link` of systemd 252 and 257 over a VLAN with the NIC's address: without
    /// `Type=` it is renamed to the NIC's name, with `Type=ether` it gets 99-default.link.
    #[test]
    fn a_file_by_address_takes_the_vlans_bonds_and_bridges_above_unless_it_says_its_type() {
        for (configuration, above) in [
            ("iface lan0.7 inet manual\n", "lan0.7"),
            ("iface int192\n\tvlan-raw-device lan0\n\tvlan-id 192\n", "int192"),
            (
                "iface bond0\n\tbond-slaves lan1 lan0\niface bond0.5\n",
                "bond0 and bond0.5",
            ),
            ("iface vmbr0\n\tbridge-ports lan0\niface vmbr0.9\n", "vmbr0 and vmbr0.9"),
        ] {
            let bed = bed(configuration);
            file(&bed, "");
            let text = format!("{FILE} is for {above} too, by the hardware address");
            assert_eq!(told(&bed), [(text, vec![TYPE.to_owned()])], "{configuration}");
            for exact in [
                "Type=ether\n",
                "Driver=e1000e\n",
                "Driver=!8* b*\n",
                "Path=pci-*\n",
                "OriginalName=eth*\n",
            ] {
                file(&bed, exact);
                assert_eq!(told(&bed), [], "{configuration} {exact}");
            }
        }
    }

    #[test]
    fn a_macvlan_with_the_address_of_the_nic_is_of_its_type_but_not_of_its_kind() {
        let bed = bed("iface mv0\n\tlink-type macvlan\n\tmacvlan-device lan0\n\thwaddress bc:24:11:00:00:01\n");
        bed.nic_as("mv0", "bc:24:11:00:00:01", "", |link| link.kind = Kind::Macvlan);
        bed.root.remove_dir_all("/sys/class/net/mv0/device").unwrap();
        file(&bed, "Type=ether\n");
        let help = "write `Kind=!macvlan` below [Match]: to `Type=` these are as NICs are";
        let text = format!("{FILE} is for mv0 too, by the hardware address");
        assert_eq!(told(&bed), [(text, vec![help.to_owned()])]);
        file(&bed, "Type=ether\nKind=!macvlan\n");
        assert_eq!(told(&bed), []);
    }

    /// Second witness: `ethtool -i` of a VLAN, a bridge and a bond, which udev asks, too.
    #[test]
    fn a_pattern_for_drivers_may_take_the_links_above_too() {
        for (pattern, above) in [("*", "lan0.7 and vmbr0"), ("802.1Q*", "lan0.7"), ("b*", "vmbr0")] {
            let bed = bed("iface lan0.7\niface vmbr0\n\tbridge-ports lan0\n");
            file(&bed, &format!("Driver=\"{pattern}\"\n"));
            let text = format!("{FILE} is for {above} too, by the hardware address");
            assert_eq!(told(&bed), [(text, vec![TYPE.to_owned()])], "{pattern}");
        }
    }

    /// Source: udev(7), `DRIVERS` goes up the devices that the link stands on: a VLAN or a bridge stands on none.
    #[test]
    fn a_rule_by_address_takes_the_links_above_unless_it_asks_for_a_driver_or_the_kernels_name() {
        let help = "write `DRIVERS==\"?*\"` into the rule: only NICs stand on a device with a driver";
        let rule = |more: &str| {
            let bed = bed("iface lan0.7\niface vmbr0\n\tbridge-ports lan0\n");
            let text = format!(
                "SUBSYSTEM==\"net\", ACTION==\"add\", ATTR{{address}}==\"bc:24:11:00:00:01\", {more}NAME=\"lan0\"\n"
            );
            bed.write("/etc/udev/rules.d/70-lan.rules", &text);
            told(&bed)
        };
        let text = "the udev rule at /etc/udev/rules.d/70-lan.rules:1 is for lan0.7 and vmbr0 too";
        for wide in ["", "ATTR{type}==\"1\", ", "ATTR{dev_id}==\"0x0\", "] {
            assert_eq!(rule(wide), [(text.to_owned(), vec![help.to_owned()])], "{wide}");
        }
        for exact in [
            "DRIVERS==\"?*\", ",
            "KERNEL==\"eth*\", ",
            "DRIVERS==\"?*\", ATTR{type}==\"1\", ",
        ] {
            assert_eq!(rule(exact), [], "{exact}");
        }
    }

    #[test]
    fn a_file_without_an_address_that_gives_one_name_to_all_is_told_of_each_link() {
        let bed = bed("iface lan0.7\niface vx0\n\tvxlan-id 7\n");
        let wide = |extra: &str| {
            bed.write(
                "/etc/systemd/network/10-lan0.link",
                &format!("[Match]\nOriginalName=*\n{extra}[Link]\nName=lan0\n"),
            );
            told(&bed)
        };
        let help = "write `MACAddress=` of the NIC and `Type=ether` below [Match]";
        assert_eq!(
            wide(""),
            [(format!("{FILE} is for lan0.7 and vx0 too"), vec![help.to_owned()])]
        );
        assert_eq!(wide("Type=ether\n"), []);
        assert_eq!(wide("OriginalName=eth*\nType=!vlan vxlan\n"), []);
    }

    #[test]
    fn links_with_addresses_of_their_own_are_no_reason_to_warn() {
        let bed = bed(
            "iface vmbr0\n\tbridge-ports lan0\n\thwaddress bc:24:11:00:00:77\niface lan1.4\niface vx0\n\tvxlan-id 7\n",
        );
        file(&bed, "");
        assert_eq!(told(&bed), []);
    }
}
