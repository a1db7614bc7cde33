//! A shop on actix-web. `cargo run --example web_actix`, then open <http://127.0.0.1:8080/items>.

use actix_web::error::ErrorNotFound;
use actix_web::web::{Form, Html, Path, Query, Redirect};
use actix_web::{App, HttpResponse, HttpServer, Responder, get, post};
use cached_examples_web::{Listing, Price, Result, listen, run};
use cached_examples_web::{account, events, item, list, set_price, user};
use cached_web::actix::{RequestInfo, cached_response};
use cached_web::invalidates;
use futures_util::StreamExt as _;

/// `?page=1&sort=price` and `?sort=price&page=1` are one page, for everybody: also for those who have a
/// cookie.
#[cached_response(timeout = "1m", tags("items"), credentials = "ignore")]
#[get("/items")]
async fn list_page(listing: Query<Listing>) -> Html {
    Html::new(list(&listing))
}

/// Rendered anew once its price has changed.
#[cached_response(timeout = "1h", tags("item:{id}"), credentials = "ignore")]
#[get("/items/{id}")]
async fn item_page(id: Path<usize>) -> actix_web::Result<Html> {
    item(*id).map(Html::new).ok_or_else(|| ErrorNotFound("no such item"))
}

/// The lists show the price as well.
#[invalidates(tags("item:{id}", "items"))]
#[post("/items/{id}")]
async fn change_item(id: Path<usize>, price: Form<Price>) -> actix_web::Result<Redirect> {
    if !set_price(*id, &price) {
        return Err(ErrorNotFound("no such item"));
    }
    Ok(Redirect::to(format!("/items/{id}")).see_other())
}

/// Without `per`, a request with a cookie would neither be answered from the cache nor fill it.
#[cached_response(timeout = "1m", per = user(&request))]
#[get("/account")]
async fn account_page(request: RequestInfo) -> Html {
    Html::new(account(&user(&request)))
}

/// Never ends, so it passes through, the first event at once.
#[cached_response(timeout = "1m")]
#[get("/events")]
async fn event_stream() -> impl Responder {
    let events = events().map(|event| Ok::<_, std::io::Error>(event.into()));
    HttpResponse::Ok().content_type("text/event-stream").streaming(events)
}

#[actix_web::main]
async fn main() -> Result {
    let app = || {
        App::new()
            .service(list_page)
            .service(item_page)
            .service(change_item)
            .service(account_page)
            .service(event_stream)
    };

    let listener = listen()?;
    let address = listener.local_addr()?;
    run(address, HttpServer::new(app).listen(listener)?.run()).await
}
