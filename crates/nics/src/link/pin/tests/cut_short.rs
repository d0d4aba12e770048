//! Runs that a power cut ended, before and after a boot.

use super::*;

#[test]
fn a_run_that_was_cut_short_is_taken_back_by_the_next() {
    let bed = bed();
    let before = snapshot(&bed);
    with_initramfs(&bed);
    cut_while_the_initramfs_is_made(&bed, &filled(&bed, &all()).unwrap());
    assert_eq!(cut_short(&bed.root), Recovered::TakenBack);
    assert!(bed.root.exists("/etc/systemd/network/10-cleat-ennic0.link"));
    let codes: Vec<&str> = faults(&bed.host()).iter().map(|found| found.code).collect();
    assert!(codes.contains(&"pin-cut-short"), "{codes:?}");
    bed.root.remove("/boot/initrd.img-6.1").unwrap();
    let recovered = || recover(&bed.root, &no_programs(), &mut |_| {});
    assert_eq!(recovered(), Ok(Recovered::TakenBack));
    assert_eq!(recovered(), Ok(Recovered::Nothing));
    assert_eq!(snapshot(&bed), before);
}

fn cut_while_the_initramfs_is_made(bed: &Bed, work: &Work) {
    let cut = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| {
        let programs = Stand::new(|_| panic!("the power is gone"));
        do_it(bed, work, &programs)
    }));
    let said = cut.expect_err("the power is gone");
    assert_eq!(said.downcast_ref::<&str>(), Some(&"the power is gone"));
}

/// The boot after the cut makes the staged file the live one, as pvenetcommit.service does: with mv(1). Merged with a
/// change that was made meanwhile it is not the staged one byte for byte, and another may have staged something since.
#[test]
fn a_run_that_was_cut_short_and_whose_configuration_was_committed_is_finished() {
    for (merged, since) in [("", None), ("iface dummy0 inet manual\n", None), ("", Some("auto lo"))] {
        let bed = bed();
        bed.write("/etc/sysctl.d/50-mine.conf", "net.ipv4.conf.enp2s0.rp_filter = 2\n");
        with_initramfs(&bed);
        cut_while_the_initramfs_is_made(&bed, &filled(&bed, &all()).unwrap());
        let staged = bed.read("/etc/network/interfaces.new");
        bed.write("/etc/network/interfaces", &format!("{staged}\n{merged}"));
        bed.root.remove("/etc/network/interfaces.new").unwrap();
        bed.root.remove(cleat_root::paths::STAGED_RECORD).unwrap();
        if let Some(text) = since {
            bed.write("/etc/network/interfaces.new", text);
        }
        // One of the files was lost with the power: it was not flushed yet.
        bed.root.remove("/etc/systemd/network/10-cleat-ennic1.link").unwrap();
        assert_eq!(cut_short(&bed.root), Recovered::Finished);
        let told = faults(&bed.host());
        let cut = told.iter().find(|found| found.code == "pin-cut-short").unwrap();
        assert_eq!(
            cut.help,
            ["its configuration is the live one, so the next one finishes it: run it again"]
        );
        bed.root.remove("/boot/initrd.img-6.1").unwrap();
        let recovered = || recover(&bed.root, &no_programs(), &mut |_| {});
        assert_eq!(recovered(), Ok(Recovered::Finished));
        assert_eq!(recovered(), Ok(Recovered::Nothing));
        assert!(
            bed.read("/etc/network/interfaces")
                .contains("bridge-ports ennic0 ennic1")
        );
        let staged = bed.root.read_text("/etc/network/interfaces.new").ok();
        assert_eq!(staged.as_deref(), since);
        assert_eq!(
            bed.read("/etc/sysctl.d/50-mine.conf"),
            "net.ipv4.conf.ennic1.rp_filter = 2"
        );
        assert_eq!(bed.host().pins.list.len(), 2);
        let told = faults(&bed.host());
        assert_eq!(told, [], "{merged} {since:?}");
    }
}

/// Before anything was staged there is nothing to finish, and an initramfs that cannot be made is tried again.
#[test]
fn what_is_finished_is_not_finished_before_the_initramfs_is() {
    let bed = bed();
    with_initramfs(&bed);
    cut_while_the_initramfs_is_made(&bed, &filled(&bed, &all()).unwrap());
    let staged = bed.read("/etc/network/interfaces.new");
    bed.root.remove("/etc/network/interfaces.new").unwrap();
    assert_eq!(cut_short(&bed.root), Recovered::TakenBack);
    bed.write("/etc/network/interfaces", &staged);
    let failing = Stand::new(|call| Err(crate::programs::Failure::new(&[call], "exit code 1")));
    let told = recover(&bed.root, &failing, &mut |_| {}).unwrap_err();
    assert_eq!(
        texts(&told)[0],
        "initramfs-rebuild: `update-initramfs -u -k all` failed: exit code 1"
    );
    assert_eq!(cut_short(&bed.root), Recovered::Finished);
}
