//! A body that is at hand, and gives itself in one piece.
//!
//! Of an empty one it does not say how long it is. The fields do, as far as that is to be told: routers
//! would add it to a 304, which has no body.

use std::mem;
use std::task::Poll;

use bytes::Bytes;
use http_body::{Frame, SizeHint};

/// What is left of it. Nothing, then.
pub(crate) fn poll<E>(bytes: &mut Bytes) -> Poll<Option<Result<Frame<Bytes>, E>>> {
    Poll::Ready((!bytes.is_empty()).then(|| Ok(Frame::data(mem::take(bytes)))))
}

/// How much is left of it.
pub(crate) fn size_hint(bytes: &Bytes) -> SizeHint {
    match bytes.len() {
        0 => SizeHint::new(),
        length => SizeHint::with_exact(length as u64),
    }
}

/// Such a body.
#[cfg(feature = "axum")]
pub(crate) struct Whole(pub(crate) Bytes);

#[cfg(feature = "axum")]
impl http_body::Body for Whole {
    type Data = Bytes;
    type Error = std::convert::Infallible;

    fn poll_frame(
        self: std::pin::Pin<&mut Self>,
        _: &mut std::task::Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Self::Error>>> {
        poll(&mut self.get_mut().0)
    }

    fn is_end_stream(&self) -> bool {
        self.0.is_empty()
    }

    fn size_hint(&self) -> SizeHint {
        size_hint(&self.0)
    }
}
