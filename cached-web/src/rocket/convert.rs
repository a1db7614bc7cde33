//! Between the types of rocket and those of `http`.

use std::io::{self, Cursor};
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use bytes::{Buf as _, Bytes};
use http::header::{CONTENT_LENGTH, COOKIE, HOST};
use http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode};
use http_body::{Body, Frame, SizeHint};
use rocket::http::Status;
use rocket::tokio::io::{AsyncRead, ReadBuf};
use rocket::{Request, Response, response};

use crate::RequestInfo;
use crate::packed::packed;

/// Least and most bytes of a body that are copied at once.
const MIN_CHUNK: usize = 4 << 10;
const MAX_CHUNK: usize = 64 << 10;

/// What the cache knows of a request.
pub(super) fn info(request: &Request<'_>) -> Result<RequestInfo, http::Error> {
    let method = Method::from_bytes(request.method().as_str().as_bytes())?;
    let uri = request.uri().to_string().try_into()?;
    let mut headers = fields(request.headers());
    // HTTP/2 has no such field, and a local client's cookies are in the jar alone.
    if let (Some(host), false) = (request.host(), headers.contains_key(HOST)) {
        headers.insert(HOST, host.to_string().try_into()?);
    }
    if !headers.contains_key(COOKIE) {
        for cookie in request.cookies().iter() {
            headers.append(COOKIE, cookie.encoded().stripped().to_string().try_into()?);
        }
    }
    Ok(RequestInfo::new(method, uri, headers))
}

/// A status of rocket's, as one of `http`.
pub(super) fn status(status: Status) -> StatusCode {
    StatusCode::from_u16(status.code).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR)
}

/// A response of rocket's, with the body it is given.
pub(super) fn head<B>(head: &Response<'_>, body: B) -> http::Response<B> {
    let mut response = http::Response::new(body);
    *response.status_mut() = status(head.status());
    *response.headers_mut() = fields(head.headers());
    response
}

/// A response from the cache.
pub(super) fn response<'o>(response: http::Response<Bytes>) -> Response<'o> {
    let (parts, body) = response.into_parts();
    let mut response = Response::new();
    response.set_status(Status::new(parts.status.as_u16()));
    set_fields(&mut response, &parts.headers);
    if !body.is_empty() {
        let length = body.len();
        response.set_sized_body(length, Cursor::new(body));
        // Rocket copies bodies by chunks of 4 kB, if nothing else is said.
        response.set_max_chunk_size(length.clamp(MIN_CHUNK, MAX_CHUNK));
    }
    response
}

/// Gives a response these fields instead of those it has.
pub(super) fn set_fields(response: &mut Response<'_>, headers: &HeaderMap) {
    let names: Vec<_> = response.headers().iter().map(|field| field.name.to_string()).collect();
    for name in &names {
        response.remove_header(name);
    }
    for (name, value) in headers {
        // Fields of rocket are text, and so are those that come from a handler of its.
        if let Ok(value) = std::str::from_utf8(value.as_bytes()) {
            response.adjoin_raw_header(name.as_str().to_owned(), value.to_owned());
        }
    }
}

/// Fields of rocket, as fields of `http`.
fn fields(fields: &rocket::http::HeaderMap<'_>) -> HeaderMap {
    let mut headers = HeaderMap::with_capacity(fields.len());
    let fields: Vec<_> = fields.iter().collect();
    let values = packed(|| fields.iter().map(|field| field.value.as_bytes()));
    for (field, value) in fields.iter().zip(values) {
        let name = HeaderName::from_bytes(field.name.as_str().as_bytes());
        if let (Ok(name), Ok(value)) = (name, HeaderValue::from_maybe_shared(value)) {
            headers.append(name, value);
        }
    }
    headers
}

/// A body that a handler gave.
pub(super) struct Incoming<'o> {
    pub(super) body: response::Body<'o>,
    length: Option<u64>,
    /// What is read at once.
    chunk: Vec<u8>,
}

/// Bytes that are read at once of a body that is known to have as many.
const CHUNK: usize = 64 << 10;

impl<'o> Incoming<'o> {
    /// Takes the body of a response.
    pub(super) async fn take(response: &mut Response<'o>) -> Self {
        let mut body = response.body_mut().take();
        let length = body.size().await;
        // Rocket does it when it sends a body of known length, which it may not know any more then.
        if let Some(length) = length {
            response.set_raw_header(CONTENT_LENGTH.as_str(), length.to_string());
        }
        Self { length: length.map(|length| length as u64), body, chunk: Vec::new() }
    }
}

impl Body for Incoming<'_> {
    type Data = Bytes;
    type Error = io::Error;

    fn poll_frame(
        self: Pin<&mut Self>,
        ctx: &mut Context<'_>,
    ) -> Poll<Option<io::Result<Frame<Bytes>>>> {
        let Self { body, length, chunk } = self.get_mut();
        if chunk.is_empty() {
            let known =
                length.map(|length| usize::try_from(length).unwrap_or(CHUNK).clamp(1, CHUNK));
            chunk.resize(known.unwrap_or(body.max_chunk_size().max(1)), 0);
        }
        let mut buffer = ReadBuf::new(chunk);
        ready!(Pin::new(body).poll_read(ctx, &mut buffer))?;
        let read = buffer.filled();
        Poll::Ready((!read.is_empty()).then(|| Ok(Frame::data(Bytes::copy_from_slice(read)))))
    }

    fn size_hint(&self) -> SizeHint {
        self.length.map_or_else(SizeHint::new, SizeHint::with_exact)
    }
}

/// A body on its way to the client.
pub(super) struct Outgoing<B> {
    body: B,
    /// What of the last frame has not been asked for yet.
    rest: Bytes,
}

impl<B> Outgoing<B> {
    pub(super) fn new(body: B) -> Self {
        Self { body, rest: Bytes::new() }
    }
}

impl<B: Body<Data = Bytes, Error = io::Error> + Unpin> AsyncRead for Outgoing<B> {
    fn poll_read(
        self: Pin<&mut Self>,
        ctx: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let this = self.get_mut();
        while this.rest.is_empty() {
            match ready!(Pin::new(&mut this.body).poll_frame(ctx)?) {
                Some(frame) => this.rest = frame.into_data().unwrap_or_default(),
                None => return Poll::Ready(Ok(())),
            }
        }
        let taken = this.rest.len().min(buffer.remaining());
        buffer.put_slice(&this.rest[..taken]);
        this.rest.advance(taken);
        Poll::Ready(Ok(()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bodies_are_copied_by_chunks_that_fit() {
        for (length, chunk) in [(1, MIN_CHUNK), (40_000, 40_000), (200_000, MAX_CHUNK)] {
            let body = http::Response::new(Bytes::from(vec![0; length]));
            assert_eq!(response(body).body().max_chunk_size(), chunk);
        }
    }
}
