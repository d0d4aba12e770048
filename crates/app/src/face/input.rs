//! What every verb starts from: the configuration that is asked about, and the kernel as it is.

use super::args::Options;
use crate::args::Input;
use crate::session::Session;
use cleat_kernel::Netlink;
use cleat_model::desired::Desired;
use cleat_model::kernel::{Kernel, Query};
use cleat_model::resolve;
use cleat_model::snapshot::Snapshot;
use cleat_root::Root;
use std::path::Path;

/// Reads the live configuration, or the file that the options name (`-` is standard input).
pub fn session(options: &Options) -> Session {
    let input = match &options.file {
        None => Input::Standard,
        Some(path) if path == Path::new("-") => Input::Stdin,
        Some(path) => Input::File(path.clone()),
    };
    Session::load(Root::real(), &input)
}

/// Reads the kernel. Needs no privilege.
///
/// # Errors
/// One sentence.
pub fn snapshot() -> Result<Snapshot, String> {
    Netlink::open()
        .and_then(|mut kernel| kernel.snapshot(Query::ALL))
        .map_err(|error| format!("cannot read the kernel's links (ip link): {error}"))
}

/// Makes the wanted network of what was read; what is wrong is added to the session's diagnostics.
pub fn resolve(session: &mut Session, snapshot: Option<&Snapshot>) -> Desired {
    let (desired, mut found) = resolve::resolve(&session.decls, snapshot);
    session.diagnostics.append(&mut found);
    desired
}
