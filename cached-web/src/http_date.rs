//! Times in fields: `Date`, `Expires`, `Last-Modified`, and `Age` (RFC 9110, 5.6.7; RFC 9111, 5).

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use http::header::{AGE, DATE, EXPIRES, HeaderName};
use http::{HeaderMap, HeaderValue};

use crate::cache_control::seconds;
use crate::fields;

/// The last second that can be written: the end of the year 9999.
const LAST_SECOND: u64 = 253_402_300_799;

/// What `Expires` says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Expires {
    /// Nothing.
    Absent,
    /// That the response is not fresh: no date, as in `0`, or several that differ.
    Invalid,
    /// When it ends to be fresh.
    At(SystemTime),
}

/// Writes a time as a date. Times that no date can name are taken for the nearest one.
pub(crate) fn written(time: SystemTime) -> HeaderValue {
    let since = time.duration_since(UNIX_EPOCH).unwrap_or_default();
    let time = UNIX_EPOCH + Duration::from_secs(since.as_secs().min(LAST_SECOND));
    HeaderValue::try_from(httpdate::fmt_http_date(time)).expect("a date is visible ASCII")
}

/// Reads a date in one of its three forms, in any case (RFC 9111, section 4.2).
///
/// The day of the week says nothing that the rest does not, so a wrong one is overlooked.
pub(crate) fn read(value: &HeaderValue) -> Option<SystemTime> {
    let text = value.to_str().ok()?;
    let parsed = |text: &str| httpdate::parse_http_date(text).ok();
    parsed(text).or_else(|| {
        let text = in_usual_case(text);
        let (day, rest) = text.split_at_checked(DAYS[0].len())?;
        parsed(&text).or_else(|| {
            let is_day = DAYS.contains(&day);
            let mut others = DAYS.iter().filter(|_| is_day);
            others.find_map(|day| parsed(&format!("{day}{rest}")))
        })
    })
}

const DAYS: [&str; 7] = ["Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"];

/// Words as dates have them: `THU, 18 aug 2050 02:01:18 gmt` is `Thu, 18 Aug 2050 02:01:18 GMT`.
fn in_usual_case(text: &str) -> String {
    let mut usual = String::with_capacity(text.len());
    for word in text.split_inclusive(|character: char| !character.is_ascii_alphabetic()) {
        if word.eq_ignore_ascii_case("gmt") {
            usual.push_str("GMT");
            continue;
        }
        let (first, rest) = word.split_at(word.len().min(1));
        usual.push_str(&first.to_ascii_uppercase());
        usual.push_str(&rest.to_ascii_lowercase());
    }
    usual
}

/// The date of a field that has one line. None also where it is no date, or has several lines.
pub(crate) fn of_field(headers: &HeaderMap, name: &HeaderName) -> Option<SystemTime> {
    let mut lines = headers.get_all(name).iter();
    match (lines.next(), lines.next()) {
        (Some(line), None) => read(line),
        _ => None,
    }
}

/// When the response was made, if `Date` says so.
pub(crate) fn date(headers: &HeaderMap) -> Option<SystemTime> {
    of_field(headers, &DATE)
}

/// What `Expires` says.
pub(crate) fn expires(headers: &HeaderMap) -> Expires {
    let mut found = Expires::Absent;
    for line in headers.get_all(EXPIRES) {
        let this = read(line).map_or(Expires::Invalid, Expires::At);
        found = if found == Expires::Absent || found == this { this } else { Expires::Invalid };
    }
    found
}

/// The value of `Age`: its first member, as RFC 9111, section 5.1 has it. Zero without a valid one.
pub(crate) fn age(headers: &HeaderMap) -> Duration {
    let line = headers.get(AGE).map_or(&b""[..], HeaderValue::as_bytes);
    fields::members(line).0.first().and_then(|member| seconds(member)).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const EXAMPLE: u64 = 784_111_777;

    fn headers(name: &HeaderName, lines: &[&'static str]) -> HeaderMap {
        let mut headers = HeaderMap::new();
        for line in lines {
            headers.append(name, HeaderValue::from_str(line).unwrap());
        }
        headers
    }

    #[test]
    fn dates_come_in_three_forms() {
        for text in [
            "Sun, 06 Nov 1994 08:49:37 GMT",
            "Sunday, 06-Nov-94 08:49:37 GMT",
            "Sun Nov  6 08:49:37 1994",
        ] {
            let expected = UNIX_EPOCH + Duration::from_secs(EXAMPLE);
            assert_eq!(date(&headers(&DATE, &[text])), Some(expected), "{text}");
        }
        for lines in [
            &["0"][..],
            &[],
            &["Sun, 06 Nov 1994 08:49:37 GMT"; 2],
            &["é"],
            &["Sun, 06 Nov 1994 08:49:37 PST"],
        ] {
            assert_eq!(date(&headers(&DATE, lines)), None, "{lines:?}");
        }
    }

    #[test]
    fn dates_are_read_in_any_case_and_with_a_wrong_day() {
        for text in [
            "SUN, 06 nov 1994 08:49:37 gmt",
            "sunday, 06-NOV-94 08:49:37 GMT",
            "sun nov  6 08:49:37 1994",
            "Thu, 06 Nov 1994 08:49:37 GMT",
            "Thu Nov  6 08:49:37 1994",
        ] {
            let expected = UNIX_EPOCH + Duration::from_secs(EXAMPLE);
            assert_eq!(date(&headers(&DATE, &[text])), Some(expected), "{text}");
        }
        for text in [
            "Sun 06 Nov 1994 08:49:37 GMT",
            "Sun, 06 Nov 94 08:49:37 GMT",
            "Sun, 6 Nov 1994 08:49:37 GMT",
            "Sun, 06 Nov 1994 8:49:37 GMT",
            "Sun, 06-Nov-1994 08:49:37 GMT",
            "Sun, 31 Feb 1994 08:49:37 GMT",
            "Sun, 06 Nov 1994 08:49:37 UTC",
            "Sux, 06 Nov 1994 08:49:37 GMT",
        ] {
            assert_eq!(date(&headers(&DATE, &[text])), None, "{text}");
        }
    }

    #[test]
    fn times_that_no_date_can_name_are_written_all_the_same() {
        assert_eq!(written(UNIX_EPOCH - Duration::from_secs(1)), "Thu, 01 Jan 1970 00:00:00 GMT");
        let far = UNIX_EPOCH + Duration::from_secs(LAST_SECOND + 1);
        assert_eq!(written(far), "Fri, 31 Dec 9999 23:59:59 GMT");
    }

    #[test]
    fn expires_that_differ_or_are_no_dates_are_over() {
        let one = "Sun, 06 Nov 1994 08:49:37 GMT";
        let at = Expires::At(UNIX_EPOCH + Duration::from_secs(EXAMPLE));
        for (lines, expected) in [
            (&[][..], Expires::Absent),
            (&[one], at),
            (&[one, one], at),
            (&["0"], Expires::Invalid),
            (&[one, "0"], Expires::Invalid),
            (&[one, "Sun, 06 Nov 1994 08:49:38 GMT"], Expires::Invalid),
        ] {
            assert_eq!(expires(&headers(&EXPIRES, lines)), expected, "{lines:?}");
        }
    }

    #[test]
    fn age_is_the_first_number() {
        for (lines, expected) in [
            (&[][..], 0),
            (&["7"], 7),
            (&["7, 9"], 7),
            (&["7", "9"], 7),
            (&["-7"], 0),
            (&["x"], 0),
            (&["7.5"], 0),
        ] {
            assert_eq!(age(&headers(&AGE, lines)), Duration::from_secs(expected), "{lines:?}");
        }
    }

    proptest! {
        #[test]
        fn dates_come_back(seconds in 0..=LAST_SECOND) {
            let time = UNIX_EPOCH + Duration::from_secs(seconds);
            prop_assert_eq!(read(&written(time)), Some(time));
        }

        #[test]
        fn no_text_makes_it_panic(text in "[A-Za-z0-9:, -]{0,40}|[A-Z][a-z]{2}, [0-9]{2} [A-Z][a-z]{2} [0-9]{4} [0-9]{2}:[0-9]{2}:[0-9]{2} GMT") {
            if let Some(time) = read(&HeaderValue::try_from(text).unwrap()) {
                prop_assert!(time >= UNIX_EPOCH);
            }
        }
    }
}
