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
    error(
        "binary-file",
        "a line with NUL bytes",
        b"auto eno2\niface eno2\n\0\0\0\n",
        "eno2",
    ),
    error(
        "extra-words",
        "words behind the method",
        b"auto eno2\niface eno2 inet static more\n",
        "eno2",
    ),
    error(
        "mapping-option",
        "an option that a mapping does not have",
        b"mapping eno7\n\tcolour blue\n",
        "eno1",
    ),
    error(
        "misspelt-stanza",
        "a misspelt iface line",
        b"auto eno2\nifcae eno2 inet static\n\taddress 198.51.100.2/24\n",
        "eno2",
    ),
    error(
        "misspelt-stanza",
        "a misspelt auto line",
        b"iface eno2\n\taddress 198.51.100.2/24\naut eno2\n",
        "eno1",
    ),
    error("no-name", "a stanza without a name", b"iface\n", "eno1"),
    error(
        "no-stanza",
        "an option below an auto line",
        b"auto eno2\n\tmtu 1400\niface eno2\n",
        "eno2",
    ),
    error(
        "not-utf8",
        "a byte that is not UTF-8",
        b"auto eno2\niface eno2\n\tmtu \xff\n",
        "eno2",
    ),
    error("rename-form", "a rename without a new name", b"rename eno7\n", "eno1"),
    error(
        "source-braces",
        "braces that stand for 2,048 paths",
        b"source /x/{a,b}{a,b}{a,b}{a,b}{a,b}{a,b}{a,b}{a,b}{a,b}{a,b}{a,b}\n",
        "eno1",
    ),
    error(
        "source-expansion",
        "a path with a variable",
        b"source $HOME/interfaces\n",
        "eno1",
    ),
    error(
        "unreadable",
        "a directory in place of a file",
        b"source /etc/network\n",
        "eno1",
    ),
    error(
        "inherits-cycle",
        "two stanzas that inherit from each other",
        b"auto eno2\niface eno2 inherits x\niface x inherits eno2\n",
        "eno2",
    ),
    error(
        "bad-regex",
        "a pattern that is not a regular expression",
        b"auto vmbr0\niface vmbr0\n\tbridge-ports regex (\n",
        "vmbr0",
    ),
    error(
        "bad-vlan-id",
        "a VLAN id past the last one",
        b"auto eno2.4095\niface eno2.4095\n",
        "eno2.4095",
    ),
    error(
        "ipv6-off",
        "an IPv6 address where IPv6 is off",
        b"auto eno2\niface eno2\n\taddress 2001:db8::2/64\n\tdisable-ipv6 yes\n",
        "eno2",
    ),
    error(
        "no-port",
        "an option of a port that the bridge does not have",
        b"auto vmbr0\niface vmbr0\n\tbridge-ports eno2\n\tbridge-pathcosts eno7=4\n",
        "vmbr0",
    ),
    error(
        "mtu-below-ipv6",
        "an MTU that is too small for IPv6",
        b"auto eno2\niface eno2\n\tmtu 1000\n\taddress 2001:db8::2/64\n",
        "eno2",
    ),
    error(
        "unknown-master",
        "a port of a bond that nobody declares",
        b"auto eno2\niface eno2\n\tbond-master bond7\n",
        "eno2",
    ),
    error(
        "veth-without-peer",
        "a veth without its other end",
        b"auto ve0\niface ve0\n\tlink-type veth\n",
        "ve0",
    ),
    error(
        "vlan-without-device",
        "a VLAN without the link below it",
        b"auto v5\niface v5\n\tvlan-id 5\n",
        "v5",
    ),
    error(
        "vlan-without-id",
        "a VLAN without its id",
        b"auto v5\niface v5\n\tvlan-raw-device eno2\n",
        "v5",
    ),
    error(
        "two-families",
        "a VXLAN whose ends are of two families",
        b"auto vx5\niface vx5\n\tvxlan-id 5\n\tvxlan-local-tunnelip 192.0.2.2\n\tvxlan-remoteip 2001:db8::9\n",
        "vx5",
    ),
    error(
        "two-kinds",
        "a bridge that is a bond as well",
        b"auto x5\niface x5\n\tbridge-ports none\n\tbond-slaves none\n",
        "x5",
    ),
    error(
        "reversed-range",
        "a range of VLANs from high to low",
        b"auto vmbr0\niface vmbr0\n\tbridge-ports none\n\tbridge-vlan-aware yes\n\tbridge-vids 9-2\n",
        "vmbr0",
    ),
    error(
        "label-too-long",
        "a label that the kernel does not take",
        b"auto eno2\niface eno2:abcdefghijkl inet static\n\taddress 198.51.100.2/24\n",
        "eno2",
    ),
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
        "an option of clagd",
        b"auto eno2\niface eno2\n\tclagd-enable yes\n",
        "eno2",
    ),
    warning(
        "unknown-stanza",
        "a vlan stanza of ifupdown2",
        b"vlan br0.5\n\tbridge-igmp-querier-src 192.0.2.1\n",
        "eno1",
    ),
];

/// Errors of the files that no fault stands for, and why.
pub const WITHOUT: &[(&str, &str)] = &[
    (
        "include-cycle",
        "wants several files, and a staged one sources the live ones",
    ),
    ("include-depth", "wants 33 files"),
    ("inherits-too-much", "wants 200,000 lines"),
    ("name-taken", "of an edit, which is refused before a file is there"),
    ("name-too-long", "of an edit, which is refused before a file is there"),
    ("too-many", "stands for others, with the worst of their severities"),
    ("bad-peer", "wants two kinds of links for one name"),
    ("excluded", "graded as `two-kinds`: two options of one link"),
    ("forward-delay", "graded as any bad value"),
    ("macvlan-without-device", "graded as `vlan-without-device`"),
    ("mtu-above-parent", "wants a VLAN"),
    ("mtu-of-port", "wants a bond"),
    ("needs-left-out", "follows from another fault, with which it is met"),
    ("parent-is-port", "wants a VLAN"),
    ("primary-no-port", "wants a bond"),
    ("queue-taken", "wants a bond"),
    ("vxlan-without-device", "graded as `vlan-without-device`"),
    ("vxlan-without-id", "graded as `vlan-without-id`"),
];

/// Sections of docs/diagnostics.md whose errors are not those of the files, and what decides there.
pub const SECTIONS_WITHOUT: &[(&str, &str)] = &[
    ("Reading .link files", "cleat-link alone reads them"),
    ("Names of NICs", "cleat-link refuses, or says so"),
    (
        "What a change would do",
        "of a plan: refused before its first step, wherever there is one",
    ),
    (
        "Doing it, and looking again",
        "of a run: the exit code is 1, and a reload is put back",
    ),
    ("The staged configuration and the history", "cleat-commit alone"),
    ("Kernel settings (sysctl.d)", "cleat-sysctl alone"),
    ("Running the commands", "of the call and the machine, not of the file"),
    ("In the initramfs", "cleat-link and cleat-early alone"),
    ("The naming scheme", "cleat-scheme alone"),
];
