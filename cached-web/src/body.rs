//! A response on its way through a load: its body is kept, copied while it flows, or let through.
//! Whether a response may be kept is not decided here, nor how it is answered from the cache.

mod copied;
mod read;
#[cfg(feature = "tower")]
pub(crate) mod whole;

use bytes::Bytes;
use http::response::Parts;
use http::{HeaderMap, Response, header};
use http_body::Body;

pub(crate) use copied::Copied;
pub(crate) use read::Read;

use crate::answer::Answer;
use crate::engine::Load;
use crate::plan::Plan;

/// The body of a response that has been through a load. Small, since hits move it about.
pub(crate) enum Flow<B: Body> {
    /// It was read to its end, or comes from the cache.
    Whole(Bytes),
    /// Nobody looked at it.
    Passed(B),
    /// Its beginning was read, then it turned out not to be one that is kept.
    Read(Box<Read<B>>),
    /// It is copied while it flows.
    Copied(Box<Copied<B>>),
}

/// Ends a load with the response of its handler: keeps it, or lets it through.
///
/// A body whose length is not known is never waited for, and one that is read is held up to the
/// load's limit and no further.
pub(crate) async fn settle<B>(mut load: Load, response: Response<B>) -> Response<Flow<B>>
where
    B: Body<Data = Bytes> + Unpin,
{
    let (mut head, body) = response.into_parts();
    let length = length(&head.headers, &body);
    match load.plan(head.status, &head.headers, length) {
        Plan::Pass(_) => pass(load, head, Flow::Passed(body)).await,
        // Where nobody waits, nobody reads: then it is read here.
        Plan::Tee(_) if !load.is_renewal() => {
            let copying = load.tee(head.status, &mut head.headers);
            Response::from_parts(head, Flow::Copied(Box::new(Copied::new(body, length, copying))))
        }
        Plan::Buffer(_) | Plan::Tee(_) => {
            let limit = load.limit();
            match load.run(read::read(body, length, limit)).await {
                Ok(Ok(bytes)) => {
                    let answer = load.commit(head.status, head.headers, bytes).await;
                    (head.status, head.headers) = (answer.status, answer.headers);
                    Response::from_parts(head, Flow::Whole(answer.body))
                }
                Ok(Err(read)) => pass(load, head, Flow::Read(Box::new(read))).await,
                Err(answer) => answer.into_response().map(Flow::Whole),
            }
        }
    }
}

/// Lets a response through, unless an older one goes instead.
async fn pass<B: Body>(load: Load, mut head: Parts, flow: Flow<B>) -> Response<Flow<B>> {
    match load.pass(head.status, &mut head.headers).await {
        None => Response::from_parts(head, flow),
        Some(answer) => answer.into_response().map(Flow::Whole),
    }
}

impl Answer {
    /// The answer as a response.
    pub(crate) fn into_response(self) -> Response<Bytes> {
        let mut response = Response::new(self.body);
        *response.status_mut() = self.status;
        *response.headers_mut() = self.headers;
        response
    }
}

/// The length of a body, if the body knows it or the handler has declared it.
fn length(headers: &HeaderMap, body: &impl Body) -> Option<u64> {
    let declared = || headers.get(header::CONTENT_LENGTH)?.to_str().ok()?.parse().ok();
    body.size_hint().exact().or_else(declared)
}
