//! A step as the equivalent ethtool(8) command.

use super::{Form, Group, MAX, Set, short};
use crate::show::words::quoted;
use crate::table;
use std::collections::BTreeSet;
use std::fmt;

impl fmt::Display for Set {
    /// `ethtool -G eno1 rx 4096 tx max`
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let verb = match self.group {
            Group::LinkInfo | Group::LinkModes | Group::Wol | Group::Debug => "-s",
            Group::Fec => "--set-fec",
            Group::Eee => "--set-eee",
            Group::Pause => "-A",
            Group::Rings => "-G",
            Group::Channels => "-L",
            Group::Coalesce => "-C",
            Group::Features => "-K",
        };
        write!(out, "ethtool {verb} {}", quoted(self.name.as_str()))?;
        if self.group == Group::Features {
            return self.features(out);
        }
        for attr in table::all() {
            let Some(field) = attr.field().filter(|field| field.is_in(self)) else {
                continue;
            };
            let shown = match field.form {
                Form::Number | Form::UpTo(_) => match self.numbers.get(&field.number) {
                    Some(&MAX) => "max".to_owned(),
                    Some(number) => attr.show(&crate::attr::Value::Number(u64::from(*number))),
                    None => continue,
                },
                Form::Flags(names) => {
                    let bits = self.bits.get(&field.number);
                    let on = |name: &str| bits.and_then(|bits| bits.get(name)) == Some(&true);
                    let flags = (0..)
                        .zip(names)
                        .filter(|(_, name)| on(name))
                        .fold(0, |all, (at, _)| all | 1 << at);
                    attr.show(&crate::attr::Value::Number(flags))
                }
                Form::Fec => {
                    let bits = self.bits.get(&field.number).into_iter().flatten();
                    let on = bits.filter(|(_, on)| **on).map(|(name, _)| name.to_lowercase());
                    let words: Vec<String> = on
                        .map(|word| if word == "none" { "off".to_owned() } else { word })
                        .collect();
                    if words.is_empty() {
                        "auto".to_owned()
                    } else {
                        words.join(" ")
                    }
                }
                Form::Features(_) => continue,
            };
            write!(out, " {} {shown}", field.word)?;
        }
        Ok(())
    }
}

impl Set {
    fn features(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut said = BTreeSet::new();
        for (name, on) in self.bits.values().flatten() {
            let word = short(name).filter(|_| name.contains('*')).unwrap_or(name);
            if said.insert(word) {
                write!(out, " {word} {}", if *on { "on" } else { "off" })?;
            }
        }
        Ok(())
    }
}
