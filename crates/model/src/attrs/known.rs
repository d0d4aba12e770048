//! Keys that have no row and are not mistakes either.

/// Keys that belong to other packages' scripts in /etc/network/if-*.d, which get them as IF_ variables. A name that
/// ends in `-` stands for all that begin with it.
///
/// *Source*: the packages' own interfaces manuals: resolvconf, wpasupplicant, wireless-tools, vlan, ifenslave,
/// hostapd, ifmetric, ifupdown's interfaces(5), bridge-utils, Proxmox VE.
pub const FOR_SCRIPTS: &[&str] = &[
    "dns-",
    "wpa-",
    "wireless-",
    "hostapd",
    "madwifi-base",
    "link-speed-duplex",
    "bond-give-a-chance",
    "uplink-id",
    "hostname",
    "leasehours",
    "leasetime",
    "vendor",
    "client",
    "media",
    "firewall-",
    "tunnel-name",
    "ip-rp-filter",
    "exclude-companion",
    "use",
];

/// Keys of ifupdown2 and ifupdown-ng that this program knows and does not act on yet.
///
/// *Source*: ifupdown-addons-interfaces(5); ifupdown-ng's interfaces(5); of ifupdown's what it does itself and not by a
/// script, interfaces(5) "inet6 address family".
pub const NOT_YET: &[&str] = &[
    "ovs-",
    "tunnel-",
    "mstpctl-",
    "batman-",
    "xfrm-",
    "ppp-",
    "wireguard-",
    "wifi-",
    "clagd-",
    "clag-",
    "es-sys-mac",
    "address-virtual",
    "address-virtual-ipv6-addrgen",
    "vrrp",
    "vrrp-",
    "dad-attempts",
    "dad-interval",
    "ll-attempts",
    "ll-interval",
    "request-prefix",
    "mpls-enable",
    "bridge-l2protocol-tunnel",
    "bridge-vlan-vni-map",
    "bridge-igmp-querier-src",
    "bridge-stp-vlan-",
    "bond-lacp-bypass-allow",
    "bond-active-slave",
    "vxlan-purge-remotes",
    "vxlan-mcastgrp-map",
    "vxlan-vnifilter",
    "vxlan-remoteip-map",
    "vxlan-vni",
    "provider",
    "requires",
    "mode",
    "endpoint",
    "dstaddr",
    "local",
    "ttl",
    "tos",
];

/// Keys that nothing reads any more and that installers wrote: what they say follows from address and netmask.
///
/// *Source*: interfaces(5) of ifupdown before 0.7, `network`.
const OBSOLETE: &[&str] = &["network"];

/// Whether the key is only for scripts.
pub fn is_for_scripts(key: &str) -> bool {
    holds(FOR_SCRIPTS, key) || is_obsolete(key)
}

/// Whether nothing reads the key any more, and nothing is lost by it.
pub fn is_obsolete(key: &str) -> bool {
    holds(OBSOLETE, key)
}

/// Whether the key is known and not acted on yet.
pub fn is_not_yet(key: &str) -> bool {
    holds(NOT_YET, key)
}

fn holds(list: &[&str], key: &str) -> bool {
    list.iter()
        .any(|entry| *entry == key || (entry.ends_with('-') && key.starts_with(entry)))
}

#[cfg(test)]
mod tests {
    use super::*;

    // Second witness: resolvconf(8) names dns-nameservers and dns-search; ifupdown-addons-interfaces(5) ovs-ports.
    #[test]
    fn a_family_of_keys_is_known_by_its_prefix_and_a_single_key_by_its_name() {
        assert!(is_for_scripts("dns-nameservers") && is_for_scripts("hostname"));
        assert!(!is_for_scripts("dns") && !is_for_scripts("hostnames"));
        assert!(is_not_yet("ovs-ports") && is_not_yet("mode") && !is_not_yet("modes"));
    }

    #[test]
    fn no_key_that_has_a_row_is_listed_as_unhandled() {
        for attr in crate::table::all() {
            assert!(!is_for_scripts(attr.name) && !is_not_yet(attr.name), "{}", attr.name);
        }
    }
}
