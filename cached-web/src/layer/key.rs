//! The text that the layer finds responses by: host, path and query of a request.

use http::request::Parts;
use http::{HeaderMap, HeaderValue, Uri};

/// The key of a request.
pub(super) fn of(parts: &Parts) -> String {
    of_target(parts.uri.path_and_query().map_or("/", |t| t.as_str()), &parts.uri, &parts.headers)
}

/// The key that a request for another target, on the same host, would have.
pub(super) fn of_target(target: &str, uri: &Uri, headers: &HeaderMap) -> String {
    let host = uri.authority().map(|authority| authority.as_str().as_bytes());
    let host = host.or_else(|| headers.get(http::header::HOST).map(HeaderValue::as_bytes));
    format!("{}{target}", String::from_utf8_lossy(host.unwrap_or_default()))
}
