//! The face for people: `cleat check`, `plan`, `status`, `graph` and `demo`.

pub mod graph;
pub mod links;
