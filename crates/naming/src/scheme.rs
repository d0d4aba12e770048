//! The versions of udev's naming scheme: one row each.
//!
//! A new version is one row at the end of [`SCHEMES`], with the flags that it adds to the row before it and those that
//! it takes away, and in [`crate::predict`] what a new flag does.
//!
//! *Source*: systemd.net-naming-scheme(7), section HISTORY; `udevadm test-builtin net_id` for what the page leaves open.

/// One thing that a version of the scheme changed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Flag {
    /// A virtual function is named as its physical function, with `v` and its number behind.
    SrIovVirtual,
    /// The slot number counts in the function number of a device that uses ARI.
    NparAri,
    /// InfiniBand interfaces get names, which begin with `ib`.
    Infiniband,
    /// The number 0 of an onboard device counts.
    ZeroIndex,
    /// A .link file may rename what a program has renamed before.
    AllowRerenames,
    /// `MACAddressPolicy=persistent` holds for virtual interfaces too.
    StableVirtualMacs,
    /// netdevsim interfaces get names.
    Netdevsim,
    /// `ID_NET_LABEL_ONBOARD` has no `en` in front.
    LabelWithoutPrefix,
    /// Names of systemd-nspawn's interfaces on the host are hashed where they are too long.
    NspawnLongHash,
    /// The slot of a bridge is not the slot of what is behind it.
    BridgeNoSlot,
    /// On s390 the slot comes from `function_id`.
    SlotFunctionId,
    /// The number of an onboard device may have 16 bits.
    SixteenBitIndex,
    /// Names that udev rules give are refused where they are all digits, and more signs are replaced.
    ReplaceStrictly,
    /// Xen's network interfaces get names.
    XenVif,
    /// The slot of a bridge is that of a multifunction device behind it.
    BridgeMultifunctionSlot,
    /// Aliases of the devicetree give names.
    DevicetreeAliases,
    /// USB interfaces whose host controller is not on PCI get names.
    UsbHost,
    /// A representor of a virtual function has `r` and its number behind.
    SrIovRepresentor,
    /// The slot is `firmware_node/sun` where the firmware has that.
    FirmwareNodeSun,
    /// Aliases of the devicetree may name the ports of a device.
    DevicetreePortAliases,
    /// `ID_NET_NAME` is `INTERFACE` where nothing was renamed.
    UseInterfaceProperty,
    /// Aliases of the devicetree give names to wireless interfaces too.
    DevicetreeAliasesWlan,
    /// MCTP interfaces get names, which begin with `mc`.
    Mctp,
    /// Sub-functions get names: `S` and their number behind that of their parent.
    AuxiliarySubfunction,
}

/// A version of the naming scheme: a row of [`SCHEMES`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Scheme {
    /// As it is written on the kernel command line: `v252`.
    pub name: &'static str,
    /// The systemd version that brought it. Its number, which orders schemes.
    pub version: u32,
    /// What it adds to the row before.
    pub adds: &'static [Flag],
    /// What it takes away from the rows before.
    pub removes: &'static [Flag],
    /// What an admin would notice, in one line.
    pub about: &'static str,
}

/// Every version there is, oldest first. There are no v242, v244, v246, v248 and v256.
pub const SCHEMES: &[Scheme] = {
    use Flag::*;
    &[
        row(
            238,
            "v238",
            &[],
            &[],
            "names from the firmware's index, the slot, the path and the MAC address",
        ),
        row(
            239,
            "v239",
            &[SrIovVirtual, NparAri],
            &[],
            "virtual functions are named after their physical function; ARI functions by slot and function",
        ),
        row(
            240,
            "v240",
            &[Infiniband, ZeroIndex, AllowRerenames],
            &[],
            "InfiniBand names; onboard number 0; .link files rename what was renamed before",
        ),
        row(
            241,
            "v241",
            &[StableVirtualMacs],
            &[],
            "virtual interfaces get a lasting MAC address; no name changes",
        ),
        row(
            243,
            "v243",
            &[Netdevsim, LabelWithoutPrefix],
            &[],
            "netdevsim names; onboard labels without prefix",
        ),
        row(
            245,
            "v245",
            &[NspawnLongHash],
            &[],
            "long names of containers' interfaces are hashed; no NIC changes",
        ),
        row(
            247,
            "v247",
            &[BridgeNoSlot],
            &[],
            "the slot of a PCI bridge no longer names the NIC behind it",
        ),
        row(
            249,
            "v249",
            &[SlotFunctionId, SixteenBitIndex, ReplaceStrictly],
            &[],
            "s390 slots from function_id; onboard numbers up to 65535",
        ),
        row(250, "v250", &[XenVif], &[], "Xen names: enX0"),
        row(
            251,
            "v251",
            &[BridgeMultifunctionSlot],
            &[],
            "the slot of a PCI bridge names multifunction NICs behind it",
        ),
        row(252, "v252", &[DevicetreeAliases], &[], "devicetree aliases: end0"),
        row(
            253,
            "v253",
            &[UsbHost],
            &[],
            "USB names where the host controller is not on PCI: enu1",
        ),
        row(
            254,
            "v254",
            &[SrIovRepresentor],
            &[],
            "representors of virtual functions: r0 in place of npf0vf0",
        ),
        row(
            255,
            "v255",
            &[],
            &[BridgeMultifunctionSlot],
            "the slot of a PCI bridge names no NIC behind it, as in v247",
        ),
        row(
            257,
            "v257",
            &[FirmwareNodeSun, DevicetreePortAliases],
            &[],
            "the slot that the firmware names (_SUN) goes first; devicetree aliases of ports",
        ),
        row(
            258,
            "v258",
            &[UseInterfaceProperty],
            &[],
            "the property ID_NET_NAME where nothing is renamed; no name changes",
        ),
        row(
            259,
            "v259",
            &[DevicetreeAliasesWlan],
            &[],
            "devicetree aliases for wireless interfaces",
        ),
        row(260, "v260", &[Mctp], &[], "MCTP names: mc"),
        row(
            261,
            "v261",
            &[AuxiliarySubfunction],
            &[],
            "sub-functions: S1 behind the name of their parent",
        ),
    ]
};

/// The newest of them.
pub const NEWEST: &Scheme = &SCHEMES[SCHEMES.len() - 1];

const fn row(
    version: u32,
    name: &'static str,
    adds: &'static [Flag],
    removes: &'static [Flag],
    about: &'static str,
) -> Scheme {
    Scheme {
        name,
        version,
        adds,
        removes,
        about,
    }
}

impl Scheme {
    /// The word for the newest scheme that a udev knows.
    pub const LATEST: &str = "latest";

    /// The scheme of a name as udev takes it: exactly as written in the table.
    ///
    /// *Source*: udev 252, 257 and 262 refuse `252`, `V252`, ` v252` and the empty word.
    pub fn named(name: &str) -> Option<&'static Scheme> {
        SCHEMES.iter().find(|scheme| scheme.name == name)
    }

    /// The newest scheme that a systemd of this version knows, which is its default where its distribution sets no
    /// other: Debian and Proxmox set none. Older versions than the table's first have none.
    pub fn newest_of(systemd: u32) -> Option<&'static Scheme> {
        SCHEMES.iter().rfind(|scheme| scheme.version <= systemd)
    }

    /// Whether this scheme has what `flag` names.
    pub fn has(&self, flag: Flag) -> bool {
        let rows = SCHEMES.iter().filter(|row| row.version <= self.version);
        rows.fold(false, |on, row| {
            (on || row.adds.contains(&flag)) && !row.removes.contains(&flag)
        })
    }
}

impl std::fmt::Display for Scheme {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        out.write_str(self.name)
    }
}
