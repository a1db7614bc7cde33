//! A part of a whole stored response (RFC 9110, section 14): one range of bytes.

use std::ops::Range;

use http::header::{ETAG, IF_RANGE, LAST_MODIFIED, RANGE};
use http::{HeaderMap, HeaderValue};

/// What of a body a request asks for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Part {
    /// All of it. Also where it asks for several ranges, or for something that is no range of bytes:
    /// `Range` may always be ignored.
    Whole,
    Bytes(Range<usize>),
    /// A part that is not there: `416`.
    Missing,
}

/// What of a body of `length` bytes a request asks for, if these are the fields of its response.
pub(crate) fn part(request: &HeaderMap, response: &HeaderMap, length: usize) -> Part {
    let mut lines = request.get_all(RANGE).iter();
    match (lines.next(), lines.next()) {
        (Some(line), None) if is_unchanged(request, response) => {
            of_line(line, length).unwrap_or(Part::Whole)
        }
        _ => Part::Whole,
    }
}

/// Whether `If-Range` lets the range count: no condition, or a strong validator that is the same.
fn is_unchanged(request: &HeaderMap, response: &HeaderMap) -> bool {
    let Some(condition) = request.get(IF_RANGE) else {
        return true;
    };
    let is_tag = condition.as_bytes().starts_with(b"\"");
    let validator = if is_tag { ETAG } else { LAST_MODIFIED };
    response.get(validator) == Some(condition)
}

fn of_line(line: &HeaderValue, length: usize) -> Option<Part> {
    let (unit, range) = line.to_str().ok()?.split_once('=')?;
    if !unit.trim().eq_ignore_ascii_case("bytes") {
        return None;
    }
    let (first, last) = range.trim().split_once('-')?;
    let range = match (number(first), number(last)) {
        (Some(first), Some(last)) if first > last => return None,
        (Some(first), Some(last)) => first..length.min(last.saturating_add(1)),
        (Some(first), None) if last.is_empty() => first..length,
        (None, Some(suffix)) if first.is_empty() => length.saturating_sub(suffix)..length,
        _ => return None,
    };
    Some(if range.start < range.end { Part::Bytes(range) } else { Part::Missing })
}

/// A number of digits only; one that is too large is the largest.
fn number(text: &str) -> Option<usize> {
    let is_number = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    is_number.then(|| text.parse().unwrap_or(usize::MAX))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(range: &'static str) -> Part {
        let mut request = HeaderMap::new();
        request.insert(RANGE, HeaderValue::from_static(range));
        part(&request, &HeaderMap::new(), 10)
    }

    #[test]
    fn one_range_is_cut_out() {
        for (range, expected) in [
            ("bytes=0-0", Part::Bytes(0..1)),
            ("bytes=2-4", Part::Bytes(2..5)),
            ("bytes=7-", Part::Bytes(7..10)),
            ("bytes=7-99999999999999999999999", Part::Bytes(7..10)),
            ("bytes=-3", Part::Bytes(7..10)),
            ("bytes=-30", Part::Bytes(0..10)),
            ("Bytes= 9-9", Part::Bytes(9..10)),
            ("bytes=10-", Part::Missing),
            ("bytes=10-12", Part::Missing),
            ("bytes=-0", Part::Missing),
            ("bytes=4-2", Part::Whole),
            ("bytes=-", Part::Whole),
            ("bytes=a-b", Part::Whole),
            ("bytes=+1-2", Part::Whole),
            ("bytes=0-1,3-4", Part::Whole),
            ("lines=0-1", Part::Whole),
            ("0-1", Part::Whole),
        ] {
            assert_eq!(found(range), expected, "{range}");
        }
    }

    #[test]
    fn if_range_takes_strong_validators_that_are_the_same() {
        let mut response = HeaderMap::new();
        response.insert(ETAG, HeaderValue::from_static("W/\"a\""));
        response.insert(LAST_MODIFIED, HeaderValue::from_static("Sun, 06 Nov 1994 08:49:37 GMT"));
        let found = |condition, etag: Option<&'static str>| {
            let mut request = HeaderMap::new();
            request.insert(RANGE, HeaderValue::from_static("bytes=0-1"));
            request.insert(IF_RANGE, HeaderValue::from_static(condition));
            let mut response = response.clone();
            if let Some(etag) = etag {
                response.insert(ETAG, HeaderValue::from_static(etag));
            }
            part(&request, &response, 10)
        };
        assert_eq!(found("\"a\"", Some("\"a\"")), Part::Bytes(0..2));
        assert_eq!(found("\"a\"", Some("\"b\"")), Part::Whole);
        assert_eq!(found("\"a\"", None), Part::Whole);
        assert_eq!(found("W/\"a\"", None), Part::Whole);
        assert_eq!(found("Sun, 06 Nov 1994 08:49:37 GMT", None), Part::Bytes(0..2));
        assert_eq!(found("Sun, 06 Nov 1994 08:49:38 GMT", None), Part::Whole);
    }
}
