//! The same histories where entries are used past their freshness: what was invalidated is never
//! seen again, and what was expired no longer than the policy allows.
//!
//! Time is a clock that the workers turn, so that every window is met. Loads in the background race
//! with all the rest.

use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, Ordering::SeqCst};
use std::thread;
use std::time::Duration;

use cached_runtime::{Stats, cached, expire_tag, invalidate_tag, shutdown, testing};
use futures_lite::future::{block_on, poll_once, yield_now};

use crate::bounded;
use crate::histories::{Choices, Database, KEYS};

const WORKERS: usize = 6;
/// How far each step turns the clock.
const TICK: Duration = Duration::from_millis(1);
/// The windows of the functions here, together.
const WINDOW: Duration = Duration::from_millis(100);

/// A database whose numbers may also be raised softly: what was there may be seen for a while.
struct Softly {
    hard: Database,
    /// By key: what was written, and when the cache had been told.
    soft: [Mutex<Vec<(Duration, u64)>>; KEYS],
}

impl Softly {
    const fn new() -> Self {
        Self { hard: Database::new(), soft: [const { Mutex::new(Vec::new()) }; KEYS] }
    }

    fn read(&self, key: usize) -> u64 {
        self.hard.read(key)
    }

    fn raise<T>(&self, key: usize, tell: impl FnOnce(u64) -> T) {
        self.hard.raise(key, tell);
    }

    /// Raises a number, and tells the cache that what it has is no longer fresh.
    fn raise_softly<T>(&self, key: usize, tell: impl FnOnce() -> T) {
        let value = self.hard.write(key);
        tell();
        let told = testing::clock().elapsed();
        self.soft[key].lock().unwrap().push((told, value));
    }

    fn least(&self, key: usize) -> u64 {
        let now = testing::clock().elapsed();
        let mut soft = self.soft[key].lock().unwrap();
        // What is past its window is as good as invalidated.
        let past = soft.extract_if(.., |(told, _)| *told + WINDOW <= now);
        past.for_each(|(_, value)| self.hard.announce(key, value));
        drop(soft);
        self.hard.least(key)
    }

    fn check(&self, key: usize, least: u64, seen: Result<u64, u64>) {
        // An error says what its body would have returned.
        let (Ok(seen) | Err(seen)) = seen;
        self.hard.check(key, least, seen);
    }
}

/// Runs workers on threads, in an isolation of their own.
fn work(step: impl Fn(usize, &mut Choices, usize) + Sync + Send + 'static, stats: fn() -> Stats) {
    bounded(move || {
        testing::isolated(|| {
            let (isolation, step) = (testing::isolation(), &step);
            thread::scope(|scope| {
                for worker in 0..WORKERS {
                    let isolation = isolation.clone();
                    scope.spawn(move || {
                        isolation.run(|| {
                            let mut choices = Choices(worker as u64);
                            for _ in 0..10_000 {
                                let key = choices.key();
                                testing::clock().advance(TICK);
                                step(worker, &mut choices, key);
                            }
                        });
                    });
                }
            });
            assert_eq!(shutdown(Duration::from_secs(10)), 0);
            let stats = stats();
            assert!(stats.hits > 0 && stats.stale_hits > 0 && stats.refreshes > 0, "{stats:?}");
            assert!(stats.loads <= stats.misses + stats.refreshes, "{stats:?}");
        });
    });
}

#[test]
fn threads_see_nothing_that_was_invalidated_and_stale_values_within_their_window() {
    static DATABASE: Softly = Softly::new();
    static LOADS: AtomicU64 = AtomicU64::new(0);

    #[cached(
        timeout = "50ms",
        refresh_ahead = 0.5,
        stale = "50ms",
        stale_if_error = "100ms",
        soft_timeout = "5ms",
        throttle = "10ms",
        tags("all", |_: &u64| ["late"]),
        handle
    )]
    fn load(key: usize) -> Result<u64, u64> {
        let value = DATABASE.read(key);
        thread::yield_now();
        if LOADS.fetch_add(1, SeqCst) % 5 == 4 { Err(value) } else { Ok(value) }
    }

    work(
        |_, choices, key| match choices.next(24) {
            0 => DATABASE.raise(key, |_| load::entry(key).invalidate()),
            1 => DATABASE.raise(key, |_| load::cache().clear()),
            2 => DATABASE.raise(key, |_| invalidate_tag("all")),
            3 => DATABASE.raise(key, |_| invalidate_tag("late")),
            4 => DATABASE.raise_softly(key, || load::entry(key).expire()),
            5 => DATABASE.raise_softly(key, || expire_tag("all")),
            6 => _ = load::cache().purge(),
            7 => {
                let least = DATABASE.least(key);
                DATABASE.check(key, least, load::fresh(key));
            }
            _ => {
                let least = DATABASE.least(key);
                DATABASE.check(key, least, load(key));
            }
        },
        || load::cache().stats(),
    );
}

#[test]
fn tasks_see_nothing_that_was_invalidated_and_stale_values_within_their_window() {
    static DATABASE: Softly = Softly::new();
    static LOADS: AtomicU64 = AtomicU64::new(0);

    #[cached(
        timeout = "50ms",
        early = 2.0,
        stale = "50ms",
        stale_if_error = "100ms",
        soft_timeout = "5ms",
        throttle = "10ms",
        tags("all", |_: &u64| ["late"]),
        handle
    )]
    async fn load(key: usize) -> Result<u64, u64> {
        let value = DATABASE.read(key);
        yield_now().await;
        if LOADS.fetch_add(1, SeqCst) % 5 == 4 { Err(value) } else { Ok(value) }
    }

    work(
        |_, choices, key| match choices.next(24) {
            0 => DATABASE.raise(key, |_| load::entry(key).invalidate()),
            1 => DATABASE.raise(key, |_| load::cache().clear()),
            2 => DATABASE.raise(key, |_| invalidate_tag("all")),
            3 => DATABASE.raise(key, |_| invalidate_tag("late")),
            4 => DATABASE.raise_softly(key, || load::entry(key).expire()),
            5 => DATABASE.raise_softly(key, || expire_tag("all")),
            6 => {
                let least = DATABASE.least(key);
                DATABASE.check(key, least, block_on(load::fresh(key)));
            }
            // Goes away somewhere on its way.
            7..10 => {
                let least = DATABASE.least(key);
                if let Some(seen) = block_on(poll_once(load(key))) {
                    DATABASE.check(key, least, seen);
                }
            }
            _ => {
                let least = DATABASE.least(key);
                DATABASE.check(key, least, block_on(load(key)));
            }
        },
        || load::cache().stats(),
    );
}

#[test]
fn a_value_that_was_put_is_never_replaced_by_an_older_refresh() {
    static DATABASE: Database = Database::new();

    #[cached(timeout = "20ms", refresh_ahead = 0.1, stale = "1h", max_background = 4, handle)]
    fn load(key: usize) -> u64 {
        let value = DATABASE.read(key);
        thread::yield_now();
        value
    }

    work(
        // One writer for each key, since two that put at the same time have no order.
        |worker, choices, key| {
            if worker < KEYS && choices.next(4) == 0 {
                DATABASE.raise(worker, |value| load::entry(worker).put(value));
            }
            let least = DATABASE.least(key);
            DATABASE.check(key, least, load(key));
        },
        || load::cache().stats(),
    );
}
