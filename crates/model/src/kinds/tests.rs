//! The rows against each other and against the rows of options.

use super::*;
use crate::table;

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
