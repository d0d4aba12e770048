//! Debian's dracuts make an image with our module in it, each in a root of its own that `cargo xtask udevs` unpacks.
//!
//! Second witness: `lsinitrd` of the same dracut, which takes the image apart again.

#![allow(clippy::disallowed_methods, clippy::unwrap_used, clippy::expect_used)]

use cleat_naming::carried::LinkSet;
use cleat_netns::{self as netns, Room};
use cleat_root::Root;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

const MODULE: &str = "usr/lib/dracut/modules.d/90cleat";
const PROGRAM: &str = "usr/lib/cleat/cleat-early";

#[test]
fn debian_12s_dracut_makes_an_image_with_the_program_its_hook_and_every_link_file() {
    make_and_look("dracut-12");
}

#[test]
fn debian_13s_dracut_makes_an_image_with_the_program_its_hook_and_every_link_file() {
    make_and_look("dracut-13");
}

fn make_and_look(kept: &str) {
    let debian = match Debian::enter(kept) {
        Ok(debian) => debian,
        Err(reason) => return netns::skip("udevs", &format!("{kept}: {reason}")),
    };
    debian.install();
    // udev's own directories in the image are made by its module; no kernel is needed for what is looked at.
    debian.run(
        "dracut --no-kernel --no-hostonly --nostrip --force --modules 'base udev-rules cleat' --gzip /tmp/image 6.1",
    );
    debian.run("mkdir /tmp/apart && cd /tmp/apart && lsinitrd --unpack /tmp/image");
    let image = debian.root.join("tmp/apart");
    let program = fs::read(image.join(PROGRAM)).unwrap();
    assert!(
        program == fs::read(env!("CARGO_BIN_EXE_cleat-early")).unwrap(),
        "another program"
    );
    let hook = fs::read_to_string(debian.root.join(MODULE).join("cleat-early.sh")).unwrap();
    assert_eq!(hooks(&image), [("90-cleat-early.sh".to_owned(), hook)]);
    let (held, errors) = LinkSet::of_root(&Root::at(&debian.root));
    assert_eq!(errors.len(), 0, "{errors:?}");
    let (carried, errors) = LinkSet::of_root(&Root::at(&image));
    assert_eq!(errors.len(), 0, "{errors:?}");
    assert_eq!(carried.differences(&held), []);
    let names: Vec<&str> = carried.names().collect();
    for name in [
        "10-a name.link",
        "50-pmx-nic0.link",
        "99-default.link",
        "99-default.link.d/mtu.conf",
    ] {
        assert!(names.contains(&name), "{name} is not among {names:?}");
    }
    // All that it is linked to is in the image too: the loader finds it there.
    let linked = debian.run(&format!("chroot /tmp/apart /usr/{} --list /{PROGRAM}", loader(&image)));
    assert!(
        linked.contains("libc.so.6 => ") && !linked.contains("not found"),
        "{linked}"
    );
}

/// The scripts of ours that run before the root is changed, with their texts: dracut has them in /lib or in /var/lib.
fn hooks(image: &Path) -> Vec<(String, String)> {
    let places = [
        "usr/lib/dracut/hooks/pre-pivot",
        "lib/dracut/hooks/pre-pivot",
        "var/lib/dracut/hooks/pre-pivot",
    ];
    let mut found: Vec<PathBuf> = places
        .iter()
        .filter_map(|place| fs::read_dir(image.join(place)).ok())
        .flat_map(|entries| entries.map(|entry| entry.unwrap().path().canonicalize().unwrap()))
        .filter(|path| path.to_string_lossy().contains("cleat"))
        .collect();
    found.sort();
    found.dedup();
    let text = |path: &PathBuf| {
        let name = path.file_name().unwrap().to_string_lossy().into_owned();
        (name, fs::read_to_string(path).unwrap())
    };
    found.iter().map(text).collect()
}

/// The dynamic loader of the image, below /usr.
fn loader(image: &Path) -> String {
    let places = ["lib64", "lib"];
    let found = places.iter().find_map(|place| {
        let entries = fs::read_dir(image.join("usr").join(place)).ok()?;
        let mut names = entries.map(|entry| entry.unwrap().file_name().to_string_lossy().into_owned());
        Some(format!("{place}/{}", names.find(|name| name.starts_with("ld-linux"))?))
    });
    found.expect("the image has a loader")
}

/// A root of Debian's to write into, in a room.
struct Debian {
    root: PathBuf,
    // Left before the folder is removed: what is mounted below it must not be removed with it.
    _room: Room,
    _directory: tempfile::TempDir,
}

impl Debian {
    fn enter(kept: &str) -> Result<Self, String> {
        let unpacked = netns::unpacked(kept)?;
        let directory = tempfile::tempdir().map_err(|error| error.to_string())?;
        let room = Room::enter().map_err(|error| error.to_string())?;
        let top = directory.path().display();
        netns::try_run(&format!("mount -t tmpfs dracut {top}"))?;
        netns::try_run(&format!("mkdir {top}/upper {top}/work {top}/root"))?;
        let layers = format!(
            "lowerdir={},upperdir={top}/upper,workdir={top}/work",
            unpacked.display()
        );
        netns::try_run(&format!("mount -t overlay overlay -o {layers} {top}/root"))?;
        netns::try_run(&format!("mount -t proc proc {top}/root/proc"))?;
        // Not the machine's devices: what the programs ask for is enough.
        for device in ["null", "zero", "random", "urandom"] {
            let file = directory.path().join("root/dev").join(device);
            fs::write(&file, "").map_err(|error| error.to_string())?;
            netns::try_run(&format!("mount --bind /dev/{device} {}", file.display()))?;
        }
        Ok(Self {
            root: directory.path().join("root"),
            _room: room,
            _directory: directory,
        })
    }

    /// What our package brings, and .link files in every directory.
    fn install(&self) {
        let hooks = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../initramfs-hooks/dracut/90cleat");
        for file in ["module-setup.sh", "cleat-early.sh"] {
            let to = self.root.join(MODULE).join(file);
            fs::create_dir_all(to.parent().unwrap()).unwrap();
            fs::copy(hooks.join(file), &to).unwrap();
            make_executable(&to);
        }
        let program = self.root.join(PROGRAM);
        fs::create_dir_all(program.parent().unwrap()).unwrap();
        fs::copy(env!("CARGO_BIN_EXE_cleat-early"), &program).unwrap();
        for (path, text) in [
            ("usr/local/lib/systemd/network/50-pmx-nic0.link", "pin"),
            ("etc/systemd/network/10-a name.link", "blanks"),
            ("etc/systemd/network/99-default.link.d/mtu.conf", "drop-in"),
        ] {
            let path = self.root.join(path);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, text).unwrap();
        }
        let mask = self.root.join("etc/systemd/network/73-usb-net-by-mac.link");
        std::os::unix::fs::symlink("/dev/null", mask).unwrap();
    }

    /// Runs a line of shell in it, and gives what it printed.
    fn run(&self, line: &str) -> String {
        let mut command = Command::new("chroot");
        command.arg(&self.root).args(["/bin/sh", "-ec", line]);
        command.env_clear().env("PATH", "/usr/sbin:/usr/bin:/sbin:/bin");
        let output = command.stdin(Stdio::null()).output().unwrap();
        let text = [output.stdout, output.stderr].concat();
        let text = String::from_utf8_lossy(&text).into_owned();
        assert!(output.status.success(), "{line}: {text}");
        text
    }
}

fn make_executable(path: &Path) {
    use std::os::unix::fs::PermissionsExt;
    fs::set_permissions(path, fs::Permissions::from_mode(0o755)).unwrap();
}
