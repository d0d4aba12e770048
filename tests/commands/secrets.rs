//! What may be a secret stays out of what a run says, at every verbosity: the journal is read by others than root.

use super::bed::{call, host};
use cleat_netns as netns;

const INTERFACES: &str = "wpa-psk S3CRET-outside\n\
auto lo\niface lo inet loopback\n\
auto eno1\niface eno1 inet static\n\
\taddress 192.0.2.1/24\n\
\twpa-psk S3CRET\n\twpa_psk S3CRET \\\n\t  S3CRET\n\twpa-pskk S3CRET\n\twpapsk S3CRET\n\
\twireless-key S3CRET\n\twireless-key1 s:S3CRET\n\twpa-private-key-passwd S3CRET\n\
\tpassword S3CRET\n\tpre-shared-key S3CRET\n\tmacsec-cak S3CRET\n\
\tpre-up true --password=S3CRET\n\tup false S3CRET\n\tup TOKEN=S3CRET true\n";

#[test]
fn keys_and_hook_lines_are_in_no_log_however_much_is_said() {
    let room = netns::enter!(Veth);
    host(&room, &["eno1"], INTERFACES);
    for line in [
        "ifup -a",
        "ifup -a -v --force",
        "ifup -a -d --force",
        "ifreload -a -d",
        "ifdown eno1 -d",
    ] {
        let called = call(line);
        assert!(!called.err.contains("S3CRET"), "{line}: {called:?}");
        assert!(!called.out.contains("S3CRET"), "{line}: {called:?}");
        if line.contains("--force -d") || line.contains("-d --force") {
            assert!(called.err.contains("debug: eno1: pre-up: true ..."), "{called:?}");
        }
    }
}
