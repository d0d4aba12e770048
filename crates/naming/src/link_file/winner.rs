//! Which file a device gets: the first that matches, and no other.

use super::{Device, FileState, Fit, LinkFile, LinkFiles, Machine};
use std::path::Path;

/// Why a file is not the one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Passed {
    /// It is for other devices: this does not hold.
    Other(String),
    /// It is masked, refused, or matches nothing.
    LeftOut(FileState),
    /// It is for this device if this holds, which cannot be told here.
    Perhaps(String),
    /// It is for this device too, and comes behind the one that is taken.
    Shadowed,
}

/// What udev does with a device.
#[derive(Clone, Debug)]
pub struct Verdict<'a> {
    /// The file that it gets; the rest of the files does nothing to it.
    pub winner: Option<&'a LinkFile>,
    /// What it is taken under, where that is likely and not sure: the order of drivers decides it.
    pub unless: Option<String>,
    /// The other files, in order, each with the reason.
    pub passed: Vec<(&'a LinkFile, Passed)>,
}

impl<'a> Verdict<'a> {
    /// Files that are for this device too and do nothing.
    pub fn shadowed(&self) -> impl Iterator<Item = &'a LinkFile> + '_ {
        let shadowed = self.passed.iter().filter(|(_, why)| *why == Passed::Shadowed);
        shadowed.map(|(file, _)| *file)
    }

    /// Files before the winner of which it cannot be told whether they are for this device.
    pub fn open(&self) -> impl Iterator<Item = (&'a LinkFile, &str)> + '_ {
        self.passed.iter().filter_map(|(file, why)| match why {
            Passed::Perhaps(condition) => Some((*file, condition.as_str())),
            _ => None,
        })
    }
}

impl LinkFiles {
    /// Which file a device gets.
    ///
    /// *Source*: systemd.link(5): "the first (in alphanumeric order) of the link files that matches a given interface is
    /// applied, all later files are ignored, even if they match as well".
    pub fn verdict(&self, device: &Device, machine: &Machine) -> Verdict<'_> {
        let mut verdict = Verdict {
            winner: None,
            unless: None,
            passed: Vec::new(),
        };
        for file in &self.files {
            if file.state != FileState::Read {
                verdict.passed.push((file, Passed::LeftOut(file.state)));
                continue;
            }
            let why = match (file.matching.fit(device, machine), verdict.winner) {
                (Fit::No(reason), _) => Passed::Other(reason),
                (_, Some(_)) => Passed::Shadowed,
                (Fit::Yes, None) => {
                    verdict.winner = Some(file);
                    continue;
                }
                // It was so at this boot.
                (Fit::Perhaps(condition), None) if !file.is_of_this_boot(device) => Passed::Perhaps(condition),
                (Fit::Likely(condition) | Fit::Perhaps(condition), None) => {
                    verdict.winner = Some(file);
                    verdict.unless = Some(condition);
                    continue;
                }
            };
            verdict.passed.push((file, why));
        }
        verdict
    }
}

impl LinkFile {
    /// Whether udev noted at this boot that the device got this file.
    fn is_of_this_boot(&self, device: &Device) -> bool {
        let noted = device.file_of_this_boot();
        // Debian 12's udev names its directory as it was before /usr was merged.
        noted.is_some_and(|noted| self.path == Path::new(noted) || self.path == Path::new(&format!("/usr{noted}")))
    }
}
