//! What udev has noted of links.

use cleat_root::{Root, paths};
use std::collections::BTreeMap;
use std::path::Path;

/// The properties of the link with that index in udev's database; `None` where udev has not come to it yet, or there is no
/// udev.
///
/// *Source*: a file `n` and the index for each link that udev has handled, with lines `E:KEY=VALUE`; `udevadm info` shows it,
/// and sd-device takes a link for initialised that has one (sd_device_get_is_initialized(3)).
pub fn noted(root: &Root, index: &str) -> Option<BTreeMap<String, String>> {
    let text = root
        .read_text(Path::new(paths::UDEV_DATA).join(format!("n{index}")))
        .ok()?;
    let pairs = text.lines().filter_map(|line| line.strip_prefix("E:")?.split_once('='));
    Some(pairs.map(|(key, value)| (key.to_owned(), value.to_owned())).collect())
}

/// The index of the link of that name, as sysfs has it; `None` where there is none.
pub fn index_of(root: &Root, name: &str) -> Option<String> {
    let index = root.read_text(Path::new(paths::SYS_CLASS_NET).join(name).join("ifindex"));
    Some(index.ok()?.trim().to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;
    use cleat_root::Durability;

    /// As systemd-udevd 252 of Debian 12 writes it.
    const NOTED: &str = "I:4185345\nE:ID_NET_NAMING_SCHEME=v252\nE:ID_NET_LINK_FILE=/usr/lib/systemd/network/99-default.link\n\
                         E:SYSTEMD_ALIAS=/sys/subsystem/net/devices/eno1\nG:systemd\nQ:systemd\nV:1\n";

    #[test]
    fn a_link_is_noted_under_its_index_once_udev_has_come_to_it() {
        let tree = tempfile::tempdir().unwrap();
        let root = Root::at(tree.path());
        assert_eq!(index_of(&root, "eno1"), None);
        let write = |path: &str, text: &str| {
            root.create_dir_all(Path::new(path).parent().unwrap()).unwrap();
            root.write_atomic(path, text.as_bytes(), Durability::Volatile).unwrap();
        };
        write("/sys/class/net/eno1/ifindex", "2\n");
        let index = index_of(&root, "eno1").unwrap();
        assert_eq!((index.as_str(), noted(&root, &index)), ("2", None));
        write("/run/udev/data/n2", NOTED);
        let properties = noted(&root, &index).unwrap();
        let file = properties.get("ID_NET_LINK_FILE").map(String::as_str);
        assert_eq!(
            (file, properties.len()),
            (Some("/usr/lib/systemd/network/99-default.link"), 3)
        );
    }
}
