//! A hook that ends when the run that called it is killed, with what it has started.

// The calls between fork(2) and execve(2) are prctl(2), getppid(2), getpid(2) and fcntl(2).
#![allow(unsafe_code)]

use nix::fcntl::{FcntlArg, OFlag, fcntl};
use nix::libc;
use nix::sys::prctl::set_pdeathsig;
use nix::sys::signal::Signal;
use nix::unistd::{getpid, getppid};
use std::io::{self, PipeReader, PipeWriter};
use std::os::fd::{AsRawFd, RawFd};
use std::os::unix::process::CommandExt;
use std::process::Command;

/// `F_SETSIG` of asm-generic/fcntl.h.
const F_SETSIG: i32 = 10;

/// Has the kernel send SIGTERM to a program and all of its process group when this process is gone: nobody would be left to
/// end them at the time limit.
///
/// *Shape*: a pipe that nobody writes to. This process alone holds the end for writing; the program and what it starts hold
/// the other, whose owner for signals is the process group. The kernel closes ours however this process ends, and tells the
/// owner. The program itself gets the signal by prctl(2) as well, in case it closes files that it does not know.
///
/// What a hook leaves in the background when it ends (a DHCP client) is let go before: see [`Tie::let_go`].
#[derive(Debug)]
pub(super) struct Tie {
    held: PipeReader,
    _ours: PipeWriter,
}

impl Tie {
    /// Ties a program that is about to be started in a process group of its own.
    ///
    /// *Errors*: there is no room for a pipe.
    pub fn to(command: &mut Command) -> io::Result<Self> {
        let (held, ours) = io::pipe()?;
        let us = std::process::id().cast_signed();
        let fd = held.as_raw_fd();
        let tie = move || {
            set_pdeathsig(Signal::SIGTERM)?;
            signal_group(fd)?;
            // Gone already, before the kernel knew that it matters.
            match getppid().as_raw() == us {
                true => Ok(()),
                false => Err(io::Error::from(io::ErrorKind::BrokenPipe)),
            }
        };
        // SAFETY: system calls that are allowed between fork(2) and execve(2); neither they nor the errors allocate, and
        // nothing of the parent's is touched.
        unsafe { command.pre_exec(tie) };
        Ok(Self { held, _ours: ours })
    }

    /// Sends no signal any more: what goes on in the background is meant to.
    pub fn let_go(self) {
        // The flag is one of the pipe's end, which is the same for all who hold it.
        let _ = fcntl(&self.held, FcntlArg::F_SETFL(OFlag::empty()));
    }
}

/// Makes the process group of the calling process the owner of the pipe's end, which stays open in what is executed.
///
/// *Source*: fcntl(2), F_SETOWN, F_SETSIG and O_ASYNC; `pipe_release` in fs/pipe.c.
fn signal_group(fd: RawFd) -> io::Result<()> {
    let group = -getpid().as_raw();
    for (command, value) in [
        (libc::F_SETOWN, group),
        (F_SETSIG, libc::SIGTERM),
        (libc::F_SETFL, libc::O_ASYNC),
        (libc::F_SETFD, 0),
    ] {
        // SAFETY: the descriptor is open, and these commands take a number.
        if unsafe { libc::fcntl(fd, command, value) } == -1 {
            return Err(io::Error::last_os_error());
        }
    }
    Ok(())
}
