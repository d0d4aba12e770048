//! Names from aliases of the devicetree: `end0` for `ethernet0`.

use super::{Context, NameSource, Offered, Prefix, U32};
use crate::number::{Base, unsigned};
use crate::scheme::Flag;

impl Context<'_> {
    pub(super) fn devicetree(&self, prefix: Prefix, offered: &mut Offered) {
        if !self.has(Flag::DevicetreeAliases) {
            return;
        }
        let wireless = prefix == Prefix::Wireless && self.has(Flag::DevicetreeAliasesWlan);
        let kinds: &[&str] = match prefix {
            Prefix::Ethernet => &["ethernet"],
            Prefix::Wireless if wireless => &["wifi", "ethernet"],
            _ => return,
        };
        let Some(node) = self.node() else { return };
        for kind in kinds {
            match self.alias(kind, node) {
                Alias::None => {}
                Alias::Conflict => return,
                Alias::Number { number, name } => {
                    let reason = format!("devicetree alias {name}");
                    offered.set(NameSource::Onboard, prefix.name().and(format!("d{number}"), reason));
                    return;
                }
            }
        }
    }

    /// The node of the interface itself where the scheme looks for that, else that of the device it hangs on.
    fn node(&self) -> Option<&str> {
        let node = |at: usize| self.facts.devices.get(at)?.of_node.as_deref();
        let own = node(0).filter(|_| self.has(Flag::DevicetreePortAliases));
        own.or_else(|| node(1))
    }

    /// The alias of one kind (`ethernet`) that leads to a node.
    fn alias(&self, kind: &str, node: &str) -> Alias<'_> {
        let aliases = &self.facts.aliases;
        let mut leading_here = aliases.iter().filter(|(_, path)| same_path(path, node));
        let found = leading_here.find_map(|(name, _)| Some((name, name.strip_prefix(kind)?)));
        let Some((name, digits)) = found else {
            return Alias::None;
        };
        let (number, other) = if digits.is_empty() {
            (Some(0), format!("{kind}0"))
        } else {
            (unsigned(digits, Base::Written, U32), kind.to_owned())
        };
        match number {
            Some(0) if aliases.contains_key(&other) => Alias::Conflict,
            Some(number) => Alias::Number { number, name },
            None => Alias::Conflict,
        }
    }
}

enum Alias<'a> {
    /// No alias leads to the node.
    None,
    /// One does, and its number cannot be used: `ethernet` and `ethernet0` are there both, or it is not a number.
    Conflict,
    Number {
        number: u64,
        name: &'a str,
    },
}

/// Whether two paths are the same but for doubled slashes.
fn same_path(one: &str, other: &str) -> bool {
    let parts = |path: &str| -> Vec<String> {
        let parts = path.split('/').filter(|part| !part.is_empty() && *part != ".");
        parts.map(str::to_owned).collect()
    };
    one.starts_with('/') == other.starts_with('/') && parts(one) == parts(other)
}
