//! All programs of the host but cleat-early: `cleat`, `cleat-commit` and the like, `ifup` and its like, each by the name
//! that the file is called by.

use std::process::ExitCode;

fn main() -> ExitCode {
    cleat_app::multicall::main(std::env::args_os())
}
