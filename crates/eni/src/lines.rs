//! Cutting a file into logical lines.

use crate::value::{Piece, is_space};
use cleat_diag::Span;
use std::borrow::Cow;

/// What some editors write in front of UTF-8.
pub(crate) const BYTE_ORDER_MARK: &[u8] = b"\xef\xbb\xbf";

/// One logical line: one physical line, or several that a backslash at the line end joins.
pub(crate) struct Logical<'a> {
    /// All its bytes, line ends included.
    pub span: Span,
    /// Its text: backslashes and line ends of continuations taken out, the last line end too.
    pub text: Cow<'a, [u8]>,
    /// File offset of `text[0]`: the start of the span, or behind a byte order mark.
    pub start: usize,
    /// Where the parts of `text` lie; empty where there is one part.
    pub pieces: Vec<Piece>,
    /// Whether it is a comment.
    pub comment: bool,
}

/// The logical lines of a file, in order; their spans tile it.
pub(crate) struct Lines<'a> {
    bytes: &'a [u8],
    at: usize,
}

impl<'a> Lines<'a> {
    pub fn of(bytes: &'a [u8]) -> Self {
        Self { bytes, at: 0 }
    }

    /// The content of the physical line at `at`, and where the next one begins.
    fn physical(&self, at: usize) -> (&'a [u8], usize) {
        let rest = &self.bytes[at..];
        let (text, next) = match rest.iter().position(|byte| *byte == b'\n') {
            Some(end) => (&rest[..end], at + end + 1),
            None => (rest, self.bytes.len()),
        };
        (text.strip_suffix(b"\r").unwrap_or(text), next)
    }
}

impl<'a> Iterator for Lines<'a> {
    type Item = Logical<'a>;

    fn next(&mut self) -> Option<Logical<'a>> {
        let start = self.at;
        if start >= self.bytes.len() {
            return None;
        }
        let text_start = if start == 0 && self.bytes.starts_with(BYTE_ORDER_MARK) {
            BYTE_ORDER_MARK.len()
        } else {
            start
        };
        let (first, next) = self.physical(text_start);
        self.at = next;
        let comment = first.iter().find(|byte| !is_space(**byte)) == Some(&b'#');
        // A backslash at the end of a comment joins nothing: classic ifupdown reads it so, and so does the eye.
        let Some(head) = first.strip_suffix(b"\\").filter(|_| !comment) else {
            let span = Span::new(start, next);
            return Some(Logical {
                span,
                text: Cow::Borrowed(first),
                start: text_start,
                pieces: Vec::new(),
                comment,
            });
        };
        let mut text = head.to_vec();
        let mut pieces = vec![Piece {
            text: 0,
            file: text_start as u32,
        }];
        while self.at < self.bytes.len() {
            let (part, next) = self.physical(self.at);
            pieces.push(Piece {
                text: text.len() as u32,
                file: self.at as u32,
            });
            self.at = next;
            match part.strip_suffix(b"\\") {
                Some(part) => text.extend_from_slice(part),
                None => {
                    text.extend_from_slice(part);
                    break;
                }
            }
        }
        let span = Span::new(start, self.at);
        Some(Logical {
            span,
            text: Cow::Owned(text),
            start: text_start,
            pieces,
            comment,
        })
    }
}
