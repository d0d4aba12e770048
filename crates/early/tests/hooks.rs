//! The hooks take every .link file along. They are run by the shell as their makers run them, with directories of a
//! test's own in the place of `/usr` and `/etc`; what the makers do themselves is a stand-in here. initramfs-tools is tried
//! for real in the scenario `initramfs-links`, dracut in `dracut.rs`.
//!
//! Second witness: the program's own comparison, which finds no difference between the tree and what was copied.

#![allow(clippy::disallowed_methods, clippy::unwrap_used, clippy::expect_used)]

use cleat_naming::carried::LinkSet;
use cleat_root::Root;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

const FILES: [(&str, &str); 6] = [
    ("usr/lib/systemd/network/99-default.link", "default"),
    ("usr/lib/systemd/network/73-usb-net-by-mac.link", "usb"),
    ("usr/local/lib/systemd/network/50-pmx-nic0.link", "pin"),
    ("etc/systemd/network/10-a name with blanks.link", "blanks"),
    ("etc/systemd/network/99-default.link.d/mtu.conf", "drop-in"),
    ("etc/systemd/network/20-lan.network", "no link file"),
];

/// A tree with .link files, a mask and a link among them.
fn tree() -> (tempfile::TempDir, PathBuf) {
    let tree = tempfile::tempdir().unwrap();
    // The way there has no links: the scripts are given the path as it is.
    let top = tree.path().canonicalize().unwrap();
    for (path, text) in FILES {
        write(&top.join(path), text);
    }
    let etc = top.join("etc/systemd/network");
    std::os::unix::fs::symlink("/dev/null", etc.join("73-usb-net-by-mac.link")).unwrap();
    std::os::unix::fs::symlink(
        top.join("usr/local/lib/systemd/network/50-pmx-nic0.link"),
        etc.join("60-again.link"),
    )
    .unwrap();
    (tree, top)
}

fn write(path: &Path, text: &str) {
    fs::create_dir_all(path.parent().unwrap()).unwrap();
    fs::write(path, text).unwrap();
}

/// A hook's text with `top` before every directory that it names.
fn moved(hook: &str, top: &Path) -> String {
    let path = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("../../initramfs-hooks")
        .join(hook);
    let text = fs::read_to_string(&path).unwrap();
    let below = |text: String, directory: &str| text.replace(directory, &format!("{}{directory}", top.display()));
    below(below(text, "/usr/"), "/etc/")
}

/// Runs a script and gives what it printed.
fn run(shell: &str, script: &str, variables: &[(&str, &Path)]) -> String {
    let mut command = Command::new(shell);
    command.arg("-c").arg(script).envs(variables.iter().copied());
    let output = command.output().unwrap();
    let errors = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(output.status.success() && errors.is_empty(), "{errors}");
    String::from_utf8(output.stdout).unwrap()
}

fn assert_carried(image: &Path, top: &Path) {
    // The tree lies in the image below its own path, as the scripts were given it.
    let image = Root::at(image.join(top.strip_prefix("/").unwrap()));
    let dev_null = top.join("dev/null");
    write(&dev_null, "");
    let (held, errors) = LinkSet::of_root(&Root::at(top));
    assert_eq!(
        errors.len(),
        1,
        "only the link out of the tree cannot be followed: {errors:?}"
    );
    let (carried, errors) = LinkSet::of_root(&image);
    assert_eq!(errors.len(), 0, "{errors:?}");
    let names: Vec<&str> = carried.names().filter(|name| *name != "60-again.link").collect();
    assert_eq!(names, held.names().collect::<Vec<_>>());
    assert_eq!(names.len(), 4);
    assert_eq!(
        carried.bytes("60-again.link"),
        Some(&b"pin"[..]),
        "the file, not a link to it"
    );
    assert!(
        carried
            .differences(&held)
            .iter()
            .all(|other| other.name() == "60-again.link")
    );
}

/// *Source*: initramfs-tools(7): `prereqs` prints what has to run before; then `DESTDIR` is filled, with the functions
/// of hook-functions.
#[test]
fn the_hook_of_initramfs_tools_takes_every_file_along() {
    let (_tree, top) = tree();
    let image = tempfile::tempdir().unwrap();
    write(
        &top.join("usr/share/initramfs-tools/hook-functions"),
        "copy_exec() { echo \"copy_exec $*\"; }\n",
    );
    let hook = moved("initramfs-tools/hooks/cleat", &top);
    let variables = [("DESTDIR", image.path())];
    assert_eq!(run("sh", &format!("set -- prereqs\n{hook}"), &variables), "udev\n");
    let said = run("sh", &hook, &variables);
    assert_eq!(said, format!("copy_exec {}/usr/lib/cleat/cleat-early\n", top.display()));
    assert_carried(image.path(), &top);
}

/// *Source*: dracut.modules(7): the functions of module-setup.sh are called with `initdir` and `moddir` set.
#[test]
fn the_module_of_dracut_takes_every_file_along() {
    let (_tree, top) = tree();
    let image = tempfile::tempdir().unwrap();
    let module = moved("dracut/90cleat/module-setup.sh", &top);
    let stand_ins = "inst_binary() { echo \"inst_binary $*\"; }\ninst_hook() { echo \"inst_hook $*\"; }\n";
    let script = format!("{stand_ins}{module}\ncheck && depends && install");
    let variables = [("initdir", image.path()), ("moddir", Path::new("/moddir"))];
    let said = run("bash", &script, &variables);
    assert_eq!(
        said,
        format!(
            "udev-rules\ninst_binary {}/usr/lib/cleat/cleat-early\ninst_hook pre-pivot 90 /moddir/cleat-early.sh\n",
            top.display()
        )
    );
    assert_carried(image.path(), &top);
}
