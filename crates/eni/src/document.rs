//! One file as lines and stanzas.

use crate::Item;
use cleat_diag::{FileId, Source, Span};
use std::sync::Arc;

/// What a logical line is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LineKind {
    /// Nothing but white space.
    Blank,
    /// A comment.
    Comment,
    /// The first (or only) line of the item with that index in [`Document::items`].
    Header(u32),
    /// An option line of the item with that index.
    Option(u32),
    /// A line that was reported and left out, or that belongs to a stanza that was left out.
    LeftOut,
}

/// One logical line: one physical line, or several joined by a backslash at the line end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Line {
    /// All its bytes: indentation and line end included.
    pub span: Span,
    /// What it is.
    pub kind: LineKind,
}

/// One file: its lines, which tile it, and its stanzas.
#[derive(Clone, Debug)]
pub struct Document {
    /// The file in the [`cleat_diag::Sources`] it came from.
    pub file: FileId,
    pub(crate) source: Arc<Source>,
    pub(crate) lines: Vec<Line>,
    pub(crate) items: Vec<Item>,
}

impl Document {
    /// The stanzas in order.
    pub fn items(&self) -> &[Item] {
        &self.items
    }

    /// The logical lines in order.
    pub fn lines(&self) -> &[Line] {
        &self.lines
    }

    /// The source it was read from.
    pub fn source(&self) -> &Arc<Source> {
        &self.source
    }

    /// The bytes of one line.
    pub fn line_bytes(&self, line: &Line) -> &[u8] {
        self.source.bytes().get(line.span.range()).unwrap_or_default()
    }

    /// All lines behind one another: the bytes that were read, always.
    pub fn to_bytes(&self) -> Vec<u8> {
        let mut bytes = Vec::with_capacity(self.source.bytes().len());
        self.lines
            .iter()
            .for_each(|line| bytes.extend_from_slice(self.line_bytes(line)));
        bytes
    }
}
