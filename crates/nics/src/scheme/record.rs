//! What `cleat-scheme` changed, so that it can be undone.

use super::loader::Loader;
use super::plan::{Change, Plan, Refusal, by_hand, commands, text};
use cleat_diag::Diagnostic;
use cleat_naming::cmdline;
use cleat_root::{Durability, Root, RootError, paths};
use serde::{Deserialize, Serialize};

/// The record of a pin.
///
/// *Shape*: JSON at [`paths::SCHEME_RECORD`]. It is written before the first file is, so that what was begun can be
/// undone.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Record {
    /// The scheme that was pinned.
    pub scheme: String,
    /// The boot loader that it was pinned for.
    pub loader: Loader,
    /// The files with what was in them before, and what was written.
    pub files: Vec<Change>,
}

impl Record {
    /// Reads it; `None` where nothing is pinned.
    ///
    /// # Errors
    /// It cannot be read, or is not what was written.
    pub fn load(root: &Root) -> Result<Option<Self>, Refusal> {
        let bytes = match root.read(paths::SCHEME_RECORD) {
            Ok(bytes) => bytes,
            Err(error) if error.is_missing() => return Ok(None),
            Err(error) => return Err(error.into()),
        };
        serde_json::from_slice(&bytes).map(Some).map_err(|error| {
            let text = format!("{} is damaged: {error}", paths::SCHEME_RECORD);
            Diagnostic::error("scheme-record", text)
                .help("undo by hand what it tells of, and remove it")
                .into()
        })
    }

    /// The record of a plan that comes on top of an older pin: what was before that one is what is put back.
    pub fn of(plan: &Plan, scheme: &str, older: Option<&Record>) -> Self {
        let first = |change: &Change| {
            let mut files = older.iter().flat_map(|record| &record.files);
            let older = files.find(|old| old.path == change.path && old.after == change.before);
            Change {
                before: older.unwrap_or(change).before.clone(),
                ..change.clone()
            }
        };
        Self {
            scheme: scheme.to_owned(),
            loader: plan.loader,
            files: plan.changes.iter().map(first).collect(),
        }
    }

    /// Writes it.
    ///
    /// # Errors
    /// It cannot be written.
    pub fn save(&self, root: &Root) -> Result<(), RootError> {
        let directory = std::path::Path::new(paths::SCHEME_RECORD).parent();
        root.create_dir_all(directory.unwrap_or(std::path::Path::new("/")))?;
        let mut bytes = serde_json::to_vec_pretty(self).unwrap_or_default();
        bytes.push(b'\n');
        root.write_atomic(paths::SCHEME_RECORD, &bytes, Durability::Durable)
    }

    /// The plan that takes it back.
    ///
    /// *Shape*: a file that is as it was written becomes what it was before, byte for byte; in one that was changed
    /// since only the word is taken out.
    ///
    /// # Errors
    /// A file cannot be read; one of ours was changed and holds more than the word.
    pub fn undo(&self, root: &Root) -> Result<Plan, Refusal> {
        let mut changes = Vec::new();
        for file in &self.files {
            let now = text(root, &file.path)?;
            let after = if now == file.after {
                file.before.clone()
            } else {
                self.without(root, file, now.clone())?
            };
            changes.push(Change {
                path: file.path.clone(),
                before: now,
                after: self.kept(root, file, after),
            });
        }
        let left = changes.iter().filter_map(|change| change.after.as_deref());
        Ok(Plan {
            loader: self.loader,
            scheme: left.filter_map(cmdline::naming_scheme).next_back(),
            commands: commands(root, self.loader),
            by_hand: by_hand(root, self.loader),
            changes,
        })
    }

    /// What becomes of a file that was changed since it was written.
    fn without(&self, root: &Root, file: &Change, now: Option<String>) -> Result<Option<String>, Refusal> {
        let Some(now) = now else { return Ok(None) };
        if Some(&now) == file.before.as_ref() {
            return Ok(Some(now));
        }
        let shell = [paths::GRUB_SCHEME, paths::U_BOOT_SCHEME]
            .iter()
            .any(|path| file.path.ends_with(&path[1..]));
        if shell {
            let path = file.path.display();
            let text = format!("{path} was changed by hand since it was written");
            let told = Diagnostic::error("scheme-changed", text);
            return Err(told.help(format!("remove it, run `{}`", self.by_hand(root))).into());
        }
        Ok(Some(super::plan::without_scheme(&now, &file.path)))
    }

    fn by_hand(&self, root: &Root) -> String {
        let commands = commands(root, self.loader).into_iter().map(|words| words.join(" "));
        commands.collect::<Vec<_>>().join("; ")
    }

    /// /etc/kernel/cmdline, where it was not there before, stays while the running command line still has the scheme:
    /// without the file kernel-install(8) would take it from there.
    fn kept(&self, root: &Root, file: &Change, after: Option<String>) -> Option<String> {
        let running = root.read_text(paths::PROC_CMDLINE).unwrap_or_default();
        let still = cmdline::naming_scheme(&running).as_deref() == Some(&self.scheme);
        let cmdline_file = file.path == std::path::Path::new(paths::KERNEL_CMDLINE);
        match &file.after {
            Some(written) if after.is_none() && cmdline_file && still => {
                Some(cmdline::with_naming_scheme(written, None))
            }
            _ => after,
        }
    }
}
