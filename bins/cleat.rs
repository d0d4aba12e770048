//! The face for people: check, plan, status, graph, demo; `cleat X` runs `cleat-X`.

use std::process::ExitCode;

fn main() -> ExitCode {
    cleat_app::face::run(std::env::args_os().skip(1))
}
