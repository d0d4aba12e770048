//! Three-way merge: disjoint changes are both there, touching ones clash, and the sides may be exchanged.

#![allow(clippy::unwrap_used)]

use cleat_diag::Source;
use cleat_eni::parse;
use cleat_store::merge;
use proptest::prelude::*;
use std::sync::Arc;

const BASE: &str = "\
# the host's network

auto lo
iface lo inet loopback

# uplink
auto eno1
iface eno1 inet manual

auto vmbr0
iface vmbr0 inet static
\taddress 192.0.2.1/24
\tbridge-ports eno1

source interfaces.d/*
";

fn merged(live: &str, staged: &str) -> String {
    let text = merge(BASE.as_bytes(), live.as_bytes(), staged.as_bytes());
    let exchanged = merge(BASE.as_bytes(), staged.as_bytes(), live.as_bytes());
    assert_eq!(text.is_ok(), exchanged.is_ok());
    let text = text.unwrap();
    assert_eq!(text, exchanged.unwrap());
    String::from_utf8(text).unwrap()
}

fn clashes(live: &str, staged: &str) -> Vec<String> {
    let clashes = merge(BASE.as_bytes(), live.as_bytes(), staged.as_bytes()).unwrap_err();
    clashes
        .into_iter()
        .map(|clash| clash.stanza.unwrap_or_default())
        .collect()
}

#[test]
fn changes_of_neighbouring_stanzas_are_both_there() {
    let live = BASE.replace("iface eno1 inet manual", "iface eno1 inet manual\n\tmtu 9000");
    let staged = BASE.replace("192.0.2.1/24", "192.0.2.2/24");
    let both = live.replace("192.0.2.1/24", "192.0.2.2/24");
    assert_eq!(merged(&live, &staged), both);
}

#[test]
fn stanzas_added_at_the_same_place_are_both_there() {
    let live = format!("{BASE}\nauto eno2\niface eno2 inet manual\n");
    let staged = format!("{BASE}\nauto eno3\niface eno3 inet manual\n");
    let both = format!("{live}\nauto eno3\niface eno3 inet manual\n");
    assert_eq!(merged(&live, &staged), both);
}

#[test]
fn a_stanza_removed_and_another_changed() {
    let live = BASE.replace("# uplink\nauto eno1\niface eno1 inet manual\n\n", "");
    let staged = BASE.replace("192.0.2.1/24", "192.0.2.2/24");
    assert_eq!(merged(&live, &staged), live.replace("192.0.2.1/24", "192.0.2.2/24"));
}

#[test]
fn a_comment_and_a_stanza_below_it() {
    let live = BASE.replace("# uplink", "# uplink, port 7");
    let staged = BASE.replace("iface eno1 inet manual", "iface eno1 inet dhcp");
    assert_eq!(
        merged(&live, &staged),
        live.replace("iface eno1 inet manual", "iface eno1 inet dhcp")
    );
}

#[test]
fn a_stanza_that_both_changed_clashes() {
    let live = BASE.replace("192.0.2.1/24", "192.0.2.7/24");
    let staged = BASE.replace("192.0.2.1/24", "192.0.2.2/24");
    assert_eq!(clashes(&live, &staged), ["iface vmbr0 inet"]);
    let gone = BASE.replace(
        "iface vmbr0 inet static\n\taddress 192.0.2.1/24\n\tbridge-ports eno1\n",
        "",
    );
    assert_eq!(clashes(&gone, &staged), ["iface vmbr0 inet"]);
    let one = format!("{BASE}iface eno2 inet manual\n");
    let other = format!("{BASE}iface eno2 inet dhcp\n");
    assert_eq!(clashes(&one, &other), ["iface eno2 inet"]);
}

#[test]
fn a_clash_says_where_it_is() {
    let live = BASE.replace("192.0.2.1/24", "192.0.2.7/24");
    let staged = BASE.replace("192.0.2.1/24", "192.0.2.2/24");
    let clashes = merge(BASE.as_bytes(), live.as_bytes(), staged.as_bytes()).unwrap_err();
    let text = |text: &str, span: Option<cleat_diag::Span>| text[span.unwrap().range()].to_owned();
    assert!(text(&live, clashes[0].live).contains("192.0.2.7/24"));
    assert!(text(&staged, clashes[0].staged).contains("192.0.2.2/24"));
}

#[test]
fn the_same_change_on_both_sides_is_made_once() {
    let live = BASE.replace("192.0.2.1/24", "192.0.2.2/24").replace("# uplink", "# up");
    let staged = BASE.replace("192.0.2.1/24", "192.0.2.2/24");
    assert_eq!(merged(&live, &staged), live);
}

#[test]
fn stanzas_of_one_name_that_both_sides_change_clash() {
    let base = "iface a\n\tx 1\niface a\n\tx 2\n";
    let first = "iface a\n\tx 2\n";
    let second = "iface a\n\tx 1\n";
    let clashes = merge(base.as_bytes(), first.as_bytes(), second.as_bytes()).unwrap_err();
    assert_eq!(clashes[0].stanza.as_deref(), Some("iface a"));
}

#[test]
fn a_file_without_a_last_line_end_takes_a_stanza() {
    let base = "auto a\niface a";
    let live = "auto a\niface a\n\tmtu 9000";
    let staged = "auto a\niface a\n\niface b\n";
    let text = merge(base.as_bytes(), live.as_bytes(), staged.as_bytes()).unwrap();
    assert_eq!(
        String::from_utf8(text).unwrap(),
        "auto a\niface a\n\tmtu 9000\n\niface b\n"
    );
}

#[test]
fn a_stanza_that_one_side_moved_takes_no_change_of_the_other() {
    let moved = "iface b\niface a\n\tx 1\n";
    let base = "iface a\n\tx 1\niface b\n";
    let changed = "iface a\n\tx 2\niface b\n";
    // Either of the two stanzas may count as the one that moved.
    match merge(base.as_bytes(), moved.as_bytes(), changed.as_bytes()) {
        Ok(text) => assert_eq!(String::from_utf8(text).unwrap(), "iface b\niface a\n\tx 2\n"),
        Err(clashes) => assert_eq!(clashes[0].stanza.as_deref(), Some("iface a")),
    }
}

/// One stanza: a comment or none, a name, an option.
#[derive(Clone, Debug, PartialEq)]
struct Stanza {
    comment: Option<u8>,
    name: usize,
    option: u8,
}

impl Stanza {
    fn text(&self) -> String {
        let comment = self
            .comment
            .map_or(String::new(), |number| format!("# note {number}\n"));
        format!(
            "{comment}iface eth{}\n\tmtu {}\n\n",
            self.name,
            1_000 + u32::from(self.option)
        )
    }
}

fn text(stanzas: &[Stanza]) -> String {
    stanzas.iter().map(Stanza::text).collect()
}

/// What one side does with each stanza: nothing, another option, gone; and a new stanza behind some.
#[derive(Clone, Debug)]
enum Deed {
    Nothing,
    FileChange(u8),
    Remove,
    Add(u8),
}

fn deed() -> impl Strategy<Value = Deed> {
    prop_oneof![
        4 => Just(Deed::Nothing),
        2 => (100_u8..200).prop_map(Deed::FileChange),
        1 => Just(Deed::Remove),
        1 => (0_u8..100).prop_map(Deed::Add),
    ]
}

/// Base, and per stanza which side acts and how: never both.
fn disjoint() -> impl Strategy<Value = (Vec<Stanza>, Vec<(bool, Deed)>)> {
    (1_usize..12).prop_flat_map(|count| {
        let stanzas = prop::collection::vec((prop::option::of(0_u8..20), 0_u8..100), count).prop_map(|all| {
            let stanzas = all.into_iter().enumerate();
            stanzas
                .map(|(name, (comment, option))| Stanza { comment, name, option })
                .collect()
        });
        (stanzas, prop::collection::vec((any::<bool>(), deed()), count))
    })
}

/// A file with the deeds of one side, or of both (`None`), done.
fn with(base: &[Stanza], deeds: &[(bool, Deed)], side: Option<bool>) -> Vec<Stanza> {
    let mut all = Vec::new();
    for (stanza, (by, deed)) in base.iter().zip(deeds) {
        let acts = side.is_none_or(|side| side == *by);
        match deed {
            Deed::FileChange(option) if acts => all.push(Stanza {
                option: *option,
                ..stanza.clone()
            }),
            Deed::Remove if acts => {}
            Deed::Add(option) if acts => {
                all.push(stanza.clone());
                all.push(Stanza {
                    comment: None,
                    name: 100 + stanza.name,
                    option: *option,
                });
            }
            _ => all.push(stanza.clone()),
        }
    }
    all
}

/// The stanzas of a text, each with its options, in order.
fn stanzas(bytes: &[u8]) -> Vec<(String, Vec<String>)> {
    let (document, diagnostics) = parse(Default::default(), &Arc::new(Source::new("/f", bytes.to_vec())));
    assert!(diagnostics.is_empty(), "{diagnostics:?}");
    let ifaces = document.items().iter().filter_map(|item| item.as_iface());
    ifaces
        .map(|iface| {
            let options = iface.options.iter().map(|option| option.value.text.clone());
            (iface.name.value.clone(), options.collect())
        })
        .collect()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(400))]

    #[test]
    fn disjoint_changes_are_both_made_whatever_the_order((base, deeds) in disjoint()) {
        let [old, live, staged, both] = [
            text(&base),
            text(&with(&base, &deeds, Some(false))),
            text(&with(&base, &deeds, Some(true))),
            text(&with(&base, &deeds, None)),
        ];
        let result = merge(old.as_bytes(), live.as_bytes(), staged.as_bytes());
        let exchanged = merge(old.as_bytes(), staged.as_bytes(), live.as_bytes());
        let result = result.map_err(|clashes| TestCaseError::fail(format!("{clashes:?}")))?;
        prop_assert_eq!(stanzas(&result), stanzas(both.as_bytes()));
        prop_assert_eq!(result, exchanged.unwrap());
    }

    #[test]
    fn what_only_one_side_changed_is_that_side(base in any::<Vec<u8>>(), side in any::<Vec<u8>>()) {
        prop_assert_eq!(merge(&base, &side, &base).unwrap(), side.clone());
        prop_assert_eq!(merge(&base, &base, &side).unwrap(), side.clone());
        prop_assert_eq!(merge(&base, &side, &side).unwrap(), side);
    }

    #[test]
    fn any_three_files_merge_to_what_reads_again_or_clash(
        base in "([a-c #\\\\\t]|iface a\n|\n|auto a\n|\tmtu 1\n){0,12}",
        live in "([a-c #\\\\\t]|iface a\n|\n|auto b\n|\tmtu 2\n){0,12}",
        staged in "([a-c #\\\\\t]|iface b\n|\n|auto a\n|\tmtu 3\n){0,12}",
    ) {
        let one = merge(base.as_bytes(), live.as_bytes(), staged.as_bytes());
        let other = merge(base.as_bytes(), staged.as_bytes(), live.as_bytes());
        prop_assert_eq!(one.as_ref().ok(), other.as_ref().ok());
        if let Err(clashes) = one {
            prop_assert!(!clashes.is_empty());
        }
    }
}
