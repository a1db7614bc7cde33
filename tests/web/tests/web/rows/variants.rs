//! `Vary`: one entry for each way in which requests differ by the fields that responses name.

use crate::outcome::{hit, passed, stored};
use crate::script::Reply;
use crate::site::Site;

pub async fn values_are_apart(site: &Site) {
    let page = site.page_of("plain", |run| Reply::run(run).field("vary", "Accept-Language"));
    stored!(page.get().field("accept-language", "en"), 1);
    let other = stored!(page.get().field("accept-language", "de"), 2);
    assert!(other.says("fwd=vary-miss"), "{other:?}");
    let again = hit!(page.get().field("accept-language", "en"), 1);
    assert_eq!(again.field("vary"), Some("Accept-Language"));
    hit!(page.get().field("accept-language", "de"), 2);
    hit!(page.get().field("accept-language", "de").field("accept", "text/html"), 2);
}

pub async fn absent_differs_from_empty(site: &Site) {
    let page = site.page_of("plain", |run| Reply::run(run).field("vary", "x-a"));
    stored!(page.get(), 1);
    stored!(page.get().field("x-a", ""), 2);
    hit!(page.get(), 1);
    hit!(page.get().field("x-a", ""), 2);
}

pub async fn a_star_is_not_kept(site: &Site) {
    for vary in ["*", " * ", "accept, *", "*, accept"] {
        let page = site.page_of("plain", move |run| Reply::run(run).field("vary", vary));
        passed!(page.get(), 1);
        passed!(page.get(), 2);
    }
    let lines = |run| Reply::run(run).field("vary", "accept").field("vary", "*");
    let page = site.page_of("plain", lines);
    passed!(page.get(), 1);
    passed!(page.get(), 2);
}

pub async fn all_lines_and_names_count(site: &Site) {
    let page = site
        .page_of("plain", |run| Reply::run(run).field("vary", " X-A ,x-b,,").field("vary", "x-C"));
    stored!(page.get().field("x-a", "1").field("x-b", "1").field("x-c", "1"), 1);
    stored!(page.get().field("x-a", "2").field("x-b", "1").field("x-c", "1"), 2);
    stored!(page.get().field("x-a", "1").field("x-b", "2").field("x-c", "1"), 3);
    stored!(page.get().field("x-a", "1").field("x-b", "1").field("x-c", "2"), 4);
    hit!(page.get().field("x-c", "1").field("x-b", "1").field("x-a", "1"), 1);
    hit!(page.get().field("x-a", "1").field("x-b", "1").field("x-c", "2"), 4);
}

/// Lines and fields are joined so that no two requests read the same.
pub async fn values_are_joined_unambiguously(site: &Site) {
    let page = site.page_of("plain", |run| Reply::run(run).field("vary", "x-a, x-b"));
    let requests: &[&[(&str, &str)]] = &[
        &[("x-a", "1")],
        &[("x-b", "1")],
        &[("x-a", "1"), ("x-b", "")],
        &[("x-a", ""), ("x-b", "1")],
        &[("x-a", "1"), ("x-b", "2")],
        &[("x-a", "1; x-b: 2")],
        &[("x-a", "1\"; x-b=\"2")],
        &[("x-a", "12")],
        &[("x-a", "1%2")],
        &[("x-a", "1"), ("x-a", "2; 3")],
        &[("x-a", "1; 2"), ("x-a", "3")],
        &[("x-a", "1"), ("x-a", "")],
        &[("x-a", "A")],
        &[("x-a", "a")],
    ];
    for (at, fields) in requests.iter().enumerate() {
        let ask = fields.iter().fold(page.get(), |ask, (name, value)| ask.field(name, value));
        stored!(ask, at + 1);
    }
}

pub async fn bytes_that_are_no_text_are_apart(site: &Site) {
    let page = site.page_of("plain", |run| Reply::run(run).field("vary", "x-a"));
    stored!(page.get().field("x-a", b"\xff"), 1);
    stored!(page.get().field("x-a", b"\xfe"), 2);
    stored!(page.get().field("x-a", "\u{fffd}"), 3);
    hit!(page.get().field("x-a", b"\xff"), 1);
}

/// A page whose responses come to vary by more is never answered with one that knew less.
pub async fn a_page_may_come_to_vary_by_more(site: &Site) {
    let page = site.page("lasting");
    stored!(page.get().field("x-a", "1"), 1);
    page.script.answers(|run| Reply::run(run).field("vary", "x-a"));
    page.site.clear();
    stored!(page.get().field("x-a", "1"), 2);
    page.script.answers(|run| Reply::run(run).field("vary", "x-a, x-b"));
    let more = page.get().field("x-a", "2").field("x-b", "1").send().await;
    assert_eq!(more.text(), "run 3");
    let other = page.get().field("x-a", "2").field("x-b", "2").send().await;
    assert_eq!(other.text(), "run 4");
    let first = page.get().field("x-a", "2").field("x-b", "1").send().await;
    assert_ne!(first.text(), "run 4");
    let second = page.get().field("x-a", "2").field("x-b", "2").send().await;
    assert_ne!(second.text(), "run 3");
}

pub async fn fields_may_be_named_beforehand(site: &Site) {
    let page = site.page("speaking");
    let first = stored!(page.get().field("accept-language", "en"), 1);
    stored!(page.get().field("accept-language", "de"), 2);
    stored!(page.get(), 3);
    let again = hit!(page.get().field("accept-language", "en"), 1);
    for answer in [first, again] {
        let vary = answer.field("vary").unwrap_or_default();
        assert!(vary.eq_ignore_ascii_case("accept-language"), "{answer:?}");
    }
}

pub async fn fields_named_beforehand_add_to_those_of_the_response(site: &Site) {
    let page = site.page_of("speaking", |run| Reply::run(run).field("vary", "x-a"));
    stored!(page.get().field("accept-language", "en").field("x-a", "1"), 1);
    stored!(page.get().field("accept-language", "de").field("x-a", "1"), 2);
    stored!(page.get().field("accept-language", "en").field("x-a", "2"), 3);
    let again = hit!(page.get().field("accept-language", "en").field("x-a", "1"), 1);
    let lines = again.lines("vary").join(&b", "[..]);
    let vary = String::from_utf8(lines).unwrap().to_ascii_lowercase();
    assert!(vary.contains("accept-language") && vary.contains("x-a"), "{vary}");
}

pub async fn cookies_are_apart_where_credentials_are_ignored(site: &Site) {
    let page = site.page_of("careless", |run| Reply::run(run).field("vary", "cookie"));
    stored!(page.get().field("cookie", "a=1"), 1);
    stored!(page.get().field("cookie", "a=2"), 2);
    hit!(page.get().field("cookie", "a=1"), 1);
}
