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
        let names: Vec<String> = ifaces(new).into_keys().collect();
        return match names.len() {
            0 => "no interface".to_owned(),
            _ => named(&names),
        };
    };
    let (was, is) = (ifaces(old), ifaces(new));
    let only_in = |these: &BTreeMap<String, String>, those: &BTreeMap<String, String>| {
        let names = these.keys().filter(|name| !those.contains_key(*name));
        names.cloned().collect::<Vec<String>>()
    };
    let changed = is
        .iter()
        .filter(|(name, text)| was.get(*name).is_some_and(|old| old != *text));
    let others = other_files(old, new);
    let parts: Vec<String> = [
        (only_in(&is, &was), "added"),
        (changed.map(|(name, _)| name.clone()).collect(), "changed"),
        (only_in(&was, &is), "removed"),
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

/// Each interface with all that is said of it: its `auto` lines and stanzas, without comments.
fn ifaces(files: &Files) -> BTreeMap<String, String> {
    let mut sources = Sources::new();
    let mut all: BTreeMap<String, String> = BTreeMap::new();
    for (path, content) in files.0.iter().filter(|(path, _)| !is_ours(path)) {
        let file = sources.add(path, content.bytes.clone());
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
