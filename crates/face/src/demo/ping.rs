//! A guest that pings while the network is changed.

use std::process::{Child, Command, Stdio};

/// A running ping.
#[derive(Debug)]
pub struct Ping {
    child: Child,
    to: &'static str,
}

/// What came of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Count {
    /// Echo requests sent.
    pub sent: u32,
    /// Answers received.
    pub answered: u32,
}

impl Count {
    /// Requests without an answer.
    pub fn lost(self) -> u32 {
        self.sent.saturating_sub(self.answered)
    }
}

impl Ping {
    /// Starts `count` echo requests from the guest to `to`, one every 20 ms.
    ///
    /// # Errors
    /// The program cannot be started.
    pub fn start(to: &'static str, count: u32) -> Result<Self, String> {
        let child = Command::new("ip")
            .args(["netns", "exec", "guest", "ping", "-n", "-q", "-i", "0.02", "-W", "1"])
            .args(["-c", &count.to_string(), to])
            .env("LC_ALL", "C")
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .map_err(|error| format!("cannot run ping: {error}"))?;
        Ok(Self { child, to })
    }

    /// Waits for its end and counts.
    ///
    /// # Errors
    /// It printed no count.
    pub fn finish(self) -> Result<Count, String> {
        let to = self.to;
        let output = self
            .child
            .wait_with_output()
            .map_err(|error| format!("cannot wait for ping: {error}"))?;
        let text = String::from_utf8_lossy(&output.stdout);
        count(&text).ok_or_else(|| {
            let said = String::from_utf8_lossy(&output.stderr);
            format!("ping {to} printed no count: {}", said.trim())
        })
    }
}

/// Reads `200 packets transmitted, 200 received, 0% packet loss`.
///
/// *Source*: ping(8) of iputils; busybox writes `packets received`.
fn count(text: &str) -> Option<Count> {
    let line = text.lines().find(|line| line.contains("packets transmitted"))?;
    let mut numbers = line
        .split(',')
        .filter_map(|part| part.split_whitespace().next()?.parse().ok());
    Some(Count {
        sent: numbers.next()?,
        answered: numbers.next()?,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    // Second witness: lines as iputils 20221126 and busybox 1.35 print them.
    #[test]
    fn the_count_is_read_from_the_closing_line_of_both_pings() {
        let iputils = "PING 192.168.10.2 (192.168.10.2) 56(84) bytes of data.\n\n--- 192.168.10.2 ping statistics ---\n\
                       200 packets transmitted, 198 received, 1% packet loss, time 4012ms\n";
        assert_eq!(
            count(iputils),
            Some(Count {
                sent: 200,
                answered: 198
            })
        );
        assert_eq!(count(iputils).map(Count::lost), Some(2));
        let busybox = "3 packets transmitted, 3 packets received, 0% packet loss\n";
        assert_eq!(count(busybox), Some(Count { sent: 3, answered: 3 }));
        assert_eq!(count("ping: unknown host\n"), None);
    }
}
