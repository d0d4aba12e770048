//! The plan of a run: what it takes along from the host, and what is said of it before it is applied.

mod conversations;
pub mod forewarn;
pub mod pipeline;
pub mod trust;
