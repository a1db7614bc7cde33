//! A shop on poem. `cargo run --example web_poem`, then open <http://127.0.0.1:8080/items>.

use cached_examples_web::{Listing, Price, Result, listen, run};
use cached_examples_web::{account, events, item, list, set_price, user};
use cached_web::RequestInfo;
use cached_web::invalidates;
use cached_web::poem::cached_response;
use futures_util::StreamExt as _;
use poem::error::NotFoundError;
use poem::listener::TcpAcceptor;
use poem::web::{Form, Html, Path, Query, Redirect};
use poem::{Body, Response, Route, Server, get, handler};

/// `?page=1&sort=price` and `?sort=price&page=1` are one page, for everybody: also for those who have a
/// cookie.
#[cached_response(timeout = "1m", tags("items"), credentials = "ignore")]
#[handler]
async fn list_page(Query(listing): Query<Listing>) -> Html<String> {
    Html(list(&listing))
}

/// Rendered anew once its price has changed.
#[cached_response(timeout = "1h", tags("item:{id}"), credentials = "ignore")]
#[handler]
async fn item_page(Path(id): Path<usize>) -> poem::Result<Html<String>> {
    Ok(item(id).map(Html).ok_or(NotFoundError)?)
}

/// The lists show the price as well.
#[invalidates(tags("item:{id}", "items"))]
#[handler]
async fn change_item(Path(id): Path<usize>, Form(price): Form<Price>) -> poem::Result<Redirect> {
    if !set_price(id, &price) {
        return Err(NotFoundError.into());
    }
    Ok(Redirect::see_other(format!("/items/{id}")))
}

/// Without `per`, a request with a cookie would neither be answered from the cache nor fill it.
#[cached_response(timeout = "1m", per = user(&request))]
#[handler]
async fn account_page(request: RequestInfo) -> Html<String> {
    Html(account(&user(&request)))
}

/// Never ends, so it passes through, the first event at once.
#[cached_response(timeout = "1m")]
#[handler]
async fn event_stream() -> Response {
    let events = events().map(Ok::<_, std::io::Error>);
    Response::builder().content_type("text/event-stream").body(Body::from_bytes_stream(events))
}

#[tokio::main]
async fn main() -> Result {
    let app = Route::new()
        .at("/items", get(list_page))
        .at("/items/:id", get(item_page).post(change_item))
        .at("/account", get(account_page))
        .at("/events", get(event_stream));

    let listener = listen()?;
    let address = listener.local_addr()?;
    let server = Server::new_with_acceptor(TcpAcceptor::from_std(listener)?);
    run(address, server.run(app)).await
}
