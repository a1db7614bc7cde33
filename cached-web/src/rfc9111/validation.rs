//! Validating stored responses: what is asked, and what a `304` changes (RFC 9111, section 4.3).

use std::ops::Deref;
use std::time::SystemTime;

use http::header::{
    CONTENT_ENCODING, CONTENT_LENGTH, CONTENT_RANGE, DATE, ETAG, HeaderName, IF_MATCH,
    IF_MODIFIED_SINCE, IF_NONE_MATCH, IF_RANGE, IF_UNMODIFIED_SINCE, LAST_MODIFIED, RANGE,
};
use http::{HeaderMap, HeaderValue};

use super::Stored;
use crate::{fields, http_date};

/// Fields that make a request conditional.
const CONDITIONS: [HeaderName; 5] =
    [IF_MATCH, IF_NONE_MATCH, IF_MODIFIED_SINCE, IF_UNMODIFIED_SINCE, IF_RANGE];

/// Fields that describe the stored body, which a `304` does not bring.
const OF_THE_BODY: [HeaderName; 5] =
    [CONTENT_ENCODING, CONTENT_LENGTH, CONTENT_RANGE, ETAG, HeaderName::from_static("content-md5")];

/// Removes what makes a request conditional or partial.
pub(crate) fn without_conditions(request: &mut HeaderMap) {
    for name in CONDITIONS.iter().chain(&[RANGE]) {
        request.remove(name);
    }
}

/// Makes a request ask whether a stored response is still good, in place of what the client asked.
///
/// `selected` is what the request selects. Without it, any of `others` may be named by the answer, by
/// its entity tag (RFC 9111, section 4.3.1). False, and nothing changed, where there is no validator.
pub(crate) fn condition<'s>(
    request: &mut HeaderMap,
    selected: Option<&'s Stored>,
    others: impl Iterator<Item = &'s Stored>,
) -> bool {
    let (tags, modified) = match selected {
        Some(stored) => {
            (etag(stored).map(HeaderValue::as_bytes).map(<[u8]>::to_vec), modified(stored))
        }
        None => {
            let tags: Vec<_> = others.filter_map(etag).map(HeaderValue::as_bytes).collect();
            ((!tags.is_empty()).then(|| tags.join(&b", "[..])), None)
        }
    };
    let tags = tags.and_then(|tags| HeaderValue::from_bytes(&tags).ok());
    if tags.is_none() && modified.is_none() {
        return false;
    }
    without_conditions(request);
    if let Some(tags) = tags {
        request.insert(IF_NONE_MATCH, tags);
    }
    if let Some(modified) = modified {
        request.insert(IF_MODIFIED_SINCE, modified.clone());
    }
    true
}

/// Which stored response a `304` to such a request is about (RFC 9111, section 4.3.4).
pub(crate) fn confirmed<'s, S: Deref<Target = Stored>>(
    answer: &HeaderMap,
    selected: Option<&'s S>,
    others: impl Iterator<Item = &'s S>,
) -> Option<&'s S> {
    if let Some(selected) = selected {
        // Nothing else was asked about. A strong validator that is another's is not its own.
        let names_another = answer.get(ETAG).is_some_and(|named| {
            is_strong(named) && etag(selected).is_some_and(|tag| is_strong(tag) && tag != named)
        });
        return (!names_another).then_some(selected);
    }
    let mut asked = others.filter(|stored| etag(stored).is_some());
    match answer.get(ETAG) {
        Some(named) => {
            asked.find(|stored| etag(stored).is_some_and(|tag| opaque(tag) == opaque(named)))
        }
        // It names none, so it has to be the only one.
        None => asked.next().filter(|_| asked.next().is_none()),
    }
}

/// The fields of a stored response after a `304` (RFC 9111, section 3.2).
///
/// `Date` and `Age` are those of the `304`: it says that the response is good as of now.
pub(crate) fn freshened(stored: &Stored, answer: &HeaderMap, received: SystemTime) -> HeaderMap {
    let mut answer = answer.clone();
    fields::remove_of_connection(&mut answer);
    for name in &OF_THE_BODY {
        answer.remove(name);
    }
    if http_date::date(&answer).is_none() {
        answer.insert(DATE, http_date::written(received));
    }
    let mut headers = stored.snapshot.headers.clone();
    if stored.made_tag().is_some() {
        // It is made anew, unless this one brings fields that make it another.
        headers.remove(ETAG);
    }
    for name in answer.keys() {
        headers.remove(name);
    }
    for (name, value) in &answer {
        headers.append(name, value.clone());
    }
    headers
}

/// One that was made here is nothing to ask the origin by.
fn etag(stored: &Stored) -> Option<&HeaderValue> {
    stored.own_tag()
}

fn modified(stored: &Stored) -> Option<&HeaderValue> {
    stored.snapshot.headers.get(LAST_MODIFIED)
}

fn is_strong(tag: &HeaderValue) -> bool {
    !tag.as_bytes().starts_with(b"W/")
}

/// An entity tag without its weakness.
fn opaque(tag: &HeaderValue) -> &[u8] {
    let tag = tag.as_bytes();
    tag.strip_prefix(b"W/").unwrap_or(tag)
}

#[cfg(test)]
mod tests {
    use std::time::{Duration, UNIX_EPOCH};

    use http::StatusCode;

    use super::*;
    use crate::rfc9111::{Control, Received, Selection, storable};

    type Lines<'l> = &'l [(&'static str, &'static str)];

    fn map(lines: Lines<'_>) -> HeaderMap {
        let mut headers = HeaderMap::new();
        for (name, value) in lines {
            headers.append(*name, HeaderValue::from_static(value));
        }
        headers
    }

    fn stored(lines: Lines<'_>) -> Box<Stored> {
        let (request, headers) = (HeaderMap::new(), map(lines));
        let control = Control::of(&headers, &[]);
        let terms = storable(&request, StatusCode::OK, &headers, &control, UNIX_EPOCH).unwrap();
        let selection = Selection::new(&request, &headers).unwrap();
        let received = Received { requested: UNIX_EPOCH, at: UNIX_EPOCH };
        Box::new(Stored::new(selection, StatusCode::OK, headers, &control, terms, received))
    }

    const OLD: &str = "Sun, 06 Nov 1994 08:49:37 GMT";

    #[test]
    fn validators_take_the_place_of_what_the_client_asked() {
        let one = stored(&[("etag", "\"a\""), ("last-modified", OLD)]);
        let mut request = map(&[
            ("if-none-match", "\"x\""),
            ("if-range", "\"x\""),
            ("range", "bytes=0-1"),
            ("accept", "*/*"),
        ]);
        assert!(condition(&mut request, Some(&one), std::iter::empty()));
        let expected = [("accept", "*/*"), ("if-none-match", "\"a\""), ("if-modified-since", OLD)];
        assert_eq!(request, map(&expected));
    }

    #[test]
    fn without_a_validator_the_request_stays_as_it_is() {
        let one = stored(&[("cache-control", "max-age=1")]);
        let asked = map(&[("if-none-match", "\"x\"")]);
        let mut request = asked.clone();
        assert!(!condition(&mut request, Some(&one), std::iter::empty()));
        assert!(!condition(&mut request, None, std::iter::once(&*one)));
        assert_eq!(request, asked);
    }

    #[test]
    fn a_304_says_which_of_several_it_is_about() {
        let (one, other) = (stored(&[("etag", "\"a\"")]), stored(&[("etag", "W/\"b\"")]));
        let mut request = HeaderMap::new();
        assert!(condition(&mut request, None, [&*one, &*other].into_iter()));
        assert_eq!(request, map(&[("if-none-match", "\"a\", W/\"b\"")]));

        let found = |answer: Lines<'_>| {
            let found = confirmed(&map(answer), None, [&one, &other].into_iter());
            found.map(|found| found.snapshot.headers["etag"].to_str().unwrap().to_owned())
        };
        assert_eq!(found(&[("etag", "\"b\"")]).as_deref(), Some("W/\"b\""));
        assert_eq!(found(&[("etag", "\"c\"")]), None);
        assert_eq!(found(&[]), None);
        assert!(confirmed(&map(&[]), None, [&one].into_iter()).is_some());
        let confirms =
            |tag| confirmed(&map(&[("etag", tag)]), Some(&one), [].into_iter()).is_some();
        assert!(confirms("\"a\"") && confirms("W/\"c\"") && !confirms("\"c\""));
        assert!(confirmed(&map(&[]), Some(&one), [].into_iter()).is_some());
    }

    #[test]
    fn a_304_changes_all_but_what_describes_the_body() {
        let one = stored(&[
            ("etag", "\"a\""),
            ("date", OLD),
            ("content-encoding", "gzip"),
            ("x-changed", "1"),
            ("x-changed", "2"),
            ("x-kept", "1"),
        ]);
        let answer = map(&[
            ("etag", "\"b\""),
            ("content-encoding", "br"),
            ("content-length", "0"),
            ("connection", "x-hop"),
            ("x-hop", "1"),
            ("x-changed", "3"),
            ("age", "7"),
        ]);
        let received = UNIX_EPOCH + Duration::from_secs(1_000_000_000);
        let expected = [
            ("etag", "\"a\""),
            ("content-encoding", "gzip"),
            ("x-kept", "1"),
            ("x-changed", "3"),
            ("age", "7"),
            ("date", "Sun, 09 Sep 2001 01:46:40 GMT"),
        ];
        assert_eq!(freshened(&one, &answer, received), map(&expected));
    }
}
