//! `cleat-scheme pin` and `unpin`.

use super::fault::fault;
use super::loader::{self, Found};
use super::names;
use super::plan::{self, Plan, Refusal};
use super::record::Record;
use super::udev::{self, Host};
use super::{apply, diff};
use crate::programs::{self, Programs};
use cleat_cli::{self as cli, Call, End, Hint, Opt, Verb, Words, YES, flag};
use cleat_diag::{Diagnostic, Sources};
use cleat_naming::{Scheme, link_file};
use cleat_root::Root;
use std::io::{BufRead, IsTerminal, Write};

const DRY_RUN: Opt = flag("-n, --dry-run", "only show what would be changed");

/// The row of `pin`.
pub const VERB: Verb = Verb {
    name: "pin",
    usage: "cleat-scheme pin VERSION [-n] [-y]",
    short: "makes a version of the scheme the one of every boot to come",
    doc: "Writes net.naming-scheme=VERSION to where the boot loader of this host takes the kernel command line from, \
          and runs what brings it there. Shows the names that would change and what is written first; asks on a \
          terminal. Where names would change and nobody can be asked, --yes is needed. What fails is put back.",
    words: Words {
        name: "VERSION",
        doc: "a version that `cleat-scheme list` shows, or current: the one that named the NICs of this boot",
        least: 1,
        most: 1,
        hint: Hint::OneOf(&["current"]),
    },
    options: &[DRY_RUN, YES],
    run: |call| run(call, &Root::real(), &programs::Host),
};

/// The row of `unpin`.
pub const UNPIN: Verb = Verb {
    name: "unpin",
    usage: "cleat-scheme unpin [-n] [-y]",
    short: "takes back what `pin` did",
    doc: "Puts every file that `cleat-scheme pin` changed back to what it was, and tells the boot loader. In a file \
          that was changed since, only the word is taken out. A scheme that was pinned by hand is left alone.",
    words: Words::NONE,
    options: &[DRY_RUN, YES],
    run: |call| run_unpin(call, &Root::real(), &programs::Host),
};

fn run(call: &Call, root: &Root, programs: &dyn Programs) -> End {
    let word = call.word().unwrap_or_default();
    match Pinning::new(root, programs, &word) {
        Ok(pinning) => {
            let plain = Sources::new();
            cleat_cli::logging::Reporter::new(call.verbosity).print(&pinning.warnings, &plain);
            pinning.carry_out(call, root, programs)
        }
        Err(Refusal { told, sources }) => fault(call, &[*told], &sources),
    }
}

fn run_unpin(call: &Call, root: &Root, programs: &dyn Programs) -> End {
    let record = match Record::load(root) {
        Ok(Some(record)) => record,
        Ok(None) => return cli::print("cleat-scheme has pinned nothing\n"),
        Err(Refusal { told, sources }) => return fault(call, &[*told], &sources),
    };
    let plan = match record.undo(root) {
        Ok(plan) => plan,
        Err(Refusal { told, sources }) => return fault(call, &[*told], &sources),
    };
    let left = plan
        .by_hand
        .last()
        .map(|mention| &mention.scheme)
        .or(plan.scheme.as_ref());
    let renamed = match left.and_then(|name| Scheme::named(name)) {
        Some(scheme) => names::changes(root, scheme),
        None => Host::read(root)
            .udev
            .and_then(|udev| udev.default_scheme())
            .map(|scheme| names::changes(root, scheme))
            .unwrap_or_default(),
    };
    let shown = names::table(&renamed) + &diff::render(&plan);
    match consent(call, &shown, renamed.is_empty()) {
        Consent::Shown(end) => end,
        Consent::Given => finish(call, root, programs, &plan, None, &unpinned(&plan)),
    }
}

/// What holds after a pin was taken back.
pub(super) fn unpinned(plan: &Plan) -> String {
    match plan.by_hand.last() {
        None => "nothing is pinned any more".to_owned(),
        Some(plan::Mention { path, line, scheme, .. }) => format!(
            "cleat-scheme pins nothing any more; {scheme} stays, pinned by hand at {}:{line}",
            path.display()
        ),
    }
}

/// What is about to be pinned.
#[derive(Debug)]
pub(super) struct Pinning {
    /// The scheme.
    pub(super) scheme: &'static Scheme,
    /// What is done.
    pub(super) plan: Plan,
    /// What is known afterwards.
    pub(super) record: Record,
    /// The names that change with it.
    pub(super) renamed: Vec<names::Renamed>,
    /// What an admin should know.
    pub(super) warnings: Vec<Diagnostic>,
}

impl Pinning {
    /// Judges the scheme, finds the boot loader, and plans.
    pub(super) fn new(root: &Root, programs: &dyn Programs, word: &str) -> Result<Self, Refusal> {
        let host = Host::read(root);
        let scheme = known(root, programs, &host, word)?;
        let Found { loader, .. } = loader::detect(root)?;
        let plan = plan::pin(root, loader, scheme.name)?;
        let older = Record::load(root)?;
        Ok(Self {
            scheme,
            record: Record::of(&plan, scheme.name, older.as_ref()),
            renamed: names::changes(root, scheme),
            warnings: warnings(root),
            plan,
        })
    }

    /// What is shown before it is done: the names that change, then the files.
    pub(super) fn shown(&self) -> String {
        names::table(&self.renamed) + &diff::render(&self.plan)
    }

    fn carry_out(&self, call: &Call, root: &Root, programs: &dyn Programs) -> End {
        let written = self.plan.changes.iter().all(plan::Change::is_none);
        let fresh = apply::entries(root, self.plan.loader)
            .iter()
            .all(|(_, entry)| cleat_naming::cmdline::naming_scheme(&entry.cmdline) == self.plan.scheme);
        if written && fresh {
            return cli::print(&format!("{} is pinned already\n", self.scheme));
        }
        let shown = self.shown();
        let done = format!("{} is pinned, from the next boot on", self.scheme);
        match consent(call, &shown, self.renamed.is_empty()) {
            Consent::Shown(end) => end,
            Consent::Given => finish(call, root, programs, &self.plan, Some(&self.record), &done),
        }
    }
}

/// The scheme that a word means, if the installed udev knows it.
fn known(root: &Root, programs: &dyn Programs, host: &Host, word: &str) -> Result<&'static Scheme, Box<Diagnostic>> {
    let Some(udev) = host.udev else {
        let text = "no systemd-udevd is to be seen, so nobody would read the scheme";
        return Err(Diagnostic::error("scheme-no-udev", text).into());
    };
    let scheme = match word {
        "current" => host.current(),
        name => Scheme::named(name),
    };
    let Some(scheme) = scheme else {
        if word == Scheme::LATEST {
            let text =
                "`latest` is another scheme after each upgrade of systemd, and the one that udev takes without a pin";
            return Err(Diagnostic::error("scheme-latest", text)
                .help("pin a version, or `cleat-scheme unpin`")
                .into());
        }
        let text = format!("there is no naming scheme `{word}`");
        return Err(Diagnostic::error("scheme-unknown", text)
            .help("`cleat-scheme list` shows them")
            .into());
    };
    let newer = |note: String| {
        let text = format!(
            "the installed udev {} does not know {scheme} and would take its default",
            udev.version
        );
        Box::new(Diagnostic::error("scheme-too-new", text).note(note))
    };
    if !host.knows(scheme) {
        return Err(newer(format!("{scheme} came with systemd {}", scheme.version)));
    }
    match udev::ask(root, programs, scheme.name) {
        Some(answer) if answer != scheme.name => Err(newer(format!("asked for it, it took {answer}"))),
        _ => Ok(scheme),
    }
}

/// What would keep the scheme from being what names.
fn warnings(root: &Root) -> Vec<Diagnostic> {
    let mut warnings: Vec<Diagnostic> = udev::environment(root)
        .into_iter()
        .map(|path| {
            let text = format!("{path} sets NET_NAMING_SCHEME, which beats the command line");
            Diagnostic::warning("scheme-environment", text)
        })
        .collect();
    if !link_file::Machine::read(root).uses_name_policies() {
        let text = "net.ifnames=0 is on the command line: no scheme names a NIC while it is";
        warnings.push(Diagnostic::warning("scheme-without-names", text));
    }
    warnings
}

/// Whether it is done.
enum Consent {
    /// It is.
    Given,
    /// It was only shown, or nobody wanted it.
    Shown(End),
}

/// Shows what would be done, and asks where there is somebody to ask.
fn consent(call: &Call, shown: &str, harmless: bool) -> Consent {
    let printed = cli::print(shown);
    if call.has("dry-run") || printed != End::Well {
        return Consent::Shown(printed);
    }
    if call.has("yes") {
        return Consent::Given;
    }
    if std::io::stdin().is_terminal() && std::io::stderr().is_terminal() {
        return match agreed() {
            true => Consent::Given,
            false => Consent::Shown(End::Fault),
        };
    }
    if harmless {
        return Consent::Given;
    }
    cli::complain("names would change, and there is no terminal to ask on: nothing was done; --yes does it");
    Consent::Shown(End::Fault)
}

fn agreed() -> bool {
    let mut err = std::io::stderr();
    // A terminal that cannot be written to will not answer either.
    let _ = write!(err, "do this? [y/N] ").and_then(|()| err.flush());
    let mut answer = String::new();
    let read = std::io::stdin().lock().read_line(&mut answer);
    read.is_ok() && matches!(answer.trim(), "y" | "Y" | "yes")
}

fn finish(call: &Call, root: &Root, programs: &dyn Programs, plan: &Plan, record: Option<&Record>, done: &str) -> End {
    let mut progress = |command: &str| cli::complain(&format!("running `{command}`"));
    match apply::apply(root, programs, plan, record, &mut progress) {
        Ok(()) => cli::print(&format!("{done}\n")),
        Err(told) => fault(call, &told, &Sources::new()),
    }
}
