//! Loads in the background that never come to load their entry: the call made there is another one.

use std::cell::Cell;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use cached_runtime::{cached, miss, stale, testing};
use futures_lite::future::block_on;

thread_local! {
    /// What only threads of callers know.
    static HERE: Cell<bool> = const { Cell::new(false) };
}

static LOADS: AtomicU64 = AtomicU64::new(0);
static ASYNC_LOADS: AtomicU64 = AtomicU64::new(0);
static MISTAKEN: AtomicU64 = AtomicU64::new(0);

#[cached(timeout = 60, stale = "1h", throttle = 10, unless = !HERE.get())]
fn here_only(id: u64) -> u64 {
    id + LOADS.fetch_add(1, Ordering::SeqCst)
}

#[cached(timeout = 60, stale = "1h", throttle = 10, unless = !HERE.get())]
async fn here_only_async(id: u64) -> u64 {
    id + ASYNC_LOADS.fetch_add(1, Ordering::SeqCst)
}

#[derive(Clone)]
struct Repo;

trait Source {
    fn row(&self, id: u64) -> u64;
}

impl Repo {
    #[allow(clippy::unused_self, reason = "it has the signature of the other one")]
    fn row(&self, id: u64) -> u64 {
        MISTAKEN.fetch_add(1, Ordering::SeqCst);
        id
    }
}

impl Source for Repo {
    #[cached(timeout = 60, stale = "1h", throttle = 10, skip(self))]
    fn row(&self, id: u64) -> u64 {
        id
    }
}

/// Calls after the end of freshness, ten times, and once more when the throttle has passed.
fn tries(call: impl Fn() -> u64, tried: &AtomicU64) {
    HERE.set(true);
    let value = miss!(call());
    let before = tried.load(Ordering::SeqCst);
    testing::clock().advance(Duration::from_secs(60));
    for (pause, times) in [(10, 1), (20, 2)] {
        for _ in 0..10 {
            stale!(call(), value);
            testing::settle();
            assert_eq!(tried.load(Ordering::SeqCst), before + times);
        }
        testing::clock().advance(Duration::from_secs(pause));
    }
}

#[test]
fn a_load_that_bypasses_the_cache_is_throttled() {
    testing::isolated(|| tries(|| here_only(100), &LOADS));
    testing::isolated(|| tries(|| block_on(here_only_async(100)), &ASYNC_LOADS));
}

#[test]
fn a_load_that_calls_something_else_is_throttled() {
    testing::isolated(|| tries(|| Source::row(&Repo, 7), &MISTAKEN));
}
