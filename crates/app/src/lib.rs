//! (being built)
pub mod face;
