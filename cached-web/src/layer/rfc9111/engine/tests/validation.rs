//! Whether what is stored is still good: what is asked, and what a 304 says.

use super::*;
use crate::ETags;

#[tokio::test]
async fn a_stale_response_is_validated_and_lives_on() {
    let site = Site::new(|request, number| match request.headers().get("if-none-match") {
        Some(tag) if tag == "\"v1\"" => {
            sent(304, &[("etag", "\"v1\""), ("cache-control", "max-age=90"), ("x-new", "1")], "")
        }
        _ => sent(
            200,
            &[("etag", "\"v1\""), ("cache-control", "max-age=60"), ("x-old", "1")],
            number.to_string(),
        ),
    });
    assert_eq!(site.get("/", &[]).await.body(), "1");
    site.pass(60);
    // The client's own condition is about another version: it gets the whole.
    let validated = site.get("/", &[("if-none-match", "\"v0\"")]).await;
    assert_eq!((validated.status, validated.body(), validated.field("age")), (200, "1", "0"));
    assert_eq!((validated.field("x-old"), validated.field("x-new")), ("1", "1"));
    assert_eq!(validated.field("cache-status"), "cached-web; fwd=stale; stored");
    assert_eq!(site.calls(), 2);
    site.pass(89);
    let hit = site.get("/", &[("if-none-match", "W/\"v1\"")]).await;
    assert_eq!((hit.status, hit.body(), hit.field("age")), (304, "", "89"));
    assert_eq!((hit.field("etag"), hit.field("x-new")), ("\"v1\"", ""));
    assert_eq!(site.calls(), 2);
}

#[tokio::test]
async fn validation_that_brings_a_new_response_stores_that() {
    let site = Site::new(|_, number| {
        let old =
            &[("last-modified", "Sun, 06 Nov 1994 08:49:37 GMT"), ("cache-control", "max-age=9")];
        sent(200, old, number.to_string())
    });
    site.get("/", &[]).await;
    site.pass(9);
    assert_eq!(site.get("/", &[]).await.body(), "2");
    assert_eq!(site.last().headers["if-modified-since"], "Sun, 06 Nov 1994 08:49:37 GMT");
    assert_eq!(site.get("/", &[]).await.body(), "2");
}

#[tokio::test]
async fn a_304_about_nothing_stored_is_asked_again_without_conditions() {
    let site = Site::new(|request, number| {
        if request.headers().contains_key("if-none-match") {
            return sent(304, &[("etag", "\"other\"")], "");
        }
        let lines = [("cache-control", "max-age=60"), ("vary", "x"), ("etag", "\"a\"")];
        sent(200, &lines, number.to_string())
    });
    site.get("/", &[("x", "1")]).await;
    let second = site.get("/", &[("x", "2"), ("if-none-match", "\"c\"")]).await;
    assert_eq!((second.status, second.body(), site.calls()), (200, "3", 3));
    assert_eq!(site.get("/", &[("x", "2")]).await.body(), "3");
}

#[tokio::test]
async fn a_304_with_another_strong_tag_is_about_another_response() {
    let site = Site::new(|request, number| {
        if request.headers().contains_key("if-modified-since") {
            return sent(304, &[("etag", "\"b\"")], "");
        }
        let old = ("last-modified", "Sun, 06 Nov 1994 08:49:37 GMT");
        sent(200, &[("cache-control", "max-age=9"), ("etag", "\"a\""), old], number.to_string())
    });
    site.get("/", &[]).await;
    site.pass(9);
    assert_eq!((site.get("/", &[]).await.body(), site.calls()), ("3", 3));
}

#[tokio::test]
async fn what_has_no_tag_is_given_one_that_the_origin_never_hears_of() {
    const OLD: (&str, &str) = ("last-modified", "Sun, 06 Nov 1994 08:49:37 GMT");
    let site = Site::new(|request, _| {
        assert!(!request.headers().contains_key("if-none-match"));
        if request.headers().contains_key("if-modified-since") {
            return sent(304, &[("x-new", "1")], "");
        }
        sent(200, &[("cache-control", "max-age=60"), OLD], "page")
    });
    let first = site.get("/", &[]).await;
    let tag = first.field("etag").to_owned();
    assert!(tag.starts_with("W/\""), "{first:?}");
    let known: Lines<'_> = &[("if-none-match", String::leak(tag.clone()))];
    let hit = site.get("/", known).await;
    assert_eq!((hit.status, hit.field("etag"), site.calls()), (304, &*tag, 1));
    site.pass(60);
    let validated = site.get("/", &[]).await;
    assert_eq!((validated.field("etag"), validated.field("x-new"), site.calls()), (&*tag, "1", 2));
    assert_eq!((site.get("/", known).await.status, site.calls()), (304, 2));

    let layer = Rfc9111Layer::new().etag(ETags::Off);
    let site = Site::of(layer, |_, _| Box::pin(ready(Ok(sent(200, FRESH, "page")))));
    assert_eq!(site.get("/", &[]).await.field("etag"), "");
}

#[tokio::test]
async fn a_variant_that_another_request_has_is_found_by_its_tag() {
    let site = Site::new(|request, number| {
        if request.headers().get("if-none-match").is_some_and(|tags| tags == "\"b\", \"a\"") {
            return sent(304, &[("etag", "\"a\"")], "");
        }
        let etag = if request.headers()["accept-language"] == "fr" { "\"b\"" } else { "\"a\"" };
        let lines = [("cache-control", "max-age=60"), ("vary", "accept-language"), ("etag", etag)];
        sent(200, &lines, number.to_string())
    });
    let get = |language| {
        let site = site.clone();
        async move { site.get("/", &[("accept-language", language)]).await }
    };
    assert_eq!(get("en").await.body(), "1");
    assert_eq!(get("fr").await.body(), "2");
    assert_eq!(get("de").await.body(), "1");
    assert_eq!(site.calls(), 3);
    assert_eq!(get("DE").await.field("cache-status"), "cached-web; hit; ttl=60");
    assert_eq!((get("en").await.body(), get("fr").await.body()), ("1", "2"));
}
