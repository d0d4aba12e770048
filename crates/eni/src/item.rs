//! What a file says: its stanzas, as written.

use crate::Value;
use cleat_diag::{Place, Spanned};
use std::fmt;

/// A word and where it stands.
pub type Word = Spanned<String>;

/// One stanza.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Item {
    /// `auto NAME...` and `allow-CLASS NAME...`.
    Auto(Class),
    /// `no-auto-down NAME...`.
    NoAutoDown(Class),
    /// `no-scripts NAME...`.
    NoScripts(Class),
    /// `iface NAME ...` or `template NAME ...` with its options.
    Iface(Iface),
    /// `mapping PATTERN...` with its script.
    Mapping(Mapping),
    /// `rename CUR=NEW...`.
    Rename(Vec<RenamePair>),
    /// `source PATTERN...`.
    Source(Include),
    /// `source-directory DIRECTORY...`.
    SourceDirectory(Include),
}

impl Item {
    /// The `iface` (or `template`) stanza, if it is one.
    pub fn as_iface(&self) -> Option<&Iface> {
        if let Item::Iface(iface) = self {
            Some(iface)
        } else {
            None
        }
    }
}

/// Names that belong to a class.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Class {
    /// `auto` for `auto` and `allow-auto`, `hotplug` for `allow-hotplug`, and so on; `no-auto-down` and
    /// `no-scripts` for these.
    pub class: Spanned<String>,
    /// The names as written: they may be patterns (`/eth*`, `mac/..=lan`), ranges (`swp[1-4]`), or
    /// physical=logical pairs (`eth0=work`).
    pub names: Vec<Word>,
    /// The whole logical line without its indentation.
    pub place: Place,
}

/// One `iface` stanza.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Iface {
    /// The name as written; may be a range (`swp[1-4]`, see [`crate::expand_range`]).
    pub name: Word,
    /// The address family, where one is written.
    pub family: Option<Spanned<Family>>,
    /// The method, where one is written.
    pub method: Option<Word>,
    /// Names of the stanzas it inherits from, in order: of `inherits A B` in the header, then of `inherit A` lines.
    pub inherits: Vec<Word>,
    /// Whether it begins with `template`: only to inherit from, no interface by itself.
    pub template: bool,
    /// Its options in order, repeated ones included.
    pub options: Vec<Opt>,
    /// The header line without its indentation.
    pub place: Place,
}

impl Iface {
    /// All options of a name, in order; `_` and `-` are one.
    pub fn options_named<'a>(&'a self, key: &str) -> impl Iterator<Item = &'a Opt> + use<'a> {
        let key = normalise_key(key);
        self.options.iter().filter(move |option| option.key.value == key)
    }
}

/// An address family as written.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Family {
    /// `inet`.
    Inet,
    /// `inet6`.
    Inet6,
    /// `can`.
    Can,
    /// `ipx`.
    Ipx,
    /// Any other word.
    Other(String),
}

impl From<&str> for Family {
    fn from(word: &str) -> Self {
        match word {
            "inet" => Family::Inet,
            "inet6" => Family::Inet6,
            "can" => Family::Can,
            "ipx" => Family::Ipx,
            other => Family::Other(other.to_owned()),
        }
    }
}

impl Family {
    /// The word of the file.
    pub fn word(&self) -> &str {
        match self {
            Family::Inet => "inet",
            Family::Inet6 => "inet6",
            Family::Can => "can",
            Family::Ipx => "ipx",
            Family::Other(word) => word,
        }
    }
}

impl fmt::Display for Family {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(self.word())
    }
}

/// One option line of a stanza.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Opt {
    /// The key with `-` for each `_`; case as written.
    pub key: Word,
    /// The key as written, where that is another spelling.
    pub(crate) spelling: Option<Box<str>>,
    /// The value; empty where the line has none.
    pub value: Value,
    /// The whole logical line without its indentation.
    pub place: Place,
}

impl Opt {
    /// The key as written.
    pub fn written(&self) -> &str {
        self.spelling.as_deref().unwrap_or(&self.key.value)
    }
}

/// A `mapping` stanza of classic ifupdown.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Mapping {
    /// The name patterns, in shell glob syntax.
    pub patterns: Vec<Word>,
    /// The program that picks the logical name.
    pub script: Option<Value>,
    /// The lines it gets on standard input.
    pub maps: Vec<Value>,
    /// The header line without its indentation.
    pub place: Place,
}

/// One `CUR=NEW` of a `rename` line.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RenamePair {
    /// The name now; may be a pattern.
    pub from: Word,
    /// The name to give.
    pub to: Word,
}

/// A `source` or `source-directory` line.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Include {
    /// The paths as written, each may be a shell glob.
    pub targets: Vec<Word>,
    /// The whole logical line without its indentation.
    pub place: Place,
}

/// A key with `-` for each `_`: both spellings are one key.
pub fn normalise_key(key: &str) -> String {
    key.replace('_', "-")
}

/// Whether a (normalised) key is a hook command: its value is a shell command, and it may stand many times.
pub fn is_hook(key: &str) -> bool {
    matches!(key, "pre-up" | "up" | "post-up" | "pre-down" | "down" | "post-down")
}
