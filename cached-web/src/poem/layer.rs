//! [`CacheLayer`] as a middleware of poem.

use std::fmt;
use std::pin::Pin;
use std::sync::Arc;

use poem::http::header::{IF_MODIFIED_SINCE, IF_NONE_MATCH};
use poem::{Endpoint, Middleware, Request, Response, Result};

use super::keep::{answered, keep};
use crate::CacheLayer;
use crate::engine::Opened;
use crate::made::Made;
use crate::request::{Asked, RequestInfo};
use crate::sent::sent;
use crate::visit::Visit;

impl<E: Endpoint + 'static> Middleware<E> for CacheLayer {
    type Output = CacheEndpoint<E>;

    fn transform(&self, endpoint: E) -> CacheEndpoint<E> {
        CacheEndpoint { endpoint: Arc::new(endpoint), made: self.made() }
    }
}

/// An endpoint whose responses are cached: what [`CacheLayer`] makes of one.
pub struct CacheEndpoint<E> {
    endpoint: Arc<E>,
    made: Made,
}

impl<E: Endpoint + 'static> Endpoint for CacheEndpoint<E> {
    type Output = Response;

    async fn call(&self, mut request: Request) -> Result<Response> {
        // HTTP/2 announces no body in fields.
        let body = request.take_body();
        let is_whole = body.is_empty();
        request.set_body(body);
        let uri = sent(request.original_uri(), request.uri());
        let asked = Asked::new(request.method(), uri, request.headers());
        let to = self.made.place().filter(|_| is_whole);
        if let Some(answer) = to.and_then(|to| to.ready_answer(self.made.rules(), asked)) {
            return Ok(answered(answer));
        }
        let visit = Visit::new(self.made.rules(), RequestInfo::from(&request));
        let visit = if is_whole { visit } else { visit.with_body() };
        let (refresh, begun) = self.made.begin(visit).look().await.split();
        let begun = match begun.answered() {
            // Who is answered has no use for the request any more: it renews what it was answered
            // with.
            Ok(answer) => {
                if let Some(refresh) = refresh {
                    let renewing = Self { endpoint: Arc::clone(&self.endpoint), made: self.made };
                    refresh.start_async(move || renewing.renew(request));
                }
                return Ok(answered(answer));
            }
            Err(begun) => begun,
        };
        drop(refresh);
        let mut load = match begun.open().await {
            Opened::Answer(answer) => return Ok(answered(answer)),
            Opened::Load(load) => load,
        };
        if load.may_keep() {
            // They are for what is kept; a 304 of the endpoint's own would be of no use to others.
            for condition in [IF_NONE_MATCH, IF_MODIFIED_SINCE] {
                request.headers_mut().remove(condition);
            }
        }
        match load.run(self.endpoint.call(request)).await {
            Ok(given) => keep(load, given).await,
            Err(answer) => Ok(answered(answer)),
        }
    }
}

impl<E: Endpoint + 'static> CacheEndpoint<E> {
    /// The same where nobody waits: the response is for the cache alone.
    async fn renew(self, request: Request) {
        let answer: Pin<Box<dyn Future<Output = _>>> = Box::pin(self.call(request));
        let _ = answer.await;
    }
}

impl<E: fmt::Debug> fmt::Debug for CacheEndpoint<E> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("CacheEndpoint").field("endpoint", &self.endpoint).finish_non_exhaustive()
    }
}
