//! The programs by their names, as the packages install them: links to the one file that is built.

use std::os::unix::fs::symlink;
use std::path::Path;

/// The path of that program.
///
/// *Shape*: `cleat-commit`; `ifupdown`, which takes one of the four commands as its first argument.
pub fn path(name: &str) -> String {
    let built = env!("CARGO_BIN_EXE_cleat");
    let directory = Path::new(env!("CARGO_TARGET_TMPDIR")).join("programs");
    let link = directory.join(name);
    if std::fs::read_link(&link).is_ok_and(|to| to == Path::new(built)) {
        return link.to_string_lossy().into_owned();
    }
    std::fs::create_dir_all(&directory).unwrap();
    // Tests that run at the same time make it, too: a rename takes the place of theirs.
    let made = tempfile::tempdir_in(&directory).unwrap();
    symlink(built, made.path().join(name)).unwrap();
    std::fs::rename(made.path().join(name), &link).unwrap();
    link.to_string_lossy().into_owned()
}
