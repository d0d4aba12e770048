//! Renaming an interface wherever it is named.

use crate::edit::{Splice, check_word, splice};
use crate::item::{Class, Item, Word, is_hook};
use crate::{ConfigSet, Document, expand_range, matches_glob};
use cleat_diag::{Diagnostic, Place, Span, Spanned};
use std::ops::Range;

/// Longest name of an interface, in bytes.
///
/// *Source*: linux/if.h, IFNAMSIZ, which counts the final NUL too.
const LONGEST: usize = 15;

/// Renames an interface in all files of a set: in `iface`, `auto`, `allow-*`, `no-*`, `rename`, `mapping` and
/// `inherits` lines, in the class that bears an Open vSwitch bridge's name (`allow-vmbr0`), and in the values of the
/// options for which `names_interface` says that they name interfaces (called with the key, `_` written as `-`).
///
/// The VLANs and aliases that carry its name follow: renaming `a` renames `a.5`, `a.5.10`, `a:1` and `a=8` too.
/// Hook commands, ranges and patterns that name or match it are left as they are, with a warning each.
///
/// Returns how many times the name was replaced. With an error among the diagnostics nothing was changed: the new
/// name cannot be a name, is in use, or makes a VLAN's name too long. The places of the warnings are those of the set
/// as it is afterwards. Nothing is written to the disk.
pub fn rename_interface(
    set: &mut ConfigSet,
    from: &str,
    to: &str,
    names_interface: &dyn Fn(&str) -> bool,
) -> (usize, Vec<Diagnostic>) {
    if from == to {
        return (0, Vec::new());
    }
    let find = Find::of(set, names_interface);
    let refused = find.refusals(set, from, to);
    if !refused.is_empty() {
        return (0, refused);
    }
    let mut changes = 0;
    let mut edited = Vec::new();
    for document in &set.documents {
        let words = find.mentions(document);
        let count: usize = words.iter().map(|word| parts(&word.value, from).len()).sum();
        if count > 0 {
            changes += count;
            let splices = words.iter().flat_map(|word| replacements(word, from, to)).collect();
            edited.push((document.file, splice(document.source.bytes(), splices)));
        }
    }
    for (file, bytes) in edited {
        // What the parser says of the text it said before.
        let _ = set.replace(file, bytes);
    }
    (changes, Find::of(set, names_interface).leftovers(set, from, to))
}

/// What names an interface in a set.
struct Find<'a> {
    names_interface: &'a dyn Fn(&str) -> bool,
    /// Open vSwitch bridges: named in `allow-ovs` lines, their ports listed in lines of a class of their own name.
    ///
    /// *Source*: openvswitch-switch's README.Debian.
    bridges: Vec<String>,
}

impl<'a> Find<'a> {
    fn of(set: &ConfigSet, names_interface: &'a dyn Fn(&str) -> bool) -> Self {
        let items = set.documents.iter().flat_map(Document::items);
        let names = items.filter_map(|item| match item {
            Item::Auto(class) if class.class.value == "ovs" => Some(&class.names),
            _ => None,
        });
        let bridges = names.flatten().map(|name| name.value.clone()).collect();
        Self {
            names_interface,
            bridges,
        }
    }

    /// All words of a document that name interfaces, or may be patterns for such names.
    fn mentions(&self, document: &Document) -> Vec<Word> {
        let mut words = Vec::new();
        for item in document.items() {
            match item {
                Item::Auto(class) => {
                    words.extend(self.bridge_of(class));
                    words.extend_from_slice(&class.names);
                }
                Item::NoAutoDown(class) | Item::NoScripts(class) => words.extend_from_slice(&class.names),
                Item::Iface(iface) => {
                    words.push(iface.name.clone());
                    words.extend_from_slice(&iface.inherits);
                    let options = iface
                        .options
                        .iter()
                        .filter(|option| (self.names_interface)(&option.key.value));
                    words.extend(options.flat_map(|option| option.value.words()));
                }
                Item::Mapping(mapping) => words.extend_from_slice(&mapping.patterns),
                Item::Rename(pairs) => words.extend(pairs.iter().flat_map(|pair| [pair.from.clone(), pair.to.clone()])),
                Item::Source(_) | Item::SourceDirectory(_) => {}
            }
        }
        words
    }

    /// The bridge that an `allow-BRIDGE` line is about.
    fn bridge_of(&self, class: &Class) -> Option<Word> {
        const ALLOW: &str = "allow-";
        let Spanned { value, place } = &class.class;
        let is_bridge = self.bridges.contains(value) && place.span.len() == ALLOW.len() + value.len();
        let span = Span::new(place.span.range().start + ALLOW.len(), place.span.range().end);
        is_bridge.then(|| Spanned::new(value.clone(), Place { file: place.file, span }))
    }

    /// Why the set cannot be renamed so.
    fn refusals(&self, set: &ConfigSet, from: &str, to: &str) -> Vec<Diagnostic> {
        let bad_name = |to: &str| check_word(to).is_err() || to.contains(['/', ':', '=']) || matches!(to, "." | "..");
        if bad_name(to) {
            let message = format!("`{}` cannot be the name of an interface", to.escape_debug());
            return vec![
                Diagnostic::error("bad-name", message).help("a name has no white space, `/`, `:`, `=` or backslash"),
            ];
        }
        if to.len() > LONGEST {
            let message = format!("`{to}` is longer than {LONGEST} bytes");
            return vec![Diagnostic::error("name-too-long", message)];
        }
        let words: Vec<Word> = set
            .documents
            .iter()
            .flat_map(|document| self.mentions(document))
            .collect();
        let mut refused = Vec::new();
        if let Some(word) = words.iter().find(|word| !parts(&word.value, to).is_empty()) {
            refused.push(
                Diagnostic::error(
                    "name-taken",
                    format!("`{from}` cannot become `{to}`: that name is in use"),
                )
                .at(word.place, "named here")
                .help("choose a name that stands nowhere in the configuration"),
            );
        }
        let mut long: Vec<String> = Vec::new();
        for word in &words {
            let Some(new) = renamed(&word.value, from, to) else {
                continue;
            };
            let new = new.split('=').next().unwrap_or_default().to_owned();
            if new.len() > LONGEST && expand_range(&new).is_none() && !long.contains(&new) {
                refused.push(
                    Diagnostic::error("name-too-long", format!("`{new}` is longer than {LONGEST} bytes"))
                        .at(word.place, format!("would become `{new}`"))
                        .help("choose a shorter name"),
                );
                long.push(new);
            }
        }
        refused
    }

    /// Warnings of what still names or matches the old name.
    fn leftovers(&self, set: &ConfigSet, from: &str, to: &str) -> Vec<Diagnostic> {
        let mut found = Vec::new();
        for document in &set.documents {
            for word in self.mentions(document) {
                if covers(&word.value, from) && !covers(&word.value, to) {
                    found.push(
                        Diagnostic::warning(
                            "renamed-in-pattern",
                            format!("`{}` matches {from}, and not {to}", word.value),
                        )
                        .at(word.place, "left as it is")
                        .help(format!("name {to} here too, if it is meant")),
                    );
                }
            }
            for iface in document.items().iter().filter_map(Item::as_iface) {
                for option in iface.options.iter().filter(|option| is_hook(&option.key.value)) {
                    let places = whole_words(&option.value.text, from).map(|range| option.value.place_of(range));
                    found.extend(places.map(|place| hook(place, option.written(), from, to)));
                }
            }
        }
        found
    }
}

/// Where a word names an interface: at its start (`eno1`, `eno1.5`, `eno1:1`, `eno1=8`), or as the logical name
/// behind its last `=` (`/eno*=eno1`).
fn parts(word: &str, name: &str) -> Vec<Range<usize>> {
    let mut parts = Vec::new();
    let rest = word.strip_prefix(name);
    if rest.is_some_and(|rest| rest.is_empty() || rest.starts_with(['.', ':', '='])) {
        parts.push(0..name.len());
    }
    if let Some(at) = word.rfind('=')
        && &word[at + 1..] == name
    {
        parts.push(at + 1..word.len());
    }
    parts
}

/// `word` with its first part renamed; `None` where it does not begin with the name.
fn renamed(word: &str, from: &str, to: &str) -> Option<String> {
    let first = parts(word, from).into_iter().find(|part| part.start == 0)?;
    Some(format!("{to}{}", &word[first.end..]))
}

fn replacements(word: &Word, from: &str, to: &str) -> Vec<Splice> {
    let place = word.place.span.range();
    let parts = parts(&word.value, from);
    if place.len() == word.value.len() {
        let at = |part: Range<usize>| place.start + part.start..place.start + part.end;
        return parts
            .into_iter()
            .map(|part| Splice {
                range: at(part),
                text: to.into(),
            })
            .collect();
    }
    if parts.is_empty() {
        return Vec::new();
    }
    // A continuation runs through the word: it is written again, on one line.
    let parts = parts
        .into_iter()
        .map(|range| Splice { range, text: to.into() })
        .collect();
    vec![Splice {
        range: place,
        text: splice(word.value.as_bytes(), parts),
    }]
}

fn hook(place: Place, key: &str, from: &str, to: &str) -> Diagnostic {
    Diagnostic::warning("renamed-in-hook", format!("this `{key}` command still names {from}"))
        .at(place, "left as it is")
        .help(format!(
            "write {to} here, or $IFACE where the command means its own interface"
        ))
}

/// Whether a pattern or a range stands for more than itself, `name` among it.
fn covers(word: &str, name: &str) -> bool {
    if let Some(names) = expand_range(word) {
        return names.iter().any(|one| one == name);
    }
    // interfaces(5), PATTERN MATCHING INTERFACES: [VARIABLE]/VALUE[/[OPTIONS]][=LOGICAL]
    let pattern = match word.strip_prefix('/') {
        Some(rest) => rest.split(['/', '=']).next().unwrap_or(rest),
        None => word,
    };
    cleat_root::is_pattern(pattern) && matches_glob(pattern, name)
}

/// Where `name` stands in a shell command, as a word of letters, digits, `_` and `-`.
fn whole_words<'a>(text: &'a str, name: &'a str) -> impl Iterator<Item = Range<usize>> + 'a {
    let inside = |char: Option<char>| char.is_some_and(|char| char.is_alphanumeric() || matches!(char, '_' | '-'));
    let ranges = text.match_indices(name).map(|(at, found)| at..at + found.len());
    ranges.filter(move |range| {
        !inside(text[..range.start].chars().next_back()) && !inside(text[range.end..].chars().next())
    })
}
