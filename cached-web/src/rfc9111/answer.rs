//! What is sent of a stored response: whole, a part of it, its head, or that it has not changed.

use std::time::SystemTime;

use bytes::Bytes;
use http::header::{AGE, CONTENT_LENGTH, CONTENT_RANGE};
use http::{HeaderMap, HeaderValue, Method, Response, StatusCode};

use super::Stored;
use super::range::{Part, part};
use crate::validators;

/// Answers a request, whose method is `GET` or `HEAD`, with a stored response.
///
/// Conditions and ranges count for successful responses only (RFC 9110, section 13.2.1 and 14.2).
pub(crate) fn answer(
    method: &Method,
    request: &HeaderMap,
    stored: &Stored,
    now: SystemTime,
) -> Response<Bytes> {
    let snapshot = &stored.snapshot;
    let mut response = Response::new(Bytes::new());
    if validators::is_not_modified(request, snapshot.status, &snapshot.headers) {
        *response.status_mut() = StatusCode::NOT_MODIFIED;
        *response.headers_mut() = validators::keep_of_not_modified(&snapshot.headers);
    } else {
        *response.status_mut() = snapshot.status;
        *response.headers_mut() = snapshot.headers.clone();
        let body = partial(method, request, stored, &mut response);
        if response.status() != StatusCode::NO_CONTENT {
            response.headers_mut().insert(CONTENT_LENGTH, HeaderValue::from(body.len()));
        }
        if method != Method::HEAD {
            *response.body_mut() = body;
        }
    }
    let age = stored.age(now).as_secs();
    response.headers_mut().insert(AGE, HeaderValue::from(age));
    response
}

/// The answer to `only-if-cached` where nothing is stored that could be sent (RFC 9111, 5.2.1.7).
pub(crate) fn gateway_timeout() -> Response<Bytes> {
    let mut response = Response::new(Bytes::new());
    *response.status_mut() = StatusCode::GATEWAY_TIMEOUT;
    response
}

/// The part of the body that is asked for, with what the response's head says of it.
fn partial(
    method: &Method,
    request: &HeaderMap,
    stored: &Stored,
    response: &mut Response<Bytes>,
) -> Bytes {
    let body = &stored.snapshot.body;
    let length = body.len();
    let part = match stored.snapshot.status {
        // Of a HEAD `Range` says nothing (RFC 9110, section 14.2).
        StatusCode::OK if *method == Method::GET => part(request, &stored.snapshot.headers, length),
        _ => Part::Whole,
    };
    let (status, range, body) = match part {
        Part::Whole => return body.clone(),
        Part::Bytes(range) => {
            let text = format!("bytes {}-{}/{length}", range.start, range.end - 1);
            (StatusCode::PARTIAL_CONTENT, text, body.slice(range))
        }
        Part::Missing => {
            (StatusCode::RANGE_NOT_SATISFIABLE, format!("bytes */{length}"), Bytes::new())
        }
    };
    *response.status_mut() = status;
    if let Ok(range) = HeaderValue::try_from(range) {
        response.headers_mut().insert(CONTENT_RANGE, range);
    }
    body
}
