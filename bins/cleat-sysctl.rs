//! Kernel settings: sysctl.d applied and checked, IPv6 and forwarding switched.

use std::process::ExitCode;

fn main() -> ExitCode {
    cleat_app::sysctl::PROGRAM.main()
}
