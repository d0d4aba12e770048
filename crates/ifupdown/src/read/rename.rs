//! `rename CUR=NEW` lines of classic ifupdown: links that get their name before anything else is done.

use crate::apply::account::Account;
use crate::args::Args;
use crate::command::Command;
use crate::read::session::Session;
use cleat_diag::{Diagnostic, Place};
use cleat_eni::RenamePair;
use cleat_model::kernel::{Kernel, Query};
use cleat_model::name::IfName;
use cleat_model::op::Op;
use cleat_model::snapshot::{Link, Snapshot};
use cleat_root::{Root, matches, paths};
use std::path::Path;

/// A link that is to get another name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Due {
    /// Its name now.
    pub from: IfName,
    /// The name it gets.
    pub to: IfName,
    /// Where that is said.
    pub place: Place,
}

impl Due {
    /// The step: `ip link set FROM name TO`.
    pub fn op(&self) -> Op {
        Op::RenameLink {
            from: self.from,
            to: self.to,
        }
    }
}

/// Links with other names than the kernel has, or had.
#[derive(Debug, Default)]
pub struct Renames {
    /// Those that are still to get theirs (`--no-act`).
    pub due: Vec<Due>,
    /// Those that got theirs.
    pub done: Vec<Due>,
}

/// Gives links the names that `rename` lines ask for, before anything else. With `--no-act` nothing is done and the
/// renames that are due are answered; an interface named by its old name on the command line gets its new one.
pub(crate) fn of_file(
    args: &Args,
    session: &mut Session,
    kernel: &mut dyn Kernel,
    account: &mut Account,
) -> (Args, Renames) {
    let mut args = args.clone();
    let mut renames = Renames::default();
    if session.decls.renames.is_empty() || args.command == Command::Ifdown {
        return (args, renames);
    }
    let Some(snapshot) = session.snapshot(kernel, Query::default()) else {
        return (args, renames);
    };
    let (dues, mut found) = due(&session.root, &session.decls.renames, &snapshot);
    session.diagnostics.append(&mut found);
    for named in &mut args.names {
        if let Some(due) = dues.iter().find(|due| due.from.as_str() == named.name) {
            named.name = due.to.to_string();
        }
    }
    if args.no_act {
        renames.due = dues;
    } else {
        let (done, mut found) = perform(&dues, kernel, account);
        session.diagnostics.append(&mut found);
        renames.done = done;
    }
    (args, renames)
}

/// The renames that are still to be done: the current name is there and the new one is not.
///
/// *Shape* of the current name: a name, or `VARIABLE/VALUE/N` of interfaces(5), section "pattern matching interfaces":
/// without a variable the value is a shell pattern for names, `mac` is for hardware addresses, anything else names a
/// file in /sys/class/net/IFACE; with N the n-th link that matches.
pub fn due(root: &Root, pairs: &[RenamePair], snapshot: &Snapshot) -> (Vec<Due>, Vec<Diagnostic>) {
    let mut dues: Vec<Due> = Vec::new();
    let mut diagnostics = Vec::new();
    for pair in pairs {
        let to = match IfName::new(&pair.to.value) {
            Ok(to) => to,
            Err(error) => {
                let text = format!("`{}` cannot be the name of an interface: {error}", pair.to.value);
                diagnostics.push(Diagnostic::error("rename-name", text).at(pair.to.place, "the link keeps its name"));
                continue;
            }
        };
        let taken = snapshot.get(to).is_some() || dues.iter().any(|due| due.to == to);
        let Some(link) = find(root, &pair.from.value, snapshot).filter(|link| link.name != to) else {
            continue;
        };
        if !taken {
            let (from, place) = (link.name, pair.from.place);
            dues.push(Due { from, to, place });
        } else if !pair.from.value.contains('/') {
            let text = format!("`{}` cannot be renamed: there is a link `{to}` already", link.name);
            diagnostics.push(
                Diagnostic::error("rename-taken", text)
                    .at(pair.to.place, "")
                    .on(link.name),
            );
        }
    }
    (dues, diagnostics)
}

/// Renames the links, one after the other; what the kernel refuses is reported. Answers what was renamed.
pub fn perform(dues: &[Due], kernel: &mut dyn Kernel, account: &mut Account) -> (Vec<Due>, Vec<Diagnostic>) {
    let (mut done, mut diagnostics) = (Vec::new(), Vec::new());
    for due in dues {
        let op = due.op();
        let Some(answer) = kernel.perform(std::slice::from_ref(&op)).pop() else {
            continue;
        };
        account.did(&op, &answer);
        if let Err(error) = answer {
            let text = format!("cannot rename {} to {} ({op}): {error}", due.from, due.to);
            diagnostics.push(Diagnostic::error("rename-failed", text).at(due.place, "").on(due.to));
        } else {
            done.push(*due);
        }
    }
    (done, diagnostics)
}

/// Gives the links their old names, the last first; what the kernel refuses is reported.
pub fn take_back(dues: &[Due], kernel: &mut dyn Kernel, account: &mut Account) -> Vec<Diagnostic> {
    let mut diagnostics = Vec::new();
    for due in dues.iter().rev() {
        let op = Op::RenameLink {
            from: due.to,
            to: due.from,
        };
        let Some(answer) = kernel.perform(std::slice::from_ref(&op)).pop() else {
            continue;
        };
        account.did(&op, &answer);
        if let Err(error) = answer {
            let text = format!(
                "not all was put back: {} is called {} ({op}): {error}",
                due.from, due.to
            );
            diagnostics.push(Diagnostic::error("not-put-back", text).at(due.place, "").on(due.to));
        }
    }
    diagnostics
}

fn find<'a>(root: &Root, pattern: &str, snapshot: &'a Snapshot) -> Option<&'a Link> {
    let Some((variable, rest)) = pattern.split_once('/') else {
        return snapshot.find(pattern);
    };
    let (value, number) = match rest.split_once('/') {
        Some((value, number)) => (value, number.parse().ok().filter(|number| *number > 0).unwrap_or(1)),
        None => (rest, 1),
    };
    let fits = |link: &&Link| match variable {
        "" => matches(value, link.name.as_str()),
        "mac" => link
            .mac()
            .is_some_and(|mac| matches(&value.to_ascii_lowercase(), &mac.to_string())),
        file => {
            let path = Path::new(paths::SYS_CLASS_NET).join(link.name.as_str()).join(file);
            root.read_text(path).is_ok_and(|text| matches(value, text.trim_end()))
        }
    };
    snapshot.links().iter().filter(fits).nth(number - 1)
}
