//! The rows against each other and against the rows of options.

use super::*;
use crate::desired::Desired;
use crate::resolve::resolve;
use crate::table;
use crate::testing::{read, told};
use crate::trial::trip::{LOWER, NAME, PORT, changes, file, stanza};
use crate::trial::{Host, differing, essence};
use crate::verify::verify;

#[test]
fn every_row_is_whole_and_names_options_that_there_are() {
    let mut words = Vec::new();
    for row in all() {
        let word = row.word;
        assert!(!words.contains(&word), "{word} stands twice");
        words.push(word);
        let shown = [word, row.called, row.label, row.module];
        assert!(shown.iter().all(|text| !text.is_empty()), "{word}: {shown:?}");
        assert!(
            row.called.starts_with("a ") || row.called.starts_with("an "),
            "{}",
            row.called
        );
        assert!(!row.told_by.is_empty(), "nothing makes a stanza a {word}");
        assert_eq!(Kind::from_word(word), row.kind());
        assert_eq!(row.kind().row().word, word);
        let named = row.told_by.iter().map(Told::option);
        let named = named.chain(row.below.option()).chain(row.port_list());
        let named = named.chain(row.lacks.iter().map(|lack| lack.option));
        for option in named.chain(row.detail.map(|(option, _)| option)) {
            assert_eq!(table::find(option).map(|attr| attr.name), Some(option), "{word}");
        }
        assert!(
            (row.sizes.0..=row.sizes.1).contains(&u64::from(row.fresh_mtu)),
            "{word}"
        );
    }
}

#[test]
fn a_word_without_a_row_stays_what_it_is() {
    let kind = Kind::from_word("macsec");
    assert_eq!((kind.word(), &kind), ("macsec", &Kind::Other("macsec".into())));
    assert_eq!(kind.row().word, "");
}

/// The network of a file on that host: nothing of the file may be wrong.
fn wanted(text: &str, host: &Host) -> Desired {
    let read = read(text);
    let (desired, mut found) = resolve(&read.decls, Some(host.kernel.now()));
    found.extend(read.found);
    // A value may be one that other kernels do not take.
    found.retain(|found| found.severity == cleat_diag::Severity::Error);
    assert_eq!(told(&found, &read.sources), "", "{text}");
    desired
}

/// Brings the host to the file; the steps, of which there are none at a second time, and what is wanted is there.
fn reload(host: &mut Host, text: &str) -> Vec<String> {
    let desired = wanted(text, host);
    let steps = host.reload(&desired);
    let declared = desired.links().iter().filter(|link| link.declared);
    let names: Vec<_> = declared.map(|link| link.name).collect();
    assert_eq!(verify(&desired, host.kernel.now(), &names), [], "{text}");
    let again = wanted(text, host);
    assert_eq!(host.reload(&again), [""; 0], "a second time: {text}");
    steps
}

/// What is not as before: other links, and options of the link itself beyond the ticks that times are kept in.
fn unlike(before: &Host, after: &Host) -> Vec<String> {
    let link = |host: &Host| host.kernel.now().find(NAME).cloned().unwrap();
    let (was, is) = (link(before), link(after));
    let differs = |attr: &&crate::attr::Attr| match (attr.read(&was), attr.read(&is)) {
        (Some(was), Some(is)) => !attr.same(&was, &is) && !attr.same(&is, &was),
        // The kernel leaves out a list that is empty, and the simulator shows what sleeps in another mode.
        (None, Some(crate::attr::Value::Ips(none))) => !none.is_empty(),
        (None, Some(is)) => attr.default_value() != Some(is),
        (was, is) => was != is,
    };
    let options = table::all().filter(differs).map(|attr| attr.name.to_owned());
    let without = |host: &Host| {
        let mut all = essence(&host.kernel);
        all.remove(NAME);
        all
    };
    let others = differing(&without(before), &without(after));
    options.chain((!others.is_empty()).then_some(others)).collect()
}

/// What the kernel has. That a NIC is up stays: it has no stanza that would say so.
fn but_up(host: &Host) -> std::collections::BTreeMap<String, String> {
    let mut all = essence(&host.kernel);
    all.values_mut()
        .for_each(|text| *text = text.replace("up=true", "up=false"));
    all
}

/// Made, changed and changed back in each option, and taken away: on the simulator. tests/commands/kinds.rs is the same on
/// a kernel.
#[test]
fn every_kind_makes_the_whole_trip() {
    let mut found = Vec::new();
    for row in all() {
        let mut host = Host::new(&[LOWER, PORT]);
        let start = but_up(&host);
        let plain = stanza(row);
        let steps = reload(&mut host, &file(&plain));
        let made = host.kernel.now().find(NAME).map(|link| &link.kind);
        assert_eq!(made, Some(&row.kind()), "{} by {steps:?}", file(&plain));
        let fresh = host.clone();
        for lines in changes(row) {
            let with: Vec<_> = plain.iter().chain(&lines).cloned().collect();
            assert!(!reload(&mut host, &file(&with)).is_empty(), "{}", file(&with));
            assert!(
                !reload(&mut host, &file(&plain)).is_empty(),
                "back from {}",
                file(&with)
            );
            let left = unlike(&fresh, &host);
            found.extend(left.iter().map(|left| format!("{left} back from {}", file(&with))));
        }
        let planned = host.plan(
            &Desired::default(),
            &crate::trial::all(crate::plan::Verb::Reload, &Desired::default()),
        );
        assert!(!planned.plan.steps.is_empty(), "{} is taken away", row.word);
        host.reload(&Desired::default());
        assert_eq!(differing(&start, &but_up(&host)), "", "{}", row.word);
    }
    assert!(found.is_empty(), "{}", found.join("\n"));
}
