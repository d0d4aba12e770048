//! The text of a line after continuations are joined, and the way back to its bytes in the file.

use crate::Word;
use cleat_diag::{FileId, Place, Span, Spanned};
use std::ops::Range;

/// A run of joined text that lies in one piece in the file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Piece {
    /// Where it begins in the joined text.
    pub text: u32,
    /// Where it begins in the file.
    pub file: u32,
}

/// The value of an option: its text, and where each part of it stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Value {
    /// The text: continuation lines joined, white space at both ends taken off.
    pub text: String,
    /// Where it stands, from the first byte to the last, line ends of continuations included. Of an empty
    /// value: the empty span behind the key.
    pub place: Place,
    /// Empty where the text lies in one piece.
    pieces: Vec<Piece>,
}

impl Value {
    /// A value that lies in one piece at `place`.
    pub fn new(text: impl Into<String>, place: Place) -> Self {
        Self {
            text: text.into(),
            place,
            pieces: Vec::new(),
        }
    }

    /// The words, split at white space.
    pub fn words(&self) -> Vec<Word> {
        self.joined().words(0..self.text.len())
    }

    /// Where a part of the text stands in the file.
    ///
    /// *Units*: `range` counts bytes of [`Value::text`]; what lies past its end is cut off.
    pub fn place_of(&self, range: Range<usize>) -> Place {
        self.joined().place(range)
    }

    fn joined(&self) -> Joined<'_> {
        Joined {
            text: &self.text,
            file: self.place.file,
            start: self.place.span.start as usize,
            pieces: &self.pieces,
        }
    }
}

/// A joined line that is borrowed from the file or from a scratch buffer.
#[derive(Clone, Copy)]
pub(crate) struct Joined<'a> {
    pub text: &'a str,
    pub file: FileId,
    /// File offset of `text[0]` where `pieces` is empty.
    pub start: usize,
    pub pieces: &'a [Piece],
}

impl<'a> Joined<'a> {
    fn offset(&self, at: usize) -> usize {
        let after = self.pieces.partition_point(|piece| piece.text as usize <= at);
        match after.checked_sub(1).and_then(|index| self.pieces.get(index)) {
            Some(piece) => piece.file as usize + at - piece.text as usize,
            None => self.start + at,
        }
    }

    /// The place of `range` in the file.
    pub fn place(&self, range: Range<usize>) -> Place {
        let end = range.end.min(self.text.len());
        let start = range.start.min(end);
        let from = if start == end && start > 0 {
            self.offset(start - 1) + 1
        } else {
            self.offset(start)
        };
        let to = if start == end { from } else { self.offset(end - 1) + 1 };
        Place {
            file: self.file,
            span: Span::new(from, to),
        }
    }

    /// The words in `range`, split at white space.
    pub fn words(&self, range: Range<usize>) -> Vec<Word> {
        self.word_ranges(range).map(|range| self.word(range)).collect()
    }

    /// The ranges of the words in `range`.
    pub fn word_ranges(self, range: Range<usize>) -> impl Iterator<Item = Range<usize>> + 'a {
        let mut rest = range;
        std::iter::from_fn(move || {
            let word = self.first_word(rest.clone())?;
            rest.start = word.end;
            Some(word)
        })
    }

    /// The range of the first word in `range`.
    pub fn first_word(&self, range: Range<usize>) -> Option<Range<usize>> {
        let bytes = &self.text.as_bytes()[range.clone()];
        let start = bytes.iter().position(|byte| !is_space(*byte))?;
        let len = bytes[start..]
            .iter()
            .position(|byte| is_space(*byte))
            .unwrap_or(bytes.len() - start);
        Some(range.start + start..range.start + start + len)
    }

    /// `range` as a word.
    pub fn word(&self, range: Range<usize>) -> Word {
        Spanned::new(self.text[range.clone()].to_owned(), self.place(range))
    }

    /// `range` without white space at its ends.
    pub fn trimmed(&self, range: Range<usize>) -> Range<usize> {
        let bytes = &self.text.as_bytes()[range.clone()];
        let Some(first) = bytes.iter().position(|byte| !is_space(*byte)) else {
            return range.start..range.start;
        };
        let last = bytes.iter().rposition(|byte| !is_space(*byte)).unwrap_or(first);
        range.start + first..range.start + last + 1
    }

    /// `range`, trimmed, as a value that owns its text.
    pub fn value(&self, range: Range<usize>) -> Value {
        let range = self.trimmed(range);
        let place = self.place(range.clone());
        let mut pieces = Vec::new();
        if self.pieces.len() > 1 {
            let first = self
                .pieces
                .partition_point(|piece| piece.text as usize <= range.start)
                .saturating_sub(1);
            let inside = self.pieces[first..]
                .iter()
                .take_while(|piece| (piece.text as usize) < range.end);
            pieces.extend(inside.map(|piece| {
                let text = (piece.text as usize).max(range.start);
                let file = piece.file + (text as u32 - piece.text);
                Piece {
                    text: (text - range.start) as u32,
                    file,
                }
            }));
            if pieces.len() == 1 {
                pieces.clear();
            }
        }
        Value {
            text: self.text[range].to_owned(),
            place,
            pieces,
        }
    }
}

/// White space between words: what C's `isspace` takes, without the newline.
pub(crate) fn is_space(byte: u8) -> bool {
    matches!(byte, b' ' | b'\t' | b'\r' | 0x0b | 0x0c)
}
