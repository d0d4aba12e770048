//! The switches of cleat-sysctl, one after the other.

use crate::sysctl::{call, host, read};
use cleat_netns as netns;

const V0: &str = "net/ipv6/conf/v0/disable_ipv6";

/// ip-sysctl: `disable_ipv6` of `all` is written to each link that there is. systemd-sysctl, the second witness, writes the
/// file in its order at a boot.
#[test]
fn regress_a_link_that_is_on_where_all_are_off_is_so_after_a_boot() {
    let room = netns::enter!(Veth);
    host(&room, "");
    let boot = || {
        std::fs::write("/proc/sys/net/ipv6/conf/all/disable_ipv6", "0").unwrap();
        netns::run("/lib/systemd/systemd-sysctl");
        assert_eq!(call("apply"), (0, String::new(), String::new()));
    };
    assert_eq!(call("ipv6 off -y").0, 0);
    assert_eq!(call("ipv6 on v0").0, 0);
    for _ in 0..2 {
        assert_eq!(
            (read(V0), read("net/ipv6/conf/v1/disable_ipv6")),
            ("0".into(), "1".into())
        );
        boot();
    }
    assert_eq!(call("ipv6 off v0 -y").0, 0);
    assert_eq!(read(V0), "1");
    boot();
    assert_eq!(read(V0), "1");
    assert_eq!(call("ipv6 on").0, 0);
    assert_eq!(read(V0), "0");
    assert_eq!(
        std::fs::read_dir("/etc/sysctl.d").unwrap().count(),
        0,
        "nothing is left"
    );
}
