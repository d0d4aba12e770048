//! What the names of NICs follow from.

use crate::link::host::Host;
use crate::scheme::next::Pinned;
use crate::{initramfs, programs};
use cleat_diag::escaped;
use cleat_naming::policy::ChosenName;
use cleat_naming::{NicFacts, Scheme, Udev, facts};
use cleat_root::Root;

/// What names follow from.
pub(super) struct Names {
    /// As udev sees them at boot.
    pub(super) nics: Vec<NicFacts>,
    pub(super) host: Host,
}

impl Names {
    pub(super) fn read(root: Root) -> Result<Self, String> {
        let nics = facts::nics(&root).map_err(|error| error.to_string())?;
        let mut host = Host::as_far_as_known(&root);
        if root.is_real() {
            host.look_into(&initramfs::look(&root, &programs::Host).0);
        }
        Ok(Self {
            nics: nics.into_iter().map(|nic| host.at_boot(nic)).collect(),
            host,
        })
    }

    /// The udev that the column of a scheme is made with: the one that brought it, but the installed one where it is the
    /// scheme that is pinned.
    pub(super) fn udev_of(&self, scheme: &Scheme) -> Udev {
        match self.pinned() {
            Some(pinned) if pinned.scheme == scheme => self.host.next_boot.udev_for(scheme),
            _ => Udev {
                version: scheme.version,
            },
        }
    }

    pub(super) fn pinned(&self) -> Option<&Pinned> {
        self.host.next_boot.pinned.as_ref()
    }

    /// What every NIC gets from a udev that follows a scheme.
    pub(super) fn choices(&self, scheme: &'static Scheme, udev: Udev) -> Vec<ChosenName> {
        let nics = self.nics.iter();
        nics.map(|nic| self.host.choice(nic, scheme, udev)).collect()
    }
}

/// A line as it is shown, whatever is in the names that it holds.
pub(super) fn line(text: &str) -> String {
    format!("{}\n", escaped(text))
}
