//! What the cache knows of a request: method, URI, fields. Not its body.

use http::{HeaderMap, Method, Uri};

/// What the cache knows of a request: its method, its URI, its fields.
#[derive(Clone, Debug)]
pub struct RequestInfo {
    method: Method,
    uri: Uri,
    headers: HeaderMap,
}

impl RequestInfo {
    /// A request with this method, this URI as the client sent it, and these fields.
    #[must_use]
    pub fn new(method: Method, uri: Uri, headers: HeaderMap) -> Self {
        Self { method, uri, headers }
    }

    /// Returns the method.
    #[must_use]
    pub fn method(&self) -> &Method {
        &self.method
    }

    /// Returns the URI.
    #[must_use]
    pub fn uri(&self) -> &Uri {
        &self.uri
    }

    /// Returns the fields.
    #[must_use]
    pub fn headers(&self) -> &HeaderMap {
        &self.headers
    }

    /// Returns the path as it was sent, undecoded.
    #[must_use]
    pub fn path(&self) -> &str {
        self.uri.path()
    }
}
