//! The programs by their names, as the packages install them: links to the one file that is built.

use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};

const BUILT: &str = env!("CARGO_BIN_EXE_cleat");

/// The path of that program.
///
/// *Shape*: `cleat-commit`; `ifupdown`, which takes one of the four commands as its first argument.
pub fn path(name: &str) -> String {
    // The tree is read-only in user-mode Linux, where a link that no test made before is made elsewhere.
    let places = [PathBuf::from(env!("CARGO_TARGET_TMPDIR")), std::env::temp_dir()];
    let links = places.map(|place| place.join("cleat-programs").join(name));
    let made = links.iter().find(|link| is_ours(link) || make(link).is_ok());
    let link = made.unwrap_or_else(|| panic!("cannot link {name} at any of {links:?}"));
    link.to_string_lossy().into_owned()
}

fn is_ours(link: &Path) -> bool {
    std::fs::read_link(link).is_ok_and(|to| to == Path::new(BUILT))
}

fn make(link: &Path) -> std::io::Result<()> {
    let (Some(directory), Some(name)) = (link.parent(), link.file_name()) else {
        return Err(std::io::ErrorKind::InvalidInput.into());
    };
    std::fs::create_dir_all(directory)?;
    // Tests that run at the same time make it, too: a rename takes the place of theirs.
    let made = tempfile::tempdir_in(directory)?;
    symlink(BUILT, made.path().join(name))?;
    std::fs::rename(made.path().join(name), link)
}
