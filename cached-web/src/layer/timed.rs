//! The layer in front of a tower service.

use std::fmt;
use std::mem;
use std::pin::Pin;
use std::task::{Context, Poll};

use bytes::Bytes;
use http::header::{IF_MODIFIED_SINCE, IF_NONE_MATCH};
use http::{Method, Request, Response};
use http_body::{Body, Frame, SizeHint};
use http_body_util::BodyExt as _;
use tower_layer::Layer;
use tower_service::Service;

use super::CacheLayer;
use crate::body::{Flow, settle};
use crate::engine::Opened;
use crate::made::Made;
use crate::request::RequestInfo;
use crate::visit::Visit;

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
    B: Body + Send + 'static,
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
        let ready = mem::replace(&mut self.inner, next);
        let made = self.made;
        CacheFuture(Box::pin(async move {
            let response = made.answer(request, ready).await?;
            Ok(response.map(CacheBody))
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
    async fn answer<S, B, R>(
        self,
        request: Request<B>,
        mut service: S,
    ) -> Result<Response<Flow<R>>, S::Error>
    where
        S: Service<Request<B>, Response = Response<R>> + Send + 'static,
        B: Body + Send + 'static,
        R: Body<Data = Bytes> + Unpin + 'static,
        R::Error: Unpin,
    {
        // HTTP/2 announces no body in fields.
        let has_body = !request.body().is_end_stream();
        let (uri, headers) = (request.uri().clone(), request.headers().clone());
        let info = RequestInfo::new(request.method().clone(), uri, headers);
        let visit = Visit::of_service(self.rules(), info);
        let visit = if has_body { visit.with_body() } else { visit };
        let (refresh, begun) = self.begin(visit).look().await.split();
        // Who is answered has no use for the request any more: it renews what it was answered with.
        let request = match refresh {
            Some(refresh) if begun.is_answered() => {
                refresh.start_async(move || self.renew(request, service));
                return match begun.open().await {
                    Opened::Answer(answer) => Ok(answer.into_response().map(Flow::Whole)),
                    Opened::Load(_) => unreachable!("a request that is answered loads nothing"),
                };
            }
            _ => request,
        };
        let mut load = match begun.open().await {
            Opened::Answer(answer) => return Ok(answer.into_response().map(Flow::Whole)),
            Opened::Load(load) => load,
        };
        let request = if load.may_keep() { whole(request) } else { request };
        match load.run(service.call(request)).await {
            Ok(response) => Ok(settle(load, response?).await),
            Err(answer) => Ok(answer.into_response().map(Flow::Whole)),
        }
    }

    /// The same where nobody waits: the response is for the cache alone.
    async fn renew<S, B, R>(self, request: Request<B>, service: S)
    where
        S: Service<Request<B>, Response = Response<R>> + Send + 'static,
        B: Body + Send + 'static,
        R: Body<Data = Bytes> + Unpin + 'static,
        R::Error: Unpin,
    {
        let answer: Pin<Box<dyn Future<Output = _>>> = Box::pin(self.answer(request, service));
        // One that is copied while it flows is kept at its end.
        if let Ok(response) = answer.await
            && let Flow::Copied(mut body) = response.into_body()
        {
            while let Some(Ok(_)) = body.frame().await {}
        }
    }
}

/// The request whose answer is kept: that of GET says all that HEAD asks for. Conditions are for what
/// is kept; a 304 of the service itself would be of no use to others.
fn whole<B>(mut request: Request<B>) -> Request<B> {
    if request.method() == Method::HEAD {
        *request.method_mut() = Method::GET;
    }
    request.headers_mut().remove(IF_NONE_MATCH);
    request.headers_mut().remove(IF_MODIFIED_SINCE);
    request
}

/// What a [`CacheService`] returns.
pub struct CacheFuture<R: Body, E>(Pin<Box<dyn Future<Output = Answered<R, E>> + Send>>);

type Answered<R, E> = Result<Response<CacheBody<R>>, E>;

impl<R: Body, E> Future for CacheFuture<R, E> {
    type Output = Answered<R, E>;

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
