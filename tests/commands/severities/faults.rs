//! Files with one fault each.

/// One fault.
pub struct Fault {
    /// What is wrong.
    pub what: &'static str,
    /// Its code.
    pub code: &'static str,
    /// Whether it is made as an error.
    pub is_error: bool,
    /// What stands behind the base.
    pub text: &'static [u8],
    /// The interface that is concerned.
    pub iface: &'static str,
    /// Exit codes of ifupdown2 for `ifup -a`, then `ifreload -a`, then `ifup IFACE`, and why ours are not these (empty
    /// where they are); `None` where it has nothing of the kind.
    pub peer: Option<([i32; 3], &'static str)>,
}

const fn error(code: &'static str, what: &'static str, text: &'static [u8], iface: &'static str) -> Fault {
    Fault {
        what,
        code,
        is_error: true,
        text,
        iface,
        peer: None,
    }
}

const fn warning(code: &'static str, what: &'static str, text: &'static [u8], iface: &'static str) -> Fault {
    Fault {
        is_error: false,
        ..error(code, what, text, iface)
    }
}

impl Fault {
    const fn peer(self, codes: [i32; 3], why: &'static str) -> Self {
        Self {
            peer: Some((codes, why)),
            ..self
        }
    }
}

const TEXT: &str = "a fault of the text stops a reload here, and makes an exit code";
const NAMED: &str = "0 only where what was asked is so";

pub const FAULTS: &[Fault] = &[
    // The machine as it is now.
    error(
        "missing-link",
        "a port of a bridge is absent",
        b"auto vmbr0\niface vmbr0\n\tbridge-ports eno2 eno9\n",
        "vmbr0",
    )
    .peer([1, 1, 1], ""),
    error(
        "missing-link",
        "the parent of a VXLAN is absent",
        b"auto vx5\niface vx5\n\tvxlan-id 5\n\tvxlan-physdev eno9\n\tvxlan-local-tunnelip 192.0.2.2\n",
        "vx5",
    ),
    error(
        "missing-link",
        "a NIC with an address is absent",
        b"auto eno9\niface eno9\n\taddress 198.51.100.1/24\n",
        "eno9",
    )
    .peer([0, 0, 0], NAMED),
    warning(
        "missing-link",
        "a port is absent that may come later",
        b"allow-hotplug eno9\niface eno9 inet manual\nauto vmbr0\niface vmbr0\n\tbridge-ports eno2 eno9\n",
        "eno1",
    ),
    warning(
        "missing-link",
        "a port is absent of a bridge that nobody brings up",
        b"iface vmbr1\n\tbridge-ports eno9\n",
        "eno1",
    ),
    warning(
        "missing-link",
        "a NIC on which nothing hangs is absent",
        b"auto eno9\niface eno9 inet manual\n",
        "eno1",
    )
    .peer([0, 0, 0], ""),
    error(
        "two-gateways",
        "two gateways on two links",
        b"\tgateway 192.0.2.254\nauto eno2\niface eno2\n\taddress 198.51.100.2/24\n\tgateway 198.51.100.1\n",
        "eno2",
    )
    .peer([0, 0, 0], "the second gateway is not what the host has"),
    // The text.
    error(
        "bad-value",
        "an MTU that is not a number",
        b"auto eno2\niface eno2\n\tmtu many\n",
        "eno2",
    )
    .peer([0, 0, 0], TEXT),
    error(
        "bad-value",
        "an address that cannot be",
        b"auto eno2\niface eno2\n\taddress 192.0.2.300/24\n",
        "eno2",
    )
    .peer([0, 0, 0], TEXT),
    error(
        "unknown-method",
        "a method that nobody has",
        b"auto eno2\niface eno2 inet wvdial\n",
        "eno2",
    )
    .peer([1, 1, 1], ""),
    error(
        "unknown-family",
        "a family that nobody has",
        b"auto eno2\niface eno2 ipx static\n",
        "eno2",
    )
    .peer([1, 1, 1], ""),
    error(
        "dependency-cycle",
        "two links that stand on each other",
        b"auto x5\niface x5\n\tvxlan-id 5\n\tvxlan-physdev x6\nauto x6\niface x6\n\tvxlan-id 6\n\tvxlan-physdev x5\n",
        "x6",
    ),
    error(
        "bad-port",
        "a bridge in a bridge",
        b"auto vmbr0\niface vmbr0\n\tbridge-ports vmbr1\nauto vmbr1\niface vmbr1\n\tbridge-ports none\n",
        "vmbr0",
    ),
    error(
        "port-in-two",
        "a port of two bridges",
        b"auto vmbr0\niface vmbr0\n\tbridge-ports eno2\nauto vmbr1\niface vmbr1\n\tbridge-ports eno2\n",
        "vmbr1",
    ),
    error(
        "inherits-unknown",
        "a stanza that nobody wrote is inherited",
        b"auto eno2\niface eno2 inherits common\n",
        "eno2",
    ),
    error(
        "bad-name",
        "a name that the kernel does not take",
        b"iface a-name-of-17-bytes\n",
        "eno1",
    ),
    error(
        "gateway-is-self",
        "a gateway that is the own address",
        b"auto eno2\niface eno2\n\taddress 198.51.100.2/24\n\tgateway 198.51.100.2\n",
        "eno2",
    ),
    error(
        "mako-template",
        "a line of a template",
        b"%for n in range(3):\n",
        "eno1",
    ),
    error(
        "misspelt-option",
        "a bridge whose ports are misspelt",
        b"auto vmbr0\niface vmbr0\n\tbridge-port eno2\n",
        "vmbr0",
    ),
    error(
        "misspelt-option",
        "a misspelt address",
        b"auto eno2\niface eno2\n\tadress 198.51.100.2/24\n",
        "eno2",
    )
    .peer([0, 0, 0], TEXT),
    // Warnings.
    warning(
        "unknown-option",
        "an option that nobody has",
        b"auto eno2\niface eno2\n\tcolour blue\n",
        "eno2",
    )
    .peer([0, 0, 0], ""),
    warning(
        "no-effect",
        "bridge-vids without awareness",
        b"auto vmbr9\niface vmbr9\n\tbridge-ports none\n\tbridge-vids 2-4094\n",
        "vmbr9",
    )
    .peer([0, 0, 0], ""),
    warning(
        "no-effect",
        "an option of a bridge under a NIC",
        b"auto eno2\niface eno2\n\tbridge-fd 4\n",
        "eno2",
    ),
    warning(
        "no-effect",
        "an access port of a bridge that is not aware",
        b"auto vmbr9\niface vmbr9\n\tbridge-ports eno2\niface eno2\n\tbridge-access 5\n",
        "vmbr9",
    ),
    warning(
        "repeated-option",
        "two MTUs",
        b"auto eno2\niface eno2\n\tmtu 1400\n\tmtu 1450\n",
        "eno2",
    )
    .peer([0, 0, 0], ""),
    warning(
        "class-without-stanza",
        "an auto line without a stanza",
        b"auto eno7\n",
        "eno1",
    )
    .peer([0, 0, 0], ""),
    warning(
        "duplicate-address",
        "one address on two links",
        b"auto eno2\niface eno2\n\taddress 192.0.2.2/24\n",
        "eno2",
    )
    .peer([0, 0, 0], ""),
    warning(
        "no-prefix-length",
        "an address without a length",
        b"auto eno2\niface eno2\n\taddress 198.51.100.2\n",
        "eno2",
    )
    .peer([0, 0, 0], ""),
    warning(
        "source-missing",
        "a file that is not there is sourced",
        b"source /etc/network/no-such-file\n",
        "eno1",
    )
    .peer([1, 1, 1], "nothing is lost by it"),
    warning(
        "trailing-comment",
        "a comment behind a name",
        b"auto eno2 # the second\niface eno2\n",
        "eno2",
    ),
    // What is not done.
    warning(
        "dhcp-not-yet",
        "an address by DHCP",
        b"auto eno2\niface eno2 inet dhcp\n",
        "eno2",
    ),
    warning(
        "not-handled",
        "a speed that is fixed",
        b"auto eno2\niface eno2\n\tlink-speed 1000\n",
        "eno2",
    ),
    warning(
        "unknown-stanza",
        "a vlan stanza of ifupdown2",
        b"vlan br0.5\n\tbridge-igmp-querier-src 192.0.2.1\n",
        "eno1",
    ),
];
