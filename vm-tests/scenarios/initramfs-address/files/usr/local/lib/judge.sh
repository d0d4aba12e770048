# shellcheck shell=sh
# Sourced: judge ADDRESS: the bridge has the address and the NIC none, and a peer on the wire reaches the host.
# shellcheck source=vm-tests/guest/wires.sh
. /var/lib/vm-tests/steps/wires.sh
judge() {
    grep -o 'ip=[^ ]*' /proc/cmdline
    # klibc's ipconfig writes what it set; without this file the initramfs left nothing, and nothing would be shown.
    grep -E '^(DEVICE|IPV4ADDR)=' /run/net-eno1.conf
    same "DEVICE" "$(sed -n "s/^DEVICE='\(.*\)'/\1/p" /run/net-eno1.conf)" eno1
    same "IPV4ADDR" "$(sed -n "s/^IPV4ADDR='\(.*\)'/\1/p" /run/net-eno1.conf)" 192.0.2.10
    echo "the initramfs left 192.0.2.10/24 on eno1"
    same "master of eno1" "$(link_data eno1 .master)" vmbr0
    same "addresses of eno1" "$(ip -j -4 addr show eno1 | jq -r '.[0].addr_info[].local')" ""
    same "addresses of vmbr0" "$(ip -j -4 addr show vmbr0 | jq -r '.[0].addr_info[].local')" "$1"
    same "ways to the subnet" "$(ip -j route show 192.0.2.0/24 | jq -r '.[].dev')" vmbr0
    same "default route" "$(ip -j route show default | jq -r '.[] | "\(.gateway) \(.dev)"')" "192.0.2.1 vmbr0"
    far wire eno2
    ip -n wire addr add 192.0.2.1/24 dev eno2
    until_true 20 ip netns exec wire ping -c 1 -W 1 "$1"
    ip netns exec wire ping -i 0.01 -c 100 "$1" >/tmp/pings || true
    lost /tmp/pings
    echo "lost $_lost of 100"
    systemctl is-failed cleat-up.service && return 1
    ifquery -a -c
    cleat status
    cleat status | grep -qi 'as declared' && echo "cleat status: as declared"
    ifreload -a -n
    same "what a reload would do" "$(ifreload -a -n)" "nothing to do"
}
