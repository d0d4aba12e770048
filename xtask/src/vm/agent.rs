//! The line to the agent in the machine (vm-tests/image/files/usr/lib/vm-tests/agent): one request, one answer.

use std::io::{ErrorKind, Read, Write};
use std::os::unix::net::UnixStream;
use std::time::Duration;

/// An open line.
pub struct Agent {
    stream: UnixStream,
    /// What has come of a line that is not whole yet.
    begun: Vec<u8>,
}

impl Agent {
    /// Takes over the connection that carries the machine's serial line.
    pub fn new(stream: UnixStream) -> Result<Self, String> {
        // Short: every read ends in time to look at the limits.
        stream
            .set_read_timeout(Some(Duration::from_millis(200)))
            .map_err(|error| format!("cannot set up the agent's line: {error}"))?;
        Ok(Self {
            stream,
            begun: Vec::new(),
        })
    }

    /// Waits until a boot other than `last` says that it is ready. Gives the boot's id.
    ///
    /// `go_on` is asked again and again whether to wait longer, and says why not.
    pub fn ready(&mut self, last: Option<&str>, go_on: &dyn Fn() -> Result<(), String>) -> Result<String, String> {
        let failed = |error: String| format!("the machine was not ready: {error}");
        loop {
            let line = self.line(go_on).map_err(failed)?;
            if let Some(boot) = line.strip_prefix("ready ").filter(|boot| Some(*boot) != last) {
                return Ok(boot.to_owned());
            }
        }
    }

    /// Sends a request and waits for the answer to it: an exit status.
    pub fn ask(&mut self, request: &str, go_on: &dyn Fn() -> Result<(), String>) -> Result<i32, String> {
        self.tell(request)?;
        let name = request.strip_prefix("run ").unwrap_or(request);
        let failed = |error: String| format!("no answer to `{request}`: {error}");
        loop {
            let line = self.line(go_on).map_err(failed)?;
            let status = line.strip_prefix("done ").and_then(|rest| rest.strip_prefix(name));
            if let Some(status) = status.and_then(|status| status.trim().parse().ok()) {
                return Ok(status);
            }
            if line.starts_with("ready ") {
                return Err(format!("the machine started anew during `{request}`"));
            }
        }
    }

    /// Sends a request that has no answer.
    pub fn tell(&mut self, request: &str) -> Result<(), String> {
        self.stream
            .write_all(format!("{request}\n").as_bytes())
            .map_err(|error| format!("cannot send `{request}` to the machine: {error}"))
    }

    /// The next whole line.
    fn line(&mut self, go_on: &dyn Fn() -> Result<(), String>) -> Result<String, String> {
        loop {
            if let Some(end) = self.begun.iter().position(|byte| *byte == b'\n') {
                let line: Vec<u8> = self.begun.drain(..=end).collect();
                return Ok(String::from_utf8_lossy(&line).trim().to_owned());
            }
            let mut buffer = [0; 512];
            match self.stream.read(&mut buffer) {
                Ok(0) => {
                    go_on()?;
                    return Err("its serial line was closed".to_owned());
                }
                Ok(length) => self.begun.extend_from_slice(&buffer[..length]),
                Err(error) if matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::TimedOut) => go_on()?,
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                Err(error) => return Err(format!("cannot read its serial line: {error}")),
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pair() -> (Agent, UnixStream) {
        let (here, there) = UnixStream::pair().expect("a socket pair");
        (Agent::new(here).expect("a line"), there)
    }

    #[test]
    fn an_answer_is_the_status_of_what_was_asked_and_noise_is_passed_over() {
        let (mut agent, mut machine) = pair();
        machine
            .write_all(b"SeaBIOS\r\ndone 01 0\ndone 02 3\n")
            .expect("written");
        assert_eq!(agent.ask("run 02", &|| Ok(())), Ok(3));
    }

    #[test]
    fn a_machine_that_says_nothing_is_given_up_at_the_limit() {
        let (mut agent, _machine) = pair();
        assert_eq!(
            agent.ready(None, &|| Err("its time limit is over".to_owned())),
            Err("the machine was not ready: its time limit is over".to_owned())
        );
    }

    #[test]
    fn the_ready_of_the_boot_before_is_not_the_next_one() {
        let (mut agent, mut machine) = pair();
        machine.write_all(b"ready a\nready b\n").expect("written");
        assert_eq!(agent.ready(Some("a"), &|| Ok(())), Ok("b".to_owned()));
    }

    #[test]
    fn a_machine_that_restarts_by_itself_is_noticed() {
        let (mut agent, mut machine) = pair();
        machine.write_all(b"ready b\n").expect("written");
        assert_eq!(
            agent.ask("run 01", &|| Ok(())),
            Err("the machine started anew during `run 01`".to_owned())
        );
    }

    #[test]
    fn a_machine_that_ended_is_told_with_its_reason() {
        let (mut agent, machine) = pair();
        drop(machine);
        assert_eq!(
            agent.ask("ping", &|| Err("it ended".to_owned())),
            Err("cannot send `ping` to the machine: Broken pipe (os error 32)".to_owned())
        );
    }
}
