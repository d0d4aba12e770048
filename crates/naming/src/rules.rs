//! Names that udev's rules give: `NAME="lan0"`, as in 70-persistent-net.rules of old.
//!
//! *Source*: udev(7). Only what a name can hang on is read: rules with `NAME=` and those with `GOTO=` that go past one, and
//! of their conditions those on the interface itself and on the devices above it. A condition that cannot be told from the
//! facts is reported.

use crate::facts::{Device, NicFacts};
use crate::kernel_name::Judged;
use crate::link_file::directories::strongest;
use crate::predict::{Illegal, legal};
use crate::scheme::{Flag, Scheme};
use cleat_root::{Root, matches};
use std::path::{Path, PathBuf};

/// Where rules are, the strongest directory first. *Source*: udev(7), RULES FILES.
const DIRECTORIES: &[&str] = &[
    "/etc/udev/rules.d",
    "/run/udev/rules.d",
    "/usr/local/lib/udev/rules.d",
    "/usr/lib/udev/rules.d",
    "/lib/udev/rules.d",
];

/// The rules of a root that names hang on, in the order in which udev follows them.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Rules {
    steps: Vec<RuleStep>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum RuleStep {
    Name(NameRule),
    Jump(Jump),
}

/// A rule that goes past others.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Jump {
    path: PathBuf,
    line: usize,
    /// The line of its `LABEL=`, where udev goes on.
    to: usize,
    conditions: Conditions,
}

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
    conditions: Conditions,
}

/// What has to hold for a rule.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Conditions(Vec<Token>);

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

/// All rules of a root that give a name, with those that go past them.
pub fn load(root: &Root) -> Rules {
    let (files, _) = strongest(root, DIRECTORIES.iter().map(PathBuf::from), ".rules");
    let read = |path: PathBuf| {
        let bytes = root.read(&path).unwrap_or_default();
        parse(&path, &String::from_utf8_lossy(&bytes)).steps
    };
    Rules {
        steps: files.into_iter().flat_map(read).collect(),
    }
}

impl Rules {
    /// The rules of the text of one file.
    pub fn of(path: &Path, text: &str) -> Self {
        parse(path, text)
    }

    /// Those that give a name.
    pub fn naming(&self) -> impl Iterator<Item = &NameRule> {
        self.steps.iter().filter_map(|step| match step {
            RuleStep::Name(rule) => Some(rule),
            RuleStep::Jump(_) => None,
        })
    }
}

/// The rules of a file with their lines, from 1: comments left out, what goes on behind a backslash joined.
fn rules_of(text: &str) -> Vec<(usize, Vec<Token>)> {
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
        rules.extend(tokens(&rule).map(|tokens| (number + 1, tokens)));
    }
    rules
}

fn parse(path: &Path, text: &str) -> Rules {
    let rules = rules_of(text);
    let last = |tokens: &[Token], wanted: &str| tokens.iter().rfind(|token| token.key == wanted).cloned();
    let mut steps = Vec::new();
    for (at, (line, tokens)) in rules.iter().enumerate() {
        let conditions = || {
            let wanted = |token: &&Token| matches!(token.operator.as_str(), "==" | "!=") || is_program(token);
            Conditions(tokens.iter().filter(wanted).cloned().collect())
        };
        let gives = |token: &&Token| token.key == "NAME" && matches!(token.operator.as_str(), "=" | ":=");
        if let Some(given) = tokens.iter().rfind(gives).filter(|given| is_a_name(&given.value)) {
            steps.push(RuleStep::Name(NameRule {
                path: path.to_owned(),
                line: *line,
                name: given.value.clone(),
                is_final: given.operator == ":=",
                conditions: conditions(),
            }));
        }
        // Labels are looked for further on only; a GOTO without one is left out.
        let Some(label) = last(tokens, "GOTO") else { continue };
        let mut behind = rules[at + 1..].iter();
        let to = behind.find(|(_, tokens)| last(tokens, "LABEL").is_some_and(|one| one.value == label.value));
        if let Some((to, _)) = to {
            steps.push(RuleStep::Jump(Jump {
                path: path.to_owned(),
                line: *line,
                to: *to,
                conditions: conditions(),
            }));
        }
    }
    let names = steps.iter().any(|step| matches!(step, RuleStep::Name(_)));
    Rules {
        steps: if names { steps } else { Vec::new() },
    }
}

/// Whether a rule's value gives a name of its own. systemd's rule gives that of the .link file; udev ignores an empty name
/// and the kernel's own.
fn is_a_name(value: &str) -> bool {
    !["", "%k", "$env{ID_NET_NAME}"].contains(&value)
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
        // What stands in braces is the name of an attribute, whatever signs are in it.
        let braced = rest
            .find('{')
            .filter(|at| rest.find('"').is_none_or(|quote| *at < quote));
        let from = braced.map_or(Some(0), |at| Some(at + rest[at..].find('}')?))?;
        let operator_at = from + rest[from..].find(['=', '!', '+', '-', ':'])?;
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
pub fn ruled<'a>(rules: &'a Rules, nic: &NicFacts) -> Ruled<'a> {
    let mut found = Ruled::default();
    let mut jumped: Option<&Jump> = None;
    // Jumps that may be made, each with what it hangs on.
    let mut open: Vec<(&Jump, String)> = Vec::new();
    for step in &rules.steps {
        let (path, line) = step.place();
        if jumped.is_some_and(|jump| jump.goes_past(path, line)) {
            continue;
        }
        let open_here = open.iter().find(|(jump, _)| jump.goes_past(path, line));
        let open_here = open_here.map(|(jump, condition)| (*jump, condition.clone()));
        match step {
            RuleStep::Jump(jump) => match (jump.conditions.hold(nic), open_here) {
                (Holds::No, _) => {}
                (Holds::Yes, None) => jumped = Some(jump),
                (Holds::Unknown(condition), _) | (Holds::Yes, Some((_, condition))) => open.push((jump, condition)),
            },
            RuleStep::Name(rule) => {
                if found.by.is_some_and(|before| before.is_final) {
                    break;
                }
                match (rule.conditions.hold(nic), open_here) {
                    (Holds::No, _) => {}
                    (Holds::Yes, _) if rule.name.contains(['$', '%']) => {
                        let condition = format!("its name is put together by udev: {}", rule.name);
                        found.perhaps.push((rule, condition));
                    }
                    (Holds::Yes, None) => found.by = Some(rule),
                    (Holds::Yes, Some((jump, condition))) => {
                        let condition = format!("the GOTO at line {} may go past it: {condition}", jump.line);
                        found.perhaps.push((rule, condition));
                    }
                    (Holds::Unknown(condition), _) => found.perhaps.push((rule, condition)),
                }
            }
        }
    }
    found
}

impl RuleStep {
    fn place(&self) -> (&Path, usize) {
        match self {
            RuleStep::Name(rule) => (&rule.path, rule.line),
            RuleStep::Jump(jump) => (&jump.path, jump.line),
        }
    }
}

impl Jump {
    fn goes_past(&self, path: &Path, line: usize) -> bool {
        self.path == path && line > self.line && line < self.to
    }
}

impl NameRule {
    /// Where it stands: `/etc/udev/rules.d/70-persistent-net.rules:5`.
    pub fn place(&self) -> String {
        format!("{}:{}", self.path.display(), self.line)
    }

    /// The name that it gives under a scheme: signs that may not be in a name become `_`. Before v249 only those that may
    /// not be in a file's name do.
    ///
    /// *Source*: `udevadm test` of systemd 252, 257 and 262, which tests/predict/oracle.rs asks again.
    ///
    /// *Errors*: udev refuses that name, and the NIC keeps the kernel's.
    pub fn given(&self, scheme: &Scheme) -> Result<String, Illegal> {
        let strictly = scheme.has(Flag::ReplaceStrictly);
        let stays = |sign: char| match strictly {
            true => sign.is_ascii_graphic() && ![':', '/', '%'].contains(&sign),
            false => sign.is_ascii_alphanumeric() || !sign.is_ascii() || "#+-.:=@_/".contains(sign),
        };
        let part = |sign: char| match stays(sign) {
            true => sign.to_string(),
            false => "_".repeat(sign.len_utf8()),
        };
        let name: String = self.name.chars().map(part).collect();
        legal(&name).map(|()| name)
    }
}

impl Conditions {
    fn hold(&self, nic: &NicFacts) -> Holds {
        let mut unknown = None;
        for token in &self.0 {
            match token.holds(nic) {
                Holds::No => return Holds::No,
                Holds::Unknown(condition) => unknown = unknown.or(Some(condition)),
                Holds::Yes => {}
            }
        }
        // The keys in the plural have to hold for one and the same device.
        let plural: Vec<&Token> = self.0.iter().filter(|token| token.is_plural()).collect();
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
            "KERNEL" => match nic.kernel_name().judge(|name| self.fits(Some(name))) {
                Judged::Always => Holds::Yes,
                // Which of these it is at first depends on the order of drivers; `device-mapper` it never is.
                Judged::Never if !self.value.split('|').any(may_be_the_kernels) => Holds::No,
                Judged::Never if self.value.contains(['*', '?', '[']) => Holds::No,
                Judged::Never | Judged::Likely | Judged::Perhaps => self.unknown(),
            },
            "ATTR" if crate::facts::NET_ATTRIBUTES.contains(&attribute) => of(nic.attribute(attribute)),
            "ENV" if attribute == "INTERFACE" => match nic.kernel_name().judge(|name| self.fits(Some(name))) {
                Judged::Always => Holds::Yes,
                Judged::Never => Holds::No,
                Judged::Likely | Judged::Perhaps => self.unknown(),
            },
            "ENV" if nic.property(attribute).is_some() => of(nic.property(attribute)),
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

/// Whether drivers, or the labels of a devicetree, call NICs like this: `eth0`, `wlan1`, `wan`.
fn may_be_the_kernels(name: &str) -> bool {
    name.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_')
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

    /// Source: 55-dm.rules of Debian's dmsetup, which is on every host with LVM: it names a device node. A name that a
    /// driver may give is left open.
    #[test]
    fn a_kernel_name_that_no_nic_has_is_no_rule_for_one() {
        let may = |kernel: &str| {
            let text = format!("KERNEL==\"{kernel}\", NAME=\"mapper/control\"\n");
            let rules = parse(Path::new("/usr/lib/udev/rules.d/55-dm.rules"), &text);
            let nic = nic("bc:24:11:00:00:01");
            let found = ruled(&rules, &nic);
            assert_eq!(found.by, None);
            found.perhaps.len()
        };
        assert_eq!(["device-mapper", "eth1", "device-mapper|wan"].map(may), [0, 1, 1]);
        let other = "KERNEL!=\"device-mapper\", NAME=\"lan0\"\n";
        assert_eq!(named(other, "bc:24:11:00:00:01").as_deref(), Some("lan0"));
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

    /// Source: udev(7), `GOTO`: "Jumps to the next LABEL with a matching name"; with known conditions the real udevs are
    /// asked the same in tests/predict/oracle.rs.
    #[test]
    fn a_jump_that_cannot_be_told_leaves_the_rules_behind_it_open() {
        let text = "SUBSYSTEM==\"net\", TEST==\"/run/by-hand\", GOTO=\"end\"\nSUBSYSTEM==\"net\", NAME=\"lan0\"\n\
                    LABEL=\"end\"\n";
        let rules = parse(Path::new("/etc/udev/rules.d/70.rules"), text);
        let nic = nic("bc:24:11:00:00:01");
        let found = ruled(&rules, &nic);
        assert_eq!(found.by, None);
        let [(rule, condition)] = found.perhaps.as_slice() else {
            panic!("{:?}", found.perhaps)
        };
        assert_eq!(rule.place(), "/etc/udev/rules.d/70.rules:2");
        assert_eq!(condition, "the GOTO at line 1 may go past it: TEST==\"/run/by-hand\"");
    }
}
