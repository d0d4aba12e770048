//! `edit`: a copy in an editor, judged when it is saved, until it may be staged or is given up.

use cleat_root::{Durability, Root, RootError, paths};
use cleat_store::STAGED_LIMIT;
use std::io::{self, BufRead, IsTerminal, Write};
use std::path::{Path, PathBuf};
use std::process::Command;

/// A copy that is being edited; it is gone when this is dropped, unless it is [kept](Copy::keep).
#[derive(Debug)]
pub struct Copy {
    root: Root,
    directory: PathBuf,
    file: PathBuf,
    keep: bool,
}

impl Copy {
    /// Makes one.
    ///
    /// # Errors
    /// /run cannot be written.
    pub fn new(root: &Root, bytes: &[u8]) -> Result<Self, RootError> {
        let directory = Path::new(paths::RUN_DIR).join(format!("edit-{}", std::process::id()));
        root.create_dir_all(&directory)?;
        let file = directory.join("interfaces");
        root.write_atomic(&file, bytes, Durability::Volatile)?;
        Ok(Self {
            root: root.clone(),
            directory,
            file,
            keep: false,
        })
    }

    /// What it holds now.
    ///
    /// # Errors
    /// The editor left something that cannot be read, or is larger than what may be staged.
    pub fn read(&self) -> Result<Vec<u8>, RootError> {
        self.root.read_up_to(&self.file, STAGED_LIMIT)
    }

    /// Lets it stay, and answers where it is.
    pub fn keep(mut self) -> PathBuf {
        self.keep = true;
        self.file.clone()
    }

    /// Opens it in the editor and waits for that to end.
    ///
    /// # Errors
    /// One sentence: there is no editor, or it failed.
    pub fn open(&self) -> Result<(), String> {
        let editor = editor(|name| std::env::var(name).ok());
        // As git and crontab do it: the value may have options, and the file comes behind them. It is the editor of
        // whoever calls.
        #[allow(clippy::disallowed_methods)]
        let status = Command::new("/bin/sh")
            .arg("-c")
            .arg(format!("{editor} \"$1\""))
            .arg(&editor)
            .arg(self.root.host_path(&self.file))
            .status()
            .map_err(|error| format!("cannot run {editor}: {error}"))?;
        match status.success() {
            true => Ok(()),
            false => Err(format!("the editor `{editor}` failed ({status})")),
        }
    }
}

impl Drop for Copy {
    fn drop(&mut self) {
        if self.keep {
            return;
        }
        // What an editor leaves beside it (a backup) goes too; what stays is gone with the next boot.
        let _ = self.root.remove_dir_all(&self.directory);
    }
}

/// The editor that the environment names, or Debian's.
fn editor(variable: impl Fn(&str) -> Option<String>) -> String {
    let said = ["VISUAL", "EDITOR"].into_iter().filter_map(variable);
    let mut said = said.filter(|value| !value.trim().is_empty());
    said.next().unwrap_or_else(|| "editor".to_owned())
}

/// Asks a question on the terminal and answers the first letter of the reply, `empty` where Enter alone was pressed;
/// `None` where there is nobody to ask.
pub fn ask(question: &str, empty: char) -> Option<char> {
    let stdin = io::stdin();
    if !stdin.is_terminal() {
        return None;
    }
    let mut out = io::stderr();
    // Where nothing can be written nothing can be asked.
    write!(out, "{question} ").and_then(|()| out.flush()).ok()?;
    let mut reply = String::new();
    if stdin.lock().read_line(&mut reply).ok()? == 0 {
        return None;
    }
    Some(
        reply
            .trim()
            .chars()
            .next()
            .map_or(empty, |letter| letter.to_ascii_lowercase()),
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn visual_comes_before_editor_and_an_empty_one_does_not_count() {
        let with = |visual: &str, other: &str| {
            let (visual, other) = (visual.to_owned(), other.to_owned());
            editor(move |name| match name {
                "VISUAL" => Some(visual.clone()),
                "EDITOR" => Some(other.clone()),
                _ => None,
            })
        };
        assert_eq!(with("vim -n", "nano"), "vim -n");
        assert_eq!(with(" ", "nano"), "nano");
        assert_eq!(editor(|_| None), "editor");
    }

    #[test]
    fn a_copy_goes_with_all_that_lies_beside_it_unless_it_is_kept() {
        let tree = tempfile::tempdir().unwrap();
        let root = Root::at(tree.path());
        let copy = Copy::new(&root, b"auto lo\n").unwrap();
        assert_eq!(copy.read().unwrap(), b"auto lo\n");
        let directory = copy.directory.clone();
        root.write_atomic(directory.join("interfaces~"), b"", Durability::Volatile)
            .unwrap();
        drop(copy);
        assert!(!root.exists(&directory));
        let kept = Copy::new(&root, b"auto lo\n").unwrap().keep();
        assert_eq!(root.read(&kept).unwrap(), b"auto lo\n");
    }
}
