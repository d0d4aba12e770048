//! `cleat-link capture`.

use super::host::Host;
use cleat_cli::{Call, End, Hint, Verb, Words, complain, print};
use cleat_naming::cmdline::{self, NAMES_KEY, SCHEME_KEY};
use cleat_naming::link_file;
use cleat_naming::{NicFacts, Udev, facts};
use cleat_root::{Durability, Root, RootError, paths};
use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

/// The verb.
pub(super) const VERB: Verb = Verb {
    name: "capture",
    usage: "cleat-link capture DIR",
    short: "writes what names follow from into a directory, for `predict --root`",
    doc: "Writes into a new or empty directory what the names of this machine's NICs follow from: of each NIC and the \
          devices that it hangs on, the PCI and USB addresses, drivers, numbers of firmware and slots, and its MAC address; \
          the .link files and the udev rules that give names; of the kernel command line the words about names; the version \
          of systemd. The scheme is that of the next boot. No configuration of the network, no host name, no serial numbers and no passwords are in it: the line \
          WakeOnLanPassword= of a .link file is left out, a comment with that word too. Rules and .link files are copied with their comments: look at them \
          before you give the directory to others.",
    words: Words {
        name: "DIR",
        doc: "the directory",
        least: 1,
        most: 1,
        hint: Hint::Directory,
    },
    options: &[],
    run,
};

/// Properties of udev's database that names and .link files ask for; serial numbers are none of them.
const PROPERTIES: [&str; 6] = [
    "ID_NET_",
    "ID_PATH",
    "ID_BUS",
    "ID_VENDOR_ID",
    "ID_MODEL_ID",
    "ID_USB_DRIVER",
];

fn run(call: &Call) -> End {
    let Some(directory) = call.words.first().map(PathBuf::from) else {
        return End::Usage;
    };
    match capture(&Host::as_far_as_known(&Root::real()), &directory) {
        Ok(captured) => print(&captured),
        Err(text) => {
            complain(&text);
            End::Fault
        }
    }
}

/// Captures `host` into `directory`; what was written, in words.
///
/// # Errors
/// One sentence: the directory is not empty, or something cannot be read or written.
pub fn capture(host: &Host, directory: &Path) -> Result<String, String> {
    let tree = Root::at(directory);
    let there = tree.read_dir("/").map_or(0, |names| names.len());
    if there > 0 {
        return Err(format!("{} is not empty", directory.display()));
    }
    write(host, &tree).map_err(|error| format!("{}: {error}", directory.display()))
}

fn write(known: &Host, tree: &Root) -> Result<String, RootError> {
    let host = &known.root;
    tree.create_dir_all("/")?;
    let mut nics = facts::nics(host)?;
    nics.iter_mut().for_each(keep_what_names);
    for nic in &mut nics {
        // What only netlink tells of a NIC outside of a bond. That of a virtual function is of this boot alone.
        let mut kept = known.nics.iter().filter(|one| one.function_of.is_none());
        let kept = kept.find(|one| one.name == nic.name());
        let permanent = kept.and_then(|one| one.device.permanent.as_ref());
        nic.permanent_mac = permanent.map(ToString::to_string).or(nic.permanent_mac.take());
    }
    facts::write(tree, &nics)?;
    let links = &known.files;
    let mut files: BTreeSet<PathBuf> = links.files.iter().map(|file| file.path.clone()).collect();
    files.extend(links.files.iter().flat_map(|file| file.drop_ins.clone()));
    let links = files.len();
    let rules: BTreeSet<PathBuf> = known.rules.naming().map(|rule| rule.path.clone()).collect();
    files.extend(rules.iter().cloned());
    for path in &files {
        copy(host, tree, path)?;
    }
    let line = host.read_text(paths::PROC_CMDLINE).unwrap_or_default();
    // The scheme of the next boot, which the boot loader's files may say by now.
    let pinned = known.next_boot.pinned.as_ref().map(|pinned| pinned.scheme.name);
    let line = cmdline::with_naming_scheme(&line, pinned);
    let words = cmdline::words(&line);
    let about_names = words.iter().filter(|word| word.is(SCHEME_KEY) || word.is(NAMES_KEY));
    let kept: Vec<&str> = about_names.map(|word| word.text.as_str()).collect();
    file(
        tree,
        Path::new(paths::PROC_CMDLINE),
        format!("{}\n", kept.join(" ")).as_bytes(),
    )?;
    if let Some(Udev { version }) = known.next_boot.udev {
        // Only its name counts.
        let library = format!("/usr/lib/systemd/libsystemd-shared-{version}.so");
        file(tree, Path::new(&library), b"")?;
    }
    Ok(format!(
        "{}: {} NICs, {links} .link files, {} files of udev rules, {} words of the kernel command line\n\
         MAC addresses and the comments of these files are in it; look at them before you give it to others\n",
        tree.prefix().display(),
        nics.len(),
        rules.len(),
        kept.len(),
    ))
}

/// Drops properties that no name follows from.
fn keep_what_names(nic: &mut NicFacts) {
    let wanted = |key: &str| PROPERTIES.iter().any(|start| key.starts_with(start));
    for device in &mut nic.devices {
        device.properties.retain(|key, _| wanted(key));
    }
}

/// Copies a file, a mask as a mask, without passwords.
fn copy(host: &Root, tree: &Root, path: &Path) -> Result<(), RootError> {
    let masked = host
        .read_link(path)
        .ok()
        .filter(|target| target == Path::new("/dev/null"));
    if let Some(target) = masked {
        tree.create_dir_all(path.parent().unwrap_or(path))?;
        return tree.symlink(target, path);
    }
    let bytes = host.read(path)?;
    file(tree, path, &link_file::without(&bytes, "WakeOnLanPassword"))
}

fn file(tree: &Root, path: &Path, bytes: &[u8]) -> Result<(), RootError> {
    tree.create_dir_all(path.parent().unwrap_or(path))?;
    tree.write_atomic(path, bytes, Durability::Volatile)
}
