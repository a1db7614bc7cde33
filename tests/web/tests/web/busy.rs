//! A layer in front of a service that is busy.

use std::convert::Infallible;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

use axum::body::Body;
use axum::extract::Request;
use axum::response::Response;
use cached_runtime::testing;
use cached_web::CacheLayer;
use futures_util::FutureExt;
use tokio::sync::Semaphore;
use tokio::task::yield_now;
use tower::limit::ConcurrencyLimitLayer;
use tower::{Layer, Service, ServiceExt, service_fn};

use crate::block_on;

fn get(path: &str) -> Request {
    Request::get(path).body(Body::empty()).unwrap()
}

async fn status<S, B>(service: &S, path: &str) -> String
where
    S: Service<Request, Response = Response<B>, Error = Infallible> + Clone,
{
    let Ok(response) = service.clone().oneshot(get(path)).await;
    response.headers()["cache-status"].to_str().unwrap().to_owned()
}

/// `/slow` goes on as long as nobody opens the gate.
#[test]
fn hits_do_not_wait_for_it_and_loads_do() {
    block_on(testing::isolated_async(async {
        let (runs, gate) = (Arc::new(AtomicU32::new(0)), Arc::new(Semaphore::new(0)));
        let served = {
            let (runs, gate) = (Arc::clone(&runs), Arc::clone(&gate));
            service_fn(move |request: Request| {
                let (runs, gate) = (Arc::clone(&runs), Arc::clone(&gate));
                async move {
                    runs.fetch_add(1, Ordering::Relaxed);
                    if request.uri().path() == "/slow" {
                        drop(gate.acquire().await);
                    }
                    Ok::<_, Infallible>(Response::new(Body::from("page")))
                }
            })
        };
        let site = CacheLayer::new(60).layer(ConcurrencyLimitLayer::new(1).layer(served));
        assert_eq!(status(&site, "/").await, "cached-web; fwd=uri-miss; stored");

        let slow = status(&site, "/slow");
        let other = status(&site, "/other");
        let mut slow = std::pin::pin!(slow.fuse());
        let mut other = std::pin::pin!(other.fuse());
        for _ in 0..8 {
            assert!(slow.as_mut().now_or_never().is_none());
            assert!(other.as_mut().now_or_never().is_none());
            yield_now().await;
        }
        assert_eq!(runs.load(Ordering::Relaxed), 2, "`/other` waits until `/slow` has ended");
        assert_eq!(status(&site, "/").await, "cached-web; hit; ttl=60");

        gate.add_permits(1);
        assert_eq!(slow.await, "cached-web; fwd=uri-miss; stored");
        assert_eq!(other.await, "cached-web; fwd=uri-miss; stored");
        assert_eq!(runs.load(Ordering::Relaxed), 3);
    }));
}
