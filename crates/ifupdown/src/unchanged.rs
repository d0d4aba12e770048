//! A reload that asks again what was answered before: nothing to do.
//!
//! A plan follows from the files, the record of what is ours and the kernel, and from nothing else. So where all three
//! are what they were when a plan was empty, it is empty again, and need not be made. Over a thousand links that is
//! most of the time of a reload.

use crate::args::Args;
use crate::command::Command;
use crate::early::Early;
use crate::read::session::Session;
use crate::state::run_files::RunFiles;
use cleat_eni::ConfigSet;
use cleat_kernel::Netlink;
use cleat_model::hash::Fold;
use cleat_model::kernel::Query;
use cleat_model::owned::Owned;
use cleat_root::{Durability, Root};
use log::debug;
use serde::{Deserialize, Serialize};
use std::hash::{Hash, Hasher};
use std::os::unix::fs::MetadataExt;
use std::path::Path;

/// What held when a reload had nothing to do and nothing to say.
#[derive(Debug, PartialEq, Eq, Serialize, Deserialize)]
struct Answered {
    /// The program, the command line, the files and the record of what is ours.
    question: u64,
    /// The dumps that the kernel was compared by: routes, VLANs, forwarding entries, rules.
    dumps: (bool, bool, bool, bool),
    /// [`Netlink::digest`].
    kernel: u64,
    /// The generation that holds the files.
    generation: Option<u32>,
}

/// Whether a run may be answered by what was answered before: a reload of everything, as at each "apply".
pub fn may_be(args: &Args) -> bool {
    let plain = !args.force && !args.no_act && !args.syntax_check && !args.use_current && !args.adopt;
    args.command == Command::Ifreload && args.names.is_empty() && plain
}

/// Whether the same was asked before with nothing to do, and the kernel is as it was then: with the generation that holds
/// the files.
pub fn is_so_still(
    args: &Args,
    root: &Root,
    files: &RunFiles,
    config: &ConfigSet,
    early: Option<&mut Early>,
) -> Option<Option<u32>> {
    if !may_be(args) {
        return None;
    }
    // A journal is that of a run that is under way, or was killed.
    if root.exists(&files.journal) {
        return None;
    }
    let answered = root.read(&files.answered).ok()?;
    let answered: Answered = serde_json::from_slice(&answered).ok()?;
    if question(args, root, files, config) != Some(answered.question) {
        return None;
    }
    let (routes, vlans, fdb, rules) = answered.dumps;
    let query = Query {
        routes,
        vlans,
        fdb,
        rules,
        ..Query::default()
    };
    let now = match early {
        Some(early) => early.kernel.digest(query),
        None => Netlink::open().and_then(|mut kernel| kernel.digest(query)),
    };
    let same = now.is_ok_and(|now| now == Some(answered.kernel));
    debug!(
        "the same was asked before; the kernel is {} it was then",
        if same { "as" } else { "not as" }
    );
    same.then_some(answered.generation)
}

/// What a reload asks, to be written down where there turns out to be nothing to do.
#[derive(Debug)]
pub struct Question {
    /// `None` where a part of it cannot be read.
    number: Option<u64>,
    query: Query,
}

impl Question {
    /// That of this run; nothing of it may change until it is answered.
    pub fn of(args: &Args, session: &Session, owned: &Owned) -> Self {
        Self {
            number: question(args, &session.root, &session.files, &session.config),
            query: session.query(owned),
        }
    }

    /// Writes down that there was nothing to do, with the kernel as the plan was made from.
    pub fn answered(&self, session: &Session, kernel: u64, generation: Option<u32>) {
        let Some(question) = self.number else { return };
        let Query {
            routes,
            vlans,
            fdb,
            rules,
            // Nothing is planned from them.
            neighbours: _,
        } = self.query;
        let answered = Answered {
            question,
            dumps: (routes, vlans, fdb, rules),
            kernel,
            generation,
        };
        // Numbers: there is nothing in it that JSON cannot hold.
        let bytes = serde_json::to_vec(&answered).unwrap_or_default();
        let written = session
            .root
            .write_atomic(&session.files.answered, &bytes, Durability::Volatile);
        if let Err(error) = written {
            debug!("the next reload will have to make its plan: {error}");
        }
    }
}

/// All that a plan is made from but the kernel, as one number; `None` where a part of it cannot be read.
fn question(args: &Args, root: &Root, files: &RunFiles, config: &ConfigSet) -> Option<u64> {
    let mut hasher = Fold::default();
    let program = root.metadata(Path::new("/proc/self/exe")).ok()?;
    (program.len(), program.mtime(), program.mtime_nsec()).hash(&mut hasher);
    (&args.classes, &args.exclude, args.all, args.currently_up).hash(&mut hasher);
    (args.with_depends, args.admin_state, args.no_mappings).hash(&mut hasher);
    for (_, source) in config.sources.iter() {
        (&source.path, source.bytes()).hash(&mut hasher);
    }
    root.read(&files.state).ok()?.hash(&mut hasher);
    Some(hasher.finish())
}
