//! `cleat-link check`: which file names which NIC and why, and what is wrong.

use super::faults::{faults, faults_of_initramfs};
use super::host::Host;
use super::nic::{Nic, Own};
use crate::initramfs;
use crate::programs::{self, Programs};
use cleat_cli::{COLOR, Call, End, JSON, Page, Verb, Words, complain, print, report};
use cleat_diag::{Diagnostic, Severity, Summary, escaped, escaped_lines, render};
use cleat_naming::link_file::{FileState, Passed, Verdict};
use cleat_naming::rules::NameRule;
use serde_json::{Value, json};
use std::fmt::Write;

/// The verb.
pub(super) const VERB: Verb = Verb {
    name: "check",
    usage: "cleat-link check [--json] [--color WHEN]",
    short: "explains which .link file each NIC gets, and what is wrong",
    doc: "Explains for every NIC which .link file it gets and why, and which do nothing for it because they come later; \
          then all that is wrong with the files, with the pins, with the names at the next boot, and with the \
          initramfs. Exit code 1 where an error is among it.",
    words: Words::NONE,
    options: &[JSON, COLOR],
    run,
};

/// Prints the explanation and the faults, or the document of `--json`.
fn run(call: &Call) -> End {
    let color = match call.color() {
        Ok(color) => Page::of(color, None).color,
        Err(text) => {
            complain(&text);
            return End::Usage;
        }
    };
    let mut host = match Host::running() {
        Ok(host) => host,
        Err(text) => {
            complain(&text);
            return End::Fault;
        }
    };
    let found = all_faults(&mut host, &programs::Host);
    let text = match call.has("json") {
        true => escaped_lines(&format!("{:#}\n", document(&host, &found))).into_owned(),
        false => page(&host, &found, color),
    };
    let errors = found.iter().any(|fault| fault.severity == Severity::Error);
    match print(&text) {
        End::Well if errors => End::Fault,
        end => end,
    }
}

/// The faults of the host and of its initramfs, which decides what is said of the next boot.
pub fn all_faults(host: &mut Host, programs: &dyn Programs) -> Vec<Diagnostic> {
    let (state, told) = initramfs::look(&host.root, programs);
    host.look_into(&state);
    let mut found = faults(host);
    found.append(&mut faults_of_initramfs(&host.root, &state, told));
    found
}

/// *Shape*: that of `cleat check --json`, and `"nics": [{"name", "next_name", "rebuilt_name", "rule", "file", "if", "passed":
/// [{"file", "why"}]}], "replaced": [{"file", "by"}], "initramfs_stale"}`; `rebuilt_name` is the name once the initramfs
/// carries what the root has; `if` is what the file is taken under, where that is not sure.
pub fn document(host: &Host, found: &[Diagnostic]) -> Value {
    let nics = host.nics.iter().map(|nic| {
        let verdict = host.verdict(nic);
        let coming = host.coming(nic);
        let passed = verdict
            .passed
            .iter()
            .map(|(file, why)| json!({ "file": file.path.display().to_string(), "why": reason(why) }));
        json!({
            "name": nic.name,
            "next_name": coming.next.name(),
            "rebuilt_name": coming.rebuilt.name(),
            "rule": host.rule_of(nic).map(NameRule::place),
            "file": verdict.winner.map(|file| file.path.display().to_string()),
            "if": verdict.unless,
            "passed": passed.collect::<Vec<_>>(),
        })
    });
    let mut document = report::document(&found.iter().collect::<Vec<_>>(), &host.files.sources);
    document["nics"] = nics.collect();
    document["initramfs_stale"] = host.is_stale().into();
    let replaced = host.files.overridden.iter();
    document["replaced"] = replaced
        .map(|(file, by)| json!({ "file": file.display().to_string(), "by": by.display().to_string() }))
        .collect();
    document
}

/// The explanation of every NIC, then the faults.
pub fn page(host: &Host, found: &[Diagnostic], color: bool) -> String {
    let mut text = String::new();
    for nic in &host.nics {
        let mut said = Vec::new();
        explain(&mut said, host, nic);
        text.extend(said.iter().map(|line| format!("{}\n", escaped(line))));
    }
    if host.nics.is_empty() {
        text += "there is no NIC on this machine\n";
    }
    for (file, by) in &host.files.overridden {
        let (file, by) = (file.display(), by.display());
        let line = format!("{file} does nothing: {by} has its name and takes its place");
        let _ = writeln!(text, "{}", escaped(&line));
    }
    text.push('\n');
    for fault in found {
        text += render::terminal(fault, &host.files.sources, color).trim_end_matches('\n');
        text += "\n\n";
    }
    let summary = Summary::of(found);
    match (summary.errors, summary.warnings) {
        (0, 0) => text += "no fault found\n",
        _ => {
            let _ = writeln!(text, "{summary}");
        }
    }
    text
}

fn explain(said: &mut Vec<String>, host: &Host, nic: &Nic) {
    let verdict = host.verdict(nic);
    let address = match &nic.own {
        Own::Known(address, key) => format!("{address} ({}=)", key.word()),
        Own::Unknown(reason) => format!("not to be known by an address: {reason}"),
    };
    said.push(format!("{}, {address}", nic.name));
    let name = host.coming(nic).clause(&nic.name);
    let file = verdict.winner.map(|file| {
        let more = file.drop_ins.iter().map(|path| format!(" and {}", path.display()));
        format!("{}{}", file.path.display(), more.collect::<String>())
    });
    match (host.rule_of(nic), file) {
        (Some(rule), file) => {
            said.push(format!("  the udev rule at {}: {name}", rule.place()));
            said.extend(file.map(|file| format!("  {file}: its other settings, the rule's name is stronger")));
        }
        (None, Some(file)) => said.push(format!("  {file}: {name}")),
        (None, None) => said.push(format!("  no .link file is for it: {name}")),
    }
    if let Some(condition) = &verdict.unless {
        said.push(format!(
            "  if `{condition}` holds at the boot, as most likely it does, which cannot be known here"
        ));
    }
    passed(said, &verdict);
}

fn passed(said: &mut Vec<String>, verdict: &Verdict<'_>) {
    for (file, why) in &verdict.passed {
        // A file for other devices need not be reported, unless it comes before the one that counts.
        let before = verdict
            .winner
            .is_none_or(|winner| file.base_name() < winner.base_name());
        if matches!(why, Passed::Other(_)) && !before {
            continue;
        }
        said.push(format!("  not {}: {}", file.path.display(), reason(why)));
    }
}

fn reason(why: &Passed) -> String {
    match why {
        Passed::Other(reason) => reason.clone(),
        Passed::LeftOut(FileState::Masked) => "it is masked".to_owned(),
        Passed::LeftOut(FileState::MatchesNothing) => "its [Match] asks for nothing".to_owned(),
        Passed::LeftOut(_) => "systemd refuses it".to_owned(),
        Passed::Perhaps(condition) => format!("but it would be, if `{condition}` holds, which is not known here"),
        Passed::Shadowed => "it is for this NIC too, and comes later".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::super::testing::Bed;
    use super::*;

    /// *Source*: systemd.link(5): of files with one name the one in /etc takes the place of the others.
    #[test]
    fn a_file_that_another_takes_the_place_of_is_told() {
        let bed = Bed::new();
        bed.nics(&[1]);
        bed.write(
            "/etc/systemd/network/99-default.link",
            "[Match]\nOriginalName=*\n[Link]\nNamePolicy=path\n",
        );
        let host = bed.host();
        assert_eq!(
            page(&host, &[], false),
            "enp1s0, bc:24:11:00:00:01 (MACAddress=)\n\
             \x20 /etc/systemd/network/99-default.link: keeps this name\n\
             /usr/lib/systemd/network/99-default.link does nothing: /etc/systemd/network/99-default.link has its name and \
             takes its place\n\nno fault found\n"
        );
        let replaced = &document(&host, &[])["replaced"][0];
        assert_eq!(replaced["file"], "/usr/lib/systemd/network/99-default.link");
        assert_eq!(replaced["by"], "/etc/systemd/network/99-default.link");
    }

    #[test]
    fn each_nic_is_told_its_file_and_why_not_the_others() {
        let bed = Bed::new();
        bed.nics(&[1]);
        bed.pin("/etc/systemd/network/10-cleat-lan0.link", "bc:24:11:00:00:01", "lan0");
        bed.pin_of_proxmox("nic0", "bc:24:11:00:00:01");
        bed.write("/etc/systemd/network/05-off.link", "");
        bed.write(
            "/etc/systemd/network/07-vm.link",
            "[Match]\nVirtualization=kvm\nType=ether\n[Link]\nName=x0\n",
        );
        bed.pin("/etc/systemd/network/08-other.link", "bc:24:11:00:00:77", "other0");
        let text = page(&bed.host(), &[], false);
        assert_eq!(
            text,
            "enp1s0, bc:24:11:00:00:01 (MACAddress=)\n\
             \x20 /etc/systemd/network/10-cleat-lan0.link: becomes lan0 at the next boot\n\
             \x20 not /etc/systemd/network/05-off.link: it is masked\n\
             \x20 not /etc/systemd/network/07-vm.link: but it would be, if `Virtualization=kvm` holds, which is not known here\n\
             \x20 not /etc/systemd/network/08-other.link: `MACAddress=` does not list bc:24:11:00:00:01\n\
             \x20 not /usr/local/lib/systemd/network/50-pmx-nic0.link: it is for this NIC too, and comes later\n\
             \x20 not /usr/lib/systemd/network/99-default.link: it is for this NIC too, and comes later\n\
             \n\
             no fault found\n"
        );
    }
}
