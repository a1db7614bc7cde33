//! Floods of queries that nobody asks twice: pages that many want stay, and memory does not grow.
//!
//! Through the whole of axum, but not through sockets: it is a hundred thousand requests.

use std::collections::HashMap;
use std::hash::{BuildHasher as _, RandomState};
use std::sync::{LazyLock, Mutex};

use axum::Router;
use axum::body::Body;
use axum::extract::Path;
use axum::routing::get;
use cached_web::CacheLayer;
use cached_web::axum::cached_response;
use http::Request;
use tower::ServiceExt as _;

const FLOOD: u64 = 100_000;
/// Pages that many want. Each is asked for once in ten thousand requests: less often than what room
/// there is would last for if the last one asked for were the last to go.
const HOT: u64 = 50;
const BETWEEN: u64 = 200;

/// Runs by page, of those whose name does not begin with `cold`.
static RUNS: LazyLock<Mutex<HashMap<String, u64>>> = LazyLock::new(Mutex::default);

#[cached_response(timeout = never, capacity = "1MiB")]
async fn attributed(Path(page): Path<String>) -> String {
    make(page)
}

async fn layered(Path(page): Path<String>) -> String {
    make(page)
}

fn make(page: String) -> String {
    if !page.starts_with("cold") {
        *RUNS.lock().unwrap().entry(page.clone()).or_default() += 1;
    }
    page
}

#[test]
fn handlers_keep_what_many_want() {
    let entries = || {
        let all = cached_runtime::registry::all();
        let of_this = all.iter().filter(|cache| cache.name().contains("flood"));
        of_this.map(|cache| cache.stats().entries).sum()
    };
    flood(&Router::new().route("/{page}", get(attributed)), "attributed", entries);
}

#[test]
fn layers_keep_what_many_want() {
    let layer = CacheLayer::new(3600).capacity(1 << 20);
    let cache = layer.cache();
    let router = Router::new().route("/{page}", get(layered)).layer(layer);
    flood(&router, "layered", || cache.stats().entries);
}

fn flood(router: &Router, name: &str, entries: impl Fn() -> u64) {
    let random = RandomState::new();
    crate::block_on(async {
        let ask = async |path: String| {
            let request = Request::get(path).body(Body::empty()).expect("a request");
            let answer = router.clone().oneshot(request).await.expect("an answer");
            assert_eq!(answer.status(), 200);
        };
        let hot = |number: u64| format!("/{name}-{}", number % HOT);
        for turn in 0..5 {
            for number in 0..HOT {
                ask(hot(number + turn)).await;
            }
        }
        for number in 0..FLOOD {
            ask(format!("/cold?{:x}", random.hash_one(number))).await;
            if number % BETWEEN == 0 {
                ask(hot(number / BETWEEN)).await;
            }
        }
    });
    let runs = RUNS.lock().unwrap();
    let runs: u64 =
        runs.iter().filter(|(page, _)| page.starts_with(name)).map(|(_, runs)| runs).sum();
    assert!(runs <= HOT + HOT / 10, "{HOT} pages were made {runs} times");
    // An entry takes some hundred bytes.
    assert!((100..10_000).contains(&entries()), "{} entries in a mebibyte", entries());
}
