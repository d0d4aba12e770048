//! The time on the clock of this host.

use crate::Timestamp;
use cleat_root::Root;
use std::path::{Path, PathBuf};
use tz::TimeZone;

/// The zone of a host whose administrator does not say otherwise.
const LOCALTIME: &str = "/etc/localtime";
/// The zones by name.
const ZONES: &str = "/usr/share/zoneinfo";

/// A time zone to show times in.
#[derive(Clone, Debug)]
pub struct Zone(Option<TimeZone>);

impl Zone {
    /// The zone that the variable TZ names, or the host's own. Where its file cannot be read, times are shown in UTC.
    ///
    /// *Source*: tzset(3): `TZ=Europe/Berlin`, also with a colon before it, is a file; an empty TZ is UTC.
    pub fn new(root: &Root, variable: Option<&str>) -> Self {
        let file = match variable.map(|text| text.strip_prefix(':').unwrap_or(text)) {
            None => PathBuf::from(LOCALTIME),
            Some("") => return Self(None),
            Some(name) => Path::new(ZONES).join(name),
        };
        let bytes = root.read(file).ok();
        Self(bytes.and_then(|bytes| TimeZone::from_tz_data(&bytes).ok()))
    }

    /// The zone of this process.
    pub fn here(root: &Root) -> Self {
        Self::new(root, std::env::var("TZ").ok().as_deref())
    }

    /// A time as a clock on the wall shows it: `2026-11-23 10:40:12 CET`.
    pub fn show(&self, time: Timestamp) -> String {
        let local = self.0.as_ref().and_then(|zone| {
            let kind = zone.find_local_time_type(i64::try_from(time.0).ok()?).ok()?;
            let shifted = time.0.checked_add_signed(i64::from(kind.ut_offset()))?;
            Some((Timestamp(shifted), kind.time_zone_designation().to_owned()))
        });
        match local {
            Some((time, name)) => time.with_zone(&name),
            None => time.to_string(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Second witness: GNU date in each of these zones, before and after both turns of the clock, and long after the last
    /// turn that a zone's file lists.
    #[test]
    fn a_local_time_is_shown_as_date_shows_it() {
        let root = Root::real();
        if !root.is_dir(ZONES) {
            eprintln!("skipped: {ZONES} is not there (tzdata)");
            return;
        }
        for zone in [
            "Europe/Berlin",
            "America/New_York",
            "Asia/Kolkata",
            "Etc/UTC",
            ":Asia/Tokyo",
            "",
        ] {
            for seconds in [
                86_400,
                1_774_745_999,
                1_774_746_000,
                1_792_890_000,
                1_795_426_812,
                4_102_444_800,
            ] {
                #[allow(clippy::disallowed_methods)] // a second witness
                let date = std::process::Command::new("date")
                    .env("TZ", zone)
                    .args(["-d", &format!("@{seconds}"), "+%F %T %Z"])
                    .output()
                    .unwrap();
                let expected = String::from_utf8(date.stdout).unwrap();
                let shown = Zone::new(&root, Some(zone)).show(Timestamp(seconds));
                assert_eq!(shown, expected.trim(), "{zone}");
            }
        }
    }

    #[test]
    fn a_host_without_a_zone_shows_utc() {
        let tree = tempfile::tempdir().unwrap();
        let root = Root::at(tree.path());
        let time = Timestamp(1_795_426_812);
        assert_eq!(Zone::new(&root, None).show(time), "2026-11-23 09:40:12 UTC");
        assert_eq!(
            Zone::new(&root, Some("Europe/Nowhere")).show(time),
            "2026-11-23 09:40:12 UTC"
        );
    }
}
