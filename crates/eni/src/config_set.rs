//! A file and all that it sources.

use crate::overlay::{Overlay, Replaced};
use crate::{Document, Iface, Item, Word, parse};
use cleat_diag::{Diagnostic, FileId, Place, Sources};
use cleat_root::{Root, RootError};
use std::collections::BTreeMap;
use std::ffi::OsStr;
use std::path::{Path, PathBuf};

/// Files within files within files: more is taken for a mistake.
const DEEPEST: usize = 32;

/// Ends of names that editors and dpkg leave behind.
const LEFTOVERS: [&str; 12] = [
    "~",
    ".bak",
    ".orig",
    ".rej",
    ".swp",
    ".tmp",
    ".save",
    ".dpkg-old",
    ".dpkg-new",
    ".dpkg-dist",
    ".dpkg-bak",
    ".ucf-dist",
];

/// The root file and all files that it sources, each once.
#[derive(Clone, Debug, Default)]
pub struct ConfigSet {
    /// The bytes of all files, to render diagnostics with.
    pub sources: Sources,
    /// The files in reading order: the root file first, an included one behind the file that includes it. Empty where
    /// the root file cannot be read.
    pub documents: Vec<Document>,
    /// What the disk did not give of the files: they hold more than is known here.
    pub lost: Vec<RootError>,
    /// Per document, per include item in order: the documents that were read there.
    included: Vec<Vec<Vec<usize>>>,
}

impl ConfigSet {
    /// Reads a file and what it sources.
    ///
    /// Never fails: a root file that cannot be read is an error without a place, all else points at the line that
    /// named the file. A file that is named twice is read once, where it is named first.
    pub fn load(root: &Root, path: &Path) -> (Self, Vec<Diagnostic>) {
        match root.read(path) {
            Ok(bytes) => Self::from_bytes(path, bytes, root),
            Err(error) => {
                let found = vec![Diagnostic::error("unreadable", error.to_string())];
                let mut set = Self::default();
                set.lost.extend(Some(error).filter(|error| !error.is_missing()));
                (set, found)
            }
        }
    }

    /// As [`ConfigSet::load`], with the root file's bytes given: of a staged file, or of standard input. What it
    /// sources is read from `root`, relative to the directory of `path`.
    pub fn from_bytes(path: &Path, bytes: Vec<u8>, root: &Root) -> (Self, Vec<Diagnostic>) {
        Self::with_replaced(path, bytes, root, &Replaced::new())
    }

    /// As [`ConfigSet::from_bytes`], as if files of the root held something else, or were not there: what a change of
    /// several files will make of it.
    pub fn with_replaced(path: &Path, bytes: Vec<u8>, root: &Root, replaced: &Replaced) -> (Self, Vec<Diagnostic>) {
        let files = Overlay { root, replaced };
        let mut loader = Loader {
            files: &files,
            set: Self::default(),
            diagnostics: Vec::new(),
            open: Vec::new(),
            seen: BTreeMap::new(),
        };
        loader.open.push(Identity::of(&files, path));
        loader.document(path, bytes);
        (loader.set, loader.diagnostics)
    }

    /// All stanzas in the order in which they are read; behind a `source` stanza come those of its files.
    pub fn items(&self) -> impl Iterator<Item = &Item> {
        let mut items = Vec::new();
        self.collect(0, &mut items);
        items.into_iter()
    }

    /// All `iface` and `template` stanzas in the order in which they are read.
    pub fn ifaces(&self) -> impl Iterator<Item = &Iface> {
        self.items().filter_map(Item::as_iface)
    }

    /// The files in reading order.
    pub fn files(&self) -> impl Iterator<Item = (FileId, &Path)> {
        self.documents
            .iter()
            .map(|document| (document.file, document.source().path.as_path()))
    }

    /// The document of a file.
    pub fn document(&self, file: FileId) -> Option<&Document> {
        self.documents.iter().find(|document| document.file == file)
    }

    fn collect<'a>(&'a self, index: usize, items: &mut Vec<&'a Item>) {
        let (Some(document), Some(included)) = (self.documents.get(index), self.included.get(index)) else {
            return;
        };
        let mut included = included.iter();
        for item in document.items() {
            items.push(item);
            if let Item::Source(_) | Item::SourceDirectory(_) = item {
                included
                    .next()
                    .into_iter()
                    .flatten()
                    .for_each(|index| self.collect(*index, items));
            }
        }
    }
}

/// What makes two paths one file.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Identity {
    Inode(u64, u64),
    /// Of a file that is not there: given as bytes.
    Path(PathBuf),
}

impl Identity {
    fn of(files: &Overlay<'_>, path: &Path) -> Self {
        match files.root.identity(path) {
            Ok((device, inode)) if !files.is_replaced(path) => Identity::Inode(device, inode),
            _ => Identity::Path(path.to_owned()),
        }
    }
}

struct Loader<'a> {
    files: &'a Overlay<'a>,
    set: ConfigSet,
    diagnostics: Vec<Diagnostic>,
    /// The files that are being read, the root file first.
    open: Vec<Identity>,
    /// The files that were included, and where.
    seen: BTreeMap<Identity, Place>,
}

impl Loader<'_> {
    /// Reads one file's bytes, then what it includes. Returns its index.
    fn document(&mut self, path: &Path, bytes: Vec<u8>) -> usize {
        let file = self.set.sources.add(path, bytes);
        let index = self.set.documents.len();
        let Some(source) = self.set.sources.get(file) else {
            return index;
        };
        let (document, diagnostics) = parse(file, source);
        let includes: Vec<(bool, Vec<Word>)> = document
            .items()
            .iter()
            .filter_map(|item| match item {
                Item::Source(include) => Some((false, include.targets.clone())),
                Item::SourceDirectory(include) => Some((true, include.targets.clone())),
                _ => None,
            })
            .collect();
        self.diagnostics.extend(diagnostics);
        self.set.documents.push(document);
        self.set.included.push(vec![Vec::new(); includes.len()]);
        let directory = path.parent().unwrap_or(Path::new("/"));
        for (number, (is_directory, targets)) in includes.into_iter().enumerate() {
            for target in targets {
                let read = if is_directory {
                    self.directory(directory, &target)
                } else {
                    self.source(directory, &target)
                };
                self.set.included[index][number].extend(read);
            }
        }
        index
    }

    /// One word of a `source` line.
    fn source(&mut self, directory: &Path, target: &Word) -> Vec<usize> {
        if self.refuses(target) {
            return Vec::new();
        }
        if !cleat_root::is_pattern(&target.value) {
            return self
                .file(&directory.join(&target.value), target.place)
                .into_iter()
                .collect();
        }
        let mut read = Vec::new();
        for path in self.glob(directory, target) {
            if self.files.is_dir(&path) {
                self.skipped(&path, target.place);
                continue;
            }
            if path.file_name().is_some_and(is_leftover) {
                self.diagnostics.push(
                    Diagnostic::warning(
                        "leftover-file",
                        format!("{} looks like a leftover, and is read", path.display()),
                    )
                    .at(target.place, "matches it")
                    .help("remove that file, or use `source-directory`, which passes over such names"),
                );
            }
            read.extend(self.file(&path, target.place));
        }
        read
    }

    /// One word of a `source-directory` line.
    fn directory(&mut self, directory: &Path, target: &Word) -> Vec<usize> {
        if self.refuses(target) {
            return Vec::new();
        }
        let is_pattern = cleat_root::is_pattern(&target.value);
        let found = if is_pattern {
            self.glob(directory, target)
        } else {
            vec![directory.join(&target.value)]
        };
        let mut read = Vec::new();
        for path in found.iter().filter(|path| !is_pattern || self.files.is_dir(path)) {
            match self.files.read_dir(path) {
                Ok(names) => {
                    for name in names.iter().filter(|name| is_plain_name(name)) {
                        let path = path.join(name);
                        if self.files.is_dir(&path) {
                            self.skipped(&path, target.place);
                        } else {
                            read.extend(self.file(&path, target.place));
                        }
                    }
                }
                Err(error) => self.unreadable(&error, target.place),
            }
        }
        read
    }

    /// The paths that a pattern matches.
    fn glob(&mut self, directory: &Path, target: &Word) -> Vec<PathBuf> {
        let found = self.files.glob(&target.value, directory);
        found.unwrap_or_else(|error| {
            self.unreadable(&error, target.place);
            Vec::new()
        })
    }

    /// One file that is named at `place`.
    fn file(&mut self, path: &Path, place: Place) -> Option<usize> {
        let identity = Identity::of(self.files, path);
        if self.open.contains(&identity) {
            let itself = if self.open.last() == Some(&identity) {
                "itself"
            } else {
                "a file that sources it"
            };
            self.diagnostics.push(
                Diagnostic::error(
                    "include-cycle",
                    format!("{} is being read already: a file sources {itself}", path.display()),
                )
                .at(place, "not read again")
                .help("remove this line, or the one that leads here"),
            );
            return None;
        }
        if let Some(first) = self.seen.get(&identity) {
            self.diagnostics.push(
                Diagnostic::warning("included-twice", format!("{} is read once only", path.display()))
                    .at(place, "named here again")
                    .note_at(*first, "it is named first"),
            );
            return None;
        }
        if self.open.len() > DEEPEST {
            self.diagnostics.push(
                Diagnostic::error(
                    "include-depth",
                    format!("files source each other more than {DEEPEST} deep"),
                )
                .at(place, "not read"),
            );
            return None;
        }
        let bytes = match self.files.read(path) {
            Ok(bytes) => bytes,
            Err(error) => {
                self.unreadable(&error, place);
                return None;
            }
        };
        self.seen.insert(identity.clone(), place);
        self.open.push(identity);
        let index = self.document(path, bytes);
        self.open.pop();
        Some(index)
    }

    fn unreadable(&mut self, error: &RootError, place: Place) {
        self.set
            .lost
            .extend(Some(error).filter(|error| error.is_of_the_disk()).cloned());
        self.diagnostics.push(if error.is_missing() {
            Diagnostic::warning("source-missing", format!("{} does not exist", error.path.display()))
                .at(place, "nothing to read")
                .help("remove this line, or make the file")
        } else {
            Diagnostic::error("unreadable", error.to_string()).at(place, "named here")
        });
    }

    fn skipped(&mut self, path: &Path, place: Place) {
        let message = format!("{} is a directory, and is passed over", path.display());
        self.diagnostics
            .push(Diagnostic::warning("source-skipped", message).at(place, "matches it"));
    }

    /// Reports a path that a shell would expand in ways that are not done here.
    fn refuses(&mut self, target: &Word) -> bool {
        let sign = target
            .value
            .chars()
            .find(|char| matches!(char, '$' | '`' | '"' | '\'' | '(' | '|' | ';' | '&' | '<' | '>'));
        let sign = sign.or_else(|| target.value.starts_with('~').then_some('~'));
        if let Some(sign) = sign {
            self.diagnostics.push(
                Diagnostic::error("source-expansion", format!("`{sign}` in a path is not expanded"))
                    .at(target.place, "not read")
                    .help("write out the path; `*`, `?`, `[...]` and `{a,b}` may stand in it"),
            );
        }
        sign.is_some() || self.refuses_braces(target)
    }

    /// Reports a path whose braces stand for more than anybody means.
    fn refuses_braces(&mut self, target: &Word) -> bool {
        let too_many = cleat_root::expand_braces(&target.value).err();
        let fault = too_many.map(|too_many| {
            Diagnostic::error("source-braces", too_many.to_string())
                .at(target.place, "not read")
                .help("use `*`, or `source-directory`, or several `source` lines")
        });
        let is_refused = fault.is_some();
        self.diagnostics.extend(fault);
        is_refused
    }
}

/// Whether `source-directory` reads a file of that name.
///
/// *Source*: interfaces(5), INCLUDING OTHER FILES: `^[a-zA-Z0-9_-]+$`.
fn is_plain_name(name: &OsStr) -> bool {
    let bytes = name.as_encoded_bytes();
    !bytes.is_empty()
        && bytes
            .iter()
            .all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-'))
}

fn is_leftover(name: &OsStr) -> bool {
    let name = name.to_string_lossy();
    LEFTOVERS.iter().any(|end| name.ends_with(end))
}
