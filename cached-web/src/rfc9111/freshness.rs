//! How long a response is fresh (RFC 9111, section 4.2.1 and 4.2.2).

use std::time::{Duration, SystemTime};

use http::header::LAST_MODIFIED;
use http::{HeaderMap, StatusCode};

use super::Control;
use crate::http_date::{self, Expires};

/// The most that is guessed for a response that says nothing.
const LONGEST_GUESS: Duration = Duration::from_secs(86_400);

/// How long a response is fresh, counted from when it was made.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Lifetime {
    /// The response says so.
    Explicit(Duration),
    /// It says nothing: a tenth of the time since it was last changed, at most a day.
    Guessed(Duration),
    /// It says nothing, and nothing may be guessed of it.
    Unknown,
}

impl Lifetime {
    pub(crate) fn duration(self) -> Duration {
        match self {
            Self::Explicit(duration) | Self::Guessed(duration) => duration,
            Self::Unknown => Duration::ZERO,
        }
    }
}

/// The lifetime of a response, for a shared cache.
pub(crate) fn lifetime(
    status: StatusCode,
    headers: &HeaderMap,
    control: &Control,
    received: SystemTime,
) -> Lifetime {
    let seconds = control.freshness("s-maxage").or_else(|| control.freshness("max-age"));
    if let Some(lifetime) = seconds {
        return Lifetime::Explicit(lifetime);
    }
    let date = http_date::date(headers).unwrap_or(received);
    match http_date::expires(headers) {
        _ if control.is_targeted => {}
        Expires::At(time) => {
            return Lifetime::Explicit(time.duration_since(date).unwrap_or_default());
        }
        Expires::Invalid => return Lifetime::Explicit(Duration::ZERO),
        Expires::Absent => {}
    }
    if !is_heuristic(status) && !control.has("public") {
        return Lifetime::Unknown;
    }
    let changed = http_date::of_field(headers, &LAST_MODIFIED);
    let since = changed.and_then(|changed| date.duration_since(changed).ok());
    Lifetime::Guessed(since.map_or(Duration::ZERO, |since| (since / 10).min(LONGEST_GUESS)))
}

/// Whether a lifetime may be guessed for responses of this status (RFC 9110, section 15.1).
fn is_heuristic(status: StatusCode) -> bool {
    matches!(status.as_u16(), 200 | 203 | 204 | 300 | 301 | 308 | 404 | 405 | 410 | 414 | 501)
}

#[cfg(test)]
mod tests {
    use std::time::UNIX_EPOCH;

    use http::HeaderValue;

    use super::*;

    const NOW: u64 = 1_600_000_000;
    const HOUR: u64 = 3_600;

    fn at(seconds: u64) -> SystemTime {
        UNIX_EPOCH + Duration::from_secs(seconds)
    }

    fn found(status: u16, control: &'static str, dates: &[(&'static str, u64)]) -> Lifetime {
        let mut headers = HeaderMap::new();
        headers.insert("cache-control", HeaderValue::from_static(control));
        for (name, time) in dates {
            headers.insert(*name, http_date::written(at(*time)));
        }
        let control = Control::of(&headers, &[]);
        lifetime(StatusCode::from_u16(status).unwrap(), &headers, &control, at(NOW))
    }

    const fn explicit(seconds: u64) -> Lifetime {
        Lifetime::Explicit(Duration::from_secs(seconds))
    }

    const fn guessed(seconds: u64) -> Lifetime {
        Lifetime::Guessed(Duration::from_secs(seconds))
    }

    #[test]
    fn what_is_said_for_shared_caches_comes_first() {
        let dates = [("date", NOW), ("expires", NOW + 7), ("last-modified", NOW - HOUR)];
        for (control, expected) in [
            ("max-age=5, s-maxage=9", explicit(9)),
            ("max-age=9, s-maxage=5", explicit(5)),
            ("max-age=5", explicit(5)),
            ("max-age=x", explicit(0)),
            ("", explicit(7)),
        ] {
            assert_eq!(found(200, control, &dates), expected, "{control}");
        }
    }

    #[test]
    fn expires_counts_from_date_or_from_when_it_came() {
        assert_eq!(found(200, "", &[("date", NOW + 100), ("expires", NOW + 130)]), explicit(30));
        assert_eq!(found(200, "", &[("date", NOW + 100), ("expires", NOW + 30)]), explicit(0));
        assert_eq!(found(200, "", &[("expires", NOW + 30)]), explicit(30));
    }

    #[test]
    fn a_tenth_is_guessed_where_the_status_allows() {
        let dates = [("date", NOW), ("last-modified", NOW - HOUR)];
        for status in [200, 203, 204, 300, 301, 308, 404, 405, 410, 414, 501] {
            assert_eq!(found(status, "", &dates), guessed(360), "{status}");
        }
        for status in [201, 202, 302, 403, 500, 502, 503, 504, 599] {
            assert_eq!(found(status, "", &dates), Lifetime::Unknown, "{status}");
            assert_eq!(found(status, "public", &dates), guessed(360), "{status}");
        }
        let old = [("date", NOW), ("last-modified", NOW - 1_000 * HOUR)];
        assert_eq!(found(200, "", &old), guessed(24 * HOUR));
        assert_eq!(found(200, "", &[("last-modified", NOW + HOUR)]), guessed(0));
        assert_eq!(found(200, "", &[]), guessed(0));
    }
}
