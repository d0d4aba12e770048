//! completions/ is what the tables say, and each shell takes it. Second witness: bash, zsh and fish themselves.

use cleat_app::completion::{Shell, files};
use cleat_netns as netns;
use cleat_witness::{assert_alike, text_difference};
use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::process::Command;

fn folder(shell: Shell) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("completions")
        .join(shell.name())
}

/// What a shell prints for a script; `None`, told as a skip, where it is not installed.
fn run(program: &str, arguments: &[&str]) -> Option<String> {
    let Ok(output) = Command::new(program).args(arguments).output() else {
        netns::skip(program, "not installed");
        return None;
    };
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(
        output.status.success() && said.is_empty(),
        "{program} {arguments:?}: {said}"
    );
    Some(String::from_utf8(output.stdout).unwrap())
}

#[test]
fn the_files_are_what_the_tables_say() {
    let bless = std::env::var_os("BLESS").is_some();
    let mut stale = Vec::new();
    for shell in Shell::ALL {
        let folder = folder(shell);
        let made = files(shell);
        if bless {
            std::fs::create_dir_all(&folder).unwrap();
        }
        for (name, text) in &made {
            if bless {
                std::fs::write(folder.join(name), text).unwrap();
            } else {
                let committed = std::fs::read_to_string(folder.join(name)).unwrap_or_default();
                let differs = text_difference(&committed, text);
                stale.extend(differs.map(|lines| format!("{}/{name}:\n{lines}", shell.name())));
            }
        }
        let there = std::fs::read_dir(&folder)
            .unwrap()
            .map(|entry| entry.unwrap().file_name().into_string().unwrap());
        let made: BTreeSet<String> = made.into_iter().map(|(name, _)| name).collect();
        assert_alike(
            shell.name(),
            ["in the folder", "in the tables"],
            &there.collect(),
            &made,
        );
    }
    assert!(
        stale.is_empty(),
        "run `cargo xtask gen`; stale are\n{}",
        stale.join("\n")
    );
}

#[test]
fn each_shell_reads_every_file() {
    for (shell, check) in [(Shell::Bash, "-n"), (Shell::Zsh, "-n"), (Shell::Fish, "--no-execute")] {
        for (name, _) in files(shell) {
            let path = folder(shell).join(name);
            if run(shell.name(), &[check, path.to_str().unwrap()]).is_none() {
                break;
            }
        }
    }
}

/// What bash offers behind these words, the last of which is being typed.
fn bash(program: &str, words: &[&str]) -> Option<Vec<String>> {
    let file = folder(Shell::Bash).join(program);
    let words = words
        .iter()
        .map(|word| format!("'{word}'"))
        .collect::<Vec<_>>()
        .join(" ");
    let script = format!(
        "source '{}'; COMP_WORDS=({program} {words}); COMP_CWORD=$((${{#COMP_WORDS[@]}} - 1)); _{}; printf '%s\\n' \"${{COMPREPLY[@]}}\"",
        file.display(),
        program.replace('-', "_")
    );
    let text = run("bash", &["--norc", "-c", &script])?;
    Some(text.lines().map(str::to_owned).collect())
}

#[test]
fn bash_offers_verbs_options_values_and_interfaces() {
    let Some(verbs) = bash("cleat-sysctl", &["ap"]) else {
        return;
    };
    assert_eq!(verbs, ["apply"]);
    assert_eq!(bash("cleat-sysctl", &["check", "--j"]).unwrap(), ["--json"]);
    assert_eq!(bash("cleat-sysctl", &["-v", "forward", "o"]).unwrap(), ["on", "off"]);
    assert_eq!(bash("cleat-sysctl", &["proxy-arp", "on", "l"]).unwrap(), ["lo"]);
    assert_eq!(bash("ifquery", &["--format", "j"]).unwrap(), ["json"]);
    assert_eq!(bash("ifup", &["l"]).unwrap(), ["lo"]);
    assert_eq!(bash("ifreload", &["--al"]).unwrap(), ["--all", "--allow"]);
}

#[test]
fn fish_offers_verbs_options_values_and_interfaces() {
    let offered = |program: &str, typed: &str| {
        let file = folder(Shell::Fish).join(format!("{program}.fish"));
        let script = format!("source '{}'; complete -C '{typed}'", file.display());
        let text = run("fish", &["--no-config", "-c", &script])?;
        let words = text
            .lines()
            .map(|line| line.split('\t').next().unwrap_or_default().to_owned());
        Some(words.collect::<Vec<String>>())
    };
    let Some(verbs) = offered("cleat-sysctl", "cleat-sysctl ap") else {
        return;
    };
    assert_eq!(verbs, ["apply"]);
    assert_eq!(offered("cleat-sysctl", "cleat-sysctl check --j").unwrap(), ["--json"]);
    let states: BTreeSet<String> = offered("cleat-sysctl", "cleat-sysctl forward o")
        .unwrap()
        .into_iter()
        .collect();
    assert!(
        states.is_superset(&["off", "on"].map(str::to_owned).into()),
        "{states:?}"
    );
    let links = offered("cleat-sysctl", "cleat-sysctl proxy-arp on l").unwrap();
    assert!(links.contains(&"lo".to_owned()), "{links:?}");
    assert_eq!(offered("ifquery", "ifquery --format j").unwrap(), ["json"]);
    assert!(offered("ifup", "ifup l").unwrap().contains(&"lo".to_owned()));
}
