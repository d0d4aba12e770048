//! What we made or set: the record by which we know what is ours to take away.

use crate::desired::Phase;
use crate::name::IfName;
use crate::types::{Address, Fdb, Kind, Route, VlanRange};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// What we did for one interface.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct OwnedLink {
    /// We created the link, of that kind.
    pub created: Option<Kind>,
    /// We set it up.
    pub up: bool,
    /// We made it a port of this master.
    pub master: Option<IfName>,
    /// Addresses that we added.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub addresses: Vec<Address>,
    /// Routes that we added.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub routes: Vec<Route>,
    /// VLANs that we added (of the port, or of the bridge itself).
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub vlans: Vec<VlanRange>,
    /// Forwarding entries that we added.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub fdb: Vec<Fdb>,
    /// Options that we set and that are not at their default: name of the row.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub knobs: Vec<String>,
    /// Hook lines of its stanza when it was brought up, so that it can be taken down after the stanza is gone.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub hooks: Vec<(Phase, String)>,
    /// METHOD and ADDRFAM per stanza, for the scripts.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub stanzas: Vec<(String, String)>,
    /// Options for the scripts' IF_ variables.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub options: Vec<(String, Vec<String>)>,
    /// `no-scripts` held when it was brought up.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub no_scripts: bool,
}

/// What we did, by interface.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Owned {
    /// By name. An interface is configured (`ifquery --state`) when it is in here with `up`.
    pub links: BTreeMap<IfName, OwnedLink>,
}

impl Owned {
    /// The record of that name.
    pub fn get(&self, name: IfName) -> Option<&OwnedLink> {
        self.links.get(&name)
    }

    /// Whether we created the link of that name.
    pub fn created(&self, name: IfName) -> bool {
        self.get(name).is_some_and(|link| link.created.is_some())
    }
}
