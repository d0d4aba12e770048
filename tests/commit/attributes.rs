//! What a file has beside its bytes, where the commit runs with the rights of its unit. Second witness: xattr(7)'s calls.

use super::bed::{LIVE, STAGED, config, exists, host, stage, text};
use crate::commands::bed::called;
use cleat_netns as netns;
use rustix::fs::{XattrFlags, getxattr, setxattr};
use std::process::Command;

#[test]
fn regress_an_attribute_that_cannot_be_kept_does_not_fail_the_commit_and_is_told() {
    let room = netns::enter!(Veth);
    host(&room, "192.0.2.1/24");
    for (name, value) in [("security.note", b"by root"), ("user.note", b"by hand")] {
        if setxattr(LIVE, name, value, XattrFlags::empty()).is_err() {
            netns::skip("xattr", &format!("{name} cannot be set on the file system of the room"));
            return;
        }
    }
    stage("192.0.2.2/24");
    // The unit's CapabilityBoundingSet.
    let boot = Command::new("setpriv")
        .args([
            "--bounding-set=-all,+chown,+dac_override,+dac_read_search,+fowner,+fsetid",
            "--inh-caps=-all",
        ])
        .arg(crate::programs::path("cleat-commit"))
        .arg("boot")
        .env_remove("RUST_LOG")
        .env_remove("JOURNAL_STREAM")
        .output()
        .unwrap();
    let boot = called(boot);
    assert_eq!(
        (boot.code, boot.err.as_str()),
        (
            0,
            "warning: /etc/network/interfaces has lost attributes that only a program with CAP_SYS_ADMIN may set: \
             security.note [attributes-lost]; help: setfattr(1) sets them again\n"
        ),
        "{boot:?}"
    );
    assert_eq!((text(LIVE), exists(STAGED)), (config("192.0.2.2/24"), false));
    let mut room = [0; 64];
    assert_eq!(getxattr(LIVE, "user.note", &mut room[..]), Ok(7));
    assert_eq!(&room[..7], b"by hand");
}
