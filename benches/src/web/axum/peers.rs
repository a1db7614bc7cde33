//! The caches published for axum, each in front of any service: fresh for 300 seconds, with room for
//! all pages, and with the query in the key.
//!
//! Two of them ask for more than axum gives, or give what axum does not take. What is between is the
//! least that does it, and cheaper than what their documentation shows.

use std::convert::Infallible;
use std::pin::Pin;
use std::sync::{Mutex, PoisonError};
use std::task::{Context, Poll};
use std::time::Duration;

use axum::BoxError;
use axum::body::{Body, Bytes};
use http_body::{Frame, SizeHint};
use http_cache::MokaManager;
use http_cache_tower_server::{QueryKeyer, ServerCacheLayer, ServerCacheOptions};
use tower::{Layer, ServiceExt};
use tower_http_cache::backend::memory::InMemoryBackend;

use super::Site;

const TIMEOUT: Duration = Duration::from_mins(5);
const CAPACITY: u64 = 10_000;

/// `axum-response-cache` 0.5.
pub fn axum_response_cache_0_5<S: Site>(site: S) -> impl Site {
    axum_response_cache::CacheLayer::with_lifespan(TIMEOUT).layer(site)
}

/// `tower-http-cache` 0.6, in memory.
pub fn tower_http_cache_0_6<S: Site>(site: S) -> impl Site {
    let layer =
        tower_http_cache::CacheLayer::builder(InMemoryBackend::new(CAPACITY)).ttl(TIMEOUT).build();
    let site = site.map_response(|response| response.map(|body| Shared(Mutex::new(body))));
    layer
        .layer(site)
        .map_response(|response| response.map(Body::new))
        .map_err(|error| unexpected(&error))
}

/// `http-cache-tower-server` 0.2, in memory (moka).
pub fn http_cache_tower_server_0_2<S: Site>(site: S) -> impl Site {
    let cache = moka::future::Cache::new(CAPACITY);
    let options = ServerCacheOptions {
        cache_by_default: true,
        default_ttl: Some(TIMEOUT),
        ..ServerCacheOptions::default()
    };
    let layer =
        ServerCacheLayer::with_keyer(MokaManager::new(cache), QueryKeyer).with_options(options);
    layer
        .layer(site)
        .map_response(|response| response.map(Body::new))
        .map_err(|error| unexpected(&error))
}

fn unexpected(error: &BoxError) -> Infallible {
    panic!("a cache in memory does not fail: {error}")
}

/// A body that is `Sync`, as `tower-http-cache` demands and axum's is not. On a hit there is none.
struct Shared(Mutex<Body>);

impl http_body::Body for Shared {
    type Data = Bytes;
    type Error = axum::Error;

    fn poll_frame(
        self: Pin<&mut Self>,
        ctx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, axum::Error>>> {
        let body = self.get_mut().0.get_mut().unwrap_or_else(PoisonError::into_inner);
        Pin::new(body).poll_frame(ctx)
    }

    fn size_hint(&self) -> SizeHint {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).size_hint()
    }
}
