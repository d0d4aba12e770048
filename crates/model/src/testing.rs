//! What the tests of this crate share: text in, declarations and told diagnostics out.

use crate::decl::{Decls, declare};
use cleat_diag::{Diagnostic, Place, Sources};

/// A configuration that was read from a text.
pub(crate) struct Read {
    pub decls: Decls,
    pub sources: Sources,
    pub found: Vec<Diagnostic>,
}

/// Reads one file.
pub(crate) fn read(text: &str) -> Read {
    let mut sources = Sources::new();
    let file = sources.add("interfaces", text.as_bytes().to_vec());
    let (document, mut found) = cleat_eni::parse(file, sources.get(file).unwrap());
    let (decls, more) = declare(document.items());
    found.extend(more);
    Read { decls, sources, found }
}

/// Every part of every diagnostic, one to a line: severity and code, place and text underlined, sentence, label, notes, help.
pub(crate) fn told(found: &[Diagnostic], sources: &Sources) -> String {
    let at = |place: Place| {
        let (_, position) = sources.locate(place).unwrap();
        format!("{}:{}", position.line, position.column)
    };
    let mut all = String::new();
    for diagnostic in found {
        all += &format!("{}[{}] ", diagnostic.severity.word(), diagnostic.code);
        if let Some(iface) = &diagnostic.iface {
            all += &format!("{iface}: ");
        }
        all += &diagnostic.message;
        if let Some(label) = &diagnostic.label {
            all += &format!("\n  {} «{}» {}", at(label.place), sources.text(label.place), label.text);
        }
        for note in &diagnostic.notes {
            let place = note.place.map(|place| format!(" at {}", at(place))).unwrap_or_default();
            all += &format!("\n  note: {}{place}", note.text);
        }
        for help in &diagnostic.help {
            all += &format!("\n  help: {help}");
        }
        all += "\n";
    }
    all
}
