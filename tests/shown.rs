//! What programs show of text that others wrote: it does nothing to a terminal.

use crate::sysctl::{call, host};
use cleat_netns as netns;

#[test]
fn what_a_file_sets_does_nothing_to_a_terminal_when_it_is_shown() {
    let room = netns::enter!(Veth);
    host(&room, "kernel.odd = a\u{1b}[2J\u{202e}b\tc\n");
    let (_, out, _) = call("show");
    assert_eq!(
        out,
        "kernel.odd = a\\u001b[2J\\u202eb\tc  # /etc/sysctl.d/50-test.conf:1\n"
    );
    let (_, out, _) = call("show --json");
    assert!(!out.contains('\u{202e}'), "{out}");
    let document: serde_json::Value = serde_json::from_str(&out).unwrap();
    assert_eq!(document["settings"][0]["value"], "a\u{1b}[2J\u{202e}b\tc");
}
