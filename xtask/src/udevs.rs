//! The udevs of several Debian releases, unpacked into the cache: what the predictor of names is compared with.

use crate::packages::{self, Consent, Package};
use crate::vm::image;

/// Releases by the folder that theirs is kept in; the tests look for `udev-*`.
const RELEASES: [(&str, &str); 3] = [("udev-12", "bookworm"), ("udev-13", "trixie"), ("udev-sid", "sid")];

const UNPACKER: &[Package] = &[Package {
    name: "mmdebstrap",
    why: "unpacks the udevs of other Debian releases",
}];

/// Unpacks those that are not there. One that cannot be had is named; the tests that need it are then skipped by name.
pub fn ensure(consent: Consent) {
    for (folder, release) in RELEASES {
        let recipe = ["1", release, "udev"].map(str::to_owned);
        let unpacked = image::kept(folder, &recipe, |folder| {
            packages::ensure(UNPACKER, consent)?;
            // A mirror's list of sid may be some days behind: an older newest udev is as good a witness.
            let valid = "--aptopt=Acquire::Check-Valid-Until \"false\"";
            let options = ["--variant=extract", "--include=udev", valid];
            image::bootstrap(release, &options, &[], &folder.join("root"), &folder.join("build.log"))
        });
        if let Err(error) = unpacked {
            eprintln!("no udev of {release}: {error}");
        }
    }
}
