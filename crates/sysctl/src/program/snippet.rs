//! The files of /etc/sysctl.d that the switches write, and undo.

use crate::{Key, resets};
use cleat_root::{Durability, Root, paths};
use std::path::PathBuf;

const HEAD: &str = "# Written by cleat-sysctl, which takes a setting back with the opposite word.\n\
    # `before:` says what was so before.\n";
const BEFORE: &str = "# before: ";

/// One of our files: settings, and what they and those that they reset were before.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Snippet {
    path: PathBuf,
    pub(super) settings: Vec<(Key, String)>,
    before: Vec<(Key, String)>,
}

impl Snippet {
    /// Reads the file of that switch; an empty one where there is none.
    ///
    /// # Errors
    /// It cannot be read, or it is not ours: a symbolic link (a mask), or without our heading.
    ///
    /// *Shape*: its name sorts behind what people write, so that the switch holds.
    pub(super) fn read(root: &Root, switch: &str) -> Result<Self, String> {
        let path = PathBuf::from(format!("{}/zz-cleat-{switch}.conf", paths::SYSCTL_D[0]));
        let shown = path.display();
        if root.metadata_of_link(&path).is_ok_and(|found| found.is_symlink()) {
            return Err(format!(
                "{shown} is a symbolic link, and is not replaced; remove it to have the switch work"
            ));
        }
        let text = match root.read_text(&path) {
            Ok(text) if text.lines().next() == HEAD.lines().next() => text,
            Ok(_) => {
                return Err(format!(
                    "{shown} was not written by cleat-sysctl, and is not replaced; give it another name to have the switch work"
                ));
            }
            Err(error) if error.is_missing() => String::new(),
            Err(error) => return Err(error.to_string()),
        };
        let mut snippet = Self {
            path,
            ..Self::default()
        };
        for line in text.lines() {
            let (list, said) = match line.strip_prefix(BEFORE) {
                Some(said) => (&mut snippet.before, said),
                None if line.starts_with('#') => continue,
                None => (&mut snippet.settings, line),
            };
            if let Some((key, value)) = said.split_once('=') {
                list.push((Key::new(key.trim()), value.trim().to_owned()));
            }
        }
        Ok(snippet)
    }

    /// What the file says of a setting.
    pub(super) fn get(&self, key: &Key) -> Option<&str> {
        let found = self.settings.iter().find(|(known, _)| known == key);
        found.map(|(_, value)| value.as_str())
    }

    /// Adds a setting; `before` is what it and those that it resets are now. What they are by another of our own settings
    /// goes with that one.
    pub(super) fn add(&mut self, key: Key, value: &str, before: Vec<(Key, String)>) {
        for (key, value) in before {
            let of_ours = |(cause, said): &(Key, String)| resets(cause, &key) && *said == value;
            if self.settings.iter().any(of_ours) {
                continue;
            }
            if !self.before.iter().any(|(known, _)| *known == key) {
                self.before.push((key, value));
            }
        }
        self.settings.push((key, value.to_owned()));
    }

    /// Takes settings out; what is to be put back, the settings themselves first.
    pub(super) fn take_back(&mut self, keys: &[Key]) -> Vec<(Key, String)> {
        self.settings.retain(|(known, _)| !keys.contains(known));
        let settings = &self.settings;
        let stays = |known: &Key| settings.iter().any(|(key, _)| key == known || resets(key, known));
        let of_keys = |known: &Key| keys.contains(known) || keys.iter().any(|key| resets(key, known));
        let (mut gone, kept): (Vec<_>, Vec<_>) = std::mem::take(&mut self.before)
            .into_iter()
            .partition(|(known, _)| of_keys(known) && !stays(known));
        self.before = kept;
        gone.sort_by_key(|(known, _)| !keys.contains(known));
        gone
    }

    /// Writes the file, or removes it where nothing is left in it.
    pub(super) fn write(&self, root: &Root) -> Result<(), String> {
        if self.settings.is_empty() {
            return root.remove(&self.path).map(drop).map_err(|error| error.to_string());
        }
        let mut text = HEAD.to_owned();
        for (key, value) in &self.before {
            text += &format!("{BEFORE}{key} = {value}\n");
        }
        for (key, value) in &self.settings {
            text += &format!("{key} = {value}\n");
        }
        root.create_dir_all(paths::SYSCTL_D[0])
            .and_then(|()| root.replace_if_changed(&self.path, text.as_bytes(), Durability::Durable))
            .map(drop)
            .map_err(|error| error.to_string())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_written_is_read_again_and_taken_back_exactly() {
        let tree = tempfile::tempdir().unwrap();
        let root = Root::at(tree.path());
        let [all, default, eno1] =
            ["all", "default", "eno1"].map(|link| Key::new(&format!("net/ipv6/conf/{link}/disable_ipv6")));
        let vlan = Key::new("net/ipv6/conf/eno1.5/disable_ipv6");
        let mut snippet = Snippet::read(&root, "ipv6").unwrap();
        assert_eq!(
            snippet,
            Snippet {
                path: "/etc/sysctl.d/zz-cleat-ipv6.conf".into(),
                ..Snippet::default()
            }
        );
        snippet.add(
            all.clone(),
            "1",
            vec![(all.clone(), "0".into()), (eno1.clone(), "1".into())],
        );
        snippet.add(default.clone(), "1", vec![(default.clone(), "0".into())]);
        snippet.add(vlan.clone(), "1", vec![(vlan.clone(), "0".into())]);
        snippet.write(&root).unwrap();
        let mut again = Snippet::read(&root, "ipv6").unwrap();
        assert_eq!(again, snippet);
        let back = again.take_back(&[all.clone(), default.clone()]);
        assert_eq!(back, [(all, "0".into()), (default, "0".into()), (eno1, "1".into())]);
        assert_eq!(again.settings, [(vlan.clone(), "1".into())]);
        assert_eq!(again.take_back(std::slice::from_ref(&vlan)), [(vlan, "0".into())]);
        again.write(&root).unwrap();
        assert_eq!(Snippet::read(&root, "ipv6").unwrap().settings, []);
        assert!(!root.exists("/etc/sysctl.d/zz-cleat-ipv6.conf"));
    }
}
