//! A hook that ends when the run that called it is killed.

// The calls between fork(2) and execve(2) are prctl(2) and getppid(2).
#![allow(unsafe_code)]

use nix::sys::prctl::set_pdeathsig;
use nix::sys::signal::Signal;
use nix::unistd::getppid;
use std::io;
use std::os::unix::process::CommandExt;
use std::process::Command;

/// Has the kernel send the program SIGTERM when this process is gone: nobody would be left to end it at its time limit. What
/// the program leaves in the background (a DHCP client) does not inherit it.
pub(super) fn ends_with_us(command: &mut Command) {
    let us = std::process::id().cast_signed();
    let tie = move || {
        set_pdeathsig(Signal::SIGTERM)?;
        // Gone already, before the kernel knew that it matters.
        match getppid().as_raw() == us {
            true => Ok(()),
            false => Err(io::Error::from(io::ErrorKind::BrokenPipe)),
        }
    };
    // SAFETY: two system calls that are allowed between fork(2) and execve(2); neither they nor the errors allocate, and
    // nothing of the parent's is touched.
    unsafe { command.pre_exec(tie) };
}
