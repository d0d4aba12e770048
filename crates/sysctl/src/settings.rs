//! All files of sysctl.d as one list of settings.

use crate::key::Key;
use crate::line::{self, SettingLine};
use crate::value::Value;
use cleat_diag::{Diagnostic, Place, Sources};
use cleat_root::{Root, RootError, paths};
use std::collections::{BTreeMap, HashMap, HashSet};
use std::ffi::OsString;
use std::path::{Path, PathBuf};

/// The name of the credential.
const CREDENTIAL: &str = "sysctl.extra";

/// A setting, or a pattern of settings, with the line that holds.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Setting {
    /// Its name.
    pub key: Key,
    /// Its value; `None` takes it out of patterns.
    pub value: Option<Value>,
    /// Nothing is said where it cannot be written.
    pub may_fail: bool,
    /// The line that holds.
    pub place: Place,
    /// Lines before it that said otherwise, the first one first; `None` took it out of patterns.
    pub overridden: Vec<(Place, Option<Value>)>,
}

/// What sysctl.d says.
///
/// *Shape*: `settings` is in the order in which systemd-sysctl writes them: a setting that is said again with another
/// value goes to the end.
#[derive(Clone, Debug, Default)]
pub struct Settings {
    settings: Vec<Setting>,
    by_key: HashMap<Key, usize>,
    /// The files that were read, in order.
    pub files: Vec<PathBuf>,
    /// Files that are not read because one of the same name stands in a directory before theirs: they, and that one.
    pub hidden: Vec<(PathBuf, PathBuf)>,
    /// Files and directories that cannot be read, each with the diagnostic that says so.
    pub unreadable: Vec<(PathBuf, Diagnostic)>,
}

/// The credential that systemd-sysctl reads last: of a unit that loads it, else where systemd would find it. To have it
/// loaded takes our unit more time than to do its work, for what hardly any host has.
///
/// *Source*: systemd-sysctl.service(8), "Credentials"; systemd.exec(5), `LoadCredential=`: what the service manager
/// received, then the stores.
fn credential(root: &Root) -> Option<PathBuf> {
    if let Some(directory) = std::env::var_os("CREDENTIALS_DIRECTORY") {
        return Some(Path::new(&directory).join(CREDENTIAL));
    }
    let mut places = paths::CREDENTIALS
        .iter()
        .map(|directory| Path::new(directory).join(CREDENTIAL));
    places.find(|path| root.metadata(path).is_ok())
}

impl Settings {
    /// Reads the files of all directories, in the order of their names; of those of one name only that in the first
    /// directory counts. The files are added to `sources`, so that diagnostics can point into them.
    ///
    /// # Errors
    /// As diagnostics: a file or directory that cannot be read, a line that sets nothing. The rest is read.
    ///
    /// *Source*: sysctl.d(5), "configuration directories and precedence".
    pub fn load(root: &Root, sources: &mut Sources) -> (Self, Vec<Diagnostic>) {
        let mut settings = Self::default();
        let mut found = Vec::new();
        let mut files: BTreeMap<OsString, PathBuf> = BTreeMap::new();
        let mut seen = HashSet::new();
        for directory in paths::SYSCTL_D {
            // With a merged /usr, /lib is /usr/lib.
            if root.identity(directory).is_ok_and(|directory| !seen.insert(directory)) {
                continue;
            }
            let names = names(root, Path::new(directory)).unwrap_or_else(|error| {
                let fault = Diagnostic::error("unreadable", error.to_string());
                settings.unreadable.push((directory.into(), fault.clone()));
                found.push(fault);
                Vec::new()
            });
            for name in names {
                let path = Path::new(directory).join(&name);
                match files.get(&name) {
                    Some(first) => settings.hidden.push((path, first.clone())),
                    None => drop(files.insert(name, path)),
                }
            }
        }
        for path in files.into_values().chain(credential(root)) {
            settings.read(root, &path, sources, &mut found);
        }
        (settings, found)
    }

    fn read(&mut self, root: &Root, path: &Path, sources: &mut Sources, found: &mut Vec<Diagnostic>) {
        let bytes = match root.read(path) {
            Ok(bytes) => bytes,
            // A link that leads nowhere hides the files of its name, as an empty file does.
            Err(error) if error.is_missing() => return,
            Err(error) => {
                let fault = Diagnostic::error("unreadable", error.to_string())
                    .help("what its lines say is not known, so none is named; the other files count");
                self.unreadable.push((path.to_owned(), fault.clone()));
                return found.push(fault);
            }
        };
        let file = sources.add(path, bytes);
        self.files.push(path.to_owned());
        let Some(source) = sources.get(file) else { return };
        let (lines, mut faults) = line::read(file, source);
        found.append(&mut faults);
        for line in lines {
            self.say(line);
        }
    }

    /// Takes one more line, which holds against those before it.
    pub fn say(&mut self, line: SettingLine) {
        let SettingLine {
            key,
            value,
            may_fail,
            place,
        } = line;
        let mut overridden = Vec::new();
        if let Some(old) = self.by_key.get(&key).and_then(|at| self.settings.get_mut(*at)) {
            if old.value == value {
                old.may_fail |= may_fail;
                return;
            }
            overridden = std::mem::take(&mut old.overridden);
            overridden.push((old.place, old.value.take()));
            self.remove(&key);
        }
        self.by_key.insert(key.clone(), self.settings.len());
        self.settings.push(Setting {
            key,
            value,
            may_fail,
            place,
            overridden,
        });
    }

    fn remove(&mut self, key: &Key) {
        if let Some(at) = self.by_key.remove(key) {
            self.settings.remove(at);
            for after in self.by_key.values_mut().filter(|after| **after > at) {
                *after -= 1;
            }
        }
    }

    /// All settings and patterns, in the order in which systemd-sysctl writes them.
    pub fn iter(&self) -> impl DoubleEndedIterator<Item = &Setting> {
        self.settings.iter()
    }

    /// What is said of exactly this key.
    pub fn get(&self, key: &Key) -> Option<&Setting> {
        self.by_key.get(key).map(|at| &self.settings[*at])
    }
}

/// The names of the files of a directory that count: those that end in `.conf` and are not hidden.
fn names(root: &Root, directory: &Path) -> Result<Vec<OsString>, RootError> {
    let names = match root.read_dir(directory) {
        Ok(names) => names,
        Err(error) if error.is_missing() => return Ok(Vec::new()),
        Err(error) => return Err(error),
    };
    let counts = |name: &OsString| {
        let bytes = name.as_encoded_bytes();
        bytes.ends_with(b".conf") && !bytes.starts_with(b".")
    };
    Ok(names.into_iter().filter(counts).collect())
}

#[cfg(test)]
mod tests {
    // Tests make the tree directly.
    #![allow(clippy::disallowed_methods)]

    use super::*;

    /// systemd.exec(5), `LoadCredential=`: what the service manager received, then /etc/credstore, /run/credstore and
    /// /usr/lib/credstore; systemd-sysctl.service has no path of its own for it, and is read after all files.
    #[test]
    fn the_credential_is_found_where_systemd_finds_it() {
        let directory = tempfile::tempdir().unwrap();
        let root = Root::at(directory.path());
        let write = |path: &str, text: &str| {
            let path = directory.path().join(path);
            std::fs::create_dir_all(path.parent().unwrap()).unwrap();
            std::fs::write(path, text).unwrap();
        };
        write("etc/sysctl.d/zz.conf", "net.ipv4.ip_forward = 0\n");
        // The last place first: each hides those before it.
        let places = [
            "usr/lib/credstore",
            "run/credstore",
            "etc/credstore",
            "run/credentials/@system",
        ];
        for (value, place) in ["1", "2", "3", "4"].iter().zip(places) {
            write(
                &format!("{place}/sysctl.extra"),
                &format!("net.ipv4.ip_forward = {value}\n"),
            );
            let (settings, found) = Settings::load(&root, &mut Sources::default());
            assert_eq!(found, []);
            let files = ["/etc/sysctl.d/zz.conf".to_owned(), format!("/{place}/sysctl.extra")];
            assert_eq!(settings.files, files.map(PathBuf::from));
            let setting = settings.settings.last().unwrap();
            assert_eq!(setting.value.as_ref().unwrap().to_string(), *value);
        }
    }
}
