//! The key that the layer finds responses by: that of `key.rs`, for whole requests.

use http::{HeaderMap, Method, Request, Uri};

use crate::RequestInfo;
use crate::rules::Rules;
use cached_runtime::__private::TextBuffer;

/// The key of a request. None where it names two hosts: a key would know one of them only.
pub(super) fn of<B>(rules: &Rules, request: &mut Request<B>) -> Option<Box<str>> {
    let (method, headers) = (request.method().clone(), std::mem::take(request.headers_mut()));
    let info = RequestInfo::new(method, uri(request), headers);
    let key = (!crate::admission::names_two_hosts(&info)).then(|| write(rules, &info));
    *request.headers_mut() = info.into_parts().2;
    key
}

/// The key that a request for another target, on the same host, would have.
pub(super) fn of_target(rules: &Rules, target: Uri, headers: &HeaderMap) -> Box<str> {
    write(rules, &RequestInfo::new(Method::GET, target, headers.clone()))
}

/// The URI as the client sent it: routers take off what they have matched.
pub(super) fn uri<B>(request: &Request<B>) -> Uri {
    #[cfg(feature = "axum")]
    if let Some(axum::extract::OriginalUri(uri)) = request.extensions().get() {
        return uri.clone();
    }
    request.uri().clone()
}

fn write(rules: &Rules, info: &RequestInfo) -> Box<str> {
    let mut buffer = TextBuffer::new();
    crate::key::write(&mut buffer, rules, info);
    buffer.key().map_or("", |key| key.as_str()).into()
}
