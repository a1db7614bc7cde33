//! The layer in front of a tower service.

use std::fmt;
use std::mem;
use std::pin::Pin;
use std::task::{Context, Poll};

use bytes::Bytes;
use http::header::{IF_MODIFIED_SINCE, IF_NONE_MATCH};
use http::{Method, Request, Response};
use http_body::{Body, Frame, SizeHint};
use tower_layer::Layer;
use tower_service::Service;

use super::CacheLayer;
use crate::body::{Flow, settle};
use crate::engine::Opened;
use crate::made::{Heads, Made};
use crate::request::RequestInfo;

impl<S> Layer<S> for CacheLayer {
    type Service = CacheService<S>;

    fn layer(&self, inner: S) -> CacheService<S> {
        CacheService { inner, made: self.made() }
    }
}

/// A service whose responses are cached: what [`CacheLayer`] makes of one.
#[derive(Clone)]
pub struct CacheService<S> {
    inner: S,
    made: Made,
}

impl<S, B, R> Service<Request<B>> for CacheService<S>
where
    S: Service<Request<B>, Response = Response<R>> + Clone + Send + 'static,
    S::Future: Send,
    S::Error: Send,
    B: Send + 'static,
    R: Body<Data = Bytes> + Unpin + Send + 'static,
    R::Error: Unpin + Send,
{
    type Response = Response<CacheBody<R>>;
    type Error = S::Error;
    type Future = CacheFuture<R, S::Error>;

    fn poll_ready(&mut self, ctx: &mut Context<'_>) -> Poll<Result<(), S::Error>> {
        self.inner.poll_ready(ctx)
    }

    fn call(&mut self, request: Request<B>) -> Self::Future {
        // The one that was found ready is called, a clone of it is for later.
        let next = self.inner.clone();
        let mut ready = mem::replace(&mut self.inner, next);
        let made = self.made;
        CacheFuture(Box::pin(async move {
            let answer = made.answer(request, |request| ready.call(request)).await;
            answer.map(|response| response.map(CacheBody))
        }))
    }
}

impl<S: fmt::Debug> fmt::Debug for CacheService<S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("CacheService").field("inner", &self.inner).finish_non_exhaustive()
    }
}

impl Made {
    /// Answers a request: from the cache, or by the service.
    async fn answer<B, R, E, F>(
        self,
        mut request: Request<B>,
        call: impl FnOnce(Request<B>) -> F,
    ) -> Result<Response<Flow<R>>, E>
    where
        F: Future<Output = Result<Response<R>, E>>,
        R: Body<Data = Bytes> + Unpin,
    {
        let (uri, headers) = (request.uri().clone(), request.headers().clone());
        let info = RequestInfo::new(request.method().clone(), uri, headers);
        let mut load = match self.begin(info, Heads::AsGet).open().await {
            Opened::Answer(answer) => return Ok(answer.into_response().map(Flow::Whole)),
            Opened::Load(load) => load,
        };
        if load.may_keep() {
            // What GET would get is kept, and says all that HEAD asks for. Conditions are for what
            // is kept: a 304 of the service itself would be of no use to others.
            if request.method() == Method::HEAD {
                *request.method_mut() = Method::GET;
            }
            request.headers_mut().remove(IF_NONE_MATCH);
            request.headers_mut().remove(IF_MODIFIED_SINCE);
        }
        match load.run(call(request)).await {
            Ok(response) => Ok(settle(load, response?).await),
            Err(answer) => Ok(answer.into_response().map(Flow::Whole)),
        }
    }
}

/// What a [`CacheService`] returns.
pub struct CacheFuture<R: Body, E>(
    Pin<Box<dyn Future<Output = Result<Response<CacheBody<R>>, E>> + Send>>,
);

impl<R: Body, E> Future for CacheFuture<R, E> {
    type Output = Result<Response<CacheBody<R>>, E>;

    fn poll(mut self: Pin<&mut Self>, ctx: &mut Context<'_>) -> Poll<Self::Output> {
        self.0.as_mut().poll(ctx)
    }
}

impl<R: Body, E> fmt::Debug for CacheFuture<R, E> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("CacheFuture").finish_non_exhaustive()
    }
}

/// The body of a cached response, or one that goes through.
///
/// It boxes nothing, and is `Send` and `Unpin` where the body of the service is.
pub struct CacheBody<B: Body>(Flow<B>);

impl<B> Body for CacheBody<B>
where
    B: Body<Data = Bytes> + Unpin,
    B::Error: Unpin,
{
    type Data = Bytes;
    type Error = B::Error;

    fn poll_frame(
        self: Pin<&mut Self>,
        ctx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, B::Error>>> {
        match &mut self.get_mut().0 {
            Flow::Whole(bytes) if bytes.is_empty() => Poll::Ready(None),
            Flow::Whole(bytes) => Poll::Ready(Some(Ok(Frame::data(mem::take(bytes))))),
            Flow::Passed(body) => Pin::new(body).poll_frame(ctx),
            Flow::Read(body) => Pin::new(body).poll_frame(ctx),
            Flow::Copied(body) => Pin::new(body).poll_frame(ctx),
        }
    }

    fn is_end_stream(&self) -> bool {
        match &self.0 {
            Flow::Whole(bytes) => bytes.is_empty(),
            Flow::Passed(body) => body.is_end_stream(),
            Flow::Read(body) => body.is_end_stream(),
            Flow::Copied(body) => body.is_end_stream(),
        }
    }

    fn size_hint(&self) -> SizeHint {
        match &self.0 {
            Flow::Whole(bytes) => SizeHint::with_exact(bytes.len() as u64),
            Flow::Passed(body) => body.size_hint(),
            Flow::Read(body) => body.size_hint(),
            Flow::Copied(body) => body.size_hint(),
        }
    }
}

/// Nothing of it is shown: it may be anybody's.
impl<B: Body> fmt::Debug for CacheBody<B> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("CacheBody").finish_non_exhaustive()
    }
}
