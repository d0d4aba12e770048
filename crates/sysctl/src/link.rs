//! What is said of one link, before it is there.

use crate::check::Reading;
use crate::key::Key;
use crate::settings::{Setting, Settings};
use crate::wanted::{Wanted, is_writable, last_of_each};
use cleat_root::{Root, is_pattern, matches, paths};
use std::collections::{BTreeSet, HashMap};
use std::path::Path;

/// The directories that hold one directory for each link; udev has systemd-sysctl look at the same when a link appears.
///
/// *Source*: 99-systemd.rules of systemd.
pub const TABLES: [&str; 4] = ["net/ipv4/conf", "net/ipv4/neigh", "net/ipv6/conf", "net/ipv6/neigh"];

/// Settings that a new link does not just copy from `default`: the kernel looks at what kind of link it is.
///
/// *Source*: `ipv6_add_dev` in net/ipv6/addrconf.c.
const OWN_START: [&str; 3] = ["accept_dad", "router_solicitations", "use_tempaddr"];

/// What sysctl.d says of links, to be asked for links that are about to be made.
#[derive(Debug)]
pub struct NewLinks<'a> {
    root: &'a Root,
    settings: &'a Settings,
    /// The names of the settings of a link, by table, as `lo` has them.
    names: Vec<(&'static str, BTreeSet<String>)>,
    /// Values of `default` that were read.
    defaults: HashMap<Key, Reading>,
}

impl<'a> NewLinks<'a> {
    /// Looks at which settings a link has on this kernel.
    pub fn new(root: &'a Root, settings: &'a Settings) -> Self {
        let names = |table: &'static str| {
            let directory = Path::new(paths::PROC_SYS).join(table).join("lo");
            let names = root.read_dir(directory).unwrap_or_default();
            let names = names.iter().map(|name| name.to_string_lossy().into_owned());
            (table, names.collect())
        };
        Self {
            root,
            settings,
            names: TABLES.map(names).into(),
            defaults: HashMap::new(),
        }
    }

    /// The settings that a link of that name is to have and would not come with: it begins with a copy of `default`.
    ///
    /// *Shape*: in the order in which they are to be written. Settings that this kernel does not have are left out.
    pub fn of(&mut self, link: &str) -> Vec<Wanted> {
        let mut all = Vec::new();
        for setting in self.settings.iter().filter(|setting| setting.value.is_some()) {
            for key in self.keys(setting, link) {
                let pattern = setting.key.is_pattern().then(|| setting.key.clone());
                all.extend(Wanted::of(setting, key, pattern));
            }
        }
        let mut all = last_of_each(all);
        all.retain(|wanted| !self.comes_with(link, wanted) && !self.is_read_only(link, wanted));
        all
    }

    /// The settings of the link that a line speaks of.
    fn keys(&self, setting: &Setting, link: &str) -> Vec<Key> {
        if !setting.key.is_pattern() {
            return Vec::from_iter(self.has(link, &setting.key).then(|| setting.key.clone()));
        }
        let mut keys = Vec::new();
        for word in cleat_root::expand_braces(setting.key.as_str()).unwrap_or_default() {
            let Some((tables, rest)) = word
                .rsplit_once('/')
                .and_then(|(path, last)| Some((path.rsplit_once('/')?, last)))
            else {
                continue;
            };
            let (table_pattern, link_pattern) = tables;
            if !fits(link_pattern, link) {
                continue;
            }
            for (table, names) in &self.names {
                if !Key::literal(table_pattern).matches(&Key::literal(table)) {
                    continue;
                }
                let names = names.iter().filter(|name| fits(rest, name));
                keys.extend(names.map(|name| Key::literal(&format!("{table}/{link}/{name}"))));
            }
        }
        keys.retain(|key| self.settings.get(key).is_none());
        keys
    }

    /// Whether a key is one of the link's settings.
    fn has(&self, link: &str, key: &Key) -> bool {
        let in_table = |(table, names): &(&str, BTreeSet<String>)| {
            let rest = key.as_str().strip_prefix(table).and_then(|rest| rest.strip_prefix('/'));
            let name = rest.and_then(|rest| rest.strip_prefix(link)?.strip_prefix('/'));
            name.is_some_and(|name| names.contains(name))
        };
        self.names.iter().any(in_table)
    }

    /// Whether a pattern came upon a setting that can only be read, as `lo` has it.
    fn is_read_only(&self, link: &str, wanted: &Wanted) -> bool {
        let of_lo = wanted.key.as_str().replacen(&format!("/{link}/"), "/lo/", 1);
        wanted.pattern.is_some() && !is_writable(self.root, &Key::literal(&of_lo))
    }

    /// Whether the link has the value from the start.
    fn comes_with(&mut self, link: &str, wanted: &Wanted) -> bool {
        let Some((table, name)) = wanted.key.as_str().split_once(&format!("/{link}/")) else {
            return false;
        };
        if OWN_START.contains(&name) {
            return false;
        }
        let default = Key::literal(&format!("{table}/default/{name}"));
        let root = self.root;
        let found = self
            .defaults
            .entry(default)
            .or_insert_with_key(|key| Reading::read(root, key));
        found.is(wanted)
    }
}

fn fits(pattern: &str, name: &str) -> bool {
    match is_pattern(pattern) {
        true => matches(pattern, name),
        false => pattern == name,
    }
}
