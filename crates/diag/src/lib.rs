//! What a user sees go wrong: a place in a file, and a diagnostic that points at it.
//!
//! Everything that reads a file keeps the [`Place`] of what it read; everything that finds fault makes a
//! [`Diagnostic`]. Two renderers turn it into text: [`render::terminal`] for people, [`render::line`] for
//! the journal, kmsg and the Proxmox task log.

mod diagnostic;
mod escape;
mod length;
pub mod render;
mod source;

pub use diagnostic::{Diagnostic, Label, Note, Severity, Summary};
pub use escape::{escaped, escaped_lines};
pub use length::length;
pub use source::{FileId, Place, Position, Source, Sources, Span, Spanned};
