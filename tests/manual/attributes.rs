//! The attribute table as sections of interfaces(5).

use super::roff::{bold, italic, listed, sentence};
use cleat_model::attr::{Attr, Change, Gone, Grammar, Need, On, Spread, Times, Unit, Value, Wire};
use cleat_model::attrs::known;
use cleat_model::kernel_attr::OLD;
use cleat_model::table;
use std::fmt::Write;

/// All rows, grouped by what carries them, in the order of the table.
pub fn sections() -> String {
    let mut groups: Vec<On> = Vec::new();
    for attr in options() {
        if !groups.contains(&attr.on) {
            groups.push(attr.on);
        }
    }
    let mut text = String::new();
    for on in groups {
        let (heading, intro) = heading(on);
        let _ = write!(text, ".SS {heading}\n{}\n", sentence(intro));
        for attr in options().filter(|attr| attr.on == on) {
            text.push_str(&entry(attr));
        }
    }
    text
}

/// The six hook commands.
pub fn hooks() -> String {
    let rows = table::all().filter(|attr| cleat_eni::is_hook(attr.name));
    rows.map(|attr| {
        format!(
            ".TP\n{} {}\n{}\n",
            bold(attr.name),
            italic("COMMAND"),
            sentence(attr.doc)
        )
    })
    .collect()
}

/// The keys that scripts of other packages use.
pub fn for_scripts() -> String {
    keys(known::FOR_SCRIPTS)
}

/// The keys that are known and not acted on.
pub fn not_yet() -> String {
    keys(known::NOT_YET)
}

/// A family of keys is shown with a star.
fn keys(list: &[&str]) -> String {
    let shown: Vec<String> = list
        .iter()
        .map(|key| {
            if key.ends_with('-') {
                format!("{key}*")
            } else {
                (*key).to_owned()
            }
        })
        .collect();
    listed(shown.iter().map(String::as_str))
}

fn options() -> impl Iterator<Item = &'static Attr> {
    table::all().filter(|attr| !cleat_eni::is_hook(attr.name))
}

fn heading(on: On) -> (&'static str, &'static str) {
    match on {
        On::Address => (
            "Addresses and gateways",
            "For any interface, in a stanza of method `static` or `manual`.",
        ),
        On::Link => ("Any interface", "For links of every kind."),
        On::Nic => (
            "Settings of NICs",
            "What ethtool(8) sets, for any interface whose driver has it: that of a NIC mostly. Only what differs is set, \
             before the interface is brought up where it is down. What the driver does not have is a warning. When an option \
             is no longer written, it goes back to what was there before it was set.",
        ),
        On::Bridge => (
            "Bridges",
            "`bridge-ports` makes an interface a bridge. `bridge-vids`, `bridge-pvid` and `bridge-allow-untagged` may also \
             stand under a port, where they hold for that port alone.",
        ),
        On::BridgePort => (
            "Bridge ports",
            "Under the port itself with a plain value, or under its bridge as a list with an entry for each port.",
        ),
        On::Bond => (
            "Bonds",
            "`bond-slaves` or `bond-mode` makes an interface a bond. The options of a mode have no effect in another: that \
             is an error, where the value is not the default.",
        ),
        On::BondPort => ("Bond ports", "Under the port."),
        On::Vlan => (
            "VLAN links",
            "An interface is a VLAN link by its name (`eno1.5`, and `eno1.5.10` for a VLAN in a VLAN), by \
             `vlan-raw-device` or by `vlan-id`. The name `vlan5` says the number, `eno1.5` says both.",
        ),
        On::Vxlan => ("VXLAN links", "`vxlan-id` makes an interface a VXLAN link."),
        On::Veth => (
            "Pairs of virtual links",
            "`link-type veth` or `veth-peer-name` makes an interface one end of a veth pair.",
        ),
        On::Macvlan => (
            "Macvlan links",
            "`link-type macvlan`, `macvlan-raw-device` or `macvlan-mode` makes an interface a macvlan link.",
        ),
        On::Vrf => ("VRFs", "`vrf-table` makes an interface a VRF."),
    }
}

fn entry(attr: &Attr) -> String {
    let mut text = format!(".TP\n{} {}\n{}\n", bold(attr.name), value(attr), sentence(attr.doc));
    for fact in facts(attr) {
        let _ = writeln!(text, ".br\n{}", sentence(&fact));
    }
    let _ = writeln!(
        text,
        ".br\nExample: {}",
        bold(&format!("{} {}", attr.name, attr.example))
    );
    let _ = writeln!(text, ".br\nSource: {}.", sentence(attr.source));
    text
}

/// The value's place holder, which names the unit.
fn value(attr: &Attr) -> String {
    let word = match (attr.value, attr.unit) {
        (Grammar::Bool, _) => return format!("{}|{}", bold("yes"), bold("no")),
        (_, Unit::Seconds) => "SECONDS",
        (_, Unit::Millis) => "MILLISECONDS",
        (_, Unit::Bytes) => "BYTES",
        (_, Unit::Count) => "COUNT",
        (Grammar::Range { .. } | Grammar::Decimal { .. } | Grammar::WordsOrRange { .. }, Unit::None) => "NUMBER",
        (Grammar::Choice(_), Unit::None) => "WORD",
        (Grammar::Letters(_), Unit::None) => "LETTERS",
        (Grammar::Mask { .. }, Unit::None) => "NUMBER",
        (Grammar::Mac | Grammar::MacOrRandom, Unit::None) => "MAC",
        (Grammar::Ip4 | Grammar::Ip6 | Grammar::Ip, Unit::None) => "ADDRESS",
        (Grammar::Ip4List { .. }, Unit::None) => "ADDRESS...",
        (Grammar::Text { .. }, Unit::None) => "TEXT",
        (Grammar::Structure, Unit::None) => "VALUE",
    };
    italic(word)
}

/// What there is to know besides the description, a sentence each.
fn facts(attr: &Attr) -> Vec<String> {
    let mut facts = Vec::new();
    if let Some(accepts) = accepts(attr) {
        facts.push(format!("Takes {accepts}."));
    }
    facts.extend(match attr.spread {
        Spread::No => None,
        Spread::List => Some("Under the bridge: a list of `port=value`.".to_owned()),
        Spread::ListOrAll => Some("Under the bridge: a list of `port=value`, or one value for all ports.".to_owned()),
    });
    if attr.spread == Spread::No && attr.times == Times::Many {
        facts.push("May be repeated.".to_owned());
    }
    let since = attr.wire.attrs().iter().map(|attr| attr.since).max();
    if let Some(since) = since.filter(|since| *since > OLD) {
        facts.push(format!(
            "The kernel has it since Linux {since}; an older one is run without it, with a warning."
        ));
    }
    facts.extend(match attr.default {
        None => None,
        Some("") => Some("Default: none.".to_owned()),
        Some(default) => Some(format!("Default: `{default}`.")),
    });
    facts.extend(needs(attr));
    facts.extend(change(attr).map(str::to_owned));
    facts.extend(gone(attr));
    for alias in attr.aliases {
        facts.push(format!("Also written `{}` ({}).", alias.name, alias.origin));
    }
    facts
}

/// The accepted values, every spelling of each; `None` where the description says it.
fn accepts(attr: &Attr) -> Option<String> {
    match attr.value {
        // The page says once how `yes` and `no` may be written.
        Grammar::Structure | Grammar::Bool => None,
        Grammar::Choice(words) => Some(spellings(words).join(", ")),
        Grammar::WordsOrRange { words, min, max } => {
            let words = spellings(words).join(", ");
            Some(format!("{words}, or a whole number from {min} to {max}"))
        }
        _ => Some(attr.accepts()),
    }
}

/// Words that mean the same: the first, the others in parentheses behind it.
fn spellings(words: &[(&str, u64)]) -> Vec<String> {
    let mut shown: Vec<(u64, Vec<&str>)> = Vec::new();
    for (word, number) in words {
        match shown.iter_mut().find(|(known, _)| known == number) {
            Some((_, same)) => same.push(word),
            None => shown.push((*number, vec![word])),
        }
    }
    let one = |same: &[&str]| {
        let others: Vec<String> = same[1..].iter().map(|word| format!("`{word}`")).collect();
        match others.is_empty() {
            true => format!("`{}`", same[0]),
            false => format!("`{}` (or {})", same[0], others.join(", ")),
        }
    };
    shown.iter().map(|(_, same)| one(same)).collect()
}

fn needs(attr: &Attr) -> Vec<String> {
    let one = |need: &Need| match need {
        Need::Set(other) => format!("Only with `{other}`."),
        Need::Excludes(other) => format!("Not beside `{other}`."),
        Need::OneOf {
            attr: other, values, ..
        } => {
            let row = table::find(other).unwrap_or_else(|| panic!("{} needs {other}, which is not a row", attr.name));
            let words: Vec<String> = values
                .iter()
                .map(|value| format!("`{}`", row.show(&Value::Number(*value))))
                .collect();
            format!("Only with `{other}` {}.", words.join(", "))
        }
    };
    attr.needs.iter().map(one).collect()
}

/// What a new value does to a link that is there; the page says once that most options change on the running link.
fn change(attr: &Attr) -> Option<&'static str> {
    match attr.change {
        Change::Recreate => Some("A change deletes the link and makes it anew."),
        Change::WhileDown => Some("A change sets the link down and up again."),
        Change::WithoutPorts => Some("A change takes the ports out, with the link down, and puts them back."),
        Change::Live => None,
    }
}

/// What becomes of an option that is no longer written; the page says once what becomes of most.
fn gone(attr: &Attr) -> Option<String> {
    match attr.gone() {
        _ if attr.wire == Wire::None => None,
        Gone::Default | Gone::Empty | Gone::Fresh | Gone::Before => None,
        Gone::Own => Some(
            "When it is no longer written, a NIC goes back to its permanent address and a VLAN to that of the link below; \
             other links keep it, since a new one would be by chance."
                .to_owned(),
        ),
        // It cannot be left out at all.
        Gone::Kept(_) if attr.change == Change::Recreate => None,
        Gone::Kept(why) => Some(format!("When it is no longer written, it stays: {why}.")),
    }
}

// Second witness: kernel documentation bonding: xmit_hash_policy's words and numbers; IFLA_BOND_AD_LACP_RATE can only
// be set while the bond is down.
#[test]
fn a_row_becomes_an_entry_with_all_that_is_known_of_it() {
    let row = table::find("bond-lacp-rate").expect("a row of the table");
    assert_eq!(
        entry(row),
        ".TP\n\\fBbond\\-lacp\\-rate\\fR \\fIWORD\\fR\n\
         How often the partner is asked to send LACP packets: every 30 seconds or every second.\n\
         .br\nTakes \\fBslow\\fR (or \\fB0\\fR), \\fBfast\\fR (or \\fB1\\fR).\n\
         .br\nDefault: \\fBslow\\fR.\n\
         .br\nOnly with \\fBbond\\-mode\\fR \\fB802.3ad\\fR.\n\
         .br\nA change sets the link down and up again.\n\
         .br\nExample: \\fBbond\\-lacp\\-rate fast\\fR\n\
         .br\nSource: kernel documentation bonding \\fBlacp_rate\\fR.\n"
    );
}

// Second witness: the table itself, counted another way.
#[test]
fn every_row_of_the_table_has_one_entry() {
    let text = sections() + &hooks();
    assert_eq!(text.matches(".TP\n").count(), table::all().count());
    for attr in table::all() {
        let head = format!(".TP\n{} ", bold(attr.name));
        assert_eq!(text.matches(&head).count(), 1, "{}", attr.name);
    }
}
