//! Loads that nobody waits for, where the framework can make a response without a request at hand.

use crate::outcome::{hit, stored};
use crate::script::Reply;
use crate::site::{Page, Site};

pub async fn a_stale_page_is_renewed_behind_its_answer(site: &Site) {
    let page = site.page("renewed");
    stored!(page.get(), 1);
    site.advance(15);
    // The answer is there while the handler still runs.
    page.script.hold(true);
    for _ in 0..3 {
        let answer = hit!(page.get(), 1);
        assert!(answer.says("ttl=-5"), "{answer:?}");
        assert_eq!(answer.field("age"), Some("15"), "{answer:?}");
    }
    page.wait_for(2).await;
    page.script.hold(false);
    until_run(&page, 2).await;
    assert_eq!(page.runs(), 2);
}

pub async fn a_failure_leaves_the_page_as_it_is(site: &Site) {
    let page = site.page("renewed");
    stored!(page.get(), 1);
    site.advance(15);
    page.script.answers(|run| Reply::run(run).status(500));
    hit!(page.get(), 1);
    page.wait_for(2).await;
    settle(site).await;
    let answer = hit!(page.get(), 1);
    assert_eq!(answer.status, 200);
    page.script.answers(Reply::run);
    site.advance(10);
    hit!(page.get(), 1);
    until_run(&page, page.runs().max(3)).await;
}

/// What turns out to be one user's is not kept, though nobody waited for it.
pub async fn what_is_private_is_not_kept(site: &Site) {
    let page = site.page("renewed");
    stored!(page.get(), 1);
    site.advance(15);
    page.script.answers(|run| Reply::run(run).field("set-cookie", "a=1"));
    hit!(page.get(), 1);
    page.wait_for(2).await;
    settle(site).await;
    let answer = page.get().send().await;
    assert_ne!(answer.text(), "run 2", "{answer:?}");
}

pub async fn a_page_is_renewed_ahead_of_its_end(site: &Site) {
    let page = site.page("ahead");
    stored!(page.get(), 1);
    site.advance(4);
    hit!(page.get(), 1);
    assert_eq!(page.runs(), 1);
    site.advance(2);
    hit!(page.get(), 1);
    until_run(&page, 2).await;
    site.advance(9);
    let answer = page.get().send().await;
    assert!(answer.says("hit"), "{answer:?}");
}

pub async fn who_is_slow_goes_on_behind_an_older_answer(site: &Site) {
    let page = site.page("softened");
    stored!(page.get(), 1);
    site.advance(15);
    page.script.hold(true);
    let answer = page.while_time_passes(2, page.get().send()).await;
    assert!(answer.status == 200 && answer.text() == "run 1", "{answer:?}");
    page.script.hold(false);
    until_run(&page, 2).await;
}

/// Each variant is renewed for itself, with its own request's fields.
pub async fn variants_are_renewed_apart(site: &Site) {
    let page = site.page_of("renewed", |run| Reply::run(run).field("vary", "x-a"));
    stored!(page.get().field("x-a", "1"), 1);
    stored!(page.get().field("x-a", "2"), 2);
    site.advance(15);
    hit!(page.get().field("x-a", "1"), 1);
    page.wait_for(3).await;
    settle(site).await;
    hit!(page.get().field("x-a", "1"), 3);
    hit!(page.get().field("x-a", "2"), 2);
}

/// Asks until the page is that of a later run.
async fn until_run(page: &Page<'_>, run: u64) {
    page.wait_for(run).await;
    settle(page.site).await;
    hit!(page.get(), run);
}

async fn settle(site: &Site) {
    site.isolation.run_async(cached_runtime::testing::settle_async()).await;
}
