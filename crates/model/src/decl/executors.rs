//! `use` lines of ifupdown-ng: which executors do nothing here that the options do not do by themselves.

use cleat_diag::Diagnostic;
use cleat_eni::Opt;

/// Executors whose options have rows here: the link is made and set by these, with or without the line.
///
/// *Source*: the executors that ifupdown-ng 0.11 ships in /usr/libexec/ifupdown-ng.
const BY_OPTIONS: &[&str] = &[
    "bond", "bridge", "forward", "link", "loopback", "static", "vlan", "vrf", "vxlan", "veth",
];
/// Executors whose options other packages' scripts act on here.
const BY_SCRIPTS: &[&str] = &["ethtool"];

/// What is said of a `use` line: nothing, where what it asks for is done all the same.
pub(super) fn told(option: &Opt) -> Option<Diagnostic> {
    let name = option.value.text.as_str();
    if BY_OPTIONS.contains(&name) || BY_SCRIPTS.contains(&name) {
        return None;
    }
    let place = match name {
        "" => option.key.place,
        _ => option.value.place,
    };
    let message = format!("`use {name}` of ifupdown-ng has no effect here");
    let told = Diagnostic::warning("executor-not-run", message);
    Some(match name {
        "dhcp" => told
            .at(place, "no address is asked for by DHCP")
            .help("write `inet dhcp` behind the name in the `iface` line"),
        _ => told
            .at(place, "this executor is not run")
            .help("do what it does in a `pre-up` or `up` line"),
    })
}
