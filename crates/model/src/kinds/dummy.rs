//! Dummy links.

use super::{KindRow, ROW, Told};
use crate::types::Kind;

/// *Source*: `dummy_setup` in drivers/net/dummy.c.
pub(super) static ROWS: &[KindRow] = &[KindRow {
    own: Some(Kind::Dummy),
    word: "dummy",
    called: "a dummy link",
    label: "dummy",
    module: "dummy",
    told_by: &[Told::As("link-type", "dummy")],
    sizes: (0, u64::MAX),
    ..ROW
}];
