//! Names that udev's rules give: `NAME="lan0"`, as in 70-persistent-net.rules of old.
//!
//! *Source*: udev(7). Only what a name can hang on is read: rules with `NAME=`, and of their conditions those on the
//! interface itself and on the devices above it. A condition that cannot be told from the facts is reported.

use crate::facts::{Device, NicFacts};
use crate::link_file::directories::strongest;
use cleat_root::{Root, matches};
use std::path::PathBuf;

/// Where rules are, the strongest directory first. *Source*: udev(7), RULES FILES.
const DIRECTORIES: &[&str] = &[
    "/etc/udev/rules.d",
    "/run/udev/rules.d",
    "/usr/local/lib/udev/rules.d",
    "/usr/lib/udev/rules.d",
    "/lib/udev/rules.d",
];

/// What the kernel calls an Ethernet interface at first; the number depends on the order of drivers.
const KERNEL_NAME: &str = "eth0";

/// A rule that gives a name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NameRule {
    /// Its file.
    pub path: PathBuf,
    /// Its line, from 1.
    pub line: usize,
    /// The name, as written.
    pub name: String,
    /// No later rule changes it (`:=`).
    is_final: bool,
    conditions: Vec<Token>,
}

/// What the rules say of a NIC.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Ruled<'a> {
    /// The rule whose name holds.
    pub by: Option<&'a NameRule>,
    /// Rules that may give a name too, each with the condition that cannot be told.
    pub perhaps: Vec<(&'a NameRule, String)>,
}

/// `KEY{attribute}OPERATOR"value"`.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Token {
    key: String,
    attribute: Option<String>,
    operator: String,
    value: String,
}

/// Whether a condition holds.
enum Holds {
    Yes,
    No,
    Unknown(String),
}

/// All rules of a root that give a name, in the order in which udev follows them.
pub fn load(root: &Root) -> Vec<NameRule> {
    let (files, _) = strongest(root, DIRECTORIES.iter().map(PathBuf::from), ".rules");
    let read = |path: PathBuf| {
        let bytes = root.read(&path).unwrap_or_default();
        parse(&path, &String::from_utf8_lossy(&bytes))
    };
    files.into_iter().flat_map(read).collect()
}

fn parse(path: &std::path::Path, text: &str) -> Vec<NameRule> {
    let mut rules = Vec::new();
    let mut lines = text.lines().enumerate();
    while let Some((number, line)) = lines.next() {
        let mut rule = line.trim_start().to_owned();
        if rule.starts_with('#') {
            continue;
        }
        while rule.ends_with('\\') {
            rule.pop();
            let Some((_, more)) = lines.next() else { break };
            rule += more.trim_start();
        }
        let Some(tokens) = tokens(&rule) else { continue };
        let gives = |token: &&Token| token.key == "NAME" && matches!(token.operator.as_str(), "=" | ":=");
        // systemd's own: the name that the .link file gave.
        let Some(given) = tokens
            .iter()
            .rfind(gives)
            .filter(|token| token.value != "$env{ID_NET_NAME}")
        else {
            continue;
        };
        rules.push(NameRule {
            path: path.to_owned(),
            line: number + 1,
            name: given.value.clone(),
            is_final: given.operator == ":=",
            conditions: tokens
                .iter()
                .filter(|token| matches!(token.operator.as_str(), "==" | "!=") || is_program(token))
                .cloned()
                .collect(),
        });
    }
    rules
}

/// Keys that are conditions whatever their operator.
fn is_program(token: &Token) -> bool {
    matches!(token.key.as_str(), "PROGRAM" | "IMPORT")
}

/// The tokens of a rule; `None` where it is not made of such.
fn tokens(rule: &str) -> Option<Vec<Token>> {
    let mut tokens = Vec::new();
    let mut rest = rule.trim();
    while !rest.is_empty() {
        let operator_at = rest.find(['=', '!', '+', '-', ':'])?;
        let (key, behind) = rest.split_at(operator_at);
        let quote = behind.find('"')?;
        let (operator, behind) = behind.split_at(quote);
        let value_end = behind[1..].find('"')? + 1;
        let (key, attribute) = match key.trim().split_once('{') {
            Some((key, attribute)) => (key, Some(attribute.trim_end_matches('}').to_owned())),
            None => (key.trim(), None),
        };
        tokens.push(Token {
            key: key.to_owned(),
            attribute,
            operator: operator.trim_end_matches(['e', 'i']).trim().to_owned(),
            value: behind[1..value_end].to_owned(),
        });
        rest = behind[value_end + 1..].trim_start_matches([',', ' ', '\t']);
    }
    Some(tokens)
}

/// What the rules say of a NIC when it appears.
pub fn ruled<'a>(rules: &'a [NameRule], nic: &NicFacts) -> Ruled<'a> {
    let mut found = Ruled::default();
    for rule in rules {
        if found.by.is_some_and(|before| before.is_final) {
            break;
        }
        match rule.holds(nic) {
            Holds::Yes if rule.name.contains(['$', '%']) => {
                found
                    .perhaps
                    .push((rule, format!("its name is put together by udev: {}", rule.name)));
            }
            Holds::Yes => found.by = Some(rule),
            Holds::Unknown(condition) => found.perhaps.push((rule, condition)),
            Holds::No => {}
        }
    }
    found
}

impl NameRule {
    /// Where it stands: `/etc/udev/rules.d/70-persistent-net.rules:5`.
    pub fn place(&self) -> String {
        format!("{}:{}", self.path.display(), self.line)
    }

    fn holds(&self, nic: &NicFacts) -> Holds {
        let mut unknown = None;
        for token in &self.conditions {
            match token.holds(nic) {
                Holds::No => return Holds::No,
                Holds::Unknown(condition) => unknown = unknown.or(Some(condition)),
                Holds::Yes => {}
            }
        }
        // The keys in the plural have to hold for one and the same device.
        let plural: Vec<&Token> = self.conditions.iter().filter(|token| token.is_plural()).collect();
        if !nic
            .devices
            .iter()
            .any(|device| plural.iter().all(|token| token.holds_of(device)))
        {
            return Holds::No;
        }
        unknown.map_or(Holds::Yes, Holds::Unknown)
    }
}

impl Token {
    fn is_plural(&self) -> bool {
        matches!(self.key.as_str(), "KERNELS" | "SUBSYSTEMS" | "DRIVERS" | "ATTRS")
    }

    /// A condition on the interface itself.
    fn holds(&self, nic: &NicFacts) -> Holds {
        let of = |text: Option<&str>| if self.fits(text) { Holds::Yes } else { Holds::No };
        let attribute = self.attribute.as_deref().unwrap_or_default();
        match self.key.as_str() {
            _ if self.is_plural() => Holds::Yes,
            "ACTION" => of(Some("add")),
            "SUBSYSTEM" => of(Some("net")),
            // No rule before has given it one.
            "NAME" => of(Some("")),
            "KERNEL" if self.value.contains('*') || self.value.contains('?') => of(Some(KERNEL_NAME)),
            "ATTR" if crate::facts::NET_ATTRIBUTES.contains(&attribute) => of(nic.attribute(attribute)),
            "ENV" if nic.property(attribute).is_some() => of(nic.property(attribute)),
            "ENV" if attribute == "INTERFACE" => self.unknown(),
            _ => self.unknown(),
        }
    }

    /// A condition on a device: the interface or one above it.
    fn holds_of(&self, device: &Device) -> bool {
        let attribute = self.attribute.as_deref().unwrap_or_default();
        match self.key.as_str() {
            "KERNELS" => self.fits(Some(device.sysname())),
            "SUBSYSTEMS" => self.fits(device.subsystem.as_deref()),
            "DRIVERS" => self.fits(device.driver.as_deref()),
            _ => self.fits(device.attribute(attribute)),
        }
    }

    /// Whether a text fits the value: one of its patterns, which `|` parts. What is not there fits no pattern.
    fn fits(&self, text: Option<&str>) -> bool {
        let patterns = || self.value.split('|');
        let fits = text.is_some_and(|text| patterns().any(|pattern| matches(pattern, text)));
        fits == (self.operator == "==")
    }

    fn unknown(&self) -> Holds {
        let attribute = self.attribute.as_ref().map(|name| format!("{{{name}}}"));
        let Self {
            key, operator, value, ..
        } = self;
        Holds::Unknown(format!("{key}{}{operator}\"{value}\"", attribute.unwrap_or_default()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::path::Path;

    fn nic(mac: &str) -> NicFacts {
        let text = format!(
            r#"{{"devices": [
                {{"syspath": "/sys/devices/pci0000:00/0000:00:03.0/net/enp0s3", "subsystem": "net",
                  "attributes": {{"address": "{mac}", "type": "1", "dev_id": "0x0"}}}},
                {{"syspath": "/sys/devices/pci0000:00/0000:00:03.0", "subsystem": "pci", "driver": "e1000e"}}]}}"#
        );
        serde_json::from_str(&text).unwrap()
    }

    fn named(rules: &str, mac: &str) -> Option<String> {
        let rules = parse(Path::new("/etc/udev/rules.d/70-persistent-net.rules"), rules);
        ruled(&rules, &nic(mac)).by.map(|rule| rule.name.clone())
    }

    /// Source: what Debian's write_net_rules wrote until Debian 8, and kept over upgrades since.
    #[test]
    fn a_persistent_rule_of_old_names_the_nic_with_its_address() {
        let rule = "# PCI device 0x8086:0x10d3 (e1000e)\nSUBSYSTEM==\"net\", ACTION==\"add\", DRIVERS==\"?*\", \
                    ATTR{address}==\"bc:24:11:00:00:01\", ATTR{dev_id}==\"0x0\", ATTR{type}==\"1\", KERNEL==\"eth*\", NAME=\"eth7\"\n";
        assert_eq!(named(rule, "bc:24:11:00:00:01").as_deref(), Some("eth7"));
        assert_eq!(named(rule, "bc:24:11:00:00:02"), None);
    }

    /// Source: udev(7): an assignment with `:=` is final, else the last one holds; a line may go on behind a backslash.
    #[test]
    fn the_last_name_holds_unless_an_earlier_one_is_final() {
        let mac = "bc:24:11:00:00:01";
        let last =
            "SUBSYSTEM==\"net\", NAME=\"one\"\nSUBSYSTEM==\"net\", \\\n  DRIVERS==\"e1000e|igb\", NAME=\"two\"\n";
        assert_eq!(named(last, mac).as_deref(), Some("two"));
        let first = "SUBSYSTEM==\"net\", NAME:=\"one\"\nSUBSYSTEM==\"net\", NAME=\"two\"\n";
        assert_eq!(named(first, mac).as_deref(), Some("one"));
        let other = "SUBSYSTEM==\"net\", DRIVERS!=\"?*\", SUBSYSTEMS==\"usb\", NAME=\"two\"\n";
        assert_eq!(named(other, mac), None);
    }

    /// Source: systemd's 73-special-net-names.rules and 80-net-setup-link.rules.
    #[test]
    fn the_rules_of_systemd_itself_name_no_plain_nic() {
        let rules = "ACTION==\"add\", SUBSYSTEM==\"net\", SUBSYSTEMS==\"usb\", ATTRS{idVendor}==\"413c\", NAME=\"idrac\"\n\
                     NAME==\"\", ENV{ID_NET_NAME}!=\"\", NAME=\"$env{ID_NET_NAME}\"\n";
        assert_eq!(named(rules, "bc:24:11:00:00:01"), None);
    }

    #[test]
    fn a_rule_that_asks_a_program_is_told_and_not_guessed() {
        let text = "SUBSYSTEM==\"net\", PROGRAM==\"/bin/name %k\", NAME=\"%c\"\n";
        let rules = parse(Path::new("/etc/udev/rules.d/70.rules"), text);
        let nic = nic("bc:24:11:00:00:01");
        let found = ruled(&rules, &nic);
        assert_eq!(found.by, None);
        assert_eq!(found.perhaps[0].1, "PROGRAM==\"/bin/name %k\"");
    }
}
