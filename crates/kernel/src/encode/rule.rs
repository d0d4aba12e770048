//! `RTM_NEWRULE` and `RTM_DELRULE`.

use cleat_model::types::Rule;
use netlink_packet_route::AddressFamily;
use netlink_packet_route::rule::{RuleAction, RuleAttribute, RuleMessage};

/// The rule, as both messages take it.
pub(super) fn message(rule: Rule) -> RuleMessage {
    let Rule { v6, priority, table } = rule;
    let mut message = RuleMessage::default();
    message.header.family = match v6 {
        true => AddressFamily::Inet6,
        false => AddressFamily::Inet,
    };
    message.header.action = RuleAction::ToTable;
    // The byte of the header is for tables below 256; the attribute holds for all.
    message.header.table = u8::try_from(table).unwrap_or_default();
    message.attributes = vec![RuleAttribute::Priority(priority), RuleAttribute::Table(table)];
    message
}
