//! Whether a response may be kept, and for how long (RFC 9111, sections 3 and 4.2), as a cache that
//! its server's own code configures. The rules of RFC 9111 to the letter are not here.
//!
//! Where RFC 9111 lets a shared cache keep a response under conditions, this keeps none: `private`
//! and `no-cache` with names of fields count as without. A response that is not kept costs a load;
//! one that is kept wrongly goes to a stranger.

use std::time::{Duration, SystemTime};

use http::header::{CONTENT_LENGTH, CONTENT_RANGE, PRAGMA, SET_COOKIE, TRAILER, UPGRADE};
use http::{HeaderMap, StatusCode};

use crate::cache_control::{CacheControl, Seconds};
use crate::http_date::{self, Expires};
use crate::rules::{Credentials, Rules};
use crate::vary::Vary;

/// What is done with a response.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Plan {
    /// It goes through, and is not kept.
    Pass(Unkept),
    /// Its body is read whole, and then kept.
    Buffer(Keep),
    /// Its body is copied while it flows, and kept at its proper end.
    Tee(Keep),
}

/// How a response is kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Keep {
    /// How long it is fresh by what it says itself, from now on. Never zero. None: it does not say.
    pub(crate) lifetime: Option<Duration>,
}

/// Why a response is not kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Unkept {
    /// Its status is of one request, or of one moment.
    Status,
    /// It sets a cookie.
    SetCookie,
    /// Its `Cache-Control` or `Pragma` forbids it.
    CacheControl,
    /// Its `Cache-Control` cannot be read, so it may forbid it.
    Unreadable,
    /// It varies by more than the fields of requests.
    Vary,
    /// It says that it is not fresh, or says so in a way that cannot be trusted.
    NotFresh,
    /// It is a part, or has trailers, or another protocol.
    Form,
    /// Its body is longer than `max_body`.
    TooLong,
    /// Nobody knows how long its body is.
    UnknownLength,
    /// Its body is not as long as it says, or has not come to its proper end.
    Length,
    /// The attribute's `store_if` or `timeout_of`.
    Declined,
    /// It took longer than `hard_timeout`.
    Late,
}

/// What is done with a response of the handler.
///
/// `length` is the length of its body, in bytes, where it is known for certain.
pub(crate) fn plan(
    rules: &Rules,
    status: StatusCode,
    headers: &HeaderMap,
    length: Option<u64>,
    now: SystemTime,
) -> Plan {
    match keep(rules, status, headers, now) {
        Err(reason) => Plan::Pass(reason),
        Ok(keep) => match length {
            Some(length) if !is_length(headers, length) => Plan::Pass(Unkept::Length),
            Some(length) if length > rules.max_body => Plan::Pass(Unkept::TooLong),
            Some(_) => Plan::Buffer(keep),
            None if rules.is_teed => Plan::Tee(keep),
            None => Plan::Pass(Unkept::UnknownLength),
        },
    }
}

/// Whether `Content-Length`, if there is one, says that the body is that long, in bytes.
///
/// To be asked of a body that was copied, once it has ended.
pub(crate) fn is_length(headers: &HeaderMap, length: u64) -> bool {
    headers.get_all(CONTENT_LENGTH).iter().all(|line| {
        let text = line.to_str().unwrap_or_default();
        !text.starts_with('+') && text.parse() == Ok(length)
    })
}

/// Whether a response says that it must not be used when it is no longer fresh, whatever the policy
/// (RFC 9111, section 4.2.4).
pub(crate) fn forbids_stale(headers: &HeaderMap) -> bool {
    let cache_control = CacheControl::of(headers);
    ["must-revalidate", "proxy-revalidate", "s-maxage"].iter().any(|name| cache_control.has(name))
}

fn keep(
    rules: &Rules,
    status: StatusCode,
    headers: &HeaderMap,
    now: SystemTime,
) -> Result<Keep, Unkept> {
    let most = match status.as_u16() {
        200 | 203 | 204 | 301 | 308 => None,
        404 | 410 => Some(rules.not_found.ok_or(Unkept::Status)?),
        _ => return Err(Unkept::Status),
    };
    if headers.contains_key(SET_COOKIE) || headers.contains_key("set-cookie2") {
        return Err(Unkept::SetCookie);
    }
    if [CONTENT_RANGE, TRAILER, UPGRADE].iter().any(|name| headers.contains_key(name)) {
        return Err(Unkept::Form);
    }
    let cache_control = CacheControl::of(headers);
    let is_private = cache_control.has("private") && rules.credentials != Credentials::Keyed;
    let is_pragma = || CacheControl::of_field(headers, &PRAGMA).has("no-cache");
    if is_private || cache_control.has("no-store") || cache_control.has("no-cache") || is_pragma() {
        return Err(Unkept::CacheControl);
    }
    if cache_control.is_malformed() {
        return Err(Unkept::Unreadable);
    }
    if Vary::of(headers) == Vary::Any {
        return Err(Unkept::Vary);
    }
    let own = freshness(headers, &cache_control, now);
    let left = own.map(|lifetime| lifetime.saturating_sub(http_date::age(headers)));
    let lifetime = left.into_iter().chain(most).min();
    if lifetime.is_some_and(|lifetime| lifetime.is_zero()) {
        return Err(Unkept::NotFresh);
    }
    Ok(Keep { lifetime })
}

/// How long a response says it is fresh, from when it was made (RFC 9111, section 4.2.1). Zero
/// where it says so in a way that cannot be trusted.
fn freshness(
    headers: &HeaderMap,
    cache_control: &CacheControl,
    now: SystemTime,
) -> Option<Duration> {
    for name in ["s-maxage", "max-age"] {
        match cache_control.seconds(name) {
            Seconds::Given(lifetime) => return Some(lifetime),
            Seconds::Invalid => return Some(Duration::ZERO),
            Seconds::Absent => {}
        }
    }
    match http_date::expires(headers) {
        Expires::Absent => None,
        Expires::Invalid => Some(Duration::ZERO),
        Expires::At(end) => {
            // A `Date` of long ago adds nothing: what is over by now is over.
            let made = http_date::date(headers).map_or(now, |date| date.max(now));
            Some(end.duration_since(made).unwrap_or_default())
        }
    }
}

#[cfg(test)]
mod tests;
