//! Values as people write them: times, sizes, numbers.
//!
//! Pure: a text goes in, a value or nothing comes out. Whatever is too large counts as the largest.

use std::time::Duration;

use crate::policy::Timeout;

/// Nanoseconds of each unit of time.
const TIMES: [(&str, u128); 7] = [
    ("ms", 1_000_000),
    ("", 1_000_000_000),
    ("s", 1_000_000_000),
    ("m", 60 * 1_000_000_000),
    ("h", 3_600 * 1_000_000_000),
    ("d", 86_400 * 1_000_000_000),
    ("w", 604_800 * 1_000_000_000),
];

/// Bytes of each unit of size.
const SIZES: [(&str, u64); 5] =
    [("", 1), ("KiB", 1 << 10), ("MiB", 1 << 20), ("GiB", 1 << 30), ("TiB", 1 << 40)];

/// Digits after the point that count: nanoseconds of a second.
const FRACTION: usize = 9;

/// A time: `never`, or a number, perhaps decimal, and perhaps a unit. Without one: seconds.
pub(super) fn time(text: &str) -> Option<Timeout> {
    if text == "never" {
        return Some(Timeout::NEVER);
    }
    let (number, unit) = split(text, |c| c.is_ascii_digit() || c == '.');
    let nanos = factor(unit, &TIMES)?;
    let (whole, fraction) = match number.split_once('.') {
        Some((whole, fraction)) => (count(whole)?, billionths(fraction)?),
        None => (count(number)?, 0),
    };
    let nanos = u128::from(whole) * nanos + u128::from(fraction) * nanos / 1_000_000_000;
    let nanos = u64::try_from(nanos).unwrap_or(u64::MAX);
    Some(Timeout::after(Duration::from_nanos(nanos)))
}

/// The digits after a point, in billionths.
fn billionths(digits: &str) -> Option<u64> {
    count(digits)?;
    count(&format!("{digits:0<FRACTION$}")[..FRACTION])
}

/// A size: a number, and perhaps a unit. Without one: bytes.
pub(super) fn size(text: &str) -> Option<u64> {
    let (number, unit) = split(text, |c| c.is_ascii_digit());
    Some(count(number)?.saturating_mul(factor(unit, &SIZES)?))
}

/// A whole number.
pub(super) fn count(text: &str) -> Option<u64> {
    let is_number = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    is_number.then(|| text.parse().unwrap_or(u64::MAX))
}

fn split(text: &str, is_number: impl Fn(char) -> bool) -> (&str, &str) {
    text.split_at(text.find(|c| !is_number(c)).unwrap_or(text.len()))
}

fn factor<N: Copy>(unit: &str, units: &[(&str, N)]) -> Option<N> {
    units.iter().find(|(name, _)| *name == unit).map(|(_, factor)| *factor)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times() {
        for (text, nanos) in [
            ("0", 0),
            ("300", 300_000_000_000),
            ("0.25", 250_000_000),
            ("1.000000001999", 1_000_000_001),
            ("250ms", 250_000_000),
            ("1.5s", 1_500_000_000),
            ("5m", 300_000_000_000),
            ("0.5h", 1_800_000_000_000),
            ("1d", 86_400_000_000_000),
            ("2w", 1_209_600_000_000_000),
        ] {
            assert_eq!(time(text), Some(Timeout::after(Duration::from_nanos(nanos))), "{text}");
        }
    }

    #[test]
    fn the_largest_times_are_never() {
        for text in [
            "never",
            "922337203685477580",
            "18446744073709551615",
            "99999999999999999999999999999999999999999999w",
            "1000000000000000000000000000000.5",
        ] {
            assert_eq!(time(text), Some(Timeout::NEVER), "{text}");
        }
        let century = Duration::from_secs(3_153_600_000);
        assert_eq!(time("3153600000"), Some(Timeout::after(century)));
    }

    #[test]
    fn sizes() {
        for (text, bytes) in [
            ("0", 0),
            ("4096", 4096),
            ("64KiB", 65_536),
            ("64MiB", 67_108_864),
            ("2GiB", 2_147_483_648),
            ("1TiB", 1_099_511_627_776),
            ("99999999TiB", u64::MAX),
            ("99999999999999999999999", u64::MAX),
        ] {
            assert_eq!(size(text), Some(bytes), "{text}");
        }
    }

    #[test]
    fn what_is_no_value() {
        for text in [
            "", " ", "-1", "+1", "1e3", "5 m", "5min", "5M", "m", ".5", "5.", "1.2.3", "1.x",
            "Never", "NaN", "inf", "٣", "1.٣",
        ] {
            assert_eq!(time(text), None, "{text:?}");
        }
        for text in ["", "64MB", "64M", "64 MiB", "1.5GiB", "-1", "MiB", "٣"] {
            assert_eq!(size(text), None, "{text:?}");
        }
        for text in ["", "-1", "1.0", "1_000", "many", "٣"] {
            assert_eq!(count(text), None, "{text:?}");
        }
    }
}
