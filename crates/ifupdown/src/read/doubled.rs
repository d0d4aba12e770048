//! Settings of a NIC that its .link file has, too.

use super::session::Session;
use cleat_diag::Diagnostic;
use cleat_naming::link_file::{Device, LinkFiles, Machine};

/// Options, and the key of a .link file that sets the same.
///
/// *Source*: systemd.link(5), \[LINK\] and \[ENERGYEFFICIENTETHERNET\] SECTION OPTIONS.
const KEYS: &[(&str, &str)] = &[
    ("link-speed", "BitsPerSecond"),
    ("link-duplex", "Duplex"),
    ("link-autoneg", "AutoNegotiation"),
    ("ethernet-port", "Port"),
    ("ethernet-wol", "WakeOnLan"),
    ("eee", "Enable"),
    ("eee-tx-lpi", "TxLowPowerIdle"),
    ("eee-tx-timer", "TxLowPowerIdleSec"),
    ("ethernet-pause-autoneg", "AutoNegotiationFlowControl"),
    ("ethernet-pause-rx", "RxFlowControl"),
    ("ethernet-pause-tx", "TxFlowControl"),
    ("ring-rx", "RxBufferSize"),
    ("ring-rx-mini", "RxMiniBufferSize"),
    ("ring-rx-jumbo", "RxJumboBufferSize"),
    ("ring-tx", "TxBufferSize"),
    ("channels-rx", "RxChannels"),
    ("channels-tx", "TxChannels"),
    ("channels-other", "OtherChannels"),
    ("channels-combined", "CombinedChannels"),
    ("rx-offload", "ReceiveChecksumOffload"),
    ("tx-offload", "TransmitChecksumOffload"),
    ("offload-sg", "ScatterGather"),
    ("tso-offload", "TCPSegmentationOffload"),
    ("tso-offload", "TCP6SegmentationOffload"),
    ("gso-offload", "GenericSegmentationOffload"),
    ("gro-offload", "GenericReceiveOffload"),
    ("offload-rx-gro-hw", "GenericReceiveOffloadHardware"),
    ("lro-offload", "LargeReceiveOffload"),
    ("offload-rxvlan", "ReceiveVLANCTAGHardwareAcceleration"),
    ("offload-txvlan", "TransmitVLANCTAGHardwareAcceleration"),
    ("rx-vlan-filter", "ReceiveVLANCTAGFilter"),
    ("offload-tx-vlan-stag-hw-insert", "TransmitVLANSTAGHardwareAcceleration"),
    ("offload-ntuple", "NTupleFilter"),
    ("hardware-irq-coalesce-adaptive-rx", "UseAdaptiveRxCoalesce"),
    ("hardware-irq-coalesce-adaptive-tx", "UseAdaptiveTxCoalesce"),
    ("hardware-irq-coalesce-rx-usecs", "RxCoalesceSec"),
    ("hardware-irq-coalesce-tx-usecs", "TxCoalesceSec"),
    ("hardware-irq-coalesce-rx-frames", "RxMaxCoalescedFrames"),
    ("hardware-irq-coalesce-tx-frames", "TxMaxCoalescedFrames"),
];

/// What udev sets by a .link file when the NIC appears, and a line of the configuration again.
pub fn told(session: &Session) -> Vec<Diagnostic> {
    let said = session.decls.iter().flat_map(|decl| {
        let rows = decl.options.iter().filter_map(|option| Some((option, option.attr?.0)));
        rows.filter(|(_, row)| row.field().is_some())
            .map(move |(option, row)| (decl.name, option, row))
    });
    let said: Vec<_> = said.collect();
    if said.is_empty() {
        return Vec::new();
    }
    let files = LinkFiles::load(&session.root);
    let machine = Machine::read(&session.root);
    let mut found = Vec::new();
    for (name, option, row) in said {
        let verdict = files.verdict(&Device::read(&session.root, name.as_str()), &machine);
        let Some(file) = verdict.winner else { continue };
        let key = KEYS
            .iter()
            .find(|(of, key)| *of == row.name && file.settings.iter().any(|set| set == key));
        if let Some((_, key)) = key {
            let text = format!(
                "`{}` of {name} is set by {}, too (`{key}`)",
                option.key.value,
                file.path.display()
            );
            let told = Diagnostic::info("set-by-link-file", text).at(option.place, "holds, since it comes later");
            found.push(told.on(name).help("write it in one place"));
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::args::Input;
    use cleat_root::{Durability, Root};

    #[test]
    fn every_pair_names_an_option_of_a_nic() {
        for (option, _) in KEYS {
            let row = cleat_model::table::find(option).expect("a row");
            assert!(row.name == *option && row.field().is_some(), "{option}");
        }
    }

    // Second witness: systemd.link(5): RxBufferSize= is the NIC's ring for received frames.
    #[test]
    fn a_setting_of_both_files_is_told_at_its_line_and_no_other() {
        let tree = tempfile::tempdir().unwrap();
        let root = Root::at(tree.path());
        let files = [
            (
                "etc/network/interfaces",
                "auto eno1\niface eno1\n\tring-rx max\n\tgro-offload off\n",
            ),
            (
                "etc/systemd/network/10-eno1.link",
                "[Match]\nOriginalName=eno1\n[Link]\nRxBufferSize=512\nTxBufferSize=512\nGenericReceiveOffload=\n",
            ),
            ("sys/class/net/eno1/type", "1\n"),
            ("sys/class/net/eno1/uevent", "INTERFACE=eno1\nIFINDEX=2\n"),
        ];
        for (path, text) in files {
            root.create_dir_all(std::path::Path::new("/").join(path).parent().unwrap())
                .unwrap();
            root.write_atomic(
                std::path::Path::new("/").join(path),
                text.as_bytes(),
                Durability::Volatile,
            )
            .unwrap();
        }
        let session = Session::load(root, &Input::Standard);
        let told: Vec<String> = told(&session).iter().map(|found| found.message.clone()).collect();
        assert_eq!(
            told,
            ["`ring-rx` of eno1 is set by /etc/systemd/network/10-eno1.link, too (`RxBufferSize`)"]
        );
    }
}
