//! How old a response is (RFC 9111, section 4.2.3).

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use http::header::AGE;
use http::{HeaderMap, HeaderValue};

use crate::cache_control::seconds;
use crate::http_date;

/// How old a response was when it was received: the larger of what `Date` and `Age` say.
///
/// `requested` and `received` are this cache's own times of the exchange.
pub(crate) fn initial_age(
    headers: &HeaderMap,
    requested: SystemTime,
    received: SystemTime,
) -> Duration {
    // A date has whole seconds, so one of this very second is no second old.
    let since_date = |date| whole_seconds(received).saturating_sub(since_1970(date));
    let apparent = http_date::date(headers).map_or(Duration::ZERO, since_date);
    let delay = received.duration_since(requested).unwrap_or_default();
    apparent.max(told(headers).saturating_add(delay))
}

/// What `Age` says: its first member, and of that what stands before a parameter. Nothing where that is
/// no number (RFC 9111, section 5.1).
fn told(headers: &HeaderMap) -> Duration {
    let line = headers.get(AGE).map_or(&b""[..], HeaderValue::as_bytes);
    let first = line.split(|byte| matches!(byte, b',' | b';')).next().unwrap_or_default();
    seconds(first.trim_ascii()).unwrap_or_default()
}

fn whole_seconds(time: SystemTime) -> Duration {
    Duration::from_secs(since_1970(time).as_secs())
}

fn since_1970(time: SystemTime) -> Duration {
    time.duration_since(UNIX_EPOCH).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use http::header::DATE;

    use super::*;

    fn at(secs_ms: (u64, u64)) -> SystemTime {
        UNIX_EPOCH + Duration::from_secs(secs_ms.0) + Duration::from_millis(secs_ms.1)
    }

    #[test]
    fn the_larger_of_both_estimates_counts() {
        let (requested, received) = (at((1_000, 200)), at((1_002, 900)));
        for (date, age, expected_ms) in [
            (None, None, 2_700),
            (Some(1_002), None, 2_700),
            (Some(998), None, 4_000),
            (Some(998), Some("5"), 7_700),
            (Some(990), Some("5"), 12_000),
            (Some(2_000), Some("0"), 2_700),
        ] {
            let mut headers = HeaderMap::new();
            if let Some(date) = date {
                headers.insert(DATE, http_date::written(at((date, 0))));
            }
            if let Some(age) = age {
                headers.insert(AGE, HeaderValue::from_static(age));
            }
            let found = initial_age(&headers, requested, received);
            assert_eq!(found.as_millis(), expected_ms, "date {date:?}, age {age:?}");
        }
    }

    #[test]
    fn the_first_number_of_age_counts() {
        for (line, expected) in
            [("7", 7), ("7, 9", 7), ("7;a=9", 7), ("x", 0), ("-7", 0), ("7.5", 0), ("", 0)]
        {
            let headers = HeaderMap::from_iter([(AGE, HeaderValue::from_static(line))]);
            assert_eq!(told(&headers), Duration::from_secs(expected), "{line}");
        }
    }

    #[test]
    fn a_clock_that_was_set_back_makes_nothing_older() {
        assert_eq!(initial_age(&HeaderMap::new(), at((9, 0)), at((5, 0))), Duration::ZERO);
    }
}
