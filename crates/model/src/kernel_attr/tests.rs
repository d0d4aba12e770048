use super::*;

// Second witness: what uname(1) prints on Debian, Proxmox VE and a kernel of kernel.org.
#[test]
fn a_release_is_read_from_what_uname_prints() {
    let first = |text| Release::of(text);
    assert_eq!(first("6.1.0-37-amd64"), Some(Release(6, 1)));
    assert_eq!(first("6.8.12-4-pve"), Some(Release(6, 8)));
    assert_eq!(first("7.0"), Some(Release(7, 0)));
    assert_eq!(first("6.12-rc1"), Some(Release(6, 12)));
    assert_eq!(first("unknown"), None);
    assert!(Release(6, 12) > Release(6, 7) && Release(5, 17) < Release(6, 1) && OLD < Release(5, 10));
}

#[test]
fn one_number_means_another_thing_in_another_place() {
    let header = |nest, kind: &Kind, number| find(nest, kind, number).map(|attr| attr.header);
    assert_eq!(header(Nest::Link, &Kind::Vlan, 4), Some("IFLA_MTU"));
    assert_eq!(header(Nest::Data, &Kind::Bridge, 4), Some("IFLA_BR_AGEING_TIME"));
    assert_eq!(header(Nest::Data, &Kind::Bond, 4), Some("IFLA_BOND_UPDELAY"));
    assert_eq!(header(Nest::Port, &Kind::Bridge, 4), Some("IFLA_BRPORT_MODE"));
    assert_eq!(header(Nest::Data, &Kind::Veth, 4), None);
}

#[test]
fn what_is_the_index_of_a_link_or_found_out_by_the_kernel_is_not_set_by_its_number() {
    let settable = |nest, kind: &Kind, number| find(nest, kind, number).is_some_and(KernelAttr::is_settable);
    assert!(settable(Nest::Port, &Kind::Bridge, 2));
    assert!(!settable(Nest::Port, &Kind::Bridge, 1));
    assert!(!settable(Nest::Data, &Kind::Bond, 11));
    assert!(!settable(Nest::Data, &Kind::Bond, 200));
}

/// What is not kept of a dump is not seen: the option would differ for ever.
#[test]
fn a_snapshot_keeps_every_attribute_of_the_link_itself() {
    for attr in all().filter(|attr| attr.place.nest() == Nest::Link) {
        assert!(
            crate::snapshot::KEPT_LINK_ATTRS.contains(&attr.number),
            "{} is not kept",
            attr.header
        );
    }
}
