//! actix-web: the application, bare and behind each cache. One worker.

use std::net::Ipv4Addr;
use std::sync::mpsc;
use std::thread;
use std::time::Duration;

use actix_tower::middleware::Cache;
use actix_web::dev::HttpServiceFactory;
use actix_web::rt::System;
use actix_web::web::{self, Query};
use actix_web::{App, HttpResponse, HttpServer, Scope};
use cached_web::CacheLayer;
use cached_web::actix::cached_response;

use super::pages::{self, Page, Size};
use super::race::Server;

/// Pages that are written for each request.
#[must_use]
pub fn uncached() -> Scope {
    web::scope("").route("/small", web::get().to(small)).route("/large", web::get().to(large))
}

/// Pages of handlers with the attribute.
#[must_use]
pub fn attribute() -> Scope {
    web::scope("")
        .route("/small", web::get().to(cached_small))
        .route("/large", web::get().to(cached_large))
}

#[cached_response(timeout = 300)]
async fn cached_small(Query(page): Query<Page>) -> HttpResponse {
    html(pages::write(Size::Small, page.page, &page.sort))
}

#[cached_response(timeout = 300)]
async fn cached_large(Query(page): Query<Page>) -> HttpResponse {
    html(pages::write(Size::Large, page.page, &page.sort))
}

/// Pages behind this crate's layer.
#[must_use]
pub fn layer() -> impl HttpServiceFactory {
    uncached().wrap(CacheLayer::new(300))
}

/// The same behind the cache of `actix_tower` 0.1.
#[must_use]
pub fn actix_tower_0_1() -> impl HttpServiceFactory {
    uncached().wrap(Cache::new(Duration::from_mins(5)))
}

async fn small(Query(page): Query<Page>) -> HttpResponse {
    html(pages::write(Size::Small, page.page, &page.sort))
}

async fn large(Query(page): Query<Page>) -> HttpResponse {
    html(pages::write(Size::Large, page.page, &page.sort))
}

/// With its length among the fields, or `actix_tower` does not keep it.
fn html(page: String) -> HttpResponse {
    HttpResponse::Ok()
        .content_type("text/html; charset=utf-8")
        .insert_header(("content-length", page.len()))
        .body(page)
}

/// Serves on threads of its own.
///
/// # Panics
/// Where no port can be had.
#[must_use]
pub fn serve<F: HttpServiceFactory + 'static>(
    name: &'static str,
    is_cached: bool,
    site: fn() -> F,
) -> Server {
    let (send, receive) = mpsc::channel();
    thread::spawn(move || {
        System::new().block_on(async move {
            let server = HttpServer::new(move || App::new().service(site()))
                .workers(1)
                .disable_signals()
                .bind((Ipv4Addr::LOCALHOST, 0))?;
            let _ = send.send(server.addrs()[0]);
            server.run().await
        })
    });
    let address = receive.recv().expect("a port can be had");
    Server { name, address, is_cached }
}
