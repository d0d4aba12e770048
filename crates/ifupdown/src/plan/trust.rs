//! Who but root may change what root obeys: the files of the configuration, and the programs that hooks run.

use crate::args::{Args, Input};
use crate::command::Command;
use crate::hooks::scripts::of_phase;
use crate::read::session::Session;
use cleat_diag::Diagnostic;
use cleat_eni::is_hook;
use cleat_model::desired::Phase;
use cleat_store::{changeable, replaceable};
use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

/// Whether a run tells: a boot does, once. Each reload would say the same again.
pub(crate) fn is_for(args: &Args) -> bool {
    args.command == Command::Ifup && args.all && args.input == Input::Standard && !args.no_act
}

/// A warning for each file, and for each directory with such files in it, that others than root may change.
pub fn told(session: &Session) -> Vec<Diagnostic> {
    let files = session.config.files().map(|(_, path)| path.to_owned());
    let scripts = Phase::ALL.into_iter().flat_map(|phase| of_phase(&session.root, phase));
    let all = files.chain(scripts.map(|script| script.path)).chain(programs(session));
    let mut seen = BTreeSet::new();
    let mut found = Vec::new();
    for path in all {
        let own = changeable(&session.root, &path).map(|who| (path.as_path(), who));
        for (path, who) in own.into_iter().chain(replaceable(&session.root, &path)) {
            if seen.insert(path.to_owned()) {
                found.push(warning(path, &who));
            }
        }
    }
    found
}

/// The programs that hook lines name by their path. What a shell finds by itself is not looked for.
fn programs(session: &Session) -> BTreeSet<PathBuf> {
    let options = session.config.ifaces().flat_map(|iface| &iface.options);
    let hooks = options.filter(|option| is_hook(&option.key.value));
    let words = hooks.filter_map(|option| option.value.text.split_whitespace().next());
    words.map(PathBuf::from).filter(|path| path.is_absolute()).collect()
}

fn warning(path: &Path, who: &str) -> Diagnostic {
    let text = format!("{} {who}: that is enough to have root run anything", path.display());
    Diagnostic::warning("changeable-by-others", text).help("`chown root` and `chmod go-w` it")
}
