//! Names of features: the kernel knows its own long ones, files have ethtool's short ones.

use crate::pattern;

/// The short names of ethtool(8), and the features that each stands for. Patterns, since a new kernel brings new ones
/// (Linux 6.18 has `tx-tcp-accecn-segmentation`).
///
/// *Source*: ethtool's own requests, read from the socket with `--debug 0xff`.
const SHORT: &[(&str, &[&str])] = &[
    ("rx", &["rx-checksum"]),
    ("tx", &["tx-checksum-*"]),
    ("sg", &["tx-scatter-gather", "tx-scatter-gather-fraglist"]),
    ("tso", &["tx-tcp*-segmentation"]),
    ("ufo", &["tx-udp-fragmentation"]),
    ("gso", &["tx-generic-segmentation"]),
    ("gro", &["rx-gro"]),
    ("lro", &["rx-lro"]),
    ("rxvlan", &["rx-vlan-hw-parse"]),
    ("txvlan", &["tx-vlan-hw-insert"]),
    ("ntuple", &["rx-ntuple-filter"]),
    ("rxhash", &["rx-hashing"]),
];

/// Whether the name of a feature is one of those that are meant.
pub fn matches(patterns: &[&str], name: &str) -> bool {
    patterns.iter().any(|pattern| pattern::matches(pattern, name))
}

/// The short name that stands for a pattern.
pub fn short(pattern: &str) -> Option<&'static str> {
    let found = SHORT.iter().find(|(_, patterns)| patterns.contains(&pattern));
    found.map(|(short, _)| *short)
}
