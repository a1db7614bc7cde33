//! Validating stored responses: what is asked, and what a `304` changes (RFC 9111, section 4.3).

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
pub(crate) fn confirmed<'s, S: AsRef<Stored>>(
    answer: &HeaderMap,
    selected: Option<&'s S>,
    mut others: impl Iterator<Item = &'s S>,
) -> Option<&'s S> {
    if selected.is_some() {
        // Nothing else was asked about.
        return selected;
    }
    let named = answer.get(ETAG)?;
    others.find(|stored| etag((*stored).as_ref()).is_some_and(|tag| opaque(tag) == opaque(named)))
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
    for name in answer.keys() {
        headers.remove(name);
    }
    for (name, value) in &answer {
        headers.append(name, value.clone());
    }
    headers
}

fn etag(stored: &Stored) -> Option<&HeaderValue> {
    stored.snapshot.headers.get(ETAG)
}

fn modified(stored: &Stored) -> Option<&HeaderValue> {
    stored.snapshot.headers.get(LAST_MODIFIED)
}

/// An entity tag without its weakness.
fn opaque(tag: &HeaderValue) -> &[u8] {
    let tag = tag.as_bytes();
    tag.strip_prefix(b"W/").unwrap_or(tag)
}
