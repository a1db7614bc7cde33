//! Validating behind the back of a request that was answered with a stale response (RFC 5861, 3).

use std::sync::Arc;

use bytes::Buf;
use http::{Request, Response};
use http_body::Body;
use tower_service::Service;

use super::super::flight::Company;
use super::super::shelf::Turn;
use super::fetch::Exchange;
use super::{Engine, Sought};
use crate::rfc9111::{Reuse, flight_values};

/// Starts it, unless somebody is at it already.
pub(super) fn start<S, B, R>(
    engine: Arc<Engine>,
    inner: S,
    request: &Request<B>,
    mut sought: Sought,
) where
    S: Service<Request<B>, Response = Response<R>> + Clone + Send + 'static,
    S::Future: Send,
    S::Error: Send + 'static,
    B: Body + Default + Send + 'static,
    R: Body<Data: Buf + Send, Error: Send> + Send + 'static,
{
    let Some((stored, _)) = &sought.selected else { return };
    let values = flight_values(stored.selection.names(), request.headers());
    let Turn::Lead(fetch) = engine.shelf.turn(&sought.key, Company::Anybody(values)) else {
        return;
    };
    // It may have been renewed since it was found stale.
    engine.look(request.headers(), &mut sought, engine.now());
    if !matches!(sought.selected, Some((_, Reuse::WhileRevalidating))) {
        return;
    }
    let mut again = Request::new(B::default());
    *again.method_mut() = http::Method::GET;
    *again.uri_mut() = request.uri().clone();
    *again.version_mut() = request.version();
    *again.headers_mut() = request.headers().clone();
    *again.extensions_mut() = request.extensions().clone();
    let exchange = Exchange::new(engine, inner, sought, again);
    cached_runtime::__private::spawn(move || exchange.renew(fetch));
}
