//! Cached responses from outside: sites in five frameworks, asked over sockets.
//!
//! One table of rows runs over every adapter: attributes and layers. A row is a function of a site,
//! which it has for itself, with a clock that it turns. A row says what is asked and what comes back;
//! which run of a handler an answer is of tells who it was made for.

mod busy;
mod client;
mod early;
mod flood;
mod jars;
mod lengths;
mod orders;
mod outcome;
mod raw;
mod routes;
mod rows;
mod script;
mod signatures;
mod site;
mod sites;
mod stores;
mod table;

use std::time::Duration;

use site::{Adapter, Site};

table::tests! {
    axum = Axum: all, bytes, attributes, background;
    actix = Actix: all, bytes, attributes, background;
    rocket = Rocket: all, attributes;
    poem = Poem: all, bytes, attributes, background;
    salvo = Salvo: all, bytes, attributes;
    axum_layer = AxumLayer: all, bytes, tower;
    actix_layer = ActixLayer: all, bytes;
    poem_layer = PoemLayer: all, bytes;
    salvo_layer = SalvoLayer: all, bytes;
}

/// How long one test may take.
const TEST_BOUND: Duration = Duration::from_mins(1);

/// Runs a row over a site of its own.
fn run(adapter: Adapter, row: &impl AsyncFn(&Site)) {
    block_on(async {
        let site = Site::start(adapter).await;
        row(&site).await;
        site.stop();
    });
}

/// Runs a test on this thread, within its bound.
fn block_on(test: impl Future<Output = ()>) {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    let ended = runtime
        .expect("a runtime")
        .block_on(async { tokio::time::timeout(TEST_BOUND, test).await });
    assert!(ended.is_ok(), "the test does not end");
}
