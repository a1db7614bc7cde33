//! axum: the router, bare and behind each cache.

pub mod peers;

use std::convert::Infallible;
use std::future::ready;
use std::net::Ipv4Addr;
use std::sync::mpsc;
use std::thread;

use axum::Router;
use axum::body::Body;
use axum::extract::{Query, Request};
use axum::response::{Html, IntoResponse, Response};
use axum::routing::{Route, get};
use axum::serve::ListenerExt;
use cached_web::CacheLayer;
use cached_web::axum::cached_response;
use tokio::net::TcpListener;
use tokio::runtime::Builder;
use tower::layer::layer_fn;
use tower::{Layer, Service, ServiceExt, service_fn};

use super::pages::{self, Page, Size};
use super::race::Server;

/// What answers requests: a router, a route, and a cache in front of one.
pub trait Site:
    Service<Request, Response = Response, Error = Infallible, Future: Send>
    + Clone
    + Send
    + Sync
    + 'static
{
}

impl<S> Site for S where
    S: Service<Request, Response = Response, Error = Infallible, Future: Send>
        + Clone
        + Send
        + Sync
        + 'static
{
}

/// A router, and by what name it goes.
#[derive(Debug)]
pub struct Named {
    /// Who.
    pub name: &'static str,
    /// Whether it has a cache, and so runs no handler once that is full.
    pub is_cached: bool,
    /// What answers.
    pub router: Router,
}

/// The name of the router that writes no page.
pub const AT_HAND: &str = "axum, pages at hand (the floor)";

/// The routers of all contestants: the floor, this crate's two, three peers, and none.
#[must_use]
pub fn sites() -> Vec<Named> {
    // Until it has its state, a router makes a route and its layers for each request.
    let named =
        |name, is_cached, router: Router| Named { name, is_cached, router: router.with_state(()) };
    let cached = |name, router| named(name, true, router);
    let plain = |name, router| named(name, false, router);
    vec![
        plain(AT_HAND, at_hand()),
        cached("cached-web, the attribute", attribute()),
        cached("cached-web, the layer", behind(layered)),
        cached("axum-response-cache 0.5", behind(peers::axum_response_cache_0_5)),
        cached("tower-http-cache 0.6", behind(peers::tower_http_cache_0_6)),
        cached("http-cache-tower-server 0.2", behind(peers::http_cache_tower_server_0_2)),
        plain("axum, no cache", uncached()),
    ]
}

/// Pages that are there before anybody asks: no cache can be faster than this.
fn at_hand() -> Router {
    let (small, large) = (at_hand_of(Size::Small), at_hand_of(Size::Large));
    Router::new()
        .route("/small", get(async move || Html(small)))
        .route("/large", get(async move || Html(large)))
}

fn at_hand_of(size: Size) -> &'static str {
    pages::write(size, 7, "name").leak()
}

/// The same without a router.
#[must_use]
pub fn bare() -> impl Site {
    let (small, large) = (at_hand_of(Size::Small), at_hand_of(Size::Large));
    service_fn(move |request: Request| {
        let is_large = request.uri().path() == "/large";
        ready(Ok(Html(if is_large { large } else { small }).into_response()))
    })
}

/// Pages that are written for each request.
fn uncached() -> Router {
    Router::new().route("/small", get(small)).route("/large", get(large))
}

async fn small(Query(page): Query<Page>) -> Html<String> {
    Html(pages::write(Size::Small, page.page, &page.sort))
}

async fn large(Query(page): Query<Page>) -> Html<String> {
    Html(pages::write(Size::Large, page.page, &page.sort))
}

/// Pages of handlers with the attribute.
fn attribute() -> Router {
    Router::new().route("/small", get(cached_small)).route("/large", get(cached_large))
}

#[cached_response(timeout = 300)]
async fn cached_small(Query(page): Query<Page>) -> Html<String> {
    Html(pages::write(Size::Small, page.page, &page.sort))
}

#[cached_response(timeout = 300)]
async fn cached_large(Query(page): Query<Page>) -> Html<String> {
    Html(pages::write(Size::Large, page.page, &page.sort))
}

/// A service behind this crate's layer.
pub fn layered<S: Site>(site: S) -> impl Site {
    CacheLayer::new(300).layer(site).map_response(|response| response.map(Body::new))
}

/// Pages behind a cache: each route has one.
fn behind<S: Site>(cache: fn(Route) -> S) -> Router {
    uncached().layer(layer_fn(cache))
}

/// Serves on a thread of its own.
///
/// # Panics
/// Where no port can be had.
#[must_use]
pub fn serve(Named { name, is_cached, router }: Named) -> Server {
    let (send, receive) = mpsc::channel();
    thread::spawn(move || {
        let runtime = Builder::new_current_thread().enable_all().build()?;
        runtime.block_on(async {
            let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await?;
            let _ = send.send(listener.local_addr()?);
            let listener = listener.tap_io(|stream| {
                let _ = stream.set_nodelay(true);
            });
            axum::serve(listener, router).await
        })
    });
    let address = receive.recv().expect("a port can be had");
    Server { name, address, is_cached }
}
