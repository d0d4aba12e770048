//! What is to be written: patterns expanded, prefixes honoured, and an order in which no write undoes another.

use crate::key::Key;
use crate::resets::{is_one_setting, may_reset, rank, resets, resolve};
use crate::settings::{Setting, Settings};
use crate::value::Value;
use cleat_diag::{Diagnostic, Place};
use cleat_root::Root;
use std::collections::HashMap;
use std::os::unix::fs::PermissionsExt;

/// One value that one setting is to have.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Wanted {
    /// The setting; never a pattern.
    pub key: Key,
    /// The value.
    pub value: Value,
    /// Nothing is said where it cannot be written.
    pub may_fail: bool,
    /// The line that says so.
    pub place: Place,
    /// The pattern that the line has, where it has one.
    pub pattern: Option<Key>,
    /// Lines that said otherwise and do not hold, the first one first.
    pub overridden: Vec<(Place, Option<Value>)>,
    /// Values that systemd-sysctl writes before this one, of other patterns or under the other name of the setting, the
    /// first one first: where the kernel refuses this one, the last of them stays.
    pub before: Vec<(Place, Value)>,
}

impl Wanted {
    pub(crate) fn of(setting: &Setting, key: Key, pattern: Option<Key>) -> Option<Self> {
        Some(Self {
            key,
            value: setting.value.clone()?,
            may_fail: setting.may_fail,
            place: setting.place,
            pattern,
            overridden: setting.overridden.clone(),
            before: Vec::new(),
        })
    }

    /// Takes the place of what another pattern, or the other name of the setting, has said before.
    fn comes_after(&mut self, old: Wanted) {
        let lines = old.overridden.into_iter().chain([(old.place, Some(old.value.clone()))]);
        self.overridden = lines.chain(std::mem::take(&mut self.overridden)).collect();
        self.before = old.before;
        self.before.push((old.place, old.value));
    }
}

impl Settings {
    /// What systemd-sysctl would write, in its order; with prefixes only what is below one of them.
    ///
    /// A pattern stands for what is below /proc/sys now, without what another line names or excludes.
    pub fn as_systemd(&self, root: &Root, prefixes: &[Key]) -> Vec<Wanted> {
        let inside = |key: &Key| prefixes.is_empty() || prefixes.iter().any(|prefix| key.is_below(prefix));
        let mut all: Vec<Wanted> = Vec::new();
        for setting in self.iter() {
            if !setting.key.is_pattern() {
                all.extend(Wanted::of(setting, setting.key.clone(), None).filter(|wanted| inside(&wanted.key)));
                continue;
            }
            let keys = expand(root, &setting.key).into_iter();
            let free = keys.filter(|key| inside(key) && self.get(key).is_none());
            all.extend(free.filter_map(|key| Wanted::of(setting, key, Some(setting.key.clone()))));
        }
        all
    }

    /// What is to be in force, each setting once, in an order in which no write undoes another: what resets others
    /// comes before them.
    ///
    /// # Errors
    /// As warnings: settings that systemd-sysctl writes too early, so that a later write of its own resets them.
    pub fn wanted(&self, root: &Root, prefixes: &[Key]) -> (Vec<Wanted>, Vec<Diagnostic>) {
        let mut all = last_of_each(self.as_systemd(root, prefixes));
        // A pattern that comes upon what can only be read does not mean it.
        all.retain(|wanted| wanted.pattern.is_none() || is_writable(root, &wanted.key));
        let mut found = reset(&all);
        found.extend(self.never_matching(prefixes));
        all.sort_by_key(|wanted| rank(&wanted.key));
        (all, found)
    }

    /// Patterns, and keys that are taken out of patterns, with a link's name that has a dot in it: with dots around, the
    /// part behind that dot is taken for a name of its own, so that they match nothing.
    fn never_matching(&self, prefixes: &[Key]) -> Vec<Diagnostic> {
        let inside = |key: &Key| prefixes.is_empty() || prefixes.iter().any(|prefix| key.is_below(prefix));
        let said = self.iter().filter(|setting| inside(&setting.key));
        let patterns = said.filter(|setting| setting.key.is_pattern() || setting.value.is_none());
        let warning = |setting: &Setting| {
            let meant = of_dotted_link(&setting.key)?;
            let text = format!("`{}` matches no setting", setting.key);
            let found = Diagnostic::warning("sysctl-unknown", text).at(setting.place, "");
            Some(found.help(dotted_help(&meant)))
        };
        patterns.filter_map(warning).collect()
    }

    /// The patterns that give a setting a value, under either of its names.
    pub fn patterns_of(&self, key: &Key) -> impl DoubleEndedIterator<Item = &Setting> {
        let names = [key.clone(), resolve(key)];
        self.iter().filter(move |setting| {
            let speaks = |name: &Key| setting.key.matches(name);
            setting.key.is_pattern() && setting.value.is_some() && names.iter().any(speaks)
        })
    }

    /// The value that a setting is to have, under either of its names, by a line of its own or by a pattern, also where the
    /// kernel does not have it yet; `wanted` as [`Settings::wanted`] answered.
    pub fn value_of(&self, wanted: &[Wanted], key: &Key) -> Option<Value> {
        let known = wanted.iter().rfind(|wanted| is_one_setting(&wanted.key, key));
        let by_pattern = || match self.get(key) {
            Some(_) => None,
            None => self.patterns_of(key).next_back()?.value.clone(),
        };
        known.map(|wanted| wanted.value.clone()).or_else(by_pattern)
    }
}

/// Of two names of one setting that get two values the last one holds; `all` as [`Settings::wanted`] answered.
pub fn last_of_names(all: Vec<Wanted>) -> Vec<Wanted> {
    let mut kept: Vec<Wanted> = Vec::with_capacity(all.len());
    for mut wanted in all {
        // Only what resets others has two names.
        if may_reset(&wanted.key) {
            let is_other = |known: &Wanted| is_one_setting(&known.key, &wanted.key) && known.value != wanted.value;
            if let Some(old) = kept.iter().position(is_other).map(|at| kept.remove(at)) {
                wanted.comes_after(old);
            }
        }
        kept.push(wanted);
    }
    kept
}

/// Of several patterns that match one setting the last one holds, as each writes over the one before it.
pub(crate) fn last_of_each(all: Vec<Wanted>) -> Vec<Wanted> {
    let mut at: HashMap<Key, usize> = HashMap::new();
    let mut kept: Vec<Option<Wanted>> = Vec::new();
    for mut wanted in all {
        let before = at.insert(wanted.key.clone(), kept.len()).and_then(|at| kept[at].take());
        if let Some(old) = before.filter(|old| old.value != wanted.value) {
            wanted.comes_after(old);
        }
        kept.push(Some(wanted));
    }
    kept.into_iter().flatten().collect()
}

/// Settings that a later write gives another value, in systemd-sysctl's order.
fn reset(all: &[Wanted]) -> Vec<Diagnostic> {
    let causes: Vec<(usize, &Wanted)> = all
        .iter()
        .enumerate()
        .filter(|(_, wanted)| may_reset(&wanted.key))
        .collect();
    let mut found = Vec::new();
    for (at, early) in all.iter().enumerate() {
        let mut later = causes.iter().filter(|(cause, _)| *cause > at).map(|(_, late)| *late);
        let late = later.rfind(|late| resets(&late.key, &early.key));
        if let Some(late) = late.filter(|late| late.value != early.value) {
            found.push(lost(early, late));
        }
    }
    found
}

fn lost(early: &Wanted, late: &Wanted) -> Diagnostic {
    let place = |warning: Diagnostic, label: &str| {
        let warning = warning.at(early.place, label);
        warning.note_at(late.place, format!("`{}` is set", late.key))
    };
    if is_one_setting(&early.key, &late.key) {
        let text = format!("`{}` and `{}` are one setting, and get two values", early.key, late.key);
        return place(Diagnostic::warning("sysctl-reset", text), "does not hold").help("remove one of the lines");
    }
    let text = format!("`{}` is reset when `{}` is written after it", early.key, late.key);
    place(
        Diagnostic::warning("sysctl-reset", text),
        "written too early by systemd-sysctl",
    )
    .help("cleat-sysctl writes it last; to have systemd-sysctl do so, too, swap the lines")
}

/// The key that was meant where the name of a link has dots: `net.ipv6.conf.eno1.100.disable_ipv6` is read as a setting
/// `100/disable_ipv6` of eno1, which no link has.
pub(crate) fn of_dotted_link(key: &Key) -> Option<Key> {
    let parts: Vec<&str> = key.parts().collect();
    match parts.as_slice() {
        ["net", "ipv4" | "ipv6", "conf" | "neigh", link @ .., name] if link.len() > 1 => Some(Key::literal(&format!(
            "{}/{}/{name}",
            parts[..3].join("/"),
            link.join(".")
        ))),
        _ => None,
    }
}

/// What to do about it. *Source*: sysctl.d(5), "configuration format": the first separator decides what a dot is.
pub(crate) fn dotted_help(meant: &Key) -> String {
    format!(
        "write `{}`: with slashes, a dot is a part of the link's name",
        meant.as_str()
    )
}

/// Whether anybody may write a setting; some can only be read (`mc_forwarding`). What cannot be looked at is tried.
pub(crate) fn is_writable(root: &Root, key: &Key) -> bool {
    root.metadata(key.path())
        .map_or(true, |found| found.permissions().mode() & 0o222 != 0)
}

/// The settings below /proc/sys that a pattern matches, sorted.
fn expand(root: &Root, pattern: &Key) -> Vec<Key> {
    let paths = root.glob(&pattern.path().to_string_lossy(), "/");
    paths.iter().filter_map(|path| Key::of_path(path)).collect()
}
