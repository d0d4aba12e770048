//! The file: TOML with places, so that each fault is shown at its line.

use crate::keys::{KEYS, Key};
use crate::settings::Settings;
use cleat_diag::{Diagnostic, FileId, Place, Sources, Span};
use cleat_eni::distance;
use cleat_root::paths;
use std::ops::Range;
use toml::Spanned;
use toml::de::{DeString, DeTable, DeValue};

/// The note where nothing of the file is used.
pub(super) const DEFAULTS_HOLD: &str = "the built-in settings are used";

/// Reads the file's bytes into the settings, and answers what is wrong with them.
pub(super) fn read(settings: &mut Settings, bytes: Vec<u8>, sources: &mut Sources) -> Vec<Diagnostic> {
    let faults = match std::str::from_utf8(&bytes) {
        Ok(text) => read_text(settings, text),
        Err(error) => {
            let at = error.valid_up_to();
            vec![FileFault::broken(at..at + 1, "this byte is not UTF-8")]
        }
    };
    if faults.is_empty() {
        return Vec::new();
    }
    let file = sources.add(paths::CONFIG, bytes);
    faults.into_iter().map(|fault| fault.diagnostic(file)).collect()
}

/// Something wrong, and where. *Units* of the place: bytes.
enum FileFault {
    /// Nothing of the file can be used.
    Broken(Range<usize>, String),
    /// A key or table that is not known, and the nearest that is.
    Unknown(Range<usize>, String, Option<String>),
    /// A value of the wrong type or out of range, and what it must be.
    Value(Range<usize>, String, &'static str),
}

impl FileFault {
    fn broken(place: Range<usize>, text: &str) -> Self {
        // The parser's texts may have several lines.
        FileFault::Broken(place, text.split_whitespace().collect::<Vec<_>>().join(" "))
    }

    fn diagnostic(self, file: FileId) -> Diagnostic {
        let place = |range: Range<usize>| Place {
            file,
            span: Span::new(range.start, range.end),
        };
        match self {
            FileFault::Broken(range, text) => {
                let message = format!("{} is not TOML: {text}", paths::CONFIG);
                Diagnostic::error("config-file", message)
                    .at(place(range), "nothing of the file is used")
                    .note(DEFAULTS_HOLD)
            }
            FileFault::Unknown(range, key, nearest) => {
                let found = Diagnostic::warning("config-key", format!("there is no setting `{key}`"))
                    .at(place(range), "not used");
                match nearest {
                    Some(nearest) => found.help(format!("did you mean `{nearest}`?")),
                    None => found.help("cleat.toml(5) has all of them"),
                }
            }
            FileFault::Value(range, key, wants) => Diagnostic::error("config-value", format!("`{key}` takes {wants}"))
                .at(place(range), "the built-in value is used"),
        }
    }
}

fn read_text(settings: &mut Settings, text: &str) -> Vec<FileFault> {
    let table = match DeTable::parse(text) {
        Ok(table) => table.into_inner(),
        Err(error) => return vec![FileFault::broken(error.span().unwrap_or(0..0), error.message())],
    };
    let mut faults = Vec::new();
    for (name, value) in &table {
        let is_table = KEYS.iter().any(|key| key.table == name.get_ref().as_ref());
        match value.get_ref() {
            DeValue::Table(inner) if is_table => {
                for (inner_name, value) in inner {
                    take(settings, name.get_ref(), inner_name, value, &mut faults);
                }
            }
            _ => take(settings, "", name, value, &mut faults),
        }
    }
    faults.sort_by_key(|fault| match fault {
        FileFault::Broken(range, _) | FileFault::Unknown(range, ..) | FileFault::Value(range, ..) => range.start,
    });
    faults
}

/// Takes one key of a table.
fn take(
    settings: &mut Settings,
    table: &str,
    name: &Spanned<DeString<'_>>,
    value: &Spanned<DeValue<'_>>,
    faults: &mut Vec<FileFault>,
) {
    let known = KEYS
        .iter()
        .find(|key| key.table == table && key.name == name.get_ref().as_ref());
    let Some(key) = known else {
        let path = match table {
            "" => name.get_ref().to_string(),
            table => format!("{table}.{}", name.get_ref()),
        };
        let nearest = nearest(&path);
        faults.push(FileFault::Unknown(name.span(), path, nearest));
        return;
    };
    if let Err(wants) = key.slot.put(settings, value.get_ref()) {
        faults.push(FileFault::Value(value.span(), key.path(), wants));
    }
}

/// The key or table that was likely meant.
fn nearest(path: &str) -> Option<String> {
    let spellings = KEYS.iter().flat_map(|key| [Key::path(key), key.table.to_owned()]);
    let same_name = KEYS
        .iter()
        .find(|key| key.name == path || path.ends_with(&format!(".{}", key.name)));
    let near = spellings
        .filter(|known| !known.is_empty())
        .map(|known| (distance(path, &known), known));
    match near.min() {
        Some((distance, known)) if distance <= 2 => Some(known),
        // Right name, wrong table.
        _ => same_name.map(Key::path),
    }
}
