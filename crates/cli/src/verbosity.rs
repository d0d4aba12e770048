//! How much a program says.

/// How much is said.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Verbosity {
    /// Errors.
    Quiet,
    /// Errors, warnings and what hooks print.
    #[default]
    Normal,
    /// What is done.
    Verbose,
    /// Everything.
    Debug,
}
