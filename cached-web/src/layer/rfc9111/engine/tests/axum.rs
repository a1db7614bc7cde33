//! The layer around routes of axum: nested, and several that share it.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use ::axum::Router;
use ::axum::body::Body;
use ::axum::http::{Request, Response};
use ::axum::response::IntoResponse;
use ::axum::routing::{get, post};
use http_body_util::BodyExt;
use tower_service::Service;

use crate::Rfc9111Layer;

/// A page whose text counts how often it was made.
fn page(calls: &Arc<AtomicUsize>) -> impl IntoResponse + use<> {
    let number = calls.fetch_add(1, Ordering::Relaxed) + 1;
    ([("cache-control", "max-age=60")], number.to_string())
}

async fn send(router: &Router, method: &str, path: &str) -> Response<Body> {
    let request = Request::builder().method(method).uri(path).header("host", "example.org");
    let request = request.body(Body::empty()).unwrap();
    router.clone().call(request).await.unwrap()
}

async fn text(router: &Router, path: &str) -> String {
    let body = send(router, "GET", path).await.into_body().collect().await.unwrap();
    String::from_utf8(body.to_bytes().to_vec()).unwrap()
}

fn site() -> Router {
    let calls = Arc::new(AtomicUsize::new(0));
    let (item, list) = (Arc::clone(&calls), calls);
    let shop = Router::new()
        .route("/item/{id}", get(move || async move { page(&item) }))
        .route("/list", get(move || async move { page(&list) }))
        .route("/buy", post(|| async { (http::StatusCode::SEE_OTHER, [("location", "list")]) }))
        .layer(Rfc9111Layer::new());
    Router::new().nest("/one", shop.clone()).nest("/other", shop)
}

#[tokio::test]
async fn nested_routes_are_told_apart_by_their_whole_path() {
    let site = site();
    assert_eq!(text(&site, "/one/item/1").await, "1");
    assert_eq!(text(&site, "/other/item/1").await, "2");
    assert_eq!(text(&site, "/one/item/2").await, "3");
    assert_eq!(text(&site, "/one/item/1").await, "1");
}

#[tokio::test]
async fn a_change_by_one_route_drops_what_another_one_answered() {
    let site = site();
    assert_eq!(
        (text(&site, "/one/list").await, text(&site, "/other/list").await),
        ("1".into(), "2".into())
    );
    send(&site, "POST", "/one/buy").await;
    assert_eq!(
        (text(&site, "/one/list").await, text(&site, "/other/list").await),
        ("3".into(), "2".into())
    );
}

#[tokio::test]
async fn head_tells_the_length_of_the_page() {
    let site = site();
    for _ in 0..2 {
        let head = send(&site, "HEAD", "/one/list").await;
        assert_eq!(head.headers()["content-length"], "1");
        assert!(head.into_body().collect().await.unwrap().to_bytes().is_empty());
    }
    assert_eq!(text(&site, "/one/list").await, "1");
}

/// Middleware between two routers chooses a page by a field.
#[tokio::test]
async fn a_rewritten_uri_names_the_page_itself() {
    let calls = Arc::new(AtomicUsize::new(0));
    let pages = Router::new()
        .route("/{language}/page", get(move || async move { page(&calls) }))
        .layer(Rfc9111Layer::new());
    let chosen = move |mut request: Request<Body>| {
        let is_german = request.headers().contains_key("x-german");
        let target = if is_german { "/de/page" } else { "/en/page" };
        *request.uri_mut() = target.parse().unwrap();
        pages.clone().call(request)
    };
    let site = Router::new().route("/page", get(chosen));
    let ask = async |lines: &[&str]| {
        let mut request = Request::builder().uri("/page").header("host", "example.org");
        for name in lines {
            request = request.header(*name, "1");
        }
        let response = site.clone().call(request.body(Body::empty()).unwrap()).await.unwrap();
        response.into_body().collect().await.unwrap().to_bytes()
    };
    assert_eq!((ask(&["x-german"]).await, ask(&[]).await), ("1".into(), "2".into()));
    assert_eq!((ask(&["x-german"]).await, ask(&[]).await), ("1".into(), "2".into()));
}
