//! Validators (RFC 9110, sections 8.8 and 13): the `ETag` of a body, and whether a client has the
//! response already.

use std::time::SystemTime;

use http::header::{
    CACHE_CONTROL, CONTENT_ENCODING, CONTENT_LANGUAGE, CONTENT_LOCATION, CONTENT_TYPE, DATE, ETAG,
    EXPIRES, Entry, HeaderName, IF_MODIFIED_SINCE, IF_NONE_MATCH, LAST_MODIFIED, VARY,
};
use http::{HeaderMap, HeaderValue, StatusCode};
use xxhash_rust::xxh3::Xxh3;

use crate::http_date;
use crate::rules::ETags;
use crate::snapshot::Snapshot;

/// The fields of a 304 (RFC 9110, section 15.4.5).
const NOT_MODIFIED: [HeaderName; 6] = [CACHE_CONTROL, CONTENT_LOCATION, DATE, ETAG, EXPIRES, VARY];

/// Gives a response an `ETag`, where it has none and one is of use.
///
/// It is a 128-bit hash of the body, and of the fields that say how to read it: the same bytes in
/// another coding or language are another representation. Not made to withstand a handler that
/// wants to deceive its own clients.
pub(crate) fn add_etag(snapshot: &mut Snapshot, etags: ETags) {
    let prefix = match etags {
        ETags::Weak => "W/",
        ETags::Strong => "",
        ETags::Off => return,
    };
    if !is_representation(snapshot.status) {
        return;
    }
    let hash = hash(&snapshot.headers, &snapshot.body);
    if let Entry::Vacant(place) = snapshot.headers.entry(ETAG) {
        let tag = format!("{prefix}\"{hash:032x}\"");
        place.insert(HeaderValue::try_from(tag).expect("hex digits in quotes are visible ASCII"));
    }
}

/// Whether a request is answered with a 304: the client has this response (RFC 9110, section
/// 13.2.2).
///
/// `If-None-Match` decides alone where it is there, by weak comparison. `If-Modified-Since` is
/// compared with `Last-Modified` only: a page may change twice in the second that `Date` names.
pub(crate) fn is_not_modified(
    request: &HeaderMap,
    status: StatusCode,
    response: &HeaderMap,
) -> bool {
    if !is_representation(status) {
        return false;
    }
    if request.contains_key(IF_NONE_MATCH) {
        return is_known_tag(request, response.get(ETAG));
    }
    let time = |headers: &HeaderMap, name: &HeaderName| -> Option<SystemTime> {
        http_date::of_field(headers, name)
    };
    match (time(response, &LAST_MODIFIED), time(request, &IF_MODIFIED_SINCE)) {
        (Some(modified), Some(since)) => modified <= since,
        _ => false,
    }
}

/// Leaves the fields that a 304 carries.
pub(crate) fn keep_of_not_modified(headers: &HeaderMap) -> HeaderMap {
    let mut kept = HeaderMap::with_capacity(2 * NOT_MODIFIED.len());
    for name in NOT_MODIFIED {
        for value in headers.get_all(&name) {
            kept.append(&name, value.clone());
        }
    }
    kept
}

/// Whether the body is what the URL stands for, so that clients may ask for it under conditions.
fn is_representation(status: StatusCode) -> bool {
    matches!(status, StatusCode::OK | StatusCode::NON_AUTHORITATIVE_INFORMATION)
}

fn hash(headers: &HeaderMap, body: &[u8]) -> u128 {
    let mut hash = Xxh3::new();
    for name in [CONTENT_TYPE, CONTENT_ENCODING, CONTENT_LANGUAGE] {
        for value in headers.get_all(name) {
            hash.update(value.as_bytes());
            hash.update(b"\n");
        }
        hash.update(b"\n");
    }
    hash.update(body);
    hash.digest128()
}

/// Whether `If-None-Match` names this tag, or any.
fn is_known_tag(request: &HeaderMap, tag: Option<&HeaderValue>) -> bool {
    let all = request.get_all(IF_NONE_MATCH);
    let mut lines = all.iter();
    if let (Some(line), None) = (lines.next(), lines.next())
        && line.as_bytes().trim_ascii() == b"*"
    {
        return true;
    }
    let Some(whole) = tag.map(HeaderValue::as_bytes) else { return false };
    let Some((tag, b"")) = opaque_tag(whole) else { return false };
    // As a rule it is the one that was sent.
    let names_it = |line: &[u8]| line == whole || Tags(line).any(|known| known == tag);
    all.iter().any(|line| names_it(line.as_bytes()))
}

/// The tags of a list, without what says that one is weak. Ends at what is no tag.
///
/// Not by commas and quotes as other lists: a tag may hold a comma, and its backslash escapes
/// nothing.
struct Tags<'l>(&'l [u8]);

impl<'l> Iterator for Tags<'l> {
    type Item = &'l [u8];

    fn next(&mut self) -> Option<&'l [u8]> {
        let start = self.0.iter().position(|byte| !matches!(byte, b',' | b' ' | b'\t'))?;
        let (tag, rest) = opaque_tag(&self.0[start..])?;
        let rest = rest.trim_ascii_start();
        if !matches!(rest, [] | [b',', ..]) {
            self.0 = &[];
            return None;
        }
        self.0 = rest;
        Some(tag)
    }
}

/// The tag that a text begins with, with its quotes and without `W/`; and what follows it.
fn opaque_tag(text: &[u8]) -> Option<(&[u8], &[u8])> {
    let text = text.strip_prefix(b"W/").unwrap_or(text);
    let inner = text.strip_prefix(b"\"")?;
    let end = inner.iter().position(|byte| matches!(byte, 0..=b' ' | b'"' | 0x7F))?;
    (inner[end] == b'"').then(|| text.split_at(end + 2))
}

#[cfg(test)]
mod tests {
    use std::time::UNIX_EPOCH;

    use proptest::prelude::*;

    use super::*;

    fn headers(lines: &[(&'static str, &str)]) -> HeaderMap {
        let mut headers = HeaderMap::new();
        for (name, value) in lines {
            headers.append(*name, HeaderValue::from_str(value).unwrap());
        }
        headers
    }

    fn etag(
        status: StatusCode,
        lines: &[(&'static str, &str)],
        body: &'static str,
        etags: ETags,
    ) -> Option<String> {
        let mut snapshot = Snapshot::new(status, headers(lines), body.as_ref(), UNIX_EPOCH);
        add_etag(&mut snapshot, etags);
        Some(snapshot.headers.get(ETAG)?.to_str().unwrap().to_owned())
    }

    #[test]
    fn a_tag_is_of_the_body_and_of_how_to_read_it() {
        let weak = |lines: &[_], body| etag(StatusCode::OK, lines, body, ETags::Weak);
        let plain = weak(&[], "a").unwrap();
        assert_eq!((plain.len(), &plain[..3]), (36, "W/\""));
        assert_eq!(weak(&[("x-request-id", "1")], "a").as_deref(), Some(&*plain));
        for other in [
            weak(&[], "b"),
            weak(&[("content-type", "text/html")], "a"),
            weak(&[("content-encoding", "gzip")], "a"),
            weak(&[("content-language", "gzip")], "a"),
        ] {
            assert_ne!(other.as_deref(), Some(&*plain));
        }
        assert_eq!(etag(StatusCode::OK, &[], "a", ETags::Strong).as_deref(), Some(&plain[2..]));
    }

    #[test]
    fn there_is_no_tag_where_it_is_off_or_given_or_of_no_page() {
        assert_eq!(etag(StatusCode::OK, &[], "a", ETags::Off), None);
        assert_eq!(etag(StatusCode::MOVED_PERMANENTLY, &[], "a", ETags::Weak), None);
        assert_eq!(etag(StatusCode::NOT_FOUND, &[], "a", ETags::Weak), None);
        let given = etag(StatusCode::OK, &[("etag", "\"mine\"")], "a", ETags::Weak);
        assert_eq!(given.as_deref(), Some("\"mine\""));
    }

    fn is_known(tag: &str, lines: &[&str]) -> bool {
        let lines: Vec<_> = lines.iter().map(|line| ("if-none-match", *line)).collect();
        let response = if tag.is_empty() { HeaderMap::new() } else { headers(&[("etag", tag)]) };
        is_not_modified(&headers(&lines), StatusCode::OK, &response)
    }

    #[test]
    fn tags_are_compared_weakly_in_lists_on_all_lines() {
        for lines in [
            &[r#""a""#][..],
            &[r#"W/"a""#],
            &[r#""b", W/"a""#],
            &[r#", "b" ,,"a","c""#],
            &[r#""b""#, r#""a""#],
            &[r#""b,","a""#],
            &[r#""\","a""#],
            &["*"],
        ] {
            assert!(is_known(r#""a""#, lines), "{lines:?}");
            assert!(is_known(r#"W/"a""#, lines), "{lines:?}");
        }
        assert!(is_known("", &["*"]));
    }

    #[test]
    fn what_is_no_such_tag_matches_nothing() {
        for lines in [
            &[""][..],
            &["a"],
            &[r#""A""#],
            &[r#""b""#],
            &[r#"w/"a""#],
            &[r#"x, "a""#],
            &[r#""b" "a""#],
            &[r#""a"x"#],
            &[r#"""#],
            &[r#""x, "a""#],
            &["*", "*"],
            &["*, *"],
        ] {
            assert!(!is_known(r#""a""#, lines), "{lines:?}");
        }
        assert!(!is_known("a", &["a"]));
        assert!(!is_known(r#""a" "#, &[r#""a" x"#]));
        assert!(!is_known("", &[r#""a""#]));
    }

    #[test]
    fn dates_decide_where_no_tag_is_sent() {
        let (first, second) = ("Sun, 06 Nov 1994 08:49:37 GMT", "Sun, 06 Nov 1994 08:49:38 GMT");
        let is = |request: &[_], response: &[_]| {
            is_not_modified(&headers(request), StatusCode::OK, &headers(response))
        };
        let modified = [("last-modified", first), ("etag", "\"a\"")];
        assert!(is(&[("if-modified-since", first)], &modified));
        assert!(is(&[("if-modified-since", second)], &modified));
        assert!(!is(&[("if-modified-since", first)], &[("last-modified", second)]));
        assert!(!is(&[("if-modified-since", second)], &[("date", first)]));
        assert!(!is(&[("if-modified-since", "yesterday")], &modified));
        assert!(!is(&[("if-modified-since", second), ("if-modified-since", second)], &modified));
        assert!(!is(&[("if-modified-since", second), ("if-none-match", "\"b\"")], &modified));
        assert!(!is(&[("if-modified-since", second), ("if-none-match", "?")], &modified));
        assert!(is(&[("if-modified-since", "?"), ("if-none-match", "\"a\"")], &modified));
    }

    #[test]
    fn conditions_are_for_pages() {
        let request = headers(&[("if-none-match", "*")]);
        for status in [204, 301, 304, 404, 410] {
            let status = StatusCode::from_u16(status).unwrap();
            assert!(!is_not_modified(&request, status, &HeaderMap::new()), "{status}");
        }
    }

    proptest! {
        #[test]
        fn a_tag_is_found_in_any_list_of_tags(tags in prop::collection::vec("(W/)?\"[!#-~]{0,3}\"", 1..5), wanted in "\"[!#-~]{0,2}\"") {
            let is_there = tags.iter().any(|tag| tag.strip_prefix("W/").unwrap_or(tag) == wanted);
            prop_assert_eq!(is_known(&wanted, &[&tags.join(" ,")]), is_there);
        }

        #[test]
        fn no_bytes_make_it_panic(bytes in prop::collection::vec(prop::sample::select(&b"W/\"a, *\xFF\t"[..]), 0..16)) {
            let mut request = HeaderMap::new();
            request.append(IF_NONE_MATCH, HeaderValue::from_bytes(&bytes).unwrap());
            let is_known = is_not_modified(&request, StatusCode::OK, &headers(&[("etag", "\"a\"")]));
            prop_assert!(!is_known || bytes.windows(3).any(|part| part == b"\"a\"") || bytes.contains(&b'*'));
        }
    }
}
