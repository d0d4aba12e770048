//! What is left out when a kernel's state is compared with a golden one, and why; and what differs on purpose
//! (docs/differences.md). One place for the tests in network namespaces and for the booted machines.

// Test support: a dump of another shape than the tools print is a failed test.
#![allow(clippy::expect_used, clippy::panic)]

mod folder;
mod text;

pub use folder::differences;
pub use text::text_difference;

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

/// Prefix of the names of the stand-ins' other ends, which the golden machine did not have.
pub const PEER: &str = "p-";

/// Words of `flags` that say how the stand-in is made or how the moment was, not how it is configured: `M-DOWN` is the
/// other end of a veth pair, `NO-CARRIER` and `LOWER_UP` follow the wire.
const WIRE_FLAGS: [&str; 3] = ["M-DOWN", "NO-CARRIER", "LOWER_UP"];

/// What kernels and iproute2 newer than the golden machine's (6.1) show and it did not, with the kernel's own default:
/// Debian 13's 6.12. Any other value is a difference.
const NEWER: [(&str, &str); 6] = [
    ("mab", "false"),
    ("neigh_vlan_suppress", "false"),
    ("coupled_control", "true"),
    ("fdb_max_learned", "0"),
    ("fdb_n_learned", "0"),
    ("mst_enabled", "0"),
];

/// Keys of `info_data` and `info_slave_data` that are not configuration.
const RUNTIME: [(&str, &str); 24] = [
    ("bridge_id", "holds the bridge's MAC, see `address`"),
    ("root_id", "holds the bridge's MAC"),
    ("designated_port", "spanning-tree state"),
    ("designated_cost", "spanning-tree state"),
    ("root_port", "spanning-tree state"),
    ("root_path_cost", "spanning-tree state"),
    ("hello_timer", "a timer"),
    ("tcn_timer", "a timer"),
    ("topology_change_timer", "a timer"),
    ("gc_timer", "a timer"),
    ("hold_timer", "a timer"),
    ("message_age_timer", "a timer"),
    ("forward_delay_timer", "a timer"),
    ("topology_change", "spanning-tree state"),
    ("topology_change_detected", "spanning-tree state"),
    ("topology_change_ack", "spanning-tree state"),
    (
        "cost",
        "the kernel derives it from the speed, which the golden NICs did not have",
    ),
    (
        "state",
        "port state: follows carrier, which veth and virtio report at different times",
    ),
    ("ad_info", "LACP state"),
    ("ad_aggregator_id", "LACP state"),
    ("ad_actor_oper_port_state", "LACP state"),
    ("ad_partner_oper_port_state", "LACP state"),
    ("mii_status", "follows the wire"),
    (
        "mcast_startup_query_intvl",
        "31.25 s in ticks of the kernel: 3124 with the 250 a second of Debian's kernel, 3125 with 100",
    ),
];

/// The keys of a link that are configuration. Left out: indexes, queues and sizes of the NIC's driver, qdisc (set when
/// a NIC is first up, and other for veth), promiscuity (follows from being a port), operstate and carrier.
const LINK_KEYS: [&str; 7] = [
    "mtu",
    "master",
    "link",
    "address",
    "group",
    "link_type",
    "inet6_addr_gen_mode",
];

/// Links as far as they are configured: name to what is to be compared.
#[derive(Debug)]
pub struct Links(BTreeMap<String, BTreeMap<String, String>>);

impl Links {
    /// Reads what `ip -d -j link` prints.
    pub fn of(dump: &Value) -> Self {
        let links = dump.as_array().expect("ip -j prints a list").iter();
        Self(links.filter_map(|link| Some((name(link)?, link_facts(link)))).collect())
    }

    /// Panics where `ours` differs, with both sides' extra lines.
    #[track_caller]
    pub fn assert_same(&self, ours: &Self, what: &str) {
        assert_same(&format!("{what}: links"), &self.0, &ours.0);
    }

    /// How `ours` differs.
    pub fn difference(&self, ours: &Self) -> Option<String> {
        difference("links", &self.0, &ours.0)
    }
}

/// The name of a link; `None` for the other ends of stand-ins and for fallback tunnels that a kernel makes by itself.
fn name(link: &Value) -> Option<String> {
    let name = link["ifname"].as_str()?;
    let by_itself = [
        "sit0", "tunl0", "gre0", "gretap0", "erspan0", "ip6tnl0", "ip6gre0", "ip_vti0", "ip6_vti0",
    ];
    (!name.starts_with(PEER) && !by_itself.contains(&name)).then(|| name.to_owned())
}

fn link_facts(link: &Value) -> BTreeMap<String, String> {
    let mut facts = BTreeMap::new();
    let info = &link["linkinfo"];
    for key in LINK_KEYS {
        // A bridge's own MAC: ifupdown2 under Debian leaves it to systemd's persistent policy (a hash of machine-id and
        // name); ours is that of its first port (docs/differences.md, "MAC of a bridge").
        let of_bridge = key == "address" && (info["info_kind"] == "bridge" || on_a_bridge(link));
        if !link[key].is_null() && !of_bridge {
            facts.insert(key.to_owned(), link[key].to_string());
        }
    }
    // The other end of a stand-in is named as `link` by the kernel; the golden NICs had none.
    if info["info_kind"] == "veth" {
        facts.remove("link");
    }
    let flags: BTreeSet<&str> = link["flags"]
        .as_array()
        .into_iter()
        .flatten()
        .filter_map(Value::as_str)
        .collect();
    let flags: Vec<&str> = flags.into_iter().filter(|flag| !WIRE_FLAGS.contains(flag)).collect();
    facts.insert("flags".to_owned(), flags.join(" "));
    if info["info_kind"] != "veth" && !info["info_kind"].is_null() {
        facts.insert("kind".to_owned(), info["info_kind"].to_string());
        insert_data(&mut facts, "data", &info["info_data"]);
    }
    if !info["info_slave_kind"].is_null() {
        facts.insert("port of".to_owned(), info["info_slave_kind"].to_string());
        insert_data(&mut facts, "port", &info["info_slave_data"]);
    }
    facts
}

/// A VLAN link on a bridge carries the bridge's MAC.
fn on_a_bridge(link: &Value) -> bool {
    link["linkinfo"]["info_kind"] == "vlan" && link["link"].as_str().is_some_and(|parent| parent.starts_with("vmbr"))
}

fn insert_data(facts: &mut BTreeMap<String, String>, prefix: &str, data: &Value) {
    for (key, value) in data.as_object().into_iter().flatten() {
        let runtime = RUNTIME
            .iter()
            .any(|(name, _)| name == key || *key == format!("{name}_str"));
        let value = value.to_string();
        let newer = NEWER.contains(&(key.as_str(), value.as_str()));
        if !runtime && !newer {
            facts.insert(format!("{prefix}.{key}"), value);
        }
    }
}

/// Addresses that are configured; lo's are the kernel's own. Of link-local ones, which the kernel makes of the MAC as soon
/// as there is carrier, only that a port has one: a port of a bridge must not have the address that its bridge has.
pub fn addresses(dump: &Value) -> BTreeSet<String> {
    let mut all = BTreeSet::new();
    for link in dump.as_array().expect("ip -j prints a list") {
        let Some(name) = name(link).filter(|name| name != "lo") else {
            continue;
        };
        for address in link["addr_info"].as_array().into_iter().flatten() {
            if address["scope"] != "link" {
                let keys = [
                    "family",
                    "local",
                    "prefixlen",
                    "broadcast",
                    "scope",
                    "label",
                    "valid_life_time",
                ];
                let said: Vec<String> = keys.iter().map(|key| format!("{key} {}", address[*key])).collect();
                all.insert(format!("{name}: {}", said.join(", ")));
            } else if link["master"].is_string() {
                all.insert(format!("{name}: a link-local address, as a port"));
            }
        }
    }
    all
}

/// IPv4 routes of all tables.
pub struct Routes(BTreeSet<String>);

impl Routes {
    /// Reads what `ip -j -4 route show table all` prints.
    pub fn of(dump: &Value) -> Self {
        let routes = dump.as_array().expect("ip -j prints a list").iter();
        let ours = |route: &&Value| {
            // Of lo and of stand-ins' ends the golden machine has none; IPv6 routes follow from link-local addresses.
            let device = route["dev"].as_str().unwrap_or_default();
            let v4 = !route["dst"].as_str().unwrap_or_default().contains(':');
            v4 && device != "lo" && !device.starts_with(PEER)
        };
        Self(routes.filter(ours).map(line).collect())
    }

    /// Panics where `ours` differs, with both sides' extra lines.
    #[track_caller]
    pub fn assert_same(&self, ours: &Self, what: &str) {
        assert_same(&format!("{what}: routes"), &self.0, &ours.0);
    }

    /// How `ours` differs.
    pub fn difference(&self, ours: &Self) -> Option<String> {
        difference("routes", &self.0, &ours.0)
    }
}

/// One route. Its protocol is left out for the default route, and so is `onlink`: ifupdown2 marks every default route
/// `proto kernel onlink`; ours is `proto boot`, and onlink only where the gateway lies outside (docs/differences.md).
/// `linkdown` follows the wire.
fn line(route: &Value) -> String {
    let keys = ["type", "dst", "gateway", "dev", "table", "scope", "prefsrc", "metric"];
    let said = keys
        .iter()
        .filter(|key| !route[**key].is_null())
        .map(|key| format!("{key} {}", route[*key]));
    let mut said: Vec<String> = said.collect();
    if route["dst"] != "default" {
        said.push(format!("protocol {}", route["protocol"]));
    }
    said.join(", ")
}

/// Bridge VLANs: link to every id with its flags.
pub fn vlans(dump: &Value) -> BTreeMap<String, Vec<String>> {
    let ports = dump.as_array().expect("bridge -j prints a list").iter();
    let ids = |port: &Value| -> Vec<String> {
        let entries = port["vlans"].as_array().into_iter().flatten();
        entries
            .flat_map(|entry| {
                let first = entry["vlan"].as_u64().expect("a VLAN has a number");
                let last = entry["vlanEnd"].as_u64().unwrap_or(first);
                (first..=last).map(move |id| format!("{id} {}", entry["flags"]))
            })
            .collect()
    };
    ports.map(|port| (port["ifname"].to_string(), ids(port))).collect()
}

/// Per-link sysctls that are compared.
///
/// Left out: `forwarding` of a bridge (and of what is not forwarded otherwise) that ifupdown2 sets to 1 unasked on every
/// bridge with an address or VLANs; ours sets it only where `ip-forward` or a hook asks (docs/differences.md).
/// Links that the configuration does not name are left out: the golden machine ran one example after the other, and what
/// 02-routed set on eno0 was still there. So are `all` and `default`: a namespace takes them from the host.
///
/// *Shape*: key as sysctl(8) prints it (a `.` in a name is `/`), path below /proc/sys, value.
pub fn sysctls(golden: &str, interfaces: &str) -> Vec<(String, String, String)> {
    let mut all = Vec::new();
    for line in golden.lines() {
        let Some((key, value)) = line.split_once(" = ") else {
            continue;
        };
        let rest = key.strip_prefix("net.ipv4.conf.").unwrap_or_default();
        let Some((link, name)) = rest.rsplit_once('.') else {
            continue;
        };
        let link = link.replace('/', ".");
        let named = interfaces
            .lines()
            .any(|line| line.starts_with(&format!("iface {link} ")));
        let forwarded_unasked = name == "forwarding" && value == "1" && link.starts_with("vmbr");
        if named && link != "lo" && !forwarded_unasked {
            let path = format!("/proc/sys/net/ipv4/conf/{link}/{name}");
            all.push((key.to_owned(), path, value.to_owned()));
        }
    }
    assert!(!all.is_empty(), "the golden file names no sysctl");
    all
}

/// `ifquery -c`: interface to its status and the word of each attribute.
///
/// Left out: interfaces that are not `auto` (ifupdown2 does not list them with -a); `gateway`, which ifupdown2's check
/// does not judge and ours does; hook lines, which have no word; empty words of ifupdown2 (`bridge-vids`: it has no
/// answer, ours has).
pub fn statuses(dump: &Value) -> BTreeMap<String, Vec<String>> {
    let interfaces = dump.as_array().expect("ifquery prints a list").iter();
    let words = |interface: &Value| -> Vec<String> {
        let mut words = vec![
            format!("status {}", interface["status"]),
            format!("auto {}", interface["auto"]),
        ];
        words.push(format!(
            "method {} {}",
            interface["addr_family"], interface["addr_method"]
        ));
        for (key, word) in interface["config_status"].as_object().into_iter().flatten() {
            let judged_by_both = !["gateway", "bridge-vids", "bridge-disable-mac-learning"].contains(&key.as_str());
            if word.is_string() && word != "" && judged_by_both {
                words.push(format!("{key} {word}"));
            }
        }
        words.sort();
        words
    };
    interfaces
        .map(|interface| (interface["name"].to_string(), words(interface)))
        .collect()
}

/// The commands that a dry run prints: lines that are not a heading or a summary.
pub fn steps(printed: &str) -> Vec<&str> {
    printed
        .lines()
        .map(str::trim)
        .filter(|line| ["ip ", "bridge ", "sysctl "].iter().any(|word| line.starts_with(word)))
        .collect()
}

/// Compares two sets or maps and prints what stands on one side only.
#[track_caller]
pub fn assert_same<T: Entries>(what: &str, golden: &T, ours: &T) {
    assert_alike(what, ["golden", "ours"], golden, ours);
}

/// As [`assert_same`], where the two sides have other names.
#[track_caller]
pub fn assert_alike<T: Entries>(what: &str, sides: [&str; 2], one: &T, other: &T) {
    if let Some(difference) = sided(what, sides, one, other) {
        panic!("{difference}");
    }
}

/// How two sets or maps differ: the lines that stand on one side only.
pub fn difference<T: Entries>(what: &str, golden: &T, ours: &T) -> Option<String> {
    sided(what, ["golden", "ours"], golden, ours)
}

fn sided<T: Entries>(what: &str, sides: [&str; 2], one: &T, other: &T) -> Option<String> {
    let (one, other) = (one.entries(), other.entries());
    let lines = |said: &str, one: &BTreeSet<String>, other: &BTreeSet<String>| -> String {
        one.difference(other)
            .map(|line| format!("\n  only {said}: {line}"))
            .collect()
    };
    let text = lines(sides[0], &one, &other) + &lines(sides[1], &other, &one);
    (!text.is_empty()).then(|| format!("{what}:{text}"))
}

/// What can be laid out as lines.
pub trait Entries {
    /// Its lines.
    fn entries(&self) -> BTreeSet<String>;
}

impl Entries for BTreeSet<String> {
    fn entries(&self) -> BTreeSet<String> {
        self.clone()
    }
}

impl Entries for BTreeSet<&str> {
    fn entries(&self) -> BTreeSet<String> {
        self.iter().map(|line| (*line).to_owned()).collect()
    }
}

impl Entries for BTreeMap<String, BTreeSet<&str>> {
    fn entries(&self) -> BTreeSet<String> {
        let line = |(name, words): (&String, &BTreeSet<&str>)| {
            let words: Vec<&str> = words.iter().copied().collect();
            format!("{name}: {}", words.join(" "))
        };
        self.iter().map(line).collect()
    }
}

impl Entries for BTreeMap<String, Vec<String>> {
    fn entries(&self) -> BTreeSet<String> {
        self.iter()
            .flat_map(|(name, words)| words.iter().map(move |word| format!("{name}: {word}")))
            .collect()
    }
}

impl Entries for BTreeMap<String, BTreeMap<String, String>> {
    fn entries(&self) -> BTreeSet<String> {
        let lines = |(name, facts): (&String, &BTreeMap<String, String>)| -> Vec<String> {
            let one = std::iter::once(format!("{name} is there"));
            one.chain(facts.iter().map(|(key, value)| format!("{name}: {key} {value}")))
                .collect()
        };
        self.iter().flat_map(lines).collect()
    }
}
