//! Whether a client already holds what a stored response would give it (RFC 9110, section 13).
//!
//! `If-Match` and `If-Unmodified-Since` are not for caches: such requests go to the origin.

use http::header::{DATE, ETAG, IF_MODIFIED_SINCE, IF_NONE_MATCH, LAST_MODIFIED};
use http::{HeaderMap, HeaderValue};

use crate::{fields, http_date};

/// Whether the answer to this request is `304`, if these are the fields of the stored response.
pub(crate) fn is_unmodified(request: &HeaderMap, stored: &HeaderMap) -> bool {
    if request.contains_key(IF_NONE_MATCH) {
        let mut lines = request.get_all(IF_NONE_MATCH).iter();
        let tag = stored.get(ETAG).map(opaque);
        return lines.any(|line| {
            let (members, _) = fields::members(line.as_bytes());
            members.iter().any(|member| *member == b"*" || tag == Some(without_weakness(member)))
        });
    }
    let Some(since) = http_date::of_field(request, &IF_MODIFIED_SINCE) else {
        return false;
    };
    // RFC 9111, section 4.3.2: without `Last-Modified`, `Date` takes its place.
    let changed = [LAST_MODIFIED, DATE].iter().find_map(|name| http_date::of_field(stored, name));
    changed.is_some_and(|changed| changed <= since)
}

/// An entity tag without its weakness: `If-None-Match` compares weakly.
pub(super) fn opaque(tag: &HeaderValue) -> &[u8] {
    without_weakness(tag.as_bytes())
}

fn without_weakness(tag: &[u8]) -> &[u8] {
    tag.strip_prefix(b"W/").unwrap_or(tag)
}

#[cfg(test)]
mod tests {
    use super::*;

    const LATER: &str = "Sun, 06 Nov 1994 08:49:38 GMT";
    const THEN: &str = "Sun, 06 Nov 1994 08:49:37 GMT";
    const EARLIER: &str = "Sun, 06 Nov 1994 08:49:36 GMT";

    fn map(lines: &[(&'static str, &'static str)]) -> HeaderMap {
        let mut headers = HeaderMap::new();
        for (name, value) in lines {
            headers.append(*name, HeaderValue::from_static(value));
        }
        headers
    }

    #[test]
    fn tags_are_compared_weakly() {
        for (stored, asked, expected) in [
            ("\"a\"", "\"a\"", true),
            ("W/\"a\"", "\"a\"", true),
            ("\"a\"", "W/\"a\"", true),
            ("\"a\"", "*", true),
            ("\"a,b\"", "\"x\" , W/\"a,b\",", true),
            ("\"a\"", "\"b\"", false),
            ("\"a\"", "a", false),
            ("\"a\"", "\"A\"", false),
            ("\"a\"", "", false),
        ] {
            let (request, stored) = (map(&[("if-none-match", asked)]), map(&[("etag", stored)]));
            assert_eq!(is_unmodified(&request, &stored), expected, "{asked}");
        }
        let lines = map(&[("if-none-match", "\"x\""), ("if-none-match", "\"a\"")]);
        assert!(is_unmodified(&lines, &map(&[("etag", "\"a\"")])));
        assert!(!is_unmodified(&lines, &map(&[])));
    }

    #[test]
    fn dates_count_where_there_is_no_tag_to_compare() {
        let stored = [("last-modified", THEN), ("date", LATER)];
        for (since, expected) in [(EARLIER, false), (THEN, true), (LATER, true), ("x", false)] {
            let request = map(&[("if-modified-since", since)]);
            assert_eq!(is_unmodified(&request, &map(&stored)), expected, "{since}");
            let both = map(&[("if-modified-since", since), ("if-none-match", "\"a\"")]);
            assert!(!is_unmodified(&both, &map(&stored)), "the tag comes first");
        }
        let request = map(&[("if-modified-since", THEN)]);
        assert!(is_unmodified(&request, &map(&[("date", THEN)])));
        assert!(!is_unmodified(&request, &map(&[("date", LATER)])));
        assert!(!is_unmodified(&request, &map(&[])));
        assert!(!is_unmodified(&map(&[]), &map(&stored)));
    }
}
