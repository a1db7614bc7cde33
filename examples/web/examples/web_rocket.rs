//! A shop on rocket. `cargo run --example web_rocket`, then open <http://127.0.0.1:8080/items>.

use cached_examples_web::{Listing, Price, Result, listen, run};
use cached_examples_web::{account, events, item, list, set_price, user};
use cached_web::invalidates;
use cached_web::rocket::{RequestInfo, cached_response};
use rocket::config::LogLevel;
use rocket::form::Form;
use rocket::http::{ContentType, Status};
use rocket::response::Redirect;
use rocket::response::content::RawHtml;
use rocket::response::stream::TextStream;
use rocket::{Config, FromForm, get, post, routes};

/// `?page=1&sort=price` and `?sort=price&page=1` are one page, for everybody: also for those who have a
/// cookie.
#[cached_response(timeout = "1m", tags("items"), credentials = "ignore")]
#[get("/items?<page>&<sort>")]
async fn list_page(page: Option<usize>, sort: Option<String>) -> RawHtml<String> {
    let (page, sort) = (page.unwrap_or_default(), sort.unwrap_or_default());
    RawHtml(list(&Listing { page, sort }))
}

/// Rendered anew once its price has changed.
#[cached_response(timeout = "1h", tags("item:{id}"), credentials = "ignore")]
#[get("/items/<id>")]
async fn item_page(id: usize) -> Option<RawHtml<String>> {
    item(id).map(RawHtml)
}

#[derive(FromForm)]
struct NewPrice {
    cents: u32,
}

/// The lists show the price as well.
#[invalidates(tags("item:{id}", "items"))]
#[post("/items/<id>", data = "<price>")]
async fn change_item(id: usize, price: Form<NewPrice>) -> std::result::Result<Redirect, Status> {
    let item = Redirect::to(format!("/items/{id}"));
    if set_price(id, &Price { cents: price.cents }) { Ok(item) } else { Err(Status::NotFound) }
}

/// Without `per`, a request with a cookie would neither be answered from the cache nor fill it.
#[cached_response(timeout = "1m", per = user(&request))]
#[get("/account")]
async fn account_page(request: RequestInfo<'_>) -> RawHtml<String> {
    RawHtml(account(&user(&request)))
}

/// Never ends, so it passes through, the first event at once.
#[cached_response(timeout = "1m")]
#[get("/events")]
async fn event_stream() -> (ContentType, TextStream<impl futures_util::Stream<Item = String>>) {
    (ContentType::EventStream, TextStream(events()))
}

#[rocket::main]
async fn main() -> Result {
    // Rocket makes its own listener, where this one has found a free port.
    let address = listen()?.local_addr()?;
    let (address, port, log_level) = (address.ip(), address.port(), LogLevel::Critical);
    let config = Config { address, port, log_level, ..Config::default() };
    let pages = routes![list_page, item_page, change_item, account_page, event_stream];
    let server = Box::pin(rocket::custom(config).mount("/", pages).launch());
    run((address, port).into(), server).await
}
