//! A wanted network in a few words, and networks by chance: for tests, here and on real kernels.

// Tests: what is wrong is to stop them.
#![allow(clippy::expect_used)]

mod essence;
mod networks;
pub mod trip;
pub mod two_files;

pub(crate) use essence::{differing, essence};
pub use networks::{NICS, Seed, network};

use crate::apply::{Ending, NoHooks, OnError, Outcome, apply};
use crate::desired::{Desired, Hook, Knob, LinkRef, Phase, WantLink, WantVlans, Wanted};
use crate::fake::FakeKernel;
use crate::journal::NoJournal;
use crate::name::IfName;
use crate::owned::Owned;
use crate::plan::{Planned, Request, Verb, plan};
use crate::table;
use crate::types::{Address, Kind, Origin, Route, ScopeId, VlanRange};
use cleat_diag::{FileId, Place, Span, Spanned};

/// A place in no file: that something was said.
pub const SAID: Origin = Origin::Said(Place {
    file: FileId(0),
    span: Span { start: 0, end: 1 },
});

/// A name that is good.
pub fn name(text: &str) -> IfName {
    IfName::new(text).expect("test names are good")
}

/// Another link, named.
pub fn link_ref(text: &str) -> LinkRef {
    LinkRef {
        name: name(text),
        origin: SAID,
    }
}

/// `10.0.0.1/24` as an address with nothing but itself.
pub fn address(text: &str) -> Address {
    let (ip, prefix) = text.split_once('/').expect("an address with its prefix");
    Address::plain(ip.parse().expect("an address"), prefix.parse().expect("a prefix"))
}

/// The default route by that gateway.
pub fn gateway(via: &str) -> Route {
    let via: std::net::IpAddr = via.parse().expect("a gateway");
    let any = if via.is_ipv4() { "0.0.0.0" } else { "::" };
    Route {
        to: (any.parse().expect("any"), 0),
        via: Some(via),
        onlink: false,
        metric: 0,
        table: 254,
        protocol: 3,
        source: None,
        scope: ScopeId(0),
        more: crate::nla::Attrs::new(),
        legs: Vec::new(),
    }
}

/// A range of VLANs.
pub fn range(first: u16, last: u16, pvid: bool, untagged: bool) -> VlanRange {
    VlanRange {
        first,
        last,
        pvid,
        untagged,
    }
}

/// A declared link of that kind.
pub fn link(text: &str, kind: Kind) -> WantLink {
    let mut link = WantLink::new(name(text), SAID);
    link.kind = kind;
    link.declared = true;
    link.classes = vec!["auto".to_owned()];
    link
}

/// Says more of a link.
pub trait Say: Sized {
    /// An option.
    fn set(self, key: &str, value: &str) -> Self;
    /// The link below.
    fn on(self, parent: &str) -> Self;
    /// Its bridge or bond.
    fn in_master(self, master: &str) -> Self;
    /// Its VRF.
    fn in_vrf(self, vrf: &str) -> Self;
    /// Its ports.
    fn with_ports(self, ports: &[&str]) -> Self;
    /// One more address.
    fn addr(self, text: &str) -> Self;
    /// One more default route.
    fn via(self, gateway: &str) -> Self;
    /// Its VLANs.
    fn with_vlans(self, ranges: &[VlanRange]) -> Self;
    /// One more hook line.
    fn hook(self, phase: Phase, command: &str) -> Self;
}

impl Say for WantLink {
    fn set(mut self, key: &str, value: &str) -> Self {
        let attr = table::find(key).expect("a known option");
        self.knobs.push(Knob {
            attr,
            value: attr.parse(value).expect("a good value"),
            origin: SAID,
        });
        self
    }

    fn on(mut self, parent: &str) -> Self {
        self.parent = Some(link_ref(parent));
        self
    }

    fn in_master(mut self, master: &str) -> Self {
        self.master = Some(link_ref(master));
        self
    }

    fn in_vrf(mut self, vrf: &str) -> Self {
        self.master = Some(link_ref(vrf));
        self.in_vrf = true;
        self
    }

    fn with_ports(mut self, ports: &[&str]) -> Self {
        self.ports = ports.iter().map(|port| link_ref(port)).collect();
        self
    }

    fn addr(mut self, text: &str) -> Self {
        self.addresses.push(Wanted {
            value: address(text),
            origin: SAID,
        });
        self
    }

    fn via(mut self, via: &str) -> Self {
        self.routes.push(Wanted {
            value: gateway(via),
            origin: SAID,
        });
        self
    }

    fn with_vlans(mut self, ranges: &[VlanRange]) -> Self {
        self.vlans = Some(WantVlans {
            ranges: ranges.to_vec(),
            origin: Some(SAID),
        });
        self
    }

    fn hook(mut self, phase: Phase, command: &str) -> Self {
        let command = Spanned::new(command.to_owned(), SAID.place().expect("said"));
        self.hooks.push(Hook { phase, command });
        self
    }
}

/// A host: its kernel, and what is ours there.
#[derive(Clone)]
pub struct Host {
    /// Its kernel.
    pub kernel: FakeKernel,
    /// What is ours there.
    pub owned: Owned,
}

impl Host {
    /// A host with NICs of these names, all down.
    pub fn new(nics: &[&str]) -> Self {
        Self {
            kernel: FakeKernel::machine(nics),
            owned: Owned::default(),
        }
    }

    /// What the request would do now.
    pub fn plan(&self, desired: &Desired, request: &Request) -> Planned {
        plan(desired, self.kernel.now(), &self.owned, request)
    }

    /// Plans, applies, and keeps the record.
    pub fn run(&mut self, desired: &Desired, request: &Request, on_error: OnError) -> (Planned, Outcome) {
        let was = self.kernel.now().clone();
        let planned = self.plan(desired, request);
        let outcome = apply(&planned.plan, &mut self.kernel, &mut NoHooks, &mut NoJournal, on_error);
        let (up, down): (&[IfName], &[IfName]) = match request.verb {
            Verb::Down => (&[], &request.scope),
            _ => (&request.scope, &[]),
        };
        let settled = self.owned.settle(desired, self.kernel.now(), up, down);
        let settled = Owned::remembering(settled, &self.owned, &was);
        self.owned = match outcome.ending {
            Ending::Done | Ending::Partly => Owned::with_rules(settled, planned.plan.ops_of(&outcome.done)),
            Ending::PutBack | Ending::Stuck(_) => settled,
        }
        .into_owned();
        (planned, outcome)
    }

    /// Brings all up, and asserts that each step was taken and that a second run has nothing to do.
    pub fn up(&mut self, desired: &Desired) -> Vec<String> {
        self.all(desired, Verb::Up)
    }

    /// Like [`Host::up`], for a reload.
    pub fn reload(&mut self, desired: &Desired) -> Vec<String> {
        self.all(desired, Verb::Reload)
    }

    fn all(&mut self, desired: &Desired, verb: Verb) -> Vec<String> {
        let request = all(verb, desired);
        let (planned, outcome) = self.run(desired, &request, OnError::RollBack);
        assert_eq!(outcome.diagnostics, [], "{}", planned.plan);
        let second = self.plan(desired, &request);
        assert_eq!(
            second.plan.to_string(),
            "",
            "a second run has nothing to do after\n{}",
            planned.plan
        );
        lines(&planned)
    }

    /// Takes these down; answers the steps and what was said.
    pub fn down(&mut self, desired: &Desired, names: &[&str]) -> (Vec<String>, Vec<String>) {
        let request = Request::new(Verb::Down, names.iter().map(|text| name(text)).collect());
        let (planned, outcome) = self.run(desired, &request, OnError::KeepGoing);
        assert_eq!(outcome.diagnostics, [], "{}", planned.plan);
        (lines(&planned), said(&planned))
    }

    /// The name of the master of a port.
    pub fn master_of(&self, port: &str) -> Option<String> {
        let now = self.kernel.now();
        let master = now.by_index(now.get(name(port))?.master?)?;
        Some(master.name.to_string())
    }
}

/// A request for all that is declared.
pub fn all(verb: Verb, desired: &Desired) -> Request {
    let declared = desired.links().iter().filter(|link| link.declared);
    Request::new(verb, declared.map(|link| link.name).collect())
}

/// The steps as text.
pub fn lines(planned: &Planned) -> Vec<String> {
    planned.plan.to_string().lines().map(str::to_owned).collect()
}

/// Code and message of each diagnostic.
pub fn said(planned: &Planned) -> Vec<String> {
    let all = planned.diagnostics.iter();
    all.map(|found| format!("{}[{}]: {}", found.severity.word(), found.code, found.message))
        .collect()
}
