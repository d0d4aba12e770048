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
use cleat_model::name::IfName;
use cleat_model::types::Kind;
use cleat_naming::KernelName;
use cleat_naming::link_file::{Device, HardwareAddress, LinkFile};
use std::collections::{BTreeMap, BTreeSet};

/// Kinds that udev knows by the `DEVTYPE` of their uevent; others are of the type of their frames, `ether`.
///
/// *Source*: `SET_NETDEV_DEVTYPE` in Linux's drivers/net and net: macvlan, veth and dummy have none.
const KINDS_WITH_TYPE: &[Kind] = &[Kind::Vlan, Kind::Bridge, Kind::Bond, Kind::Vxlan];

/// A link that is no NIC, with the addresses that it may have when udev sees it.
struct Above {
    name: String,
    kind: Kind,
    addresses: BTreeSet<HardwareAddress>,
}

/// Files that give a NIC's name to a link above it, too; `configuration` is that of the next boot.
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
    let mut taken: Vec<(&LinkFile, Vec<&Above>)> = Vec::new();
    for above in links.values() {
        let files = above
            .addresses
            .iter()
            .filter_map(|address| naming_file(host, above, address));
        for file in files.collect::<Vec<_>>() {
            match taken.iter_mut().find(|(known, _)| known.path == file.path) {
                Some((_, list)) if list.iter().any(|known| known.name == above.name) => {}
                Some((_, list)) => list.push(above),
                None => taken.push((file, vec![above])),
            }
        }
    }
    found.extend(taken.iter().map(|(file, links)| warning(file, links)));
}

/// The file by that address which would give the link another name than it has.
fn naming_file<'a>(host: &'a Host, above: &Above, address: &HardwareAddress) -> Option<&'a LinkFile> {
    let device = Device {
        name: above.name.clone(),
        kernel: KernelName::fixed(&above.name),
        directory: Some("/devices/virtual/net".to_owned()),
        devtype: Some(match KINDS_WITH_TYPE.contains(&above.kind) {
            true => above.kind.word().to_owned(),
            false => String::new(),
        }),
        address: Some(address.clone()),
        kind: Some(above.kind.word().to_owned()),
        device_type: Some(match KINDS_WITH_TYPE.contains(&above.kind) {
            true => above.kind.word().to_owned(),
            false => "ether".to_owned(),
        }),
        properties: Some(BTreeMap::new()),
        ..Device::default()
    };
    let file = host.files.verdict(&device, &host.machine).winner?;
    let name = file.naming.name.as_ref()?;
    (file.matching.addresses.contains(address) && *name != above.name).then_some(file)
}

fn warning(file: &LinkFile, links: &[&Above]) -> Diagnostic {
    let names: Vec<&str> = links.iter().map(|above| above.name.as_str()).collect();
    let (path, name) = (file.path.display(), file.naming.name.as_deref().unwrap_or_default());
    let text = format!("{path} is for {} too, by the hardware address", names.join(" and "));
    let mut found = Diagnostic::warning("link-takes-others", text);
    found = found.note(format!(
        "udev would rename {} to `{name}`: the kernel refuses that, and udev does nothing else for it, such as its sysctl.d",
        names.join(" and ")
    ));
    let (typed, untyped): (Vec<&Above>, Vec<&Above>) =
        links.iter().partition(|above| KINDS_WITH_TYPE.contains(&above.kind));
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
    let others = host.snapshot.links().iter().filter(|link| link.kind != Kind::Physical);
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
    let below: Vec<IfName> = match link.kind {
        Kind::Physical => {
            return nic(host, link.name)
                .and_then(Nic::address)
                .cloned()
                .into_iter()
                .collect();
        }
        Kind::Vlan => link.parent.iter().map(|parent| parent.name).collect(),
        Kind::Bond | Kind::Bridge => link.ports.iter().map(|port| port.name).collect(),
        _ => Vec::new(),
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
            for exact in ["Type=ether\n", "Driver=e1000e\n", "Path=pci-*\n", "OriginalName=eth*\n"] {
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

    #[test]
    fn links_with_addresses_of_their_own_are_no_reason_to_warn() {
        let bed = bed(
            "iface vmbr0\n\tbridge-ports lan0\n\thwaddress bc:24:11:00:00:77\niface lan1.4\niface vx0\n\tvxlan-id 7\n",
        );
        file(&bed, "");
        assert_eq!(told(&bed), []);
    }
}
