//! Histories of real threads and tasks against the sequential specification: a call that begins
//! after an invalidation returned never sees a value whose body began before it.
//!
//! Every body reads a number from a "database" that only grows. Whoever raises it tells the cache
//! in one of its ways, and announces the number when that has returned. So each call must return
//! at least what was announced when it began; and no more than was written when it ended.

use std::sync::atomic::{AtomicU64, Ordering::SeqCst};
use std::thread;

use cached_runtime::{cached, invalidate_tag};

use crate::{bounded, tokio};

pub const KEYS: usize = 3;

/// A database of a few numbers, each with the least that calls beginning now must see.
pub struct Database {
    written: [AtomicU64; KEYS],
    announced: [AtomicU64; KEYS],
}

impl Database {
    pub const fn new() -> Self {
        Self {
            written: [const { AtomicU64::new(0) }; KEYS],
            announced: [const { AtomicU64::new(0) }; KEYS],
        }
    }

    pub fn read(&self, key: usize) -> u64 {
        self.written[key].load(SeqCst)
    }

    /// Raises a number, tells the cache, and announces it.
    pub fn raise<T>(&self, key: usize, tell: impl FnOnce(u64) -> T) {
        let value = self.write(key);
        tell(value);
        self.announce(key, value);
    }

    pub fn write(&self, key: usize) -> u64 {
        self.written[key].fetch_add(1, SeqCst) + 1
    }

    /// Lets calls that begin from now on see this number at least.
    pub fn announce(&self, key: usize, value: u64) {
        self.announced[key].fetch_max(value, SeqCst);
    }

    pub fn check(&self, key: usize, least: u64, seen: u64) {
        assert!(seen >= least, "key {key}: saw {seen}, though {least} was announced before");
        assert!(seen <= self.read(key), "key {key}: saw {seen}, which nobody wrote");
    }

    pub fn least(&self, key: usize) -> u64 {
        self.announced[key].load(SeqCst)
    }
}

/// Different numbers for each worker, the same in each run.
pub struct Choices(pub u64);

impl Choices {
    pub fn key(&mut self) -> usize {
        usize::try_from(self.next(KEYS as u64)).unwrap_or_default()
    }

    pub fn next(&mut self, below: u64) -> u64 {
        self.0 =
            self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) % below
    }
}

#[test]
fn threads_never_see_what_was_invalidated_before_they_called() {
    static DATABASE: Database = Database::new();

    #[cached(handle, capacity = 2)]
    fn load(key: usize) -> u64 {
        let value = DATABASE.read(key);
        thread::yield_now();
        value
    }

    bounded(|| {
        thread::scope(|scope| {
            for worker in 0..6 {
                scope.spawn(move || {
                    let mut choices = Choices(worker);
                    for _ in 0..20_000 {
                        let key = choices.key();
                        match choices.next(12) {
                            0 => DATABASE.raise(key, |_| load::entry(key).invalidate()),
                            1 => DATABASE.raise(key, |_| load::entry(key).expire()),
                            2 => DATABASE.raise(key, |_| load::cache().clear()),
                            3 => _ = load::cache().purge(),
                            4 => {
                                let least = DATABASE.least(key);
                                DATABASE.check(key, least, load::fresh(key));
                            }
                            _ => {
                                let least = DATABASE.least(key);
                                DATABASE.check(key, least, load(key));
                            }
                        }
                    }
                });
            }
        });
        let stats = load::cache().stats();
        assert!(stats.hits > 0 && stats.misses > 0 && stats.loads <= stats.misses, "{stats:?}");
    });
}

#[test]
fn a_value_that_was_put_is_never_replaced_by_an_older_load() {
    static DATABASE: Database = Database::new();

    #[cached(handle)]
    fn load(key: usize) -> u64 {
        let value = DATABASE.read(key);
        thread::yield_now();
        value
    }

    bounded(|| {
        thread::scope(|scope| {
            // One writer for each key, since two that put at the same time have no order.
            for key in 0..KEYS {
                scope.spawn(move || {
                    for _ in 0..10_000 {
                        DATABASE.raise(key, |value| load::entry(key).put(value));
                        thread::yield_now();
                    }
                });
                scope.spawn(move || {
                    let mut choices = Choices(key as u64);
                    for _ in 0..20_000 {
                        let key = choices.key();
                        let least = DATABASE.least(key);
                        DATABASE.check(key, least, load(key));
                    }
                });
            }
        });
    });
}

#[test]
fn tasks_never_see_what_was_invalidated_before_they_called() {
    static DATABASE: Database = Database::new();

    #[cached(handle)]
    async fn load(key: usize) -> u64 {
        let value = DATABASE.read(key);
        tokio::task::yield_now().await;
        value
    }

    async fn work(worker: u64) {
        let mut choices = Choices(worker);
        for _ in 0..5_000 {
            let key = choices.key();
            match choices.next(10) {
                0 => DATABASE.raise(key, |_| load::entry(key).invalidate()),
                1 => DATABASE.raise(key, |_| load::cache().clear()),
                // Drops a call somewhere on its way: as lead or as follower.
                2 => tokio::select! {
                    biased;
                    _ = load(key) => {}
                    () = tokio::task::yield_now() => {}
                },
                _ => {
                    let least = DATABASE.least(key);
                    DATABASE.check(key, least, load(key).await);
                }
            }
        }
    }

    tokio(async {
        let mut workers = tokio::task::JoinSet::new();
        (0..8).for_each(|worker| drop(workers.spawn(work(worker))));
        assert_eq!(workers.join_all().await.len(), 8);
    });
}

#[test]
fn threads_never_see_what_was_tagged_before_they_called() {
    static DATABASE: Database = Database::new();

    #[cached(handle, capacity = 2, tags("key:{key}", "all"))]
    fn load(key: usize) -> u64 {
        let value = DATABASE.read(key);
        thread::yield_now();
        value
    }
    // Its tags are known from what it returns alone.
    #[cached(handle, tags(|(key, _): &(usize, u64)| [format!("key:{key}"), "all".into()]))]
    fn load_pair(key: usize) -> (usize, u64) {
        let value = DATABASE.read(key);
        thread::yield_now();
        (key, value)
    }
    #[cached(coalesce = false, tags("all", |(key, _): &(usize, u64)| [format!("key:{key}")]))]
    fn load_alone(key: usize) -> (usize, u64) {
        let value = DATABASE.read(key);
        thread::yield_now();
        (key, value)
    }

    bounded(|| {
        thread::scope(|scope| {
            for worker in 0..6 {
                scope.spawn(move || {
                    let mut choices = Choices(worker);
                    for _ in 0..20_000 {
                        let key = choices.key();
                        let least = DATABASE.least(key);
                        match choices.next(14) {
                            0 => DATABASE.raise(key, |_| invalidate_tag(&format!("key:{key}"))),
                            1 => DATABASE.raise(key, |_| invalidate_tag("all")),
                            2 => _ = invalidate_tag("another"),
                            3 => DATABASE.check(key, least, load::fresh(key)),
                            4..8 => DATABASE.check(key, least, load(key)),
                            8..12 => DATABASE.check(key, least, load_pair(key).1),
                            _ => DATABASE.check(key, least, load_alone(key).1),
                        }
                    }
                });
            }
        });
        for stats in [load::cache().stats(), load_pair::cache().stats()] {
            assert!(stats.hits > 0 && stats.misses > 0 && stats.loads <= stats.misses, "{stats:?}");
        }
    });
}
