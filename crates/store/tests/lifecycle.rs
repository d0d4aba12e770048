//! Staging, committing, confirming, undoing and bringing back, below a temporary root.

#![allow(clippy::disallowed_methods, clippy::unwrap_used)]

mod host;

use cleat_diag::Diagnostic;
use cleat_store::{Companion, Content, Health, Keep, Occasion, Outcome, Recovery, Staging, StoreError, Watch, What};
use host::{Host, NEW, OLD, boot, live};

fn no_fault(_: &cleat_eni::ConfigSet) -> Vec<Diagnostic> {
    Vec::new()
}

#[test]
fn a_staged_file_becomes_the_live_one_and_both_are_in_the_history() {
    let host = Host::new();
    host.stage(NEW);
    let Outcome::Committed(committed) = host.commit(What::Staged, boot()).unwrap() else {
        panic!("not committed")
    };
    assert_eq!((committed.before, committed.number), (1, 2));
    assert_eq!(host.read("/etc/network/interfaces").as_deref(), Some(NEW));
    assert_eq!(host.read("/etc/network/interfaces.new"), None);
    assert!(host.store().is_idle());
    let (history, diagnostics) = host.store().history();
    assert!(diagnostics.is_empty(), "{diagnostics:?}");
    let origins: Vec<_> = history.iter().map(|generation| generation.origin).collect();
    assert_eq!(origins, [Occasion::Found, Occasion::Boot]);
    assert_eq!(history[1].by, "root on pts/0");
    assert_eq!(
        history[0].files.diff(&history[1].files),
        "--- /etc/network/interfaces\n+++ /etc/network/interfaces\n@@ -2,4 +2,4 @@\n iface lo inet loopback\n \
         auto eno1\n iface eno1 inet static\n-    address 192.0.2.1/24\n+    address 192.0.2.2/24\n"
    );
}

#[test]
fn a_refused_file_stays_and_so_does_the_live_one() {
    let host = Host::new();
    host.stage(NEW);
    let judge = |_: &cleat_eni::ConfigSet| vec![Diagnostic::error("bad-value", "no")];
    let outcome = host
        .locked(|locked| locked.commit(What::Staged, &boot(), &judge))
        .unwrap();
    let Outcome::Refused(refusal) = outcome else {
        panic!("not refused")
    };
    assert_eq!(refusal.findings.diagnostics[0].message, "no");
    assert_eq!(host.read("/etc/network/interfaces").as_deref(), Some(OLD));
    assert_eq!(host.read("/etc/network/interfaces.new").as_deref(), Some(NEW));
    let keep = cleat_store::CommitOptions {
        keep_refused: true,
        ..boot()
    };
    let outcome = host
        .locked(|locked| locked.commit(What::Staged, &keep, &judge))
        .unwrap();
    let Outcome::Refused(refusal) = outcome else {
        panic!("not refused")
    };
    let kept_as = refusal.kept_as.unwrap();
    assert_eq!(
        kept_as.to_str().unwrap(),
        "/etc/network/interfaces.new.refused-20261123T094012Z"
    );
    assert_eq!(host.read(kept_as.to_str().unwrap()).as_deref(), Some(NEW));
    assert!(host.store().is_idle());
}

#[test]
fn a_configuration_that_would_leave_no_network_is_refused() {
    let host = Host::new();
    for (text, code) in [
        ("", "staged-empty"),
        ("# nothing\n", "staged-empty"),
        (
            "auto lo\niface lo inet loopback\niface eno1 inet manual\n",
            "staged-no-auto",
        ),
        // Cut short at the end of a line: what is to come up has no stanza.
        ("auto lo\niface lo inet loopback\nauto eno1\n", "staged-no-auto"),
        (
            "auto eno1\nauto lo\niface lo inet loopback\niface eno2 inet manual\n",
            "staged-no-auto",
        ),
        // Patterns that none of the stanzas fits.
        ("auto /nothing*\niface eno1 inet manual\n", "staged-no-auto"),
        ("auto /eno*/2\niface eno1 inet manual\n", "staged-no-auto"),
        ("auto swp[1-4]\niface eno1 inet manual\n", "staged-no-auto"),
        ("auto all\niface lo inet loopback\ntemplate eno1\n", "staged-no-auto"),
        ("auto dummy\niface dummy inet loopback\n", "staged-no-auto"),
        ("auto eno1=work\niface eno1 inet manual\n", "staged-no-auto"),
        (
            "source /etc/network/interfaces\nauto eno1\niface eno1 inet manual\n",
            "staged-sources-live",
        ),
    ] {
        host.stage(text);
        let Outcome::Refused(refusal) = host.commit(What::Staged, boot()).unwrap() else {
            panic!("not refused: {text}")
        };
        let codes: Vec<_> = refusal.findings.diagnostics.iter().map(|found| found.code).collect();
        assert!(codes.contains(&code), "{text}: {codes:?}");
        assert_eq!(host.read("/etc/network/interfaces").as_deref(), Some(OLD));
    }
}

/// *Source*: interfaces(5) of ifupdown 0.8.41 for patterns, labels, mappings and `=`; ifupdown2's ranges and `all`.
#[test]
fn whatever_way_an_auto_line_names_a_stanza_the_host_has_a_network() {
    for text in [
        "auto all\niface eno1 inet manual\n",
        "auto /eno*\niface eno1 inet manual\n",
        "auto /eno*/2\niface eno1 inet manual\niface eno2 inet manual\n",
        "auto eno*\niface eno1 inet manual\n",
        "auto swp[1-4]\niface swp3 inet manual\n",
        "auto swp2\niface swp[1-4] inet manual\n",
        "auto eno1:1\niface eno1 inet manual\n",
        "auto eno1\niface eno1:1 inet static\n    address 192.0.2.1/24\n",
        "auto eno1=work\niface work inet manual\n",
        "auto eno1\nmapping eno*\n    script /bin/pick\niface work inet manual\n",
        "allow-auto eno1\niface eno1 inet manual\n",
    ] {
        let host = Host::new();
        host.stage(text);
        let outcome = host.commit(What::Staged, boot()).unwrap();
        assert!(matches!(outcome, Outcome::Committed(_)), "{text}: {outcome:?}");
    }
}

#[test]
fn what_is_not_confirmed_before_the_next_boot_is_undone() {
    for watch in [
        Watch::Live { until: None },
        Watch::FirstBoot {
            check: "links".to_owned(),
        },
    ] {
        let host = Host::new();
        host.stage(NEW);
        host.commit(What::Staged, live(watch.clone())).unwrap();
        assert_eq!(host.store().pending().unwrap().unwrap().watch, watch);
        assert!(matches!(host.locked(|locked| locked.recover()), Ok(Recovery::Nothing)));
        let again = host.commit(What::Staged, boot());
        assert!(matches!(again, Err(StoreError::Pending { number: 2 })), "{again:?}");
        host.reboot();
        let Recovery::Undone(undone) = host.locked(|locked| locked.recover()).unwrap() else {
            panic!("not undone")
        };
        assert_eq!((undone.number, undone.warnings.len()), (2, 0));
        assert_eq!(host.read("/etc/network/interfaces").as_deref(), Some(OLD));
        assert_eq!(host.store().pending().unwrap(), None);
        let (history, _) = host.store().history();
        assert!(matches!(history[1].health, Health::Failed { .. }));
        assert_eq!(history[2].origin, Occasion::Undo { of: 2 });
    }
}

#[test]
fn what_is_confirmed_stands_and_is_healthy() {
    let host = Host::new();
    host.stage(NEW);
    host.commit(What::Staged, live(Watch::Live { until: None })).unwrap();
    assert!(host.locked(|locked| locked.confirm(2)).unwrap().is_empty());
    assert!(matches!(
        host.locked(|locked| locked.confirm(2)),
        Err(StoreError::NothingPending)
    ));
    host.reboot();
    assert!(matches!(host.locked(|locked| locked.recover()), Ok(Recovery::Nothing)));
    assert_eq!(host.read("/etc/network/interfaces").as_deref(), Some(NEW));
    let healthy = host.store().generation(2).unwrap().health;
    assert!(matches!(healthy, Health::Healthy { .. }), "{healthy:?}");
}

/// Who decides on a trial has looked before it held the lock: by then another commit may wait.
#[test]
fn regress_a_decision_on_one_commit_is_none_on_the_next() {
    let host = Host::new();
    host.stage(NEW);
    host.commit(What::Staged, live(Watch::Live { until: None })).unwrap();
    host.locked(|locked| locked.confirm(2)).unwrap();
    host.commit(What::Generation(1), live(Watch::Live { until: None }))
        .unwrap();
    let undone = host.locked(|locked| locked.undo(2, "nobody confirmed it in time"));
    assert!(matches!(undone, Err(StoreError::NothingPending)), "{undone:?}");
    let confirmed = host.locked(|locked| locked.confirm(2));
    assert!(matches!(confirmed, Err(StoreError::NothingPending)), "{confirmed:?}");
    assert_eq!(host.store().pending().unwrap().unwrap().number, 3);
    assert_eq!(host.read("/etc/network/interfaces").as_deref(), Some(OLD));
}

/// What was taken back lies staged again, for whoever looks after it; a boot would do the same harm once more.
#[test]
fn regress_what_was_taken_back_is_not_committed_by_a_boot() {
    let host = Host::new();
    let staging = |taken_back: Option<&str>| Staging {
        bytes: NEW.as_bytes().to_vec(),
        base: host.content("/etc/network/interfaces"),
        taken_back: taken_back.map(str::to_owned),
        replace: true,
        ..Staging::default()
    };
    let reason = "gateway 192.0.2.254 on eno1 does not answer";
    host.locked(|locked| locked.stage(staging(Some(reason)))).unwrap();
    let told =
        "the staged configuration was live before and was taken back: gateway 192.0.2.254 on eno1 does not answer";
    assert_eq!(
        refused(&host),
        format!(
            "error: {told} [staged-taken-back]; help: `cleat-commit try` tries it again; `cleat-commit stage \
             /etc/network/interfaces.new` has the next boot do so; `cleat-commit revert` takes it away"
        )
    );
    let preview = host.store().preview(&no_fault).unwrap().unwrap();
    assert_eq!(preview.diagnostics[0].message, told);
    // Whoever asks for it gets it: live, or staged again for the next boot.
    host.commit(What::Staged, live(Watch::Live { until: None })).unwrap();
    host.locked(|locked| locked.undo(2, reason)).unwrap();
    host.locked(|locked| locked.stage(staging(None))).unwrap();
    assert!(matches!(host.commit(What::Staged, boot()), Ok(Outcome::Committed(_))));
}

/// `source interfaces.d/*`, and files that came later: left there, the host would not run what it ran then.
#[test]
fn regress_a_rollback_removes_what_its_generation_did_not_source_and_tells_it() {
    let host = Host::new();
    let interfaces = "auto eno1\niface eno1 inet manual\nsource interfaces.d/*\nsource /usr/share/net/*\n";
    host.write("/etc/network/interfaces", interfaces);
    host.write("/etc/network/interfaces.d/a", "iface eno3 inet manual\n");
    host.stage(&interfaces.replace("manual", "dhcp"));
    host.commit(What::Staged, boot()).unwrap();
    host.write(
        "/etc/network/interfaces.d/b",
        "auto eno2\niface eno2 inet dhcp\nsource ../more\n",
    );
    host.write("/etc/network/more", "iface eno4 inet manual\n");
    host.write("/usr/share/net/package", "iface eno5 inet manual\n");
    let told = |diagnostics: &[Diagnostic]| {
        let rollback = diagnostics.iter().filter(|found| found.code.starts_with("rollback-"));
        rollback.map(|found| found.message.clone()).collect::<Vec<_>>()
    };
    let expected = [
        "/etc/network/interfaces.d/b is removed: generation 1 did not have it",
        "/usr/share/net/package stays and is sourced, which generation 1 did not have",
    ];
    // Staged for the next boot it says so, too.
    let generation = host.store().generation(1).unwrap();
    let staging = host.store().staging_of(&generation).unwrap();
    host.locked(|locked| locked.stage(staging)).unwrap();
    let preview = host.store().preview(&no_fault).unwrap().unwrap();
    assert_eq!(told(&preview.diagnostics), expected);
    host.locked(|locked| locked.revert()).unwrap();

    let Outcome::Committed(committed) = host.commit(What::Generation(1), live_now()).unwrap() else {
        panic!("not committed")
    };
    assert_eq!(told(&committed.findings.diagnostics), expected);
    assert_eq!(host.read("/etc/network/interfaces.d/b"), None);
    // Only what is sourced goes.
    assert!(host.read("/etc/network/more").is_some() && host.read("/usr/share/net/package").is_some());
    // What went is in the history, and comes back.
    let before = host.store().generation(committed.before).unwrap();
    assert!(
        before
            .files
            .0
            .contains_key(std::path::Path::new("/etc/network/interfaces.d/b"))
    );
    host.commit(What::Generation(committed.before), live_now()).unwrap();
    assert_eq!(
        host.read("/etc/network/interfaces.d/b").as_deref(),
        Some("auto eno2\niface eno2 inet dhcp\nsource ../more\n")
    );
}

#[test]
fn regress_a_rollback_makes_the_directory_that_is_gone_with_its_files() {
    let host = Host::new();
    let pin = "/usr/local/lib/systemd/network/10-cleat-eno1.link";
    host.write(pin, "[Match]\n");
    host.stage(NEW);
    host.commit(What::Staged, boot()).unwrap();
    std::fs::remove_dir_all(host.root.host_path("/usr/local")).unwrap();
    let outcome = host.commit(What::Generation(1), boot()).unwrap();
    assert!(matches!(outcome, Outcome::Committed(_)), "{outcome:?}");
    assert_eq!(host.read(pin).as_deref(), Some("[Match]\n"));
}

#[test]
fn a_rollback_brings_back_every_file_of_its_generation() {
    let host = Host::new();
    host.write("/etc/network/interfaces", "auto eno1\nsource interfaces.d/*\n");
    host.write("/etc/network/interfaces.d/eno1", "iface eno1 inet manual\n");
    host.write("/etc/systemd/network/10-cleat-eno1.link", "[Match]\n");
    let link = "/etc/systemd/network/10-cleat-eno1.link";
    let staging = Staging {
        bytes: NEW.as_bytes().to_vec(),
        by: "a test".to_owned(),
        base: host.content("/etc/network/interfaces"),
        companions: vec![Companion {
            base: host.content(link).map(|content: Content| content.digest()),
            path: link.into(),
            new: None,
        }],
        ..Staging::default()
    };
    host.locked(|locked| locked.stage(staging)).unwrap();
    host.commit(What::Staged, boot()).unwrap();
    assert_eq!(host.read(link), None);
    host.write("/etc/network/interfaces.d/eno1", "iface eno1 inet dhcp\n");
    let Outcome::Committed(committed) = host.commit(What::Generation(1), live_now()).unwrap() else {
        panic!("not committed")
    };
    assert_eq!(committed.changed.len(), 3);
    assert_eq!(host.read(link).as_deref(), Some("[Match]\n"));
    assert_eq!(
        host.read("/etc/network/interfaces.d/eno1").as_deref(),
        Some("iface eno1 inet manual\n")
    );
    let (history, _) = host.store().history();
    assert_eq!(history.last().unwrap().origin, Occasion::Rollback { of: 1 });
    assert_eq!(history.last().unwrap().digest, history[0].digest);
}

/// A link file that goes with a staged configuration has no stanzas to merge.
#[test]
fn a_companion_that_changed_since_is_refused_with_both_sides() {
    let host = Host::new();
    let link = "/etc/systemd/network/10-cleat-eno1.link";
    host.write(link, "[Match]\nMACAddress=02:00:00:00:00:01\n");
    let staging = Staging {
        bytes: NEW.as_bytes().to_vec(),
        base: host.content("/etc/network/interfaces"),
        companions: vec![Companion {
            path: link.into(),
            base: host.content(link).map(|content: Content| content.digest()),
            new: Some(Content {
                bytes: b"[Match]\nMACAddress=02:00:00:00:00:02\n".to_vec(),
                mode: 0o644,
            }),
        }],
        ..Staging::default()
    };
    host.locked(|locked| locked.stage(staging)).unwrap();
    let mine = "[Match]\nMACAddress=02:00:00:00:00:03\n";
    host.write(link, mine);
    let Outcome::Refused(refusal) = host.commit(What::Staged, boot()).unwrap() else {
        panic!("not refused")
    };
    assert_eq!(
        cleat_diag::render::terminal(&refusal.findings.diagnostics[0], &refusal.findings.sources, false),
        format!(
            "error[staged-companion-changed]: {link} was changed since this was staged\n  \
             = note: live: `MACAddress=02:00:00:00:00:03`\n  \
             = note: staged: `MACAddress=02:00:00:00:00:02`\n  \
             = help: stage it again, or undo that change"
        )
    );
    assert_eq!(host.read(link).as_deref(), Some(mine));
    assert_eq!(host.read("/etc/network/interfaces").as_deref(), Some(OLD));
    assert_eq!(host.read("/etc/network/interfaces.new").as_deref(), Some(NEW));
}

fn live_now() -> cleat_store::CommitOptions {
    cleat_store::CommitOptions {
        origin: Occasion::Live,
        ..boot()
    }
}

#[test]
fn a_generation_waits_in_the_spool_until_var_is_mounted() {
    let host = Host::new();
    host.write("/etc/fstab", "/dev/sdb1 /var ext4 defaults 0 2\n");
    host.stage(NEW);
    host.commit(What::Staged, boot()).unwrap();
    assert!(host.store().generation(2).unwrap().spooled);
    assert!(!host.store().is_idle());
    assert!(host.locked(|locked| locked.import_spool()).unwrap().is_empty());
    host.write("/proc/self/mountinfo", "30 1 8:17 / /var rw - ext4 /dev/sdb1 rw\n");
    assert_eq!(host.locked(|locked| locked.import_spool()).unwrap(), [1, 2]);
    assert!(host.store().is_idle());
    let (history, diagnostics) = host.store().history();
    assert!(diagnostics.is_empty(), "{diagnostics:?}");
    assert_eq!(history.len(), 2);
    assert!(history.iter().all(|generation| !generation.spooled));
}

#[test]
fn a_disk_without_a_history_commits_and_keeps_both_in_the_spool() {
    let host = Host::new();
    host.stage(NEW);
    std::fs::remove_dir_all(host.path().join("var")).unwrap();
    host.commit(What::Staged, boot()).unwrap();
    let (history, _) = host.store().history();
    let origins: Vec<_> = history.iter().map(|found| (found.origin, found.spooled)).collect();
    assert_eq!(origins, [(Occasion::Found, true), (Occasion::Boot, true)]);
}

#[test]
fn a_damaged_generation_is_reported_and_the_others_read() {
    let host = Host::new();
    host.stage(NEW);
    host.commit(What::Staged, boot()).unwrap();
    host.write("/var/lib/cleat/generations/1/1-interfaces", "auto lo\n");
    let (history, diagnostics) = host.store().history();
    assert_eq!(history.len(), 1);
    assert_eq!(
        diagnostics[0].message,
        "generation 1 cannot be read: /var/lib/cleat/generations/1 is damaged: its files are not those that were committed"
    );
}

#[test]
fn pruning_keeps_the_newest_the_one_before_it_and_the_newest_healthy_one() {
    let host = Host::new();
    for number in 0..6 {
        host.stage(&NEW.replace("192.0.2.2", &format!("192.0.2.{}", 10 + number)));
        host.commit(What::Staged, boot()).unwrap();
    }
    let healthy = Health::Healthy { time: host.now() };
    host.locked(|locked| locked.mark(2, &healthy)).unwrap();
    let keep = Keep {
        count: 3,
        bytes: u64::MAX,
    };
    assert_eq!(host.locked(|locked| locked.prune(keep)).unwrap(), [1, 3, 4, 5]);
    let numbers = || -> Vec<u32> { host.store().history().0.iter().map(|found| found.number).collect() };
    // The one before is what `rollback` goes back to.
    let keep = Keep { count: 9, bytes: 1 };
    assert_eq!(host.locked(|locked| locked.prune(keep)).unwrap(), [0; 0]);
    assert_eq!(numbers(), [2, 6, 7]);
    let failed = Health::Failed {
        time: host.now(),
        reason: "no carrier".to_owned(),
    };
    host.locked(|locked| locked.mark(6, &failed)).unwrap();
    assert_eq!(host.locked(|locked| locked.prune(keep)).unwrap(), [6]);
    assert_eq!(numbers(), [2, 7]);
    // A number is never given twice.
    host.stage(OLD);
    host.locked(|locked| locked.commit(What::Staged, &boot(), &no_fault))
        .unwrap();
    assert_eq!(host.store().newest().unwrap(), Some(8));
}

/// The findings of a refused commit of what is staged, as a terminal shows them.
fn refused(host: &Host) -> String {
    let Outcome::Refused(refusal) = host.commit(What::Staged, boot()).unwrap() else {
        panic!("not refused")
    };
    let findings = refusal.findings;
    let pages = findings
        .diagnostics
        .iter()
        .map(|found| cleat_diag::render::line(found, &findings.sources));
    pages.collect::<Vec<_>>().join("\n")
}

#[test]
fn a_live_file_that_changed_elsewhere_is_merged_and_said() {
    let host = Host::new();
    host.stage(NEW);
    let live = format!("{OLD}\nauto eno2\niface eno2 inet manual\n");
    host.write("/etc/network/interfaces", &live);
    let Outcome::Committed(committed) = host.commit(What::Staged, boot()).unwrap() else {
        panic!("not committed")
    };
    assert!(committed.merged);
    assert_eq!(
        committed.findings.diagnostics[0].message,
        "/etc/network/interfaces was changed since /etc/network/interfaces.new was made from it at 2026-11-23 \
         09:40:12 UTC: both changes are merged"
    );
    let both = format!("{NEW}\nauto eno2\niface eno2 inet manual\n");
    assert_eq!(host.read("/etc/network/interfaces").as_deref(), Some(both.as_str()));
    // What was changed by hand is in the history too.
    let (history, _) = host.store().history();
    let bytes = &history[0].files.0[std::path::Path::new("/etc/network/interfaces")].bytes;
    assert_eq!(bytes, live.as_bytes());
}

#[test]
fn a_live_file_that_changed_in_the_same_stanza_is_refused_with_both_sides() {
    let host = Host::new();
    host.stage(NEW);
    host.write("/etc/network/interfaces", &OLD.replace("192.0.2.1", "192.0.2.9"));
    assert_eq!(
        refused(&host),
        "error: `iface eno1 inet` was changed in /etc/network/interfaces and in /etc/network/interfaces.new, both made \
         from the file of 2026-11-23 09:40:12 UTC (/etc/network/interfaces.new:5:5) [staged-clash]; help: stage the \
         change again, on top of the live file; `cleat-commit revert` takes the staged one away"
    );
    let Ok(Some(findings)) = host.store().preview(&|_| Vec::new()) else {
        panic!("no preview")
    };
    let page = cleat_diag::render::terminal(&findings.diagnostics[0], &findings.sources, false);
    assert!(page.contains("5 |     address 192.0.2.2/24"), "{page}");
    assert!(
        page.contains("the live file says `address 192.0.2.9/24` at /etc/network/interfaces:5:5"),
        "{page}"
    );
}

#[test]
fn a_staged_file_of_others_says_its_age_and_what_it_undoes() {
    use std::time::{Duration, UNIX_EPOCH};
    let host = Host::new();
    let age = |path: &str, days: u64| {
        let time = UNIX_EPOCH + Duration::from_secs(host.now().0 - days * 86_400);
        let file = std::fs::File::options()
            .append(true)
            .open(host.root.host_path(path))
            .unwrap();
        file.set_modified(time).unwrap();
    };
    host.write("/etc/network/interfaces.new", NEW);
    age("/etc/network/interfaces", 50);
    age("/etc/network/interfaces.new", 43);
    let told = |host: &Host| {
        let findings = host.store().preview(&|_| Vec::new()).unwrap().unwrap();
        let found = findings.diagnostics[0].clone();
        (
            found.message,
            found.notes.into_iter().map(|note| note.text).collect::<Vec<_>>(),
        )
    };
    assert_eq!(
        told(&host).0,
        "another program staged /etc/network/interfaces.new 43 days ago; nothing says what it was made from"
    );
    age("/etc/network/interfaces", 3);
    let (message, notes) = told(&host);
    assert_eq!(
        message,
        "/etc/network/interfaces.new is 43 days old: /etc/network/interfaces was changed 40 days behind it, and that \
         change is undone"
    );
    assert_eq!(notes, ["gone: `address 192.0.2.1/24`", "back: `address 192.0.2.2/24`"]);
}

#[test]
fn a_rollback_is_judged_with_the_files_that_it_brings_back() {
    let host = Host::new();
    host.write("/etc/network/interfaces", "auto eno1\nsource interfaces.d/*\n");
    host.write("/etc/network/interfaces.d/eno1", "iface eno1 inet manual\n");
    host.stage(NEW);
    host.commit(What::Staged, boot()).unwrap();
    std::fs::remove_file(host.root.host_path("/etc/network/interfaces.d/eno1")).unwrap();
    let seen = std::cell::RefCell::new(Vec::new());
    let judge = |set: &cleat_eni::ConfigSet| {
        seen.borrow_mut()
            .extend(set.ifaces().map(|iface| iface.name.value.clone()));
        Vec::new()
    };
    let outcome = host.locked(|locked| locked.commit(What::Generation(1), &live_now(), &judge));
    assert!(matches!(outcome, Ok(Outcome::Committed(_))), "{outcome:?}");
    assert_eq!(*seen.borrow(), ["eno1"]);
}
