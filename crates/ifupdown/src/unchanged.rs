//! A reload that asks again what was answered before: nothing to do.
//!
//! A plan follows from the files, the record of what is ours and the kernel, and from nothing else. So where all three
//! are what they were when a plan was empty, it is empty again, and need not be made. Over a thousand links that is
//! most of the time of a reload.
//!
//! What is said beside the plan follows from the settings and the scripts of the host, too, so that they are asked for with
//! the rest. Comments and blank lines say nothing to us: a file that has others is answered as it was, and its bytes become a
//! generation.

use crate::args::{Args, Verbosity};
use crate::command::Command;
use crate::early::Early;
use crate::hooks::scripts;
use crate::read::session::Session;
use crate::state::run_files::RunFiles;
use cleat_eni::{ConfigSet, Line, LineKind};
use cleat_kernel::Host;
use cleat_model::hash::Fold;
use cleat_model::kernel::Query;
use cleat_model::owned::Owned;
use cleat_root::{Durability, Root};
use cleat_settings::Settings;
use log::debug;
use serde::{Deserialize, Serialize};
use std::hash::{Hash, Hasher};
use std::os::unix::fs::MetadataExt;
use std::path::Path;

/// What held when a reload had nothing to do and nothing to say.
#[derive(Debug, PartialEq, Eq, Serialize, Deserialize)]
struct Answered {
    /// The program, the command line, the settings, what the files say, and the record of what is ours.
    question: u64,
    /// The bytes of the files.
    files: u64,
    /// What of the kernel the files were compared with.
    query: Query,
    /// [`Host::digest`].
    kernel: u64,
    /// The generation that holds the files.
    generation: Option<u32>,
}

/// An answer that still holds.
#[derive(Debug)]
pub enum Still {
    /// The files are those that were answered for, and this generation holds them.
    Same(Option<u32>),
    /// The files say the same in other bytes: a comment was written, or a blank line.
    Reworded(Answer),
}

/// The answer to a run, complete but for the generation that holds its files.
#[derive(Debug)]
pub struct Answer(Answered);

/// Whether a run may be answered by what was answered before: a reload of everything, as at each "apply".
pub fn may_be(args: &Args) -> bool {
    let Args {
        command,
        names,
        no_act,
        force,
        syntax_check,
        use_current,
        adopt,
        graph,
        // With these the answer is the same again to the same command line, which is a part of the question.
        all: _,
        classes: _,
        exclude: _,
        input: _,
        with_depends: _,
        skip_uppers: _,
        admin_state: _,
        ignore_errors: _,
        no_mappings: _,
        hotplug: _,
        read_environment: _,
        currently_up: _,
        wait: _,
        lock: _,
        lock_wait: _,
        verbosity: _,
        regardless: _,
        // Of ifquery.
        check: _,
        running: _,
        raw: _,
        list: _,
        state: _,
        syntax_help: _,
        format: _,
    } = args;
    let asks_or_records = *no_act || *syntax_check || *adopt || graph.is_some();
    let does_it_again = *force || *use_current;
    *command == Command::Ifreload && names.is_empty() && !asks_or_records && !does_it_again
}

/// Whether the same was asked before with nothing to do, and the kernel is as it was then; of a run that [`may_be`] answered
/// so.
pub fn is_so_still(
    args: &Args,
    root: &Root,
    files: &RunFiles,
    config: &ConfigSet,
    early: Option<&mut Early>,
) -> Option<Still> {
    // A journal is that of a run that is under way, or was killed.
    if root.exists(&files.journal) {
        return None;
    }
    let answered = root.read(&files.answered).ok()?;
    let answered: Answered = serde_json::from_slice(&answered).ok()?;
    if question(args, root, files, config) != Some(answered.question) {
        return None;
    }
    let now = match early {
        Some(early) => early.kernel.digest(&answered.query),
        None => Host::open().and_then(|mut kernel| kernel.digest(&answered.query)),
    };
    let same = now.is_ok_and(|now| now == Some(answered.kernel));
    debug!(
        "the same was asked before; the kernel is {} it was then",
        if same { "as" } else { "not as" }
    );
    let bytes = bytes_of(config);
    same.then_some(match bytes == answered.files {
        true => Still::Same(answered.generation),
        false => Still::Reworded(Answer(Answered {
            files: bytes,
            ..answered
        })),
    })
}

impl Answer {
    /// Writes it down, for the next reload.
    pub fn keep(self, root: &Root, files: &RunFiles, generation: Option<u32>) {
        let answered = Answered { generation, ..self.0 };
        // Numbers: there is nothing in it that JSON cannot hold.
        let bytes = serde_json::to_vec(&answered).unwrap_or_default();
        if let Err(error) = root.write_atomic(&files.answered, &bytes, Durability::Volatile) {
            debug!("the next reload will have to make its plan: {error}");
        }
    }
}

/// What a reload asks, to be written down where there turns out to be nothing to do.
#[derive(Debug)]
pub struct Question {
    /// `None` where a part of it cannot be read.
    number: Option<u64>,
    files: u64,
    query: Query,
}

impl Question {
    /// That of this run; nothing of it may change until it is answered.
    pub fn of(args: &Args, session: &Session, owned: &Owned) -> Self {
        Self {
            number: question(args, &session.root, &session.files, &session.config),
            files: bytes_of(&session.config),
            query: session.query(owned),
        }
    }

    /// The answer that there was nothing to do, with the kernel as the plan was made from.
    pub fn answered(self, kernel: u64) -> Option<Answer> {
        Some(Answer(Answered {
            question: self.number?,
            files: self.files,
            query: self.query,
            kernel,
            generation: None,
        }))
    }
}

/// All that a plan, and what is said of it, is made from but the kernel, as one number; `None` where a part of it cannot be
/// read.
fn question(args: &Args, root: &Root, files: &RunFiles, config: &ConfigSet) -> Option<u64> {
    let mut hasher = Fold::default();
    let program = root.metadata(Path::new("/proc/self/exe")).ok()?;
    (program.len(), program.mtime(), program.mtime_nsec()).hash(&mut hasher);
    // How much is said does not matter, as there was nothing to say.
    let asked = Args {
        verbosity: Verbosity::default(),
        ..args.clone()
    };
    asked.hash(&mut hasher);
    Settings::written(root).ok()?.hash(&mut hasher);
    scripts::looks(root).hash(&mut hasher);
    for document in &config.documents {
        document.source().path.hash(&mut hasher);
        let says = |line: &&Line| !matches!(line.kind, LineKind::Blank | LineKind::Comment);
        let lines = document.lines().iter().filter(says);
        lines.for_each(|line| document.line_bytes(line).hash(&mut hasher));
    }
    root.read(&files.state).ok()?.hash(&mut hasher);
    Some(hasher.finish())
}

/// The files to the last byte, as one number.
fn bytes_of(config: &ConfigSet) -> u64 {
    let mut hasher = Fold::default();
    for (_, source) in config.sources.iter() {
        (&source.path, source.bytes()).hash(&mut hasher);
    }
    hasher.finish()
}
