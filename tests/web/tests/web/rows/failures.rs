//! Failures of handlers: what stands in for them, and what does not.

use crate::outcome::{hit, passed, stored};
use crate::script::Reply;
use crate::site::{Page, Site};

pub async fn a_failure_is_everybodys_own(site: &Site) {
    let page = site.page("brief");
    stored!(page.get(), 1);
    site.advance(10);
    page.script.answers(|run| Reply::run(run).status(500));
    for run in 2..4 {
        let answer = passed!(page.get(), run);
        assert_eq!(answer.status, 500);
    }
    page.script.answers(Reply::run);
    stored!(page.get(), 4);
}

pub async fn an_older_response_stands_in(site: &Site) {
    for status in [500, 502, 503] {
        let page = site.page_of("surviving", |run| Reply::run(run).field("x-a", "1"));
        stored!(page.get(), 1);
        site.advance(15);
        page.script.answers(move |run| Reply::run(run).status(status));
        let answer = stale(&page, 1).await;
        assert_eq!((answer.0, answer.1.as_deref()), ("15".to_owned(), Some("1")));
        assert_eq!(page.runs(), 2);
    }
}

/// For as long as it was said, counted from the end of freshness.
pub async fn it_does_so_for_its_time(site: &Site) {
    let page = site.page("surviving");
    stored!(page.get(), 1);
    page.script.answers(|run| Reply::run(run).status(500));
    site.advance(3609);
    stale(&page, 1).await;
    site.advance(1);
    let answer = page.get().send().await;
    assert_eq!(answer.status, 500, "{answer:?}");
    page.script.answers(Reply::run);
    site.advance(600);
    let answer = stored!(page.get(), page.runs() + 1);
    assert_eq!(answer.status, 200);
}

/// A handler that has just failed is left alone for a while.
pub async fn it_spares_the_handler(site: &Site) {
    let page = site.page("surviving");
    stored!(page.get(), 1);
    page.script.answers(|run| Reply::run(run).status(500));
    site.advance(10);
    for _ in 0..3 {
        stale(&page, 1).await;
        site.advance(1);
    }
    assert_eq!(page.runs(), 2);
    page.script.answers(Reply::run);
    site.advance(10);
    stored!(page.get(), 3);
    hit!(page.get(), 3);
}

/// What a handler says on purpose is no failure.
pub async fn nothing_stands_in_for_other_answers(site: &Site) {
    for status in [404, 403, 302] {
        let page = site.page("surviving");
        stored!(page.get(), 1);
        site.advance(10);
        page.script.answers(move |run| Reply::run(run).status(status));
        let answer = page.get().send().await;
        assert_eq!((answer.status.as_u16(), answer.text()), (status, "run 2"), "{answer:?}");
    }
    let page = site.page("surviving");
    stored!(page.get(), 1);
    site.advance(10);
    page.script.answers(|run| Reply::run(run).field("cache-control", "no-store"));
    passed!(page.get(), 2);
}

/// It is a user's own answer that fails: what others got does not stand in.
pub async fn nothing_stands_in_for_who_goes_around_the_cache(site: &Site) {
    let page = site.page("surviving");
    stored!(page.get(), 1);
    site.advance(10);
    page.script.answers(|run| Reply::run(run).status(500));
    let answer = passed!(page.get().field("cookie", "a=1"), 2);
    assert_eq!(answer.status, 500);
}

pub async fn a_closure_says_what_is_a_failure(site: &Site) {
    let page = site.page("picky");
    stored!(page.get(), 1);
    site.advance(10);
    page.script.answers(|run| Reply::run(run).field("x-failed", "1"));
    stale(&page, 1).await;
    // Not even at first is one kept.
    let page = site.page_of("picky", |run| Reply::run(run).field("x-failed", "1"));
    passed!(page.get(), 1);
    let page = site.page("picky");
    stored!(page.get(), 1);
    site.advance(10);
    page.script.answers(|run| Reply::run(run).status(500));
    let answer = page.get().send().await;
    assert_eq!(answer.status, 500, "{answer:?}");
}

pub async fn who_takes_too_long_is_given_up(site: &Site) {
    let page = site.page("hurried");
    page.script.hold(true);
    let answer = page.while_time_passes(1, page.get().send()).await;
    assert_eq!(answer.status, 504, "{answer:?}");
    assert!(!answer.says("hit") && !answer.says("stored"), "{answer:?}");
    page.script.hold(false);
    stored!(page.get(), 2);
}

pub async fn an_older_response_stands_in_for_who_takes_too_long(site: &Site) {
    let page = site.page("enduring");
    stored!(page.get(), 1);
    site.advance(10);
    page.script.hold(true);
    page.while_time_passes(2, stale(&page, 1)).await;
}

/// Asserts that an older run's response came, and returns its age and its `x-a`.
async fn stale(page: &Page<'_>, run: u64) -> (String, Option<String>) {
    let answer = page.get().send().await;
    assert!(answer.status == 200 && answer.text() == format!("run {run}"), "{answer:?}");
    assert!(!answer.says("stored"), "{answer:?}");
    assert!(answer.cache().contains("stale") || answer.cache().contains("ttl=-"), "{answer:?}");
    let text = |name| answer.field(name).map(str::to_owned);
    (text("age").expect("an age"), text("x-a"))
}
