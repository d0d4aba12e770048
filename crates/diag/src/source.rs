//! Files as read, and byte ranges in them.

use std::path::{Path, PathBuf};
use std::sync::{Arc, OnceLock};

/// A byte range in one file.
///
/// *Shape*: half open, `start..end`. *Units*: bytes from the start of the file.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Span {
    /// First byte.
    pub start: u32,
    /// One past the last byte.
    pub end: u32,
}

impl Span {
    /// The span of `start..end`; offsets past 4 GiB are clamped (files that large are refused when read).
    pub fn new(start: usize, end: usize) -> Self {
        let clamp = |offset: usize| u32::try_from(offset).unwrap_or(u32::MAX);
        Self {
            start: clamp(start),
            end: clamp(end),
        }
    }

    /// Number of bytes.
    pub fn len(self) -> usize {
        (self.end - self.start) as usize
    }

    /// Whether it covers no byte.
    pub fn is_empty(self) -> bool {
        self.start == self.end
    }

    /// The same range as a `Range<usize>`, to index bytes with.
    pub fn range(self) -> std::ops::Range<usize> {
        self.start as usize..self.end as usize
    }
}

/// Names one file of a [`Sources`].
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct FileId(pub u32);

/// A span in a named file.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Place {
    /// Which file.
    pub file: FileId,
    /// Which bytes of it.
    pub span: Span,
}

/// A value and where it was said.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Spanned<T> {
    /// The value.
    pub value: T,
    /// Where it stands.
    pub place: Place,
}

impl<T> Spanned<T> {
    /// A value at a place.
    pub fn new(value: T, place: Place) -> Self {
        Self { value, place }
    }

    /// The same place with another value.
    pub fn map<U>(self, change: impl FnOnce(T) -> U) -> Spanned<U> {
        Spanned {
            value: change(self.value),
            place: self.place,
        }
    }
}

/// A line and a column as people count them.
///
/// *Units*: both from 1; the column counts characters, a byte that is not UTF-8 counts as one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Position {
    /// Line, from 1.
    pub line: u32,
    /// Column, from 1.
    pub column: u32,
}

/// One file: its name and its bytes, kept as they are.
#[derive(Debug)]
pub struct Source {
    /// The name to print.
    pub path: PathBuf,
    bytes: Vec<u8>,
    line_starts: Vec<u32>,
    /// Of lines longer than [`STRIDE`]: an offset in each stride, and how many characters of its line stand before it.
    columns: OnceLock<Vec<(usize, usize)>>,
}

/// Bytes of a line that are counted again for each position: with 100,000 faults on one line all of it would be too much.
const STRIDE: usize = 1024;

impl Source {
    /// Takes the bytes and finds the line starts.
    pub fn new(path: impl Into<PathBuf>, bytes: Vec<u8>) -> Self {
        let ends = bytes.iter().enumerate().filter(|(_, byte)| **byte == b'\n');
        let mut line_starts = vec![0];
        line_starts.extend(ends.map(|(at, _)| Span::new(at + 1, at + 1).start));
        Self {
            path: path.into(),
            bytes,
            line_starts,
            columns: OnceLock::new(),
        }
    }

    /// All bytes.
    pub fn bytes(&self) -> &[u8] {
        &self.bytes
    }

    /// Line and column of a byte offset; an offset past the end gives the end.
    pub fn position(&self, offset: u32) -> Position {
        let offset = (offset as usize).min(self.bytes.len());
        let line = self.line_starts.partition_point(|start| *start as usize <= offset) - 1;
        let start = self.line_starts[line] as usize;
        let (from, counted) = match offset - start > STRIDE {
            true => self.counted(start, offset),
            false => (start, 0),
        };
        let column = counted + characters(&self.bytes[from..offset]) + 1;
        Position {
            line: line as u32 + 1,
            column: u32::try_from(column).unwrap_or(u32::MAX),
        }
    }

    /// The last offset from `start` to `offset` before which the characters of the line are counted already, and their
    /// number.
    fn counted(&self, start: usize, offset: usize) -> (usize, usize) {
        let marks = self.columns.get_or_init(|| self.count());
        let mark = marks[..marks.partition_point(|(at, _)| *at <= offset)].last();
        mark.copied().filter(|(at, _)| *at >= start).unwrap_or((start, 0))
    }

    /// Counts the characters of long lines, stride by stride.
    fn count(&self) -> Vec<(usize, usize)> {
        let starts = self.line_starts.iter().map(|start| *start as usize);
        let ends = starts.clone().skip(1).chain([self.bytes.len()]);
        let mut marks = Vec::new();
        for (start, end) in starts.zip(ends) {
            let (mut at, mut counted) = (start, 0);
            while end - at > STRIDE {
                // A character never goes over a byte that begins one.
                let begins = |byte: &u8| byte & 0b1100_0000 != 0b1000_0000;
                let Some(more) = self.bytes[at + STRIDE..end].iter().position(begins) else {
                    break;
                };
                let next = at + STRIDE + more;
                counted += characters(&self.bytes[at..next]);
                marks.push((next, counted));
                at = next;
            }
        }
        marks
    }

    /// The text of line `line` (from 1) without its line end; bytes that are no UTF-8 become U+FFFD.
    pub fn line(&self, line: u32) -> String {
        String::from_utf8_lossy(&self.bytes[self.line_span(line).range()]).into_owned()
    }

    /// The bytes of line `line` (from 1) without its line end; empty for a line that there is not.
    pub fn line_span(&self, line: u32) -> Span {
        let index = line as usize;
        let Some(start) = index.checked_sub(1).and_then(|index| self.line_starts.get(index)) else {
            return Span::default();
        };
        let start = *start as usize;
        let end = self
            .line_starts
            .get(index)
            .map_or(self.bytes.len(), |next| *next as usize - 1);
        let text = &self.bytes[start..end];
        Span::new(start, start + text.strip_suffix(b"\r").unwrap_or(text).len())
    }
}

/// Characters of a text; a byte that is not UTF-8 counts as one.
fn characters(bytes: &[u8]) -> usize {
    String::from_utf8_lossy(bytes).chars().count()
}

/// All files of one run, by [`FileId`].
#[derive(Clone, Debug, Default)]
pub struct Sources {
    files: Vec<Arc<Source>>,
}

impl Sources {
    /// No files.
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds a file and names it.
    pub fn add(&mut self, path: impl Into<PathBuf>, bytes: Vec<u8>) -> FileId {
        self.files.push(Arc::new(Source::new(path, bytes)));
        FileId(self.files.len() as u32 - 1)
    }

    /// Puts other bytes in the place of a file's: of a file that was edited. Places into the old bytes are void.
    pub fn replace(&mut self, file: FileId, bytes: Vec<u8>) -> Option<&Arc<Source>> {
        let slot = self.files.get_mut(file.0 as usize)?;
        *slot = Arc::new(Source::new(slot.path.clone(), bytes));
        Some(slot)
    }

    /// The file of that name, if it was added here.
    pub fn get(&self, file: FileId) -> Option<&Arc<Source>> {
        self.files.get(file.0 as usize)
    }

    /// Path, line and column of a place, as `path:line:col` is printed from.
    pub fn locate(&self, place: Place) -> Option<(&Path, Position)> {
        let source = self.get(place.file)?;
        Some((&source.path, source.position(place.span.start)))
    }

    /// The text at a place; bytes that are no UTF-8 become U+FFFD.
    pub fn text(&self, place: Place) -> String {
        let bytes = self
            .get(place.file)
            .and_then(|source| source.bytes().get(place.span.range()));
        String::from_utf8_lossy(bytes.unwrap_or_default()).into_owned()
    }

    /// All files in the order they were added.
    pub fn iter(&self) -> impl Iterator<Item = (FileId, &Arc<Source>)> {
        self.files
            .iter()
            .enumerate()
            .map(|(at, source)| (FileId(at as u32), source))
    }
}
