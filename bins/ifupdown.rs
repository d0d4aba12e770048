//! The commands of interfaces(5) in one file: ifup, ifdown, ifreload and ifquery, by the name it is called by.

use std::process::ExitCode;

fn main() -> ExitCode {
    cleat_app::run::main(std::env::args_os())
}
