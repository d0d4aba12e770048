//! Other programs of the host that change what it boots. Injected, so that tests can stand in for them.

use cleat_root::{Root, os_text};
use std::fmt;
use std::io::{self, Read, Write};
use std::os::fd::AsFd;
use std::os::unix::process::ExitStatusExt;
use std::process::{Command, ExitStatus, Stdio};

/// Where programs are looked for below a root.
const DIRECTORIES: [&str; 6] = [
    "/usr/local/sbin",
    "/usr/local/bin",
    "/usr/sbin",
    "/usr/bin",
    "/sbin",
    "/bin",
];

/// Reads what a program writes.
pub type Reader<'a> = &'a mut dyn FnMut(&mut dyn Read) -> io::Result<()>;

/// Runs programs by their words: the name, then the arguments.
pub trait Programs {
    /// Runs a program to its end. What it prints is shown as it comes.
    ///
    /// # Errors
    /// It cannot be started or fails.
    fn run(&self, words: &[&str]) -> Result<(), Failure>;

    /// Runs a program with these variables added to its environment, and gives what it prints on both outputs.
    ///
    /// # Errors
    /// It cannot be started or fails.
    fn answer(&self, words: &[&str], environment: &[(&str, &str)]) -> Result<String, Failure>;

    /// Hands `input` to a program and lets `read` read what comes out.
    ///
    /// # Errors
    /// It cannot be started or fails, or `read` does.
    fn filter(&self, words: &[&str], input: &[u8], read: Reader<'_>) -> Result<(), Failure>;
}

/// Whether a root has a program of that name.
pub fn installed(root: &Root, name: &str) -> bool {
    let mut places = DIRECTORIES.iter().map(|directory| format!("{directory}/{name}"));
    places.any(|path| root.metadata(path).is_ok_and(|found| found.is_file()))
}

/// A program that did not do what it was asked to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Failure {
    /// Its words.
    pub command: String,
    /// Why: `exit code 1`, `cannot be started: No such file or directory`.
    pub reason: String,
    /// The last line that it printed, where that was caught.
    pub said: Option<String>,
}

impl Failure {
    /// A failure of this command.
    pub fn new(words: &[&str], reason: impl Into<String>) -> Self {
        Self {
            command: words.join(" "),
            reason: reason.into(),
            said: None,
        }
    }

    fn start(words: &[&str], error: &io::Error) -> Self {
        Self::new(words, format!("cannot be started: {}", os_text(error)))
    }
}

impl fmt::Display for Failure {
    /// `` `update-grub` failed: exit code 1 ``.
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { command, reason, said } = self;
        write!(out, "`{command}` failed: {reason}")?;
        match said {
            Some(said) => write!(out, ": {said}"),
            None => Ok(()),
        }
    }
}

/// The programs of the host that this runs on.
#[derive(Clone, Copy, Debug)]
pub struct Host;

impl Programs for Host {
    fn run(&self, words: &[&str]) -> Result<(), Failure> {
        let stderr = io::stderr().as_fd().try_clone_to_owned();
        let stdout = stderr.map(Stdio::from).map_err(|error| Failure::start(words, &error))?;
        let status = command(words)?.stdin(Stdio::null()).stdout(stdout).status();
        status
            .map_err(|error| Failure::start(words, &error))
            .and_then(|status| judge(words, status))
    }

    fn answer(&self, words: &[&str], environment: &[(&str, &str)]) -> Result<String, Failure> {
        let output = command(words)?
            .envs(environment.iter().copied())
            .stdin(Stdio::null())
            .output()
            .map_err(|error| Failure::start(words, &error))?;
        let mut text = String::from_utf8_lossy(&output.stdout).into_owned();
        let errors = String::from_utf8_lossy(&output.stderr);
        judge(words, output.status).map_err(|failure| Failure {
            said: errors.lines().rfind(|line| !line.trim().is_empty()).map(str::to_owned),
            ..failure
        })?;
        text.push_str(&errors);
        Ok(text)
    }

    fn filter(&self, words: &[&str], input: &[u8], read: Reader<'_>) -> Result<(), Failure> {
        let mut child = command(words)?
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .map_err(|error| Failure::start(words, &error))?;
        let (Some(mut stdin), Some(mut stdout)) = (child.stdin.take(), child.stdout.take()) else {
            return Err(Failure::new(words, "no pipes to it"));
        };
        let read = std::thread::scope(|scope| {
            scope.spawn(move || {
                // A reader that has what it wanted ends the program, and this with it.
                let _ = stdin.write_all(input);
            });
            let read = read(&mut stdout);
            drop(stdout);
            read
        });
        let ended = child.wait().map_err(|error| Failure::start(words, &error))?;
        judge(words, ended)?;
        read.map_err(|error| Failure::new(words, format!("what it gives cannot be read: {}", os_text(&error))))
    }
}

fn command(words: &[&str]) -> Result<Command, Failure> {
    let Some((program, arguments)) = words.split_first() else {
        return Err(Failure::new(words, "there is no program to run"));
    };
    // What makes an initramfs, what writes the boot loader's configuration, and udevadm.
    #[allow(clippy::disallowed_methods)]
    let mut command = Command::new(program);
    command
        .args(arguments)
        .env("PATH", DIRECTORIES.join(":"))
        .current_dir("/");
    Ok(command)
}

fn judge(words: &[&str], status: ExitStatus) -> Result<(), Failure> {
    match (status.code(), status.signal()) {
        (Some(0), _) => Ok(()),
        (Some(code), _) => Err(Failure::new(words, format!("exit code {code}"))),
        (None, signal) => {
            let number = signal.unwrap_or_default();
            Err(Failure::new(words, format!("killed by signal {number}")))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_failure_says_the_command_the_reason_and_the_last_words() {
        let told = |script| Host.answer(&["sh", "-c", script], &[]).unwrap_err().to_string();
        assert_eq!(
            told("echo no such scheme >&2; exit 3"),
            "`sh -c echo no such scheme >&2; exit 3` failed: exit code 3: no such scheme"
        );
        assert_eq!(told("kill -9 $$"), "`sh -c kill -9 $$` failed: killed by signal 9");
        let lacking = Host.run(&["no-such-program-here"]).unwrap_err();
        assert_eq!(
            lacking.to_string(),
            "`no-such-program-here` failed: cannot be started: No such file or directory"
        );
    }

    #[test]
    fn a_filter_takes_more_than_a_pipe_holds() {
        let input = vec![b'x'; 1 << 20];
        let mut output = Vec::new();
        Host.filter(&["cat"], &input, &mut |from| from.read_to_end(&mut output).map(drop))
            .unwrap();
        assert_eq!(output, input);
    }

    #[test]
    fn the_environment_reaches_the_program() {
        let said = Host.answer(&["sh", "-c", "echo $SCHEME"], &[("SCHEME", "v252")]);
        assert_eq!(said.as_deref(), Ok("v252\n"));
    }
}

/// A stand-in for tests: notes each command, and does what it is told to at each.
#[cfg(test)]
pub(crate) mod testing {
    use super::*;
    use std::cell::RefCell;

    type Act<'a> = Box<dyn Fn(&str) -> Result<String, Failure> + 'a>;

    /// Programs that are none.
    pub(crate) struct Stand<'a> {
        act: Act<'a>,
        calls: RefCell<Vec<String>>,
    }

    impl<'a> Stand<'a> {
        pub(crate) fn new(act: impl Fn(&str) -> Result<String, Failure> + 'a) -> Self {
            Self {
                act: Box::new(act),
                calls: RefCell::default(),
            }
        }

        pub(crate) fn calls(&self) -> Vec<String> {
            self.calls.borrow().clone()
        }
    }

    impl Programs for Stand<'_> {
        fn run(&self, words: &[&str]) -> Result<(), Failure> {
            self.answer(words, &[]).map(drop)
        }

        fn answer(&self, words: &[&str], environment: &[(&str, &str)]) -> Result<String, Failure> {
            let variables = environment.iter().map(|(key, value)| format!("{key}={value} "));
            let call = variables.collect::<String>() + &words.join(" ");
            self.calls.borrow_mut().push(call.clone());
            (self.act)(&call)
        }

        fn filter(&self, words: &[&str], input: &[u8], read: Reader<'_>) -> Result<(), Failure> {
            Host.filter(words, input, read)
        }
    }
}
