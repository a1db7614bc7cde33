//! A shop on axum. `cargo run --example web_axum`, then open <http://127.0.0.1:8080/items>.
//!
//! With `CACHE_URL=redis://127.0.0.1` its pages lie in Redis, where every process of the shop finds
//! them; with `SHOP=prices.txt` its prices lie in that file, and `PORT=8081` is for a second process. Look
//! at `Cache-Status` and `Age` in the browser's network panel, at what a reload costs, and at what a new
//! price does to the lists.

use axum::body::Body;
use axum::extract::{Path, Query};
use axum::http::{StatusCode, header};
use axum::response::{Html, Redirect};
use axum::routing::get;
use axum::{Form, Router};
use cached_examples_web::{Listing, Price, Result, listen, run};
use cached_examples_web::{account, events, item, list, set_price, user};
use cached_runtime::Config;
use cached_web::RequestInfo;
use cached_web::axum::cached_response;
use cached_web::invalidates;
use futures_util::StreamExt as _;

/// `?page=1&sort=price` and `?sort=price&page=1` are one page, for everybody: also for those who have a
/// cookie.
#[cached_response(timeout = "1m", tags("items"), shared, credentials = "ignore")]
async fn list_page(Query(listing): Query<Listing>) -> Html<String> {
    Html(list(&listing))
}

/// Rendered anew once its price has changed.
#[cached_response(timeout = "1h", tags("item:{id}"), shared, credentials = "ignore")]
async fn item_page(Path(id): Path<usize>) -> std::result::Result<Html<String>, StatusCode> {
    item(id).map(Html).ok_or(StatusCode::NOT_FOUND)
}

/// The lists show the price as well.
#[invalidates(tags("item:{id}", "items"))]
async fn change_item(
    Path(id): Path<usize>,
    Form(price): Form<Price>,
) -> std::result::Result<Redirect, StatusCode> {
    let item = Redirect::to(&format!("/items/{id}"));
    if set_price(id, &price) { Ok(item) } else { Err(StatusCode::NOT_FOUND) }
}

/// Without `per`, a request with a cookie would neither be answered from the cache nor fill it.
#[cached_response(timeout = "1m", per = user(&request), shared)]
async fn account_page(request: RequestInfo) -> Html<String> {
    Html(account(&user(&request)))
}

/// Never ends, so it passes through, the first event at once.
#[cached_response(timeout = "1m")]
async fn event_stream() -> ([(header::HeaderName, &'static str); 1], Body) {
    let events = events().map(Ok::<_, std::io::Error>);
    ([(header::CONTENT_TYPE, "text/event-stream")], Body::from_stream(events))
}

#[tokio::main]
async fn main() -> Result {
    cached_runtime::init(Config::from_env()?)?;
    let app = Router::new()
        .route("/items", get(list_page))
        .route("/items/{id}", get(item_page).post(change_item))
        .route("/account", get(account_page))
        .route("/events", get(event_stream));

    let listener = tokio::net::TcpListener::from_std(listen()?)?;
    run(listener.local_addr()?, axum::serve(listener, app)).await
}
