//! Lengths of time as they are read.

use std::time::Duration;

/// `0.3 s`, `3 s`, `90 s`: a tenth of a second where there are few, and none where there are many.
///
/// *Units*: seconds, to the nearest; what is shorter than a tenth is given in milliseconds.
pub fn length(length: Duration) -> String {
    let tenths = (length.as_millis() + 50) / 100;
    match (tenths / 10, tenths % 10) {
        (0, 0) => format!("{} ms", length.as_millis()),
        (seconds, 0) => format!("{seconds} s"),
        (seconds, tenths) if seconds < 10 => format!("{seconds}.{tenths} s"),
        (seconds, tenths) => format!("{} s", seconds + tenths / 5),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_length_has_as_many_digits_as_are_read() {
        let shown = |nanos: u64| length(Duration::from_nanos(nanos));
        let told = [
            2_999_992_479,
            300_000_000,
            1_500_000_000,
            12_700_000_000,
            60_000_000_000,
            7_000_000,
        ]
        .map(shown);
        assert_eq!(told, ["3 s", "0.3 s", "1.5 s", "13 s", "60 s", "7 ms"]);
    }
}
