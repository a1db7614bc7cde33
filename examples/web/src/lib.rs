//! A small shop: what it sells, and its pages. The examples serve it, one on each framework; what
//! they do at the end of a command line is in `run`.
//!
//! A page says how often pages were rendered, so that a browser shows whether it was rendered anew.

mod run;
mod visits;

use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;
use std::{env, fs};

use cached_web::RequestInfo;
use futures_util::stream::{self, Stream};
use serde::Deserialize;

pub use run::{Result, listen, run};

/// What the shop sells. An item's number is its place.
const NAMES: [&str; 5] = ["Anvil", "Bellows", "Chisel", "Drawknife", "Emery"];

/// What it costs, in cents.
static PRICES: Mutex<[u32; 5]> = Mutex::new([4900, 2700, 900, 3100, 350]);

/// The variable that names a file for the prices, where several processes are one shop.
const FILE: &str = "SHOP";

const ITEMS_A_PAGE: usize = 3;

/// Which part of the list is asked for.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct Listing {
    /// Counted from 0, the default.
    pub page: usize,
    /// `price`, or anything else for the name, the default.
    pub sort: String,
}

/// What a form says of an item.
#[derive(Debug, Deserialize)]
pub struct Price {
    /// The new price.
    pub cents: u32,
}

/// Renders a page of the list.
#[must_use]
pub fn list(listing: &Listing) -> String {
    let mut items: Vec<_> = NAMES.into_iter().zip(prices()).enumerate().collect();
    if listing.sort == "price" {
        items.sort_by_key(|(_, (_, cents))| *cents);
    }
    let rows = items.iter().skip(listing.page * ITEMS_A_PAGE).take(ITEMS_A_PAGE);
    let rows: Vec<_> = rows
        .map(|(id, (name, cents))| format!("<li><a href=/items/{id}>{name}</a> {cents} cents"))
        .collect();
    let rows = rows.concat();
    page(&format!(
        "<ul>{rows}</ul><a href='/items?page=0'>first</a> <a href='/items?page=1'>second</a> \
         <a href='/items?sort=price&page=0'>by price</a> <a href=/account>account</a>"
    ))
}

/// Renders the page of an item, with a form that changes its price. None: there is no such item.
#[must_use]
pub fn item(id: usize) -> Option<String> {
    let (name, cents) = NAMES.into_iter().zip(prices()).nth(id)?;
    Some(page(&format!(
        "<h1>{name}</h1><form method=post><input name=cents value={cents}> cents <button>Set\
         </button></form><a href=/items>all</a>"
    )))
}

/// Changes the price of an item. False: there is no such item, or no place to note it.
#[must_use]
pub fn set_price(id: usize, price: &Price) -> bool {
    let mut prices = prices();
    let Some(cents) = prices.get_mut(id) else { return false };
    *cents = price.cents;
    match env::var_os(FILE) {
        Some(file) => fs::write(file, prices.map(|cents| cents.to_string()).join("\n")).is_ok(),
        None => {
            *memory() = prices;
            true
        }
    }
}

/// Renders the page of a user.
#[must_use]
pub fn account(user: &str) -> String {
    let name = user.replace('&', "&amp;").replace('<', "&lt;");
    page(&format!(
        "<h1>Hello, {name}</h1><button onclick=\"document.cookie='user=alice';location.reload()\">\
         Be alice</button><button onclick=\"document.cookie='user=bob';location.reload()\">Be bob\
         </button>"
    ))
}

/// Who asks: what the cookie `user` says, which in a shop with locks would be signed.
#[must_use]
pub fn user(request: &RequestInfo) -> String {
    let fields = request.headers().get_all("cookie").iter().filter_map(|field| field.to_str().ok());
    let mut cookies = fields.flat_map(|field| field.split("; "));
    cookies.find_map(|cookie| cookie.strip_prefix("user=")).unwrap_or("stranger").to_owned()
}

/// Events that never end, one a second.
pub fn events() -> impl Stream<Item = String> + Send + 'static {
    stream::unfold(0, async |count: u32| {
        if count > 0 {
            tokio::time::sleep(Duration::from_secs(1)).await;
        }
        Some((format!("data: {count}\n\n"), count + 1))
    })
}

fn prices() -> [u32; 5] {
    let file = env::var_os(FILE).and_then(|file| fs::read_to_string(file).ok());
    let noted =
        file.map(|text| text.lines().map_while(|line| line.parse().ok()).collect::<Vec<_>>());
    noted.and_then(|noted| noted.try_into().ok()).unwrap_or_else(|| *memory())
}

fn memory() -> MutexGuard<'static, [u32; 5]> {
    PRICES.lock().unwrap_or_else(PoisonError::into_inner)
}

fn page(body: &str) -> String {
    static RENDERED: AtomicU32 = AtomicU32::new(0);
    let rendered = RENDERED.fetch_add(1, Ordering::Relaxed) + 1;
    format!("<!doctype html><title>Shop</title>{body}<p>Pages rendered: {rendered}")
}
