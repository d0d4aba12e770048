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

# none_lost PING...: runs the ping, shows what it says, and fails where an answer is missing.
none_lost() {
    "$@" | tee /tmp/none-lost
    grep -q " 0% packet loss" /tmp/none-lost
}

# lost FILE: sets _lost to how many answers are missing in what a `ping` without -q that was stopped wrote, and names
# them. The last request was perhaps sent as ping was stopped: that its answer is missing is no loss.
lost() {
    grep "packets transmitted" "$1"
    _missing=$(awk '
        / bytes from / && match($0, /icmp_seq=[0-9]+/) { seen[substr($0, RSTART + 9, RLENGTH - 9)] = 1 }
        / packets transmitted/ { for (seq = 1; seq < $1; seq++) if (!(seq in seen)) print seq }' "$1")
    _lost=$(echo "$_missing" | grep -c . || true)
    [ "$_lost" -eq 0 ] || echo "no answer to: $(echo "$_missing" | tr '\n' ' ')"
}

# lacp_carries NIC [NAMESPACE]: the port of an 802.3ad bond collects and distributes: 16 and 32 of IEEE 802.1AX's Actor_State.
lacp_carries() {
    _state=$(ip ${2:+-n "$2"} -d -j link show "$1" | jq '.[0].linkinfo.info_slave_data.ad_actor_oper_port_state')
    echo "LACP state of $1: $_state"
    [ $((_state & 48)) -eq 48 ]
}
