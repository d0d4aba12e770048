//! Files as they will be: a root with some of its files replaced, added or gone.

use cleat_root::{Root, RootError, expand_braces, matches};
use std::collections::{BTreeMap, BTreeSet};
use std::ffi::OsString;
use std::io;
use std::path::{Path, PathBuf};

/// Files by their absolute paths: what each holds, or none for one that goes.
pub type Replaced = BTreeMap<PathBuf, Option<Vec<u8>>>;

/// A root, seen with other files.
pub(crate) struct Overlay<'a> {
    pub root: &'a Root,
    pub replaced: &'a Replaced,
}

impl Overlay<'_> {
    pub fn read(&self, path: &Path) -> Result<Vec<u8>, RootError> {
        match self.replaced.get(path) {
            None => self.root.read(path),
            Some(Some(bytes)) => Ok(bytes.clone()),
            Some(None) => Err(RootError {
                path: path.to_owned(),
                action: "read",
                error: io::Error::from_raw_os_error(2), // ENOENT
            }),
        }
    }

    pub fn is_replaced(&self, path: &Path) -> bool {
        self.replaced.contains_key(path)
    }

    pub fn is_dir(&self, path: &Path) -> bool {
        self.root.is_dir(path) || self.there().any(|file| file != path && file.starts_with(path))
    }

    /// As [`Root::read_dir`]; a directory that only replaced files make is there.
    pub fn read_dir(&self, path: &Path) -> Result<Vec<OsString>, RootError> {
        let below = self
            .there()
            .filter_map(|file| file.strip_prefix(path).ok()?.iter().next());
        let mut names: BTreeSet<OsString> = below.map(OsString::from).collect();
        match self.root.read_dir(path) {
            Ok(found) => names.extend(found.into_iter().filter(|name| !self.is_gone(&path.join(name)))),
            Err(error) if error.is_missing() && !names.is_empty() => {}
            Err(error) => return Err(error),
        }
        Ok(names.into_iter().collect())
    }

    /// As [`Root::try_glob`].
    pub fn glob(&self, pattern: &str, relative_to: &Path) -> Result<Vec<PathBuf>, RootError> {
        let mut found = self.root.try_glob(pattern, relative_to)?;
        found.retain(|path| !self.is_gone(path));
        for word in expand_braces(pattern).unwrap_or_default() {
            let whole = relative_to.join(&word);
            found.extend(self.there().filter(|file| fits(&whole, file)).map(Path::to_owned));
        }
        found.sort();
        found.dedup();
        Ok(found)
    }

    fn there(&self) -> impl Iterator<Item = &Path> {
        let there = self.replaced.iter().filter(|(_, bytes)| bytes.is_some());
        there.map(|(path, _)| path.as_path())
    }

    fn is_gone(&self, path: &Path) -> bool {
        self.replaced.get(path).is_some_and(Option::is_none)
    }
}

/// Whether a path matches a pattern, part by part; no sign matches a leading dot.
fn fits(pattern: &Path, path: &Path) -> bool {
    let parts = |path: &Path| -> Vec<String> {
        let parts = path
            .components()
            .map(|part| part.as_os_str().to_string_lossy().into_owned());
        parts.filter(|part| part != ".").collect()
    };
    let (pattern, path) = (parts(pattern), parts(path));
    let fits =
        |(sign, name): (&String, &String)| matches(sign, name) && (sign.starts_with('.') || !name.starts_with('.'));
    pattern.len() == path.len() && pattern.iter().zip(&path).all(fits)
}
