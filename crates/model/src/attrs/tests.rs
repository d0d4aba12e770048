//! What every row must keep, and the kernel's headers as witness of every number.
#![allow(clippy::disallowed_methods)] // the headers are read from /usr/include

use crate::attr::{Attr, Grammar, On, Value, Wire};
use crate::kernel_attr::{self, Form, KernelAttr, Nest, Release, Width, Word};
use crate::nla::Attrs;
use crate::table;
use crate::types::Kind;
use std::collections::{BTreeMap, BTreeSet};

/// What every row must keep.
fn holds(attr: &Attr) {
    let name = attr.name;
    for alias in attr.aliases {
        assert!(
            std::ptr::eq(table::find(alias.name).unwrap(), attr),
            "{name}: {} leads elsewhere",
            alias.name
        );
        assert!(!alias.origin.is_empty());
    }
    for text in [attr.doc, attr.example, attr.source] {
        assert!(!text.trim().is_empty(), "{name}: a text is missing");
    }
    assert!(
        attr.doc.ends_with('.'),
        "{name}: the text is not a sentence: {}",
        attr.doc
    );
    if let Grammar::Structure = attr.value {
        assert_eq!(attr.wire, Wire::None);
        return;
    }
    let parsed = |text: &str| attr.parse(text).unwrap_or_else(|takes| panic!("{name} takes {takes}"));
    let mut values = vec![parsed(attr.example)];
    values.extend(attr.default.map(parsed));
    values.extend(attr.trials.iter().map(|trial| parsed(trial.text)));
    values.extend(bounds(attr));
    for value in values {
        let shown = attr.show(&value);
        assert_eq!(attr.parse(&shown).as_ref(), Ok(&value), "{name}: shown as {shown:?}");
        for kind in kinds(attr) {
            let mut attrs = Attrs::new();
            if attr.put(&kind, &value, &mut attrs) {
                let back = attr.get(&kind, &attrs);
                assert_eq!(back.as_ref(), Some(&value), "{name}: the kernel's bytes lead elsewhere");
                is_shown_in_words(attr, &kind, &value, &attrs);
            }
        }
    }
}

/// The kinds whose links or ports carry it.
fn kinds(attr: &Attr) -> Vec<Kind> {
    let all = [
        Kind::Physical,
        Kind::Bridge,
        Kind::Bond,
        Kind::Vlan,
        Kind::Vxlan,
        Kind::Veth,
        Kind::Dummy,
        Kind::Macvlan,
        Kind::Vrf,
    ];
    all.into_iter()
        .filter(|kind| attr.wire.attrs().iter().any(|attr| attr.place.is_of(kind)))
        .collect()
}

/// A step that sets it reads as a command that ip(8) or bridge(8) takes: its word stands first, and no bytes follow.
fn is_shown_in_words(attr: &Attr, kind: &Kind, value: &Value, attrs: &Attrs) {
    let kept = attr.attr_of(kind, value).expect("it was put");
    let payload = attrs.get(kept.number).expect("it was put");
    let shown =
        crate::show::words::value(kept, payload).unwrap_or_else(|| panic!("{}: {payload:?} has no words", attr.name));
    let first = shown.split_whitespace().next().unwrap_or_default();
    let first = match kept.form {
        Form::Switch => first.strip_prefix("no").unwrap_or(first),
        _ => first,
    };
    let is_word = match kept.word() {
        Word::Ip(word) | Word::Bridge(word) | Word::Sysfs(word) => word == first,
        Word::Bits(bits) => bits.iter().any(|(_, word)| *word == first),
    };
    assert!(is_word, "{}: a step is shown as{shown}", attr.name);
}

/// The ends of the range, or all words.
fn bounds(attr: &Attr) -> Vec<Value> {
    let ends = |min: u64, max: u64, scale: u64| vec![Value::Number(min * scale), Value::Number(max * scale)];
    match attr.value {
        Grammar::Range { min, max } | Grammar::Decimal { min, max } => ends(min, max, attr.scale),
        Grammar::WordsOrRange { min, max, .. } => ends(min, max, 1),
        Grammar::Bool => ends(0, 1, 1),
        Grammar::Choice(words) => words.iter().map(|(_, number)| Value::Number(*number)).collect(),
        _ => Vec::new(),
    }
}

#[test]
fn every_row_holds_what_rows_must() {
    table::all().for_each(holds);
}

#[test]
fn no_two_rows_share_a_name_or_a_text() {
    let mut names = BTreeSet::new();
    let mut texts = BTreeSet::new();
    for attr in table::all() {
        assert!(texts.insert(attr.doc), "two rows say: {}", attr.doc);
        for name in std::iter::once(attr.name).chain(attr.aliases.iter().map(|alias| alias.name)) {
            assert!(names.insert(name), "{name} names two rows");
            assert!(!name.contains('_'), "{name} is listed with an underscore");
        }
    }
}

#[test]
fn rules_name_rows() {
    use crate::attr::Need;
    for attr in table::all() {
        for need in attr.needs {
            let (Need::OneOf { attr: other, .. } | Need::Set(other) | Need::Excludes(other)) = need;
            assert_eq!(
                table::find(other).map(|row| row.name),
                Some(*other),
                "{} asks for {other}",
                attr.name
            );
        }
    }
}

/// All enumerators of a header with their numbers; `None` where the header is not installed.
fn enumerators(path: &str) -> Option<BTreeMap<String, u64>> {
    let text = std::fs::read_to_string(path).ok()?;
    let mut plain = String::new();
    let mut rest = text.as_str();
    while let Some((before, comment)) = rest.split_once("/*") {
        plain += before;
        rest = comment.split_once("*/").map_or("", |(_, after)| after);
    }
    plain += rest;
    let code: String = plain
        .lines()
        .filter(|line| !line.trim_start().starts_with('#'))
        .map(|line| format!("{line}\n"))
        .collect();
    let mut found = BTreeMap::new();
    for body in code
        .split("enum")
        .skip(1)
        .filter_map(|text| text.split_once('{')?.1.split_once('}'))
    {
        let mut next = 0;
        for entry in body.0.split(',').map(str::trim).filter(|entry| !entry.is_empty()) {
            let (name, number) = match entry.split_once('=') {
                Some((name, number)) => (name.trim(), number.trim().parse().unwrap_or(u64::MAX / 2)),
                None => (entry, next),
            };
            found.insert(name.to_owned(), number);
            next = number + 1;
        }
    }
    Some(found)
}

/// The numbers of the headers that the kernel exports to user space, and the release that they are of; `None` where they
/// are not installed.
fn headers() -> Option<(BTreeMap<String, u64>, Release)> {
    let mut known = BTreeMap::new();
    for header in ["if_link.h", "ip.h", "ipv6.h", "ethtool_netlink.h"] {
        known.extend(enumerators(&format!("/usr/include/linux/{header}"))?);
    }
    let text = std::fs::read_to_string("/usr/include/linux/version.h").ok()?;
    let code = text.split_once("LINUX_VERSION_CODE ")?.1.lines().next()?.trim();
    let code: u32 = code.parse().ok()?;
    Some((known, Release((code >> 16) as u16, (code >> 8 & 0xff) as u16)))
}

// Second witness: those headers. One that has no such constant is older than the release that the row names.
#[test]
fn every_number_is_that_of_the_kernels_headers() {
    let Some((known, release)) = headers() else {
        println!("SKIP every_number_is_that_of_the_kernels_headers: linux-libc-dev is not installed");
        return;
    };
    for attr in kernel_attr::all() {
        match known.get(attr.header) {
            Some(number) => assert_eq!(u64::from(attr.number), *number, "{}", attr.header),
            None => assert!(
                attr.since > release,
                "{} is not in the headers of {release}, though it is said to be since {}",
                attr.header,
                attr.since
            ),
        }
    }
    for row in table::all() {
        // IPV4_DEVCONF_* begin at 1, the dumped array at 0.
        let (constant, number) = match row.wire {
            Wire::Conf4(number, key) => (format!("IPV4_DEVCONF_{}", key.to_uppercase()), number + 1),
            Wire::Conf6(number, key) => (format!("DEVCONF_{}", key.to_uppercase()), number),
            Wire::Ethtool(field) => (field.header.to_owned(), field.number),
            Wire::None | Wire::Link(_) | Wire::Data(_) | Wire::Bit(..) | Wire::Port(_) | Wire::AddrGenMode => continue,
        };
        assert_eq!(Some(&u64::from(number)), known.get(&constant), "{}", row.name);
    }
}

#[test]
fn an_attribute_has_one_row() {
    for attr in kernel_attr::all() {
        for other in kernel_attr::all() {
            let both = attr.place == other.place;
            let same = attr.number == other.number;
            assert!(
                !both || same == (attr.header == other.header),
                "{} and {}",
                attr.header,
                other.header
            );
            assert!(
                !both || !same || attr == other,
                "{} has two rows that differ",
                attr.header
            );
        }
    }
}

#[test]
fn every_number_fits_its_width() {
    for row in table::all() {
        let widths: Vec<u64> = match row.wire {
            Wire::Link(_) | Wire::Data(_) | Wire::Port(_) => row.wire.attrs().iter().filter_map(most).collect(),
            Wire::Bit(..) => vec![1],
            Wire::Conf4(..) | Wire::Conf6(..) => vec![i32::MAX as u64],
            Wire::Ethtool(field) if field.group.is_byte(field.number) => vec![u64::from(u8::MAX)],
            Wire::Ethtool(_) => vec![u64::from(u32::MAX)],
            Wire::None | Wire::AddrGenMode => continue,
        };
        for (value, most) in bounds(row)
            .into_iter()
            .flat_map(|value| widths.iter().map(move |most| (value.clone(), most)))
        {
            assert!(
                matches!(&value, Value::Number(number) if number <= most),
                "{}",
                row.name
            );
        }
    }
}

fn most(attr: &KernelAttr) -> Option<u64> {
    match attr.width {
        Width::U8 => Some(u64::from(u8::MAX)),
        Width::U16 | Width::U16Be => Some(u64::from(u16::MAX)),
        Width::U32 => Some(u64::from(u32::MAX)),
        Width::U64 | Width::Bytes | Width::Masked => None,
    }
}

#[test]
fn a_row_lives_where_its_carrier_keeps_such_options() {
    for attr in table::all() {
        let fits = match attr.wire {
            Wire::None => true,
            Wire::Link(_) | Wire::Conf4(..) | Wire::Conf6(..) | Wire::AddrGenMode => attr.on == On::Link,
            Wire::Ethtool(_) => attr.on == On::Nic,
            Wire::Port(_) => matches!(attr.on, On::BridgePort | On::BondPort),
            Wire::Data(_) | Wire::Bit(..) => !matches!(
                attr.on,
                On::Link | On::Nic | On::Address | On::BridgePort | On::BondPort
            ),
        };
        let nest = match attr.wire {
            Wire::Link(_) => Some(Nest::Link),
            Wire::Data(_) | Wire::Bit(..) => Some(Nest::Data),
            Wire::Port(_) => Some(Nest::Port),
            Wire::None | Wire::Conf4(..) | Wire::Conf6(..) | Wire::AddrGenMode | Wire::Ethtool(_) => None,
        };
        let of_carrier = |kept: &KernelAttr| attr.on.kind().is_none_or(|kind| kept.place.is_of(&kind));
        let attrs = attr.wire.attrs();
        assert!(fits, "{} is on {:?} and lives at {:?}", attr.name, attr.on, attr.wire);
        assert!(
            attrs
                .iter()
                .all(|kept| Some(kept.place.nest()) == nest && of_carrier(kept)),
            "{}",
            attr.name
        );
        let bits = |kept: &KernelAttr| kept.width == Width::Masked;
        assert!(
            attrs
                .iter()
                .all(|kept| bits(kept) == matches!(attr.wire, Wire::Bit(..))),
            "{}",
            attr.name
        );
    }
}
