//! A shop on salvo. `cargo run --example web_salvo`, then open <http://127.0.0.1:8080/items>.

use cached_examples_web::{Listing, Price, Result, listen, run};
use cached_examples_web::{account, events, item, list, set_price, user};
use cached_web::RequestInfo;
use cached_web::invalidates;
use cached_web::salvo::cached_response;
use futures_util::StreamExt as _;
use salvo::conn::tcp::TcpAcceptor;
use salvo::extract::{FormBody, PathParam, QueryParam};
use salvo::http::{HeaderValue, ResBody, StatusError, header};
use salvo::writing::{Redirect, Text};
use salvo::{Response, Router, Scribe, Server, Writer, handler};

/// `?page=1&sort=price` and `?sort=price&page=1` are one page, for everybody: also for those who have a
/// cookie.
#[cached_response(timeout = "1m", tags("items"), credentials = "ignore")]
#[handler]
async fn list_page(
    page: QueryParam<usize, false>,
    sort: QueryParam<String, false>,
) -> Text<String> {
    let page = page.into_inner().unwrap_or_default();
    Text::Html(list(&Listing { page, sort: sort.into_inner().unwrap_or_default() }))
}

/// Rendered anew once its price has changed.
#[cached_response(timeout = "1h", tags("item:{id}"), credentials = "ignore")]
#[handler]
async fn item_page(id: PathParam<usize>) -> std::result::Result<Text<String>, StatusError> {
    item(*id).map(Text::Html).ok_or_else(StatusError::not_found)
}

/// The lists show the price as well.
#[invalidates(tags("item:{id}", "items"))]
#[handler]
async fn change_item(
    id: PathParam<usize>,
    price: FormBody<Price>,
) -> std::result::Result<Redirect, StatusError> {
    let item = Redirect::other(format!("/items/{id}"));
    if set_price(*id, &price) { Ok(item) } else { Err(StatusError::not_found()) }
}

/// Without `per`, a request with a cookie would neither be answered from the cache nor fill it.
#[cached_response(timeout = "1m", per = user(&request))]
#[handler]
async fn account_page(request: RequestInfo) -> Text<String> {
    Text::Html(account(&user(&request)))
}

struct Events;

impl Scribe for Events {
    fn render(self, res: &mut Response) {
        let content_type = HeaderValue::from_static("text/event-stream");
        res.headers_mut().insert(header::CONTENT_TYPE, content_type);
        res.body(ResBody::stream(events().map(Ok::<_, std::io::Error>)));
    }
}

/// Never ends, so it passes through, the first event at once.
#[cached_response(timeout = "1m")]
#[handler]
async fn event_stream() -> Events {
    Events
}

#[tokio::main]
async fn main() -> Result {
    let items = Router::with_path("items")
        .get(list_page)
        .push(Router::with_path("{id}").get(item_page).post(change_item));
    let app = Router::new()
        .push(items)
        .push(Router::with_path("account").get(account_page))
        .push(Router::with_path("events").get(event_stream));

    let listener = tokio::net::TcpListener::from_std(listen()?)?;
    let address = listener.local_addr()?;
    run(address, Server::new(TcpAcceptor::try_from(listener)?).serve(app)).await
}
