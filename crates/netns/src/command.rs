//! Running `ip`, `bridge` and other second witnesses in the room.

use std::process::{Command, Stdio};

use serde_json::Value;

/// Runs a command in the calling thread's room and gives its standard output.
///
/// *Shape*: `command` is split at white space; there is no quoting and no shell.
///
/// *Errors*: one line with the command, its status and what it said on standard error.
pub fn try_run(command: &str) -> Result<String, String> {
    let words: Vec<&str> = command.split_whitespace().collect();
    run_words(&words)
}

/// Like [`try_run`], for a test in which the command must succeed: panics with the error.
#[track_caller]
pub fn run(command: &str) -> String {
    match try_run(command) {
        Ok(output) => output,
        Err(error) => panic!("{error}"),
    }
}

/// What `ip -j ARGS` says, for example `ip_json(&["-d", "link"])`.
///
/// *Errors*: panics where `ip` fails or prints something that is not JSON. No output at all is an empty list.
#[track_caller]
pub fn ip_json(args: &[&str]) -> Value {
    json("ip", args)
}

/// What `bridge -j ARGS` says, for example `bridge_json(&["vlan"])`; errors as [`ip_json`].
#[track_caller]
pub fn bridge_json(args: &[&str]) -> Value {
    json("bridge", args)
}

#[track_caller]
fn json(program: &str, args: &[&str]) -> Value {
    let mut words = vec![program, "-j"];
    words.extend_from_slice(args);
    let output = run_words(&words).unwrap_or_else(|error| panic!("{error}"));
    if output.trim().is_empty() {
        return Value::Array(Vec::new());
    }
    serde_json::from_str(&output)
        .unwrap_or_else(|error| panic!("`{}` printed no JSON: {error}\n{output}", words.join(" ")))
}

fn run_words(words: &[&str]) -> Result<String, String> {
    let (program, args) = words.split_first().ok_or("no command given")?;
    let shown = words.join(" ");
    let output = Command::new(program)
        .args(args)
        .stdin(Stdio::null())
        .output()
        .map_err(|error| format!("cannot run `{shown}`: {error}"))?;
    if output.status.success() {
        return Ok(String::from_utf8_lossy(&output.stdout).into_owned());
    }
    let said = String::from_utf8_lossy(&output.stderr);
    Err(format!("`{shown}` failed ({}): {}", output.status, said.trim()))
}
