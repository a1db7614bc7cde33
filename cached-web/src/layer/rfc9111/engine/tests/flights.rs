//! Requests that meet: misses of one address, and changes while it is fetched.

use std::future::poll_fn;
use std::sync::Arc;

use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::task::JoinSet;

use super::*;

/// An origin that answers one request for each permit.
fn held(lines: Lines<'static>) -> (Site, Arc<Semaphore>) {
    let permits = Arc::new(Semaphore::new(0));
    let gate = Arc::clone(&permits);
    let site = Site::of(Rfc9111Layer::new(), move |request, number| {
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

/// A service that is ready for one caller at a time, as a limit of concurrency is.
struct OneByOne {
    inner: Origin,
    places: Arc<Semaphore>,
    place: Option<OwnedSemaphorePermit>,
}

impl Clone for OneByOne {
    fn clone(&self) -> Self {
        Self { inner: self.inner.clone(), places: Arc::clone(&self.places), place: None }
    }
}

impl Service<Request<Full<Bytes>>> for OneByOne {
    type Response = Sent;
    type Error = &'static str;
    type Future = Answering;

    fn poll_ready(&mut self, ctx: &mut Context<'_>) -> Poll<Result<(), &'static str>> {
        if self.place.is_none() {
            self.place = Arc::clone(&self.places).try_acquire_owned().ok();
        }
        if self.place.is_none() {
            ctx.waker().wake_by_ref();
            return Poll::Pending;
        }
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: Request<Full<Bytes>>) -> Answering {
        drop(self.place.take().expect("it was ready"));
        self.inner.call(request)
    }
}

#[tokio::test]
async fn who_waits_for_another_request_holds_no_place() {
    let (site, permits) = held(FRESH);
    let places = Arc::new(Semaphore::new(1));
    let limited = OneByOne { inner: site.origin.clone(), places, place: None };
    let limited = Rfc9111Layer::new().layer(limited);
    let mut all = JoinSet::new();
    let mut begin = |path: &'static str| {
        let mut service = limited.clone();
        all.spawn(async move {
            poll_fn(|ctx| service.poll_ready(ctx)).await.unwrap();
            let request = Request::builder().uri(path).body(Full::default()).unwrap();
            Began(service.call(request).await.unwrap()).read().await
        });
    };
    begin("/a");
    site.until_called(1).await;
    begin("/a");
    tokio::task::yield_now().await;
    begin("/b");
    site.until_called(2).await;
    permits.add_permits(2);
    assert_eq!(within(all.join_all()).await.len(), 3);
    assert_eq!(site.calls(), 2);
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
