use crate::attr::Value;
use crate::nla::Attrs;
use crate::table::find;
use crate::types::Kind;

fn number(key: &str, text: &str) -> Result<Value, String> {
    find(key).unwrap().parse(text)
}

// Second witness: golden state 01 (`bridge-fd 0` gives forward_delay 0) and ip-link(8), whose times of bridges are
// hundredths of a second: 2.5 s is 250.
#[test]
fn seconds_of_bridges_are_hundredths_in_the_kernel() {
    assert_eq!(number("bridge-fd", "0"), Ok(Value::Number(0)));
    assert_eq!(number("bridge-fd", "2.5"), Ok(Value::Number(250)));
    assert_eq!(number("bridge-fd", "15.05"), Ok(Value::Number(1505)));
    assert_eq!(find("bridge-fd").unwrap().show(&Value::Number(1505)), "15.05");
    assert_eq!(find("bridge-fd").unwrap().show(&Value::Number(250)), "2.5");
    let accepts = "a number from 0 to 255 with up to two decimals (seconds)".to_owned();
    for wrong in ["", "-1", "1.", ".5", "1.234", "256", "1e2", "fast"] {
        assert_eq!(number("bridge-fd", wrong), Err(accepts.clone()), "{wrong}");
    }
}

#[test]
fn a_whole_number_is_refused_outside_its_range_with_the_range_and_the_unit() {
    assert_eq!(number("bond-miimon", "100"), Ok(Value::Number(100)));
    assert_eq!(
        number("vlan-id", "4095"),
        Err("a whole number from 1 to 4094".to_owned())
    );
    assert_eq!(number("vlan-id", "0"), Err("a whole number from 1 to 4094".to_owned()));
    assert_eq!(
        number("mtu", "+1500"),
        Err("a whole number from 68 to 65536 (bytes)".to_owned())
    );
}

// Second witness: IFLA_VLAN_FLAGS carries struct ifla_vlan_flags { flags, mask } (linux/if_link.h).
#[test]
fn flags_of_one_attribute_are_joined() {
    let mut attrs = Attrs::new();
    assert!(
        find("vlan-gvrp")
            .unwrap()
            .put(&Kind::Vlan, &Value::Number(1), &mut attrs)
    );
    assert!(
        find("vlan-reorder-hdr")
            .unwrap()
            .put(&Kind::Vlan, &Value::Number(0), &mut attrs)
    );
    let expected = [2u32.to_ne_bytes(), 3u32.to_ne_bytes()].concat();
    assert_eq!(attrs.get(2), Some(expected.as_slice()));
    assert_eq!(
        find("vlan-gvrp").unwrap().get(&Kind::Vlan, &attrs),
        Some(Value::Number(1))
    );
    assert_eq!(
        find("vlan-mvrp").unwrap().get(&Kind::Vlan, &attrs),
        Some(Value::Number(0))
    );
}

// Second witness: 0x88a8 is ETH_P_8021AD (linux/if_ether.h), sent in network order.
#[test]
fn a_protocol_is_in_network_order() {
    let attr = find("vlan-protocol").unwrap();
    let mut attrs = Attrs::new();
    assert!(attr.put(&Kind::Vlan, &attr.parse("802.1ad").unwrap(), &mut attrs));
    assert_eq!(attrs.get(5), Some(&[0x88, 0xa8][..]));
}

#[test]
fn an_address_goes_to_the_attribute_of_its_family() {
    let attr = find("vxlan-local-tunnelip").unwrap();
    let number = |text| {
        attr.attr_of(&Kind::Vxlan, &attr.parse(text).unwrap())
            .map(|attr| attr.number)
    };
    assert_eq!(number("192.0.2.1"), Some(4));
    assert_eq!(number("2001:db8::1"), Some(17));
}

#[test]
fn a_hardware_address_may_have_its_type_before_it() {
    let attr = find("hwaddress").unwrap();
    assert_eq!(attr.parse("ether 52:54:00:12:34:56"), attr.parse("52:54:00:12:34:56"));
    assert_eq!(attr.parse("random"), Ok(Value::Drawn));
    assert_eq!(
        attr.parse("chance"),
        Err("a hardware address such as `52:54:00:12:34:56`, or `random`".to_owned())
    );
    assert_eq!(
        find("bond-ad-actor-system").unwrap().parse("random"),
        Err("a hardware address such as `52:54:00:12:34:56`".to_owned())
    );
}

// Second witness: golden state 01 has mcast_startup_query_intvl 3124 for the kernel's default of 31.25 s.
#[test]
fn a_time_that_was_rounded_down_to_the_kernels_tick_is_the_same() {
    let attr = find("bridge-mcsqi").unwrap();
    assert!(attr.same(&Value::Number(3125), &Value::Number(3124)));
    assert!(!attr.same(&Value::Number(3126), &Value::Number(3124)));
    let mtu = find("mtu").unwrap();
    assert!(!mtu.same(&Value::Number(1500), &Value::Number(1499)));
}

// Second witness: `vlan_fill_info` in net/8021q/vlan_netlink.c puts IFLA_VLAN_FLAGS only where a flag is set (and
// tests/attributes.rs on a real kernel).
#[test]
fn flags_that_the_kernel_leaves_out_are_not_set() {
    let attr = find("vlan-reorder-hdr").unwrap();
    let mut link = crate::testing::link(1, "eno1.5", Kind::Vlan, &[2, 0, 0, 0, 0, 1]);
    assert_eq!(attr.read(&link), None);
    link.data.push(1, &5u16.to_ne_bytes());
    assert_eq!(attr.read(&link), Some(Value::Number(0)));
}
