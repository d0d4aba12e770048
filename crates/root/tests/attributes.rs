//! What an atomic write keeps beside the bytes.
//!
//! Second witness: the kernel, asked past the crate with the calls of xattr(7).

#![allow(clippy::disallowed_methods, clippy::unwrap_used)]

use cleat_root::{Durability, Root};
use rustix::fs::{XattrFlags, getxattr, setxattr};
use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;

/// The bytes of `user::rw-,user:1234:rw-,group::r--,mask::rw-,other::r--`.
///
/// *Source*: linux/posix_acl_xattr.h: version 2, then tag, permissions and id of each entry, little endian.
fn list() -> Vec<u8> {
    let none = u32::MAX;
    let entries: [(u16, u16, u32); 5] = [(1, 6, none), (2, 6, 1_234), (4, 4, none), (16, 6, none), (32, 4, none)];
    let mut bytes = 2_u32.to_le_bytes().to_vec();
    for (tag, permissions, id) in entries {
        bytes.extend(tag.to_le_bytes());
        bytes.extend(permissions.to_le_bytes());
        bytes.extend(id.to_le_bytes());
    }
    bytes
}

fn attribute(path: &Path, name: &str) -> Option<Vec<u8>> {
    let mut room = vec![0; 4096];
    let length = getxattr(path, name, &mut room[..]).ok()?;
    room.truncate(length);
    Some(room)
}

/// A root on a file system that has such attributes.
fn room(test: &str) -> Option<(tempfile::TempDir, Root)> {
    let directory = tempfile::tempdir().unwrap();
    let probe = directory.path().join("probe");
    fs::write(&probe, "").unwrap();
    let user = setxattr(&probe, "user.probe", b"x", XattrFlags::empty());
    let access = setxattr(&probe, "system.posix_acl_access", &list(), XattrFlags::empty());
    if user.is_err() || access.is_err() {
        cleat_netns::skip(
            "xattr",
            &format!("{test}: the temporary directory has no such attributes"),
        );
        return None;
    }
    fs::remove_file(probe).unwrap();
    let root = Root::at(directory.path());
    Some((directory, root))
}

#[test]
fn access_lists_and_attributes_stay() {
    let Some((directory, root)) = room("access_lists_and_attributes_stay") else {
        return;
    };
    let path = directory.path().join("file");
    fs::write(&path, "old").unwrap();
    setxattr(&path, "user.note", b"by hand", XattrFlags::empty()).unwrap();
    setxattr(&path, "system.posix_acl_access", &list(), XattrFlags::empty()).unwrap();
    root.write_atomic("/file", b"new", Durability::Durable).unwrap();
    assert_eq!(fs::read(&path).unwrap(), b"new");
    assert_eq!(attribute(&path, "user.note").unwrap(), b"by hand");
    assert_eq!(attribute(&path, "system.posix_acl_access").unwrap(), list());
    // acl(5): the group bits are those of the mask.
    assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o664);
}

/// Source: acl(5), "OBJECT CREATION AND DEFAULT ACLs": a new file takes its list from its directory.
#[test]
fn a_file_without_a_list_gets_none_from_its_directory() {
    let Some((directory, root)) = room("a_file_without_a_list_gets_none_from_its_directory") else {
        return;
    };
    let path = directory.path().join("file");
    fs::write(&path, "old").unwrap();
    fs::set_permissions(&path, fs::Permissions::from_mode(0o640)).unwrap();
    setxattr(
        directory.path(),
        "system.posix_acl_default",
        &list(),
        XattrFlags::empty(),
    )
    .unwrap();
    fs::write(directory.path().join("other"), "").unwrap();
    assert!(attribute(&directory.path().join("other"), "system.posix_acl_access").is_some());
    root.write_atomic("/file", b"new", Durability::Volatile).unwrap();
    assert_eq!(attribute(&path, "system.posix_acl_access"), None);
    assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o640);
}

#[test]
fn a_sweep_takes_only_what_the_dead_left() {
    let directory = tempfile::tempdir().unwrap();
    let root = Root::at(directory.path());
    let own = format!(".cleat-{}-7", std::process::id());
    // No process has number 0 or one above the kernel's highest (2^22).
    for name in [".cleat-4194305-0", ".cleat-notes", ".cleat-4194305", "interfaces", &own] {
        fs::write(directory.path().join(name), "").unwrap();
    }
    assert_eq!(root.sweep("/").unwrap(), 1);
    assert!(!root.exists("/.cleat-4194305-0"));
    assert_eq!(root.read_dir("/").unwrap().len(), 4);
}

/// Where the part of the test without CAP_SYS_ADMIN finds its directory.
const WITHOUT_RIGHTS: &str = "CLEAT_ATTRIBUTES_WITHOUT_RIGHTS";

/// As in a unit whose bounding set lacks CAP_SYS_ADMIN. *Source*: xattr(7) on the `security` and `trusted` classes.
#[test]
fn regress_what_the_kernel_lets_nobody_set_does_not_keep_a_file_from_being_replaced() {
    if let Some(directory) = std::env::var_os(WITHOUT_RIGHTS) {
        let root = Root::at(Path::new(&directory));
        assert_eq!(
            root.attributes("/file").unwrap(),
            ["security.note", "user.note"],
            "what is of the kind trusted is not seen"
        );
        root.write_atomic("/file", b"new", Durability::Durable).unwrap();
        assert_eq!(root.attributes("/file").unwrap(), ["user.note"]);
        return;
    }
    let name = "regress_what_the_kernel_lets_nobody_set_does_not_keep_a_file_from_being_replaced";
    let Some((directory, _)) = room(name) else { return };
    let path = directory.path().join("file");
    fs::write(&path, "old").unwrap();
    setxattr(&path, "user.note", b"by hand", XattrFlags::empty()).unwrap();
    for name in ["security.note", "trusted.note"] {
        if setxattr(&path, name, b"by root", XattrFlags::empty()).is_err() {
            cleat_netns::skip("xattr", &format!("{name}: only root of the machine may set this one"));
            return;
        }
    }
    let again = std::process::Command::new("setpriv")
        .args(["--bounding-set=-sys_admin", "--inh-caps=-sys_admin"])
        .arg(std::env::current_exe().unwrap())
        .args(["--exact", name])
        .env(WITHOUT_RIGHTS, directory.path())
        .output()
        .unwrap();
    assert!(again.status.success(), "{again:?}");
    assert_eq!(fs::read(&path).unwrap(), b"new");
    assert_eq!(attribute(&path, "user.note").unwrap(), b"by hand");
    assert_eq!(attribute(&path, "security.note"), None);
}
