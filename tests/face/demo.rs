//! `cleat demo`, the whole tour.

use super::bed::cleat;
use cleat_netns as netns;

#[test]
fn the_tour_loses_no_packet_and_leaves_nothing_behind() {
    let _room = netns::enter!(Bridge, Veth);
    netns::run("ip link add vmbr0 type bridge");
    let before = netns::ip_json(&["-d", "link"]);
    let tour = cleat("demo");
    assert_eq!(tour.code, Some(0), "{}\n{}", tour.out, tour.err);
    for part in [
        "+ ip link add vmbr0 ",
        "│ ● eno1 ├───┤ ● vmbr0              ├───┤ ● tap100i0  VM 100 │",
        "guests on vmbr0 (tap100i0): would notice nothing\n",
        "\nguest to host: 150 sent, 150 answered, 0 lost\n",
        "\nguest to gateway: 150 sent, 150 answered, 0 lost\n",
        "\nlost packets: 0\n",
        "nothing to do: the network is as declared\n",
        "The bridge stays, and the guest still reaches the host.\n",
    ] {
        assert!(tour.out.contains(part), "{part:?} is not in\n{}", tour.out);
    }
    // The refusal is reported where errors are told.
    assert!(tour.err.contains("[bridge-has-guests]"), "{}", tour.err);
    // Its vmbr0 was another one, in another network: here nothing came, went or changed.
    assert_eq!(netns::ip_json(&["-d", "link"]), before);
    assert!(!std::path::Path::new("/run/cleat/state.json").exists());
}
