#![allow(clippy::disallowed_methods)]

use super::*;
use cleat_diag::render;
use std::time::Duration;

/// The settings of a file, and what is reported it, a line each.
fn with(text: impl AsRef<[u8]>) -> (Settings, Vec<String>) {
    let tree = tempfile::tempdir().unwrap();
    std::fs::create_dir_all(tree.path().join("etc/cleat")).unwrap();
    std::fs::write(tree.path().join("etc/cleat/cleat.toml"), text).unwrap();
    let mut sources = Sources::new();
    let (settings, found) = Settings::load(&Root::at(tree.path()), &mut sources);
    let lines = found
        .iter()
        .map(|found| render::line(found, &sources).trim_end().to_owned());
    (settings, lines.collect())
}

#[test]
fn the_file_sets_limits_in_seconds() {
    let (settings, found) = with("lock-wait = 5\ndevice-wait = 2.5\n[commit]\nkeep-refused = true\n");
    assert_eq!(found, [""; 0]);
    let wanted = Settings {
        lock_wait: Duration::from_secs(5),
        device_wait: Some(Duration::from_millis(2500)),
        keep_refused: true,
        ..Settings::default()
    };
    assert_eq!(settings, wanted);
}

#[test]
fn every_default_of_the_table_is_the_built_in_one_and_no_example_is() {
    for key in KEYS {
        let line = |value: &str| match key.table {
            "" => format!("{} = {value}\n", key.name),
            table => format!("[{table}]\n{} = {value}\n", key.name),
        };
        if let Some(default) = key.default {
            assert_eq!(with(line(default)), (Settings::default(), Vec::new()), "{}", key.path());
        }
        let (settings, found) = with(line(key.example));
        assert_eq!(found, [""; 0], "{}", key.path());
        assert_ne!(settings, Settings::default(), "{}", key.path());
    }
}

#[test]
fn an_unknown_key_is_told_with_place_and_nearest_name_and_the_rest_holds() {
    let (settings, found) =
        with("hook-limit = 7\nlock-wiat = 5\n\n[commit]\nkeep-refusd = true\nlimit = 4\n[confrim]\nx = 1\n");
    assert_eq!(
        found,
        [
            "warning: there is no setting `lock-wiat` (/etc/cleat/cleat.toml:2:1) [config-key]; help: did you mean `lock-wait`?",
            "warning: there is no setting `commit.keep-refusd` (/etc/cleat/cleat.toml:5:1) [config-key]; \
             help: did you mean `commit.keep-refused`?",
            "warning: there is no setting `commit.limit` (/etc/cleat/cleat.toml:6:1) [config-key]; \
             help: did you mean `confirm.limit`?",
            "warning: there is no setting `confrim` (/etc/cleat/cleat.toml:7:2) [config-key]; help: did you mean `confirm`?",
        ]
    );
    assert_eq!(settings.hook_limit, Duration::from_secs(7));
}

#[test]
fn a_wrong_value_is_told_and_only_its_default_holds() {
    let (settings, found) = with(
        "lock-wait = \"soon\"\nhook-limit = -1\nhook-failure = \"ignore\"\n[commit]\nkeep-size = 0\n[confirm]\nboot = \"ping\"\nlimit = 5\n\
              [link]\ndirectory = \"/run/systemd/network\"\n",
    );
    assert_eq!(
        found,
        [
            "error: `lock-wait` takes a number of seconds (/etc/cleat/cleat.toml:1:13) [config-value]",
            "error: `hook-limit` takes a number of seconds (/etc/cleat/cleat.toml:2:14) [config-value]",
            "error: `hook-failure` takes \"warn\" or \"error\" (/etc/cleat/cleat.toml:3:16) [config-value]",
            "error: `commit.keep-size` takes a whole number from 1 (/etc/cleat/cleat.toml:5:13) [config-value]",
            "error: `confirm.boot` takes \"off\", \"links\", \"gateway\", or a command that begins with \"/\" \
             (/etc/cleat/cleat.toml:7:8) [config-value]",
            "error: `link.directory` takes \"/etc/systemd/network\" or \"/usr/local/lib/systemd/network\" \
             (/etc/cleat/cleat.toml:10:13) [config-value]",
        ]
    );
    let wanted = Settings {
        confirm_limit: Duration::from_secs(5),
        ..Settings::default()
    };
    assert_eq!(settings, wanted);
}

#[test]
fn a_broken_file_leaves_all_settings_as_built_in() {
    let missing = "key with no value, expected `=`";
    for (text, place, reason) in [
        (&b"lock-wait = 5\nhook-limit 7\n"[..], "2:12", missing),
        (b"lock-wait = 5\n# \xff\n", "2:3", "this byte is not UTF-8"),
    ] {
        let (settings, found) = with(text);
        assert_eq!(settings, Settings::default());
        assert_eq!(found.len(), 1);
        let file = "/etc/cleat/cleat.toml";
        let line = format!("error: {file} is not TOML: {reason} ({file}:{place}) [config-file]");
        assert_eq!(found, [line]);
    }
}

#[test]
fn a_directory_in_its_place_is_told() {
    let tree = tempfile::tempdir().unwrap();
    std::fs::create_dir_all(tree.path().join("etc/cleat/cleat.toml")).unwrap();
    let (settings, found) = Settings::load(&Root::at(tree.path()), &mut Sources::new());
    assert_eq!(settings, Settings::default());
    assert_eq!(found[0].message, "cannot read /etc/cleat/cleat.toml: Is a directory");
}

#[test]
fn a_check_is_read_as_it_is_written() {
    for text in ["links", "gateway", "/usr/local/sbin/is-up --fast"] {
        assert_eq!(text.parse::<Check>().unwrap().to_string(), text);
    }
    let refused = "ping".parse::<Check>().unwrap_err();
    assert_eq!(refused, "`links`, `gateway`, or a command that begins with `/`");
}
