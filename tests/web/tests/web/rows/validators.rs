//! `ETag`, `If-None-Match`, `If-Modified-Since`, and what a 304 says.

use crate::outcome::{hit, stored};
use crate::script::Reply;
use crate::site::{Page, Site};

const DATE: &str = "Sun, 06 Nov 1994 08:49:37 GMT";
const EARLIER: &str = "Sun, 06 Nov 1994 08:49:36 GMT";
const LATER: &str = "Sun, 06 Nov 1994 08:49:38 GMT";

pub async fn a_body_has_a_weak_tag(site: &Site) {
    let page = site.page("plain");
    let tag = tag_of(&page).await;
    assert!(tag.starts_with("W/\"") && tag.ends_with('"') && tag.len() > 12, "{tag}");
    assert_eq!(hit!(page.get(), 1).field("etag"), Some(&*tag));
    // Another body has another.
    let other = stored!(page.at("?a=1"), 2);
    assert_ne!(other.field("etag"), Some(&*tag));
}

pub async fn tags_may_be_strong_or_none(site: &Site) {
    let page = site.page("strong");
    let tag = tag_of(&page).await;
    assert!(tag.starts_with('"') && tag.ends_with('"') && tag.len() > 10, "{tag}");
    assert_eq!(hit!(page.get(), 1).field("etag"), Some(&*tag));
    let page = site.page("unmarked");
    assert_eq!(stored!(page.get(), 1).field("etag"), None);
    assert_eq!(hit!(page.get(), 1).field("etag"), None);
}

pub async fn the_tag_of_the_handler_stays(site: &Site) {
    for route in ["plain", "strong", "unmarked"] {
        for tag in ["\"mine\"", "W/\"mine\""] {
            let page = site.page_of(route, move |run| Reply::run(run).field("etag", tag));
            assert_eq!(stored!(page.get(), 1).field("etag"), Some(tag));
            assert_eq!(hit!(page.get(), 1).field("etag"), Some(tag));
            assert_eq!(conditional(&page, &[("if-none-match", tag)]).await, 304);
        }
    }
}

pub async fn a_tag_that_matches_is_answered_with_304(site: &Site) {
    let page = site.page("plain");
    let tag = tag_of(&page).await;
    let strong = tag.trim_start_matches("W/");
    let matching = [
        tag.clone(),
        strong.to_owned(),
        "*".to_owned(),
        format!("\"a\", {tag}"),
        format!("\"a,b\",{strong} , W/\"c\""),
        format!(",, {tag},"),
    ];
    for value in &matching {
        assert_eq!(conditional(&page, &[("if-none-match", value)]).await, 304, "{value}");
    }
    let others = [
        "\"a\"".to_owned(),
        "W/\"a\"".to_owned(),
        strong.trim_matches('"').to_owned(),
        format!("\"a{}", strong.trim_start_matches('"')),
        format!("\"a, {}, b\"", strong.trim_matches('"')),
        "\"*\"".to_owned(),
    ];
    for value in &others {
        assert_eq!(conditional(&page, &[("if-none-match", value)]).await, 200, "{value}");
    }
    // Several lines are one list.
    assert_eq!(
        conditional(&page, &[("if-none-match", "\"a\""), ("if-none-match", &tag)]).await,
        304
    );
    assert_eq!(page.runs(), 1);
}

pub async fn a_date_that_matches_is_answered_with_304(site: &Site) {
    let page = site.page_of("plain", |run| Reply::run(run).field("last-modified", DATE));
    stored!(page.get(), 1);
    for (date, status) in [(DATE, 304), (LATER, 304), (EARLIER, 200), ("yesterday", 200), ("", 200)]
    {
        assert_eq!(conditional(&page, &[("if-modified-since", date)]).await, status, "{date}");
    }
    let page = site.page("plain");
    stored!(page.get(), 1);
    // It does not say when it was modified.
    assert_eq!(conditional(&page, &[("if-modified-since", EARLIER)]).await, 200);
    assert_eq!(page.runs(), 1);
}

pub async fn a_tag_takes_precedence_over_a_date(site: &Site) {
    let page = site.page_of("plain", |run| {
        Reply::run(run).field("last-modified", DATE).field("etag", "\"a\"")
    });
    stored!(page.get(), 1);
    let rows = [("\"a\"", EARLIER, 304), ("\"b\"", LATER, 200), ("\"b\"", DATE, 200)];
    for (tag, date, status) in rows {
        let fields = [("if-none-match", tag), ("if-modified-since", date)];
        assert_eq!(conditional(&page, &fields).await, status, "{tag} {date}");
    }
}

pub async fn not_modified_carries_what_it_has_to(site: &Site) {
    let carried = [
        ("cache-control", "max-age=50"),
        ("content-location", "/a"),
        ("expires", "Sun, 06 Nov 2094 08:49:37 GMT"),
        ("etag", "\"a\""),
        ("vary", "accept"),
    ];
    let page = site.page_of("plain", move |run| {
        let reply = Reply::run(run).field("content-type", "text/plain").field("x-a", "1");
        let reply = reply.field("last-modified", DATE).field("content-language", "de");
        carried.iter().fold(reply, |reply, (name, value)| reply.field(name, value))
    });
    let first = stored!(page.get(), 1);
    site.advance(7);
    let answer = page.get().field("if-none-match", "\"a\"").send().await;
    assert!(answer.status == 304 && answer.body.is_empty() && answer.says("hit"), "{answer:?}");
    for (name, value) in carried {
        assert_eq!(answer.field(name), Some(value), "{answer:?}");
    }
    assert_eq!(answer.field("date"), first.field("date"), "{answer:?}");
    assert_eq!(answer.field("age"), Some("7"), "{answer:?}");
    for name in ["content-type", "content-language", "x-a", "last-modified", "transfer-encoding"] {
        assert_eq!(answer.field(name), None, "{answer:?}");
    }
    // If it tells a length, then that of the page.
    assert!(matches!(answer.field("content-length"), None | Some("5")), "{answer:?}");
}

pub async fn connections_live_on_after_304(site: &Site) {
    let page = site.page_of("plain", |run| Reply::run(run).field("etag", "\"a\""));
    let mut raw = page.raw().await;
    for (turn, tag) in ["\"b\"", "\"a\"", "\"a\"", "\"b\"", "\"a\""].into_iter().enumerate() {
        raw.send("GET", &page.path(), format!("if-none-match: {tag}\r\n")).await;
        let head = raw.head().await;
        assert_eq!(head.status(), if tag == "\"a\"" { 304 } else { 200 }, "turn {turn}: {head:?}");
        if head.status() == 200 {
            assert_eq!(raw.body(head.length()).await, b"run 1");
        }
    }
}

pub async fn head_may_be_conditional(site: &Site) {
    let page = site.page("plain");
    let tag = tag_of(&page).await;
    let answer = page.head().field("if-none-match", &tag).send().await;
    assert_eq!((answer.status.as_u16(), page.runs()), (304, 1), "{answer:?}");
    let answer = page.head().field("if-none-match", "\"b\"").send().await;
    assert_eq!((answer.status.as_u16(), page.runs()), (200, 1), "{answer:?}");
}

/// A page that is loaded for a conditional request is kept as a whole.
pub async fn a_condition_on_a_cold_page_loads_all_of_it(site: &Site) {
    let page = site.page_of("plain", |run| Reply::run(run).field("etag", "\"a\""));
    let answer = page.get().field("if-none-match", "\"a\"").send().await;
    assert!(matches!(answer.status.as_u16(), 200 | 304), "{answer:?}");
    hit!(page.get(), 1);
    let page = site.page("plain");
    stored!(page.get().field("if-none-match", "\"b\"").field("if-modified-since", DATE), 1);
    hit!(page.get(), 1);
}

/// An old copy is no longer good once the page has changed.
pub async fn a_page_that_has_changed_is_sent(site: &Site) {
    let page = site.page("brief");
    let tag = tag_of(&page).await;
    site.advance(10);
    let answer = stored!(page.get().field("if-none-match", &tag), 2);
    assert_ne!(answer.field("etag"), Some(&*tag));
    assert_eq!(conditional(&page, &[("if-none-match", &tag)]).await, 200);
}

/// Only what would be a success may be not modified.
pub async fn only_200_turns_into_304(site: &Site) {
    let page = site.page_of("missing", |run| Reply::run(run).status(404).field("etag", "\"a\""));
    page.get().send().await;
    assert_eq!(conditional(&page, &[("if-none-match", "\"a\"")]).await, 404);
    let page = site.page_of("plain", |run| {
        Reply::run(run).status(301).field("location", "/a").field("etag", "\"a\"")
    });
    page.get().send().await;
    assert_eq!(conditional(&page, &[("if-none-match", "\"a\"")]).await, 301);
}

/// Loads the page, and returns its tag.
async fn tag_of(page: &Page<'_>) -> String {
    stored!(page.get(), page.runs() + 1).field("etag").expect("a tag").to_owned()
}

/// Asks with these fields for a page that is cached.
async fn conditional(page: &Page<'_>, fields: &[(&str, &str)]) -> u16 {
    let ask = fields.iter().fold(page.get(), |ask, (name, value)| ask.field(name, value));
    let answer = ask.send().await;
    assert!(answer.says("hit"), "{answer:?}");
    assert_eq!(answer.body.is_empty(), answer.status == 304, "{answer:?}");
    answer.status.as_u16()
}
