//! The two renderers: a page for people, a line for logs.

mod page;

pub use page::terminal;

use crate::{Diagnostic, Sources};

/// The remarks without the text of files, a line each; [`line`] has the rest.
///
/// *Shape*: `note: the live file says otherwise at path:line:col`.
pub fn bare_notes(diagnostic: &Diagnostic, sources: &Sources) -> Vec<String> {
    let notes = diagnostic.notes.iter().map(|note| {
        let text = note.bare.as_ref().unwrap_or(&note.text);
        let place = note.place.and_then(|place| page::at(place, sources));
        page::plain(&format!(
            "note: {text}{}",
            place.map_or(String::new(), |at| format!(" at {at}"))
        ))
    });
    notes.collect()
}

/// Renders for the journal, kmsg and the Proxmox task log: one line, no colour, no control characters.
///
/// *Shape*: `error: vmbr0: message (path:line:col) [code]; help: text`.
pub fn line(diagnostic: &Diagnostic, sources: &Sources) -> String {
    let mut text = format!("{}: ", diagnostic.severity.word());
    if let Some(iface) = &diagnostic.iface {
        text += &format!("{iface}: ");
    }
    text += &page::plain(&diagnostic.message);
    if let Some((path, position)) = diagnostic.label.as_ref().and_then(|label| sources.locate(label.place)) {
        text += &format!(" ({}:{}:{})", path.display(), position.line, position.column);
    }
    text += &format!(" [{}]", diagnostic.code);
    for help in &diagnostic.help {
        text += &format!("; help: {}", page::plain(help));
    }
    page::visible_line(&text)
}
