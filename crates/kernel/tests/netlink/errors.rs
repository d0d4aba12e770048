//! What the kernel refuses, and which step it says so of.

use super::*;
use cleat_model::snapshot::IFLA_MTU;
use cleat_model::types::Address;
use cleat_netns as netns;

#[test]
fn of_three_steps_in_one_batch_only_the_second_fails() {
    let _room = netns::enter!(Veth);
    let mut kernel = open();
    done(&mut kernel, &[veth("a", "b")]);
    let mtu = |text, mtu: u32| Op::SetLink {
        name: name(text),
        link: attrs(&[(IFLA_MTU, &mtu.to_ne_bytes())]),
    };
    let before = kernel.requests();
    let answers = kernel.perform(&[mtu("a", 1400), mtu("b", 1_000_000), mtu("lo", 1500)]);
    assert_eq!(kernel.requests() - before, 3);
    // The text is the kernel's own: `ip link set dev b mtu 1000000` prints the same.
    let expected = KernelError {
        errno: 22,
        text: Some("mtu greater than device maximum".to_owned()),
    };
    assert_eq!(answers, [Ok(()), Err(expected.clone()), Ok(())]);
    let said = netns::try_run("ip link set dev b mtu 1000000").expect_err("the kernel refuses this");
    assert!(said.contains(expected.text.as_deref().expect("a text")), "{said}");
    assert_eq!(
        (&ip_link("a")["mtu"], &ip_link("lo")["mtu"]),
        (&1400.into(), &1500.into())
    );
    assert_eq!(ip_link("b")["mtu"], 1500);
}

#[test]
fn the_last_step_of_a_batch_can_fail_too() {
    let _room = netns::enter!(Bridge);
    let mut kernel = open();
    let answers = kernel.perform(&[
        create("br0", Kind::Bridge),
        create("br1", Kind::Bridge),
        create("lo", Kind::Bridge),
    ]);
    let expected = KernelError {
        errno: 17,
        text: Some("there is a link `lo` already".to_owned()),
    };
    assert_eq!(answers, [Ok(()), Ok(()), Err(expected)]);
}

#[test]
fn the_kernels_own_words_are_in_the_error() {
    let _room = netns::enter!(Bridge);
    let mut kernel = open();
    done(&mut kernel, &[create("br0", Kind::Bridge), create("br1", Kind::Bridge)]);
    let enslave = Op::SetMaster {
        name: name("br1"),
        master: Some(name("br0")),
    };
    let error = refused(&mut kernel, &enslave);
    assert_eq!(error.text.as_deref(), Some("Can not enslave a bridge to a bridge"));
    let said = netns::try_run("ip link set br1 master br0").expect_err("the kernel refuses this");
    assert!(said.contains("Can not enslave a bridge to a bridge"), "{said}");
}

#[test]
fn a_kind_that_the_kernel_does_not_have_is_named_with_its_module() {
    let _room = netns::enter!();
    let kind = Kind::Other("nosuchkind".into());
    let error = refused(&mut open(), &create("x0", kind));
    assert_eq!(
        error.to_string(),
        "Operation not supported: the running kernel has no `nosuchkind` links (module `nosuchkind` missing?)"
    );
}

#[test]
fn a_step_on_a_missing_link_says_which_one_is_missing() {
    let _room = netns::enter!(Bridge);
    let mut kernel = open();
    let error = refused(&mut kernel, &up("eno9"));
    assert_eq!(error.to_string(), "No such device: there is no link `eno9`");
    done(&mut kernel, &[create("br0", Kind::Bridge)]);
    let enslave = Op::SetMaster {
        name: name("eno9"),
        master: Some(name("br0")),
    };
    assert_eq!(
        refused(&mut kernel, &enslave).to_string(),
        "No such device: there is no link `eno9`"
    );
}

#[test]
fn a_link_deleted_and_made_anew_behind_our_back_is_found_again() {
    let _room = netns::enter!(Veth);
    let mut kernel = open();
    done(&mut kernel, &[veth("a", "b")]);
    netns::run("ip link del dev a");
    netns::run("ip link add name a type veth peer name b");
    done(&mut kernel, &[up("a")]);
    assert!(ip_link("a")["flags"].to_string().contains("\"UP\""));
    netns::run("ip link del dev a");
    assert_eq!(
        refused(&mut kernel, &up("a")).to_string(),
        "No such device: there is no link `a`"
    );
}

#[test]
fn an_index_that_somebody_else_took_meanwhile_does_not_stop_a_creation() {
    let _room = netns::enter!(Veth, Bridge);
    let mut kernel = open();
    done(&mut kernel, &[create("first", Kind::Bridge)]);
    let last = link(&read(&mut kernel), "first").index;
    // The next two that we would choose.
    netns::run(&format!("ip link add taken1 index {} type bridge", last + 1));
    netns::run(&format!("ip link add taken2 index {} type bridge", last + 2));
    done(
        &mut kernel,
        &[create("br0", Kind::Bridge), veth("a", "b"), up("a"), up("br0")],
    );
    for text in ["a", "br0"] {
        assert!(ip_link(text)["flags"].to_string().contains("\"UP\""));
    }
}

#[test]
fn steps_on_a_link_whose_creation_failed_do_not_reach_another_of_that_name() {
    let _room = netns::enter!(Bridge);
    netns::run("ip link add br0 type bridge");
    let mut kernel = open();
    let answers = kernel.perform(&[create("br0", Kind::Bridge), up("br0")]);
    assert_eq!(answers.iter().filter(|answer| answer.is_err()).count(), 2);
    assert!(!ip_link("br0")["flags"].to_string().contains("\"UP\""));
}

#[test]
fn refusals_without_a_text_of_the_kernel_get_one_of_ours() {
    let _room = netns::enter!(Veth);
    let mut kernel = open();
    done(&mut kernel, &[veth("a", "b")]);
    let from = name("a");
    let rename = Op::RenameLink { from, to: name("b") };
    assert_eq!(
        refused(&mut kernel, &rename).to_string(),
        "File exists: there is a link `b` already"
    );
    let address = Address::plain("192.0.2.1".parse().expect("an address"), 24);
    let add = Op::AddAddress {
        name: from,
        address,
        replace: false,
    };
    done(&mut kernel, std::slice::from_ref(&add));
    // 6.x kernels say "Address already assigned" here, older ones nothing.
    let text = refused(&mut kernel, &add).to_string();
    assert!(
        [
            "File exists: ipv4: Address already assigned",
            "File exists: 192.0.2.1/24 is there already"
        ]
        .contains(&&*text),
        "{text}"
    );
    let conf = Op::SetConf {
        name: from,
        v6: false,
        key: "no_such_key".to_owned(),
        value: 1,
    };
    assert_eq!(
        refused(&mut kernel, &conf).to_string(),
        "No such file or directory: cannot write /proc/sys/net/ipv4/conf/a/no_such_key"
    );
}
