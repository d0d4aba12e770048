//! Programs of several Debian releases, unpacked into the cache: the udevs that the predictor of names is compared with,
//! and the dracuts that make an initramfs with our module.

use crate::packages::{self, Consent, Package};
use crate::vm::image;

/// Releases by the folder that what is unpacked of them is kept in, with the packages; the tests look for these folders.
const UNPACKED: [(&str, &str, &str); 5] = [
    ("udev-12", "bookworm", "udev"),
    ("udev-13", "trixie", "udev"),
    ("udev-sid", "sid", "udev"),
    ("dracut-12", "bookworm", DRACUT),
    ("dracut-13", "trixie", DRACUT),
];

/// dracut with what it needs in a root of its own; packages that every Debian has are not pulled in by others.
const DRACUT: &str = "dracut,udev,systemd,kmod,cpio,bash,dash,coreutils,sed,grep,findutils,gzip,mawk,util-linux,mount,\
                      debianutils,libc-bin,base-files";

const UNPACKER: &[Package] = &[Package {
    name: "mmdebstrap",
    why: "unpacks the udevs and dracuts of other Debian releases",
}];

/// Unpacks those that are not there. One that cannot be had is named; the tests that need it are then skipped by name.
pub fn ensure(consent: Consent) {
    for (name, release, include) in UNPACKED {
        let recipe = ["1", release, include].map(str::to_owned);
        let unpacked = image::kept(name, &recipe, |folder| {
            packages::ensure(UNPACKER, consent)?;
            let included = format!("--include={include}");
            // A mirror's list of sid may be some days behind: an older newest udev is as good a witness.
            let valid = "--aptopt=Acquire::Check-Valid-Until \"false\"";
            let mut options = vec!["--variant=extract", &included, valid];
            if include == DRACUT {
                // Debian 12 merges /lib into /usr when it is set up, which nothing does here.
                options.push("--hook-dir=/usr/share/mmdebstrap/hooks/merged-usr");
            }
            image::bootstrap(release, &options, &[], &folder.join("root"), &folder.join("build.log"))
        });
        if let Err(error) = unpacked {
            eprintln!("no {name}: {error}");
        }
    }
}
