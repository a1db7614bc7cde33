//! Which requests the cache answers: methods, bodies, conditions that are the handler's.

use http::Method;

use crate::outcome::{hit, passed, stored};
use crate::script::{Part, Reply};
use crate::site::Site;

pub async fn head_is_answered_from_the_entry_of_get(site: &Site) {
    let page = site.page_of("plain", |run| Reply::run(run).field("x-a", "1"));
    let get = stored!(page.get(), 1);
    let head = page.head().send().await;
    assert!(head.says("hit") && head.body.is_empty(), "{head:?}");
    assert_eq!(head.field("content-length"), Some("5"), "{head:?}");
    for name in ["etag", "x-a", "date", "content-type"] {
        assert_eq!(head.field(name), get.field(name), "{name}");
    }
    assert_eq!(page.runs(), 1);
    hit!(page.get(), 1);
}

pub async fn head_never_leaves_an_empty_page(site: &Site) {
    let page = site.page("plain");
    let head = page.head().send().await;
    assert!(head.status == 200 && head.body.is_empty(), "{head:?}");
    assert_ne!(head.field("content-length"), Some("0"), "{head:?}");
    let get = page.get().send().await;
    assert_eq!(get.text(), format!("run {}", page.runs()), "{get:?}");
    hit!(page.get(), page.runs());
}

/// Behind a layer the service is asked for the whole page, which is kept.
pub async fn head_behind_a_layer_fills_the_entry_of_get(site: &Site) {
    let page = site.page("plain");
    let head = page.head().send().await;
    assert!(head.says("stored") && head.body.is_empty(), "{head:?}");
    assert_eq!(head.field("content-length"), Some("5"), "{head:?}");
    hit!(page.get(), 1);
}

/// No byte of a body follows the head of an answer to HEAD, or the next answer would begin with it.
pub async fn connections_live_on_after_head(site: &Site) {
    let page = site.page("plain");
    let mut raw = page.raw().await;
    for (turn, method) in ["HEAD", "HEAD", "GET", "HEAD", "GET"].into_iter().enumerate() {
        raw.send(method, &page.path(), "").await;
        let head = raw.head().await;
        assert_eq!(head.status(), 200, "turn {turn}: {head:?}");
        if method == "GET" {
            let body = raw.body(head.length()).await;
            assert!(body.starts_with(b"run "), "{body:?}");
        }
    }
}

pub async fn other_methods_neither_read_nor_write(site: &Site) {
    for method in [Method::POST, Method::PUT, Method::PATCH, Method::DELETE, Method::OPTIONS] {
        let page = site.page("plain");
        passed!(page.ask(method.clone()), 1);
        stored!(page.get(), 2);
        passed!(page.ask(method.clone()), 3);
        hit!(page.get(), 2);
    }
}

pub async fn a_get_with_a_body_neither_reads_nor_writes(site: &Site) {
    let page = site.page("plain");
    passed!(page.get().body("a=1"), 1);
    stored!(page.get(), 2);
    passed!(page.get().body("a=1"), 3);
    hit!(page.get(), 2);

    let mut raw = page.raw().await;
    raw.send("GET", &page.path(), "transfer-encoding: chunked\r\n").await;
    raw.write(b"3\r\na=1\r\n0\r\n\r\n").await;
    let head = raw.head().await;
    assert_eq!(raw.body(head.length()).await, b"run 4", "{head:?}");
    assert!(!head.says("hit") && !head.says("stored"), "{head:?}");
    hit!(page.get(), 2);
}

/// A body of no bytes is none.
pub async fn a_length_of_zero_is_no_body(site: &Site) {
    let page = site.page("plain");
    stored!(page.get(), 1);
    let mut raw = page.raw().await;
    raw.send("GET", &page.path(), "content-length: 0\r\n").await;
    let head = raw.head().await;
    assert_eq!(head.status(), 200);
    // Another host than that of the entry.
    assert_eq!(raw.body(head.length()).await, b"run 2");
    raw.send("GET", &page.path(), "content-length: 0\r\n").await;
    let head = raw.head().await;
    assert!(head.says("hit"), "{head:?}");
}

pub async fn conditions_of_the_handler_neither_read_nor_write(site: &Site) {
    let conditions = [
        ("range", "bytes=0-1"),
        ("if-match", "\"a\""),
        ("if-match", "*"),
        ("if-unmodified-since", "Sun, 06 Nov 1994 08:49:37 GMT"),
        ("if-range", "\"a\""),
    ];
    for (name, value) in conditions {
        let page = site.page("plain");
        passed!(page.get().field(name, value), 1);
        stored!(page.get(), 2);
        passed!(page.get().field(name, value), 3);
        hit!(page.get(), 2);
    }
}

/// A client that wants no trace of its request is answered from the cache, and leaves none.
pub async fn who_wants_no_trace_leaves_none(site: &Site) {
    let page = site.page("plain");
    passed!(page.get().field("cache-control", "no-store"), 1);
    stored!(page.get(), 2);
    hit!(page.get().field("cache-control", "no-store"), 2);
}

/// A part of a page never becomes the page.
pub async fn a_part_is_not_kept(site: &Site) {
    let page = site
        .page_of("plain", |run| Reply::run(run).status(206).field("content-range", "bytes 0-4/10"));
    passed!(page.get().field("range", "bytes=0-4"), 1);
    passed!(page.get(), 2);
    page.script.answers(Reply::run);
    stored!(page.get(), 3);
}

pub async fn unless_goes_around_the_cache(site: &Site) {
    let page = site.page("unless");
    stored!(page.get(), 1);
    passed!(page.get().field("x-alone", "1"), 2);
    hit!(page.get(), 1);
}

pub async fn refresh_loads_anew(site: &Site) {
    let page = site.page("renewing");
    stored!(page.get(), 1);
    stored!(page.get().field("x-renew", "1"), 2);
    hit!(page.get(), 2);
}

/// Else anyone empties the cache.
pub async fn clients_may_not_refresh(site: &Site) {
    let page = site.page("plain");
    stored!(page.get(), 1);
    for (name, value) in REFRESHES {
        hit!(page.get().field(name, value), 1);
    }
}

pub async fn clients_may_refresh_where_they_are_let(site: &Site) {
    for (name, value) in REFRESHES {
        let page = site.page("refreshable");
        stored!(page.get(), 1);
        hit!(page.get(), 1);
        stored!(page.get().field(name, value), 2);
        hit!(page.get(), 2);
    }
}

const REFRESHES: &[(&str, &str)] = &[
    ("cache-control", "no-cache"),
    ("cache-control", "max-age=0"),
    ("cache-control", "Max-Age=0"),
    ("cache-control", "x, NO-CACHE"),
    ("pragma", "no-cache"),
];

/// A handler that streams to HEAD leaves nothing behind either.
pub async fn head_of_a_stream(site: &Site) {
    let page = site.page_of("plain", |_| Reply::new("").flow(&[Part::Bytes(5), Part::Gate]));
    page.script.hold(false);
    let head = page.head().send().await;
    assert!(head.status == 200 && head.body.is_empty() && !head.says("hit"), "{head:?}");
    let get = page.get().send().await;
    assert_eq!(get.text(), "xxxxx", "{get:?}");
}
