//! The layer in front of a tower service.

use std::fmt;
use std::future::poll_fn;
use std::mem;
use std::pin::Pin;
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll};

use bytes::Bytes;
use http::header::{CONTENT_LENGTH, IF_MODIFIED_SINCE, IF_NONE_MATCH};
use http::{HeaderValue, Method, Request, Response, StatusCode};
use http_body::{Body, Frame, SizeHint};
use tower_layer::Layer;
use tower_service::Service;

use super::CacheLayer;
use crate::answer::Answer;
use crate::body::{Flow, settle, whole};
use crate::engine::{Begun, Opened};
use crate::made::Made;
use crate::request::{Asked, RequestInfo};
use crate::sent::sent_by_client;
use crate::visit::Visit;

impl<S> Layer<S> for CacheLayer {
    type Service = CacheService<S>;

    fn layer(&self, inner: S) -> CacheService<S> {
        CacheService { inner: Arc::new(Mutex::new(inner)), made: self.made() }
    }
}

/// A service whose responses are cached: what [`CacheLayer`] makes of one.
///
/// It is always ready, as its hits are: a load waits until the service is ready that is behind it.
pub struct CacheService<S> {
    /// Cloned by loads alone. Clones of a service and its layers would make up most of a hit.
    inner: Arc<Mutex<S>>,
    made: Made,
}

impl<S> Clone for CacheService<S> {
    fn clone(&self) -> Self {
        Self { inner: Arc::clone(&self.inner), made: self.made }
    }
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

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), S::Error>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: Request<B>) -> Self::Future {
        let made = self.made;
        if let Some(answer) = made.hit_of(&request) {
            return CacheFuture(State::Answered(Some(answer)));
        }
        let (info, request) = known(request);
        let begun = made.begin(made.visit(&info, &request));
        let answer = made.answer(begun, info, request, self.service());
        CacheFuture(State::Asked(Box::pin(async move { Ok(answer.await?.map(CacheBody)) })))
    }
}

impl<S: Clone> CacheService<S> {
    /// A clone of the service behind it.
    fn service(&self) -> S {
        self.inner.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

impl<S: fmt::Debug> fmt::Debug for CacheService<S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("CacheService").field("inner", &self.inner).finish_non_exhaustive()
    }
}

/// What is known of a request, and the rest of it: its fields are moved, not cloned.
fn known<B>(mut request: Request<B>) -> (RequestInfo, Request<B>) {
    let headers = mem::take(request.headers_mut());
    let uri = sent_by_client(request.extensions(), request.uri()).clone();
    (RequestInfo::new(request.method().clone(), uri, headers), request)
}

impl Made {
    fn hit_of<B: Body>(self, request: &Request<B>) -> Option<Answer> {
        // HTTP/2 announces no body in fields.
        if !request.body().is_end_stream() {
            return None;
        }
        let uri = sent_by_client(request.extensions(), request.uri());
        let asked = Asked::new(request.method(), uri, request.headers());
        self.place()?.ready_answer(self.rules(), asked)
    }

    fn visit<B: Body>(self, info: &RequestInfo, request: &Request<B>) -> Visit {
        let visit = Visit::of_service(self.rules(), info.clone());
        if request.body().is_end_stream() { visit } else { visit.with_body() }
    }

    /// Answers a request that nothing has answered yet: from the cache, or by the service.
    async fn answer<S, B, R>(
        self,
        begun: Begun,
        info: RequestInfo,
        mut request: Request<B>,
        mut service: S,
    ) -> Result<Response<Flow<R>>, S::Error>
    where
        S: Service<Request<B>, Response = Response<R>> + Send + 'static,
        B: Body + Send + 'static,
        R: Body<Data = Bytes> + Unpin + 'static,
        R::Error: Unpin,
    {
        let (refresh, begun) = begun.look().await.split();
        let begun = match begun.answered() {
            // Who is answered has no use for the request any more: it renews what it was answered
            // with.
            Ok(answer) => {
                if let Some(refresh) = refresh {
                    refresh.start_async(move || self.renew(info, request, service));
                }
                return Ok(answer.into_response().map(Flow::Whole));
            }
            Err(begun) => begun,
        };
        drop(refresh);
        let mut load = match begun.open().await {
            Opened::Answer(answer) => return Ok(answer.into_response().map(Flow::Whole)),
            Opened::Load(load) => load,
        };
        let is_head = *request.method() == Method::HEAD;
        *request.headers_mut() = info.headers().clone();
        let request = if load.may_keep() { whole(request) } else { request };
        let served = async {
            poll_fn(|ctx| service.poll_ready(ctx)).await?;
            service.call(request).await
        };
        match load.run(served).await {
            Ok(Ok(response)) => {
                let response = settle(load, response).await;
                Ok(if is_head { without_body(response) } else { response })
            }
            Ok(Err(error)) => match load.fail().await {
                Some(answer) => Ok(answer.into_response().map(Flow::Whole)),
                None => Err(error),
            },
            Err(answer) => Ok(answer.into_response().map(Flow::Whole)),
        }
    }

    /// The same where nobody waits: the response is for the cache alone.
    async fn renew<S, B, R>(self, info: RequestInfo, request: Request<B>, service: S)
    where
        S: Service<Request<B>, Response = Response<R>> + Send + 'static,
        B: Body + Send + 'static,
        R: Body<Data = Bytes> + Unpin + 'static,
        R::Error: Unpin,
    {
        let begun = self.begin(self.visit(&info, &request));
        let answer: Pin<Box<dyn Future<Output = _>>> =
            Box::pin(self.answer(begun, info, request, service));
        drop(answer.await);
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

/// The answer to HEAD, of that to GET: it says how long the body is, and has none.
fn without_body<B>(response: Response<Flow<B>>) -> Response<Flow<B>>
where
    B: Body<Data = Bytes, Error: Unpin> + Unpin,
{
    let (mut head, flow) = response.into_parts();
    let length = match &flow {
        // That of the cache says so already.
        Flow::Whole(bytes) => (!bytes.is_empty()).then_some(bytes.len() as u64),
        Flow::Passed(body) => body.size_hint().exact(),
        Flow::Read(body) => body.size_hint().exact(),
        Flow::Copied(_) => None,
    };
    if let Some(length) = length
        && !matches!(head.status, StatusCode::NO_CONTENT | StatusCode::NOT_MODIFIED)
        && !head.headers.contains_key(CONTENT_LENGTH)
    {
        head.headers.insert(CONTENT_LENGTH, HeaderValue::from(length));
    }
    Response::from_parts(head, Flow::Whole(Bytes::new()))
}

/// What a [`CacheService`] returns.
pub struct CacheFuture<R: Body, E>(State<R, E>);

enum State<R: Body, E> {
    /// Boxed by nobody: hits allocate no future. None once it was taken.
    Answered(Option<Answer>),
    Asked(Pin<Box<dyn Future<Output = Answered<R, E>> + Send>>),
}

type Answered<R, E> = Result<Response<CacheBody<R>>, E>;

/// The body of an answer that is there is not pinned yet.
impl<R: Body, E> Unpin for CacheFuture<R, E> {}

impl<R: Body, E> Future for CacheFuture<R, E> {
    type Output = Answered<R, E>;

    fn poll(mut self: Pin<&mut Self>, ctx: &mut Context<'_>) -> Poll<Self::Output> {
        match &mut self.0 {
            State::Answered(answer) => {
                let answer = answer.take().expect("polled again after its end");
                Poll::Ready(Ok(answer.into_response().map(|body| CacheBody(Flow::Whole(body)))))
            }
            State::Asked(future) => future.as_mut().poll(ctx),
        }
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
            Flow::Whole(bytes) => whole::poll(bytes),
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
            Flow::Whole(bytes) => whole::size_hint(bytes),
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
