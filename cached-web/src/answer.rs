//! What is sent: of a response that is kept, and of one that goes through.

use std::time::Duration;

use bytes::Bytes;
use http::header::{CACHE_CONTROL, CONTENT_LENGTH, VARY};
use http::{HeaderMap, HeaderValue, Method, StatusCode};

use crate::cache_control::CacheControl;
use crate::cache_status::{self, Found};
use crate::numbered::Numbered;
use crate::page::Page;
use crate::request::Asked;
use crate::rules::{Credentials, Rules};
use crate::shape::{Own, Shaped};
use crate::snapshot::Snapshot;
use crate::topics::Topic;
use crate::validators;
use crate::vary::Vary;

static AGES: Numbered = Numbered::new("");
static LENGTHS: Numbered = Numbered::new("");

/// Exactly what is sent, `Content-Length` included. For a HEAD the body is empty all the same.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Answer {
    pub(crate) status: StatusCode,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Bytes,
}

/// The answer to a request that a kept response gives, found as it was.
///
/// Conditions of the request count for a response that was kept just now as well.
pub(crate) fn answer(rules: &Rules, request: Asked<'_>, page: &Page, found: &Found) -> Answer {
    let is_not_modified = is_not_modified(request, page);
    let headers = ready(rules, page, is_not_modified).fields(own(rules, page, found));
    let (status, body) = status_and_body(request, page, is_not_modified);
    Answer { status, headers, body }
}

/// Whether the client has the response already.
pub(crate) fn is_not_modified(request: Asked<'_>, page: &Page) -> bool {
    let Snapshot { status, headers, .. } = &page.snapshot;
    request.topics.has(Topic::Condition)
        && validators::is_not_modified(request.headers(), *status, headers)
}

/// What an answer has beside its fields. One to HEAD has no body.
pub(crate) fn status_and_body(
    request: Asked<'_>,
    page: &Page,
    is_not_modified: bool,
) -> (StatusCode, Bytes) {
    let Snapshot { status, body, .. } = &page.snapshot;
    match () {
        () if is_not_modified => (StatusCode::NOT_MODIFIED, Bytes::new()),
        () if *request.method == Method::HEAD => (*status, Bytes::new()),
        () => (*status, body.clone()),
    }
}

/// What each answer has of its own.
pub(crate) fn own(rules: &Rules, page: &Page, found: &Found) -> Own {
    let Snapshot { initial_age, lifetime, .. } = &page.snapshot;
    let age = age(found, *initial_age).map(|age| AGES.value(age.as_secs()));
    Own { age, cache_status: cache_status::value(rules, found, *lifetime) }
}

fn with_length(status: StatusCode, headers: &HeaderMap, body: &Bytes) -> HeaderMap {
    let mut headers = headers.clone();
    if status != StatusCode::NO_CONTENT {
        headers.insert(CONTENT_LENGTH, LENGTHS.value(body.len() as u64));
    }
    headers
}

/// The fields of a page as its answers send them, made by the first.
fn ready<'p>(rules: &Rules, page: &'p Page, is_not_modified: bool) -> &'p Shaped {
    page.ready.get_or_make(is_not_modified, || {
        Shaped::new(shared(rules, page, is_not_modified), rules.is_cache_status_sent)
    })
}

/// The fields that answers have in common.
pub(crate) fn shared(rules: &Rules, page: &Page, is_not_modified: bool) -> HeaderMap {
    let Snapshot { status, headers, body, .. } = &page.snapshot;
    let mut headers = if is_not_modified {
        validators::keep_of_not_modified(headers)
    } else {
        with_length(*status, headers, body)
    };
    if let Some(value) = rules.cache_control
        && !matches!(*status, StatusCode::NOT_FOUND | StatusCode::GONE)
    {
        headers.insert(CACHE_CONTROL, HeaderValue::from_static(value));
    }
    restrict(rules, &mut headers);
    headers
}

/// Adds to the fields of a response that goes through, which is not kept.
///
/// That it depends on the declared fields, and is for one client, is so all the same.
pub(crate) fn pass(rules: &Rules, headers: &mut HeaderMap, found: &Found) {
    restrict(rules, headers);
    cache_status::append(headers, rules, found, None);
}

/// Says for whom an answer is.
fn restrict(rules: &Rules, headers: &mut HeaderMap) {
    if !rules.vary.is_empty() {
        add_vary(headers, rules.vary);
    }
    if rules.credentials == Credentials::Keyed {
        add_private(headers);
    }
}

/// How old the answer is: always told of a hit, else only where the handler told it.
fn age(found: &Found, initial: Duration) -> Option<Duration> {
    match *found {
        Found::Hit { age, .. } => Some(age.saturating_add(initial)),
        _ => (!initial.is_zero()).then_some(initial),
    }
}

/// Adds the names that `Vary` does not have yet.
fn add_vary(headers: &mut HeaderMap, declared: &[&'static str]) {
    let Vary::Fields(named) = Vary::of(headers) else { return };
    let is_missing = |name: &&str| named.iter().all(|known| known != *name);
    let missing: Vec<&str> = declared.iter().copied().filter(is_missing).collect();
    if missing.is_empty() {
        return;
    }
    if let Ok(value) = HeaderValue::try_from(missing.join(", ")) {
        headers.append(VARY, value);
    }
}

/// Says that the answer is for one client. What the handler said beside it stays.
fn add_private(headers: &mut HeaderMap) {
    // With names of fields it is about those, and the rest might be shared.
    let is_said =
        CacheControl::of(headers).all("private").any(|private| private.argument.is_none());
    if !is_said {
        headers.append(CACHE_CONTROL, HeaderValue::from_static("private"));
    }
}

#[cfg(test)]
mod tests;
