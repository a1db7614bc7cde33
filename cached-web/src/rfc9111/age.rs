//! How old a response is (RFC 9111, section 4.2.3).

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use http::HeaderMap;

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
    apparent.max(http_date::age(headers).saturating_add(delay))
}

fn whole_seconds(time: SystemTime) -> Duration {
    Duration::from_secs(since_1970(time).as_secs())
}

fn since_1970(time: SystemTime) -> Duration {
    time.duration_since(UNIX_EPOCH).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use http::HeaderValue;
    use http::header::{AGE, DATE};

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
    fn a_clock_that_was_set_back_makes_nothing_older() {
        assert_eq!(initial_age(&HeaderMap::new(), at((9, 0)), at((5, 0))), Duration::ZERO);
    }
}
