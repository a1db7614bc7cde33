//! A store that is broken under a program that goes on calling, and mended.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use cached_runtime::testing::{Isolation, last_outcome};
use cached_runtime::{StoreConfig, cached, init};
use futures_lite::future::{block_on, yield_now, zip};

/// Longer than a breaker stays open.
const RECOVERY: Duration = Duration::from_secs(35);

#[cached(shared, handle, key = "{n}", timeout = 3_600)]
pub(super) fn ten_times(n: u64) -> u64 {
    n * 10
}

#[cached(shared, handle, key = "{n}", timeout = 3_600)]
pub(super) async fn twenty_times(n: u64) -> u64 {
    n * 20
}

/// A process around a store of the real world, whose clock goes as that does.
pub(super) struct Trial {
    pub(super) process: Isolation,
    is_over: Arc<AtomicBool>,
}

impl Trial {
    pub(super) fn of(store: StoreConfig) -> Self {
        let process = Isolation::new();
        process.run(|| init(store.into())).expect("the configuration is valid");
        let is_over = Arc::new(AtomicBool::new(false));
        let (clock, ends) = (process.clock(), Arc::clone(&is_over));
        thread::spawn(move || {
            let start = Instant::now();
            while !ends.load(Ordering::Relaxed) {
                clock.advance(start.elapsed().saturating_sub(clock.elapsed()));
                thread::sleep(Duration::from_millis(5));
            }
        });
        Self { process, is_over }
    }

    /// Expects that a call that was answered once is a hit now.
    pub(super) fn works(&self) {
        self.process.run(|| {
            let answers = |n| (ten_times(n), block_on(twenty_times(n)));
            assert_eq!((answers(1), answers(1)), ((10, 20), (10, 20)));
        });
        assert!(self.hits(), "no hit from a store that works");
    }

    /// Expects right answers, and that only few of them take their time.
    pub(super) fn endures(&self) {
        let mut slow = 0;
        self.process.run(|| {
            for n in 0..200 {
                let start = Instant::now();
                if n % 2 == 0 {
                    assert_eq!(ten_times(n), n * 10);
                } else {
                    assert_eq!(block_on(twenty_times(n)), n * 20);
                }
                let took = start.elapsed();
                // One operation: 250 ms to read, 500 ms to write; the rest for a busy machine.
                assert!(took < Duration::from_millis(1_200), "{took:?} at call {n}");
                slow += u32::from(took > Duration::from_millis(100));
            }
        });
        assert!(slow <= 8, "{slow} calls were slow");
    }

    /// Expects that hits come back.
    pub(super) fn recovers(&self) {
        let start = Instant::now();
        while !self.hits() {
            assert!(start.elapsed() < RECOVERY, "no hit came back");
            thread::sleep(Duration::from_millis(50));
        }
    }

    /// Whether both of two calls are hits.
    fn hits(&self) -> bool {
        let is_hit = || last_outcome().is_some_and(|outcome| outcome.is_hit());
        self.process.run(|| {
            assert_eq!(ten_times(1), 10);
            let sync = is_hit();
            assert_eq!(block_on(twenty_times(1)), 20);
            sync && is_hit()
        })
    }

    /// Calls from eight threads and eight tasks until it is told to stop; every answer is right.
    pub(super) fn under_load(&self, meanwhile: impl FnOnce()) {
        let is_over = AtomicBool::new(false);
        let longest = || {
            let mut longest = Duration::ZERO;
            let mut call = 0_u64;
            while !is_over.load(Ordering::Relaxed) {
                let n = call % 20;
                call += 1;
                let start = Instant::now();
                self.process.run(|| assert_eq!(ten_times(n), n * 10));
                longest = longest.max(start.elapsed());
            }
            longest
        };
        let tasks = async || {
            let mut call = 0_u64;
            while !is_over.load(Ordering::Relaxed) {
                let n = call % 20;
                call += 1;
                assert_eq!(self.process.run_async(twenty_times(n)).await, n * 20);
                yield_now().await;
            }
        };
        thread::scope(|scope| {
            let threads: Vec<_> = (0..8).map(|_| scope.spawn(longest)).collect();
            let tasks: Vec<_> = (0..2)
                .map(|_| {
                    scope.spawn(|| {
                        block_on(zip(zip(tasks(), tasks()), zip(tasks(), tasks())));
                    })
                })
                .collect();
            meanwhile();
            is_over.store(true, Ordering::Relaxed);
            for thread in threads {
                let longest = thread.join().expect("no caller panics");
                assert!(longest < Duration::from_secs(3), "a call took {longest:?}");
            }
            for thread in tasks {
                thread.join().expect("no task panics");
            }
        });
    }
}

impl Drop for Trial {
    fn drop(&mut self) {
        self.is_over.store(true, Ordering::Relaxed);
    }
}
