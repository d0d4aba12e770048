//! `cleat X` for an X that is a program of its own: `cleat-X`, in this file or, where it is another's, from our own
//! directory, from PATH, or from /usr/sbin.

use crate::programs;
use cleat_cli::{End, complain};
use cleat_face::program;
use std::ffi::OsString;
use std::os::unix::process::CommandExt;
use std::path::PathBuf;
use std::process::{Command, ExitCode};

/// Runs the program `cleat-NAME`, or becomes it where it is a file of its own.
pub fn run(name: &str, arguments: &[OsString]) -> ExitCode {
    if let Some(program) = programs::of_name(&format!("cleat-{name}")) {
        return program.call(arguments.iter().cloned());
    }
    let is_word = !name.is_empty() && name.chars().all(|c| c.is_ascii_alphanumeric() || c == '-');
    if is_word {
        let program = format!("cleat-{name}");
        let beside = std::env::current_exe()
            .ok()
            .and_then(|exe| Some(exe.parent()?.join(&program)));
        // A user's search path may lack the directory of the programs for administrators.
        let installed = PathBuf::from("/usr/sbin").join(&program);
        for candidate in beside.into_iter().chain([PathBuf::from(&program), installed]) {
            // `exec` only returns where it failed.
            // `cleat X` is the program `cleat-X`.
            #[allow(clippy::disallowed_methods)]
            let error = Command::new(&candidate).args(arguments).exec();
            if error.kind() != std::io::ErrorKind::NotFound {
                complain(&format!("cannot run {}: {error}\n", candidate.display()));
                return End::Fault.into();
            }
        }
    }
    complain(&program::PROGRAM.unknown(name));
    End::Usage.into()
}
