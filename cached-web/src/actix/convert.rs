//! Between the types of actix-web, which are of `http` 0.2 and its own, and those of `http` 1.

use std::error::Error;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use actix_web::body::{BodySize, BoxBody, MessageBody};
use actix_web::http::StatusCode;
use actix_web::http::header::{HeaderMap, HeaderValue};
use actix_web::test::TestRequest;
use actix_web::{HttpRequest, HttpResponse};
use bytes::Bytes;
use http::header::CONTENT_LENGTH;
use http_body::{Body, Frame, SizeHint};

use super::names;
use crate::RequestInfo;
use crate::packed::packed;

/// What the cache knows of a request.
pub(super) fn info(request: &HttpRequest) -> Result<RequestInfo, http::Error> {
    let method = http::Method::from_bytes(request.method().as_str().as_bytes())?;
    let uri = request.uri();
    let uri = match uri.path_and_query() {
        Some(path) if uri.authority().is_none() => path.as_str().try_into()?,
        _ => uri.to_string().try_into()?,
    };
    Ok(RequestInfo::new(method, uri, names_and_values(request.headers())))
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
    let status = StatusCode::from_u16(parts.status.as_u16());
    let mut response = HttpResponse::new(status.unwrap_or(StatusCode::INTERNAL_SERVER_ERROR));
    *response.headers_mut() = fields(&parts.headers);
    let declared =
        parts.headers.get(CONTENT_LENGTH).and_then(|field| field.to_str().ok()?.parse().ok());
    response.set_body(match declared {
        Some(length) if body.is_empty() => Bodiless { length }.boxed(),
        _ => body.boxed(),
    })
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
