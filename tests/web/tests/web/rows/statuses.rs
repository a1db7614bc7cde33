//! Which responses are kept, by their status.

use crate::outcome::passed;
use crate::script::Reply;
use crate::site::Site;

pub async fn these_are_kept(site: &Site) {
    for status in [200, 203, 301, 308] {
        let page = site.page_of("plain", move |run| {
            Reply::run(run).status(status).field("location", "/elsewhere")
        });
        for turn in ["first", "second"] {
            let answer = page.get().send().await;
            assert_eq!(answer.status, status, "{turn}: {answer:?}");
            assert_eq!(answer.text(), "run 1", "{turn}: {answer:?}");
            assert_eq!(answer.field("location"), Some("/elsewhere"), "{turn}: {answer:?}");
            assert_eq!(answer.says("hit"), turn == "second", "{answer:?}");
        }
    }
}

/// It has no body, and says nothing of one.
pub async fn one_without_content_is_kept(site: &Site) {
    let page = site.page_of("plain", |_| Reply::new("").status(204).field("x-a", "1"));
    let mut raw = page.raw().await;
    for turn in 0..3 {
        raw.send("GET", &page.path(), "").await;
        let head = raw.head().await;
        assert_eq!((head.status(), head.field("x-a")), (204, Some("1")), "{head:?}");
        assert!(head.lines("content-length").is_empty(), "{head:?}");
        assert!(head.lines("transfer-encoding").is_empty(), "{head:?}");
        assert_eq!(head.says("hit"), turn > 0, "{head:?}");
    }
    assert_eq!(page.runs(), 1);
}

pub async fn these_are_not(site: &Site) {
    let statuses = [
        201, 202, 206, 300, 302, 303, 307, 400, 401, 403, 404, 405, 410, 414, 418, 429, 451, 500,
        501, 502, 503, 504,
    ];
    for status in statuses {
        let page = site.page_of("plain", move |run| Reply::run(run).status(status));
        for run in 1..3 {
            let answer = passed!(page.get(), run);
            assert_eq!(answer.status, status);
        }
        // Nor do they have any effect on what comes after them.
        page.script.answers(Reply::run);
        let answer = page.get().send().await;
        assert!(answer.status == 200 && answer.says("stored"), "{answer:?}");
    }
}

pub async fn lifetimes_that_they_declare_change_nothing(site: &Site) {
    for status in [206, 302, 403, 500] {
        let page = site.page_of("plain", move |run| {
            Reply::run(run).status(status).field("cache-control", "public, max-age=60")
        });
        passed!(page.get(), 1);
        passed!(page.get(), 2);
    }
}

pub async fn not_modified_is_not_kept(site: &Site) {
    let page = site.page_of("plain", |_| Reply::new("").status(304).field("etag", "\"a\""));
    for run in 1..3 {
        let answer = page.get().send().await;
        assert_eq!((answer.status.as_u16(), page.runs()), (304, run), "{answer:?}");
        assert!(!answer.says("hit") && !answer.says("stored"), "{answer:?}");
    }
}

pub async fn what_is_missing_is_kept_on_request_and_for_as_long_as_asked(site: &Site) {
    for status in [404, 410] {
        let page = site.page_of("missing", move |run| Reply::run(run).status(status));
        for (wait, run) in [(0, 1), (0, 1), (9, 1), (1, 2)] {
            site.advance(wait);
            let answer = page.get().send().await;
            assert_eq!(answer.status, status);
            assert_eq!(answer.text(), format!("run {run}"), "after {wait} more: {answer:?}");
        }
        // What is there is kept for its own time.
        site.advance(10);
        page.script.answers(Reply::run);
        for (wait, run) in [(0, 3), (30, 3), (30, 4)] {
            site.advance(wait);
            let answer = page.get().send().await;
            assert_eq!(answer.text(), format!("run {run}"), "after {wait} more: {answer:?}");
        }
    }
}

pub async fn other_failures_are_not_kept_where_what_is_missing_is(site: &Site) {
    for status in [403, 405, 451, 500] {
        let page = site.page_of("missing", move |run| Reply::run(run).status(status));
        passed!(page.get(), 1);
        passed!(page.get(), 2);
    }
}

pub async fn a_closure_chooses(site: &Site) {
    let page = site.page("chosen");
    passed!(page.get(), 1);
    page.script.answers(|run| Reply::run(run).field("x-keep", "1"));
    crate::outcome::stored!(page.get(), 2);
    crate::outcome::hit!(page.get(), 2);
}
