//! What the file says, as written.

use super::entry::{Entry, Keys};
use cleat_diag::{Place, Sources};
use cleat_model::decl::{Decl, Stanza};
use cleat_model::desired::Hook;

/// One entry for each stanza of an interface, keys in the order written.
///
/// *Shape*: keys with `-` for `_`; lines that came by `inherits` first, as if they stood there.
pub fn entries(decl: &Decl) -> Vec<Entry> {
    let stanzas = decl.stanzas.iter().enumerate();
    stanzas.map(|(at, stanza)| stanza_entry(decl, at, stanza)).collect()
}

/// One entry for all stanzas of an interface, without its options.
pub fn head(decl: &Decl) -> Entry {
    let families: Vec<String> = decl
        .stanzas
        .iter()
        .filter_map(|stanza| stanza.family.as_ref().map(ToString::to_string))
        .collect();
    let mut distinct: Vec<String> = Vec::new();
    for family in families {
        if !distinct.contains(&family) {
            distinct.push(family);
        }
    }
    Entry {
        method: decl.stanzas.first().filter(|first| first.method_said).map(method),
        family: (!distinct.is_empty()).then(|| distinct.join(" ")),
        auto: decl.is_in("auto"),
        ..Entry::new(decl.name.to_string())
    }
}

/// The stanzas of an interface as they stand in the file, comments within them included.
pub fn raw(decl: &Decl, sources: &Sources) -> String {
    let mut text = String::new();
    for stanza in &decl.stanzas {
        if decl.is_in("auto") {
            text.push_str(&format!("auto {}\n", decl.name));
        }
        text.push_str(sources.text(stanza.whole).trim_end());
        text.push_str("\n\n");
    }
    text
}

/// One line of an interface: an option, or a hook.
#[derive(Clone, Copy, Debug)]
pub struct Line<'a> {
    /// The stanza it is in.
    stanza: usize,
    /// The key, with `-` for `_`.
    pub key: &'a str,
    /// The value as written.
    pub value: &'a str,
    /// The whole line; of a hook only the command.
    pub place: Place,
}

/// All lines of an interface, stanza by stanza, in the order written; what was inherited comes first.
pub fn lines(decl: &Decl) -> Vec<Line<'_>> {
    let options = decl.options.iter().map(|said| Line {
        stanza: said.stanza,
        key: &said.key.value,
        value: &said.value.text,
        place: said.place,
    });
    let hooks = decl.hooks.iter().map(|hook| Line {
        stanza: belongs(decl, hook),
        key: hook.phase.word(),
        value: &hook.command.value,
        place: hook.command.place,
    });
    let mut lines: Vec<Line> = options.chain(hooks).collect();
    let own = |line: &Line| {
        let stanza = decl.stanzas.get(line.stanza);
        stanza.is_some_and(|stanza| within(line.place, stanza.whole))
    };
    lines.sort_by_key(|line| (line.stanza, own(line), line.place));
    lines
}

fn stanza_entry(decl: &Decl, at: usize, stanza: &Stanza) -> Entry {
    let mut config = Keys::default();
    for line in lines(decl).into_iter().filter(|line| line.stanza == at) {
        config.push(line.key, line.value.to_owned());
    }
    Entry {
        method: stanza.method_said.then(|| method(stanza)),
        family: stanza.family.as_ref().map(ToString::to_string),
        auto: decl.is_in("auto"),
        config,
        ..Entry::new(decl.name.to_string())
    }
}

fn method(stanza: &Stanza) -> String {
    stanza.method.word().to_owned()
}

/// The stanza that a hook line stands in; one that was inherited is shown with the first.
fn belongs(decl: &Decl, hook: &Hook) -> usize {
    let place = hook.command.place;
    decl.stanzas
        .iter()
        .position(|stanza| within(place, stanza.whole))
        .unwrap_or(0)
}

/// Whether a place lies within another.
pub fn within(place: Place, whole: Place) -> bool {
    place.file == whole.file && place.span.start >= whole.span.start && place.span.end <= whole.span.end
}
