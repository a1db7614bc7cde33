//! What a cached handler returns: it is written to salvo's response by salvo, and kept when it is.

use std::pin::Pin;

use bytes::Bytes;
use http::StatusCode;
use http::header::{CONTENT_LENGTH, SET_COOKIE, VARY};
use http::response::Parts;
use http_body::Body;
use http_body_util::BodyExt as _;
use salvo::http::ResBody;
use salvo::{Depot, Request, Writer, async_trait};

use crate::answer::Answer;
use crate::body::{Flow, settle};
use crate::engine::Load;

/// What a cached handler returns.
#[must_use = "it is sent once it is written"]
pub struct Response(Reply);

enum Reply {
    Answered(Answer),
    Loaded(Load, Box<dyn Write>),
}

impl Response {
    pub(super) fn answered(answer: Answer) -> Self {
        Self(Reply::Answered(answer))
    }

    pub(super) fn loaded(load: Load, value: impl Writer + Send + 'static) -> Self {
        Self(Reply::Loaded(load, Box::new(value)))
    }
}

#[async_trait]
impl Writer for Response {
    async fn write(self, req: &mut Request, depot: &mut Depot, res: &mut salvo::Response) {
        match self.0 {
            Reply::Answered(answer) => send(answer, res),
            Reply::Loaded(load, value) => {
                // One of its own: what hoops have written is for this request alone.
                let mut written = salvo::Response::new();
                value.write(req, depot, &mut written).await;
                keep(load, written, res).await;
            }
        }
    }
}

/// [`Writer`], as an object.
trait Write: Send {
    fn write<'w>(
        self: Box<Self>,
        req: &'w mut Request,
        depot: &'w mut Depot,
        res: &'w mut salvo::Response,
    ) -> Pin<Box<dyn Future<Output = ()> + Send + 'w>>;
}

impl<T: Writer + Send + 'static> Write for T {
    fn write<'w>(
        self: Box<Self>,
        req: &'w mut Request,
        depot: &'w mut Depot,
        res: &'w mut salvo::Response,
    ) -> Pin<Box<dyn Future<Output = ()> + Send + 'w>> {
        Writer::write(*self, req, depot, res)
    }
}

/// Sends an answer from the cache.
pub(super) fn send(answer: Answer, res: &mut salvo::Response) {
    let (head, body) = answer.into_response().into_parts();
    merge(res, head, whole(body));
}

/// Ends a load with what was written, and sends that.
pub(super) async fn keep(load: Load, mut written: salvo::Response, res: &mut salvo::Response) {
    let status = written.status_code.or(res.status_code).unwrap_or(StatusCode::OK);
    // One that was there before it says nothing.
    let has_status = written.status_code.is_some() && written.status_code != res.status_code;
    let mut response = written.strip_to_hyper(); // turns cookies into fields
    *response.status_mut() = status;
    let is_empty = !has_status && response.body().is_none() && response.headers().is_empty();
    // What says nothing leaves the response as it is, and an error leaves it to catchers.
    if is_empty || response.body().is_error() {
        if let Some(answer) = load.pass(status, response.headers_mut()).await {
            return send(answer, res);
        }
        let body = if is_empty { res.take_body() } else { response.body_mut().take() };
        return merge(res, response.into_parts().0, body);
    }
    let (head, flow) = settle(load, response).await.into_parts();
    let body = match flow {
        Flow::Whole(bytes) => whole(bytes),
        Flow::Passed(body) => body,
        Flow::Read(body) => boxed(body),
        Flow::Copied(body) => boxed(body),
    };
    merge(res, head, body);
}

/// Ends a load that brought nothing to keep, and whose response is written already.
pub(super) async fn pass(load: Load, res: &mut salvo::Response) {
    let status = res.status_code.unwrap_or(StatusCode::OK);
    if let Some(answer) = load.pass(status, &mut res.headers).await {
        send(answer, res);
    }
}

/// Adds a response to what hoops have written; its fields take the place of theirs.
fn merge(res: &mut salvo::Response, head: Parts, body: ResBody) {
    res.status_code = Some(head.status);
    res.extensions.extend(head.extensions);
    if res.headers.is_empty() {
        res.headers = head.headers;
    } else {
        for name in head.headers.keys().filter(|name| !matches!(**name, SET_COOKIE | VARY)) {
            res.headers.remove(name);
        }
        for (name, value) in &head.headers {
            res.headers.append(name, value.clone());
        }
    }
    // Where catchers make the page, this is not the length of it.
    if body.is_none() && res.headers.get(CONTENT_LENGTH).is_some_and(|length| length == "0") {
        res.headers.remove(CONTENT_LENGTH);
    }
    res.body = body;
}

fn whole(bytes: Bytes) -> ResBody {
    if bytes.is_empty() { ResBody::None } else { ResBody::Once(bytes) }
}

fn boxed<B>(body: B) -> ResBody
where
    B: Body<Data = Bytes, Error = std::io::Error> + Send + Sync + 'static,
{
    ResBody::Boxed(Box::pin(body.map_err(Into::into)))
}
