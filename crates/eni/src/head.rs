//! The first line of each stanza.

use crate::document::LineKind;
use crate::item::{Class, Family, Iface, Include, Item, Mapping, RenamePair, Word};
use crate::parse::{Open, Parser};
use crate::value::Joined;
use cleat_diag::{Diagnostic, Place, Span, Spanned};
use std::ops::Range;

/// Whether a word begins a stanza.
pub(crate) fn is_head(word: &str) -> bool {
    Head::of(word).is_some()
}

/// What the first word of a line begins.
pub(crate) enum Head {
    Auto(String),
    NoAutoDown,
    NoScripts,
    Iface,
    Template,
    Mapping,
    Rename,
    Source,
    SourceDirectory,
    Unknown,
    /// A slip of the pen in the keyword that is named here.
    Misspelt(&'static str),
}

impl Head {
    /// What `word` begins; `None` for an option's key.
    pub fn of(word: &str) -> Option<Self> {
        Some(match word {
            "auto" => Head::Auto("auto".to_owned()),
            "no-auto-down" => Head::NoAutoDown,
            "no-scripts" => Head::NoScripts,
            "iface" => Head::Iface,
            "template" => Head::Template,
            "mapping" => Head::Mapping,
            "rename" => Head::Rename,
            "source" => Head::Source,
            "source-directory" => Head::SourceDirectory,
            "vlan" => Head::Unknown,
            _ => Head::Auto(word.strip_prefix("allow-")?.to_owned()),
        })
    }
}

impl Parser {
    /// Reads the first line of a stanza, and ends the one before.
    ///
    /// `first`, `rest` and `whole` are the ranges of the keyword, of what follows it, and of both.
    pub fn head(
        &mut self,
        head: Head,
        line: &Joined,
        first: Range<usize>,
        rest: Range<usize>,
        whole: Range<usize>,
    ) -> LineKind {
        self.close();
        let place = line.place(whole.clone());
        let keyword = line.word(first);
        if let Head::Unknown = head {
            self.warn(
                Diagnostic::warning("unknown-stanza", format!("`{}` stanzas are not known", keyword.value))
                    .at(keyword.place, "left out, with the lines below it"),
            );
            self.open = Open::LeftOut;
            return LineKind::LeftOut;
        }
        if let Head::Misspelt(meant) = head {
            self.warn(
                Diagnostic::error(
                    "misspelt-stanza",
                    format!("`{}` does not begin a stanza", keyword.value),
                )
                .at(keyword.place, "left out, with the lines below it")
                .help(format!("did you mean `{meant}`?")),
            );
            self.open = Open::LeftOut;
            return LineKind::LeftOut;
        }
        self.joins(line);
        if matches!(&head, Head::Auto(class) if class.is_empty()) {
            self.warn(Diagnostic::error("no-name", "`allow-` without the name of a class").at(keyword.place, ""));
            return LineKind::LeftOut;
        }
        let words = self.words(line, rest.clone());
        if words.is_empty() {
            return self.empty_head(head, keyword);
        }
        let header = LineKind::Header(self.index());
        let class_of = |class: String, names: Vec<Word>| {
            let class = Spanned::new(class, keyword.place);
            Class { class, names, place }
        };
        let item = match head {
            Head::Auto(class) => Item::Auto(class_of(class, words)),
            Head::NoAutoDown => Item::NoAutoDown(class_of(keyword.value.clone(), words)),
            Head::NoScripts => Item::NoScripts(class_of(keyword.value.clone(), words)),
            Head::Source => Item::Source(Include { targets: words, place }),
            Head::SourceDirectory => Item::SourceDirectory(Include { targets: words, place }),
            Head::Rename => match self.rename(line, line.word_ranges(rest).take(words.len())) {
                pairs if pairs.is_empty() => return LineKind::LeftOut,
                pairs => Item::Rename(pairs),
            },
            Head::Mapping => {
                self.open = Open::Mapping(Mapping {
                    patterns: words,
                    script: None,
                    maps: Vec::new(),
                    place,
                });
                return header;
            }
            Head::Iface | Head::Template | Head::Unknown | Head::Misspelt(_) => {
                let template = matches!(head, Head::Template);
                let iface = self.iface(words, template, place);
                self.open = iface.map_or(Open::LeftOut, Open::Iface);
                return header;
            }
        };
        self.items.push(item);
        header
    }

    /// A head with nothing behind its keyword.
    fn empty_head(&mut self, head: Head, keyword: Word) -> LineKind {
        let written = &keyword.value;
        let (found, open) = match head {
            Head::Iface | Head::Template | Head::Mapping | Head::Unknown | Head::Misspelt(_) => (
                Diagnostic::error("no-name", format!("`{written}` without a name"))
                    .at(keyword.place, "left out, with the lines below it"),
                Open::LeftOut,
            ),
            Head::Source | Head::SourceDirectory => (
                Diagnostic::error("no-name", format!("`{written}` without a path")).at(keyword.place, ""),
                Open::Nothing,
            ),
            Head::Auto(_) | Head::NoAutoDown | Head::NoScripts | Head::Rename => (
                Diagnostic::warning("names-nothing", format!("`{written}` names no interface")).at(keyword.place, ""),
                Open::Nothing,
            ),
        };
        self.warn(found);
        self.open = open;
        LineKind::LeftOut
    }

    /// The words of a head; from a word that begins with `#` on it is taken for a comment, with a warning.
    fn words(&mut self, line: &Joined, range: Range<usize>) -> Vec<Word> {
        let mut words = line.words(range.clone());
        if let Some(at) = words.iter().position(|word| word.value.starts_with('#')) {
            let place = Place {
                file: self.file,
                span: Span {
                    start: words[at].place.span.start,
                    end: line.place(range).span.end,
                },
            };
            self.warn(
                Diagnostic::warning("trailing-comment", "a comment has to stand on a line of its own")
                    .at(place, "left out here; other tools take these words for names")
                    .help("move the comment to the line above"),
            );
            words.truncate(at);
        }
        words
    }

    fn iface(&mut self, words: Vec<Word>, template: bool, place: Place) -> Option<Iface> {
        let mut words = words.into_iter();
        let name = words.next()?;
        let mut iface = Iface {
            name,
            family: None,
            method: None,
            inherits: Vec::new(),
            template,
            options: Vec::new(),
            place,
        };
        while let Some(word) = words.next() {
            if matches!(word.value.as_str(), "inherits" | "inherit") {
                iface.inherits.extend(words.by_ref());
                if iface.inherits.is_empty() {
                    let found = format!("`{}` without the name of a stanza", word.value);
                    self.warn(Diagnostic::error("no-name", found).at(word.place, ""));
                }
            } else if iface.family.is_none() {
                iface.family = Some(word.map(|word| Family::from(word.as_str())));
            } else if iface.method.is_none() {
                iface.method = Some(word);
            } else {
                self.warn(
                    Diagnostic::error("extra-words", format!("`{}` is one word too many", word.value))
                        .at(word.place, "left out")
                        .help("an `iface` line is: iface NAME [FAMILY [METHOD]] [inherits NAME...]"),
                );
            }
        }
        Some(iface)
    }

    fn rename(&mut self, line: &Joined, words: impl Iterator<Item = Range<usize>>) -> Vec<RenamePair> {
        let mut pairs = Vec::new();
        for range in words {
            let word = &line.text[range.clone()];
            match word.rfind('=').filter(|at| *at > 0 && at + 1 < word.len()) {
                Some(at) => pairs.push(RenamePair {
                    from: line.word(range.start..range.start + at),
                    to: line.word(range.start + at + 1..range.end),
                }),
                None => self.warn(
                    Diagnostic::error("rename-form", format!("`{word}` is not of the form CUR=NEW"))
                        .at(line.place(range), "left out")
                        .help("write the name it has now, `=`, and the name to give"),
                ),
            }
        }
        pairs
    }
}
