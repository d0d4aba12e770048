//! Names of NICs: predict, pin, check, and carry them into the initramfs.

use std::process::ExitCode;

fn main() -> ExitCode {
    cleat_app::link::PROGRAM.main()
}
