//! One interface as `ifquery` prints it: as a stanza, or as JSON.

use serde::ser::{Serialize, SerializeMap, Serializer};
use std::fmt::Write;

/// Whether what is written is so.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mark {
    /// It is.
    Pass,
    /// It is not.
    Fail,
    /// It cannot be known (a hook command).
    Unknown,
}

impl Mark {
    /// ifupdown2's word, which Proxmox VE's SDN compares with.
    pub fn word(self) -> &'static str {
        match self {
            Mark::Pass => "pass",
            Mark::Fail => "fail",
            Mark::Unknown => "",
        }
    }
}

impl Serialize for Mark {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.word())
    }
}

/// Keys in the order written, each with all its values.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Keys<T>(Vec<(String, Vec<T>)>);

impl<T> Default for Keys<T> {
    fn default() -> Self {
        Self(Vec::new())
    }
}

impl<T> Keys<T> {
    /// Adds a value; values of one key stand together.
    pub fn push(&mut self, key: &str, value: T) {
        match self.0.iter_mut().find(|(known, _)| known == key) {
            Some((_, values)) => values.push(value),
            None => self.0.push((key.to_owned(), vec![value])),
        }
    }

    /// The last value of a key.
    fn last_mut(&mut self, key: &str) -> Option<&mut T> {
        let values = self.0.iter_mut().find(|(known, _)| known == key);
        values.and_then(|(_, values)| values.last_mut())
    }

    /// Each key with each of its values.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &T)> {
        self.0
            .iter()
            .flat_map(|(key, values)| values.iter().map(move |value| (key.as_str(), value)))
    }

    fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

impl Keys<String> {
    /// Writes a value behind the one that the key has, as on one line; whether it has one.
    pub fn append(&mut self, key: &str, value: &str) -> bool {
        let Some(last) = self.last_mut(key) else { return false };
        if !last.is_empty() && !value.is_empty() {
            last.push(' ');
        }
        last.push_str(value);
        true
    }

    /// Writes a value where that of the key is empty.
    pub fn fill(&mut self, key: &str, value: &str) {
        if let Some(last) = self.last_mut(key).filter(|last| last.is_empty()) {
            last.push_str(value);
        }
    }
}

impl Keys<Mark> {
    /// Takes another mark into that of the key: one that fails stays so.
    pub fn worsen(&mut self, key: &str, mark: Mark) {
        if let (Some(last), Mark::Fail) = (self.last_mut(key), mark) {
            *last = mark;
        }
    }
}

impl<T: Serialize> Serialize for Keys<T> {
    /// One value as itself, several as a list.
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(Some(self.0.len()))?;
        for (key, values) in &self.0 {
            match values.as_slice() {
                [value] => map.serialize_entry(key, value)?,
                values => map.serialize_entry(key, values)?,
            }
        }
        map.end()
    }
}

/// What is printed for one interface.
///
/// *Source*: the fields and their order are those of `ifquery -o json` of ifupdown2 3.0.0.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize)]
pub struct Entry {
    /// Its name.
    pub name: String,
    /// The method of its first stanza, where one is written.
    #[serde(rename = "addr_method", skip_serializing_if = "Option::is_none")]
    pub method: Option<String>,
    /// The families of its stanzas, with a space between.
    #[serde(rename = "addr_family", skip_serializing_if = "Option::is_none")]
    pub family: Option<String>,
    /// Whether it is marked auto.
    pub auto: bool,
    /// Its options.
    pub config: Keys<String>,
    /// Whether each of its options is so, value by value; only with `--check`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub config_status: Option<Keys<Mark>>,
    /// Whether all of it is so; only with `--check`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub status: Option<Mark>,
}

/// Where the marks of `--check` stand. *Source*: ifupdown2.
const MARK_COLUMN: usize = 68;

impl Entry {
    /// An interface with nothing said of it.
    pub fn new(name: impl Into<String>) -> Self {
        Self {
            name: name.into(),
            method: None,
            family: None,
            auto: false,
            config: Keys::default(),
            config_status: None,
            status: None,
        }
    }

    /// As a stanza that could stand in the file; with `--check` each line is marked, and then it could not.
    pub fn stanza(&self) -> String {
        let mut text = String::new();
        if self.auto {
            let _ = writeln!(text, "auto {}", self.name);
        }
        let mut head = format!("iface {}", self.name);
        if let Some(family) = self.family.as_deref().and_then(|families| families.split(' ').next()) {
            let _ = write!(head, " {family} {}", self.method.as_deref().unwrap_or("static"));
        }
        line(&mut text, &head, self.status);
        let mut marks = self.config_status.iter().flat_map(Keys::iter).map(|(_, mark)| *mark);
        for (key, value) in self.config.iter() {
            // A tab is shown as eight columns, so that the marks stand below each other.
            let option = format!("\t{key} {value}");
            line(&mut text, option.trim_end(), marks.next());
        }
        if self.config.is_empty() && self.status.is_some() {
            text.push('\n');
        }
        text
    }
}

fn line(text: &mut String, content: &str, mark: Option<Mark>) {
    text.push_str(content);
    if let Some(mark) = mark {
        let width = content.chars().map(|c| if c == '\t' { 8 } else { 1 }).sum::<usize>();
        let _ = write!(
            text,
            "{:1$}[{2}]",
            "",
            MARK_COLUMN.saturating_sub(width).max(1),
            mark.word()
        );
    }
    text.push('\n');
}

/// All of them, one below the other.
pub fn native(entries: &[Entry]) -> String {
    entries.iter().map(|entry| entry.stanza() + "\n").collect()
}

/// All of them as a JSON list.
pub fn json(entries: &[Entry]) -> String {
    // Text keys and plain values: there is nothing in it that JSON cannot hold.
    let mut text = serde_json::to_string_pretty(entries).unwrap_or_default();
    text.push('\n');
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    fn vmbr0() -> Entry {
        let mut entry = Entry {
            method: Some("static".to_owned()),
            family: Some("inet".to_owned()),
            auto: true,
            ..Entry::new("vmbr0")
        };
        for (key, value) in [
            ("address", "10.10.10.1/24"),
            ("post-up", "echo 1"),
            ("post-up", "echo 2"),
        ] {
            entry.config.push(key, value.to_owned());
        }
        entry
    }

    /// Witness: ifupdown2 3.0.0 on the masquerading example (its white space aside).
    #[test]
    fn the_json_has_ifupdown2s_fields_in_its_order() {
        let mut entry = vmbr0();
        let mut status = Keys::default();
        for (key, mark) in [
            ("address", Mark::Pass),
            ("post-up", Mark::Unknown),
            ("post-up", Mark::Unknown),
        ] {
            status.push(key, mark);
        }
        entry.config_status = Some(status);
        entry.status = Some(Mark::Pass);
        let text = json(&[entry]).split_whitespace().collect::<Vec<_>>().join(" ");
        assert_eq!(
            text,
            "[ { \"name\": \"vmbr0\", \"addr_method\": \"static\", \"addr_family\": \"inet\", \"auto\": true, \
             \"config\": { \"address\": \"10.10.10.1/24\", \"post-up\": [ \"echo 1\", \"echo 2\" ] }, \
             \"config_status\": { \"address\": \"pass\", \"post-up\": [ \"\", \"\" ] }, \"status\": \"pass\" } ]"
        );
    }

    /// Witness: ifupdown2 3.0.0, `ifquery vmbr0` and `ifquery -c vmbr0`.
    #[test]
    fn a_stanza_is_printed_as_ifupdown2_prints_it() {
        let stanza =
            "auto vmbr0\niface vmbr0 inet static\n\taddress 10.10.10.1/24\n\tpost-up echo 1\n\tpost-up echo 2\n";
        assert_eq!(vmbr0().stanza(), stanza);
        let failed = Entry {
            status: Some(Mark::Fail),
            ..Entry::new("vx1")
        };
        assert_eq!(
            failed.stanza(),
            "iface vx1                                                           [fail]\n\n"
        );
    }
}
