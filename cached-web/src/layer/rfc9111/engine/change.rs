//! A request that is not safe: it goes through, and what it changed is dropped (RFC 9111, 4.4).

use std::sync::Arc;

use http::{Request, Response};
use http_body::Body;
use tower_service::Service;

use super::super::{Rfc9111Body, key};
use super::Engine;
use crate::admission::Bypass;
use crate::rfc9111::{named, took_effect};

pub(super) async fn run<S, B, R>(
    engine: Arc<Engine>,
    mut inner: S,
    request: Request<B>,
) -> Result<Response<Rfc9111Body<R>>, S::Error>
where
    S: Service<Request<B>, Response = Response<R>>,
    R: Body,
{
    let rules = &engine.settings.rules;
    let mut own = Own { engine: &engine, key: key::of(rules, &request) };
    let (uri, headers) = (key::uri(&request).clone(), request.headers().clone());
    let response = inner.call(request).await?;
    if took_effect(response.status()) {
        let targets = named(&uri, &headers, response.headers());
        let keys = targets.iter().filter_map(|to| key::of_target(rules, &uri, to, &headers));
        keys.for_each(|key| engine.shelf.invalidate(&key));
    } else {
        own.key = None;
    }
    drop(own);
    Ok(engine.pass(response, Bypass::Method))
}

/// What is stored of the request's own URI. It is dropped with this, which is also where the client has gone
/// or the service has failed: the request may have taken effect all the same.
struct Own<'e> {
    engine: &'e Engine,
    key: Option<Box<str>>,
}

impl Drop for Own<'_> {
    fn drop(&mut self) {
        if let Some(key) = self.key.take() {
            self.engine.shelf.invalidate(&key);
        }
    }
}
