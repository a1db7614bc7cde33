//! Counters balance at all times, whatever goes on: calls are hits, stale hits, misses and
//! bypasses, and loads have causes.

use std::panic::catch_unwind;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering::SeqCst};

use cached_runtime::{Stats, cached, invalidate_tag, testing};
use futures_lite::future::{poll_once, yield_now};

use crate::{Aside, aside, isolated, pass, wait};

const WORKERS: u64 = 4;
const STEPS: u64 = 3_000;

/// Different numbers for each worker, the same in each run.
struct Choices(u64);

impl Choices {
    fn next(&mut self, below: u64) -> u64 {
        self.0 =
            self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) % below
    }
}

/// What a body comes to, by how many there were.
fn result(id: u64, load: u64) -> Result<u64, String> {
    match load % 7 {
        0 => Err("down".to_owned()),
        1 if load.is_multiple_of(5) => panic!("as it was told to"),
        _ => Ok(id),
    }
}

/// Calls that have begun, and that have ended.
#[derive(Default)]
struct Calls {
    begun: AtomicU64,
    ended: AtomicU64,
    is_over: AtomicBool,
}

impl Calls {
    fn count(&self, call: impl FnOnce() + std::panic::UnwindSafe) {
        self.begun.fetch_add(1, SeqCst);
        let _ = catch_unwind(call);
        self.ended.fetch_add(1, SeqCst);
    }

    /// Compares the counters with the calls, until these are over.
    fn watch(&self, stats: impl Fn() -> Stats) {
        loop {
            let is_over = self.is_over.load(SeqCst);
            let ended = self.ended.load(SeqCst);
            let stats = stats();
            let begun = self.begun.load(SeqCst);
            let answered = stats.hits + stats.stale_hits + stats.misses + stats.bypasses;
            assert!((ended..=begun).contains(&answered), "{ended}..={begun} calls, {stats:?}");
            let causes = stats.misses + stats.refreshes + stats.bypasses;
            assert!(stats.loads <= causes && stats.load_errors <= stats.loads, "{stats:?}");
            if is_over {
                return;
            }
        }
    }
}

/// Has workers hammer a function while somebody watches its counters.
fn hammer(stats: fn() -> Stats, step: impl Fn(&Calls, u64, u64) + Clone + Send + 'static) -> Stats {
    let calls = Arc::new(Calls::default());
    let of_watcher = Arc::clone(&calls);
    let watcher = aside(move || of_watcher.watch(stats));
    let workers: Vec<_> = (0..WORKERS)
        .map(|worker| {
            let (calls, step, mut choices) = (Arc::clone(&calls), step.clone(), Choices(worker));
            aside(move || {
                for _ in 0..STEPS {
                    pass(0.01);
                    step(&calls, choices.next(4), choices.next(40));
                }
            })
        })
        .collect();
    workers.into_iter().for_each(Aside::join);
    testing::settle();
    calls.is_over.store(true, SeqCst);
    watcher.join();
    stats()
}

#[test]
fn of_functions() {
    static LOADS: AtomicU64 = AtomicU64::new(0);
    #[cached(
        timeout = 2,
        refresh_ahead = 0.5,
        stale = 1,
        stale_if_error = 5,
        soft_timeout = "50ms",
        throttle = "100ms",
        capacity = 3,
        tags("all"),
        handle
    )]
    fn load(id: u64) -> Result<u64, String> {
        let load = LOADS.fetch_add(1, SeqCst);
        std::thread::yield_now();
        result(id, load)
    }
    isolated(|| {
        let stats = hammer(
            || load::cache().stats(),
            |calls, id, choice| match choice {
                0 => _ = load::entry(id).invalidate(),
                1 => load::cache().clear(),
                2 => load::entry(id).put(Ok(id)),
                3 => _ = load::entry(id).expire(),
                4 => invalidate_tag("all").unwrap(),
                5 => load::cache().disable(),
                6..9 => load::cache().enable(),
                9 => calls.count(move || drop(load::fresh(id))),
                10 => calls.count(move || drop(load::uncached(id))),
                _ => calls.count(move || drop(load(id))),
            },
        );
        assert!(stats.hits > 0 && stats.stale_hits > 0 && stats.misses > 0, "{stats:?}");
        assert!(stats.bypasses > 0 && stats.refreshes > 0 && stats.load_errors > 0, "{stats:?}");
        assert_eq!(stats.loads, LOADS.load(SeqCst));
    });
}

#[test]
fn of_async_functions() {
    static LOADS: AtomicU64 = AtomicU64::new(0);
    #[cached(
        timeout = 2,
        early = 2.0,
        stale = 1,
        stale_if_error = 5,
        soft_timeout = "50ms",
        hard_timeout = "80ms",
        on_timeout = "late".to_owned(),
        throttle = "100ms",
        capacity = 3,
        tags("all"),
        handle
    )]
    async fn load(id: u64) -> Result<u64, String> {
        let load = LOADS.fetch_add(1, SeqCst);
        yield_now().await;
        result(id, load)
    }
    isolated(|| {
        let stats = hammer(
            || load::cache().stats(),
            |calls, id, choice| match choice {
                0 => _ = load::entry(id).invalidate(),
                1 => load::cache().clear(),
                2 => load::entry(id).put(Ok(id)),
                3 => _ = load::entry(id).expire(),
                4 => invalidate_tag("all").unwrap(),
                5 => load::cache().disable(),
                6..9 => load::cache().enable(),
                9 => calls.count(move || drop(wait(load::fresh(id)))),
                10 => calls.count(move || drop(wait(load::uncached(id)))),
                // Goes away somewhere on its way.
                11..20 => calls.count(move || drop(wait(poll_once(load(id))))),
                _ => calls.count(move || drop(wait(load(id)))),
            },
        );
        assert!(stats.hits > 0 && stats.stale_hits > 0 && stats.misses > 0, "{stats:?}");
        assert!(stats.bypasses > 0 && stats.refreshes > 0 && stats.load_errors > 0, "{stats:?}");
    });
}
