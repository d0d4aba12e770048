//! QEMU's monitor: one command at a time, events passed over.
//!
//! *Source*: QEMU's docs/interop/qmp-spec.rst.

use std::io::{BufRead, BufReader, Write};
use std::os::unix::net::UnixStream;
use std::time::{Duration, Instant};

use serde_json::{Value, json};

/// The longest that a command may take to be answered.
const LIMIT: Duration = Duration::from_secs(300);

/// An open monitor.
pub struct Monitor {
    from: BufReader<UnixStream>,
    to: UnixStream,
}

impl Monitor {
    /// Takes over a connection that QEMU made: reads its greeting and leaves the negotiation mode.
    pub fn new(stream: UnixStream) -> Result<Self, String> {
        let failed = |error| format!("cannot set up the monitor: {error}");
        stream.set_read_timeout(Some(LIMIT)).map_err(failed)?;
        let from = BufReader::new(stream.try_clone().map_err(failed)?);
        let mut monitor = Self { from, to: stream };
        monitor.line()?;
        monitor.execute("qmp_capabilities", json!({}))?;
        Ok(monitor)
    }

    /// Runs a command and gives what it returns.
    ///
    /// *Errors*: QEMU's own words, with the command.
    pub fn execute(&mut self, command: &str, arguments: Value) -> Result<Value, String> {
        // In one piece: `quit` is obeyed at its last brace.
        let request = format!("{}\n", json!({ "execute": command, "arguments": arguments }));
        self.to
            .write_all(request.as_bytes())
            .map_err(|error| format!("QEMU does not take {command}: {error}"))?;
        loop {
            let answer = self.line().map_err(|error| format!("{command}: {error}"))?;
            if let Some(value) = answer.get("return") {
                return Ok(value.clone());
            }
            if let Some(error) = answer.get("error") {
                return Err(format!(
                    "{command} {arguments}: {}",
                    error["desc"].as_str().unwrap_or("no reason")
                ));
            }
        }
    }

    /// Asks for the status until it is `wanted`.
    pub fn wait_for_status(&mut self, command: &str, wanted: &str, limit: Duration) -> Result<(), String> {
        let start = Instant::now();
        loop {
            let status = self.execute(command, json!({}))?["status"].clone();
            if status == wanted {
                return Ok(());
            }
            if status == "failed" || start.elapsed() > limit {
                return Err(format!("{command}: {status} where {wanted} was expected"));
            }
            std::thread::sleep(Duration::from_millis(20));
        }
    }

    fn line(&mut self) -> Result<Value, String> {
        let mut line = String::new();
        match self.from.read_line(&mut line) {
            Ok(0) => Err("QEMU has ended".to_owned()),
            Ok(_) => serde_json::from_str(&line).map_err(|error| format!("no JSON from QEMU: {error}: {line}")),
            Err(error) => Err(format!("no answer from QEMU: {error}")),
        }
    }
}
