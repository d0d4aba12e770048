//! A file as a row of elements: stanzas, each with its options, and the lines between them.

use cleat_diag::Span;
use cleat_eni::{Class, Document, Item, LineKind};
use std::collections::BTreeMap;

/// A stanza, or one line that belongs to none.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Element {
    /// Which stanza it is; none for a comment or a blank line.
    pub key: Option<StanzaKey>,
    /// Its bytes, with a line end.
    pub bytes: Vec<u8>,
    /// Where it stands.
    pub span: Span,
}

/// What makes a stanza the same one in two files.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct StanzaKey {
    /// As it is shown: `iface eno1 inet`.
    pub name: String,
    /// Which of several of that name, from 0.
    pub nth: usize,
}

/// The elements of a file; their bytes behind one another are the file, with a line end at its end.
pub(crate) fn elements(document: &Document) -> Vec<Element> {
    let lines = document.lines();
    let mut last = BTreeMap::new();
    for (at, line) in lines.iter().enumerate() {
        if let LineKind::Header(item) | LineKind::Option(item) = line.kind {
            last.insert(item, at);
        }
    }
    let mut seen: BTreeMap<String, usize> = BTreeMap::new();
    let mut elements = Vec::new();
    let mut at = 0;
    while let Some(line) = lines.get(at) {
        let (name, end) = match line.kind {
            LineKind::Header(item) | LineKind::Option(item) => {
                let end = last.get(&item).map_or(at, |last| *last);
                (document.items().get(item as usize).map(name_of), end)
            }
            LineKind::LeftOut => {
                let more = lines[at..].iter().take_while(|line| line.kind == LineKind::LeftOut);
                let text = String::from_utf8_lossy(document.line_bytes(line)).trim().to_owned();
                (Some(text), at + more.count() - 1)
            }
            LineKind::Blank | LineKind::Comment => (None, at),
        };
        let key = name.map(|name| {
            let count = seen.entry(name.clone()).or_default();
            let nth = *count;
            *count += 1;
            StanzaKey { name, nth }
        });
        let lines = &lines[at..=end];
        let mut bytes: Vec<u8> = lines
            .iter()
            .flat_map(|line| document.line_bytes(line))
            .copied()
            .collect();
        if bytes.last() != Some(&b'\n') {
            bytes.push(b'\n');
        }
        let span = Span {
            start: line.span.start,
            end: lines.last().map_or(line.span.end, |line| line.span.end),
        };
        elements.push(Element { key, bytes, span });
        at = end + 1;
    }
    elements
}

/// What a stanza is called. A line of names goes by its first one, so that it stays the same when others are added.
fn name_of(item: &Item) -> String {
    let class = |word: &str, class: &Class| format!("{word} {}", class.names.first().map_or("", |name| &name.value));
    match item {
        Item::Auto(names) if names.class.value == "auto" => class("auto", names),
        Item::Auto(names) => class(&format!("allow-{}", names.class.value), names),
        Item::NoAutoDown(names) => class("no-auto-down", names),
        Item::NoScripts(names) => class("no-scripts", names),
        Item::Iface(iface) => {
            let word = if iface.template { "template" } else { "iface" };
            let family = iface.family.as_ref().map(|family| format!(" {}", family.value));
            format!("{word} {}{}", iface.name.value, family.unwrap_or_default())
        }
        Item::Mapping(mapping) => {
            let patterns: Vec<&str> = mapping.patterns.iter().map(|word| word.value.as_str()).collect();
            format!("mapping {}", patterns.join(" "))
        }
        Item::Rename(pairs) => format!("rename {}", pairs.first().map_or("", |pair| &pair.from.value)),
        Item::Source(include) => format!("source {}", include.targets.first().map_or("", |path| &path.value)),
        Item::SourceDirectory(include) => {
            format!(
                "source-directory {}",
                include.targets.first().map_or("", |path| &path.value)
            )
        }
    }
}
