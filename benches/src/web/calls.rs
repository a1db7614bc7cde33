//! Calls of axum services without sockets: what is left is the router, the cache and the handler.

use std::future::poll_fn;
use std::hint::black_box;
use std::pin::Pin;

use axum::body::{Body, HttpBody};
use axum::extract::Request;
use axum::http::header::{self, HeaderValue};
use axum::http::request::Parts;
use axum::response::Response;
use tokio::runtime::{Builder, Runtime};
use tokio::task::yield_now;
use tower::ServiceExt;

use super::axum::Site;
use super::load::Visitor;
use super::pages::{self, PAGES, Size};

/// Calls in a run.
pub const CALLS: usize = 256;

/// A run of a site that has been asked for each page before. Without a cache it writes them anew.
///
/// # Panics
/// Where the site has a cache and writes a page all the same.
pub fn hits<S: Site>(
    name: &'static str,
    is_cached: bool,
    service: S,
    size: Size,
    visitor: Visitor,
) -> impl FnMut() + 'static {
    let runtime = runtime();
    let requests = runtime.block_on(requests(&service, size, visitor));
    move || {
        let written = pages::written();
        runtime.block_on(async {
            for parts in requests.iter().cycle().take(CALLS) {
                consume(call(&service, black_box(parts)).await).await;
            }
        });
        assert!(!is_cached || pages::written() == written, "{name}: a handler ran behind a cache");
    }
}

/// A run that asks for other pages each time.
pub fn misses<S: Site>(service: S, size: Size) -> impl FnMut() + 'static {
    let runtime = runtime();
    let mut number = 0;
    move || {
        runtime.block_on(async {
            for _ in 0..CALLS {
                number += 1;
                let target = format!("{}&number={number}", size.target(number));
                consume(call(&service, &parts(&target)).await).await;
            }
        });
    }
}

/// A run that makes requests and drops them.
pub fn nothing(size: Size) -> impl FnMut() + 'static {
    let requests: Vec<Parts> = (0..PAGES).map(|number| parts(&size.target(number))).collect();
    move || {
        for parts in requests.iter().cycle().take(CALLS) {
            drop(black_box(Request::from_parts(black_box(parts).clone(), Body::empty())));
        }
    }
}

fn runtime() -> Runtime {
    Builder::new_current_thread().build().expect("a runtime can be made")
}

/// Requests for all pages, of a visitor who was there before.
async fn requests<S: Site>(service: &S, size: Size, visitor: Visitor) -> Vec<Parts> {
    let mut requests = Vec::new();
    for number in 0..PAGES {
        let mut parts = parts(&size.target(number));
        let response = call(service, &parts).await;
        let etag = response.headers().get(header::ETAG).cloned();
        consume(response).await;
        // A cache may keep responses in a task of its own.
        yield_now().await;
        if visitor == Visitor::Returning {
            let etag = etag.unwrap_or(HeaderValue::from_static("W/\"0123456789abcdef\""));
            parts.headers.insert(header::IF_NONE_MATCH, etag);
        }
        requests.push(parts);
    }
    requests
}

async fn call<S: Site>(service: &S, parts: &Parts) -> Response {
    let request = Request::from_parts(parts.clone(), Body::empty());
    let Ok(response) = service.clone().oneshot(request).await;
    response
}

/// Takes a response as a server does that writes it to nobody.
async fn consume(response: Response) {
    let (parts, mut body) = response.into_parts();
    black_box(parts);
    while let Some(frame) = poll_fn(|ctx| Pin::new(&mut body).poll_frame(ctx)).await {
        drop(black_box(frame));
    }
}

/// A request in the words of a browser.
fn parts(target: &str) -> Parts {
    let request = Request::get(target)
        .header(header::HOST, "shop.example")
        .header(
            header::USER_AGENT,
            "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0",
        )
        .header(header::ACCEPT, "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8")
        .header(header::ACCEPT_LANGUAGE, "en-GB,en;q=0.5")
        .header(header::ACCEPT_ENCODING, "gzip, deflate, br, zstd")
        .header(header::CONNECTION, "keep-alive")
        .header(header::UPGRADE_INSECURE_REQUESTS, "1")
        .body(());
    request.expect("a request can be made").into_parts().0
}
