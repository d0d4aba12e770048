//! The sections and keys of .link files.

use cleat_diag::Diagnostic;

use super::lines::Assignment;

/// Sections of a .link file. *Source*: systemd.link(5); `[EnergyEfficientEthernet]` since systemd 258.
pub const SECTIONS: &[&str] = &["Match", "Link", "SR-IOV", "EnergyEfficientEthernet"];

/// Keys of `[Match]`. *Source*: systemd.link(5), [MATCH] SECTION OPTIONS.
const MATCH: &str = "MACAddress PermanentMACAddress OriginalName Path Driver Type Kind Property Host Virtualization \
    KernelCommandLine KernelVersion Credential Architecture Firmware";

/// Keys of `[Link]`. *Source*: systemd.link(5), [LINK] SECTION OPTIONS, of systemd 252 to 258.
const LINK: &str = "Description Property ImportProperty UnsetProperty Alias MACAddressPolicy MACAddress NamePolicy Name \
    AlternativeNamesPolicy AlternativeName TransmitQueues ReceiveQueues TransmitQueueLength MTUBytes BitsPerSecond Duplex \
    AutoNegotiation WakeOnLan WakeOnLanPassword Port Advertise ReceiveChecksumOffload TransmitChecksumOffload \
    TCPSegmentationOffload TCP6SegmentationOffload GenericSegmentationOffload GenericReceiveOffload \
    GenericReceiveOffloadHardware LargeReceiveOffload ReceivePacketSteeringCPUMask ReceiveVLANCTAGHardwareAcceleration \
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

/// Keys of `[EnergyEfficientEthernet]`. *Source*: systemd.link(5) of systemd 258.
const ENERGY: &str = "Enable TxLPI TxLPITimerSec LinkMode";

fn keys(section: &str) -> Option<&'static str> {
    match section {
        "Match" => Some(MATCH),
        "Link" => Some(LINK),
        "SR-IOV" => Some(SR_IOV),
        "EnergyEfficientEthernet" => Some(ENERGY),
        _ => None,
    }
}

/// The warning for a key that its section does not have; keys that begin with `X-` are anybody's.
pub fn unknown_key(said: &Assignment) -> Option<Diagnostic> {
    let Assignment {
        section, key, place, ..
    } = said;
    let mut known = keys(section)?.split_whitespace();
    if key.starts_with("X-") || known.clone().any(|one| one == key) {
        return None;
    }
    let found = Diagnostic::warning("link-key-unknown", format!("systemd knows no `{key}` in [{section}]"));
    let found = found.at(*place, "this line is ignored");
    let elsewhere = SECTIONS
        .iter()
        .find(|other| keys(other).is_some_and(|keys| keys.split_whitespace().any(|one| one == key)));
    Some(match (known.find(|one| one.eq_ignore_ascii_case(key)), elsewhere) {
        (Some(same), _) => found.help(format!("write `{same}`: upper and lower case count")),
        (None, Some(other)) => found.help(format!("`{key}` belongs into [{other}]")),
        (None, None) => found,
    })
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
            unknown_key(&said).map(|found| (found.message, found.help))
        };
        assert_eq!(told("Match", "MACAddress"), None);
        assert_eq!(told("Link", "X-Mine"), None);
        let (message, help) = told("Match", "MacAddress").unwrap();
        assert_eq!(message, "systemd knows no `MacAddress` in [Match]");
        assert_eq!(help, ["write `MACAddress`: upper and lower case count"]);
        assert_eq!(told("Match", "Name").unwrap().1, ["`Name` belongs into [Link]"]);
    }
}
