//! systemd.link(5) files, read as udev reads them: directories, masks, drop-ins, which file a device gets and why.

mod address;
mod condition;
mod device;
pub(crate) mod directories;
mod known;
mod lines;
mod matching;
mod naming;
mod version;
mod winner;
mod words;
mod write;

pub use address::{HardwareAddress, NoAddress};
pub use condition::{Condition, Holds, Machine};
pub use device::Device;
pub use directories::{DIRECTORIES, LinkFiles};
pub use lines::{Assignment, without};
pub use matching::{Fit, Match};
pub use naming::{LONGEST_NAME, Naming, Policy, is_name};
pub use winner::{Passed, Verdict};
pub use write::{KeyChange, changed};

use std::path::{Path, PathBuf};

/// What becomes of a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FileState {
    /// It is read.
    Read,
    /// It is empty, or a link to /dev/null.
    Masked,
    /// systemd takes nothing from it: it cannot be read, or a line voids it.
    Refused,
    /// Its `[Match]` asks for nothing, so that it is left out.
    MatchesNothing,
}

/// One .link file with its drop-ins.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LinkFile {
    /// Where it is.
    pub path: PathBuf,
    /// Its drop-ins, in the order in which they are read.
    pub drop_ins: Vec<PathBuf>,
    /// What becomes of it.
    pub state: FileState,
    /// Which devices it is for.
    pub matching: Match,
    /// What names it gives.
    pub naming: Naming,
    /// Keys that set something of the device, in the order written: those of [Link] and of [EnergyEfficientEthernet].
    pub settings: Vec<String>,
}

impl LinkFile {
    /// A file of which nothing was read yet.
    fn at(path: PathBuf) -> Self {
        Self {
            path,
            drop_ins: Vec::new(),
            state: FileState::Read,
            matching: Match::default(),
            naming: Naming::default(),
            settings: Vec::new(),
        }
    }

    /// The name that its place in the order follows from.
    pub fn base_name(&self) -> &str {
        self.path.file_name().and_then(|name| name.to_str()).unwrap_or_default()
    }

    /// The directory that it is in.
    pub fn directory(&self) -> &Path {
        self.path.parent().unwrap_or(Path::new("/"))
    }
}
