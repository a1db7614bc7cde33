//! What is sent: of a response that is kept, and of one that goes through.

use std::time::Duration;

use bytes::Bytes;
use http::header::{AGE, CACHE_CONTROL, CONTENT_LENGTH, VARY};
use http::{HeaderMap, HeaderValue, Method, StatusCode};

use crate::cache_control::CacheControl;
use crate::cache_status::{self, Found};
use crate::request::RequestInfo;
use crate::rules::{Credentials, Rules};
use crate::snapshot::Snapshot;
use crate::validators;
use crate::vary::Vary;

/// Exactly what is sent. For a HEAD the body is empty, and `Content-Length` is that of a GET.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Answer {
    pub(crate) status: StatusCode,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Bytes,
}

/// The answer to a request that a kept response gives, found as it was.
///
/// Conditions of the request count for a response that was kept just now as well.
pub(crate) fn answer(
    rules: &Rules,
    request: &RequestInfo,
    snapshot: &Snapshot,
    found: &Found,
) -> Answer {
    let Snapshot { status, headers, body, initial_age, lifetime, .. } = snapshot;
    let mut answer = if validators::is_not_modified(request.headers(), *status, headers) {
        let headers = validators::keep_of_not_modified(headers);
        Answer { status: StatusCode::NOT_MODIFIED, headers, body: Bytes::new() }
    } else if request.method() == Method::HEAD {
        let mut headers = headers.clone();
        if *status != StatusCode::NO_CONTENT {
            headers.insert(CONTENT_LENGTH, HeaderValue::from(body.len()));
        }
        Answer { status: *status, headers, body: Bytes::new() }
    } else {
        Answer { status: *status, headers: headers.clone(), body: body.clone() }
    };
    let headers = &mut answer.headers;
    let age = age(found, *initial_age);
    if let Some(age) = age {
        headers.insert(AGE, HeaderValue::from(age.as_secs()));
    }
    if let Some(value) = rules.cache_control
        && !matches!(*status, StatusCode::NOT_FOUND | StatusCode::GONE)
    {
        headers.insert(CACHE_CONTROL, HeaderValue::from_static(value));
    }
    mark(rules, headers, found, *lifetime);
    answer
}

/// Adds to the fields of a response that goes through, which is not kept.
///
/// That it depends on the declared fields, and is for one client, is so all the same.
pub(crate) fn pass(rules: &Rules, headers: &mut HeaderMap, found: &Found) {
    mark(rules, headers, found, None);
}

fn mark(rules: &Rules, headers: &mut HeaderMap, found: &Found, lifetime: Option<Duration>) {
    if !rules.vary.is_empty() {
        add_vary(headers, rules.vary);
    }
    if rules.credentials == Credentials::Keyed {
        add_private(headers);
    }
    cache_status::append(headers, rules, found, lifetime);
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
