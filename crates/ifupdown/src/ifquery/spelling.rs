//! Options that say something of the whole link rather than of one attribute, and the words in which ifupdown2 prints
//! values: Proxmox VE compares these.

use super::entry::Mark;
use super::written::Line;
use cleat_model::attrs::known;
use cleat_model::desired::WantLink;
use cleat_model::snapshot::Snapshot;
use cleat_model::table;
use cleat_model::verify::CheckItem;

/// A mark, and what the kernel has.
pub(super) struct Judged {
    pub(super) mark: Mark,
    pub(super) found: String,
}

/// Options of ifupdown2 that are not done here and that no package's script does: what they ask for is not so.
const NOT_DONE: &[&str] = &[
    "address-virtual",
    "vrrp",
    "tunnel-",
    "xfrm-",
    "mpls-enable",
    "bridge-l2protocol-tunnel",
    "bridge-vlan-vni-map",
    "bridge-igmp-querier-src",
    "bond-lacp-bypass-allow",
    "es-sys-mac",
    "vxlan-",
];

/// Judges a line that no single attribute answers for.
pub(super) fn judge(line: &Line<'_>, want: &WantLink, own: &[CheckItem], snapshot: &Snapshot) -> Judged {
    let of_item = |name: &str| {
        let item = own.iter().find(|item| item.name == name);
        item.map(|item| (item.ok, item.found.clone()))
    };
    let answer = match canonical(line.key) {
        "link-down" => of_item("up").map(|(ok, found)| (ok, yes_no(found == "down"))),
        "link-type" => of_item("link").filter(|_| !want.kind.word().is_empty()),
        "bridge-pvid" if want.master.is_some() && want.vlans.is_some() => pvid(line.value, want, snapshot),
        "bridge-vids" | "bridge-access" | "bridge-allow-untagged" => of_item("bridge-vids"),
        key if known::is_not_yet(key) && NOT_DONE.iter().any(|start| key.starts_with(start)) => {
            Some((false, String::new()))
        }
        _ => None,
    };
    match answer {
        Some((true, found)) => Judged {
            mark: Mark::Pass,
            found,
        },
        Some((false, found)) => Judged {
            mark: Mark::Fail,
            found,
        },
        None => Judged {
            mark: Mark::Unknown,
            found: String::new(),
        },
    }
}

fn pvid(said: &str, want: &WantLink, snapshot: &Snapshot) -> Option<(bool, String)> {
    let link = snapshot.get(want.name)?;
    let has = snapshot.vlans(link.index).iter().find(|range| range.pvid);
    let found = has.map(|range| range.first.to_string()).unwrap_or_default();
    Some((found == said.trim(), found))
}

fn yes_no(yes: bool) -> String {
    if yes { "yes" } else { "no" }.to_owned()
}

/// The name of the row of a key.
pub(super) fn canonical(key: &str) -> &str {
    table::find(key).map_or(key, |attr| attr.name)
}

/// The key as ifupdown2 prints it.
pub(super) fn key(key: &str) -> &str {
    match key {
        "bridge-trunk" => "bridge-vids",
        key => key,
    }
}

/// Whether ifupdown2 prints the values of several lines as one.
pub(super) fn is_one_list(key: &str) -> bool {
    matches!(canonical(key), "bridge-ports" | "bond-slaves")
}

/// The value as ifupdown2 prints it where it passes: the kernel's table for `auto`, a MAC without `ether`, `yes` for `on`
/// of `bridge-stp`.
pub(super) fn value(key: &str, written: &str, found: &str) -> String {
    match canonical(key) {
        "vrf-table" | "hwaddress" | "bridge-stp" if !found.is_empty() => found.to_owned(),
        _ => written.to_owned(),
    }
}
