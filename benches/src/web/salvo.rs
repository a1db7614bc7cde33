//! salvo: the router, bare and behind each cache.

use std::net::Ipv4Addr;
use std::sync::mpsc;
use std::thread;
use std::time::Duration;

use cached_web::CacheLayer;
use cached_web::salvo::cached_response;
use salvo::cache::{Cache, MokaStore, RequestIssuer};
use salvo::conn::TcpListener;
use salvo::extract::QueryParam;
use salvo::prelude::{Listener, Router, Text, handler};
use salvo::{Server as Salvo, Writer};
use tokio::runtime::Builder;

use super::pages::{self, Size};
use super::race::Server;

/// Pages that are written for each request.
#[must_use]
pub fn uncached() -> Router {
    Router::new()
        .push(Router::with_path("small").get(small))
        .push(Router::with_path("large").get(large))
}

/// Pages behind this crate's layer.
#[must_use]
pub fn layer() -> Router {
    Router::new().hoop(CacheLayer::new(300)).push(uncached())
}

/// The same behind salvo's own cache.
#[must_use]
pub fn salvo_cache_1() -> Router {
    let store = MokaStore::builder().max_capacity(10_000).time_to_live(Duration::from_mins(5));
    Router::new().hoop(Cache::new(store.build(), RequestIssuer::default())).push(uncached())
}

/// Pages of handlers with the attribute.
#[must_use]
pub fn attribute() -> Router {
    Router::new()
        .push(Router::with_path("small").get(cached_small))
        .push(Router::with_path("large").get(cached_large))
}

#[cached_response(timeout = 300)]
#[handler]
async fn cached_small(page: QueryParam<u32>, sort: QueryParam<String>) -> Text<String> {
    html(Size::Small, &page, &sort)
}

#[cached_response(timeout = 300)]
#[handler]
async fn cached_large(page: QueryParam<u32>, sort: QueryParam<String>) -> Text<String> {
    html(Size::Large, &page, &sort)
}

#[handler]
async fn small(page: QueryParam<u32>, sort: QueryParam<String>) -> Text<String> {
    html(Size::Small, &page, &sort)
}

#[handler]
async fn large(page: QueryParam<u32>, sort: QueryParam<String>) -> Text<String> {
    html(Size::Large, &page, &sort)
}

fn html(size: Size, page: &QueryParam<u32>, sort: &QueryParam<String>) -> Text<String> {
    Text::Html(pages::write(size, **page, sort))
}

/// Serves on a thread of its own.
///
/// # Panics
/// Where no port can be had.
#[must_use]
pub fn serve(name: &'static str, is_cached: bool, site: fn() -> Router) -> Server {
    let (send, receive) = mpsc::channel();
    thread::spawn(move || {
        let runtime = Builder::new_current_thread().enable_all().build()?;
        runtime.block_on(async {
            let acceptor = TcpListener::new((Ipv4Addr::LOCALHOST, 0)).bind().await;
            let _ = send.send(acceptor.local_addr()?);
            Salvo::new(acceptor).try_serve(site()).await
        })
    });
    let address = receive.recv().expect("a port can be had");
    Server { name, address, is_cached }
}
