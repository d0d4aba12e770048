//! Words for refusals that the kernel leaves without any, or with words that do not say what to do.

use cleat_model::attrs::bridge::VLAN_FILTERING;
use cleat_model::kernel::KernelError;
use cleat_model::op::Op;
use cleat_model::types::Kind;
use nix::libc;

/// Adds a text where there is none; the kernel's own stays, but for the one that says nothing ("Unknown device type").
pub(crate) fn explain(op: &Op, error: &mut KernelError) {
    let silent = error.text.is_none();
    let text = match (op, error.errno) {
        // A kernel without bridges says "Unknown device type"; one that only lacks this option says nothing.
        (Op::CreateLink { kind, data, .. }, libc::EOPNOTSUPP)
            if silent && *kind == Kind::Bridge && data.get(VLAN_FILTERING.number).is_some() =>
        {
            "the running kernel cannot filter VLANs in bridges".to_owned()
        }
        (Op::CreateLink { kind, .. }, libc::EOPNOTSUPP)
            if silent || error.text.as_deref() == Some("Unknown device type") =>
        {
            let module = module(kind);
            format!("the running kernel has no `{kind}` links (module `{module}` missing?)")
        }
        (_, _) if !silent => return,
        (Op::CreateLink { name, kind, .. }, libc::EEXIST) => match kind.row().twin {
            Some(twin) => format!("there is a link `{name}` already, or {twin}"),
            None => format!("there is a link `{name}` already"),
        },
        (Op::RenameLink { to, .. }, libc::EEXIST) => format!("there is a link `{to}` already"),
        (Op::RenameLink { from, .. }, libc::EBUSY) => {
            format!("`{from}` is up, and this kernel only renames links that are down")
        }
        (
            Op::CreateLink {
                parent: Some(parent), ..
            },
            libc::EBUSY,
        ) => format!("`{parent}` is in use by another link"),
        (Op::SetMaster { name, .. }, libc::EBUSY) => format!("`{name}` is in use by another link"),
        (
            Op::SetMaster {
                name,
                master: Some(master),
            },
            libc::EINVAL | libc::EOPNOTSUPP | libc::ELOOP,
        ) => {
            format!("`{name}` cannot be a port of `{master}`")
        }
        (Op::SetPort { name, kind, .. }, libc::EINVAL | libc::EOPNOTSUPP) => {
            format!("`{name}` is not a port of a {kind}, or the kernel does not take the value")
        }
        (Op::SetData { kind, .. }, libc::EOPNOTSUPP) => {
            format!("the running kernel cannot change this on `{kind}` links")
        }
        (
            Op::AddVlans {
                name, on_self: false, ..
            },
            libc::ENOSPC,
        ) => {
            format!("the VLAN filter of `{name}` is full: `rx-vlan-filter off` below its `iface` line leaves it out")
        }
        (Op::AddVlans { name, .. } | Op::DelVlans { name, .. }, libc::EOPNOTSUPP) => {
            format!("`{name}` is not a bridge or bridge port, or the running kernel cannot filter VLANs in bridges")
        }
        (
            Op::CreateLink {
                parent: Some(parent),
                up: true,
                ..
            },
            libc::ENETDOWN,
        ) => format!("`{parent}` is down"),
        (Op::SetUp { name, up: true }, libc::ENETDOWN) => format!("the link below `{name}` is down"),
        (Op::AddAddress { address, .. }, libc::EEXIST) => format!("{address} is there already"),
        (Op::AddAddress { address, .. }, libc::EACCES) if address.ip.is_ipv6() => "IPv6 is off on this link".to_owned(),
        (Op::DelAddress { address, .. }, libc::EADDRNOTAVAIL) => format!("the link has no address {address}"),
        (Op::AddRoute { route, .. }, libc::EEXIST) => {
            format!(
                "a route to {}/{} with this metric is there already",
                route.to.0, route.to.1
            )
        }
        (Op::AddRoute { route, .. }, libc::ENETUNREACH) if route.via.is_some() => {
            "no address of the link covers the gateway".to_owned()
        }
        (Op::AddRoute { .. }, libc::ENETDOWN) => "the link is down".to_owned(),
        (Op::DelRoute { .. }, libc::ESRCH) => "there is no such route".to_owned(),
        (Op::AddFdb { fdb, .. }, libc::EEXIST) => format!("there is an entry for {} already", fdb.mac),
        (Op::DelFdb { fdb, .. }, libc::ENOENT) => format!("there is no entry for {}", fdb.mac),
        (Op::SetAddrGenMode { .. }, libc::EAFNOSUPPORT) => "the link has no IPv6".to_owned(),
        _ => return,
    };
    error.text = Some(text);
}

/// The module that makes links of a kind; where it is not named here it is the kind's own word.
fn module(kind: &Kind) -> &str {
    match kind.row().module {
        "" => kind.word(),
        module => module,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use cleat_model::name::IfName;
    use cleat_model::nla::Attrs;

    fn said(kind: Kind, errno: i32, text: Option<&str>) -> String {
        said_with(kind, Attrs::new(), errno, text)
    }

    fn said_with(kind: Kind, data: Attrs, errno: i32, text: Option<&str>) -> String {
        let op = Op::CreateLink {
            name: IfName::new("x0").expect("a name"),
            kind,
            parent: None,
            peer: None,
            link: Attrs::new(),
            data,
            up: false,
        };
        let mut error = KernelError {
            errno,
            text: text.map(str::to_owned),
        };
        explain(&op, &mut error);
        error.to_string()
    }

    // Second witness: modinfo names the modules of rtnl-link-bond and rtnl-link-vlan bonding and 8021q.
    #[test]
    fn a_missing_kind_is_told_with_the_module_that_makes_it() {
        assert_eq!(
            said(Kind::Bond, libc::EOPNOTSUPP, Some("Unknown device type")),
            "Operation not supported: the running kernel has no `bond` links (module `bonding` missing?)"
        );
        assert_eq!(
            said(Kind::Vlan, libc::EOPNOTSUPP, None),
            "Operation not supported: the running kernel has no `vlan` links (module `8021q` missing?)"
        );
    }

    // Second witness: a 6.18 kernel built without CONFIG_BRIDGE_VLAN_FILTERING, which makes bridges and answers
    // `ip link add br0 type bridge vlan_filtering 1` with EOPNOTSUPP and no text.
    #[test]
    fn bridges_that_cannot_filter_vlans_are_not_told_as_missing() {
        let filtering: Attrs = [(VLAN_FILTERING.number, vec![1])].into_iter().collect();
        assert_eq!(
            said_with(Kind::Bridge, filtering.clone(), libc::EOPNOTSUPP, None),
            "Operation not supported: the running kernel cannot filter VLANs in bridges"
        );
        assert_eq!(
            said_with(Kind::Bridge, filtering, libc::EOPNOTSUPP, Some("Unknown device type")),
            "Operation not supported: the running kernel has no `bridge` links (module `bridge` missing?)"
        );
    }

    #[test]
    fn the_kernels_own_words_are_kept() {
        assert_eq!(
            said(
                Kind::Vxlan,
                libc::EEXIST,
                Some("A VXLAN device with the specified VNI already exists")
            ),
            "File exists: A VXLAN device with the specified VNI already exists"
        );
    }
}
