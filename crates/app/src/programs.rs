//! The programs that are one table each.

use cleat_cli::Program;

/// The programs that are one table each ([`cleat_cli`]); `ifup` and its like have the table of
/// [`cleat_ifupdown::args::flags`].
pub static PROGRAMS: &[&Program] = &[
    &cleat_face::program::PROGRAM,
    &cleat_commit::PROGRAM,
    &cleat_nics::link::PROGRAM,
    &cleat_nics::scheme::PROGRAM,
    &cleat_sysctl::program::PROGRAM,
];

/// The program `cleat-...` of that name.
pub fn of_name(name: &str) -> Option<&'static Program> {
    let mut programs = PROGRAMS.iter().copied();
    programs.find(|program| !program.others && program.name == name)
}
