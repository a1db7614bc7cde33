//! What the cache knows of a request: method, URI, fields. Not its body, and not its key.

use std::borrow::Cow;
use std::fmt::{self, Display, Write};
use std::sync::Arc;

use http::header::{HOST, HeaderName, HeaderValue};
use http::uri::Authority;
use http::{HeaderMap, Method, Uri};
use serde::{Serialize, Serializer};

use crate::query::{self, Selection};
use crate::topics::Topics;

/// What the cache knows of a request: its method, its URI, its fields.
///
/// In a key, name what the answer depends on: `key = "{request.path()}?{request.query()}"`.
///
/// Clones share what they hold. `Debug` shows no values of fields, among which are credentials: a handler
/// that logs its arguments logs this one as well.
#[derive(Clone)]
pub struct RequestInfo(Arc<Held>);

/// The same where it stands, as far as it tells which response there is for it.
#[derive(Clone, Copy)]
pub(crate) struct Asked<'r> {
    pub(crate) method: &'r Method,
    /// Of the URI. Most clients name none.
    pub(crate) scheme: Option<&'r str>,
    /// Of the URI.
    pub(crate) authority: Option<&'r str>,
    pub(crate) path: &'r str,
    pub(crate) query: Option<&'r str>,
    /// The first line of `Host`.
    pub(crate) host: Option<&'r [u8]>,
    pub(crate) headers: Headers<'r>,
    pub(crate) topics: Topics,
}

/// The fields of a request.
#[derive(Clone, Copy)]
pub(crate) enum Headers<'r> {
    /// All of them.
    All(&'r HeaderMap),
    /// Those that are about something or declared with `vary`.
    #[cfg(feature = "actix")]
    Some(&'r HeaderMap),
}

impl<'r> Asked<'r> {
    #[cfg(any(feature = "poem", feature = "salvo", feature = "tower"))]
    pub(crate) fn new(method: &'r Method, uri: &'r Uri, headers: &'r HeaderMap) -> Self {
        let (topics, host) = Topics::and_host(headers);
        Self::of(method, uri, headers, topics, host)
    }

    fn of(
        method: &'r Method,
        uri: &'r Uri,
        headers: &'r HeaderMap,
        topics: Topics,
        host: Option<&'r HeaderValue>,
    ) -> Self {
        let (scheme, authority) = (uri.scheme_str(), uri.authority().map(Authority::as_str));
        let host = host.map(HeaderValue::as_bytes);
        let (path, query, headers) = (uri.path(), uri.query(), Headers::All(headers));
        Self { method, scheme, authority, path, query, host, headers, topics }
    }

    /// Every field that is about something or declared, and others.
    pub(crate) fn headers(self) -> &'r HeaderMap {
        match self.headers {
            Headers::All(headers) => headers,
            #[cfg(feature = "actix")]
            Headers::Some(headers) => headers,
        }
    }
}

struct Held {
    method: Method,
    uri: Uri,
    headers: HeaderMap,
    topics: Topics,
}

impl RequestInfo {
    /// A request with this method, this URI as the client sent it, and these fields.
    #[must_use]
    pub fn new(method: Method, uri: Uri, headers: HeaderMap) -> Self {
        let (topics, _) = Topics::and_host(&headers);
        Self(Arc::new(Held { method, uri, headers, topics }))
    }

    /// Returns the method.
    #[must_use]
    pub fn method(&self) -> &Method {
        &self.0.method
    }

    /// Returns the URI.
    #[must_use]
    pub fn uri(&self) -> &Uri {
        &self.0.uri
    }

    /// Returns the fields.
    #[must_use]
    pub fn headers(&self) -> &HeaderMap {
        &self.0.headers
    }

    pub(crate) fn asked(&self) -> Asked<'_> {
        let Held { method, uri, headers, topics } = &*self.0;
        Asked::of(method, uri, headers, *topics, headers.get(HOST))
    }

    /// Returns the path as it was sent, undecoded.
    ///
    /// Two ways to write a path are two paths: a router may tell `/items` from `/%69tems`.
    #[must_use]
    pub fn path(&self) -> &str {
        self.0.uri.path()
    }

    /// Returns the query in one form: pairs sorted by name, empty ones dropped, `%xx` in upper case
    /// and only where it is needed. Empty where there is none.
    ///
    /// `?b=2&a=1` is `a=1&b=2`; the order of values of one name or one list (`x[a]` and `x[b]`), `+`
    /// and `%20`, `a` and `a=` are told apart.
    ///
    /// # Examples
    ///
    /// ```
    /// use cached_web::RequestInfo;
    /// use http::{HeaderMap, Method};
    ///
    /// let uri = "/items?page=2&%6Eame=%c3%a9".parse().unwrap();
    /// let request = RequestInfo::new(Method::GET, uri, HeaderMap::new());
    /// assert_eq!(request.query(), "name=%C3%A9&page=2");
    /// ```
    #[must_use]
    pub fn query(&self) -> Cow<'_, str> {
        query::normalised(self.0.uri.query().unwrap_or_default(), Selection::ALL)
    }

    /// Returns the lines of a field, as something to put into a key. The name is in any case.
    ///
    /// # Examples
    ///
    /// ```
    /// # use cached_web::RequestInfo;
    /// # use http::{HeaderMap, HeaderValue, Method};
    /// let mut headers = HeaderMap::new();
    /// headers.insert("accept-language", HeaderValue::from_static("en"));
    /// let request = RequestInfo::new(Method::GET, "/".parse().unwrap(), headers);
    /// assert_eq!(request.header("Accept-Language").to_string(), r#""en""#);
    /// assert_eq!(request.header("accept").to_string(), "");
    /// ```
    #[must_use]
    pub fn header(&self, name: &str) -> Lines<'_> {
        Lines(self.0.headers.get_all(name).iter().collect())
    }
}

impl fmt::Debug for RequestInfo {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RequestInfo")
            .field("method", self.method())
            .field("uri", self.uri())
            .field("fields", &self.headers().keys().map(HeaderName::as_str).collect::<Vec<_>>())
            .finish()
    }
}

/// The lines of a request's field.
///
/// Its text is different for different lines: each is in quotes, with `\xff` for bytes that are no
/// visible ASCII, and `, ` between two. So it is empty where the field is absent, and `""` where it
/// is empty.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Lines<'r>(Vec<&'r HeaderValue>);

impl Display for Lines<'_> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (at, line) in self.0.iter().enumerate() {
            formatter.write_str(if at == 0 { "\"" } else { ", \"" })?;
            for byte in line.as_bytes() {
                match byte {
                    b'"' | b'\\' => write!(formatter, "\\{}", char::from(*byte))?,
                    b' '..=b'~' => formatter.write_char(char::from(*byte))?,
                    _ => write!(formatter, "\\x{byte:02x}")?,
                }
            }
            formatter.write_char('"')?;
        }
        Ok(())
    }
}

impl Serialize for Lines<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn request(lines: &[Vec<u8>]) -> RequestInfo {
        let mut headers = HeaderMap::new();
        for line in lines {
            headers.append("x-a", HeaderValue::from_bytes(line).unwrap());
        }
        RequestInfo::new(Method::GET, Uri::from_static("/a%2fb?b&a"), headers)
    }

    #[test]
    fn the_path_is_as_it_was_sent_and_the_query_in_its_form() {
        let request = request(&[]);
        assert_eq!((request.path(), &*request.query()), ("/a%2fb", "a&b"));
        let bare = RequestInfo::new(Method::GET, Uri::from_static("*"), HeaderMap::new());
        assert_eq!((bare.path(), &*bare.query()), ("*", ""));
    }

    #[test]
    fn what_is_printed_has_no_values_of_fields() {
        let mut headers = HeaderMap::new();
        headers.insert("authorization", HeaderValue::from_static("Basic c2VjcmV0"));
        let request = RequestInfo::new(Method::GET, Uri::from_static("/a?b"), headers);
        assert_eq!(
            format!("{request:?}"),
            r#"RequestInfo { method: GET, uri: /a?b, fields: ["authorization"] }"#,
        );
    }

    #[test]
    fn lines_are_quoted() {
        let request = request(&[b"a\"\\".to_vec(), b"\xC3\xA9\t".to_vec(), vec![]]);
        assert_eq!(request.header("X-A").to_string(), r#""a\"\\", "\xc3\xa9\x09", """#);
        assert_eq!(request.header("x-b").to_string(), "");
        assert_eq!(request.header("no name").to_string(), "");
    }

    fn lines() -> impl Strategy<Value = Vec<Vec<u8>>> {
        let byte = prop::sample::select(&b"a\"\\x, \xFFf"[..]);
        prop::collection::vec(prop::collection::vec(byte, 0..5), 0..4)
    }

    proptest! {
        #[test]
        fn one_text_exactly_for_the_same_lines(one in lines(), other in lines()) {
            let [first, second] = [&one, &other].map(|lines| request(lines).header("x-a").to_string());
            prop_assert_eq!(first == second, one == other);
        }
    }
}
