//! What holds for every input: bytes of any kind, and text shaped like interfaces(5) with all its odd corners.

#![allow(clippy::unwrap_used)]

use cleat_diag::{Place, Source, Sources, render};
use cleat_eni::{ConfigSet, Document, Edit, Item, NewStanza, Value, Word, parse, rename_interface};
use cleat_root::Root;
use proptest::prelude::*;
use std::path::Path;
use std::sync::Arc;

fn document(bytes: &[u8]) -> Document {
    parse(Default::default(), &Arc::new(Source::new("/f", bytes.to_vec()))).0
}

/// Words of the grammar, and some of other tools.
const WORDS: &[&str] = &[
    "auto",
    "allow-hotplug",
    "iface",
    "template",
    "mapping",
    "rename",
    "source",
    "source-directory",
    "no-auto-down",
    "no-scripts",
    "vlan",
    "inherits",
    "inet",
    "static",
    "address",
    "bridge_ports",
    "bridge-ports",
    "bond-slaves",
    "post-up",
    "script",
    "map",
    "eno1",
    "eno1.5",
    "eno1:1",
    "eno1=8",
    "x=eno1",
    "swp[1-3]",
    "/eno*",
    "192.0.2.1/24",
    "#",
    "# note",
    "\\",
    "%",
    "é",
    "$HOME",
    "*",
    "a\\b",
];

/// Pieces of lines that the grammar knows, and some that it does not.
fn fragment() -> impl Strategy<Value = String> {
    prop_oneof![
        8 => prop::sample::select(WORDS).prop_map(str::to_owned),
        1 => "[ -~]{0,6}",
    ]
}

fn line() -> impl Strategy<Value = String> {
    let indent = prop::sample::select(["", "", "  ", "\t", " \t"].as_slice());
    let gap = prop::sample::select([" ", " ", "  ", "\t"].as_slice());
    let end = prop::sample::select(["\n", "\n", "\n", "\r\n", "\\\n", " \\\n", " \\\r\n", " \n"].as_slice());
    (indent, prop::collection::vec(fragment(), 0..5), gap, end)
        .prop_map(|(indent, words, gap, end)| format!("{indent}{}{end}", words.join(gap)))
}

/// Text shaped like interfaces(5).
fn shaped() -> impl Strategy<Value = String> {
    (prop::collection::vec(line(), 0..20), any::<bool>()).prop_map(|(lines, end)| {
        let text = lines.concat();
        if end {
            text
        } else {
            text.trim_end_matches(['\n', '\r']).to_owned()
        }
    })
}

/// The same, with a stanza and an option in it (unless a line above joins it).
fn with_stanza() -> impl Strategy<Value = String> {
    (shaped(), shaped()).prop_map(|(above, below)| {
        let line_end = if above.is_empty() || above.ends_with('\n') {
            ""
        } else {
            "\n"
        };
        format!("{above}{line_end}iface eno1 inet static\n\taddress 192.0.2.1/24\n{below}")
    })
}

/// Whether the last line of a text has its end, and no backslash that waits for another.
fn is_whole(text: &str) -> bool {
    let last = text
        .strip_suffix('\n')
        .map(|text| text.strip_suffix('\r').unwrap_or(text));
    last.is_some_and(|last| !last.ends_with('\\'))
}

fn words(item: &Item) -> Vec<Word> {
    match item {
        Item::Auto(class) | Item::NoAutoDown(class) | Item::NoScripts(class) => class.names.clone(),
        Item::Iface(iface) => {
            let mut words = vec![iface.name.clone()];
            words.extend(iface.inherits.iter().chain(&iface.method).cloned());
            words.extend(iface.options.iter().flat_map(|option| option.value.words()));
            words
        }
        Item::Mapping(mapping) => {
            let mut words = mapping.patterns.clone();
            words.extend(mapping.maps.iter().chain(&mapping.script).flat_map(Value::words));
            words
        }
        Item::Rename(pairs) => pairs
            .iter()
            .flat_map(|pair| [pair.from.clone(), pair.to.clone()])
            .collect(),
        Item::Source(include) | Item::SourceDirectory(include) => include.targets.clone(),
    }
}

/// The bytes at a place without the continuations in them.
fn joined(bytes: &[u8], place: Place) -> String {
    let text = String::from_utf8(bytes[place.span.range()].to_vec()).unwrap();
    text.replace("\\\r\n", "").replace("\\\n", "")
}

/// All that a document says, without places: what must not change beside an edit.
fn said(document: &Document) -> Vec<String> {
    let mut said = Vec::new();
    for (index, item) in document.items().iter().enumerate() {
        if let Some(iface) = item.as_iface() {
            said.push(format!(
                "{index} iface {} {:?}",
                iface.name.value,
                iface.method.as_ref().map(|word| &word.value)
            ));
            said.extend(
                iface
                    .options
                    .iter()
                    .map(|option| format!("{index} {} {}", option.written(), option.value.text)),
            );
        } else {
            said.push(format!(
                "{index} {:?}",
                words(item).iter().map(|word| &word.value).collect::<Vec<_>>()
            ));
        }
    }
    said
}

/// An option of the text: its stanza, key, number among its like, and value.
fn options(document: &Document) -> Vec<(usize, String, usize, String)> {
    let mut all = Vec::new();
    for (index, item) in document.items().iter().enumerate() {
        for option in item
            .as_iface()
            .map(|iface| iface.options.as_slice())
            .unwrap_or_default()
        {
            let same = |seen: &&(usize, String, usize, String)| seen.0 == index && seen.1 == option.key.value;
            let nth = all.iter().filter(same).count();
            all.push((index, option.key.value.clone(), nth, option.value.text.clone()));
        }
    }
    all
}

fn names_interface(key: &str) -> bool {
    matches!(key, "bridge-ports" | "bond-slaves")
}

fn set_of(text: &str) -> ConfigSet {
    ConfigSet::from_bytes(Path::new("/f"), text.as_bytes().to_vec(), &Root::at("/nonexistent")).0
}

/// Values that can be written on one line and read back.
fn value() -> impl Strategy<Value = String> {
    prop_oneof![Just(String::new()), "[!-\\[\\]-~é]([ -~é]{0,10}[!-\\[\\]-~é])?"]
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn any_bytes_come_back_and_render(bytes in prop::collection::vec(any::<u8>(), 0..300)) {
        let mut sources = Sources::new();
        let file = sources.add("/f", bytes.clone());
        let (document, diagnostics) = parse(file, &Arc::clone(sources.get(file).unwrap()));
        prop_assert_eq!(document.to_bytes(), bytes);
        for diagnostic in &diagnostics {
            let page = render::terminal(diagnostic, &sources, false);
            prop_assert!(page.contains(" --> /f:"), "{}", page);
            prop_assert!(!page.contains('\x1b'));
        }
    }

    #[test]
    fn shaped_text_comes_back_and_places_hold_the_words(text in shaped()) {
        let document = document(text.as_bytes());
        prop_assert_eq!(document.to_bytes(), text.as_bytes());
        for item in document.items() {
            for word in words(item) {
                prop_assert_eq!(joined(text.as_bytes(), word.place), word.value);
            }
            for option in item.as_iface().map(|iface| iface.options.as_slice()).unwrap_or_default() {
                prop_assert_eq!(joined(text.as_bytes(), option.value.place), option.value.text.clone());
                prop_assert_eq!(joined(text.as_bytes(), option.key.place), option.written());
            }
        }
    }

    #[test]
    fn a_value_that_is_set_is_read_back_and_nothing_else_changes(text in with_stanza(), pick in any::<prop::sample::Index>(), value in value()) {
        let before = document(text.as_bytes());
        let all = options(&before);
        prop_assume!(!all.is_empty());
        let at = pick.index(all.len());
        let (stanza, key, nth, old) = all[at].clone();
        // Such a key cannot lose its value: the backslash would join the next line.
        prop_assume!(!key.ends_with('\\') || !value.is_empty());
        let set = |value: &str| before.edited(&Edit::SetOption { stanza, key: key.clone(), nth, value: value.to_owned() });
        if let Ok(same) = set(&old) {
            prop_assert_eq!(same, text.as_bytes());
        }
        let after = document(&set(&value).unwrap());
        let mut expected = all;
        expected[at].3 = value;
        prop_assert_eq!(options(&after), expected);
    }

    #[test]
    fn an_option_that_is_added_and_removed_leaves_the_bytes(text in with_stanza(), pick in any::<prop::sample::Index>(), value in value()) {
        let before = document(text.as_bytes());
        let stanzas: Vec<usize> = (0..before.items().len()).filter(|at| before.items()[*at].as_iface().is_some()).collect();
        prop_assume!(!stanzas.is_empty());
        let stanza = stanzas[pick.index(stanzas.len())];
        let add = Edit::AddOption { stanza, key: "fresh-key".into(), value: value.clone() };
        let added = document(&before.edited(&add).unwrap());
        let mut read: Vec<_> = options(&added);
        read.retain(|option| option.1 == "fresh-key");
        prop_assert_eq!(read, [(stanza, "fresh-key".to_owned(), 0, value)]);
        let mut rest = said(&added);
        rest.retain(|line| !line.contains("fresh-key"));
        prop_assert_eq!(rest, said(&before));
        let removed = added.edited(&Edit::RemoveOption { stanza, key: "fresh-key".into(), nth: 0 }).unwrap();
        if is_whole(&text) {
            prop_assert_eq!(removed, text.as_bytes());
        } else {
            prop_assert_eq!(said(&document(&removed)), said(&before));
        }
    }

    #[test]
    fn a_stanza_that_is_added_is_read_back_and_leaves_again(text in shaped()) {
        let before = document(text.as_bytes());
        let new = NewStanza { name: "fresh".into(), options: vec![("mtu".into(), "9000".into())], auto: true, ..NewStanza::default() };
        let added = document(&before.edited(&Edit::AddStanza(new)).unwrap());
        let count = before.items().len();
        let mut expected = said(&before);
        expected.extend([format!("{count} [\"fresh\"]"), format!("{} iface fresh None", count + 1), format!("{} mtu 9000", count + 1)]);
        prop_assert_eq!(said(&added), expected);
        let removed = document(&added.edited(&Edit::RemoveStanza { stanza: count + 1 }).unwrap());
        let removed = document(&removed.edited(&Edit::RemoveName { class: "auto".into(), name: "fresh".into() }).unwrap());
        prop_assert_eq!(said(&removed), said(&before));
    }

    #[test]
    fn a_name_that_joins_a_class_and_leaves_it_changes_nothing(text in shaped()) {
        let before = document(text.as_bytes());
        let (class, name) = ("fresh".to_owned(), "eno1".to_owned());
        let joined = document(&before.edited(&Edit::AddName { class: class.clone(), name: name.clone() }).unwrap());
        prop_assert_eq!(joined.items().len(), before.items().len() + 1);
        let left = joined.edited(&Edit::RemoveName { class, name }).unwrap();
        prop_assert_eq!(said(&document(&left)), said(&before));
        if is_whole(&text) {
            prop_assert_eq!(left, text.as_bytes());
        }
    }

    #[test]
    fn a_rename_to_a_fresh_name_and_back_leaves_the_bytes(text in shaped()) {
        let mut set = set_of(&text);
        let before = said(&set.documents[0]);
        let (there, _) = rename_interface(&mut set, "eno1", "wan0", &names_interface);
        prop_assert!(set.ifaces().all(|iface| iface.name.value != "eno1"));
        let (back, found) = rename_interface(&mut set, "wan0", "eno1", &names_interface);
        prop_assert_eq!(there, back, "{:?}", found);
        prop_assert_eq!(said(&set.documents[0]), before);
        // A continuation that cut a name in two is gone after the first rename.
        if !text.contains('\\') {
            prop_assert_eq!(String::from_utf8(set.documents[0].to_bytes()).unwrap(), text);
        }
    }
}
