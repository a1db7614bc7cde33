//! poem: the routes. No cache is published for it.

use std::net::Ipv4Addr;
use std::sync::mpsc;
use std::thread;

use cached_web::CacheLayer;
use cached_web::poem::cached_response;
use poem::listener::TcpAcceptor;
use poem::web::{Html, Query};
use poem::{EndpointExt, IntoEndpoint, Route, Server as Poem, get, handler};
use tokio::net::TcpListener;
use tokio::runtime::Builder;

use super::pages::{self, Page, Size};
use super::race::Server;

/// Pages that are written for each request.
#[must_use]
pub fn uncached() -> Route {
    Route::new().at("/small", get(small)).at("/large", get(large))
}

/// Pages behind this crate's layer.
#[must_use]
pub fn layer() -> impl IntoEndpoint<Endpoint: 'static> + Send {
    uncached().with(CacheLayer::new(300))
}

/// Pages of handlers with the attribute.
#[must_use]
pub fn attribute() -> Route {
    Route::new().at("/small", get(cached_small)).at("/large", get(cached_large))
}

#[cached_response(timeout = 300)]
#[handler]
fn cached_small(Query(page): Query<Page>) -> Html<String> {
    Html(pages::write(Size::Small, page.page, &page.sort))
}

#[cached_response(timeout = 300)]
#[handler]
fn cached_large(Query(page): Query<Page>) -> Html<String> {
    Html(pages::write(Size::Large, page.page, &page.sort))
}

#[handler]
fn small(Query(page): Query<Page>) -> Html<String> {
    Html(pages::write(Size::Small, page.page, &page.sort))
}

#[handler]
fn large(Query(page): Query<Page>) -> Html<String> {
    Html(pages::write(Size::Large, page.page, &page.sort))
}

/// Serves on a thread of its own.
///
/// # Panics
/// Where no port can be had.
#[must_use]
pub fn serve<E>(name: &'static str, is_cached: bool, site: E) -> Server
where
    E: IntoEndpoint<Endpoint: 'static> + Send + 'static,
{
    let (send, receive) = mpsc::channel();
    thread::spawn(move || {
        let runtime = Builder::new_current_thread().enable_all().build()?;
        runtime.block_on(async {
            let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await?;
            let _ = send.send(listener.local_addr()?);
            Poem::new_with_acceptor(TcpAcceptor::from_tokio(listener)?).run(site).await
        })
    });
    let address = receive.recv().expect("a port can be had");
    Server { name, address, is_cached }
}
