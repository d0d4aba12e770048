//! What else a route has, in the words of ip-route(8).

use crate::nla::{self, Attrs};
use std::fmt;

// enum RTA_* of linux/rtnetlink.h.
const RTA_METRICS: u16 = 8;
const RTA_FLOW: u16 = 11;
const RTA_PREF: u16 = 20;
const RTA_ENCAP_TYPE: u16 = 21;
const RTA_NH_ID: u16 = 30;
/// `RTAX_*`, from 1; those without a word are not shown.
const METRICS: [&str; 18] = [
    "",
    "",
    "mtu",
    "window",
    "rtt",
    "rttvar",
    "ssthresh",
    "cwnd",
    "advmss",
    "reordering",
    "hoplimit",
    "initcwnd",
    "features",
    "rto_min",
    "initrwnd",
    "quickack",
    "",
    "",
];
/// `RTAX_LOCK`: a bit for each metric that no path MTU discovery changes.
const RTAX_LOCK: u16 = 1;
/// `RTAX_CC_ALGO`: a name.
const RTAX_CC_ALGO: u16 = 16;
/// `LWTUNNEL_ENCAP_*` of linux/lwtunnel.h.
const ENCAPS: [&str; 11] = [
    "",
    "mpls",
    "ip",
    "ila",
    "ip6",
    "seg6",
    "bpf",
    "seg6local",
    "rpl",
    "ioam6",
    "xfrm",
];

fn number(bytes: &[u8]) -> Option<u32> {
    bytes.try_into().ok().map(u32::from_ne_bytes)
}

/// Writes ` mtu 1400 advmss 1360`, and of an encapsulation its type.
pub(crate) fn more(out: &mut fmt::Formatter<'_>, more: &Attrs) -> fmt::Result {
    for (kind, bytes) in more.iter() {
        match kind {
            RTA_METRICS => metrics(out, bytes)?,
            RTA_ENCAP_TYPE => {
                let kind = <[u8; 2]>::try_from(bytes).map(u16::from_ne_bytes).unwrap_or_default();
                match ENCAPS.get(usize::from(kind)).filter(|word| !word.is_empty()) {
                    Some(word) => write!(out, " encap {word}")?,
                    None => write!(out, " encap {kind}")?,
                }
            }
            RTA_NH_ID => write!(out, " nhid {}", number(bytes).unwrap_or_default())?,
            RTA_FLOW => {
                let realms = number(bytes).unwrap_or_default();
                write!(out, " realms {}/{}", realms >> 16, realms & 0xffff)?;
            }
            RTA_PREF => {
                let word = if bytes == [1] { "high" } else { "low" };
                write!(out, " pref {word}")?;
            }
            _ => {}
        }
    }
    Ok(())
}

fn metrics(out: &mut fmt::Formatter<'_>, bytes: &[u8]) -> fmt::Result {
    let lock = nla::iter(bytes).find(|(kind, _)| *kind == RTAX_LOCK);
    let lock = lock.and_then(|(_, bytes)| number(bytes)).unwrap_or_default();
    for (kind, bytes) in nla::iter(bytes) {
        if kind == RTAX_CC_ALGO {
            let name = String::from_utf8_lossy(bytes.strip_suffix(b"\0").unwrap_or(bytes));
            write!(out, " congctl {name}")?;
        }
        let Some(word) = METRICS.get(usize::from(kind)).filter(|word| !word.is_empty()) else {
            continue;
        };
        let locked = if lock & (1 << kind) != 0 { " lock" } else { "" };
        let value = number(bytes).unwrap_or_default();
        match *word {
            // The kernel counts eighths and quarters of a millisecond.
            "rtt" => write!(out, " {word}{locked} {}ms", value / 8)?,
            "rttvar" => write!(out, " {word}{locked} {}ms", value / 4)?,
            "rto_min" => write!(out, " {word}{locked} {value}ms")?,
            word => write!(out, " {word}{locked} {value}")?,
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::fmt::Display;

    struct Shown(Attrs);

    impl Display for Shown {
        fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
            more(out, &self.0)
        }
    }

    fn attrs(parts: &[(u16, &[u8])]) -> Attrs {
        parts.iter().map(|(kind, bytes)| (*kind, bytes.to_vec())).collect()
    }

    // Second witness: ip-route(8) and RTAX_* of linux/rtnetlink.h; `mtu lock 1400` sets bit 2 of RTAX_LOCK.
    #[test]
    fn metrics_are_shown_as_ip_takes_them() {
        let nest = attrs(&[
            (1, &4_u32.to_ne_bytes()),
            (2, &1400_u32.to_ne_bytes()),
            (8, &1360_u32.to_ne_bytes()),
        ]);
        let all = attrs(&[
            (8, nest.as_bytes()),
            (21, &2_u16.to_ne_bytes()),
            (30, &7_u32.to_ne_bytes()),
        ]);
        assert_eq!(Shown(all).to_string(), " mtu lock 1400 advmss 1360 encap ip nhid 7");
    }
}
