//! Interfaces as written: stanzas merged by name, options found in the table, values typed, every place kept.

mod classes;
mod executors;
mod heritage;
mod merge;
mod options;
mod spelling;
#[cfg(test)]
mod tests;

use crate::attr::{Attr, Value};
use crate::desired::{Hook, HookVars};
use crate::hash::Map;
use crate::name::IfName;
use crate::pattern;
use cleat_diag::{Place, Spanned};
use cleat_eni::{Family, Mapping, RenamePair};

pub use merge::declare;
pub(crate) use options::bad_value;

/// The codes of warnings about what is written rightly, in the vocabulary of ifupdown2 and the others, and not done by
/// this program yet; `vlan` stanzas of ifupdown2 are among those of an unknown keyword.
pub const NOT_DONE: [&str; 3] = ["dhcp-not-yet", "not-handled", "unknown-stanza"];

/// How a stanza gets its addresses.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Method {
    /// `static`: as written. Also where no method is written.
    Static,
    /// `manual`: none but those written.
    Manual,
    /// `loopback`.
    Loopback,
    /// `dhcp` (and ifupdown2's `dhcp6`).
    Dhcp,
    /// `inet6 auto`: from router advertisements.
    Auto,
}

impl Method {
    /// The word of the file.
    pub fn word(self) -> &'static str {
        match self {
            Method::Static => "static",
            Method::Manual => "manual",
            Method::Loopback => "loopback",
            Method::Dhcp => "dhcp",
            Method::Auto => "auto",
        }
    }
}

/// One `iface` stanza of an interface.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Stanza {
    /// The family, where one is written.
    pub family: Option<Family>,
    /// The method.
    pub method: Method,
    /// Whether the method is written.
    pub method_said: bool,
    /// `eno1:1` where the stanza is that of an alias label.
    pub label: Option<String>,
    /// The header line.
    pub place: Place,
    /// From the header to the last option.
    pub whole: Place,
}

/// One option line.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Said {
    /// The key, with `-` for `_`.
    pub key: Spanned<String>,
    /// The value as written; `$IFACE` is put in.
    pub value: cleat_eni::Value,
    /// The whole line.
    pub place: Place,
    /// The row, where the key has one.
    pub attr: Option<Row>,
    /// The value of a scalar row; `None` for structure, for unknown keys, and where the value is wrong (reported).
    pub typed: Option<Value>,
    /// Which of [`Decl::stanzas`] it is in.
    pub stanza: usize,
    /// Whether it came by `inherits`.
    pub inherited: bool,
    /// Whether it counts once and another line of it holds.
    pub overruled: bool,
}

impl Said {
    /// Name of the row, or the key where there is none.
    pub fn name(&self) -> &str {
        self.attr.map_or(self.key.value.as_str(), |row| row.0.name)
    }
}

/// A row of the table; two are equal when they are the same row.
#[derive(Clone, Copy, Debug)]
pub struct Row(pub &'static Attr);

impl PartialEq for Row {
    fn eq(&self, other: &Self) -> bool {
        std::ptr::eq(self.0, other.0)
    }
}

impl Eq for Row {}

/// One interface as written.
#[derive(Clone, Debug)]
pub struct Decl {
    /// Its name.
    pub name: IfName,
    /// Header of its first stanza.
    pub place: Place,
    /// Its name in that header.
    pub name_place: Place,
    /// The logical name whose stanzas these are, where it is another (`auto eth0=work`, mapping).
    pub logical: String,
    /// Its stanzas in order.
    pub stanzas: Vec<Stanza>,
    /// Classes it is in.
    pub classes: Vec<Spanned<String>>,
    /// `no-auto-down` names it.
    pub no_auto_down: bool,
    /// `no-scripts` names it.
    pub no_scripts: bool,
    /// All option lines but hooks, stanza by stanza, inherited ones first.
    pub options: Vec<Said>,
    /// Hook lines in order.
    pub hooks: Vec<Hook>,
}

impl Decl {
    /// An interface of which nothing is written yet.
    fn new(name: IfName, logical: &str, place: Place, name_place: Place) -> Self {
        Self {
            name,
            place,
            name_place,
            logical: logical.to_owned(),
            stanzas: Vec::new(),
            classes: Vec::new(),
            no_auto_down: false,
            no_scripts: false,
            options: Vec::new(),
            hooks: Vec::new(),
        }
    }

    /// All lines of the row of that name.
    pub fn all<'a>(&'a self, name: &'a str) -> impl DoubleEndedIterator<Item = &'a Said> {
        self.options.iter().filter(move |said| said.name() == name)
    }

    /// The lines of one of [`Decl::stanzas`]: options stand stanza by stanza. A name may have 100,000 stanzas, so that none
    /// of them can look through the lines of all.
    pub fn lines_of(&self, stanza: usize) -> &[Said] {
        let before = self.options.partition_point(|said| said.stanza < stanza);
        let within = self.options[before..].partition_point(|said| said.stanza == stanza);
        &self.options[before..before + within]
    }

    /// The line that holds of an option that counts once: the first of its own, else the last that is inherited. Of one
    /// that counts more often, the last.
    pub fn last(&self, name: &str) -> Option<&Said> {
        let mut options = self.options.iter().rev();
        options.find(|said| said.name() == name && !said.overruled)
    }

    /// Whether it is in that class.
    pub fn is_in(&self, class: &str) -> bool {
        self.classes.iter().any(|found| found.value == class)
    }

    /// What hook scripts get.
    pub fn vars(&self) -> HookVars {
        // `iface`, a family and a method take 18 bytes at most; a space and a line end stand in the line of an option.
        let options = self.options.iter();
        let lines = options.map(|said| said.key.value.len() + said.value.text.len() + 2);
        let mut vars = HookVars::with_room(20 * self.stanzas.len() + lines.sum::<usize>());
        for stanza in &self.stanzas {
            vars.add_stanza(stanza.family.as_ref().map_or("", Family::word), stanza.method.word());
        }
        for said in &self.options {
            vars.add_option(&said.key.value, &said.value.text);
        }
        vars
    }
}

/// All interfaces as written.
#[derive(Clone, Debug, Default)]
pub struct Decls {
    decls: Vec<Decl>,
    by_name: Map<IfName, usize>,
    /// `mapping` stanzas, in order.
    pub mappings: Vec<Mapping>,
    /// `rename` pairs, in order.
    pub renames: Vec<RenamePair>,
    /// What hardware addresses are drawn from (`hwaddress random`): other on each boot of each machine.
    pub draw: u64,
    /// Stanzas that are not interfaces: templates, and logical names that the kernel would not take.
    logical: Map<String, Decl>,
}

impl Decls {
    /// How many there are.
    pub fn len(&self) -> usize {
        self.decls.len()
    }

    /// Whether nothing is written.
    pub fn is_empty(&self) -> bool {
        self.decls.is_empty()
    }

    /// In the order of their first stanzas.
    pub fn iter(&self) -> impl Iterator<Item = &Decl> {
        self.decls.iter()
    }

    /// The interface of that name.
    pub fn get(&self, name: IfName) -> Option<&Decl> {
        self.by_name.get(&name).map(|at| &self.decls[*at])
    }

    /// The interface of that name, by text.
    pub fn find(&self, name: &str) -> Option<&Decl> {
        self.get(IfName::new(name).ok()?)
    }

    /// The interfaces that a shell pattern means, in the order of the file; `None` for a plain name.
    ///
    /// *Shape*: `/eth*`, `/eth*/2` (only the second), or `eth*`. *Source*: interfaces(5) of classic ifupdown, "pattern
    /// matching interfaces"; ifupdown2 takes `eth*`.
    pub fn matching(&self, word: &str) -> Option<Vec<IfName>> {
        let (glob, nth) = pattern::of_names(word)?;
        let names = self.decls.iter().map(|decl| decl.name);
        let mut names = names.filter(|name| pattern::matches(glob, name.as_str()));
        Some(match nth {
            Some(nth) => nth
                .checked_sub(1)
                .and_then(|before| names.nth(before))
                .into_iter()
                .collect(),
            None => names.collect(),
        })
    }

    /// Whether any stanza has that logical name (which need not be a name the kernel takes).
    pub fn has_logical(&self, name: &str) -> bool {
        self.logical.contains_key(name) || self.find(name).is_some()
    }

    /// Configures the interface `physical` by the stanzas of the logical name: `ifup eth0=work`, or what a mapping
    /// script said. `false` where no stanza has that name.
    pub fn map(&mut self, physical: IfName, logical: &str) -> bool {
        let Some(mut decl) = self.logical.get(logical).or_else(|| self.find(logical)).cloned() else {
            return false;
        };
        decl.name = physical;
        if let Some(old) = self.get(physical) {
            decl.classes.clone_from(&old.classes);
            decl.no_auto_down = old.no_auto_down;
            decl.no_scripts = old.no_scripts;
        }
        self.insert(decl);
        self.leave_to_logical(physical, logical);
        true
    }

    /// A stanza that an interface was mapped to is none of an interface of its own name, unless a class names that.
    fn leave_to_logical(&mut self, physical: IfName, logical: &str) {
        let only_logical = self
            .find(logical)
            .filter(|decl| decl.name != physical && decl.classes.is_empty())
            .map(|decl| decl.name);
        if let Some(name) = only_logical {
            self.decls.retain(|decl| decl.name != name);
            let places = self.decls.iter().enumerate();
            self.by_name = places.map(|(at, decl)| (decl.name, at)).collect();
        }
    }

    fn reserve(&mut self, more: usize) {
        self.decls.reserve(more);
        self.by_name.reserve(more);
    }

    fn insert(&mut self, decl: Decl) {
        match self.by_name.get(&decl.name) {
            Some(at) => self.decls[*at] = decl,
            None => {
                self.by_name.insert(decl.name, self.decls.len());
                self.decls.push(decl);
            }
        }
    }
}
