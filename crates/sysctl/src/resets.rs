//! Settings whose writing changes others.

use crate::key::Key;

/// Settings for all links that are written through to each link and to `default`, by the last part of their key.
///
/// *Source*: kernel documentation ip-sysctl, `ip_forward` ("this variable is special, its change resets all
/// configuration parameters to their default state") and `conf/all/*`; tests/kernel.rs finds the same list by trying.
const THROUGH: [(&str, &str); 6] = [
    ("ipv4", "forwarding"),
    ("ipv6", "forwarding"),
    ("ipv6", "force_forwarding"),
    ("ipv6", "disable_ipv6"),
    ("ipv6", "addr_gen_mode"),
    ("ipv6", "ignore_routes_with_linkdown"),
];

/// Whether writing `cause` may change `other`.
///
/// - `net.ipv4.ip_forward`, and `forwarding` of `all`, set `forwarding` of every link, and `accept_redirects` of `all`.
/// - Some settings of net.ipv6.conf.all are those of every link.
/// - A setting of `default` of net.ipv4.conf, and of net.ipv4.neigh and net.ipv6.neigh, goes to every link that never
///   had one of its own written.
pub fn resets(cause: &Key, other: &Key) -> bool {
    if cause == other {
        return false;
    }
    let (cause, other) = (resolve(cause), resolve(other));
    let (Some([family, table, from, key]), Some([family2, table2, to, key2])) = (in_table(&cause), in_table(&other))
    else {
        return false;
    };
    if (family, table) != (family2, table2) {
        return false;
    }
    let of_all = from == "all" && table == "conf";
    if of_all && (family, key, to, key2) == ("ipv4", "forwarding", "all", "accept_redirects") {
        return true;
    }
    let through = of_all && THROUGH.contains(&(family, key));
    let copied = from == "default" && to != "all" && (table == "neigh" || family == "ipv4");
    key == key2 && (through || copied)
}

/// Whether writing it may change any other setting.
pub(crate) fn may_reset(cause: &Key) -> bool {
    matches!(in_table(&resolve(cause)), Some([_, _, "all" | "default", _]))
}

/// Whether the two keys name one setting of the kernel.
pub fn is_one_setting(one: &Key, other: &Key) -> bool {
    resolve(one) == resolve(other)
}

/// When a setting is to be written: those for all links first, then defaults, then the rest.
pub(crate) fn rank(key: &Key) -> u8 {
    match in_table(&resolve(key)) {
        Some([_, _, "all", "accept_redirects"]) => 1,
        Some([_, _, "all", _]) => 0,
        Some([_, _, "default", _]) => 1,
        Some(_) => 2,
        None => 0,
    }
}

/// `net/ipv4/ip_forward` is another name of `net/ipv4/conf/all/forwarding`.
pub(crate) fn resolve(key: &Key) -> Key {
    match key.as_str() {
        "net/ipv4/ip_forward" => Key::new("net/ipv4/conf/all/forwarding"),
        _ => key.clone(),
    }
}

/// Family, table, link and name of a setting of links.
fn in_table(key: &Key) -> Option<[&str; 4]> {
    let parts: Vec<&str> = key.parts().collect();
    match parts.as_slice() {
        ["net", family @ ("ipv4" | "ipv6"), table @ ("conf" | "neigh"), link, key] => Some([family, table, link, key]),
        _ => None,
    }
}
