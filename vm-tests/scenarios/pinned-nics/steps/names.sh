# shellcheck shell=sh
# Sourced by steps: the NICs by their addresses, and what the network has to be like, whatever they are called.

# nic LAST-BYTE: the name of the NIC with that address of its own.
nic() {
    for _path in /sys/class/net/*; do
        _name=${_path##*/}
        [ -e "$_path/device" ] || continue
        _own=$(ip -d -j link show "$_name" | jq -r '.[0] | .linkinfo.info_slave_data.perm_hwaddr // .address')
        [ "$_own" = "52:54:00:00:10:$1" ] && echo "$_name"
    done
}

# network: the bond with both legs in the bridge, its VLANs, and a host behind VLAN 5 that answers.
network() {
    _legs=$(ip -j link show master bond0 | jq -r '[.[].ifname] | sort | join(" ")')
    same "legs" "$_legs" "$(printf '%s\n' "$(nic 01)" "$(nic 02)" | sort | paste -sd' ')"
    same "port" "$(ip -j link show master vmbr0 | jq -r '.[0].ifname')" bond0
    same "aware" "$(cat /sys/class/net/vmbr0/bridge/vlan_filtering)" 1
    same "address" "$(ip -j -4 addr show vmbr0.5 | jq -r '.[0].addr_info[0].local')" 192.0.2.2
    far other "$(nic 03)"
    _peer=$(ip -n other -j link show | jq -r '.[] | select(.ifname != "lo") | .ifname' | head -1)
    ip -n other link add link "$_peer" name five type vlan id 5
    ip -n other addr add 192.0.2.9/24 dev five
    ip -n other link set five up
    until_true 20 ip netns exec other ping -c 1 -W 1 192.0.2.2
    ip -n other link del five
    ip -n other link set "$_peer" netns 1
}
