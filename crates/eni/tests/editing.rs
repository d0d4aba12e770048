//! Changes to a file: what changes is asserted as whole text, so every byte beside it is held too.

#![allow(clippy::unwrap_used)]

use cleat_diag::Source;
use cleat_eni::{Document, Edit, EditError, Family, Item, NewStanza, parse};
use std::sync::Arc;

fn document(text: &str) -> Document {
    parse(
        Default::default(),
        &Arc::new(Source::new("/f", text.as_bytes().to_vec())),
    )
    .0
}

fn edited(text: &str, edit: Edit) -> String {
    String::from_utf8(document(text).edited(&edit).unwrap()).unwrap()
}

/// The index of the first stanza of `name`.
fn stanza(text: &str, name: &str) -> usize {
    let is_it = |item: &Item| item.as_iface().is_some_and(|iface| iface.name.value == name);
    document(text).items().iter().position(is_it).unwrap()
}

fn set(text: &str, name: &str, key: &str, nth: usize, value: &str) -> String {
    edited(
        text,
        Edit::SetOption {
            stanza: stanza(text, name),
            key: key.into(),
            nth,
            value: value.into(),
        },
    )
}

fn add(text: &str, name: &str, key: &str, value: &str) -> String {
    edited(
        text,
        Edit::AddOption {
            stanza: stanza(text, name),
            key: key.into(),
            value: value.into(),
        },
    )
}

fn remove(text: &str, name: &str, key: &str, nth: usize) -> String {
    edited(
        text,
        Edit::RemoveOption {
            stanza: stanza(text, name),
            key: key.into(),
            nth,
        },
    )
}

const TWO: &str = "# head\niface a inet static\n\taddress  192.0.2.1/24  \n\n\t# mid\n\taddress 192.0.2.2/24\nauto a\niface b\n  mtu 1500\n# end";

#[test]
fn setting_a_value_changes_only_the_value() {
    assert_eq!(
        set(TWO, "a", "address", 0, "192.0.2.9/24"),
        TWO.replace("192.0.2.1/24", "192.0.2.9/24")
    );
    assert_eq!(set(TWO, "a", "address", 1, "x y"), TWO.replace("192.0.2.2/24", "x y"));
    assert_eq!(set(TWO, "b", "mtu", 0, "1500"), TWO);
    let spelt = "iface a\n bridge_ports  e1 \\\n   e2 # z\n x 1\n";
    assert_eq!(
        set(spelt, "a", "bridge-ports", 0, "e3"),
        "iface a\n bridge_ports  e3\n x 1\n"
    );
    assert_eq!(set("iface a\n key\n", "a", "key", 0, "v"), "iface a\n key v\n");
    assert_eq!(set("iface a\n key \t v\n", "a", "key", 0, ""), "iface a\n key\n");
}

#[test]
fn a_new_option_stands_behind_its_like_and_is_indented_like_it() {
    assert_eq!(
        set(TWO, "b", "alias", 0, "up link"),
        TWO.replace("  mtu 1500\n", "  mtu 1500\n  alias up link\n")
    );
    assert_eq!(
        add(TWO, "a", "gateway", "192.0.2.3"),
        TWO.replace("2.2/24\n", "2.2/24\n\tgateway 192.0.2.3\n")
    );
    let mixed = "iface a\n    up one\n  mtu 1\n";
    assert_eq!(
        add(mixed, "a", "up", "two"),
        "iface a\n    up one\n    up two\n  mtu 1\n"
    );
    assert_eq!(
        add("iface a\niface b\n", "a", "mtu", "1"),
        "iface a\n\tmtu 1\niface b\n"
    );
    assert_eq!(
        add("iface a\niface b\n   x 1\n", "a", "mtu", "1"),
        "iface a\n   mtu 1\niface b\n   x 1\n"
    );
}

#[test]
fn new_lines_end_as_the_file_ends_its_lines() {
    assert_eq!(
        add("iface a\r\n x 1\r\niface b\r\n", "a", "y", "2"),
        "iface a\r\n x 1\r\n y 2\r\niface b\r\n"
    );
    assert_eq!(add("iface a\r\n x 1", "a", "y", "2"), "iface a\r\n x 1\r\n y 2");
    assert_eq!(add("iface a", "a", "y", ""), "iface a\n\ty");
}

/// A backslash at the end of the file would join the line that is added.
#[test]
fn a_line_behind_a_dangling_backslash_is_a_line() {
    let text = "iface a\n x 1\\";
    let result = add(text, "a", "y", "2");
    assert_eq!(result, "iface a\n x 1\\\n\n y 2");
    let document = document(&result);
    let options = &document.items()[0].as_iface().unwrap().options;
    assert_eq!(
        options
            .iter()
            .map(|option| option.value.text.as_str())
            .collect::<Vec<_>>(),
        ["1", "2"]
    );
}

#[test]
fn removing_an_option_takes_its_line() {
    assert_eq!(
        remove(TWO, "a", "address", 0),
        TWO.replace("\taddress  192.0.2.1/24  \n", "")
    );
    assert_eq!(remove("iface a\n x 1 \\\n 2\n y", "a", "x", 0), "iface a\n y");
}

#[test]
fn a_new_stanza_stands_at_the_end_behind_a_blank_line() {
    let new = NewStanza {
        name: "vmbr0".into(),
        family: Some((Family::Inet, "static".into())),
        options: vec![
            ("address".into(), "192.0.2.1/24".into()),
            ("bridge-ports".into(), "none".into()),
        ],
        auto: true,
    };
    let lines = "auto vmbr0\niface vmbr0 inet static\n  address 192.0.2.1/24\n  bridge-ports none\n";
    let add = |text: &str| edited(text, Edit::AddStanza(new.clone()));
    assert_eq!(add("iface a\n  x 1\n"), format!("iface a\n  x 1\n\n{lines}"));
    assert_eq!(add("iface a\n  x 1\n\n"), format!("iface a\n  x 1\n\n{lines}"));
    assert_eq!(add(""), lines.replace("  ", "\t"));
    assert_eq!(
        add("iface a\r\n  x 1"),
        format!("iface a\r\n  x 1\r\n\r\n{}", lines.trim_end().replace('\n', "\r\n"))
    );
}

#[test]
fn removing_a_stanza_leaves_one_blank_line_between_its_neighbours() {
    let text = "iface a\n x 1\n\niface b\n # in\n y 2\n\n# c\niface c\n";
    let remove = |text: &str, name: &str| {
        edited(
            text,
            Edit::RemoveStanza {
                stanza: stanza(text, name),
            },
        )
    };
    assert_eq!(remove(text, "b"), "iface a\n x 1\n\n# c\niface c\n");
    assert_eq!(remove(text, "a"), "\niface b\n # in\n y 2\n\n# c\niface c\n");
    assert_eq!(remove(text, "c"), "iface a\n x 1\n\niface b\n # in\n y 2\n\n# c\n");
    assert_eq!(remove("iface a\niface b\n", "a"), "iface b\n");
}

#[test]
fn names_join_and_leave_a_class() {
    let text = "auto lo  a \\\n  b\nallow-hotplug a\n# why\niface c\niface lo\n";
    let join = |class: &str, name: &str| {
        edited(
            text,
            Edit::AddName {
                class: class.into(),
                name: name.into(),
            },
        )
    };
    let leave = |class: &str, name: &str| {
        edited(
            text,
            Edit::RemoveName {
                class: class.into(),
                name: name.into(),
            },
        )
    };
    assert_eq!(join("auto", "c"), text.replace("iface c", "auto c\niface c"));
    assert_eq!(join("auto", "b"), text);
    assert_eq!(join("hotplug", "d"), format!("{text}allow-hotplug d\n"));
    assert_eq!(
        join("no-auto-down", "lo"),
        text.replace("iface lo", "no-auto-down lo\niface lo")
    );
    assert_eq!(leave("auto", "lo"), text.replace(" lo ", " "));
    assert_eq!(leave("auto", "a"), text.replace("  a", ""));
    assert_eq!(leave("auto", "b"), text.replace(" \\\n  b", ""));
    assert_eq!(leave("hotplug", "a"), text.replace("allow-hotplug a\n", ""));
    assert_eq!(leave("hotplug", "b"), text);
}

#[test]
fn what_would_not_read_back_is_refused() {
    let document = document("iface a\n x 1\nauto a\n");
    let why = |edit: Edit| document.edited(&edit).unwrap_err().to_string();
    let set = |stanza, key: &str, nth, value: &str| {
        why(Edit::SetOption {
            stanza,
            key: key.into(),
            nth,
            value: value.into(),
        })
    };
    assert_eq!(set(0, "x", 0, "a\nb"), "`a\\nb` cannot be written as a value");
    assert_eq!(set(0, "x", 0, " a"), "` a` cannot be written as a value");
    assert_eq!(set(0, "x", 0, "a\\"), "`a\\\\` cannot be written as a value");
    assert_eq!(set(0, "x", 0, "\0"), "`\\0` cannot be written as a value");
    for key in ["", "#x", "a b", "iface", "allow-x", "source", "%x", "inherits", "x\\"] {
        assert_eq!(
            set(0, key, 0, "1"),
            format!("`{}` cannot be a name here", key.escape_debug()),
            "{key}"
        );
    }
    assert_eq!(set(0, "x", 2, "1"), "the stanza has no `x` number 3");
    assert_eq!(
        set(1, "x", 0, "1"),
        "there is no stanza number 1 that can be changed so"
    );
    assert_eq!(
        why(Edit::RemoveStanza { stanza: 1 }),
        "there is no stanza number 1 that can be changed so"
    );
    assert_eq!(
        why(Edit::AddName {
            class: "auto".into(),
            name: "a b".into()
        }),
        "`a b` cannot be a name here"
    );
    let binary = self::document("iface a\n\0\n");
    assert_eq!(
        binary.edited(&Edit::AddStanza(NewStanza::default())),
        Err(EditError::Binary)
    );
}
