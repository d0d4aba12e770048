//! Showing what would be done, asking, and doing it.

use super::carry_out::{Recovered, carry_out, configuration, recover};
use super::host::Host;
use super::work::Work;
use crate::initramfs::{self, Policy, Refreshed};
use crate::programs::{self, Programs};
use cleat_cli::logging::Reporter;
use cleat_cli::{Call, End, complain, print, report};
use cleat_diag::{Diagnostic, Severity, Sources, escaped_lines};
use cleat_root::{Root, paths};
use cleat_store::{Content, FileChange, Store, StoreError, Timestamp, unified};
use serde_json::{Value, json};
use std::fmt::Write;
use std::io::{BufRead, IsTerminal};
use std::path::Path;
use std::time::Duration;

/// How long Proxmox's tools may hold the staged file.
const LOCK_WAIT: Duration = Duration::from_secs(10);

/// Fills the work that is to be done.
pub type Fill<'a> = dyn Fn(&Host, &mut Work) -> Result<(), StoreError> + 'a;

/// Shows what `fill` would do, asks on a terminal, and does it. Nothing is done with `--dry-run`, and where nobody can be
/// asked without `--yes`.
pub fn with_consent(call: &Call, fill: &Fill<'_>) -> End {
    match go(call, fill) {
        Ok(end) => end,
        Err((told, sources)) => {
            let reporter = Reporter::new(call.verbosity);
            reporter.print(&told, &sources);
            reporter.close(&told, "nothing was changed");
            End::Fault
        }
    }
}

type Failed = (Vec<Diagnostic>, Sources);

fn go(call: &Call, fill: &Fill<'_>) -> Result<End, Failed> {
    let alone = |told: Vec<Diagnostic>| (told, Sources::new());
    let mut progress = |command: &str| complain(&format!("running `{command}`"));
    let dry = call.has("dry-run");
    if !dry {
        match recover(&Root::real(), &programs::Host, &mut progress).map_err(alone)? {
            Recovered::Nothing => {}
            Recovered::TakenBack => complain("a run before was cut short: what it had done was taken back"),
            Recovered::Finished => {
                complain("a run before was cut short, and its configuration is the live one: it was finished");
            }
        }
    }
    let work = prepare(fill)?;
    if call.has("json") && dry {
        return Ok(print(&escaped_lines(&format!("{:#}\n", document(&work)))));
    }
    let reporter = Reporter::new(call.verbosity);
    reporter.print(&work.told, work.configuration.sources());
    if work.is_empty() {
        return Ok(print("nothing to do\n"));
    }
    if print(&escaped_lines(&shown(&Root::real(), &programs::Host, &work))) == End::Fault {
        return Ok(End::Fault);
    }
    if dry || !consent(call) {
        return Ok(print("nothing was changed\n"));
    }
    if !nix::unistd::geteuid().is_root() {
        return Err(alone(vec![Diagnostic::error("not-root", "only root can do this")]));
    }
    let store = Store::new(&Root::real(), Timestamp::now());
    let locked = store
        .lock(LOCK_WAIT)
        .map_err(|error| alone(vec![Diagnostic::error("lock", error.to_string())]))?;
    // Time went by until it was said that it may be done.
    if !prepare(fill)?.does_the_same(&work) {
        let text = "the files were changed meanwhile: this is not what was shown";
        return Err(alone(vec![
            Diagnostic::error("pin-changed-meanwhile", text).help("run it again"),
        ]));
    }
    let refreshed = carry_out(&locked, &Root::real(), &work, &programs::Host, &mut progress).map_err(alone)?;
    Ok(print(&escaped_lines(&done(&work, &refreshed))))
}

/// Works out what is to be done.
fn prepare(fill: &Fill<'_>) -> Result<Work, Failed> {
    let unreadable = |text: String| (vec![Diagnostic::error("kernel-unreadable", text)], Sources::new());
    let host = Host::running().map_err(unreadable)?;
    work(&host, fill)
}

/// What is to be done to a host.
pub(super) fn work(host: &Host, fill: &Fill<'_>) -> Result<Work, Failed> {
    let store = Store::new(&host.root, Timestamp::now());
    let configuration = configuration(&store, &host.root).map_err(|told| (told, Sources::new()))?;
    let mut work = Work::new(configuration);
    if let Err(error) = fill(host, &mut work) {
        work.told.push(Diagnostic::error("pin-failed", error.to_string()));
    }
    match work.told.iter().any(|found| found.severity == Severity::Error) {
        true => Err((work.told, work.configuration.sources().clone())),
        false => Ok(work),
    }
}

/// Asks on the terminal; where there is none the answer is no.
fn consent(call: &Call) -> bool {
    if call.has("yes") {
        return true;
    }
    if !std::io::stdin().is_terminal() || !std::io::stderr().is_terminal() {
        complain("there is nobody to ask: say --yes to do this");
        return false;
    }
    // Without a line end, so that the answer stands behind it.
    eprint!("do this? [y/N] ");
    let mut answer = String::new();
    let read = std::io::stdin().lock().read_line(&mut answer);
    read.is_ok() && matches!(answer.trim(), "y" | "Y" | "yes")
}

/// What would be done, for a person.
pub(super) fn shown(root: &Root, programs: &dyn Programs, work: &Work) -> String {
    let mut text = String::new();
    for (from, to) in &work.renames {
        let _ = writeln!(text, "{from} becomes {to} at the next boot");
    }
    for change in &work.files {
        text += &diff(change);
    }
    let configuration = &work.configuration;
    for path in configuration.changed_files() {
        let staged = path == Path::new(paths::INTERFACES);
        let old = root.read(&path).unwrap_or_default();
        let new = match staged {
            true => configuration.interfaces(),
            false => {
                let found = configuration.sourced().into_iter().find(|file| file.path == path);
                found.map(|file| file.new).unwrap_or_default()
            }
        };
        let _ = writeln!(text, "{}, at the next boot:", path.display());
        text += &unified(&path, Some(&old), &path, Some(&new));
    }
    match initramfs::refresh(root, programs, dry(), &mut |_| {}) {
        Ok(Refreshed::NotUsed) => text += "this host boots without an initramfs\n",
        // The files are not there yet: an image that is fresh now is stale then.
        Ok(_) if work.files.iter().any(is_link_file) => text += "the initramfs of every kernel is rebuilt\n",
        Ok(_) => {}
        Err(told) => {
            let told = told.iter().map(|found| format!("the initramfs: {}\n", found.message));
            text.extend(told);
        }
    }
    if !work.by_hand.is_empty() {
        text += "to be changed by hand, after the boot:\n";
    }
    for (what, reference) in &work.by_hand {
        let place = format!("{}:{}", reference.path.display(), reference.line);
        let _ = writeln!(text, "  {place}: {} ({what}; {})", reference.text, reference.advice());
    }
    text
}

fn dry() -> Policy {
    Policy {
        dry: true,
        ..Policy::default()
    }
}

fn is_link_file(change: &FileChange) -> bool {
    change.path.extension().is_some_and(|ending| ending == "link")
}

fn diff(FileChange { path, old, new }: &FileChange) -> String {
    let bytes = |content: &Option<Content>| content.as_ref().map(|content| content.bytes.clone());
    unified(path, bytes(old).as_deref(), path, bytes(new).as_deref())
}

/// *Shape*: `{"renames": [{"from", "to"}], "files": [{"path", "old", "new"}], "staged": [path], "by_hand": [{"path", "line",
/// "text", "advice"}], "diagnostics": [...]}`; `old` and `new` are texts, null where there is no file.
fn document(work: &Work) -> Value {
    let text = |content: &Option<Content>| {
        let bytes = content.as_ref().map(|content| content.bytes.as_slice());
        bytes.map(|bytes| String::from_utf8_lossy(bytes).into_owned())
    };
    let files = work.files.iter().map(|change| {
        json!({ "path": change.path.display().to_string(), "old": text(&change.old), "new": text(&change.new) })
    });
    let by_hand = work.by_hand.iter().map(|(_, reference)| {
        json!({
            "path": reference.path.display().to_string(),
            "line": reference.line,
            "text": reference.text,
            "advice": reference.advice(),
        })
    });
    let staged = work.configuration.changed_files();
    let told: Vec<&Diagnostic> = work.told.iter().collect();
    let mut document = report::document(&told, work.configuration.sources());
    document["renames"] = work
        .renames
        .iter()
        .map(|(from, to)| json!({ "from": from, "to": to }))
        .collect();
    document["files"] = files.collect();
    document["staged"] = staged.iter().map(|path| path.display().to_string()).collect();
    document["by_hand"] = by_hand.collect();
    document
}

fn done(work: &Work, refreshed: &Refreshed) -> String {
    let initramfs = match refreshed {
        Refreshed::NotUsed => "there is no initramfs to be made",
        Refreshed::Fresh(_) | Refreshed::Would(..) => "the initramfs has it",
        Refreshed::Rebuilt(_) => "the initramfs was rebuilt",
    };
    match work.configuration.is_changed() {
        true => format!("done: {initramfs}, the configuration is staged. Reboot for the new names\n"),
        false => format!("done: {initramfs}. Reboot for the new names\n"),
    }
}
