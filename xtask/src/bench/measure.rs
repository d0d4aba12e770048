//! Measuring one run of a program: wall clock, CPU and memory.

use std::ffi::OsString;
use std::path::Path;
use std::process::{Command, ExitCode, Stdio};
use std::time::{Duration, Instant};

use nix::sys::resource::{UsageWho, getrusage};
use serde_json::{Value, json};

/// What one run took.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Figures {
    /// From start to end.
    pub wall: Duration,
    /// User and system time of the program and of all it waited for.
    pub cpu: Duration,
    /// The largest single process, in KiB. The measuring process's own (about 2 MiB) is the least it can show.
    pub rss_kib: i64,
}

/// Runs `argv` (a program and its arguments) in the calling thread's namespaces and measures it.
///
/// *Errors*: it cannot be started, or its status is not 0: a text with the last lines it said.
pub fn run(argv: &[&str], scratch: &Path) -> Result<Figures, String> {
    let ourselves = std::env::current_exe().map_err(|error| format!("cannot find xtask: {error}"))?;
    let said = scratch.join("said");
    let output = Command::new(ourselves)
        .arg("bench-measure")
        .arg(&said)
        .args(argv)
        // The system's own python3 and ip, whatever a developer has in front of them.
        .env("PATH", "/usr/sbin:/usr/bin:/sbin:/bin")
        .output()
        .map_err(|error| format!("cannot start the measuring process: {error}"))?;
    let result: Value = serde_json::from_slice(&output.stdout).map_err(|_| {
        format!(
            "the measuring process said: {}",
            String::from_utf8_lossy(&output.stderr).trim()
        )
    })?;
    if result["status"] != 0 {
        let said = String::from_utf8_lossy(&std::fs::read(&said).unwrap_or_default()).into_owned();
        let lines: Vec<&str> = said.lines().collect();
        let last = lines[lines.len().saturating_sub(5)..].join("\n");
        return Err(format!(
            "`{}` ended with status {}:\n{last}",
            argv.join(" "),
            result["status"]
        ));
    }
    let micros = |name: &str| Duration::from_micros(result[name].as_u64().unwrap_or_default());
    Ok(Figures {
        wall: micros("wall_us"),
        cpu: micros("cpu_us"),
        rss_kib: result["rss_kib"].as_i64().unwrap_or_default(),
    })
}

/// The measuring process: `xtask bench-measure OUTPUT PROGRAM ARGS...` runs the program, prints figures as JSON.
///
/// A process of its own for each run, because the kernel adds up the usage of all children of a process.
pub fn main(mut args: lexopt::Parser) -> Result<ExitCode, String> {
    let words: Vec<OsString> = args.raw_args().map_err(|error| error.to_string())?.collect();
    let [said, program, rest @ ..] = &words[..] else {
        return Err("usage: xtask bench-measure OUTPUT PROGRAM [ARGUMENT...]".to_owned());
    };
    let said = crate::process::output_file(Path::new(said))?;
    let errors = said
        .try_clone()
        .map_err(|error| format!("cannot duplicate a file: {error}"))?;
    let mut command = Command::new(program);
    command.args(rest).stdin(Stdio::null()).stdout(said).stderr(errors);
    let start = Instant::now();
    let status = command
        .status()
        .map_err(|error| format!("cannot run {}: {error}", program.display()))?;
    let wall = start.elapsed();
    let usage = getrusage(UsageWho::RUSAGE_CHILDREN).map_err(|errno| format!("cannot read the usage: {errno}"))?;
    let micros = |time: nix::sys::time::TimeVal| time.tv_sec() * 1_000_000 + time.tv_usec();
    let figures = json!({
        "wall_us": u64::try_from(wall.as_micros()).unwrap_or(u64::MAX),
        "cpu_us": micros(usage.user_time()) + micros(usage.system_time()),
        "rss_kib": usage.max_rss(),
        "status": status.code().unwrap_or(-1),
    });
    println!("{figures}");
    Ok(ExitCode::SUCCESS)
}

/// The median of some figures, each quantity on its own; an even number of runs gives the higher of the middle two.
///
/// *Shape*: `None` for no runs.
pub fn median(runs: &[Figures]) -> Option<Figures> {
    fn middle<T: Copy + Ord>(mut all: Vec<T>) -> Option<T> {
        all.sort();
        all.get(all.len() / 2).copied()
    }
    Some(Figures {
        wall: middle(runs.iter().map(|run| run.wall).collect())?,
        cpu: middle(runs.iter().map(|run| run.cpu).collect())?,
        rss_kib: middle(runs.iter().map(|run| run.rss_kib).collect())?,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn figures(millis: u64, rss_kib: i64) -> Figures {
        Figures {
            wall: Duration::from_millis(millis),
            cpu: Duration::from_millis(millis / 2),
            rss_kib,
        }
    }

    #[test]
    fn the_median_is_taken_of_each_quantity_on_its_own() {
        let runs = [figures(30, 1), figures(10, 3), figures(20, 2)];
        assert_eq!(median(&runs), Some(figures(20, 2)));
        assert_eq!(median(&[]), None);
    }
}
