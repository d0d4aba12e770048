//! Lossless interfaces(5): bytes in, stanzas with places out, the same bytes back.
//!
//! [`parse`] reads one file, [`ConfigSet::load`] a file with all that it sources. Neither ever fails: what cannot be
//! read becomes a [`Diagnostic`](cleat_diag::Diagnostic) and stays in the [`Document`] as the line that it is. This
//! crate knows the grammar only: no option but the six hook commands has a meaning here.
//!
//! *Source*: interfaces(5) of Debian's ifupdown 0.8.41 and of ifupdown2; where they differ, what the spec asks for.

mod config_set;
mod document;
mod edit;
mod head;
mod item;
mod lines;
mod nul;
mod overlay;
mod parse;
mod range;
mod rename;
mod slip;
mod value;

pub use cleat_root::matches as matches_glob;
pub use config_set::ConfigSet;
pub use document::{Document, Line, LineKind};
pub use edit::{Edit, EditError, NewStanza};
pub use item::{Class, Family, Iface, Include, Item, Mapping, Opt, RenamePair, Word, is_hook, normalise_key};
pub use overlay::Replaced;
pub use parse::parse;
pub use range::expand_range;
pub use rename::rename_interface;
pub use slip::{class_meant, distance};
pub use value::Value;
