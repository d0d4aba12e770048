//! The udev that does the naming: what it does differs with its version, apart from the scheme that it follows.

use crate::scheme::Scheme;
use cleat_root::Root;

/// A version of udev.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Udev {
    /// As `udevadm --version` says: 252, 257.
    pub version: u32,
}

/// Debian 12's.
pub const DEBIAN_12: Udev = Udev { version: 252 };
/// Debian 13's.
pub const DEBIAN_13: Udev = Udev { version: 257 };

impl Udev {
    /// The one that is installed below this root, as the name of its library says; the newest where there are more.
    pub fn installed(root: &Root) -> Option<Udev> {
        let places = ["/usr/lib/*/systemd", "/usr/lib/systemd", "/lib/systemd"];
        let libraries = places.iter().flat_map(|place| {
            let pattern = format!("{place}/libsystemd-shared-*.so");
            root.glob(&pattern, "/")
        });
        let versions = libraries.filter_map(|path| {
            let name = path.file_name()?.to_str()?;
            let version = name.strip_prefix("libsystemd-shared-")?.strip_suffix(".so")?;
            // `257`, `257.13-1`, `258~rc1`.
            let digits = version.split(|char: char| !char.is_ascii_digit()).next()?;
            digits.parse().ok()
        });
        versions.max().map(|version| Udev { version })
    }

    /// Its newest scheme, which it follows where nothing else is said.
    pub fn default_scheme(self) -> Option<&'static Scheme> {
        Scheme::newest_of(self.version)
    }

    /// The scheme that it takes for a word which names one; `None` where it does not know the word and takes its default.
    ///
    /// *Source*: systemd.net-naming-scheme(7): `latest` is the newest of that udev.
    pub fn scheme_named(self, word: &str) -> Option<&'static Scheme> {
        match word {
            Scheme::LATEST => self.default_scheme(),
            name => Scheme::named(name).filter(|scheme| scheme.version <= self.version),
        }
    }

    /// It was written again in 255: each kind of bus is looked at whatever another gave, an onboard number that cannot
    /// be read leads to the next source, an unreadable `dev_port` to no name at all.
    pub(crate) fn is_rewritten(self) -> bool {
        self.version >= 255
    }

    /// Properties of a device may forbid it to read attributes.
    ///
    /// *Source*: systemd.net-naming-scheme(7): `ID_NET_NAME_ALLOW=`, added in version 256.
    pub(crate) fn filters_attributes(self) -> bool {
        self.version >= 256
    }

    /// The property `ID_NET_NAME_INCLUDE_DOMAIN` says whether the PCI domain is in a name.
    ///
    /// *Source*: NEWS of systemd 258.
    pub(crate) fn knows_include_domain(self) -> bool {
        self.version >= 258
    }

    /// What of an InfiniBand port is taken for its number where `dev_port` is 0: `dev_id`, to be read in this base.
    pub(crate) fn dev_id_base(self) -> Option<crate::number::Base> {
        use crate::number::Base;
        match self.version {
            ..255 => Some(Base::Fixed(10)),
            255..258 => Some(Base::Written),
            258.. => None,
        }
    }

    /// The base of the digits that a device's name ends with, where those are its number; before 255 a number is what
    /// follows the kind (`netdevsim1a2` is 1, and not 2).
    ///
    /// *Source*: `netdevsim08` and `netdevsim010` put to 252, 257 and 262.
    pub(crate) fn device_number_base(self) -> Option<crate::number::Base> {
        use crate::number::Base;
        match self.version {
            ..255 => None,
            255..258 => Some(Base::Written),
            258.. => Some(Base::Fixed(10)),
        }
    }

    /// A port name that is not clean text counts as absent; for others it means no name, or does not matter.
    pub(crate) fn port_name_check(self) -> TextCheck {
        match self.version {
            ..253 | 258.. => TextCheck::Ignored,
            253 | 254 => TextCheck::None,
            255..258 => TextCheck::NoName,
        }
    }
}

/// What udev makes of a text with control characters, or that is not UTF-8.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum TextCheck {
    /// It is taken as it is.
    None,
    /// It is as if the text were not there.
    Ignored,
    /// There is no name then.
    NoName,
}
