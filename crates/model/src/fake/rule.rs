//! Rules of policy routing, as far as they have no selector.

use super::{Answer, EEXIST, ENOENT, FakeKernel};
use crate::kernel::KernelError;
use crate::types::Rule;

/// What a new network namespace has: local, main and, for IPv4 alone, default.
///
/// *Source*: `fib_default_rules_init` in net/ipv4/fib_rules.c, `fib6_rules_net_init` in net/ipv6/fib6_rules.c.
pub(super) fn of_a_new_kernel() -> Vec<Rule> {
    let rule = |v6, priority, table| Rule { v6, priority, table };
    vec![
        Rule::first(false),
        rule(false, 32766, 254),
        rule(false, 32767, 253),
        Rule::first(true),
        rule(true, 32766, 254),
    ]
}

impl FakeKernel {
    pub(super) fn add_rule(&mut self, rule: Rule) -> Answer {
        let rules = self.now.rules.get_or_insert_default();
        if rules.contains(&rule) {
            return Err(KernelError::errno(EEXIST));
        }
        rules.push(rule);
        rules.sort_by_key(|rule| (rule.v6, rule.priority));
        Ok(())
    }

    pub(super) fn del_rule(&mut self, rule: Rule) -> Answer {
        let rules = self.now.rules.get_or_insert_default();
        let Some(at) = rules.iter().position(|is| *is == rule) else {
            return Err(KernelError::errno(ENOENT));
        };
        rules.remove(at);
        Ok(())
    }
}
