//! The version of udev's naming scheme on the kernel command line: show, pin, unpin, list.

use std::process::ExitCode;

fn main() -> ExitCode {
    cleat_app::scheme::PROGRAM.main()
}
