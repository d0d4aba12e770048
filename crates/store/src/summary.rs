//! What changed from one generation to the next, in one line.

use crate::Files;
use cleat_diag::{Place, Sources};
use cleat_eni::{Item, parse};
use cleat_root::{matches, paths};
use std::collections::BTreeMap;
use std::path::Path;

/// Names of one kind of change that are listed; of more only the number is said.
const LISTED: usize = 4;

/// What changed, by interfaces: `vmbr1 added; eno1 and vmbr0 changed`; then our other files. Without an earlier
/// generation, the interfaces that there are.
pub(crate) fn summary(old: Option<&Files>, new: &Files) -> String {
    let Some(old) = old else {
        let names: Vec<String> = ifaces(new.texts()).into_keys().collect();
        return match names.len() {
            0 => "no interface".to_owned(),
            _ => named(&names),
        };
    };
    let (was, is) = match between(old, new) {
        Some(part) => part,
        None => (ifaces(old.texts()), ifaces(new.texts())),
    };
    told(&was, &is, other_files(old, new))
}

/// What changed from one to the other, and our files that differ.
fn told(was: &Said, is: &Said, others: Vec<String>) -> String {
    let only_in = |these: &Said, those: &Said| {
        let names = these.keys().filter(|name| !those.contains_key(*name));
        names.cloned().collect::<Vec<String>>()
    };
    let changed = is
        .iter()
        .filter(|(name, text)| was.get(*name).is_some_and(|old| old != *text));
    let parts: Vec<String> = [
        (only_in(is, was), "added"),
        (changed.map(|(name, _)| name.clone()).collect(), "changed"),
        (only_in(was, is), "removed"),
        (others, "changed"),
    ]
    .into_iter()
    .filter(|(names, _)| !names.is_empty())
    .map(|(names, word)| format!("{} {word}", named(&names)))
    .collect();
    match parts.is_empty() {
        true => "no interface changed, only other lines".to_owned(),
        false => parts.join("; "),
    }
}

/// Our own files that differ: pins and sysctl snippets.
fn other_files(old: &Files, new: &Files) -> Vec<String> {
    let mut paths: Vec<&Path> = old.0.keys().chain(new.0.keys()).map(AsRef::as_ref).collect();
    paths.sort_unstable();
    paths.dedup();
    let bytes = |files: &Files, path: &Path| files.0.get(path).map(|content| content.bytes.clone());
    let differ = paths
        .into_iter()
        .filter(|path| is_ours(path) && bytes(old, path) != bytes(new, path));
    differ.map(|path| path.display().to_string()).collect()
}

fn is_ours(path: &Path) -> bool {
    let text = path.to_string_lossy();
    paths::OUR_FILES.iter().any(|pattern| matches(pattern, &text))
}

/// What is said of each interface: its `auto` lines and stanzas, without comments.
type Said = BTreeMap<String, String>;

impl Files {
    /// The interfaces files among them.
    fn texts(&self) -> impl Iterator<Item = (&Path, &[u8])> {
        let texts = self.0.iter().filter(|(path, _)| !is_ours(path));
        texts.map(|(path, content)| (path.as_path(), content.bytes.as_slice()))
    }
}

/// What the old and the new files say of interfaces where they differ, if that can be judged without the rest: in one
/// file, from one stanza to another. To take apart a thousand stanzas that are as they were is most of the work otherwise.
fn between(old: &Files, new: &Files) -> Option<(Said, Said)> {
    let mut differ = new.texts().filter(|(path, bytes)| {
        let was = old.0.get(*path).map(|content| content.bytes.as_slice());
        was != Some(bytes)
    });
    let (path, is) = differ.next()?;
    if differ.next().is_some() || old.texts().any(|(path, _)| !new.0.contains_key(path)) {
        return None;
    }
    let was = std::str::from_utf8(&old.0.get(path)?.bytes).ok()?;
    let is = std::str::from_utf8(is).ok()?;
    let (head, tail) = alike(was, is)?;
    let part = |text: &str| {
        Some(ifaces(std::iter::once((
            path,
            text.get(head..text.len() - tail)?.as_bytes(),
        ))))
    };
    let (said_was, said_is) = (part(was)?, part(is)?);
    // One that the rest of the files may name, too, is neither added nor removed.
    let rest = [is.get(..head)?, is.get(is.len() - tail..)?];
    let is_named = |name: &String| {
        let mut others = new.texts().filter(|(other, _)| *other != path);
        rest.iter().any(|text| text.contains(name.as_str()))
            || others.any(|(_, bytes)| String::from_utf8_lossy(bytes).contains(name.as_str()))
    };
    let moved = |these: &Said, those: &Said| {
        let mut names = these.keys().filter(|name| !those.contains_key(*name));
        names.any(is_named)
    };
    (!moved(&said_is, &said_was) && !moved(&said_was, &said_is)).then_some((said_was, said_is))
}

/// How many bytes two files have in common at their beginning and their end, each up to the first line of a stanza; none
/// where lines that are continued, or bytes that no text has, leave it open what a line belongs to.
fn alike(was: &str, is: &str) -> Option<(usize, usize)> {
    if [was, is].iter().any(|text| text.contains('\\') || text.contains('\0')) {
        return None;
    }
    let same = |(one, other): &(u8, u8)| one == other;
    let begins = was.bytes().zip(is.bytes()).take_while(same).count();
    let is_head = |text: &str, at: usize| {
        let rest = text.get(at..).unwrap_or_default();
        rest.starts_with("auto ") || rest.starts_with("iface ")
    };
    let lines = was.get(..begins)?.match_indices('\n').map(|(at, _)| at + 1);
    let head = lines
        .rev()
        .find(|at| is_head(was, *at) && is_head(is, *at))
        .unwrap_or(0);
    let (was, is) = (was.get(head..)?, is.get(head..)?);
    let ends = was.bytes().rev().zip(is.bytes().rev()).take_while(same).count();
    let from = was.len() - ends;
    let mut lines = was.get(from..)?.match_indices('\n').map(|(at, _)| from + at + 1);
    let tail = lines.find(|at| is_head(was, *at)).map_or(0, |at| was.len() - at);
    Some((head, tail))
}

/// Each interface of these files with all that is said of it.
fn ifaces<'a>(files: impl Iterator<Item = (&'a Path, &'a [u8])>) -> Said {
    let mut sources = Sources::new();
    let mut all = Said::new();
    for (path, bytes) in files {
        let file = sources.add(path, bytes.to_vec());
        let Some(source) = sources.get(file) else { continue };
        let (document, _) = parse(file, source);
        let mut add = |name: &str, text: &str| {
            let said = all.entry(name.to_owned()).or_default();
            *said += text;
            said.push('\n');
        };
        let text = |place: Place| {
            let bytes = source.bytes().get(place.span.range()).unwrap_or_default();
            String::from_utf8_lossy(bytes).into_owned()
        };
        for item in document.items() {
            match item {
                Item::Auto(class) => class.names.iter().for_each(|name| add(&name.value, &class.class.value)),
                Item::Iface(iface) => {
                    let places = iface.options.iter().map(|option| option.place);
                    let lines: Vec<String> = std::iter::once(iface.place).chain(places).map(text).collect();
                    add(&iface.name.value, &lines.join("\n"));
                }
                _ => {}
            }
        }
    }
    all
}

/// `eno1`, `eno1 and vmbr0`, `eno1, eno2, eno3, eno4 and 2 others`.
fn named(names: &[String]) -> String {
    match names {
        [] => String::new(),
        [one] => one.clone(),
        [first @ .., last] if names.len() <= LISTED => format!("{} and {last}", first.join(", ")),
        _ => {
            let (first, rest) = names.split_at(LISTED);
            let others = if rest.len() == 1 { "other" } else { "others" };
            format!("{} and {} {others}", first.join(", "), rest.len())
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Content;

    fn files(pairs: &[(&str, &str)]) -> Files {
        let all = pairs.iter().map(|(path, text)| {
            let bytes = text.as_bytes().to_vec();
            ((*path).into(), Content { bytes, mode: 0o644 })
        });
        Files(all.collect())
    }

    const LIVE: &str = paths::INTERFACES;
    const PIN: &str = "/etc/systemd/network/10-cleat-lan0.link";
    const OLD: &str = "auto lo\niface lo inet loopback\n\nauto eno1\niface eno1\n\taddress 192.0.2.1/24\n";

    #[test]
    fn a_change_is_told_by_the_interfaces_that_it_is_about() {
        let told = |new: &str| summary(Some(&files(&[(LIVE, OLD)])), &files(&[(LIVE, new)]));
        assert_eq!(told(&OLD.replace("2.1", "2.2")), "eno1 changed");
        assert_eq!(told(&OLD.replace("auto eno1\n", "")), "eno1 changed");
        assert_eq!(told(&format!("{OLD}\niface vmbr0\n")), "vmbr0 added");
        assert_eq!(told("auto lo\niface lo inet loopback\n"), "eno1 removed");
        assert_eq!(told(&format!("# why\n{OLD}")), "no interface changed, only other lines");
        let new = "auto eno2\niface eno2\niface eno1\n\taddress 192.0.2.1/24\n";
        assert_eq!(told(new), "eno2 added; eno1 changed; lo removed");
    }

    #[test]
    fn a_stanza_that_moves_to_another_file_or_place_has_not_changed() {
        let other = "/etc/network/interfaces.d/lan";
        let (lo, eno1) = OLD.split_once("\n\n").unwrap();
        let new = files(&[(LIVE, &format!("{lo}\nsource {other}\n")), (other, eno1)]);
        let told = summary(Some(&files(&[(LIVE, OLD)])), &new);
        assert_eq!(told, "no interface changed, only other lines");
    }

    /// Second witness: the whole files, taken apart.
    #[test]
    fn where_files_differ_says_what_the_whole_files_say() {
        let stanza = |name: &str, last: u32| format!("auto {name}\niface {name}\n\taddress 192.0.2.{last}/24\n");
        let base: String = (1..20).map(|last| stanza(&format!("eno{last}"), last)).collect();
        let edits = [
            base.replace("2.7/24", "2.70/24"),
            base.replace("2.7/24\n", "2.7/24\n# why\n"),
            base.replace(&stanza("eno7", 7), ""),
            base.replace("auto eno7\n", ""),
            base.replace("auto eno7\n", "auto vmbr0 eno7\n"),
            base.replace("auto eno7\n", "auto eno7 eno3\n"),
            base.replace("iface eno7\n", "iface vmbr0\n"),
            base.replace("iface eno7\n", "iface eno3\n"),
            base.replace("iface eno7\n", "\tmtu 1400\niface eno7\n"),
            base.replace("iface eno7\n", "mapping eno7\n"),
            base.replace("iface eno7\n", "iface \\\neno7\n"),
            base.replace(&stanza("eno3", 3), "") + &stanza("eno3", 3),
            stanza("lo", 1) + &base,
            base.clone() + "# the end",
            base.clone() + "\tmtu 1400\n",
            stanza("eno19", 19),
            String::new(),
        ];
        let other = ("/etc/network/interfaces.d/lan", "auto lan0\niface lan0\n");
        let mut parts = 0;
        for (old, new) in edits.iter().flat_map(|edit| [(&base, edit), (edit, &base)]) {
            let (was, is) = (files(&[(LIVE, old), other]), files(&[(LIVE, new), other]));
            let whole = told(&ifaces(was.texts()), &ifaces(is.texts()), Vec::new());
            assert_eq!(summary(Some(&was), &is), whole, "{new}");
            parts += usize::from(between(&was, &is).is_some());
        }
        assert!(parts > edits.len(), "{parts}");
    }

    #[test]
    fn the_first_generation_lists_its_interfaces_and_pins_are_told_by_their_files() {
        assert_eq!(summary(None, &files(&[(LIVE, OLD)])), "eno1 and lo");
        assert_eq!(summary(None, &files(&[(LIVE, "")])), "no interface");
        let many: String = (1..8).map(|number| format!("iface eno{number}\n")).collect();
        assert_eq!(
            summary(None, &files(&[(LIVE, &many)])),
            "eno1, eno2, eno3, eno4 and 3 others"
        );
        let pinned = files(&[(LIVE, OLD), (PIN, "[Match]\n")]);
        assert_eq!(summary(Some(&files(&[(LIVE, OLD)])), &pinned), format!("{PIN} changed"));
    }
}
