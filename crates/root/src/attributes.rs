//! What a file has beside its bytes: owner, mode, access control lists and other extended attributes.

use nix::errno::Errno;
use rustix::fs::{XattrFlags, fgetxattr, flistxattr, fremovexattr, fsetxattr, getxattr, listxattr};
use std::ffi::{CStr, CString};
use std::fs::{self, File, Permissions};
use std::io;
use std::os::unix::fs::{MetadataExt, PermissionsExt};
use std::path::Path;

/// Attributes that speak of the bytes of one file; the kernel makes them again for the new bytes.
const OF_THE_BYTES: [&[u8]; 2] = [b"security.ima", b"security.evm"];

/// A list that a new file takes from its directory; the old file may have none.
const ACCESS_LIST: &CStr = c"system.posix_acl_access";

/// Most bytes of one attribute's value, and of all names (xattr(7)).
const LARGEST: usize = 64 << 10;

/// Names that a program without CAP_SYS_ADMIN may not set (of `trusted` it does not even see any): what they say is of use
/// to security modules and file systems alone, and no reason to leave a host with a wrong file.
const PRIVILEGED: [&[u8]; 2] = [b"security.", b"trusted."];

/// Gives the open file `new` what the file at `path` has. What the kernel allows nobody of these rights is left out.
///
/// *Errors*: where something cannot be kept, so that the caller can leave the old file in place.
///
/// *Source*: xattr(7); acl(5): the list holds the group bits of the mode, so it goes last.
pub(crate) fn copy(path: &Path, old: &fs::Metadata, new: &File) -> io::Result<()> {
    keep_owner(new, old)?;
    new.set_permissions(Permissions::from_mode(old.mode() & 0o7777))?;
    let names = names_of(|room| listxattr(path, room))?;
    for name in names.iter().filter(|name| !OF_THE_BYTES.contains(&name.to_bytes())) {
        let value = value_of(|room| getxattr(path, name.as_c_str(), room))?;
        let has = value_of(|room| fgetxattr(new, name.as_c_str(), room));
        if has.is_ok_and(|has| has == value) {
            continue;
        }
        let is_privileged = PRIVILEGED.iter().any(|part| name.to_bytes().starts_with(part));
        let set = match fsetxattr(new, name.as_c_str(), &value, XattrFlags::empty()) {
            Err(rustix::io::Errno::PERM) if is_privileged => Ok(()),
            set => set,
        };
        set.map_err(|errno| {
            let text = format!("cannot keep its attribute {}: {errno}", name.to_string_lossy());
            io::Error::new(io::Error::from(errno).kind(), text)
        })?;
    }
    let inherited = names_of(|room| flistxattr(new, room))?;
    if inherited.iter().any(|name| name.as_c_str() == ACCESS_LIST)
        && !names.iter().any(|name| name.as_c_str() == ACCESS_LIST)
    {
        fremovexattr(new, ACCESS_LIST)?;
        new.set_permissions(Permissions::from_mode(old.mode() & 0o7777))?;
    }
    Ok(())
}

/// Gives `file` the owner of `old`, where it is another one.
fn keep_owner(file: &File, old: &fs::Metadata) -> io::Result<()> {
    let now = file.metadata()?;
    let differs = |old: u32, now: u32| (old != now).then_some(old);
    let (user, group) = (differs(old.uid(), now.uid()), differs(old.gid(), now.gid()));
    if user.is_none() && group.is_none() {
        return Ok(());
    }
    std::os::unix::fs::fchown(file, user, group)
}

/// The names of the attributes of the file at `path` that are kept when it is replaced, as far as they can be.
pub(crate) fn kept_names(path: &Path) -> io::Result<Vec<String>> {
    let names = names_of(|room| listxattr(path, room))?;
    let kept = names.iter().filter(|name| !OF_THE_BYTES.contains(&name.to_bytes()));
    let mut kept: Vec<String> = kept.map(|name| name.to_string_lossy().into_owned()).collect();
    kept.sort();
    Ok(kept)
}

/// The names of a file's attributes; none where its file system has no such thing.
fn names_of(list: impl Fn(&mut [u8]) -> rustix::io::Result<usize>) -> io::Result<Vec<CString>> {
    match value_of(list) {
        Ok(bytes) => Ok(bytes
            .split(|byte| *byte == 0)
            .filter_map(|name| CString::new(name).ok())
            .filter(|name| !name.is_empty())
            .collect()),
        Err(error) if error.raw_os_error() == Some(Errno::EOPNOTSUPP as i32) => Ok(Vec::new()),
        Err(error) => Err(error),
    }
}

fn value_of(get: impl Fn(&mut [u8]) -> rustix::io::Result<usize>) -> io::Result<Vec<u8>> {
    let mut room = vec![0; LARGEST];
    let length = get(&mut room)?;
    room.truncate(length);
    Ok(room)
}
