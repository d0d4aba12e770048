//! What a kernel may lack, and how to find out: by making one in the room.

use std::collections::BTreeMap;
use std::sync::{LazyLock, Mutex, PoisonError};

use crate::command::try_run;

/// The kinds, each with its name.
macro_rules! kinds {
    ($($(#[$doc:meta])* $kind:ident = $name:literal,)+) => {
        /// A link kind or ability that not every kernel has.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
        pub enum Kind {
            $($(#[$doc])* $kind,)+
        }

        impl Kind {
            /// All that a test can ask for.
            pub const ALL: &'static [Self] = &[$(Self::$kind),+];

            /// The name used in `REQUIRE` and in skip messages.
            pub fn name(self) -> &'static str {
                match self {
                    $(Self::$kind => $name,)+
                }
            }
        }
    };
}

kinds! {
    /// The bonding driver.
    Bond = "bond",
    /// 802.1Q VLAN links.
    Vlan = "vlan",
    /// 802.1ad (service) VLAN links.
    VlanAd = "vlan-ad",
    /// Bridges.
    Bridge = "bridge",
    /// Bridges that filter by VLAN.
    VlanFiltering = "vlan-filtering",
    /// Dummy links.
    Dummy = "dummy",
    /// Virtual Ethernet pairs.
    Veth = "veth",
    /// VXLAN tunnels.
    Vxlan = "vxlan",
    /// Virtual routing and forwarding devices.
    Vrf = "vrf",
    /// MAC VLANs.
    Macvlan = "macvlan",
    /// Tap devices.
    Tap = "tap",
    /// IPv6.
    Inet6 = "inet6",
    /// Network address translation through iptables.
    Nat = "nat",
}

impl Kind {
    /// Commands that succeed only where the kernel has the kind; they leave nothing behind but `lo` as it was.
    fn probe(self) -> &'static [&'static str] {
        match self {
            Self::Bond => &["ip link add probe0 type bond", "ip link del probe0"],
            Self::Vlan => &[
                "ip link add probe0 type veth peer name probe1",
                "ip link add link probe0 name probe2 type vlan id 7",
                "ip link del probe0",
            ],
            Self::VlanAd => &[
                "ip link add probe0 type veth peer name probe1",
                "ip link add link probe0 name probe2 type vlan protocol 802.1ad id 7",
                "ip link del probe0",
            ],
            Self::Bridge => &["ip link add probe0 type bridge", "ip link del probe0"],
            Self::VlanFiltering => &["ip link add probe0 type bridge vlan_filtering 1", "ip link del probe0"],
            Self::Dummy => &["ip link add probe0 type dummy", "ip link del probe0"],
            Self::Veth => &["ip link add probe0 type veth peer name probe1", "ip link del probe0"],
            Self::Vxlan => &["ip link add probe0 type vxlan id 7 dstport 4789", "ip link del probe0"],
            Self::Vrf => &["ip link add probe0 type vrf table 7", "ip link del probe0"],
            Self::Macvlan => &[
                "ip link add probe0 type veth peer name probe1",
                "ip link add link probe0 name probe2 type macvlan",
                "ip link del probe0",
            ],
            Self::Tap => &["ip tuntap add probe0 mode tap", "ip link del probe0"],
            Self::Inet6 => &[
                "ip -6 address add 2001:db8::7/128 dev lo",
                "ip -6 address del 2001:db8::7/128 dev lo",
            ],
            Self::Nat => &[
                "iptables -t nat -A POSTROUTING -s 192.0.2.7 -j MASQUERADE",
                "iptables -t nat -F POSTROUTING",
            ],
        }
    }
}

/// Why this kernel cannot have `kind`, or `None` if it can.
///
/// *Shape*: to be called inside a room, where the probe's links harm nobody. Each kind is probed once a process; a
/// probe that fails half way is cleaned up.
pub fn lacking(kind: Kind) -> Option<String> {
    static SEEN: LazyLock<Mutex<BTreeMap<Kind, Option<String>>>> = LazyLock::new(Mutex::default);
    let mut seen = SEEN.lock().unwrap_or_else(PoisonError::into_inner);
    seen.entry(kind)
        .or_insert_with(|| {
            for command in kind.probe() {
                if let Err(error) = try_run(command) {
                    // A half-made probe (the veth pair under a VLAN that could not be) must not stay in the room.
                    let _ = try_run("ip link del probe0");
                    return Some(format!("no {} here: {error}", kind.name()));
                }
            }
            None
        })
        .clone()
}
