//! The bench's table: our figure, the other's, their ratio, and the bar.

use std::fmt::Write;
use std::time::Duration;

/// What must hold for the row.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Bar {
    /// Ours divided by theirs is at most this.
    RatioAtMost(f64),
    /// Our figure is at most this, in the row's unit.
    AtMost(f64),
    /// Shown for comparison only.
    None,
}

/// What the row counts in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Unit {
    /// Milliseconds of wall-clock time.
    Millis,
    /// MiB of memory.
    Mebibytes,
    /// Netlink requests.
    Requests,
}

/// One line of the table.
#[derive(Clone, Debug)]
pub struct Row {
    /// What was done.
    pub what: String,
    /// Our figure, or why there is none.
    pub ours: Result<f64, String>,
    /// The other's name and figure, or why there is none.
    pub other: Option<(&'static str, Result<f64, String>)>,
    /// The unit of both.
    pub unit: Unit,
    /// What must hold.
    pub bar: Bar,
}

impl Row {
    /// Whether the bar holds; a figure that could not be had never holds it. `None` where there is no bar.
    pub fn holds(&self) -> Option<bool> {
        let ours = self.ours.as_ref().ok().copied();
        match self.bar {
            Bar::None => None,
            Bar::AtMost(most) => Some(ours.is_some_and(|ours| ours <= most)),
            Bar::RatioAtMost(most) => Some(self.ratio().is_some_and(|ratio| ratio <= most)),
        }
    }

    fn ratio(&self) -> Option<f64> {
        let ours = self.ours.as_ref().ok()?;
        let theirs = self.other.as_ref()?.1.as_ref().ok()?;
        (*theirs > 0.0).then(|| ours / theirs)
    }
}

/// Milliseconds with fractions.
pub fn millis(time: Duration) -> f64 {
    time.as_secs_f64() * 1000.0
}

/// The table as text, reasons of missing figures below it.
pub fn render(rows: &[Row]) -> String {
    let mut text = format!("{:<34} {:>12}   {:<24} {:>8}   bar\n", "", "cleat", "against", "ratio");
    let mut notes = String::new();
    for row in rows {
        let ours = figure(&row.ours, row.unit);
        let other = row.other.as_ref().map_or_else(String::new, |(name, theirs)| {
            format!("{name:<12} {:>11}", figure(theirs, row.unit))
        });
        let ratio = row.ratio().map_or_else(String::new, |ratio| {
            if ratio < 0.1 {
                format!("1/{:.0}", 1.0 / ratio)
            } else {
                format!("{ratio:.2}")
            }
        });
        let bar = match row.bar {
            Bar::None => String::new(),
            Bar::AtMost(most) => format!("<= {}", figure(&Ok(most), row.unit)),
            Bar::RatioAtMost(most) if most < 0.1 => format!("<= 1/{:.0}", 1.0 / most),
            Bar::RatioAtMost(most) => format!("<= {most}"),
        };
        let verdict = match row.holds() {
            None => "",
            Some(true) => "holds",
            Some(false) => "MISSED",
        };
        let line = format!(
            "{:<34} {ours:>12}   {other:<24} {ratio:>8}   {bar:<12} {verdict}",
            row.what
        );
        // Writing to a String cannot fail, here and below.
        let _ = writeln!(text, "{}", line.trim_end());
        let reasons = [
            row.ours.as_ref().err(),
            row.other.as_ref().and_then(|(_, theirs)| theirs.as_ref().err()),
        ];
        for reason in reasons.into_iter().flatten() {
            let note = format!("none: {}\n", reason.trim());
            if !notes.contains(&note) {
                notes.push_str(&note);
            }
        }
    }
    text + &notes
}

fn figure(value: &Result<f64, String>, unit: Unit) -> String {
    let Ok(value) = value else { return "none".to_owned() };
    match unit {
        Unit::Millis if *value >= 1000.0 => format!("{:.2} s", value / 1000.0),
        Unit::Millis if *value >= 100.0 => format!("{value:.0} ms"),
        Unit::Millis => format!("{value:.1} ms"),
        Unit::Mebibytes => format!("{value:.1} MiB"),
        Unit::Requests => format!("{value:.1}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_bar_holds_only_with_figures_on_both_sides() {
        let row = |ours: Result<f64, String>, theirs: Result<f64, String>| Row {
            what: "ifup".to_owned(),
            ours,
            other: Some(("ip -batch", theirs)),
            unit: Unit::Millis,
            bar: Bar::RatioAtMost(1.5),
        };
        assert_eq!(row(Ok(150.0), Ok(100.0)).holds(), Some(true));
        assert_eq!(row(Ok(151.0), Ok(100.0)).holds(), Some(false));
        assert_eq!(row(Err("no".to_owned()), Ok(100.0)).holds(), Some(false));
        assert_eq!(row(Ok(1.0), Err("no".to_owned())).holds(), Some(false));
    }

    #[test]
    fn the_table_shows_figures_ratio_bar_and_verdict() {
        let rows = [
            Row {
                what: "ifup -a, 1000 vxlan".to_owned(),
                ours: Ok(520.0),
                other: Some(("ifupdown2", Ok(12_400.0))),
                unit: Unit::Millis,
                bar: Bar::None,
            },
            Row {
                what: "ifquery lo, memory".to_owned(),
                ours: Ok(9.0),
                other: None,
                unit: Unit::Mebibytes,
                bar: Bar::AtMost(8.0),
            },
        ];
        let expected = "                                          cleat   against                     ratio   bar\n\
                        ifup -a, 1000 vxlan                      520 ms   ifupdown2        12.40 s     1/24\n\
                        ifquery lo, memory                      9.0 MiB                                       <= 8.0 MiB   MISSED\n";
        assert_eq!(render(&rows), expected);
    }
}
