//! `rename` lines. Source: interfaces(5) of classic ifupdown; second witness: iproute2.

use super::bed::{addresses, call, exists, host};
use cleat_netns::{self as netns, ip_json};

#[test]
fn a_link_is_renamed_before_anything_else_is_done() {
    let room = netns::enter!();
    host(
        &room,
        &["foo"],
        "rename foo=bar\nauto bar\niface bar inet static\n\taddress 192.0.2.2/24\n",
    );
    let plan = call("ifup -n -a");
    assert_eq!(plan.out.lines().next(), Some("ip link set foo name bar"), "{plan:?}");
    assert!(plan.out.contains("ip addr add 192.0.2.2/24 dev bar\n"), "{plan:?}");
    assert!(exists("foo"));
    call("ifup -a").quietly();
    assert!(!exists("foo"));
    assert_eq!(addresses("bar"), ["192.0.2.2/24"]);
    call("ifup -a").quietly();
}

/// "the former command will then automatically be converted to the latter"
#[test]
fn the_old_name_on_the_command_line_means_the_new_one() {
    let room = netns::enter!();
    host(
        &room,
        &["foo"],
        "rename foo=bar\niface bar inet static\n\taddress 192.0.2.2/24\n",
    );
    call("ifup foo").quietly();
    assert_eq!(addresses("bar"), ["192.0.2.2/24"]);
}

#[test]
fn a_link_is_found_by_its_hardware_address() {
    let room = netns::enter!();
    host(&room, &["eth7"], "");
    let mac = ip_json(&["link", "show", "eth7"])[0]["address"]
        .as_str()
        .unwrap()
        .to_owned();
    super::bed::write_interfaces(&format!(
        "rename mac/{}=lan0\nauto lan0\niface lan0 inet manual\n",
        mac.to_uppercase()
    ));
    call("ifup -a").quietly();
    assert!(exists("lan0") && !exists("eth7"));
}

#[test]
fn a_name_that_is_taken_is_told_and_nothing_is_renamed() {
    let room = netns::enter!();
    host(
        &room,
        &["foo", "bar"],
        "rename foo=bar\nauto bar\niface bar inet manual\n",
    );
    let up = call("ifup -a");
    assert_eq!(up.code, 1, "{up:?}");
    assert!(
        up.err.starts_with(
            "error: foo: `foo` cannot be renamed: there is a link `bar` already (/etc/network/interfaces:1:12)"
        ),
        "{up:?}"
    );
    assert!(exists("foo"));
}
