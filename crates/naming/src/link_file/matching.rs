//! `[Match]`: which devices a file is for.

use super::address::HardwareAddress;
use super::condition::{Condition, Holds, KEYS, Machine};
use super::device::Device;
use super::lines::Assignment;
use super::naming::is_name;
use super::words::{Style, split};
use crate::kernel_name::Judged;
use cleat_diag::Diagnostic;
use cleat_root::matches;

/// Whether a file is for a device.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Fit {
    /// It is.
    Yes,
    /// It most likely is: if this holds, which the order of drivers decides.
    Likely(String),
    /// It is not: this does not hold.
    No(String),
    /// It is, if this holds, which cannot be told here.
    Perhaps(String),
}

/// What `[Match]` asks for; a key that is not there asks for nothing.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Match {
    /// `MACAddress=`: any of these.
    pub addresses: Vec<HardwareAddress>,
    /// `PermanentMACAddress=`: any of these.
    pub permanent: Vec<HardwareAddress>,
    /// `OriginalName=`, `Path=`, `Driver=`, `Type=` and `Kind=` by key: patterns, those behind a `!` with it.
    pub patterns: Vec<(&'static str, Vec<String>)>,
    /// `Property=`: patterns `KEY=VALUE`, those behind a `!` with it.
    pub properties: Vec<String>,
    /// What is asked of the machine.
    pub conditions: Vec<Condition>,
}

/// Keys whose values are patterns.
const PATTERNS: &[&str] = &["OriginalName", "Path", "Driver", "Type", "Kind"];

/// What is found of a file while its keys are looked at.
#[derive(Default)]
struct Judgement {
    /// A key that most likely holds.
    likely: Option<String>,
    /// A key of which it cannot be told.
    open: Option<String>,
}

impl Judgement {
    /// Takes what was found of a key; false where it does not hold.
    fn add(&mut self, found: Judged, said: impl Fn() -> String) -> bool {
        match found {
            Judged::Always => {}
            Judged::Likely => self.likely = Some(said()),
            Judged::Perhaps => self.open = Some(said()),
            Judged::Never => return false,
        }
        true
    }

    /// Looks at a key that takes patterns; an error is why it does not hold.
    fn pattern(&mut self, key: &str, patterns: &[String], device: &Device) -> Result<(), String> {
        let said = || format!("{key}={}", patterns.join(" "));
        let value = match key {
            "OriginalName" => {
                let found = device.kernel.judge(|name| fits_patterns(patterns, Some(name)));
                return match self.add(found, said) {
                    true => Ok(()),
                    false => Err(format!("`{}` does not take what the kernel calls it at boot", said())),
                };
            }
            "Path" => match device.property("ID_PATH") {
                Ok(value) => value,
                Err(()) if patterns.is_empty() => return Ok(()),
                Err(()) => {
                    self.open = Some(said());
                    return Ok(());
                }
            },
            "Driver" => device.driver.as_deref(),
            "Type" => device.device_type.as_deref(),
            _ => device.kind.as_deref(),
        };
        match fits_patterns(patterns, value) {
            true => Ok(()),
            false => Err(refuses(key, patterns, value)),
        }
    }

    fn fit(self) -> Fit {
        match (self.open, self.likely) {
            (Some(condition), _) => Fit::Perhaps(condition),
            (None, Some(condition)) => Fit::Likely(condition),
            (None, None) => Fit::Yes,
        }
    }
}

impl Match {
    /// Takes one assignment of `[Match]`; what is wrong with it is ignored as systemd ignores it, and told.
    pub(super) fn take(&mut self, said: &Assignment, found: &mut Vec<Diagnostic>) {
        let key = said.key.as_str();
        if let Some(key) = KEYS.iter().find(|one| **one == key) {
            self.condition(key, &said.value);
        } else if let Some(key) = PATTERNS.iter().find(|one| **one == key) {
            self.pattern(key, said, found);
        } else if key == "MACAddress" {
            addresses(&mut self.addresses, said, found);
        } else if key == "PermanentMACAddress" {
            addresses(&mut self.permanent, said, found);
        } else if key == "Property" {
            self.property(said, found);
        }
    }

    /// Whether it asks for nothing: systemd leaves such a file out.
    pub fn is_empty(&self) -> bool {
        let Self {
            addresses,
            permanent,
            patterns,
            properties,
            conditions,
        } = self;
        let no_pattern = patterns.iter().all(|(_, list)| list.is_empty());
        addresses.is_empty() && permanent.is_empty() && no_pattern && properties.is_empty() && conditions.is_empty()
    }

    /// Patterns of a key.
    pub fn patterns(&self, key: &str) -> &[String] {
        let found = self.patterns.iter().find(|(one, _)| *one == key);
        found.map_or(&[], |(_, list)| list)
    }

    /// Whether its conditions on the machine hold, as far as that can be told.
    pub fn holds_on(&self, machine: &Machine) -> bool {
        self.conditions
            .iter()
            .all(|condition| condition.holds(machine) != Holds::No)
    }

    /// Whether it is for this device on this machine.
    pub fn fit(&self, device: &Device, machine: &Machine) -> Fit {
        if device.loopback {
            return Fit::No("the loopback device takes no .link file".to_owned());
        }
        if self.is_empty() {
            return Fit::No("its [Match] asks for nothing".to_owned());
        }
        let mut found = Judgement::default();
        for condition in &self.conditions {
            match condition.holds(machine) {
                Holds::Yes => {}
                Holds::No => return Fit::No(format!("`{}` does not hold", condition.text())),
                Holds::Unknown => found.open = Some(condition.text()),
            }
        }
        if !self.addresses.is_empty() && !device.address.as_ref().is_some_and(|own| self.addresses.contains(own)) {
            return Fit::No(lacks("MACAddress", device.address.as_ref()));
        }
        if !self.permanent.is_empty()
            && !device
                .permanent
                .as_ref()
                .is_some_and(|own| self.permanent.contains(own))
        {
            return Fit::No(lacks("PermanentMACAddress", device.permanent.as_ref()));
        }
        for (key, patterns) in &self.patterns {
            if let Err(reason) = found.pattern(key, patterns, device) {
                return Fit::No(reason);
            }
        }
        for property in &self.properties {
            let said = || format!("Property={property}");
            if !found.add(fits_property(property, device), said) {
                return Fit::No(format!("`{}` does not hold", said()));
            }
        }
        found.fit()
    }

    fn condition(&mut self, key: &'static str, value: &str) {
        self.conditions.retain(|condition| condition.key != key);
        if value.is_empty() {
            return;
        }
        let plain = value.strip_prefix('!');
        self.conditions.push(Condition {
            key,
            value: plain.unwrap_or(value).to_owned(),
            negated: plain.is_some(),
        });
    }

    fn pattern(&mut self, key: &'static str, said: &Assignment, found: &mut Vec<Diagnostic>) {
        let at = match self.patterns.iter().position(|(one, _)| *one == key) {
            Some(at) => at,
            None => {
                self.patterns.push((key, Vec::new()));
                self.patterns.len() - 1
            }
        };
        let list = &mut self.patterns[at].1;
        if said.value.is_empty() {
            list.clear();
            return;
        }
        let names = key == "OriginalName";
        let style = if names { Style::Plain } else { Style::Quoted };
        let (not, words) = list_of(said, style, found);
        for word in words {
            if names && !is_name(&word) {
                found.push(bad(said, format!("`{word}` cannot be the name of an interface")));
                continue;
            }
            list.push(format!("{}{word}", if not { "!" } else { "" }));
        }
    }

    fn property(&mut self, said: &Assignment, found: &mut Vec<Diagnostic>) {
        if said.value.is_empty() {
            self.properties.clear();
            return;
        }
        let (not, words) = list_of(said, Style::Escaped, found);
        for word in words {
            if !is_assignment(&word) {
                found.push(bad(said, format!("`{word}` is not a KEY=VALUE")));
                continue;
            }
            self.properties.push(format!("{}{word}", if not { "!" } else { "" }));
        }
    }
}

/// A list and whether a `!` stands before it, which then is for each of its words.
fn list_of(said: &Assignment, style: Style, found: &mut Vec<Diagnostic>) -> (bool, Vec<String>) {
    let plain = said.value.strip_prefix('!');
    let (words, whole) = split(plain.unwrap_or(&said.value), style);
    if !whole {
        found.push(bad(said, "a quote or a backslash is left open".to_owned()));
    }
    (plain.is_some(), words)
}

fn addresses(list: &mut Vec<HardwareAddress>, said: &Assignment, found: &mut Vec<Diagnostic>) {
    if said.value.is_empty() {
        list.clear();
        return;
    }
    let (words, whole) = split(&said.value, Style::Plain);
    if !whole {
        found.push(bad(said, "a backslash is left open".to_owned()));
    }
    for word in words {
        match word.parse::<HardwareAddress>() {
            Ok(address) if list.contains(&address) => {}
            Ok(address) => list.push(address),
            Err(_) => found.push(bad(said, format!("`{word}` is not a hardware address"))),
        }
    }
}

/// The warning for a value, or the part of one, that systemd ignores.
pub(super) fn bad(said: &Assignment, why: String) -> Diagnostic {
    let text = format!("systemd ignores what `{}=` says here: {why}", said.key);
    Diagnostic::warning("link-value", text).at(said.place, "")
}

/// *Source*: systemd.link(5): a negative pattern that matches forbids; a positive one must match where there are any.
fn fits_patterns(patterns: &[String], value: Option<&str>) -> bool {
    let is = |pattern: &str| value.is_some_and(|value| matches(pattern, value));
    let mut forbidden = patterns.iter().filter_map(|pattern| pattern.strip_prefix('!'));
    let mut wanted = patterns.iter().filter(|pattern| !pattern.starts_with('!')).peekable();
    !forbidden.any(is) && (wanted.peek().is_none() || wanted.any(|pattern| is(pattern)))
}

/// Whether a word of `Property=` holds of the device.
///
/// *Source*: the properties of a device are those of its uevent and those that rules have given it before udev looks for
/// the .link file; `udevadm test-builtin net_setup_link` of systemd 252, 257 and 262 takes both.
fn fits_property(pattern: &str, device: &Device) -> Judged {
    let (not, pattern) = match pattern.strip_prefix('!') {
        Some(rest) => (true, rest),
        None => (false, pattern),
    };
    let Some((key, wanted)) = pattern.split_once('=') else {
        return Judged::Perhaps;
    };
    let fits = |value: &str| matches(wanted, value) != not;
    let known = |value: Option<&str>| match value.map_or(not, fits) {
        true => Judged::Always,
        false => Judged::Never,
    };
    match (key, &device.directory, &device.index, &device.devtype) {
        ("INTERFACE", ..) => device.kernel.judge(fits),
        ("DEVPATH", Some(directory), ..) => device.kernel.judge(|name| fits(&format!("{directory}/{name}"))),
        ("SUBSYSTEM", ..) => known(Some("net")),
        ("ACTION", ..) => known(Some("add")),
        ("DEVTYPE", .., Some(devtype)) => known(Some(devtype.as_str()).filter(|text| !text.is_empty())),
        // Which number it has at a boot depends on the order of drivers.
        ("IFINDEX", _, Some(index), _) => match (wanted, fits(index)) {
            ("*", _) => known(Some(index)),
            (_, true) => Judged::Likely,
            (_, false) => Judged::Perhaps,
        },
        ("DEVPATH" | "IFINDEX" | "DEVTYPE" | "SEQNUM", ..) => Judged::Perhaps,
        _ => device.property(key).map_or(Judged::Perhaps, known),
    }
}

/// A variable's name, `=` and a value without control characters. *Source*: environ(7).
fn is_assignment(word: &str) -> bool {
    let Some((key, value)) = word.split_once('=') else {
        return false;
    };
    let plain = |char: char| char.is_ascii_alphanumeric() || char == '_';
    let name = !key.is_empty() && key.chars().all(plain) && !key.starts_with(|char: char| char.is_ascii_digit());
    name && !value.contains(|char: char| char.is_control() && !matches!(char, '\n' | '\t'))
}

fn lacks(key: &str, own: Option<&HardwareAddress>) -> String {
    match own {
        Some(own) => format!("`{key}=` does not list {own}"),
        None => format!("`{key}=` lists addresses, and it has none"),
    }
}

fn refuses(key: &str, patterns: &[String], value: Option<&str>) -> String {
    let list = patterns.join(" ");
    match value {
        Some(value) => format!("`{key}={list}` does not take `{value}`"),
        None => format!("`{key}={list}` asks for something, and it has none"),
    }
}
