//! Between the types of actix-web, which are of `http` 0.2 and its own, and those of `http` 1.

use std::error::Error;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use actix_web::body::{BodySize, BoxBody, MessageBody};
use actix_web::http::header::{CONTENT_LENGTH, HOST, HeaderMap, HeaderValue};
use actix_web::http::{Method, StatusCode};
use actix_web::test::TestRequest;
use actix_web::{HttpRequest, HttpResponse};
use bytes::Bytes;
use http_body::{Body, Frame, SizeHint};

use super::names;
use crate::RequestInfo;
use crate::packed::packed;
use crate::request::{Asked, Headers};
use crate::rules::Rules;
use crate::topics::{Topic, Topics};

/// What the cache knows of a request. One that `http` 1 has no words for is known as one that no cache
/// answers.
pub(super) fn info(request: &HttpRequest) -> RequestInfo {
    let headers = names_and_values(request.headers());
    match method_and_uri(request) {
        Ok((method, uri)) => RequestInfo::new(method, uri, headers),
        Err(_) => RequestInfo::new(http::Method::TRACE, http::Uri::default(), headers),
    }
}

fn method_and_uri(request: &HttpRequest) -> Result<(http::Method, http::Uri), http::Error> {
    let method = http::Method::from_bytes(request.method().as_str().as_bytes())?;
    let uri = request.uri();
    let uri = match uri.path_and_query() {
        Some(path) if uri.authority().is_none() => path.as_str().try_into()?,
        _ => uri.to_string().try_into()?,
    };
    Ok((method, uri))
}

/// Shows a request to `look` as far as that tells which response there is for it, where this takes no
/// more than a few of its fields.
pub(super) fn asked<T>(
    request: &HttpRequest,
    rules: &Rules,
    look: impl FnOnce(Asked<'_>) -> Option<T>,
) -> Option<T> {
    let method = match *request.method() {
        Method::GET => http::Method::GET,
        Method::HEAD => http::Method::HEAD,
        _ => return None,
    };
    let uri = request.uri();
    // Whether it is the host's as well is for the whole way to say.
    if uri.authority().is_some() {
        return None;
    }
    let (mut host, mut others) = (None, http::HeaderMap::new());
    let mut topics = Topics::default();
    for (name, value) in request.headers() {
        if name == HOST && host.replace(value.as_bytes()).is_some() {
            return None;
        }
        let name = names::incoming(name)?;
        let topic = Topic::of(&name);
        if topic.is_some() || rules.vary.contains(&name.as_str()) {
            topics.add(topic);
            others.append(name, http::HeaderValue::from_bytes(value.as_bytes()).ok()?);
        }
    }
    let (path, query, headers) = (uri.path(), uri.query(), Headers::Some(&others));
    let (scheme, authority) = (None, None);
    look(Asked { method: &method, scheme, authority, path, query, host, headers, topics })
}

/// A request with this method, this URI and these fields, and nothing else.
pub(super) fn request(info: &RequestInfo) -> HttpRequest {
    let mut request = TestRequest::with_uri(&info.uri().to_string());
    if let Ok(method) = info.method().as_str().parse() {
        request = request.method(method);
    }
    for field in fields(info.headers()) {
        request = request.append_header(field);
    }
    request.to_http_request()
}

/// A response of actix-web, with the body it is given.
pub(super) fn head<B>(head: &HttpResponse<()>, body: B) -> http::Response<B> {
    let mut response = http::Response::new(body);
    *response.headers_mut() = names_and_values(head.headers());
    if let Ok(status) = head.status().as_u16().try_into() {
        *response.status_mut() = status;
    }
    response
}

/// A response from the cache.
pub(super) fn response(response: http::Response<Bytes>) -> HttpResponse {
    let (parts, body) = response.into_parts();
    whole(parts.status, fields(&parts.headers), body)
}

/// A response of these parts.
pub(super) fn whole(status: http::StatusCode, fields: HeaderMap, body: Bytes) -> HttpResponse {
    let status = StatusCode::from_u16(status.as_u16());
    let mut response = HttpResponse::new(status.unwrap_or(StatusCode::INTERNAL_SERVER_ERROR));
    let declared =
        || fields.get(CONTENT_LENGTH).and_then(|field| field.to_str().ok()?.parse().ok());
    let body = match body.is_empty().then(declared).flatten() {
        Some(length) => Bodiless { length }.boxed(),
        None => body.boxed(),
    };
    *response.headers_mut() = fields;
    response.set_body(body)
}

/// Fields of `http` 1, as fields of actix-web.
pub(super) fn fields(headers: &http::HeaderMap) -> HeaderMap {
    let mut fields = HeaderMap::with_capacity(headers.keys_len());
    let values = packed(|| headers.values().map(http::HeaderValue::as_bytes));
    for (name, value) in headers.iter().map(|(name, _)| name).zip(values) {
        let value = HeaderValue::from_maybe_shared(value);
        if let (Some(name), Ok(value)) = (names::outgoing(name), value) {
            fields.append(name, value);
        }
    }
    fields
}

/// A value of `http` 1, as one of actix-web.
pub(super) fn value(value: &http::HeaderValue) -> Option<HeaderValue> {
    HeaderValue::from_bytes(value.as_bytes()).ok()
}

/// Fields of actix-web, as fields of `http` 1.
fn names_and_values(fields: &HeaderMap) -> http::HeaderMap {
    let mut headers = http::HeaderMap::with_capacity(fields.len());
    let fields: Vec<_> = fields.iter().collect();
    let values = packed(|| fields.iter().map(|(_, value)| value.as_bytes()));
    for ((name, _), value) in fields.iter().zip(values) {
        let value = http::HeaderValue::from_maybe_shared(value);
        if let (Some(name), Ok(value)) = (names::incoming(name), value) {
            headers.append(name, value);
        }
    }
    headers
}

/// No body, but the length of the one that a `GET` would have got.
struct Bodiless {
    length: u64,
}

impl MessageBody for Bodiless {
    type Error = std::convert::Infallible;

    fn size(&self) -> BodySize {
        BodySize::Sized(self.length)
    }

    fn poll_next(
        self: Pin<&mut Self>,
        _: &mut Context<'_>,
    ) -> Poll<Option<Result<Bytes, Self::Error>>> {
        Poll::Ready(None)
    }
}

/// A body that a handler gave.
pub(super) struct Incoming(pub(super) BoxBody);

impl Body for Incoming {
    type Data = Bytes;
    type Error = Box<dyn Error>;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        ctx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Self::Error>>> {
        self.0.as_pin_mut().poll_next(ctx).map_ok(Frame::data)
    }

    fn size_hint(&self) -> SizeHint {
        match self.0.size() {
            BodySize::None => SizeHint::with_exact(0),
            BodySize::Sized(length) => SizeHint::with_exact(length),
            BodySize::Stream => SizeHint::new(),
        }
    }
}

/// A body on its way to the client.
pub(super) struct Outgoing<B>(pub(super) B);

impl<B> MessageBody for Outgoing<B>
where
    B: Body<Data = Bytes, Error = Box<dyn Error>> + Unpin,
{
    type Error = Box<dyn Error>;

    fn size(&self) -> BodySize {
        self.0.size_hint().exact().map_or(BodySize::Stream, BodySize::Sized)
    }

    fn poll_next(
        mut self: Pin<&mut Self>,
        ctx: &mut Context<'_>,
    ) -> Poll<Option<Result<Bytes, Self::Error>>> {
        let frame = ready!(Pin::new(&mut self.0).poll_frame(ctx));
        // Bodies of actix-web have no trailers.
        Poll::Ready(frame.map(|frame| frame.map(|frame| frame.into_data().unwrap_or_default())))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::admission::{Admission, admission};
    use crate::key;
    use crate::rt::TextBuffer;

    const FIELDS: [(&str, &str); 14] = [
        ("accept", "text/html"),
        ("accept-language", "en"),
        ("authorization", "Basic eA=="),
        ("cache-control", "no-cache"),
        ("content-length", "0"),
        ("cookie", "a=b"),
        ("forwarded", "host=other"),
        ("host", "Example.org:80"),
        ("if-none-match", "\"a\""),
        ("range", "bytes=0-1"),
        ("remote-user", "me"),
        ("sec-fetch-mode", "navigate"),
        ("x-http-method", "PUT"),
        ("x-original-url", "/b"),
    ];

    fn told(rules: &Rules, asked: Asked<'_>) -> (Admission, String) {
        let mut text = TextBuffer::new();
        key::write(&mut text, rules, asked);
        let key = text.key().map(|key| key.as_str().to_owned());
        (admission(rules, asked), key.unwrap_or_default())
    }

    #[test]
    fn a_few_fields_tell_what_all_of_them_tell() {
        let all = [
            Rules::new(),
            Rules::new().vary(&["accept-language", "host", "x-http-method"]).client_refresh(),
            Rules::new().host(false).ignore_credentials(),
        ];
        for (rules, target) in all.iter().zip(["/a%20b?c=1&b=2", "/", "/?"]) {
            for one in FIELDS {
                for other in FIELDS.iter().filter(|other| other.0 != one.0) {
                    let request = TestRequest::with_uri(target);
                    let request = request.insert_header(one).insert_header(*other);
                    let request = request.to_http_request();
                    let of_some = asked(&request, rules, |asked| Some(told(rules, asked)));
                    let of_all = told(rules, info(&request).asked());
                    assert_eq!(of_some, Some(of_all), "{one:?} {other:?}");
                }
            }
        }
    }

    #[test]
    fn what_a_few_fields_do_not_tell_goes_the_whole_way() {
        let is_told = |request: TestRequest| {
            asked(&request.to_http_request(), &Rules::new(), |_| Some(())).is_some()
        };
        assert!(is_told(TestRequest::get().insert_header(("host", "a"))));
        assert!(!is_told(TestRequest::post()));
        assert!(!is_told(TestRequest::with_uri("http://a/")));
        let hosts = TestRequest::get().append_header(("host", "a")).append_header(("host", "b"));
        assert!(!is_told(hosts));
    }
}
