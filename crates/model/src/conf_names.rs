//! The names below /proc/sys/net/FAMILY/conf/LINK of the values that the kernel tells of each link.
//!
//! *Source*: `IPV4_DEVCONF_*` of linux/ip.h and `DEVCONF_*` of linux/ipv6.h; the names are those of `devinet_sysctl` in
//! net/ipv4/devinet.c and `addrconf_sysctl` in net/ipv6/addrconf.c.

/// Of [`crate::snapshot::Link::conf4`], the first at 0.
const V4: &[&str] = &[
    "forwarding",
    "mc_forwarding",
    "proxy_arp",
    "accept_redirects",
    "secure_redirects",
    "send_redirects",
    "shared_media",
    "rp_filter",
    "accept_source_route",
    "bootp_relay",
    "log_martians",
    "tag",
    "arp_filter",
    "medium_id",
    "disable_xfrm",
    "disable_policy",
    "force_igmp_version",
    "arp_announce",
    "arp_ignore",
    "promote_secondaries",
    "arp_accept",
    "arp_notify",
    "accept_local",
    "src_valid_mark",
    "proxy_arp_pvlan",
    "route_localnet",
    "igmpv2_unsolicited_report_interval",
    "igmpv3_unsolicited_report_interval",
    "ignore_routes_with_linkdown",
    "drop_unicast_in_l2_multicast",
    "drop_gratuitous_arp",
    "bc_forwarding",
    "arp_evict_nocarrier",
];

/// Of [`crate::snapshot::Link::conf6`].
const V6: &[&str] = &[
    "forwarding",
    "hop_limit",
    "mtu",
    "accept_ra",
    "accept_redirects",
    "autoconf",
    "dad_transmits",
    "router_solicitations",
    "router_solicitation_interval",
    "router_solicitation_delay",
    "use_tempaddr",
    "temp_valid_lft",
    "temp_prefered_lft",
    "regen_max_retry",
    "max_desync_factor",
    "max_addresses",
    "force_mld_version",
    "accept_ra_defrtr",
    "accept_ra_pinfo",
    "accept_ra_rtr_pref",
    "router_probe_interval",
    "accept_ra_rt_info_max_plen",
    "proxy_ndp",
    "optimistic_dad",
    "accept_source_route",
    "mc_forwarding",
    "disable_ipv6",
    "accept_dad",
    "force_tllao",
    "ndisc_notify",
    "mldv1_unsolicited_report_interval",
    "mldv2_unsolicited_report_interval",
    "suppress_frag_ndisc",
    "accept_ra_from_local",
    "use_optimistic",
    "accept_ra_mtu",
    "stable_secret",
    "use_oif_addrs_only",
    "accept_ra_min_hop_limit",
    "ignore_routes_with_linkdown",
    "drop_unicast_in_l2_multicast",
    "drop_unsolicited_na",
    "keep_addr_on_down",
    "router_solicitation_max_interval",
    "seg6_enabled",
    "seg6_require_hmac",
    "enhanced_dad",
    "addr_gen_mode",
    "disable_policy",
    "accept_ra_rt_info_min_plen",
    "ndisc_tclass",
    "rpl_seg_enabled",
    "ra_defrtr_metric",
    "ioam6_enabled",
    "ioam6_id",
    "ioam6_id_wide",
    "ndisc_evict_nocarrier",
    "accept_untracked_na",
    "accept_ra_min_lft",
    "force_forwarding",
];

/// Values that the kernel shows in milliseconds and takes in seconds.
const IN_SECONDS: [&str; 4] = [
    "router_solicitation_interval",
    "router_solicitation_delay",
    "router_probe_interval",
    "router_solicitation_max_interval",
];

/// A value of a link that differs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Conf {
    /// net.ipv6 rather than net.ipv4.
    pub v6: bool,
    /// The last word of the key; where no name is known, its number.
    pub key: String,
    /// The value before. *Units*: those of the file below /proc/sys.
    pub was: i64,
    /// The value now.
    pub is: i64,
    /// Whether it can be written by that name.
    pub writable: bool,
}

/// The values that differ; families that one of both does not tell of are left out.
///
/// *Shape*: `addr_gen_mode` is left out, the kernel tells of it a second time
/// ([`crate::snapshot::Link::addr_gen_mode`]).
pub(crate) fn differing(v6: bool, was: &[i32], is: &[i32]) -> Vec<Conf> {
    let names = if v6 { V6 } else { V4 };
    let both = was.iter().zip(is).enumerate().filter(|(_, (was, is))| was != is);
    let all = both.map(|(at, (was, is))| {
        let name = names.get(at).copied();
        let unit = if name.is_some_and(|name| IN_SECONDS.contains(&name)) {
            1000
        } else {
            1
        };
        Conf {
            v6,
            key: name.map_or_else(|| format!("value {at}"), str::to_owned),
            was: i64::from(*was) / unit,
            is: i64::from(*is) / unit,
            writable: name.is_some(),
        }
    });
    all.filter(|conf| conf.key != "addr_gen_mode").collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Second witness: the numbers of linux/ip.h and linux/ipv6.h.
    #[test]
    fn names_stand_at_the_numbers_of_the_kernels_headers() {
        let v4 = |name: &str| V4.iter().position(|found| *found == name).map(|at| at + 1);
        assert_eq!(
            (V4.len(), v4("rp_filter"), v4("arp_evict_nocarrier")),
            (33, Some(8), Some(33))
        );
        let v6 = |name: &str| V6.iter().position(|found| *found == name);
        assert_eq!((v6("disable_ipv6"), v6("addr_gen_mode")), (Some(26), Some(47)));
        for attr in crate::table::all() {
            match attr.wire {
                crate::attr::Wire::Conf4(at, key) => assert_eq!(V4.get(usize::from(at)), Some(&key)),
                crate::attr::Wire::Conf6(at, key) => assert_eq!(V6.get(usize::from(at)), Some(&key)),
                _ => {}
            }
        }
    }

    #[test]
    fn a_value_is_told_in_the_unit_of_its_file() {
        let mut was = vec![0; 48];
        was[8] = 4000;
        was[47] = 1;
        let found = differing(true, &was, &[0; 48]);
        let told: Vec<_> = found.iter().map(|conf| (conf.key.as_str(), conf.was)).collect();
        assert_eq!(told, [("router_solicitation_interval", 4)]);
    }
}
