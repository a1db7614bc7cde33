//! The key that the layer finds responses by: that of `key.rs`, for whole requests.

use http::{HeaderMap, Method, Request, Uri};

use crate::admission::names_two_hosts;
use crate::request::Asked;
use crate::rules::Rules;
use cached_runtime::__private::TextBuffer;

/// The key of a request. None where it names two hosts: a key would know one of them only.
pub(super) fn of<B>(rules: &Rules, request: &Request<B>) -> Option<Box<str>> {
    let uri = uri(request);
    let asked = Asked::new(request.method(), &uri, request.headers());
    (!names_two_hosts(asked)).then(|| write(rules, asked))
}

/// The key that a request for another target, on the same host, would have.
pub(super) fn of_target(rules: &Rules, target: &Uri, headers: &HeaderMap) -> Box<str> {
    write(rules, Asked::new(&Method::GET, target, headers))
}

/// The URI as the client sent it: routers take off what they have matched.
pub(super) fn uri<B>(request: &Request<B>) -> Uri {
    #[cfg(feature = "axum")]
    if let Some(axum::extract::OriginalUri(uri)) = request.extensions().get() {
        return uri.clone();
    }
    request.uri().clone()
}

fn write(rules: &Rules, asked: Asked<'_>) -> Box<str> {
    let mut buffer = TextBuffer::new();
    crate::key::write(&mut buffer, rules, asked);
    buffer.key().map_or("", |key| key.as_str()).into()
}
