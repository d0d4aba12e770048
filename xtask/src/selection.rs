//! Which test executables can hold a test whose name has a word, from the sources alone: only those have to be built.
//!
//! What is found too often costs a build and nothing else. So every function counts as a test, and what macros make is found
//! by its words: a macro of this tree makes no word out of others.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::Value;

use crate::tree;

/// A target of a package that has tests.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Target {
    /// The package.
    pub package: String,
    /// How cargo is asked for it alone: `--lib`, `--bin NAME`, `--test NAME`.
    pub selector: Vec<String>,
    /// Its first source file.
    source: PathBuf,
}

/// All targets of the workspace that cargo builds tests of.
///
/// *Errors*: cargo cannot say.
pub fn targets() -> Result<Vec<Target>, String> {
    let output = Command::new(tree::cargo())
        .args(["metadata", "--no-deps", "--format-version", "1", "--offline"])
        .current_dir(tree::top())
        .output()
        .map_err(|error| format!("cannot run cargo: {error}"))?;
    let metadata: Value =
        serde_json::from_slice(&output.stdout).map_err(|error| format!("cannot read cargo metadata: {error}"))?;
    let packages = metadata["packages"].as_array().into_iter().flatten();
    Ok(packages.flat_map(targets_of).collect())
}

fn targets_of(package: &Value) -> Vec<Target> {
    let targets = package["targets"].as_array().into_iter().flatten();
    let target = |target: &Value| {
        let name = target["name"].as_str()?.to_owned();
        let selector = match target["kind"][0].as_str()? {
            "bin" => vec!["--bin".to_owned(), name],
            "test" => vec!["--test".to_owned(), name],
            "lib" | "rlib" => vec!["--lib".to_owned()],
            _ => return None,
        };
        (target["test"] == true).then_some(Target {
            package: package["name"].as_str()?.to_owned(),
            selector,
            source: PathBuf::from(target["src_path"].as_str()?),
        })
    };
    targets.filter_map(target).collect()
}

/// Those that can hold a test whose name has the word.
pub fn holding(targets: &[Target], word: &str) -> Vec<Target> {
    let holds = |target: &&Target| Files::of(&target.source).hold(word);
    targets.iter().filter(holds).cloned().collect()
}

/// Whether examples in the documentation can have a name with the word: their file's path and the item's.
pub fn has_examples(word: &str) -> bool {
    let first = word.split([' ', ':']).next().unwrap_or(word);
    let crates = tree::top().join("crates");
    sources(&crates).iter().any(|file| {
        let text = std::fs::read_to_string(file).unwrap_or_default();
        let path = file.strip_prefix(tree::top()).unwrap_or(file);
        let fenced = text.lines().any(|line| {
            let line = line.trim_start();
            line.starts_with("/// ```") || line.starts_with("//! ```")
        });
        fenced && (path.to_string_lossy().contains(word) || text.contains(first))
    })
}

fn sources(folder: &Path) -> Vec<PathBuf> {
    let entries = std::fs::read_dir(folder).into_iter().flatten().filter_map(Result::ok);
    let below = entries.flat_map(|entry| {
        let path = entry.path();
        match path.is_dir() {
            true => sources(&path),
            false => vec![path],
        }
    });
    below
        .filter(|path| path.extension().is_some_and(|ending| ending == "rs"))
        .collect()
}

/// The source files of a target.
#[derive(Default)]
struct Files {
    /// Full names of all functions: `link::boots::tests::a_pin`.
    functions: Vec<String>,
    /// Modules with their text.
    modules: Vec<(String, String)>,
    /// Macros that make tests.
    macros: BTreeSet<String>,
}

impl Files {
    fn of(first: &Path) -> Self {
        let mut files = Self::default();
        let folder = first.parent().unwrap_or(first);
        files.read(first, "", folder);
        files
    }

    fn hold(&self, word: &str) -> bool {
        if self.functions.iter().any(|name| name.contains(word)) {
            return true;
        }
        let (modules, last) = word.rsplit_once("::").unwrap_or(("", word));
        let made = |(module, text): &(String, String)| {
            let calls = self.macros.iter().any(|name| text.contains(&format!("{name}!")));
            calls && module.contains(modules) && text.contains(last)
        };
        self.modules.iter().any(made)
    }

    /// Reads a module's file; `folder` is where files of its own modules are.
    fn read(&mut self, file: &Path, module: &str, folder: &Path) {
        let Ok(text) = std::fs::read_to_string(file) else {
            return;
        };
        // Modules that are open, by the column that they are closed in: the tree is formatted by rustfmt.
        let mut open: Vec<(usize, String)> = Vec::new();
        let mut path: Option<String> = None;
        let mut making: Option<(usize, String)> = None;
        for line in text.lines() {
            let bare = line.trim_start();
            let column = line.len() - bare.len();
            if bare == "}" {
                open.retain(|(at, _)| *at < column);
                making = making.filter(|(at, _)| *at < column);
            }
            if let Some(name) = bare.strip_prefix("macro_rules! ") {
                making = Some((column, identifier(name).to_owned()));
            }
            if let (Some((_, name)), true) = (&making, bare.contains("#[test]")) {
                self.macros.insert(name.clone());
            }
            if let Some(named) = bare.strip_prefix("#[path = \"") {
                path = named.split('"').next().map(str::to_owned);
                continue;
            }
            let item = item(bare);
            let inside = open.iter().map(|(_, name)| name.as_str());
            if let Some(name) = item.strip_prefix("fn ").map(identifier) {
                self.functions.push(joined(module, inside, name));
            } else if let Some(rest) = item.strip_prefix("mod ") {
                let name = identifier(rest);
                let full = joined(module, inside.clone(), name);
                match rest.trim_end().ends_with('{') {
                    true => open.push((column, name.to_owned())),
                    false => self.below(
                        file,
                        &full,
                        &inside.fold(folder.to_owned(), |at, name| at.join(name)),
                        name,
                        path.take(),
                    ),
                }
            }
        }
        self.modules.push((module.to_owned(), text));
    }

    /// Reads the file of a module that another file declares.
    fn below(&mut self, parent: &Path, full: &str, folder: &Path, name: &str, path: Option<String>) {
        if let Some(path) = path {
            let file = parent.parent().unwrap_or(parent).join(path);
            return self.read(&file, full, &file.with_extension(""));
        }
        let own = folder.join(name);
        let flat = folder.join(format!("{name}.rs"));
        match flat.exists() {
            true => self.read(&flat, full, &own),
            false => self.read(&own.join("mod.rs"), full, &own),
        }
    }
}

/// An item without what stands before its first word.
fn item(line: &str) -> &str {
    let mut rest = line;
    loop {
        let shorter = ["pub ", "async ", "const ", "unsafe ", "pub(crate) ", "pub(super) "]
            .iter()
            .find_map(|word| rest.strip_prefix(word));
        match shorter {
            Some(shorter) => rest = shorter,
            None => return rest,
        }
    }
}

fn identifier(text: &str) -> &str {
    let end = text.find(|char: char| !char.is_alphanumeric() && char != '_');
    &text[..end.unwrap_or(text.len())]
}

fn joined<'a>(module: &'a str, inside: impl Iterator<Item = &'a str>, name: &'a str) -> String {
    let parts = std::iter::once(module).chain(inside).chain([name]);
    parts.filter(|part| !part.is_empty()).collect::<Vec<_>>().join("::")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(word: &str) -> Vec<String> {
        let targets = targets().expect("cargo knows the workspace");
        let found = holding(&targets, word);
        found
            .iter()
            .map(|target| format!("{} {}", target.package, target.selector.join(" ")))
            .collect()
    }

    // Second witness: the names are those that `cargo test -- --list` printed.
    #[test]
    fn a_test_is_found_in_its_executable_alone_by_any_part_of_its_name() {
        assert_eq!(
            names("selection::tests::a_test_is_found_in_its_exec"),
            ["xtask --bin xtask"]
        );
        assert_eq!(names("a_log_of_libtest_is_counted"), ["xtask --bin xtask"]);
        // A module in a file of its own, one of a `#[path]`, one inside of another.
        assert_eq!(names("house::no_file_is_longer"), ["cleat --test tests"]);
        assert_eq!(names("link::pin::tests::cut_short::what_is"), ["cleat-nics --lib"]);
    }

    #[test]
    fn what_a_macro_makes_is_found_by_its_words() {
        assert_eq!(names("golden::vlan_aware_bridge"), ["cleat --test tests"]);
        assert!(names("ipv6_routes_behave_as_in").contains(&"cleat-model --lib".to_owned()));
    }

    #[test]
    fn a_word_that_no_source_has_is_in_no_executable() {
        let word: String = ["no", "such", "name", "anywhere"].join("_x_");
        assert_eq!(names(&word), [""; 0]);
        assert!(!has_examples(&word));
    }
}
