//! [`CacheLayer`] as a middleware of poem.

use std::fmt;
use std::pin::Pin;
use std::sync::Arc;

use poem::{Endpoint, Middleware, Request, Response, Result};

use super::keep::{answered, keep};
use crate::CacheLayer;
use crate::engine::Opened;
use crate::made::Made;
use crate::request::RequestInfo;
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
        let visit = Visit::new(self.made.rules(), RequestInfo::from(&request));
        // HTTP/2 announces no body in fields.
        let body = request.take_body();
        let visit = if body.is_empty() { visit } else { visit.with_body() };
        request.set_body(body);
        let (refresh, begun) = self.made.begin(visit).look().await.split();
        // Who is answered has no use for the request any more: it renews what it was answered with.
        let request = match refresh {
            Some(refresh) if begun.is_answered() => {
                let renewing = Self { endpoint: Arc::clone(&self.endpoint), made: self.made };
                refresh.start_async(move || renewing.renew(request));
                None
            }
            _ => Some(request),
        };
        match (begun.open().await, request) {
            (Opened::Answer(answer), _) => Ok(answered(answer)),
            (Opened::Load(mut load), Some(request)) => {
                match load.run(self.endpoint.call(request)).await {
                    Ok(given) => keep(load, given).await,
                    Err(answer) => Ok(answered(answer)),
                }
            }
            (Opened::Load(_), None) => unreachable!("a request that is answered loads nothing"),
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
