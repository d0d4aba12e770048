//! Makes a staged network configuration the live one, and goes back.

use std::process::ExitCode;

fn main() -> ExitCode {
    cleat_app::commit::PROGRAM.main()
}
