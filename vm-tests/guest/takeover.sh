# shellcheck shell=sh
# Sourced by the steps of takeovers: the switch at the other side of the host's bond, pings that go on, boot times.
# shellcheck source=vm-tests/guest/wires.sh
. /var/lib/vm-tests/steps/wires.sh

# connect ADDRESS...: enp3s0 and enp4s0 are the other end of bond0, an 802.3ad bond with 10.10.10.1 and, in VLAN 5,
# 10.10.5.1; returns when the addresses answer.
connect() {
    far switch enp3s0 enp4s0
    ip -n switch link add far0 type bond mode 802.3ad miimon 100 lacp_rate fast
    for _nic in enp3s0 enp4s0; do
        ip -n switch link set "$_nic" down
        ip -n switch link set "$_nic" master far0
    done
    ip -n switch link set far0 up
    ip -n switch addr add 10.10.10.1/24 dev far0
    ip -n switch link add far0.5 link far0 type vlan id 5
    ip -n switch addr add 10.10.5.1/24 dev far0.5
    ip -n switch link set far0.5 up
    for _nic in enp1s0 enp2s0; do
        until_true 20 lacp_carries "$_nic"
    done
    for _address in "$@"; do
        until_true 20 ip netns exec switch ping -c 1 -W 1 "$_address"
    done
}

# pings ADDRESS...: from the switch, at 20 ms, until `unbroken`.
pings() {
    for _address in "$@"; do
        ip netns exec switch ping -i 0.02 -W 10 "$_address" >"/tmp/pings-$_address" 2>&1 3>&- &
        echo $! >"/tmp/pings-$_address.pid"
    done
    sleep 1
}

# unbroken ADDRESS...: ends the pings; fails where an answer is missing.
unbroken() {
    sleep 1
    for _address in "$@"; do
        _ping=$(cat "/tmp/pings-$_address.pid")
        kill -INT "$_ping"
        wait "$_ping" || true
        lost "/tmp/pings-$_address"
        same "answers of $_address that are missing" "$_lost" 0
    done
}

# took UNIT: the microseconds that a unit took to start in this boot, as `systemd-analyze blame` counts them; 0 where it
# did not start.
took() {
    _from=$(systemctl show -P InactiveExitTimestampMonotonic "$1")
    _to=$(systemctl show -P ActiveEnterTimestampMonotonic "$1")
    echo $((_to - _from))
}

# ran UNIT...: this boot has started them.
ran() {
    for _unit in "$@"; do
        same "$_unit" "$(systemctl is-active "$_unit")" active
        [ "$(took "$_unit")" -gt 0 ]
    done
}

# ratio BEFORE NOW: BEFORE as a multiple of NOW, with one decimal.
ratio() {
    echo "1 to $(($1 * 10 / $2 / 10)).$(($1 * 10 / $2 % 10))"
}

# cpu UNIT: the microseconds of processor time that all of a unit took so far.
cpu() {
    echo $(($(systemctl show -P CPUUsageNSec "$1") / 1000))
}

# install FILE...: as an administrator who has no network.
install() {
    DEBIAN_FRONTEND=noninteractive apt-get install --yes --no-install-recommends "$@"
}

# is_ifupdown2: Proxmox VE takes the host for one with ifupdown2, new enough to apply a configuration.
is_ifupdown2() {
    same "ifupdown2" "$(readlink -f /usr/share/ifupdown2/ifupdown2)" /usr/bin/cleat
    [ -x /usr/share/ifupdown2/ifupdown2 ]
    ifreload -V | grep -E '^ifupdown2:[3-9]\.[0-9]+\.[0-9]+-.*pmx'
}

# upgrade COMMAND...: to the newer packages, by that command; no answer is missing, and all is as it was.
upgrade() {
    _conffile=/etc/apt/apt.conf.d/20cleat-takeover
    echo '// a word of the administrator' >>"$_conffile"
    pings 10.10.10.2 10.10.5.2
    "$@" /var/lib/vm-tests/packages/newer/*.deb
    unbroken 10.10.10.2 10.10.5.2
    for _package in cleat cleat-ifupdown; do
        dpkg-query -W -f '${Package} ${Version}\n' "$_package" | grep -e '-2$'
    done
    nothing_to_do
    is_ifupdown2
    systemctl is-enabled cleat-up.service cleat-online.service
    # dpkg: a file of /etc that the administrator changed stays as it is.
    grep 'a word of the administrator' "$_conffile"
    # Debian Policy 6.2: what the scripts do they may do twice.
    state >/tmp/once
    for _package in cleat cleat-ifupdown; do
        "/var/lib/dpkg/info/$_package.postinst" configure "$(dpkg-query -W -f '${Version}' "$_package")"
    done
    state >/tmp/twice
    cmp /tmp/once /tmp/twice
    nothing_to_do
}

# state: what the packages' scripts made.
state() {
    find /etc/systemd /etc/network /usr/sbin/if* /usr/share/ifupdown2 -printf '%p %l\n' | sort
}

# purge: both packages, with all that is theirs.
purge() {
    DEBIAN_FRONTEND=noninteractive apt-get purge --yes cleat-ifupdown cleat
}

# gone: nothing of them is left.
gone() {
    same "left in dpkg's list" "$(dpkg-query -W -f '${Package} ' 'cleat*' 2>/dev/null || true)" ""
    find / -xdev -name '*cleat*' -not -path '/var/lib/vm-tests/*' -not -path '/tmp/*' -not -path '/var/log/*' >/tmp/left
    cat /tmp/left
    same "files that are left" "$(wc -l </tmp/left)" 0
    cmp /root/interfaces /etc/network/interfaces
}

# nothing_to_do: a reload would change nothing.
nothing_to_do() {
    ifreload -a -n >/tmp/plan 2>&1
    same "what a reload would do" "$(cat /tmp/plan)" "nothing to do"
}

# network: links with what they hang on, IPv4 addresses and routes, VLANs. Less than a golden comparison looks at: ifupdown
# gives addresses a broadcast address that nobody asked for, and its bond no IPv6 address of its own.
network() {
    ip -d -j link show | jq -r '.[] | "\(.ifname) \(.linkinfo.info_kind) on \(.link) in \(.master) \(.linkinfo.info_data.id) \(.linkinfo.info_data.mode)"' | sort
    ip -j -4 addr | jq -r '.[] | .ifname as $name | .addr_info[] | "\($name) \(.local)/\(.prefixlen)"' | sort
    ip -j -4 route | jq -r '.[] | "\(.dst) via \(.gateway) on \(.dev)"' | sort
}
