//! Lossless interfaces(5): bytes in, stanzas with places out, the same bytes back.
//!
//! [`parse`] reads one file and never fails: what it cannot read becomes a [`Diagnostic`](cleat_diag::Diagnostic)
//! and stays in the [`Document`] as the line that it is. This crate knows the grammar only: no option but the
//! six hook commands has a meaning here.
//!
//! *Source*: interfaces(5) of Debian's ifupdown 0.8.41 and of ifupdown2; where they differ, what the spec asks for.

mod document;
mod item;
mod lines;
mod parse;
mod range;
mod value;

pub use document::{Document, Line, LineKind};
pub use item::{Class, Family, Iface, Include, Item, Mapping, Opt, RenamePair, Word, is_hook, normalise_key};
pub use parse::parse;
pub use range::expand_range;
pub use value::Value;
