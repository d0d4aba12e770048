//! Points in time.

use serde::{Deserialize, Serialize};
use std::fmt;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

/// A point in time by the host's clock, which may be wrong early in a boot.
///
/// *Units*: seconds since 1970-01-01 00:00:00 UTC.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Timestamp(pub u64);

impl Timestamp {
    /// The time now.
    pub fn now() -> Self {
        SystemTime::now().into()
    }

    /// How long ago `earlier` was; none where it lies ahead.
    pub fn since(self, earlier: Self) -> Option<Duration> {
        self.0.checked_sub(earlier.0).map(Duration::from_secs)
    }

    /// For names of files: `20261123T094012Z`.
    pub fn compact(self) -> String {
        let (year, month, day) = self.date();
        let (hour, minute, second) = self.clock();
        format!("{year:04}{month:02}{day:02}T{hour:02}{minute:02}{second:02}Z")
    }

    /// Date and time with the name of the zone that they are of.
    pub(crate) fn with_zone(self, zone: &str) -> String {
        let (year, month, day) = self.date();
        let (hour, minute, second) = self.clock();
        format!("{year:04}-{month:02}-{day:02} {hour:02}:{minute:02}:{second:02} {zone}")
    }

    /// Year, month and day.
    ///
    /// *Source*: the Gregorian calendar: 146,097 days in 400 years; years are counted from March, so that the leap
    /// day is the last.
    fn date(self) -> (u64, u64, u64) {
        let days = self.0 / 86_400 + 719_468;
        let (era, day) = (days / 146_097, days % 146_097);
        let year = (day - day / 1_460 + day / 36_524 - day / 146_096) / 365;
        let day = day - (365 * year + year / 4 - year / 100);
        let month = (5 * day + 2) / 153;
        let day = day - (153 * month + 2) / 5 + 1;
        let (month, next) = if month < 10 { (month + 3, 0) } else { (month - 9, 1) };
        (era * 400 + year + next, month, day)
    }

    fn clock(self) -> (u64, u64, u64) {
        let second = self.0 % 86_400;
        (second / 3_600, second / 60 % 60, second % 60)
    }
}

impl From<SystemTime> for Timestamp {
    fn from(time: SystemTime) -> Self {
        Self(time.duration_since(UNIX_EPOCH).unwrap_or_default().as_secs())
    }
}

impl fmt::Display for Timestamp {
    /// `2026-11-23 09:40:12 UTC`.
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(&self.with_zone("UTC"))
    }
}

/// A length of time as people say it: `40 s`, `12 min`, `5 h`, `43 days`.
pub fn in_words(length: Duration) -> String {
    let seconds = length.as_secs();
    match seconds {
        0..120 => format!("{seconds} s"),
        120..7_200 => format!("{} min", seconds / 60),
        7_200..172_800 => format!("{} h", seconds / 3_600),
        _ => format!("{} days", seconds / 86_400),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Second witness: GNU date, `date -u -d @N '+%F %T'`.
    #[test]
    fn a_time_is_shown_as_date_shows_it() {
        for seconds in [
            0,
            951_782_399,
            951_782_400,
            1_709_164_800,
            1_795_426_812,
            4_102_444_800,
            68_169_600,
        ] {
            #[allow(clippy::disallowed_methods)] // a second witness
            let date = std::process::Command::new("date")
                .args(["-u", "-d", &format!("@{seconds}"), "+%F %T UTC %Y%m%dT%H%M%SZ"])
                .output()
                .unwrap();
            let expected = String::from_utf8(date.stdout).unwrap();
            let time = Timestamp(seconds);
            assert_eq!(format!("{time} {}", time.compact()), expected.trim());
        }
    }

    #[test]
    fn a_length_of_time_is_said_in_one_unit() {
        let said = |seconds| in_words(Duration::from_secs(seconds));
        assert_eq!(
            [said(40), said(750), said(18_000), said(3_801_600)],
            ["40 s", "12 min", "5 h", "44 days"]
        );
    }
}
