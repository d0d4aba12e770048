//! `cleat-sysctl`, and what the four commands do of sysctl.d(5).

pub mod made;
