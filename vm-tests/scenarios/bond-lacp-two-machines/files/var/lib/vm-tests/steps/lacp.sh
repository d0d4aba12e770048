# shellcheck shell=sh
# Sourced by the steps on both machines. What the kernel tells of the bond is the witness: `ip -d -j link`.
# shellcheck source=/dev/null
. /var/lib/vm-tests/steps/wires.sh

ports() {
    same "ports in the aggregator" "$(link_data bond0 .linkinfo.info_data.ad_info.num_ports)" "$1"
}

partner() {
    same "partner" "$(link_data bond0 .linkinfo.info_data.ad_info.partner_mac)" "$1"
}

# negotiated PARTNER: both legs are in one aggregator with the partner, and carry.
negotiated() {
    until_true 60 partner "$1"
    partner "$1"
    until_true 60 ports 2
    ports 2
    for nic in eno1 eno2; do
        until_true 60 lacp_carries "$nic"
        lacp_carries "$nic"
        same "aggregator of $nic" "$(link_data "$nic" .linkinfo.info_slave_data.ad_aggregator_id)" \
            "$(link_data bond0 .linkinfo.info_data.ad_info.aggregator)"
    done
}

# one_leg: eno1 has no carrier, eno2 does it alone.
one_leg() {
    until_true 60 ports 1
    ports 1
    same "eno1" "$(cat /sys/class/net/eno1/bonding_slave/mii_status)" down
    until_true 60 lacp_carries eno2
}

# alone NIC: the NIC has its carrier, and no partner any more.
alone() {
    # shellcheck disable=SC2317 # until_true calls it
    waits() { ! lacp_carries "$1"; }
    until_true 60 waits "$1"
    same "$1" "$(cat "/sys/class/net/$1/bonding_slave/mii_status")" up
}

# carries ADDRESS TAGGED: pings to the other end arrive, all of them, untagged and tagged.
carries() {
    for address in "$@"; do
        until_true 60 ping -c 3 -i 0.2 -W 1 "$address"
        none_lost ping -q -c 50 -i 0.02 -W 10 "$address"
    done
}
