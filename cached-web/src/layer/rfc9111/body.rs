//! The body of a response that came through the cache: stored, passed on, or copied as it flows.

use std::fmt;
use std::future::poll_fn;
use std::pin::{Pin, pin};
use std::sync::Arc;
use std::task::{Context, Poll, ready};

use bytes::{Buf, Bytes};
use http::HeaderMap;
use http_body::{Body, Frame, SizeHint};
use pin_project_lite::pin_project;

use super::UNSHARED;
use super::shelf::Fetch;
use crate::body::whole;
use crate::rfc9111::Stored;

pin_project! {
    /// The body of a response of [`Rfc9111Service`](super::Rfc9111Service).
    ///
    /// It boxes nothing, and is `Send`, `Sync` and `Unpin` where the body of the service is.
    pub struct Rfc9111Body<B>
    where
        B: Body,
    {
        #[pin]
        inner: Inner<B>,
    }
}

pin_project! {
    #[project = InnerProjection]
    enum Inner<B>
    where
        B: Body,
    {
        /// All that there is of it, given in this order.
        Whole { bytes: Bytes, trailers: Option<HeaderMap>, error: Option<B::Error> },
        Flowing { #[pin] body: B, copy: Option<Copying> },
    }
}

impl<B: Body> Rfc9111Body<B> {
    /// A body that is at hand.
    pub(super) fn whole(bytes: Bytes) -> Self {
        Self::read(Read { bytes, trailers: None, error: None })
    }

    /// A body that has been read as far as it went.
    pub(super) fn read(read: Read<B::Error>) -> Self {
        let Read { bytes, trailers, error } = read;
        Self { inner: Inner::Whole { bytes, trailers, error } }
    }

    /// A body that goes through as it is.
    pub(super) fn passed(body: B) -> Self {
        Self { inner: Inner::Flowing { body, copy: None } }
    }

    /// A body that goes through and is copied.
    pub(super) fn copied(body: B, copy: Copying) -> Self {
        Self { inner: Inner::Flowing { body, copy: Some(copy) } }
    }
}

impl<B: Body<Data: Buf>> Rfc9111Body<B> {
    /// Reads on while it is copied, for nobody else, and no further.
    pub(super) async fn settled(self) {
        let mut body = pin!(self);
        while matches!(&body.inner, Inner::Flowing { copy: Some(_), .. }) {
            match poll_fn(|ctx| body.as_mut().poll_frame(ctx)).await {
                Some(Ok(_)) => {}
                Some(Err(_)) | None => return,
            }
        }
    }
}

/// A body that was read: to its end, or to where it broke off.
pub(super) struct Read<E> {
    pub(super) bytes: Bytes,
    pub(super) trailers: Option<HeaderMap>,
    pub(super) error: Option<E>,
}

impl<E> Read<E> {
    /// Reads a body that says it has so many bytes. What it has beyond them nobody would be sent.
    pub(super) async fn of<B: Body<Error = E>>(body: B, length: u64) -> Self {
        let mut body = pin!(body);
        let (mut chunks, mut trailers, mut error) = (Vec::<Bytes>::new(), None, None);
        let mut read = 0;
        while read <= length
            && let Some(frame) = poll_fn(|ctx| body.as_mut().poll_frame(ctx)).await
        {
            match frame.map(Frame::into_data) {
                Ok(Ok(mut data)) => {
                    read += data.remaining() as u64;
                    chunks.push(data.copy_to_bytes(data.remaining()));
                }
                Ok(Err(frame)) => trailers = frame.into_trailers().ok(),
                Err(cause) => {
                    error = Some(cause);
                    break;
                }
            }
        }
        Self { bytes: joined(&chunks), trailers, error }
    }
}

/// A copy of a body that flows by.
pub(super) struct Copying {
    chunks: Vec<Bytes>,
    length: u64,
    /// How long the response says it is.
    expected: Option<u64>,
    limit: u64,
    /// What becomes of it at its proper end. Dropped where there is none.
    fetch: Fetch,
    stored: Stored,
}

impl Copying {
    /// A copy that becomes the body of `stored`, at most `limit` bytes of it.
    pub(super) fn new(limit: u64, expected: Option<u64>, fetch: Fetch, stored: Stored) -> Self {
        Self { chunks: Vec::new(), length: 0, expected, limit, fetch, stored }
    }

    /// Adds a chunk. None: it has become longer than may be kept, or than it said, as the next one will.
    fn push(mut self, chunk: &Bytes) -> Option<Self> {
        self.length += chunk.len() as u64;
        if self.length > self.expected.unwrap_or(self.limit).min(self.limit) {
            self.fetch.refuse_until(self.stored.received() + UNSHARED);
            return None;
        }
        self.chunks.push(chunk.clone());
        Some(self)
    }

    /// Whether all that the response announced is there: servers ask for no more then.
    fn is_complete(&self) -> bool {
        self.expected == Some(self.length)
    }

    fn finish(self) {
        if self.expected.is_none_or(|expected| expected == self.length) {
            self.fetch.commit(&Arc::new(self.stored.with_body(joined(&self.chunks))));
        }
    }
}

impl<B: Body> Body for Rfc9111Body<B> {
    type Data = Bytes;
    type Error = B::Error;

    fn poll_frame(
        self: Pin<&mut Self>,
        ctx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, B::Error>>> {
        let (body, copy) = match self.project().inner.project() {
            InnerProjection::Whole { bytes, trailers, error } => {
                if !bytes.is_empty() {
                    return whole::poll(bytes);
                }
                let trailers = trailers.take().map(|trailers| Ok(Frame::trailers(trailers)));
                return Poll::Ready(trailers.or_else(|| error.take().map(Err)));
            }
            InnerProjection::Flowing { body, copy } => (body, copy),
        };
        let mut body = body;
        let Some(frame) = ready!(body.as_mut().poll_frame(ctx)) else {
            if let Some(copy) = copy.take() {
                copy.finish();
            }
            return Poll::Ready(None);
        };
        let frame = match frame {
            Ok(frame) => frame.map_data(|mut data| data.copy_to_bytes(data.remaining())),
            Err(error) => {
                *copy = None;
                return Poll::Ready(Some(Err(error)));
            }
        };
        if let Some(chunk) = frame.data_ref() {
            *copy = copy.take().and_then(|copy| copy.push(chunk));
        }
        // Whoever reads it may stop here.
        let is_last = body.is_end_stream();
        if let Some(copy) = copy.take_if(|copy| is_last || copy.is_complete()) {
            copy.finish();
        }
        Poll::Ready(Some(Ok(frame)))
    }

    fn is_end_stream(&self) -> bool {
        match &self.inner {
            Inner::Whole { bytes, trailers, error } => {
                bytes.is_empty() && trailers.is_none() && error.is_none()
            }
            Inner::Flowing { body, .. } => body.is_end_stream(),
        }
    }

    fn size_hint(&self) -> SizeHint {
        match &self.inner {
            Inner::Whole { bytes, error: None, .. } => whole::size_hint(bytes),
            Inner::Whole { bytes, .. } => {
                let mut hint = SizeHint::new();
                hint.set_lower(bytes.len() as u64);
                hint
            }
            Inner::Flowing { body, .. } => body.size_hint(),
        }
    }
}

/// Nothing of it is shown: it may be anybody's.
impl<B: Body> fmt::Debug for Rfc9111Body<B> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Rfc9111Body").finish_non_exhaustive()
    }
}

/// The chunks as one. Also one alone is copied: it may be a piece of a larger buffer, which would be kept
/// whole.
fn joined(chunks: &[Bytes]) -> Bytes {
    chunks.concat().into()
}
