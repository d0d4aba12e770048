//! What is read of files that name files.

#![allow(clippy::disallowed_methods, clippy::unwrap_used)]

use cleat_diag::render;
use cleat_eni::ConfigSet;
use cleat_root::{Root, paths};
use std::fs;
use std::path::Path;

/// A root with these files (`PATH`, text), read from /etc/network/interfaces: the names of all `iface` stanzas in
/// reading order, the files, and the diagnostics as log lines.
fn load(files: &[(&str, &str)]) -> (Vec<String>, Vec<String>, Vec<String>) {
    load_with(files, |_| {})
}

fn load_with(files: &[(&str, &str)], prepare: impl FnOnce(&Path)) -> (Vec<String>, Vec<String>, Vec<String>) {
    let directory = tempfile::tempdir().unwrap();
    for (path, text) in files {
        let path = directory.path().join(path.trim_start_matches('/'));
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    }
    prepare(directory.path());
    let (set, found) = ConfigSet::load(&Root::at(directory.path()), Path::new(paths::INTERFACES));
    let names = set.ifaces().map(|iface| iface.name.value.clone()).collect();
    let files = set.files().map(|(_, path)| path.display().to_string()).collect();
    (
        names,
        files,
        found.iter().map(|found| render::line(found, &set.sources)).collect(),
    )
}

const MAIN: &str = "/etc/network/interfaces";

/// Source: interfaces(5): wildcards, paths relative to the including file, names of `source-directory`; glob(7) for the
/// order.
#[test]
fn files_are_read_where_they_are_named() {
    let (names, files, found) = load(&[
        (
            MAIN,
            "iface a\nsource interfaces.d/*.conf\niface b\nsource-directory interfaces.d\niface c\nsource /none/*\n",
        ),
        (
            "/etc/network/interfaces.d/2.conf",
            "iface two\nsource deep/x deep/y\niface three\n",
        ),
        ("/etc/network/interfaces.d/1.conf", "iface one\n"),
        ("/etc/network/interfaces.d/deep/x", "iface x\n"),
        ("/etc/network/interfaces.d/deep/y", "iface y\n"),
        ("/etc/network/interfaces.d/sdn", "iface sdn\n"),
        ("/etc/network/interfaces.d/A-b_1", "iface plain\n"),
        ("/etc/network/interfaces.d/sdn~", "iface leftover\n"),
        ("/etc/network/interfaces.d/sdn.dpkg-old", "iface leftover\n"),
    ]);
    assert_eq!(names, ["a", "one", "two", "x", "y", "three", "b", "plain", "sdn", "c"]);
    assert_eq!(
        files,
        [
            MAIN,
            "/etc/network/interfaces.d/1.conf",
            "/etc/network/interfaces.d/2.conf",
            "/etc/network/interfaces.d/deep/x",
            "/etc/network/interfaces.d/deep/y",
            "/etc/network/interfaces.d/A-b_1",
            "/etc/network/interfaces.d/sdn",
        ]
    );
    assert_eq!(
        found,
        [
            "warning: /etc/network/interfaces.d/deep is a directory, and is passed over (/etc/network/interfaces:4:18) [source-skipped]"
        ]
    );
}

#[test]
fn cycles_are_reported_at_the_line_that_closes_them() {
    let (names, _, found) = load_with(
        &[
            (MAIN, "source interfaces\niface a\nsource b\n"),
            ("/etc/network/b", "iface b\nsource c link\n"),
            ("/etc/network/c", "source /etc/network/b\n"),
        ],
        |root| std::os::unix::fs::symlink("interfaces", root.join("etc/network/link")).unwrap(),
    );
    assert_eq!(names, ["a", "b"]);
    assert_eq!(
        found,
        [
            "error: /etc/network/interfaces is being read already: a file sources itself (/etc/network/interfaces:1:8) [include-cycle]; help: remove this line, or the one that leads here",
            "error: /etc/network/b is being read already: a file sources a file that sources it (/etc/network/c:1:8) [include-cycle]; help: remove this line, or the one that leads here",
            "error: /etc/network/link is being read already: a file sources a file that sources it (/etc/network/b:2:10) [include-cycle]; help: remove this line, or the one that leads here",
        ]
    );
}

/// Proxmox VE hosts often name interfaces.d/sdn and interfaces.d/* both; read twice, each address would be a duplicate.
#[test]
fn a_file_that_is_named_twice_is_read_once() {
    let (names, _, found) = load(&[
        (MAIN, "source interfaces.d/sdn\nsource interfaces.d/*\n"),
        ("/etc/network/interfaces.d/sdn", "iface v1\n"),
    ]);
    assert_eq!(names, ["v1"]);
    assert_eq!(
        found,
        ["warning: /etc/network/interfaces.d/sdn is read once only (/etc/network/interfaces:2:8) [included-twice]"]
    );
}

#[test]
fn what_cannot_be_read_is_reported_where_it_is_named() {
    let (names, _, found) = load(&[
        (
            MAIN,
            "source none\nsource-directory none.d\nsource interfaces.d\nsource-directory file\nsource ~/x $HOME/y \"z\"\nsource f*\niface a\n",
        ),
        ("/etc/network/interfaces.d/x", ""),
        ("/etc/network/file", "iface f\n"),
        ("/etc/network/file.bak", "iface g\0\n"),
    ]);
    assert_eq!(names, ["f", "a"]);
    let expansion = "in a path is not expanded (/etc/network/interfaces:5";
    let help = "[source-expansion]; help: write out the path; `*`, `?`, `[...]` and `{a,b}` may stand in it";
    assert_eq!(
        found,
        [
            "warning: /etc/network/none does not exist (/etc/network/interfaces:1:8) [source-missing]; help: remove this line, or make the file",
            "warning: /etc/network/none.d does not exist (/etc/network/interfaces:2:18) [source-missing]; help: remove this line, or make the file",
            "error: cannot read /etc/network/interfaces.d: Is a directory (/etc/network/interfaces:3:8) [unreadable]",
            "error: cannot read /etc/network/file: Not a directory (/etc/network/interfaces:4:18) [unreadable]",
            &format!("error: `~` {expansion}:8) {help}"),
            &format!("error: `$` {expansion}:12) {help}"),
            &format!("error: `\"` {expansion}:20) {help}"),
            "warning: /etc/network/file.bak looks like a leftover, and is read (/etc/network/interfaces:6:8) [leftover-file]; help: remove that file, or use `source-directory`, which passes over such names",
            "error: this is not a text file: it holds a NUL byte (/etc/network/file.bak:1:8) [binary-file]; help: restore the file from a backup; nothing of it was used",
        ]
    );
}

/// Source: bash expands all of them; here nobody waits for that, and nothing is left out unsaid.
#[test]
fn braces_over_a_bound_are_an_error_at_their_word() {
    let many = format!("/x/{}", "{a,b}".repeat(11));
    let deep = format!("/x/{}{}", "{a,".repeat(100_000), "}".repeat(100_000));
    let long = format!("/x/{{a,b}}{}", "c".repeat(1 << 20));
    let main = format!("source {many} other\nsource-directory {deep}\nsource {long}\niface a\n");
    let (names, _, found) = load(&[(MAIN, &main), ("/etc/network/other", "iface o\n")]);
    assert_eq!(names, ["o", "a"]);
    let help = "[source-braces]; help: use `*`, or `source-directory`, or several `source` lines";
    let place = "/etc/network/interfaces";
    assert_eq!(
        found,
        [
            format!("error: braces stand for more than 1000 paths ({place}:1:8) {help}"),
            format!("error: braces stand in each other more than 32 deep ({place}:2:18) {help}"),
            format!("error: braces stand for more than 1 MiB of paths ({place}:3:8) {help}"),
        ]
    );
}

#[test]
fn a_root_file_that_cannot_be_read_is_an_error_without_a_place() {
    let (names, files, found) = load(&[("/etc/network/interfaces/x", "")]);
    assert_eq!((names.len(), files.len()), (0, 0));
    assert_eq!(
        found,
        ["error: cannot read /etc/network/interfaces: Is a directory [unreadable]"]
    );
    let (_, _, found) = load(&[]);
    assert_eq!(
        found,
        ["error: cannot read /etc/network/interfaces: No such file or directory [unreadable]"]
    );
}

#[test]
fn files_within_files_end_somewhere() {
    let files: Vec<(String, String)> = (0..40)
        .map(|number| {
            (
                format!("/etc/network/f{number}"),
                format!("iface i{number}\nsource f{}\n", number + 1),
            )
        })
        .collect();
    let mut all = vec![(MAIN, "source f0\n")];
    all.extend(files.iter().map(|(path, text)| (path.as_str(), text.as_str())));
    let (names, _, found) = load(&all);
    assert_eq!(names.len(), 32);
    assert_eq!(
        found,
        ["error: files source each other more than 32 deep (/etc/network/f31:2:8) [include-depth]"]
    );
}

#[test]
fn a_staged_file_sources_from_its_own_directory() {
    let directory = tempfile::tempdir().unwrap();
    fs::create_dir_all(directory.path().join("etc/network")).unwrap();
    fs::write(directory.path().join("etc/network/more"), "iface more\n").unwrap();
    let root = Root::at(directory.path());
    let (set, found) = ConfigSet::from_bytes(Path::new(paths::INTERFACES_NEW), b"source more\n".to_vec(), &root);
    assert_eq!(found, []);
    assert_eq!(
        set.ifaces().map(|iface| iface.name.value.as_str()).collect::<Vec<_>>(),
        ["more"]
    );
    assert_eq!(set.documents[0].source().path, Path::new(paths::INTERFACES_NEW));
}

/// Second witness: the same set, read once the files are so.
#[test]
fn files_that_will_be_are_read_as_they_will_be() {
    let directory = tempfile::tempdir().unwrap();
    let root = Root::at(directory.path());
    let write = |name: &str, text: &str| {
        let path = directory.path().join("etc/network").join(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    };
    write("d/changed", "iface old\n");
    write("d/gone", "iface gone\n");
    write("d/stays", "iface stays\n");
    let main = "source d/*\nsource-directory new\nsource {e,f}/one\n";
    let path = Path::new("/etc/network/interfaces");
    let entry = |name: &str, text: Option<&str>| {
        let path = Path::new("/etc/network").join(name);
        (path, text.map(|text| text.as_bytes().to_vec()))
    };
    let replaced = cleat_eni::Replaced::from([
        entry("d/changed", Some("iface changed\n")),
        entry("d/gone", None),
        entry("d/added", Some("iface added\n")),
        entry("d/.hidden", Some("iface hidden\n")),
        entry("new/one", Some("iface new\n")),
        entry("f/one", Some("iface f\n")),
    ]);
    let names = |(set, diagnostics): (ConfigSet, Vec<cleat_diag::Diagnostic>)| {
        let names: Vec<String> = set.ifaces().map(|iface| iface.name.value.clone()).collect();
        (
            names,
            diagnostics.into_iter().map(|found| found.message).collect::<Vec<_>>(),
        )
    };
    let foreseen = names(ConfigSet::with_replaced(path, main.into(), &root, &replaced));
    for (path, bytes) in &replaced {
        let name = path.strip_prefix("/etc/network").unwrap().to_str().unwrap();
        match bytes {
            Some(bytes) => write(name, std::str::from_utf8(bytes).unwrap()),
            None => fs::remove_file(directory.path().join("etc/network").join(name)).unwrap(),
        }
    }
    assert_eq!(foreseen, names(ConfigSet::from_bytes(path, main.into(), &root)));
    assert_eq!(foreseen.0, ["added", "changed", "stays", "new", "f"]);
}
