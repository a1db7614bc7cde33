//! Responses that leave the process: two sites over one store, each with memory of its own.

use cached_runtime::testing::Isolation;
use cached_runtime::{StoreConfig, init, invalidate_tag};
use cached_tests::servers::{Memcached, Redis};
use http::Method;
use tempfile::TempDir;

use crate::client::Ask;
use crate::outcome::{hit, passed, stored};
use crate::script::{Part, Reply};
use crate::site::{Adapter, Page, Site};

/// Where responses are kept, and what has to be there meanwhile.
enum Place {
    Files(TempDir),
    Redis(Redis),
    Memcached(Memcached),
}

/// Two sites that share a store.
struct Pair {
    one: Site,
    other: Site,
}

/// One test for each place and adapter.
macro_rules! pairs {
    ($($name:ident: $place:expr, $adapter:ident;)*) => {
        $(
            #[test]
            fn $name() {
                share(&$place, Adapter::$adapter);
            }
        )*
    };
}

pairs! {
    files_behind_axum: files(), Axum;
    files_behind_actix: files(), Actix;
    files_behind_a_layer: files(), AxumLayer;
    redis_behind_axum: Place::Redis(Redis::start()), Axum;
    redis_behind_rocket: Place::Redis(Redis::start()), Rocket;
    redis_behind_poem: Place::Redis(Redis::start()), Poem;
    redis_behind_a_layer: Place::Redis(Redis::start()), AxumLayer;
    memcached_behind_axum: Place::Memcached(Memcached::start()), Axum;
    memcached_behind_salvo: Place::Memcached(Memcached::start()), Salvo;
    memcached_behind_a_layer: Place::Memcached(Memcached::start()), AxumLayer;
}

fn files() -> Place {
    Place::Files(TempDir::new().expect("a directory"))
}

/// A store that dies is no failure of the handlers'.
#[test]
fn a_store_that_dies_takes_no_answer_along() {
    let mut redis = Redis::start();
    let store = StoreConfig::redis(redis.url());
    crate::block_on(async {
        let one = start(Adapter::Axum, store).await;
        let page = one.page("shared");
        stored!(page.get(), 1);
        hit!(page.get(), 1);
        redis.kill();
        for run in 2..4 {
            let answer = page.get().send().await;
            assert_eq!(answer.text(), format!("run {run}"), "{answer:?}");
        }
        drop(page);
        one.stop();
    });
}

fn share(place: &Place, adapter: Adapter) {
    crate::block_on(async {
        let (one, other) = (start(adapter, store(place)).await, start(adapter, store(place)).await);
        let pair = Pair { one, other };
        a_page_of_one_is_a_hit_of_the_other(&pair).await;
        variants_are_shared(&pair).await;
        heads_and_conditions_are_answered(&pair).await;
        what_is_private_stays(&pair).await;
        changes_reach_the_other(&pair).await;
        what_flows_and_breaks_stays(&pair).await;
        pair.one.stop();
        pair.other.stop();
    });
}

fn store(place: &Place) -> StoreConfig {
    match place {
        Place::Files(directory) => StoreConfig::filesystem(directory.path().join("cache")),
        Place::Redis(redis) => StoreConfig::redis(redis.url()),
        Place::Memcached(server) => StoreConfig::from_url(&server.url()).expect("a URL"),
    }
}

async fn start(adapter: Adapter, store: StoreConfig) -> Site {
    let process = Isolation::new();
    process.run(|| init(store.into())).expect("the configuration is valid");
    Site::start_in(adapter, process).await
}

impl Pair {
    /// Asks one of them for a page, by the name that both have.
    fn at_one(&self, page: &Page<'_>) -> Ask {
        self.one.ask(Method::GET, &page.path()).field("host", "shop.example")
    }

    fn at_other(&self, page: &Page<'_>) -> Ask {
        self.other.ask(Method::GET, &page.path()).field("host", "shop.example")
    }
}

async fn a_page_of_one_is_a_hit_of_the_other(pair: &Pair) {
    let is_text = pair.one.adapter == Adapter::Rocket;
    let bytes: &[u8] = if is_text { "gr\u{fc}n".as_bytes() } else { b"gr\xfcn \xff" };
    let page = pair.one.page_of("shared", move |run| {
        let reply = Reply::run(run).field("x-a", "2").field("x-a", "1").field("x-a", "3");
        reply.field("x-b", bytes).field("content-type", "text/x-a")
    });
    let first = stored!(pair.at_one(&page), 1);
    let second = hit!(pair.at_other(&page), 1);
    for name in ["x-a", "x-b", "content-type", "etag", "date", "content-length"] {
        assert_eq!(first.lines(name), second.lines(name), "{name}");
    }
    assert_eq!(second.lines("x-a"), [b"2", b"1", b"3"]);
    assert_eq!(second.lines("x-b"), [bytes]);
    hit!(pair.at_one(&page), 1);
    // Another host's is another page, there too.
    let other_host = pair.other.ask(Method::GET, &page.path()).field("host", "b.example");
    stored!(other_host, 2);
}

async fn variants_are_shared(pair: &Pair) {
    let page = pair.one.page_of("shared", |run| Reply::run(run).field("vary", "x-a"));
    stored!(pair.at_one(&page).field("x-a", "1"), 1);
    stored!(pair.at_other(&page).field("x-a", "2"), 2);
    hit!(pair.at_other(&page).field("x-a", "1"), 1);
    hit!(pair.at_one(&page).field("x-a", "2"), 2);
    stored!(pair.at_one(&page), 3);
    hit!(pair.at_other(&page), 3);
}

async fn heads_and_conditions_are_answered(pair: &Pair) {
    let page = pair.one.page("shared");
    let tag = stored!(pair.at_one(&page), 1).field("etag").expect("a tag").to_owned();
    let head = pair.other.ask(Method::HEAD, &page.path()).field("host", "shop.example");
    let head = head.send().await;
    assert!(head.says("hit") && head.field("content-length") == Some("5"), "{head:?}");
    let answer = pair.at_other(&page).field("if-none-match", tag).send().await;
    assert!(answer.status == 304 && answer.body.is_empty(), "{answer:?}");
    assert_eq!(page.runs(), 1);
}

async fn what_is_private_stays(pair: &Pair) {
    for (name, value) in [("set-cookie", "a=1"), ("cache-control", "private"), ("vary", "*")] {
        let page = pair.one.page_of("shared", move |run| Reply::run(run).field(name, value));
        passed!(pair.at_one(&page), 1);
        passed!(pair.at_other(&page), 2);
    }
    let page = pair.one.page("shared");
    passed!(pair.at_one(&page).field("cookie", "a=1"), 1);
    stored!(pair.at_other(&page), 2);
    passed!(pair.at_one(&page).field("cookie", "a=1"), 3);
}

async fn changes_reach_the_other(pair: &Pair) {
    let page = pair.one.page_of("shared", |run| Reply::run(run).field("vary", "x-a"));
    stored!(pair.at_one(&page), 1);
    hit!(pair.at_other(&page), 1);
    pair.other.isolation.run(|| invalidate_tag("pages")).expect("a store that is told");
    stored!(pair.at_one(&page), 2);
    hit!(pair.at_other(&page), 2);
}

async fn what_flows_and_breaks_stays(pair: &Pair) {
    let parts = [&[Part::Bytes(5)][..], &[Part::Bytes(5), Part::Break]];
    for parts in parts {
        let page = pair.one.page_of("shared", |_| Reply::new("").flow(parts));
        for (run, ask) in [(1, pair.at_one(&page)), (2, pair.at_other(&page))] {
            let _ = ask.field("connection", "close").try_send().await;
            assert_eq!(page.runs(), run);
        }
    }
}
