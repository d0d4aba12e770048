//! Invented NICs: kinds of buses, with attributes as they are and as they should not be.

use cleat_naming::facts::{Device, NicFacts, Slot, VirtualFunction};
use proptest::option::weighted;
use proptest::prelude::*;
use proptest::sample::select;
use std::collections::BTreeMap;

/// Any NIC.
pub fn nic() -> BoxedStrategy<NicFacts> {
    // Boards have nodes in the devicetree for NICs on PCI and USB too.
    let nodes = weighted(0.15, nodes());
    (nic_of_a_kind(), nodes)
        .prop_map(|(nic, nodes)| match nodes {
            Some(nodes) if nic.aliases.is_empty() => nodes.put_on(nic),
            _ => nic,
        })
        .boxed()
}

fn nic_of_a_kind() -> BoxedStrategy<NicFacts> {
    prop_oneof![
        6 => pci_nic(),
        2 => virtual_function_nic(),
        2 => usb_nic(),
        1 => broadcom_nic(),
        2 => channel_nic(),
        1 => vio_nic(),
        2 => platform_nic(),
        1 => netdevsim_nic(),
        1 => xen_nic(),
        2 => sub_function_nic(),
        1 => unknown_nic(),
    ]
    .boxed()
}

/// A NIC as it is read from the tree that was written for it: empty properties are none, and slots that concern no
/// device of it are passed over.
pub fn as_read(mut nic: NicFacts) -> NicFacts {
    let has_node = nic.devices.iter().any(|device| device.of_node.is_some());
    nic.aliases
        .retain(|name, _| has_node && (name.starts_with("ethernet") || name.starts_with("wifi")));
    let functions = nic.devices.iter().filter_map(|device| device.virtual_function.as_ref());
    let physical = functions.flat_map(|function| &function.physical);
    let is_s390 = |device: &Device| device.attribute("function_id") == Some("0x00000041");
    let on_s390 = nic.devices.iter().chain(physical).any(is_s390);
    nic.slots.retain(|slot| slot.address.is_some() || on_s390);
    nic.devices.iter_mut().for_each(drop_empty_properties);
    nic
}

fn drop_empty_properties(device: &mut Device) {
    device.properties.retain(|_, value| !value.is_empty());
    if let Some(function) = &mut device.virtual_function {
        function.physical.iter_mut().for_each(drop_empty_properties);
    }
}

/// Numbers as attributes say them, and what is none.
fn number() -> BoxedStrategy<String> {
    prop_oneof![
        4 => (0..20u32).prop_map(|number| number.to_string()),
        3 => select(vec!["1", "2", "16383", "16384", "65535", "65536", "16777215", "4294967295", "4294967296"]).prop_map(str::to_owned),
        2 => select(vec!["", "0x10", "010", "08", "0b11", "0o17", " 7", "7 ", "+7", "-7", "-0", "abc", "1.5", "0x", "99999999999999999999"]).prop_map(str::to_owned),
    ]
    .boxed()
}

/// Names of ports.
fn port_name() -> BoxedStrategy<String> {
    prop_oneof![
        4 => "p[0-9]{1,2}",
        2 => "pf[0-3]vf[0-9]{1,2}",
        3 => select(vec![
            "", "0", "sw1p2", "c1pf0vf3", "pf0", "pf0vf", "pf0vf3x", "pfvf1", "pf 1vf 2", "pf0vf-1", "pf0vf4294967298",
            "pf0vf99999999999999999999", "two words", "50%", "a/b", "\u{fc}n\u{ef}", "tab\tin", "bell\u{7}", "pf0sf88",
        ]).prop_map(str::to_owned),
        1 => "[a-z]{100,130}",
    ]
    .boxed()
}

fn yes_or_no() -> BoxedStrategy<String> {
    select(vec!["0", "1", "yes", "n", "True", "off", "maybe", ""])
        .prop_map(str::to_owned)
        .boxed()
}

/// A device with the attributes that are there.
fn device(
    syspath: &str,
    subsystem: &str,
    attributes: impl IntoIterator<Item = (&'static str, Option<String>)>,
) -> Device {
    Device {
        syspath: syspath.to_owned(),
        subsystem: Some(subsystem.to_owned()),
        attributes: attributes
            .into_iter()
            .filter_map(|(name, text)| Some((name.to_owned(), text?)))
            .collect(),
        ..Device::default()
    }
}

prop_compose! {
    /// The interface itself, below any device.
    fn interface()(
        kind in prop_oneof![
            10 => Just(("1", None)),
            1 => Just(("1", Some("wlan"))),
            1 => Just(("1", Some("wwan"))),
            1 => Just(("1", Some("bridge"))),
            2 => Just(("32", None)),
            1 => Just(("256", None)),
            1 => Just(("290", None)),
            1 => Just(("772", None)),
            1 => Just(("0x1", None)),
            1 => Just(("", None)),
        ],
        ifindex in 2..200u32,
        iflink in prop_oneof![20 => Just(None), 1 => Just(Some("7000")), 1 => Just(Some("x"))],
        assigned in prop_oneof![6 => Just(Some("0".to_owned())), 1 => weighted(0.7, number())],
        address in prop_oneof![
            8 => "52:54:00:[0-9a-f]{2}:[0-9A-F]{2}:[0-9a-f]{2}",
            1 => Just("00:00:00:00:00:00".to_owned()),
            1 => Just("80:00:02:08:fe:80:00:00:00:00:00:00:e4:1d:2d:03:00:1a:b2:c1".to_owned()),
            1 => Just(String::new()),
            1 => Just("52:54:00:1".to_owned()),
        ],
        dev_port in prop_oneof![8 => Just(Some("0".to_owned())), 4 => weighted(0.8, number())],
        dev_id in prop_oneof![6 => Just(Some("0x0".to_owned())), 2 => Just(Some("0x1".to_owned())), 2 => weighted(0.8, number())],
        port in prop_oneof![4 => Just(None), 2 => port_name().prop_map(Some)],
        allow in prop_oneof![12 => Just(Vec::new()), 1 => allowances(&["DEV_PORT", "PHYS_PORT_NAME", "ADDRESS", "TYPE", "IFLINK", "ADDR_ASSIGN_TYPE"])],
        database in prop_oneof![20 => Just(None), 1 => Just(Some("idrac".to_owned()))],
    ) -> Device {
        let (link_type, devtype) = kind;
        let iflink = iflink.map_or_else(|| ifindex.to_string(), str::to_owned);
        let mut device = device("", "net", [
            ("type", Some(link_type.to_owned())),
            ("ifindex", Some(ifindex.to_string())),
            ("iflink", Some(iflink)),
            ("addr_assign_type", assigned),
            ("address", Some(address)),
            ("dev_port", dev_port),
            ("dev_id", dev_id),
            ("phys_port_name", port),
        ]);
        device.devtype = devtype.map(str::to_owned);
        device.properties = allow.into_iter().collect();
        device.properties.extend(database.map(|name| ("ID_NET_NAME_FROM_DATABASE".to_owned(), name)));
        device
    }
}

/// Properties that let udev read attributes, or do not.
fn allowances(attributes: &'static [&'static str]) -> BoxedStrategy<Vec<(String, String)>> {
    let one = (select(attributes), yes_or_no()).prop_map(|(name, value)| (format!("ID_NET_NAME_ALLOW_{name}"), value));
    let all = yes_or_no().prop_map(|value| ("ID_NET_NAME_ALLOW".to_owned(), value));
    (weighted(0.5, all), proptest::collection::vec(one, 0..3))
        .prop_map(|(all, mut some)| {
            some.extend(all);
            some
        })
        .boxed()
}

prop_compose! {
    /// A PCI function with this path.
    fn function(path: String)(
        acpi_index in weighted(0.3, number()),
        index in weighted(0.2, number()),
        label in weighted(0.2, prop_oneof![3 => Just("Onboard LAN 1".to_owned()), 1 => port_name()]),
        ari in weighted(0.3, yes_or_no()),
        sun in weighted(0.2, number()),
        class in prop_oneof![
            10 => Just(Some("pci:v00008086d000010D3sv00000000sd00000000bc02sc00i00".to_owned())),
            1 => Just(Some("pci:v00001b36d0000000Csv0sd0bc06sc04i00".to_owned())),
            1 => Just(None),
        ],
        header_type in prop_oneof![6 => Just(Some(0u8)), 3 => Just(Some(0x80)), 1 => Just(None), 1 => Just(Some(0x81))],
        s390 in weighted(0.06, prop_oneof![2 => Just("0x00000041".to_owned()), 1 => number()]),
        allow in prop_oneof![12 => Just(Vec::new()), 1 => allowances(&["ACPI_INDEX", "INDEX", "LABEL", "ARI_ENABLED", "FIRMWARE_NODE/SUN", "MODALIAS"])],
        domain in weighted(0.06, yes_or_no()),
    ) -> Device {
        let mut device = device(&path, "pci", [
            ("acpi_index", acpi_index),
            ("index", index),
            ("label", label),
            ("ari_enabled", ari),
            ("firmware_node/sun", sun),
            ("modalias", class),
            ("function_id", s390),
        ]);
        device.header_type = header_type;
        device.properties = allow.into_iter().collect();
        device.properties.extend(domain.map(|value| ("ID_NET_NAME_INCLUDE_DOMAIN".to_owned(), value)));
        device
    }
}

prop_compose! {
    /// A bridge with this path.
    fn bridge(path: String)(
        class in prop_oneof![
            10 => Just(Some("pci:v00001B36d0000000Csv00000000sd00000000bc06sc04i00".to_owned())),
            1 => Just(Some("pci:v00001b36d0000000Csv0sd0bc06sc00i00".to_owned())),
            1 => Just(Some("acpi:PNP0A08:sc04".to_owned())),
            1 => Just(None),
        ],
        sun in weighted(0.3, number()),
        multifunction in any::<bool>(),
    ) -> Device {
        let mut device = device(&path, "pci", [("modalias", class), ("firmware_node/sun", sun)]);
        device.header_type = Some(if multifunction { 0x81 } else { 1 });
        device
    }
}

/// The addresses and the path of a PCI function and its bridges, nearest first.
fn pci_chain() -> BoxedStrategy<Vec<Device>> {
    let domain = prop_oneof![6 => Just(0u32), 1 => Just(1), 1 => Just(0x10001)];
    (domain, 0..3usize, 0..32u32, 0..8u32)
        .prop_flat_map(|(domain, bridges, slot, number)| {
            let mut path = format!("/sys/devices/pci{domain:04x}:00");
            let mut devices: Vec<BoxedStrategy<Device>> = Vec::new();
            for depth in 0..bridges {
                path += &format!("/{domain:04x}:{depth:02x}:1c.0");
                devices.push(bridge(path.clone()).boxed());
            }
            path += &format!("/{domain:04x}:{:02x}:{slot:02x}.{number}", bridges * 5);
            devices.push(function(path).boxed());
            devices.reverse();
            devices
        })
        .boxed()
}

/// One slot at most for each device, so that the order in which a directory is read does not matter; no two of one
/// name, as a directory has none.
fn slots(devices: &[Device]) -> BoxedStrategy<Vec<Slot>> {
    let name = |number: usize| {
        prop_oneof![
            6 => Just(format!("{}", 18 + number)),
            1 => Just(format!("{number}-2")),
            1 => Just("0".to_owned()),
            1 => Just(format!("0000100{number}")),
            1 => Just(format!("0x{number}f")),
            1 => Just(format!("429496729{}", 6 + number)),
        ]
    };
    let functions = devices
        .iter()
        .filter(|device| device.subsystem.as_deref() == Some("pci"));
    let mut slots: Vec<BoxedStrategy<Option<Slot>>> = functions
        .enumerate()
        .map(|(number, device)| {
            let address = device.sysname().split('.').next().unwrap_or_default().to_owned();
            let slot = name(number).prop_map(move |name| Slot {
                name,
                address: Some(address.clone()),
            });
            weighted(0.35, slot).boxed()
        })
        .collect();
    let s390 = Slot {
        name: "00000041".to_owned(),
        address: None,
    };
    slots.push(weighted(0.5, Just(s390)).boxed());
    slots.prop_map(|slots| slots.into_iter().flatten().collect()).boxed()
}

/// What the kernel calls an interface at first.
fn kernel_name(interface: &Device) -> &'static str {
    match (interface.attribute("type"), interface.devtype.as_deref()) {
        (Some("32"), _) => "ib0",
        (Some("256"), _) => "sl0",
        (Some("290"), _) => "mctp0",
        (_, Some("wlan")) => "wlan0",
        (_, Some("wwan")) => "wwan0",
        _ => "eth0",
    }
}

/// Hangs an interface on devices (nearest first) and puts the slots in order.
fn nic_on(devices: Vec<Device>, slots: Vec<Slot>, mut interface: Device) -> NicFacts {
    let name = kernel_name(&interface);
    let above = devices.first().map_or("/sys/devices/virtual", |device| &device.syspath);
    interface.syspath = format!("{above}/net/{name}");
    let has_s390 = devices
        .iter()
        .any(|device| device.attributes.contains_key("function_id"));
    let mut slots: Vec<Slot> = slots
        .into_iter()
        .filter(|slot| slot.address.is_some() || has_s390)
        .collect();
    slots.sort();
    slots.dedup_by(|one, other| one.name == other.name);
    NicFacts {
        devices: std::iter::once(interface).chain(devices).collect(),
        slots,
        aliases: BTreeMap::new(),
        permanent_mac: None,
    }
}

/// A NIC on a PCI function, sometimes with virtio or an unknown bus between.
fn pci_nic() -> BoxedStrategy<NicFacts> {
    let between = prop_oneof![6 => Just(None), 2 => Just(Some("virtio")), 1 => Just(Some("mdio_bus"))];
    (pci_chain(), between)
        .prop_flat_map(|(mut devices, between)| {
            let slots = slots(&devices);
            if let Some(bus) = between {
                let path = format!("{}/{bus}3", devices[0].syspath);
                devices.insert(0, device(&path, bus, []));
            }
            (Just(devices), slots, interface())
        })
        .prop_map(|(devices, slots, interface)| nic_on(devices, slots, interface))
        .boxed()
}

/// A virtual function beside its physical one.
fn virtual_function() -> BoxedStrategy<(Vec<Device>, Vec<Slot>)> {
    (pci_chain(), "[0-9]{1,2}")
        .prop_flat_map(|(physical, number)| {
            let (directory, _) = physical[0].syspath.rsplit_once('/').unwrap();
            let (bus, _) = physical[0].sysname().rsplit_once(':').unwrap();
            // Slot 20 is none of the physical function's in most cases; the same address would be the same device.
            let path = format!("{directory}/{bus}:1f.7");
            let same = path == physical[0].syspath;
            let slots = slots(&physical);
            (Just(physical), Just(number), function(path), Just(same), slots)
        })
        .prop_map(|(physical, number, mut function, same, slots)| {
            let above = physical[1..].to_vec();
            if !same {
                function.virtual_function = Some(VirtualFunction { number, physical });
            }
            (std::iter::once(function).chain(above).collect(), slots)
        })
        .boxed()
}

fn virtual_function_nic() -> BoxedStrategy<NicFacts> {
    (virtual_function(), interface())
        .prop_map(|((devices, slots), interface)| nic_on(devices, slots, interface))
        .boxed()
}

/// A NIC on USB, below a PCI function, a virtual one or none.
fn usb_nic() -> BoxedStrategy<NicFacts> {
    let name = prop_oneof![
        4 => "[1-4]-[1-9](\\.[1-9]){0,2}:1\\.0",
        1 => "[1-4]-[1-9](\\.[1-9]){0,2}:[0-3]\\.[0-3]",
        1 => select(vec!["usb1", "1-1", "1-1:1", "1-:1.0", "1-1-2:1.0", "1-1:1.0.2"]).prop_map(str::to_owned),
    ];
    let on_pci = pci_chain().prop_flat_map(|devices| {
        let slots = slots(&devices);
        (Just(devices), slots)
    });
    let host = prop_oneof![
        4 => on_pci,
        1 => virtual_function(),
        2 => Just((vec![device("/sys/devices/platform/soc", "platform", [])], Vec::new())),
    ];
    (
        host,
        name,
        prop_oneof![8 => Just("usb_interface"), 1 => Just("usb_device")],
        interface(),
    )
        .prop_map(|((mut devices, slots), name, devtype, interface)| {
            let path = format!("{}/usb1/{name}", devices[0].syspath);
            let mut port = device(&path, "usb", []);
            port.devtype = Some(devtype.to_owned());
            devices.insert(0, port);
            nic_on(devices, slots, interface)
        })
        .boxed()
}

fn broadcom_nic() -> BoxedStrategy<NicFacts> {
    let name = prop_oneof![4 => "bcma[0-2]:[0-9]{1,2}", 1 => select(vec!["bcma0", "bcma:1", "bcma0:x"]).prop_map(str::to_owned)];
    (pci_chain(), name)
        .prop_flat_map(|(mut devices, name)| {
            let slots = slots(&devices);
            devices.insert(0, device(&format!("{}/{name}", devices[0].syspath), "bcma", []));
            (Just(devices), slots, interface())
        })
        .prop_map(|(devices, slots, interface)| nic_on(devices, slots, interface))
        .boxed()
}

fn channel_nic() -> BoxedStrategy<NicFacts> {
    let id = prop_oneof![
        4 => "0\\.[0-3]\\.[0-9a-f]{4}",
        1 => select(vec!["0.0.0000", "a.b.c.d.e", "0.0.00001", "0.0.1", "00000000", "ab.c.0042"]).prop_map(str::to_owned),
    ];
    (id, select(vec!["ccwgroup", "ccw", "css"]), any::<bool>(), interface())
        .prop_map(|(id, bus, virtio, interface)| {
            let path = format!("/sys/devices/{bus}s/{id}");
            let mut devices = vec![device(&path, bus, [])];
            if virtio {
                devices.insert(0, device(&format!("{path}/virtio1"), "virtio", []));
            }
            nic_on(devices, Vec::new(), interface)
        })
        .boxed()
}

fn vio_nic() -> BoxedStrategy<NicFacts> {
    let id = prop_oneof![4 => "3000[0-9a-f]{4}", 1 => select(vec!["3000000", "300000020", "3000zzzz"]).prop_map(str::to_owned)];
    (id, interface())
        .prop_map(|(id, interface)| {
            let devices = vec![device(&format!("/sys/devices/vio/{id}"), "vio", [])];
            nic_on(devices, Vec::new(), interface)
        })
        .boxed()
}

/// A platform device of ACPI, or one with a node in the devicetree.
fn platform_nic() -> BoxedStrategy<NicFacts> {
    let id = prop_oneof![
        3 => "[A-Z]{4}[0-9A-F]{4}:[0-9A-F]{2}",
        1 => "[A-Z]{3}[0-9A-F]{4}:[0-9A-F]{2}",
        1 => "[A-Z]{3,4}[0-9A-F]{0,5}:[0-9A-F]{0,3}",
        1 => select(vec!["hisi00C2:00", "HISI00C2", "A1B00C2:00", "HISI00G2:00", "30be0000.ethernet"]).prop_map(str::to_owned),
    ];
    (id, nodes(), interface())
        .prop_map(|(id, nodes, interface)| {
            let platform = device(&format!("/sys/devices/platform/{id}"), "platform", []);
            nodes.put_on(nic_on(vec![platform], Vec::new(), interface))
        })
        .boxed()
}

/// What the devicetree has of a NIC.
#[derive(Clone, Debug)]
struct Nodes {
    /// The node of the device that it hangs on.
    device: Option<String>,
    /// Its own.
    own: Option<String>,
    aliases: BTreeMap<String, String>,
}

impl Nodes {
    fn put_on(self, mut nic: NicFacts) -> NicFacts {
        let Nodes { device, own, aliases } = self;
        if device.is_some() || own.is_some() {
            nic.aliases = aliases;
        }
        if let [interface, below, ..] = nic.devices.as_mut_slice() {
            (interface.of_node, below.of_node) = (own, device);
        }
        nic
    }
}

fn nodes() -> BoxedStrategy<Nodes> {
    let device = weighted(0.6, Just("/soc/ethernet@30be0000".to_owned()));
    let own = weighted(0.3, Just("/soc/ethernet@30be0000/port@1".to_owned()));
    let aliases = proptest::collection::btree_map(
        prop_oneof![4 => "ethernet[0-9]{0,2}", 1 => "wifi[0-2]?", 1 => Just("ethernetx".to_owned())],
        select(vec![
            "/soc/ethernet@30be0000",
            "/soc//ethernet@30be0000/",
            "/soc/ethernet@30be0000/port@1",
            "/soc/other",
        ])
        .prop_map(str::to_owned),
        0..3,
    );
    (device, own, aliases)
        .prop_map(|(device, own, mut aliases)| {
            // Of two aliases that lead to one node udev takes the one it happens to find first.
            let mut taken = Vec::new();
            aliases.retain(|_, path: &mut String| {
                let place = path.contains("port@1");
                let first = !taken.contains(&place) || path.ends_with("other");
                taken.push(place);
                first
            });
            Nodes { device, own, aliases }
        })
        .boxed()
}

fn netdevsim_nic() -> BoxedStrategy<NicFacts> {
    (
        select(vec![
            "netdevsim10",
            "netdevsim0",
            "netdevsim",
            "netdevsim08",
            "netdevsim010",
            "netdevsim0x10",
            "netdevsim1a2",
            "netdevsim5x",
            "netdevsim4294967296",
            "a1netdevsim3",
        ]),
        interface(),
    )
        .prop_map(|(name, interface)| {
            let devices = vec![device(&format!("/sys/devices/{name}"), "netdevsim", [])];
            nic_on(devices, Vec::new(), interface)
        })
        .boxed()
}

fn xen_nic() -> BoxedStrategy<NicFacts> {
    let name = select(vec![
        "vif-0",
        "vif-13",
        "vif-01",
        "vif-",
        "vif--1",
        "vif-4294967296",
        "vbd-1",
        "vif-+1",
    ]);
    (name, select(vec!["xen", "xen-backend"]), interface())
        .prop_map(|(name, bus, interface)| {
            let devices = vec![device(&format!("/sys/devices/{name}"), bus, [])];
            nic_on(devices, Vec::new(), interface)
        })
        .boxed()
}

fn sub_function_nic() -> BoxedStrategy<NicFacts> {
    let physical = pci_chain().prop_flat_map(|devices| {
        let slots = slots(&devices);
        (Just(devices), slots)
    });
    (
        prop_oneof![2 => physical, 1 => virtual_function()],
        weighted(0.9, number()),
        interface(),
    )
        .prop_map(|((mut devices, slots), number, interface)| {
            let path = format!("{}/mlx5_core.sf.2", devices[0].syspath);
            devices.insert(0, device(&path, "auxiliary", [("sfnum", number)]));
            nic_on(devices, slots, interface)
        })
        .boxed()
}

/// A NIC on a bus that no scheme knows.
fn unknown_nic() -> BoxedStrategy<NicFacts> {
    interface()
        .prop_map(|interface| {
            let mut nameless = device("/sys/devices/odd/1", "odd", []);
            nameless.subsystem = None;
            nic_on(
                vec![device("/sys/devices/odd/1/2", "vmbus", []), nameless],
                Vec::new(),
                interface,
            )
        })
        .boxed()
}
