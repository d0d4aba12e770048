//! Time limits that a busy host does not break: they count the time in which the machines had a CPU or wanted none, not
//! the time in which they waited for one.

use std::time::{Duration, Instant};

/// However busy the host is, a limit is over after this many times its length.
const AT_MOST: u32 = 8;

/// When a scenario is over.
#[derive(Clone, Copy, Debug)]
pub struct Deadline {
    start: Instant,
    limit: Duration,
    /// No time is given after this, however long the machines had to wait.
    last: Instant,
}

impl Deadline {
    /// A limit that begins now, and ends at `last` in any case.
    pub fn new(limit: Duration, last: Instant) -> Self {
        let start = Instant::now();
        Self {
            start,
            limit,
            last: last.min(start + limit * AT_MOST),
        }
    }

    /// Moves the end: a machine that `waited` for a CPU is replaced by one that has not yet.
    pub fn extend(&mut self, waited: Duration) {
        self.limit += waited;
    }

    /// The time left to machines that have `waited` for a CPU since the beginning.
    ///
    /// *Errors*: there is none.
    pub fn left(&self, waited: Duration) -> Result<Duration, String> {
        let now = Instant::now();
        let had = now.duration_since(self.start).saturating_sub(waited);
        let left = self
            .limit
            .saturating_sub(had)
            .min(self.last.saturating_duration_since(now));
        if left.is_zero() {
            return Err(format!(
                "its time limit is over: {} s, of which {} s were waiting for a CPU of the host",
                now.duration_since(self.start).as_secs(),
                waited.as_secs()
            ));
        }
        Ok(left)
    }
}

/// How long the threads of a process have waited for a CPU: the one that waited longest, which is the machine's own CPU.
///
/// *Source*: Documentation/scheduler/sched-stats.rst of Linux, /proc/PID/schedstat: the second number, nanoseconds.
pub fn waited_for_cpu(pid: u32) -> Duration {
    let threads = std::fs::read_dir(format!("/proc/{pid}/task"));
    threads
        .into_iter()
        .flatten()
        .filter_map(|thread| std::fs::read_to_string(thread.ok()?.path().join("schedstat")).ok())
        .filter_map(|text| text.split_whitespace().nth(1)?.parse().ok())
        .max()
        .map_or(Duration::ZERO, Duration::from_nanos)
}

#[cfg(test)]
mod tests {
    use super::*;

    const HOUR: Duration = Duration::from_secs(3600);

    #[test]
    fn time_spent_waiting_for_a_cpu_is_given_back() {
        let deadline = Deadline {
            start: Instant::now() - 2 * HOUR,
            limit: HOUR,
            last: Instant::now() + HOUR,
        };
        let over = deadline.left(Duration::ZERO).expect_err("two hours of one");
        assert_eq!(
            over,
            "its time limit is over: 7200 s, of which 0 s were waiting for a CPU of the host"
        );
        assert!(deadline.left(HOUR + HOUR / 2).is_ok_and(|left| left <= HOUR / 2));
    }

    #[test]
    fn the_last_moment_holds_however_long_the_wait_was() {
        let deadline = Deadline {
            start: Instant::now() - 2 * HOUR,
            limit: HOUR,
            last: Instant::now() - HOUR,
        };
        assert!(
            deadline
                .left(2 * HOUR)
                .is_err_and(|said| said.contains("7200 s were waiting"))
        );
    }

    // Second witness: the kernel's own sum for this process; a thread's part cannot be more than the time since it started.
    #[test]
    fn the_kernel_tells_how_long_a_process_waited() {
        let since = std::fs::read_to_string("/proc/uptime").expect("there is an uptime");
        let since: f64 = since
            .split(' ')
            .next()
            .and_then(|first| first.parse().ok())
            .expect("seconds");
        assert!(waited_for_cpu(std::process::id()).as_secs_f64() < since);
        assert_eq!(waited_for_cpu(u32::MAX), Duration::ZERO);
    }
}
