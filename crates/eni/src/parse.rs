//! From bytes to stanzas.

use crate::document::{Document, Line, LineKind};
use crate::head::Head;
use crate::item::{Iface, Item, Mapping, Opt, is_hook, normalise_key};
use crate::lines::{BYTE_ORDER_MARK, Lines, Logical};
use crate::nul;
use crate::slip::{any_meant, stanza_meant};
use crate::value::Joined;
use cleat_diag::{Diagnostic, FileId, Place, Severity, Source, Span, Spanned};
use std::ops::Range;
use std::sync::Arc;

/// Most diagnostics that one file gives: a file with more is not an interfaces(5) file.
const MOST_DIAGNOSTICS: usize = 1_000;

/// Reads one file. Never fails: what cannot be read is reported and kept as a line.
///
/// *Shape*: the document gives back the bytes of `source`, always; places name `file`.
///
/// *Source*: interfaces(5). Of points it leaves open: a comment does not continue over a backslash, continued
/// lines join without a space, and an option behind a line that is not a stanza head (`auto`, `source`) belongs to
/// nothing (all three as classic ifupdown 0.8.41 does).
pub fn parse(file: FileId, source: &Arc<Source>) -> (Document, Vec<Diagnostic>) {
    let mut parser = Parser {
        file,
        lines: Vec::new(),
        items: Vec::new(),
        open: Open::Nothing,
        diagnostics: Vec::new(),
        dropped: None,
    };
    let bytes = source.bytes();
    let (nul, is_binary) = nul::find(file, bytes);
    if is_binary {
        let whole = Line {
            span: Span::new(0, bytes.len()),
            kind: LineKind::LeftOut,
        };
        let document = Document {
            file,
            source: Arc::clone(source),
            lines: vec![whole],
            items: Vec::new(),
        };
        return (document, nul.into_iter().collect());
    }
    parser.diagnostics.extend(nul);
    if bytes.starts_with(BYTE_ORDER_MARK) {
        let place = Place {
            file,
            span: Span::new(0, BYTE_ORDER_MARK.len()),
        };
        parser.diagnostics.push(
            Diagnostic::warning("byte-order-mark", "the file begins with a byte order mark")
                .at(place, "other tools take it for part of the first word")
                .help("save the file as UTF-8 without a byte order mark"),
        );
    }
    for logical in Lines::of(bytes) {
        let span = logical.span;
        let kind = parser.line(&logical);
        parser.lines.push(Line { span, kind });
    }
    parser.close();
    let Parser {
        lines,
        items,
        mut diagnostics,
        dropped,
        ..
    } = parser;
    diagnostics.sort_by_key(|found| found.label.as_ref().map(|label| label.place.span.start));
    if let Some((severity, count)) = dropped {
        let message = format!("{count} more faults in {} are not shown", source.path.display());
        diagnostics.push(Diagnostic::new(severity, "too-many", message).help("is this an interfaces(5) file?"));
    }
    (
        Document {
            file,
            source: Arc::clone(source),
            lines,
            items,
        },
        diagnostics,
    )
}

/// The stanza that option lines go to.
pub(crate) enum Open {
    /// None; an option line is an error. With the diagnostic of the run of such lines that is going on.
    Nothing,
    /// As `Nothing`, within a run of stray lines: the diagnostic's index, and how many lines followed.
    Stray(usize, usize),
    /// An `iface` or `template` stanza.
    Iface(Iface),
    /// A `mapping` stanza.
    Mapping(Mapping),
    /// A stanza that was reported and is left out with all its lines.
    LeftOut,
}

/// What is read so far.
pub(crate) struct Parser {
    pub file: FileId,
    lines: Vec<Line>,
    pub items: Vec<Item>,
    pub open: Open,
    diagnostics: Vec<Diagnostic>,
    /// The worst severity and the number of diagnostics that were too many.
    dropped: Option<(Severity, usize)>,
}

impl Parser {
    /// Index that the open (or next) item has or will have.
    pub fn index(&self) -> u32 {
        self.items.len() as u32
    }

    /// Keeps a diagnostic, or counts it where there are too many: the worst severity is not lost.
    pub fn warn(&mut self, diagnostic: Diagnostic) {
        if self.diagnostics.len() < MOST_DIAGNOSTICS {
            self.diagnostics.push(diagnostic);
            return;
        }
        let (worst, count) = self.dropped.get_or_insert((diagnostic.severity, 0));
        *worst = diagnostic.severity.max(*worst);
        *count += 1;
    }

    /// Ends the open stanza.
    pub fn close(&mut self) {
        match std::mem::replace(&mut self.open, Open::Nothing) {
            Open::Iface(iface) => self.items.push(Item::Iface(iface)),
            Open::Mapping(mapping) => self.items.push(Item::Mapping(mapping)),
            Open::Stray(index, more @ 1..) => {
                let lines = if more == 1 {
                    "line follows that belongs"
                } else {
                    "lines follow that belong"
                };
                if let Some(first) = self.diagnostics.get_mut(index) {
                    *first = first.clone().note(format!("{more} more {lines} to no stanza"));
                }
            }
            Open::Stray(..) | Open::Nothing | Open::LeftOut => {}
        }
    }

    fn line(&mut self, logical: &Logical) -> LineKind {
        if logical.text.contains(&0) {
            if nul::ends_stanza(&logical.text) {
                self.close();
                self.open = Open::LeftOut;
            }
            return LineKind::LeftOut;
        }
        if logical.comment {
            return LineKind::Comment;
        }
        let text = match std::str::from_utf8(&logical.text) {
            Ok(text) => text,
            Err(error) => return self.not_utf8(logical, error.valid_up_to()),
        };
        let line = Joined {
            text,
            file: self.file,
            start: logical.start,
            pieces: &logical.pieces,
        };
        let whole = line.trimmed(0..text.len());
        let Some(first) = line.first_word(whole.clone()) else {
            return LineKind::Blank;
        };
        let rest = first.end..whole.end;
        if text.as_bytes()[first.start] == b'%' {
            self.warn(
                Diagnostic::error("mako-template", "this is a template line: templates are not run")
                    .at(line.place(whole), "left out")
                    .help("write out the stanzas that the template makes"),
            );
            return LineKind::LeftOut;
        }
        match Head::of(&text[first.clone()]) {
            Some(head) => self.head(head, &line, first, rest, whole),
            None => match stanza_meant(&text[first.clone()], &text[rest.clone()]) {
                Some((_, head)) => self.head(head, &line, first, rest, whole),
                None => self.option(&line, first, rest, whole),
            },
        }
    }

    /// A line with bytes that are no UTF-8, outside a comment.
    fn not_utf8(&mut self, logical: &Logical, good: usize) -> LineKind {
        let text = std::str::from_utf8(&logical.text[..good]).unwrap_or_default();
        let line = Joined {
            text,
            file: self.file,
            start: logical.start,
            pieces: &logical.pieces,
        };
        let bad = line.place(good..good).span.end as usize;
        let what = line
            .first_word(0..good)
            .and_then(|word| text.get(word))
            .unwrap_or_default();
        let is_head = Head::of(what).is_some();
        let left_out = if is_head {
            "this stanza is left out"
        } else {
            "this line is left out"
        };
        self.warn(
            Diagnostic::error("not-utf8", "this line holds a byte that is not UTF-8")
                .at(
                    Place {
                        file: self.file,
                        span: Span::new(bad, bad + 1),
                    },
                    left_out,
                )
                .help("save the file as UTF-8"),
        );
        if is_head {
            self.close();
            self.open = Open::LeftOut;
        }
        LineKind::LeftOut
    }

    fn option(&mut self, line: &Joined, first: Range<usize>, rest: Range<usize>, whole: Range<usize>) -> LineKind {
        let place = line.place(whole);
        let written = &line.text[first.clone()];
        let key = Spanned::new(normalise_key(written), line.place(first));
        match &mut self.open {
            Open::LeftOut => return LineKind::LeftOut,
            Open::Stray(_, more) => {
                *more += 1;
                return LineKind::LeftOut;
            }
            Open::Nothing => {
                let found = Diagnostic::error("no-stanza", format!("`{written}` belongs to no stanza"))
                    .at(key.place, "no `iface` line above it");
                let found = found.help(match any_meant(written) {
                    Some(meant) => format!("did you mean `{meant}`?"),
                    None => "move it below the `iface` line that it belongs to".to_owned(),
                });
                self.open = Open::Stray(self.diagnostics.len(), 0);
                self.warn(found);
                return LineKind::LeftOut;
            }
            Open::Mapping(mapping) => match key.value.as_str() {
                "script" => mapping.script = Some(line.value(rest)),
                "map" => mapping.maps.push(line.value(rest)),
                _ => {
                    let found = format!("`{written}` is not an option of a mapping");
                    let found = Diagnostic::error("mapping-option", found)
                        .at(key.place, "left out")
                        .help("a mapping has one `script` line and `map` lines");
                    self.warn(found);
                    return LineKind::LeftOut;
                }
            },
            Open::Iface(iface) if matches!(key.value.as_str(), "inherit" | "inherits") => {
                iface.inherits.extend(line.words(rest));
            }
            Open::Iface(iface) => {
                let value = line.value(rest);
                let comment = (!is_hook(&key.value)).then(|| trailing_comment(&value.text)).flatten();
                let comment = comment.map(|at| value.place_of(at..value.text.len()));
                let hook = is_hook(&key.value);
                let spelling = (key.value != written).then(|| written.into());
                iface.options.push(Opt {
                    key,
                    spelling,
                    value,
                    place,
                });
                if let Some(place) = comment {
                    self.warn(
                        Diagnostic::warning("trailing-comment", "a comment has to stand on a line of its own")
                            .at(place, "this is part of the value")
                            .help("move the comment to the line above"),
                    );
                }
                if !hook {
                    self.joins(line);
                }
            }
        }
        LineKind::Option(self.index())
    }

    /// Warns of words that a backslash joins into one.
    pub fn joins(&mut self, line: &Joined) {
        let bytes = line.text.as_bytes();
        for piece in line.pieces.iter().skip(1) {
            let at = piece.text as usize;
            let is_word = |byte: Option<&u8>| byte.is_some_and(|byte| !crate::value::is_space(*byte));
            if is_word(at.checked_sub(1).and_then(|before| bytes.get(before))) && is_word(bytes.get(at)) {
                let backslash = line.place(at - 1..at).span.end as usize;
                let place = Place {
                    file: self.file,
                    span: Span::new(backslash, backslash + 1),
                };
                self.warn(
                    Diagnostic::warning("joined-words", "the backslash joins two words into one")
                        .at(place, "no white space before the backslash, nor on the next line")
                        .help("put a space before the backslash, or indent the next line"),
                );
            }
        }
    }
}

/// Where a `#` stands behind white space.
fn trailing_comment(text: &str) -> Option<usize> {
    let bytes = text.as_bytes();
    (1..bytes.len()).find(|at| bytes[*at] == b'#' && crate::value::is_space(bytes[at - 1]))
}
