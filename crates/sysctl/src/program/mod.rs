//! `cleat-sysctl`.

mod apply;
mod breaks;
mod check;
mod reading;
mod snippet;
mod switch;

use cleat_cli::Program;

/// `cleat-sysctl`: each verb's row stands beside what it does.
pub static PROGRAM: Program = Program {
    name: "cleat-sysctl",
    about: "cleat-sysctl applies and checks the kernel settings of sysctl.d.",
    others: false,
    closing: "",
    verbs: &[
        apply::VERB,
        check::CHECK,
        check::SHOW,
        switch::IPV6,
        switch::FORWARD,
        switch::PROXY_ARP,
    ],
};
