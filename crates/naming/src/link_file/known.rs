//! The sections and keys of .link files.

use super::lines::Assignment;
use crate::udev::Udev;
use cleat_diag::Diagnostic;

/// Sections of a .link file. *Source*: systemd.link(5).
pub const SECTIONS: &[&str] = &["Match", "Link", "SR-IOV", ENERGY_SECTION];

/// The section for Energy Efficient Ethernet.
pub(super) const ENERGY_SECTION: &str = "EnergyEfficientEthernet";
/// The systemd that brought it.
const ENERGY_SINCE: u32 = 258;

/// Keys of `[Match]`. *Source*: systemd.link(5), [MATCH] SECTION OPTIONS, and the table of keys in udevadm, of systemd 252
/// to 262.
const MATCH: &str = "MACAddress PermanentMACAddress OriginalName Path Driver Type Kind Property Host Virtualization \
    KernelCommandLine KernelVersion Version Credential Architecture Firmware MachineTag";

/// Keys of `[Link]`. *Source*: systemd.link(5), [LINK] SECTION OPTIONS, and the table of keys in udevadm, of systemd 252 to
/// 262.
const LINK: &str = "Description Property ImportProperty UnsetProperty Alias MACAddressPolicy MACAddress NamePolicy Name \
    AlternativeNamesPolicy AlternativeName TransmitQueues ReceiveQueues TransmitQueueLength MTUBytes BitsPerSecond Duplex \
    AutoNegotiation WakeOnLan WakeOnLanPassword Port Advertise ReceiveChecksumOffload TransmitChecksumOffload \
    ScatterGather ScatterGatherFragmentList TCPSegmentationOffload TCPECNSegmentationOffload \
    TCPMangleIdSegmentationOffload TCP6SegmentationOffload GenericSegmentationOffload PartialGenericSegmentationOffload \
    GenericReceiveOffload GenericReceiveOffloadHardware GenericReceiveOffloadList GenericReceiveOffloadUDPForwarding \
    LargeReceiveOffload ReceivePacketSteeringCPUMask IRQAffinityPolicy IRQAffinity IRQAffinityNUMA ReceiveFCS ReceiveAll \
    ReceiveVLANCTAGHardwareAcceleration \
    TransmitVLANCTAGHardwareAcceleration ReceiveVLANCTAGFilter TransmitVLANSTAGHardwareAcceleration NTupleFilter \
    RxChannels TxChannels OtherChannels CombinedChannels RxBufferSize RxMiniBufferSize RxJumboBufferSize TxBufferSize \
    RxFlowControl TxFlowControl AutoNegotiationFlowControl GenericSegmentOffloadMaxBytes \
    GenericSegmentOffloadMaxSegments UseAdaptiveRxCoalesce UseAdaptiveTxCoalesce RxCoalesceSec RxCoalesceIrqSec \
    RxCoalesceLowSec RxCoalesceHighSec TxCoalesceSec TxCoalesceIrqSec TxCoalesceLowSec TxCoalesceHighSec \
    RxMaxCoalescedFrames RxMaxCoalescedIrqFrames RxMaxCoalescedLowFrames RxMaxCoalescedHighFrames \
    TxMaxCoalescedFrames TxMaxCoalescedIrqFrames TxMaxCoalescedLowFrames TxMaxCoalescedHighFrames CoalescePacketRateLow \
    CoalescePacketRateHigh CoalescePacketRateSampleIntervalSec StatisticsBlockCoalesceSec MDI SR-IOVVirtualFunctions";

/// Keys of `[SR-IOV]`. *Source*: systemd.link(5), [SR-IOV] SECTION OPTIONS.
const SR_IOV: &str = "VirtualFunction VLANId QualityOfService VLANProtocol MACSpoofCheck QueryReceiveSideScaling Trust LinkState MACAddress";

/// Keys of `[EnergyEfficientEthernet]`. *Source*: systemd.link(5) of systemd 258 to 262.
const ENERGY: &str = "Enable TxLowPowerIdle TxLowPowerIdleSec LinkMode";

/// Keys that came after systemd 252, with the version that brought them.
///
/// *Source*: systemd.link(5) of systemd 262, "Added in version", and which of them udevadm of 252 and 257 lacks.
const NEWER: &[(u32, &str, &str)] = &[
    (258, "Match", "Version"),
    (262, "Match", "MachineTag"),
    (
        256,
        "Link",
        "Property ImportProperty UnsetProperty ReceivePacketSteeringCPUMask",
    ),
    (258, "Link", "PartialGenericSegmentationOffload ReceiveFCS ReceiveAll"),
    (
        260,
        "Link",
        "ScatterGather ScatterGatherFragmentList TCPECNSegmentationOffload TCPMangleIdSegmentationOffload \
         GenericReceiveOffloadList GenericReceiveOffloadUDPForwarding IRQAffinityPolicy IRQAffinity IRQAffinityNUMA",
    ),
];

fn keys(section: &str) -> Option<&'static str> {
    match section {
        "Match" => Some(MATCH),
        "Link" => Some(LINK),
        "SR-IOV" => Some(SR_IOV),
        ENERGY_SECTION => Some(ENERGY),
        _ => None,
    }
}

/// The sections that a udev knows; all of them where it is not known.
pub fn sections(udev: Option<Udev>) -> Vec<&'static str> {
    let knows = |section: &&str| *section != ENERGY_SECTION || udev.is_none_or(|udev| udev.version >= ENERGY_SINCE);
    SECTIONS.iter().copied().filter(knows).collect()
}

/// Why a udev ignores an assignment, as a warning: its section has no such key, in that version at least; `None` where it
/// takes it, or anybody's key that begins with `X-`.
pub fn unknown_key(said: &Assignment, udev: Option<Udev>) -> Option<Diagnostic> {
    let Assignment {
        section, key, place, ..
    } = said;
    let mut known = keys(section)?.split_whitespace();
    let warning = |text: String| Diagnostic::warning("link-key-unknown", text).at(*place, "this line is ignored");
    if known.clone().any(|one| one == key) {
        let since = since(section, key);
        let udev = udev.filter(|udev| udev.version < since)?;
        let text = format!("systemd {} does not know `{key}` in [{section}] yet", udev.version);
        return Some(warning(text).help(format!(
            "it came with systemd {since}: remove the line until that is installed"
        )));
    }
    if key.starts_with("X-") {
        return None;
    }
    let found = warning(format!("systemd knows no `{key}` in [{section}]"));
    let elsewhere = SECTIONS
        .iter()
        .find(|other| keys(other).is_some_and(|keys| keys.split_whitespace().any(|one| one == key)));
    Some(match (known.find(|one| one.eq_ignore_ascii_case(key)), elsewhere) {
        (Some(same), _) => found.help(format!("write `{same}`: upper and lower case count")),
        (None, Some(other)) => found.help(format!("`{key}` belongs into [{other}]")),
        (None, None) => found,
    })
}

/// The systemd that brought a known key; 0 for those that 252 has.
fn since(section: &str, key: &str) -> u32 {
    let rows = NEWER.iter().filter(|(_, of, _)| *of == section);
    let mut rows = rows.filter(|(_, _, keys)| keys.split_whitespace().any(|one| one == key));
    rows.next().map_or(0, |(since, ..)| *since)
}

#[cfg(test)]
mod tests {
    use super::*;
    use cleat_diag::{FileId, Place, Span};

    #[test]
    fn an_unknown_key_is_told_with_the_one_that_was_meant() {
        let told = |section: &str, key: &str| {
            let place = Place {
                file: FileId(0),
                span: Span::new(0, 1),
            };
            let said = Assignment {
                section: section.into(),
                key: key.into(),
                value: String::new(),
                place,
            };
            unknown_key(&said, None).map(|found| (found.message, found.help))
        };
        assert_eq!(told("Match", "MACAddress"), None);
        assert_eq!(told("Link", "X-Mine"), None);
        let (message, help) = told("Match", "MacAddress").unwrap();
        assert_eq!(message, "systemd knows no `MacAddress` in [Match]");
        assert_eq!(help, ["write `MACAddress`: upper and lower case count"]);
        assert_eq!(told("Match", "Name").unwrap().1, ["`Name` belongs into [Link]"]);
    }

    /// Second witness: udevadm of systemd 252, 257 and 262, which tests/link_files.rs asks.
    #[test]
    fn a_key_that_is_newer_than_the_installed_systemd_is_ignored_and_told() {
        let told = |key: &str, version: u32| {
            let place = Place {
                file: FileId(0),
                span: Span::new(0, 1),
            };
            let said = Assignment {
                section: "Match".into(),
                key: key.into(),
                value: String::new(),
                place,
            };
            unknown_key(&said, Some(Udev { version })).map(|found| (found.message, found.help))
        };
        let (message, help) = told("MachineTag", 257).unwrap();
        assert_eq!(message, "systemd 257 does not know `MachineTag` in [Match] yet");
        assert_eq!(
            help,
            ["it came with systemd 262: remove the line until that is installed"]
        );
        assert_eq!(told("MachineTag", 262), None);
        assert_eq!(told("Version", 258), None);
        assert_eq!(told("Kind", 252), None);
    }

    #[test]
    fn every_newer_key_is_a_key_of_its_section() {
        for (_, section, newer) in NEWER {
            for key in newer.split_whitespace() {
                assert!(keys(section).unwrap().split_whitespace().any(|one| one == key), "{key}");
            }
        }
        assert!(!sections(Some(Udev { version: 257 })).contains(&ENERGY_SECTION));
        assert!(sections(Some(Udev { version: 258 })).contains(&ENERGY_SECTION));
    }
}
