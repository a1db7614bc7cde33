//! Many at once: one load for a page that is everybody's, one each for pages that are not.

use std::collections::HashSet;

use http::Method;

use crate::raw::{Head, Raw};
use crate::script::{Part, Reply};
use crate::site::{Page, Site};

const CROWD: usize = 1000;

pub async fn a_thousand_wait_for_one_run(site: &Site) {
    let page = site.page("plain");
    let answers = crowd(&page, CROWD).await;
    assert_eq!(page.runs(), 1);
    assert!(answers.iter().all(|(head, body)| head.status() == 200 && body == "run 1"));
    // Most waited for the one that ran.
    let collapsed = answers.iter().filter(|(head, _)| head.says("collapsed")).count();
    let hits = answers.iter().filter(|(head, _)| head.says("hit")).count();
    assert!(collapsed > 0 && collapsed + hits >= CROWD - 1, "{collapsed} waited, {hits} hit");
}

/// Nobody waits for long, and nobody gets another's page.
pub async fn a_thousand_private_pages_are_a_thousand_runs(site: &Site) {
    let page = site.page_of("plain", |run| Reply::run(run).field("cache-control", "private"));
    each_their_own(&page).await;
}

pub async fn a_thousand_cookies_are_a_thousand_runs(site: &Site) {
    let page =
        site.page_of("plain", |run| Reply::run(run).field("set-cookie", format!("session={run}")));
    let answers = each_their_own(&page).await;
    for (head, body) in answers {
        let cookie = head.field("set-cookie").map(|cookie| cookie.replace("session=", "run "));
        assert_eq!(cookie.as_deref(), Some(&*body), "{head:?}");
    }
}

/// What flows is nobody else's either.
pub async fn streams_are_not_shared(site: &Site) {
    let page = site.page_of("plain", |run| {
        let length = usize::try_from(run).expect("a small number");
        Reply::new("").flow(&[Part::Bytes(length)])
    });
    page.script.hold(true);
    let asks = (0..50).map(|_| page.get().send());
    let open = async {
        page.wait_for(1).await;
        page.script.hold(false);
    };
    let (answers, ()) = tokio::join!(futures_util::future::join_all(asks), open);
    let lengths: HashSet<_> = answers.iter().map(|answer| answer.body.len()).collect();
    assert_eq!((lengths.len(), page.runs()), (50, 50));
}

/// Of a crowd whose first one fails, each gets an answer.
pub async fn a_failure_of_the_first_is_not_everybodys(site: &Site) {
    let page =
        site.page_of("plain", |run| Reply::run(run).status(if run == 1 { 500 } else { 200 }));
    let answers = crowd(&page, 50).await;
    let failed = answers.iter().filter(|(head, _)| head.status() == 500).count();
    assert_eq!(failed, 1, "one run failed");
    assert!(answers.iter().all(|(head, body)| (head.status() == 500) == (body == "run 1")));
}

/// One who goes away leaves the load to the next.
pub async fn who_leaves_hands_over(site: &Site) {
    let page = site.page("plain");
    page.script.hold(true);
    let mut first = page.raw().await;
    first.send("GET", &page.path(), "").await;
    page.wait_for(1).await;
    let mut second = page.raw().await;
    second.send("GET", &page.path(), "").await;
    drop(first);
    // Its handler is dropped with its connection, or runs on for those who wait.
    page.script.hold(false);
    let head = second.head().await;
    assert_eq!(head.status(), 200, "{head:?}");
    let body = second.body(head.length()).await;
    assert!(body == b"run 1" || body == b"run 2", "{body:?}");
    let again = page.get().field("host", "site").send().await;
    assert!(again.says("hit") && again.body == body, "{again:?}");
}

/// A hit waits for no load, of whatever page.
pub async fn hits_wait_for_nobody(site: &Site) {
    let (hot, cold) = (site.page("plain"), site.page("plain"));
    crate::outcome::stored!(hot.get(), 1);
    cold.script.hold(true);
    let mut waiting = cold.raw().await;
    waiting.send("GET", &cold.path(), "").await;
    cold.wait_for(1).await;
    crate::outcome::hit!(hot.get(), 1);
    let uncached = cold.ask(Method::POST);
    let open = async {
        cold.wait_for(2).await;
        cold.script.hold(false);
    };
    let (answer, ()) = tokio::join!(uncached.send(), open);
    assert_eq!(answer.text(), "run 2");
}

async fn each_their_own(page: &Page<'_>) -> Vec<(Head, String)> {
    let answers = crowd(page, CROWD).await;
    let bodies: HashSet<_> = answers.iter().map(|(_, body)| body.clone()).collect();
    assert_eq!(bodies.len(), CROWD, "somebody got another's page");
    assert_eq!(page.runs(), CROWD as u64);
    assert!(answers.iter().all(|(head, _)| !head.says("hit") && !head.says("stored")));
    answers
}

/// So many ask at once; the handler goes on once all have asked.
async fn crowd(page: &Page<'_>, count: usize) -> Vec<(Head, String)> {
    page.script.hold(true);
    let mut connections = Vec::new();
    for _ in 0..count {
        let mut raw = page.raw().await;
        raw.send("GET", &page.path(), "").await;
        connections.push(raw);
    }
    page.wait_for(1).await;
    page.script.hold(false);
    futures_util::future::join_all(connections.into_iter().map(answer)).await
}

async fn answer(mut raw: Raw) -> (Head, String) {
    let head = raw.head().await;
    let body = raw.body(head.length()).await;
    (head, String::from_utf8(body).expect("a text"))
}
