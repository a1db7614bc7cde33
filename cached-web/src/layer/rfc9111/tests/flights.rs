//! Requests that meet: misses of one address, and changes while it is fetched.

use std::sync::Arc;

use tokio::sync::Semaphore;
use tokio::task::JoinSet;

use super::*;

/// An origin that answers one request for each permit.
fn held(lines: Lines<'static>) -> (Site, Arc<Semaphore>) {
    let permits = Arc::new(Semaphore::new(0));
    let gate = Arc::clone(&permits);
    let site = Site::of(CacheLayer::rfc9111(), move |request, number| {
        let gate = Arc::clone(&gate);
        let is_change = request.method() != Method::GET;
        Box::pin(async move {
            if !is_change {
                gate.acquire().await.unwrap().forget();
            }
            Ok(sent(200, lines, number.to_string()))
        })
    });
    (site, permits)
}

fn crowd(site: &Site, count: usize) -> JoinSet<Got> {
    let mut all = JoinSet::new();
    for _ in 0..count {
        let site = site.clone();
        all.spawn(async move { site.get("/", &[]).await });
    }
    all
}

#[tokio::test]
async fn a_thousand_requests_for_one_cold_page_are_one_fetch() {
    let (site, permits) = held(FRESH);
    let all = crowd(&site, 1_000);
    site.until_called(1).await;
    permits.add_permits(1);
    let all = within(all.join_all()).await;
    assert!(all.iter().all(|got| got.body() == "1"));
    let collapsed = all.iter().filter(|got| got.field("cache-status").contains("collapsed"));
    assert_eq!((collapsed.count(), site.calls()), (999, 1));
}

#[tokio::test]
async fn of_a_page_that_turns_out_private_each_gets_its_own() {
    let (site, permits) = held(&[("cache-control", "max-age=60, private")]);
    let all = crowd(&site, 100);
    site.until_called(1).await;
    permits.add_permits(1_000);
    let all = within(all.join_all()).await;
    let mut bodies: Vec<usize> = all.iter().map(|got| got.body().parse().unwrap()).collect();
    bodies.sort_unstable();
    assert_eq!(bodies, (1..=100).collect::<Vec<_>>());
}

#[tokio::test]
async fn nobody_waits_for_a_page_that_was_private_before() {
    let (site, permits) = held(&[("cache-control", "private")]);
    permits.add_permits(1);
    site.get("/", &[]).await;
    let all = crowd(&site, 10);
    site.until_called(11).await;
    permits.add_permits(10);
    assert_eq!(within(all.join_all()).await.len(), 10);
}

#[tokio::test]
async fn whoever_waits_takes_over_where_the_first_one_leaves() {
    let (site, permits) = held(FRESH);
    let mut first = crowd(&site, 1);
    site.until_called(1).await;
    let others = crowd(&site, 10);
    tokio::task::yield_now().await;
    first.abort_all();
    site.until_called(2).await;
    permits.add_permits(1);
    let all = within(others.join_all()).await;
    assert!(all.iter().all(|got| got.body() == "2"));
    assert_eq!(site.calls(), 2);
}

#[tokio::test]
async fn what_changed_while_it_was_fetched_is_not_stored() {
    let (site, permits) = held(FRESH);
    let before = crowd(&site, 3);
    site.until_called(1).await;
    tokio::task::yield_now().await;
    site.send("POST", "/", &[]).await;
    // This one came after the change, and waits for nothing older.
    let after = crowd(&site, 1);
    site.until_called(3).await;
    permits.add_permits(10);
    let after = within(after.join_all()).await;
    assert_eq!(after[0].body(), "3");
    within(before.join_all()).await;
    let calls = site.calls();
    assert_ne!(site.get("/", &[]).await.body(), "1");
    assert_eq!(site.calls(), calls, "the fetch that came after the change was stored");
}

#[tokio::test]
async fn a_fetch_that_began_before_a_change_fills_nothing() {
    let (site, permits) = held(FRESH);
    let before = crowd(&site, 1);
    site.until_called(1).await;
    site.send("POST", "/", &[]).await;
    permits.add_permits(1);
    assert_eq!(within(before.join_all()).await[0].body(), "1");
    permits.add_permits(1);
    assert_eq!(within(site.get("/", &[])).await.body(), "3");
}

#[tokio::test]
async fn variants_are_fetched_side_by_side_once_they_are_known() {
    let (site, permits) = held(&[("cache-control", "max-age=60"), ("vary", "x")]);
    permits.add_permits(1);
    site.get("/", &[("x", "0")]).await;
    let mut all = JoinSet::new();
    for x in ["1", "2", "1", "2"] {
        let site = site.clone();
        all.spawn(async move { site.get("/", &[("x", x)]).await });
    }
    site.until_called(3).await;
    permits.add_permits(2);
    within(all.join_all()).await;
    assert_eq!(site.calls(), 3);
}

#[tokio::test]
async fn the_answer_to_a_credential_is_waited_for_by_nobody() {
    let (site, permits) = held(FRESH);
    let own = {
        let site = site.clone();
        tokio::spawn(async move { site.get("/", &[("authorization", "ann")]).await })
    };
    site.until_called(1).await;
    let others = crowd(&site, 5);
    site.until_called(2).await;
    permits.add_permits(2);
    assert_eq!(within(own).await.unwrap().body(), "1");
    assert!(within(others.join_all()).await.iter().all(|got| got.body() == "2"));
}
