//! The words after `cleat`.

use super::bed::{Directory, cleat, cleat_in_path};
use std::os::unix::fs::PermissionsExt;

#[test]
fn an_unknown_word_runs_the_program_of_that_name() {
    let directory = Directory::new("other-program");
    let program = directory.file("cleat-probe", "#!/bin/sh\necho \"probe: $*\"\nexit 7\n");
    std::fs::set_permissions(&program, std::fs::Permissions::from_mode(0o755)).unwrap();
    let ran = cleat_in_path("probe --deep 1", directory.path());
    assert_eq!(
        (ran.code, ran.out.as_str(), ran.err.as_str()),
        (Some(7), "probe: --deep 1\n", "")
    );
}

#[test]
fn a_word_that_nobody_knows_gets_the_nearest_and_exit_code_2() {
    let ran = cleat("chek");
    assert_eq!(
        ran.err,
        "cleat: there is no command `cleat chek`; did you mean `cleat check`?\n"
    );
    assert_eq!((ran.code, ran.out.as_str()), (Some(2), ""));
    let ran = cleat("graph --svgg");
    assert_eq!(
        ran.err,
        "cleat: `cleat graph` does not take `--svgg`; did you mean `--svg`?\n"
    );
    assert_eq!(ran.code, Some(2));
}

#[test]
fn help_and_version_need_nothing() {
    let help = cleat("help check");
    assert!(help.out.starts_with("usage: cleat check [FILE]"), "{}", help.out);
    assert_eq!((help.code, help.err.as_str()), (Some(0), ""));
    assert_eq!(cleat("--version").out, format!("cleat {}\n", env!("CARGO_PKG_VERSION")));
}
