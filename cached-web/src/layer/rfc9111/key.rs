//! The key that the layer finds responses by: that of `key.rs`, for whole requests.

use http::{HeaderMap, Method, Request, Uri};

use crate::admission::names_two_hosts;
use crate::request::Asked;
use crate::rules::Rules;
use crate::sent::sent_by_client;
use cached_runtime::__private::TextBuffer;

/// The key of a request. None where it names two hosts: a key would know one of them only.
pub(super) fn of<B>(rules: &Rules, request: &Request<B>) -> Option<Box<str>> {
    let asked = Asked::new(request.method(), uri(request), request.headers());
    (!names_two_hosts(asked)).then(|| write(rules, asked))
}

/// The key that a request for another target would have, on the same host as one for `uri`. None where the
/// target is no path.
pub(super) fn of_target(
    rules: &Rules,
    uri: &Uri,
    target: &str,
    headers: &HeaderMap,
) -> Option<Box<str>> {
    let mut parts = uri.clone().into_parts();
    parts.path_and_query = Some(target.parse().ok()?);
    let target = Uri::from_parts(parts).ok()?;
    Some(write(rules, Asked::new(&Method::GET, &target, headers)))
}

/// The URI as the client sent it: routers take off what they have matched.
pub(super) fn uri<B>(request: &Request<B>) -> &Uri {
    sent_by_client(request.extensions(), request.uri())
}

fn write(rules: &Rules, asked: Asked<'_>) -> Box<str> {
    let mut buffer = TextBuffer::new();
    crate::key::write(&mut buffer, rules, asked);
    buffer.key().map_or("", |key| key.as_str()).into()
}
