//! The rows, by what carries them. Adding an option is adding a row here; [`crate::table`] finds them.

pub mod address;
pub mod bond;
pub mod bond_port;
pub mod bridge;
pub mod bridge_multicast;
pub mod bridge_port;
pub mod ethtool;
pub mod known;
pub mod link;
pub mod virtual_link;
pub mod vlan;
pub mod vxlan;

use crate::attr::Attr;
use crate::kernel_attr::KernelAttr;

/// All files of rows, in the order of the manual.
pub(crate) static FILES: [&[Attr]; 13] = [
    address::ROWS,
    link::ROWS,
    bridge::ROWS,
    bridge_port::ROWS,
    bridge_multicast::ROWS,
    bond::ROWS,
    bond_port::ROWS,
    vlan::ROWS,
    vxlan::ROWS,
    virtual_link::ROWS,
    ethtool::ROWS,
    ethtool::coalesce::ROWS,
    ethtool::offload::ROWS,
];

/// Attributes of links that no option sets: words for a way back, and what a new link has.
pub(crate) static OTHERS: [&[KernelAttr]; 7] = [
    link::OTHERS,
    bridge::OTHERS,
    bridge_port::OTHERS,
    bond::OTHERS,
    bond_port::OTHERS,
    vxlan::OTHERS,
    virtual_link::OTHERS,
];

#[cfg(test)]
mod tests;
