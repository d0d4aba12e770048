//! The file before, and the file after.

pub(super) const PAIRS: [(&str, &str); 16] = [
    (
        concat!(
            "auto lo\niface lo inet loopback\niface eno1 inet manual\n",
            "auto vmbr0.5\niface vmbr0.5 inet static\n\tgateway 10.10.10.1\n",
            "auto vmbr0\niface vmbr0 inet manual\n\tbridge-ports eno1\n\tbridge-fd 0\n\tbridge-vlan-aware yes\n",
            "\tbridge-vids 2-4094\n",
        ),
        concat!(
            "auto lo\niface lo inet loopback\niface eno1 inet manual\n",
            "auto vmbr0.5\niface vmbr0.5 inet static\n\taddress 10.10.10.2/24\n\tgateway 10.10.10.1\n",
            "auto vmbr0\niface vmbr0 inet manual\n\tbridge-ports eno1\n\tbridge-stp off\n\tbridge-fd 0\n",
            "\tbridge-vlan-aware yes\n\tbridge-vids 2-4094\n",
        ),
    ),
    (
        concat!(
            "auto lo\niface lo inet loopback\n",
            "auto eno1\niface eno1 inet manual\n\tmtu 9000\n\tgateway 198.51.100.1\n",
        ),
        concat!(
            "auto lo\niface lo inet loopback\n",
            "auto eno1\niface eno1 inet static\n\taddress 192.0.2.1/24\n\tmtu 1500\n",
        ),
    ),
    (
        concat!(
            "auto lo\niface lo inet loopback\n",
            "auto eno1\niface eno1 inet static\n\taddress 198.51.100.5/24\n\tgateway 198.51.100.1\n",
            "iface eno1 inet static\n\taddress 192.0.2.1/24\n\talias uplink\n\tmtu 1500\n",
        ),
        concat!(
            "auto lo\niface lo inet loopback\n",
            "auto eno1\niface eno1 inet manual\n\talias #1\n\tgateway 198.51.100.1\n",
            "auto vmbr0\niface vmbr0 inet manual\n\tbridge-ports none\n\tbridge-stp off\n\tbridge-fd 0\n",
            "auto eno2\niface eno2\n\tmtu 1500\n",
        ),
    ),
    (
        concat!(
            "auto lo\niface lo inet loopback\niface eno1 inet manual\niface eno1.5 inet manual\n",
            "auto vmbr0v5\niface vmbr0v5 inet static\n\taddress 10.10.10.2/24\n\tgateway 10.10.10.1\n",
            "\tbridge-ports eno1.5\n\tbridge-stp off\n\tbridge-fd 0\n",
            "auto vmbr0\niface vmbr0 inet manual\n\tbridge-ports eno1\n\tbridge-stp off\n\tbridge-fd 0\n",
        ),
        concat!(
            "auto lo\niface lo inet loopback\niface eno1 inet manual\niface eno1.5 inet manual\n",
            "auto vmbr0v5\niface vmbr0v5 inet static\n\taddress 10.10.10.2/28\n\tgateway 10.10.10.1\n",
            "\tbridge-ports eno1\n\tbridge-stp off\n\tbridge-fd 0\n",
        ),
    ),
    (
        concat!(
            "auto lo\niface lo inet loopback\niface eno1 inet manual\niface eno2 inet manual\n",
            "auto bond0\niface bond0 inet manual\n\tbond-slaves eno1 eno2\n\tbond-miimon 100\n\tbond-mode 802.3ad\n",
            "\tbond-xmit-hash-policy layer2+3\n",
            "auto vmbr0\niface vmbr0 inet static\n\taddress 10.10.10.2/24\n\tgateway 10.10.10.1\n",
            "\tbridge-ports bond0\n\tbridge-stp off\n\tbridge-fd 0\n",
        ),
        concat!(
            "auto lo\niface lo inet loopback\niface eno1 inet manual\niface eno2 inet manual\n",
            "iface eno3 inet manual\n",
            "auto bond0\niface bond0 inet static\n\taddress 192.168.1.2/24\n\tbond-slaves none\n\tbond-miimon 100\n",
            "\tbond-mode 802.3ad\n",
            "auto vmbr0\niface vmbr0 inet static\n\taddress 10.10.10.2/24\n\tgateway 10.10.10.1\n",
            "\tbridge-ports eno3\n\tbridge-stp off\n\tbridge-fd 0\n",
        ),
    ),
    (
        concat!(
            "auto lo\niface lo inet loopback\niface eno1 inet manual\niface eno2 inet manual\n",
            "auto bond0\niface bond0 inet manual\n\tbond-slaves eno1 eno2\n\tbond-miimon 100\n\tbond-mode 802.3ad\n",
            "\tbond-xmit-hash-policy layer2+3\n",
            "auto vmbr0\niface vmbr0 inet static\n\taddress 10.10.10.2/24\n\tgateway 10.10.10.1\n",
            "\tbridge-ports bond0\n\tbridge-stp off\n\tbridge-fd 0\n",
        ),
        concat!(
            "auto lo\niface lo inet loopback\niface eno1 inet manual\niface eno2 inet manual\n",
            "iface eno3 inet manual\n",
            "auto bond0\niface bond0 inet static\n\taddress 192.168.1.2/24\n\tbond-slaves eno4\n\tbond-miimon 100\n",
            "\tbond-mode 802.3ad\n",
            "auto eno2\niface eno2 inet static\n\taddress 10.10.10.3/24\n\tgateway 10.10.10.1\n",
        ),
    ),
    (
        concat!(
            "auto lo\niface lo inet loopback\niface eno1 inet manual\n",
            "auto vmbr0\niface vmbr0 inet static\n\taddress 10.10.10.2/23\n\tbridge-ports eno1\n\tbridge-stp off\n",
            "\tbridge-fd 0\n",
        ),
        concat!(
            "auto lo\niface lo inet loopback\niface eno1 inet manual\n",
            "auto vmbr0\niface vmbr0 inet static\n\taddress 10.10.10.2/24\n\tgateway 10.10.10.1\n",
            "\tbridge-ports eno1\n\tbridge-stp off\n\tbridge-fd 0\n",
        ),
    ),
    (
        concat!(
            "auto lo\niface lo inet loopback\niface eno1 inet manual\n",
            "auto vmbr0\niface vmbr0 inet static\n\taddress 192.168.10.2/24\n\taddress 10.10.10.2/24\n",
            "\tgateway 10.10.10.1\n\tbridge-ports eno1 eno2\n\tbridge-stp off\n\tbridge-fd 0\n",
        ),
        concat!(
            "auto lo\niface lo inet loopback\niface eno1 inet manual\n",
            "auto vmbr0\niface vmbr0 inet static\n\tgateway 10.10.10.1\n\tbridge-ports eno3\n\tbridge-stp off\n",
        ),
    ),
    (
        concat!(
            "auto lo\niface lo inet loopback\niface eno1 inet manual\n",
            "auto vmbr0.5\niface vmbr0.5 inet static\n\taddress 10.10.10.2/24\n\tgateway 10.10.10.1\n",
            "auto vmbr0\niface vmbr0 inet manual\n\tbridge-ports eno1\n\tbridge-stp off\n\tbridge-fd 0\n",
            "\tbridge-vlan-aware yes\n\tbridge-vids 2-4094\n",
        ),
        concat!(
            "auto lo\niface lo inet loopback\niface eno1 inet manual\n",
            "auto vmbr0.5\niface vmbr0.5 inet static\n\taddress 10.10.10.2/24\n\tgateway 10.10.10.1\n",
            "iface vmbr0 inet manual\n\tbridge-fd 0\n",
        ),
    ),
    (
        concat!(
            "auto lo\niface lo inet loopback\n",
            "auto eno1\niface eno1 inet static\n\taddress 10.10.10.2/24\n\tgateway 10.10.10.1\n",
        ),
        "auto lo\niface lo inet loopback\n\taddress 10.10.10.2/24\n\tgateway 10.10.10.1\n\tbridge-stp off\n",
    ),
    (
        concat!(
            "auto lo\niface lo inet loopback\niface eno1 inet manual\n",
            "auto va\niface va\n\tlink-type veth\n\tveth-peer-name vb\n",
            "auto vmbr0\niface vmbr0 inet static\n\taddress 10.10.10.2/24\n\tbridge-ports eno1 vb\n\tbridge-stp off\n",
        ),
        concat!(
            "auto lo\niface lo inet loopback\n",
            "auto eno2\niface eno2\n\taddress 192.0.2.10/24\n",
        ),
    ),
    (
        concat!(
            "auto lo\niface lo inet loopback\n",
            "auto eno1\niface eno1\n\taddress 192.0.2.10/24\n",
            "auto vx5\niface vx5\n\tvxlan-id 5\n\tvxlan-remoteip 192.0.2.20\n",
            "auto vmbr5\niface vmbr5\n\tbridge-ports vx5\n\tbridge-learning off\n",
        ),
        concat!(
            "auto lo\niface lo inet loopback\n",
            "auto eno1\niface eno1\n\taddress 192.0.2.10/24\n",
            "auto vx5\niface vx5\n\tvxlan-id 5\n\tvxlan-local-tunnelip 192.0.2.10\n\tvxlan-remoteip 192.0.2.20\n",
            "auto vmbr5\niface vmbr5\n\tbridge-ports vx5\n",
        ),
    ),
    (
        concat!(
            "auto lo\niface lo inet loopback\n",
            "auto vmbr0\niface vmbr0 inet manual\n\tbridge-ports eno1\n\tbridge-fd 0\n\tbridge-vlan-aware yes\n",
            "auto vmbr0.5\niface vmbr0.5 inet static\n\taddress 10.10.10.2/24\n",
        ),
        concat!(
            "auto lo\niface lo inet loopback\n",
            "auto vmbr0\niface vmbr0 inet manual\n\tbridge-ports eno1\n\tbridge-fd 0\n\tbridge-vlan-aware yes\n",
            "\tmtu 1400\n",
            "auto vmbr0.5\niface vmbr0.5 inet static\n\taddress 10.10.10.2/24\n",
        ),
    ),
    (
        concat!(
            "auto lo\niface lo inet loopback\n",
            "auto eno1\niface eno1\n\taddress 192.0.2.10/24\n",
        ),
        concat!(
            "auto lo\niface lo inet loopback\n\thwaddress 02:00:00:00:aa:01\n",
            "auto eno1\niface eno1\n\taddress 192.0.2.20/24\n",
        ),
    ),
    (
        concat!(
            "auto lo\niface lo inet loopback\n",
            "auto eno1\niface eno1\n\tmtu 9000\n",
            "auto vmbr0\niface vmbr0\n\tbridge-ports eno1\n\taddress 192.0.2.10/24\n",
        ),
        concat!(
            "auto lo\niface lo inet loopback\niface eno1 inet manual\n",
            "auto vmbr0\niface vmbr0\n\tbridge-ports eno1\n\taddress 192.0.2.10/24\n\tmtu 9000\n",
        ),
    ),
    (
        concat!(
            "auto lo\niface lo inet loopback\n",
            "auto eno1\niface eno1\n\taddress 192.0.2.10/24\n",
        ),
        concat!(
            "auto lo\niface lo inet loopback\n",
            "auto eno2\niface eno2\n\thwaddress 02:00:00:00:aa:01\n",
            "auto bond0\niface bond0\n\tbond-slaves eno1 eno2\n\tbond-miimon 100\n\taddress 192.0.2.10/24\n",
        ),
    ),
];
