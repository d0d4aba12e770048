# shellcheck shell=sh
# Sourced by steps: the far ends of the wires, stand-in guests, and what one waits for.

# until_true SECONDS COMMAND...: repeats the command until it succeeds; fails, and shows its last words, when the time is over.
until_true() {
    _tries=$(($1 * 10))
    shift
    while ! _said=$("$@" 2>&1); do
        _tries=$((_tries - 1))
        if [ "$_tries" -le 0 ]; then
            echo "never true: $*"
            echo "$_said"
            return 1
        fi
        sleep 0.1
    done
}

# same WHAT FOUND EXPECTED: fails with both where they differ.
same() {
    if [ "$2" != "$3" ]; then
        echo "$1: found '$2', expected '$3'"
        return 1
    fi
    echo "$1: $2"
}

# far NAMESPACE NIC...: puts NICs at the other side, into a namespace that plays the switch or another host.
far() {
    _space=$1
    shift
    ip netns list | grep -qw "$_space" || ip netns add "$_space"
    ip -n "$_space" link set lo up
    for _nic in "$@"; do
        ip link set "$_nic" netns "$_space"
        ip -n "$_space" link set "$_nic" up
    done
}

# guest NAME BRIDGE ADDRESS: a stand-in guest: namespace NAME with eth0, its tap-like end a port of BRIDGE, as Proxmox VE
# plugs one: by hand, not by the configuration.
guest() {
    ip netns add "$1"
    ip link add "tap$1" type veth peer name eth0 netns "$1"
    ip link set "tap$1" master "$2" up
    ip -n "$1" link set lo up
    ip -n "$1" link set eth0 up
    [ -z "$3" ] || ip -n "$1" addr add "$3" dev eth0
}

# link_data LINK JQ-PATH: one value of `ip -d -j link show`.
link_data() {
    ip -d -j link show "$1" | jq -r ".[0]$2"
}

# pings NAMESPACE ADDRESS COUNT INTERVAL: all must come back.
pings() {
    ip netns exec "$1" ping -q -c "$3" -i "$4" -W 5 "$2" | tee /tmp/pings
    grep -q " 0% packet loss" /tmp/pings
}
