//! Changes to a file that leave every other byte as it was.

use crate::document::{Document, LineKind};
use crate::head::is_head;
use crate::item::{Family, Iface, Item, Opt, normalise_key};
use crate::value::is_space;
use crate::{ConfigSet, parse};
use cleat_diag::{Diagnostic, FileId};
use std::fmt;
use std::ops::Range;

/// One change to a document. `stanza` is an index into [`Document::items`], `nth` counts from 0 the options of that
/// key (`_` and `-` are one) within the stanza.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Edit {
    /// Gives an option another value; `nth` 0 of an option that is not there adds it.
    SetOption {
        /// Which stanza.
        stanza: usize,
        /// Its key; an option that is there keeps its spelling.
        key: String,
        /// Which of several.
        nth: usize,
        /// The new value.
        value: String,
    },
    /// Adds an option behind the last of that key, else behind the last option of the stanza, indented like it.
    AddOption {
        /// Which stanza.
        stanza: usize,
        /// Its key, written as given.
        key: String,
        /// Its value.
        value: String,
    },
    /// Removes an option's line.
    RemoveOption {
        /// Which stanza.
        stanza: usize,
        /// Its key.
        key: String,
        /// Which of several.
        nth: usize,
    },
    /// Adds a stanza at the end, behind a blank line.
    AddStanza(NewStanza),
    /// Removes an `iface` or `mapping` stanza from its head to its last option, comments between them included, and
    /// the blank line above it where one follows too.
    RemoveStanza {
        /// Which stanza.
        stanza: usize,
    },
    /// Adds a name to a class, unless it is there: as a line above the name's first `iface` line, else at the end.
    AddName {
        /// `auto`, `hotplug`..., `no-auto-down` or `no-scripts`.
        class: String,
        /// The name.
        name: String,
    },
    /// Removes a name from a class; a line that names nothing then goes too.
    RemoveName {
        /// As in [`Edit::AddName`].
        class: String,
        /// The name as written there.
        name: String,
    },
}

/// A stanza to add.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct NewStanza {
    /// The interface.
    pub name: String,
    /// Its address family and method, if they are to be written.
    pub family: Option<(Family, String)>,
    /// Its options, in order.
    pub options: Vec<(String, String)>,
    /// Whether an `auto` line goes above it.
    pub auto: bool,
}

/// Why a change cannot be made.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum EditError {
    /// There is no such file in the set.
    NoFile,
    /// There is no stanza with that index that can be changed so.
    NoStanza(usize),
    /// The stanza has no such option.
    NoOption {
        /// The key.
        key: String,
        /// Which of several, from 0.
        nth: usize,
    },
    /// The word cannot be a key, a name or a class.
    BadWord(String),
    /// The text cannot stand on one line as a value and be read back as it is.
    BadValue(String),
    /// The file is not a text file.
    Binary,
}

impl fmt::Display for EditError {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            EditError::NoFile => out.write_str("there is no such file in the configuration"),
            EditError::NoStanza(index) => write!(out, "there is no stanza number {index} that can be changed so"),
            EditError::NoOption { key, nth } => write!(out, "the stanza has no `{key}` number {}", nth + 1),
            EditError::BadWord(word) => write!(out, "`{}` cannot be a name here", word.escape_debug()),
            EditError::BadValue(text) => write!(out, "`{}` cannot be written as a value", text.escape_debug()),
            EditError::Binary => out.write_str("this is not a text file"),
        }
    }
}

impl std::error::Error for EditError {}

/// Bytes that take the place of a range.
pub(crate) struct Splice {
    pub range: Range<usize>,
    pub text: Vec<u8>,
}

/// `bytes` with all splices done; they must not overlap.
pub(crate) fn splice(bytes: &[u8], mut splices: Vec<Splice>) -> Vec<u8> {
    splices.sort_by_key(|splice| (splice.range.start, splice.range.end));
    let mut result = Vec::with_capacity(bytes.len());
    let mut at = 0;
    for Splice { range, text } in splices {
        result.extend_from_slice(&bytes[at..range.start]);
        result.extend_from_slice(&text);
        at = range.end;
    }
    result.extend_from_slice(&bytes[at..]);
    result
}

impl ConfigSet {
    /// Makes a change in one file and reads that file again. Nothing is written to the disk.
    ///
    /// Returns what the parser says of the new text.
    pub fn edit(&mut self, file: FileId, edit: &Edit) -> Result<Vec<Diagnostic>, EditError> {
        let document = self.document(file).ok_or(EditError::NoFile)?;
        let bytes = document.edited(edit)?;
        Ok(self.replace(file, bytes))
    }

    /// Puts new bytes in place of a file whose `source` lines did not change.
    pub fn replace(&mut self, file: FileId, bytes: Vec<u8>) -> Vec<Diagnostic> {
        let slot = self.documents.iter_mut().find(|document| document.file == file);
        let (Some(slot), Some(source)) = (slot, self.sources.replace(file, bytes)) else {
            return Vec::new();
        };
        let (document, diagnostics) = parse(file, source);
        *slot = document;
        diagnostics
    }
}

impl Document {
    /// The file's bytes with a change made.
    pub fn edited(&self, edit: &Edit) -> Result<Vec<u8>, EditError> {
        if self.source.bytes().contains(&0) {
            return Err(EditError::Binary);
        }
        let splices = match edit {
            Edit::SetOption {
                stanza,
                key,
                nth,
                value,
            } => self.set_option(*stanza, key, *nth, value)?,
            Edit::AddOption { stanza, key, value } => vec![self.add_option(*stanza, key, value)?],
            Edit::RemoveOption { stanza, key, nth } => {
                let option = self.option(*stanza, key, *nth)?;
                vec![Splice {
                    range: self.lines[self.line_of(option)].span.range(),
                    text: Vec::new(),
                }]
            }
            Edit::AddStanza(stanza) => self.add_stanza(stanza)?,
            Edit::RemoveStanza { stanza } => vec![self.remove_stanza(*stanza)?],
            Edit::AddName { class, name } => self.add_name(class, name)?,
            Edit::RemoveName { class, name } => self.remove_name(class, name),
        };
        Ok(splice(self.source.bytes(), splices))
    }

    fn iface(&self, stanza: usize) -> Result<&Iface, EditError> {
        self.items
            .get(stanza)
            .and_then(Item::as_iface)
            .ok_or(EditError::NoStanza(stanza))
    }

    fn option(&self, stanza: usize, key: &str, nth: usize) -> Result<&Opt, EditError> {
        let found = self.iface(stanza)?.options_named(key).nth(nth);
        found.ok_or_else(|| EditError::NoOption {
            key: key.to_owned(),
            nth,
        })
    }

    /// Index of the line that an option is.
    fn line_of(&self, option: &Opt) -> usize {
        self.lines
            .partition_point(|line| line.span.start <= option.place.span.start)
            .saturating_sub(1)
    }

    fn set_option(&self, stanza: usize, key: &str, nth: usize, value: &str) -> Result<Vec<Splice>, EditError> {
        check_value(value)?;
        let option = match self.option(stanza, key, nth) {
            Err(EditError::NoOption { nth: 0, .. }) => return Ok(vec![self.add_option(stanza, key, value)?]),
            found => found?,
        };
        if value.is_empty() && option.written().ends_with('\\') {
            // The key's own backslash would come to stand at the line end.
            return Err(EditError::BadValue(value.to_owned()));
        }
        let old = option.value.place.span.range();
        let splice = match (option.value.text.as_str(), value) {
            (old, new) if old == new => return Ok(Vec::new()),
            ("", new) => Splice {
                range: old,
                text: format!(" {new}").into_bytes(),
            },
            (_, "") => Splice {
                range: option.key.place.span.range().end..old.end,
                text: Vec::new(),
            },
            (_, new) => Splice {
                range: old,
                text: new.into(),
            },
        };
        Ok(vec![splice])
    }

    fn add_option(&self, stanza: usize, key: &str, value: &str) -> Result<Splice, EditError> {
        check_key(key)?;
        check_value(value)?;
        let iface = self.iface(stanza)?;
        let normal = normalise_key(key);
        let same = iface.options.iter().rev().find(|option| option.key.value == normal);
        let line = match same {
            Some(option) => self.line_of(option),
            None => self.last_line(stanza)?,
        };
        let indent = match same.or(iface.options.last()) {
            Some(option) => self.indent(self.line_of(option)),
            None => self.usual_indent(),
        };
        Ok(self.insert_behind(line, &[[&indent, option_line(key, value).as_bytes()].concat()]))
    }

    /// Index of the last line of an item: of its last option, else of its head.
    fn last_line(&self, stanza: usize) -> Result<usize, EditError> {
        let index = u32::try_from(stanza).map_err(|_| EditError::NoStanza(stanza))?;
        let ours = |kind| kind == LineKind::Header(index) || kind == LineKind::Option(index);
        self.lines
            .iter()
            .rposition(|line| ours(line.kind))
            .ok_or(EditError::NoStanza(stanza))
    }

    fn head_line(&self, stanza: usize) -> Result<usize, EditError> {
        let is_head = |kind| matches!(kind, LineKind::Header(index) if index as usize == stanza);
        self.lines
            .iter()
            .position(|line| is_head(line.kind))
            .ok_or(EditError::NoStanza(stanza))
    }

    /// The white space in front of a line.
    fn indent(&self, line: usize) -> Vec<u8> {
        let bytes = self.line_bytes(&self.lines[line]);
        bytes
            .iter()
            .copied()
            .take_while(|byte| matches!(byte, b' ' | b'\t'))
            .collect()
    }

    /// The indentation of the file's first option, else a tab, as Proxmox VE writes.
    fn usual_indent(&self) -> Vec<u8> {
        let first = self
            .lines
            .iter()
            .position(|line| matches!(line.kind, LineKind::Option(_)));
        first.map_or_else(|| b"\t".to_vec(), |line| self.indent(line))
    }

    /// Puts whole lines behind a line.
    fn insert_behind(&self, line: usize, new: &[Vec<u8>]) -> Splice {
        let Some(at) = self.lines.get(line) else {
            return Splice {
                range: 0..0,
                text: lines_with(new, b"\n"),
            };
        };
        let bytes = self.line_bytes(at);
        let end = at.span.range().end;
        let line_end = self.line_end(line);
        let whole = bytes
            .strip_suffix(b"\n")
            .map(|bytes| bytes.strip_suffix(b"\r").unwrap_or(bytes));
        // A backslash at the end of the file would join what comes: it gets an empty line to join.
        let dangles = whole.unwrap_or(bytes).ends_with(b"\\") && at.kind != LineKind::Comment;
        let mut text = if dangles { line_end.to_vec() } else { Vec::new() };
        let lines = lines_with(new, line_end);
        if whole.is_some() {
            text.extend(lines);
        } else {
            // The file's last line has no end: it gets one, and the new last line gets none.
            text.extend_from_slice(line_end);
            text.extend_from_slice(lines.strip_suffix(line_end).unwrap_or(&lines));
        }
        Splice { range: end..end, text }
    }

    /// The line end of the nearest line at or above `line` that has one.
    fn line_end(&self, line: usize) -> &'static [u8] {
        let above = self.lines.get(..=line).unwrap_or_default().iter().rev();
        let with_end = above
            .map(|line| self.line_bytes(line))
            .find(|bytes| bytes.ends_with(b"\n"));
        if with_end.is_some_and(|bytes| bytes.ends_with(b"\r\n")) {
            b"\r\n"
        } else {
            b"\n"
        }
    }

    fn add_stanza(&self, stanza: &NewStanza) -> Result<Vec<Splice>, EditError> {
        let NewStanza {
            name,
            family,
            options,
            auto,
        } = stanza;
        check_word(name)?;
        let mut lines = Vec::new();
        if self.lines.last().is_some_and(|line| line.kind != LineKind::Blank) {
            lines.push(Vec::new());
        }
        if *auto {
            lines.push(format!("auto {name}").into_bytes());
        }
        let mut head = format!("iface {name}");
        if let Some((family, method)) = family {
            check_word(&family.to_string())?;
            check_word(method)?;
            head += &format!(" {family} {method}");
        }
        lines.push(head.into_bytes());
        let indent = self.usual_indent();
        for (key, value) in options {
            check_key(key)?;
            check_value(value)?;
            lines.push([&indent, option_line(key, value).as_bytes()].concat());
        }
        Ok(vec![self.insert_behind(self.lines.len().saturating_sub(1), &lines)])
    }

    fn remove_stanza(&self, stanza: usize) -> Result<Splice, EditError> {
        if !matches!(self.items.get(stanza), Some(Item::Iface(_) | Item::Mapping(_))) {
            return Err(EditError::NoStanza(stanza));
        }
        let mut first = self.head_line(stanza)?;
        let last = self.last_line(stanza)?;
        let is_blank = |line: Option<usize>| {
            line.and_then(|line| self.lines.get(line))
                .is_some_and(|line| line.kind == LineKind::Blank)
        };
        if is_blank(first.checked_sub(1)) && (is_blank(Some(last + 1)) || last + 1 == self.lines.len()) {
            first -= 1;
        }
        let range = self.lines[first].span.range().start..self.lines[last].span.range().end;
        Ok(Splice {
            range,
            text: Vec::new(),
        })
    }

    fn add_name(&self, class: &str, name: &str) -> Result<Vec<Splice>, EditError> {
        check_word(name)?;
        let keyword = match class {
            "auto" | "no-auto-down" | "no-scripts" => class.to_owned(),
            other => {
                check_word(other)?;
                format!("allow-{other}")
            }
        };
        if self
            .classes(class)
            .any(|names| names.iter().any(|word| word.value == name))
        {
            return Ok(Vec::new());
        }
        let new = format!("{keyword} {name}").into_bytes();
        let stanza = self.items.iter().position(|item| {
            item.as_iface()
                .is_some_and(|iface| !iface.template && iface.name.value == name)
        });
        let Some(stanza) = stanza else {
            return Ok(vec![self.insert_behind(self.lines.len().saturating_sub(1), &[new])]);
        };
        let line = self.head_line(stanza)?;
        // Behind a byte order mark, where the file begins with one.
        let at = self.lines[line].span.range().start.max(self.byte_order_mark());
        Ok(vec![Splice {
            range: at..at,
            text: lines_with(&[new], self.line_end(line)),
        }])
    }

    fn byte_order_mark(&self) -> usize {
        let mark = crate::lines::BYTE_ORDER_MARK;
        if self.source.bytes().starts_with(mark) {
            mark.len()
        } else {
            0
        }
    }

    fn remove_name(&self, class: &str, name: &str) -> Vec<Splice> {
        let mut splices = Vec::new();
        for (index, item) in self.items.iter().enumerate() {
            let (Item::Auto(found) | Item::NoAutoDown(found) | Item::NoScripts(found)) = item else {
                continue;
            };
            if found.class.value != class {
                continue;
            }
            if found.names.iter().all(|word| word.value == name) {
                let line = self.head_line(index).ok().map(|line| self.lines[line].span.range());
                splices.extend(line.map(|range| Splice {
                    range,
                    text: Vec::new(),
                }));
                continue;
            }
            let mut before = found.class.place.span.range().end;
            for word in &found.names {
                let end = word.place.span.range().end;
                if word.value == name {
                    splices.push(Splice {
                        range: before..end,
                        text: Vec::new(),
                    });
                }
                before = end;
            }
        }
        splices
    }

    fn classes<'a>(&'a self, class: &'a str) -> impl Iterator<Item = &'a [crate::Word]> {
        self.items.iter().filter_map(move |item| match item {
            Item::Auto(found) | Item::NoAutoDown(found) | Item::NoScripts(found) => {
                (found.class.value == class).then_some(found.names.as_slice())
            }
            _ => None,
        })
    }
}

fn lines_with(lines: &[Vec<u8>], line_end: &[u8]) -> Vec<u8> {
    lines
        .iter()
        .flat_map(|line| [line.as_slice(), line_end])
        .flatten()
        .copied()
        .collect()
}

fn option_line(key: &str, value: &str) -> String {
    if value.is_empty() {
        key.to_owned()
    } else {
        format!("{key} {value}")
    }
}

/// A word that is read back as it is.
pub(crate) fn check_word(word: &str) -> Result<(), EditError> {
    let bad = |byte: u8| is_space(byte) || matches!(byte, b'\n' | b'\\' | 0);
    if word.is_empty() || word.starts_with(['#', '\u{feff}']) || word.bytes().any(bad) {
        return Err(EditError::BadWord(word.to_owned()));
    }
    Ok(())
}

fn check_key(key: &str) -> Result<(), EditError> {
    check_word(key)?;
    if key.starts_with('%') || is_head(key) || matches!(key, "inherit" | "inherits") {
        return Err(EditError::BadWord(key.to_owned()));
    }
    Ok(())
}

fn check_value(value: &str) -> Result<(), EditError> {
    let bytes = value.as_bytes();
    let ends = [bytes.first(), bytes.last()];
    let bad = bytes.iter().any(|byte| matches!(byte, b'\n' | 0))
        || ends.into_iter().flatten().any(|byte| is_space(*byte))
        || value.ends_with('\\');
    if bad {
        Err(EditError::BadValue(value.to_owned()))
    } else {
        Ok(())
    }
}
