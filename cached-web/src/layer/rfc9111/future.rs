//! The future of a call: an answer that is there at once, or one that is waited for.

use std::fmt;
use std::pin::Pin;
use std::task::{Context, Poll};

use http::Response;
use http_body::Body;

use super::Rfc9111Body;

type Pending<R, E> = Pin<Box<dyn Future<Output = Result<Response<Rfc9111Body<R>>, E>> + Send>>;

/// What [`Rfc9111Service`](super::Rfc9111Service) returns.
pub struct Rfc9111Future<R: Body, E>(State<R, E>);

#[allow(clippy::large_enum_variant, reason = "to box hits is what this avoids")]
enum State<R: Body, E> {
    /// Boxed by nobody: hits allocate no future. None once it has been taken.
    Ready(Option<Response<Rfc9111Body<R>>>),
    Pending(Pending<R, E>),
}

impl<R: Body, E> Rfc9111Future<R, E> {
    pub(super) fn ready(response: Response<Rfc9111Body<R>>) -> Self {
        Self(State::Ready(Some(response)))
    }

    pub(super) fn pending(
        future: impl Future<Output = Result<Response<Rfc9111Body<R>>, E>> + Send + 'static,
    ) -> Self {
        Self(State::Pending(Box::pin(future)))
    }
}

/// The body of an answer that is ready is not pinned yet.
impl<R: Body, E> Unpin for Rfc9111Future<R, E> {}

impl<R: Body, E> Future for Rfc9111Future<R, E> {
    type Output = Result<Response<Rfc9111Body<R>>, E>;

    fn poll(mut self: Pin<&mut Self>, ctx: &mut Context<'_>) -> Poll<Self::Output> {
        match &mut self.0 {
            State::Ready(response) => {
                Poll::Ready(Ok(response.take().expect("polled again after its end")))
            }
            State::Pending(future) => future.as_mut().poll(ctx),
        }
    }
}

impl<R: Body, E> fmt::Debug for Rfc9111Future<R, E> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Rfc9111Future").finish_non_exhaustive()
    }
}
