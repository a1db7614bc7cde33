//! Rocket: the routes. What is published for it as a cache sets fields of responses, and keeps none.

use std::net::{Ipv4Addr, SocketAddr};
use std::sync::mpsc;
use std::thread;

use cached_web::rocket::cached_response;
use rocket::config::{Config, LogLevel};
use rocket::fairing::AdHoc;
use rocket::response::content::RawHtml;
use rocket::{Route, get, routes};
use tokio::runtime::Builder;

use super::pages::{self, Size};
use super::race::Server;

/// Pages that are written for each request.
#[must_use]
pub fn uncached() -> Vec<Route> {
    routes![small, large]
}

/// Pages of handlers with the attribute.
#[must_use]
pub fn attribute() -> Vec<Route> {
    routes![cached_small, cached_large]
}

#[cached_response(timeout = 300)]
#[get("/small?<page>&<sort>")]
fn cached_small(page: u32, sort: &str) -> RawHtml<String> {
    RawHtml(pages::write(Size::Small, page, sort))
}

#[cached_response(timeout = 300)]
#[get("/large?<page>&<sort>")]
fn cached_large(page: u32, sort: &str) -> RawHtml<String> {
    RawHtml(pages::write(Size::Large, page, sort))
}

#[get("/small?<page>&<sort>")]
fn small(page: u32, sort: &str) -> RawHtml<String> {
    RawHtml(pages::write(Size::Small, page, sort))
}

#[get("/large?<page>&<sort>")]
fn large(page: u32, sort: &str) -> RawHtml<String> {
    RawHtml(pages::write(Size::Large, page, sort))
}

/// Serves on a thread of its own.
///
/// # Panics
/// Where no port can be had.
#[must_use]
pub fn serve(name: &'static str, is_cached: bool, routes: Vec<Route>) -> Server {
    let (send, receive) = mpsc::channel();
    thread::spawn(move || {
        let config = Config { port: 0, log_level: LogLevel::Off, ..Config::release_default() };
        let told = AdHoc::on_liftoff("port", move |rocket| {
            let _ = send.send(rocket.config().port);
            Box::pin(async {})
        });
        let runtime = Builder::new_current_thread().enable_all().build().ok()?;
        runtime.block_on(rocket::custom(config).attach(told).mount("/", routes).launch()).ok()
    });
    let port = receive.recv().expect("a port can be had");
    Server { name, address: SocketAddr::from((Ipv4Addr::LOCALHOST, port)), is_cached }
}
