//! axum: the router, bare and behind each cache.

pub mod peers;

use std::convert::Infallible;
use std::net::Ipv4Addr;
use std::sync::mpsc;
use std::thread;

use axum::Router;
use axum::extract::{Query, Request};
use axum::response::{Html, Response};
use axum::routing::{Route, get};
use axum::serve::ListenerExt;
use tokio::net::TcpListener;
use tokio::runtime::Builder;
use tower::Service;
use tower::layer::layer_fn;

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

/// Pages that are there before anybody asks: no cache can be faster than this.
#[must_use]
pub fn at_hand() -> Router {
    let page = |size| -> &'static str { pages::write(size, 7, "name").leak() };
    let (small, large) = (page(Size::Small), page(Size::Large));
    Router::new()
        .route("/small", get(async move || Html(small)))
        .route("/large", get(async move || Html(large)))
}

/// Pages that are written for each request.
#[must_use]
pub fn uncached() -> Router {
    Router::new().route("/small", get(small)).route("/large", get(large))
}

async fn small(Query(page): Query<Page>) -> Html<String> {
    Html(pages::write(Size::Small, page.page, &page.sort))
}

async fn large(Query(page): Query<Page>) -> Html<String> {
    Html(pages::write(Size::Large, page.page, &page.sort))
}

/// The same behind a cache: each route has one.
#[must_use]
pub fn behind<S: Site>(cache: fn(Route) -> S) -> Router {
    uncached().layer(layer_fn(cache))
}

/// Serves on a thread of its own.
///
/// # Panics
/// Where no port can be had.
#[must_use]
pub fn serve(name: &'static str, is_cached: bool, router: Router) -> Server {
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
