//! Rules of policy routing: `RTM_NEWRULE`.

use super::{AF_INET, AF_INET6, number};
use cleat_model::nla;
use cleat_model::types::Rule;

/// Bytes of `struct fib_rule_hdr` of linux/fib_rules.h.
const HEADER: usize = 12;
/// `FR_ACT_TO_TBL`.
const TO_TABLE: u8 = 1;
/// `FIB_RULE_INVERT`.
const INVERT: u32 = 2;

const FRA_PRIORITY: u16 = 6;
const FRA_SUPPRESS_IFGROUP: u16 = 13;
const FRA_SUPPRESS_PREFIXLEN: u16 = 14;
const FRA_TABLE: u16 = 15;
const FRA_PAD: u16 = 18;
const FRA_PROTOCOL: u16 = 21;

/// The rule; `None` where it looks at anything of a packet, or does something else than ask a table: what is not known
/// here may be a selector, so each attribute has to be known.
pub(crate) fn rule(body: &[u8]) -> Option<Rule> {
    let (header, attrs) = body.split_at_checked(HEADER)?;
    let [family, to, from, tos, table, _, _, action, f0, f1, f2, f3] = *header else {
        return None;
    };
    let v6 = match family {
        AF_INET => false,
        AF_INET6 => true,
        _ => return None,
    };
    let inverted = u32::from_ne_bytes([f0, f1, f2, f3]) & INVERT != 0;
    if action != TO_TABLE || inverted || [to, from, tos] != [0; 3] {
        return None;
    }
    // The kernel leaves out a priority of 0.
    let mut rule = Rule {
        v6,
        priority: 0,
        table: u32::from(table),
    };
    for (kind, bytes) in nla::iter(attrs) {
        match kind {
            FRA_PRIORITY => rule.priority = number(bytes)?,
            FRA_TABLE => rule.table = number(bytes)?,
            // -1: none; the kernel always tells them.
            FRA_SUPPRESS_IFGROUP | FRA_SUPPRESS_PREFIXLEN if number(bytes) == Some(u32::MAX) => {}
            FRA_PAD | FRA_PROTOCOL => {}
            _ => return None,
        }
    }
    Some(rule)
}
