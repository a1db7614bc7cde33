//! One flight for each key: threads.

use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::sync::atomic::{AtomicUsize, Ordering::SeqCst};
use std::sync::{Arc, Barrier, Mutex, mpsc};
use std::thread;
use std::time::{Duration, Instant};

use cached_runtime::{cached, testing};

use crate::bounded;

/// Waits until `count` reaches `wanted`; the surrounding [`bounded`] bounds it.
fn until(count: impl Fn() -> u64, wanted: u64) {
    while count() < wanted {
        thread::yield_now();
    }
}

#[test]
fn a_thousand_threads_on_one_cold_key_share_one_load() {
    static LOADS: AtomicUsize = AtomicUsize::new(0);

    #[cached(handle, skip(ended))]
    fn slow(key: u64, ended: &Mutex<Option<Instant>>) -> u64 {
        LOADS.fetch_add(1, SeqCst);
        // All who come meanwhile are counted as misses before this load ends.
        until(|| slow::cache().stats().misses, 1000);
        *ended.lock().unwrap() = Some(Instant::now());
        key + 1
    }

    bounded(|| {
        let ended = Mutex::new(None);
        let last = thread::scope(|scope| {
            let callers: Vec<_> = (0..1000)
                .map(|_| {
                    scope.spawn(|| {
                        assert_eq!(slow(1, &ended), 2);
                        Instant::now()
                    })
                })
                .collect();
            callers.into_iter().map(|caller| caller.join().unwrap()).max().unwrap()
        });
        assert_eq!(LOADS.load(SeqCst), 1);
        let delay = last - ended.lock().unwrap().unwrap();
        // Waking a thousand threads takes the system milliseconds; a convoy would take seconds.
        assert!(delay < Duration::from_secs(1), "the last one was served after {delay:?}");
        let stats = slow::cache().stats();
        assert_eq!((stats.hits + stats.misses, stats.loads), (1000, 1));
    });
}

#[test]
fn an_error_that_can_be_cloned_is_shared_by_all_who_waited() {
    static LOADS: AtomicUsize = AtomicUsize::new(0);

    #[cached(handle)]
    fn fails(key: u64) -> Result<u64, String> {
        LOADS.fetch_add(1, SeqCst);
        until(|| fails::cache().stats().misses, 200);
        Err(format!("no {key}"))
    }

    bounded(|| {
        thread::scope(|scope| {
            for _ in 0..200 {
                scope.spawn(|| assert_eq!(fails(1), Err("no 1".to_owned())));
            }
        });
        assert_eq!(LOADS.load(SeqCst), 1);
        assert_eq!(fails::cache().len(), 0);
    });
}

#[test]
fn callers_of_an_error_that_cannot_be_cloned_run_all_at_once() {
    #[derive(Debug, PartialEq)]
    struct Opaque;
    const CALLERS: usize = 100;
    static LOADS: AtomicUsize = AtomicUsize::new(0);

    #[cached(handle, skip(together))]
    fn fails(key: u64, together: &Barrier) -> Result<u64, Opaque> {
        if LOADS.fetch_add(1, SeqCst) == 0 {
            until(|| fails::cache().stats().misses, CALLERS as u64);
        } else {
            // Passed only by all the others at the same time: a convoy would never get here.
            together.wait();
        }
        Err(Opaque)
    }

    bounded(|| {
        let together = Barrier::new(CALLERS - 1);
        thread::scope(|scope| {
            for _ in 0..CALLERS {
                scope.spawn(|| assert_eq!(fails(1, &together), Err(Opaque)));
            }
        });
        assert_eq!(LOADS.load(SeqCst), CALLERS);
    });
}

#[test]
fn what_is_not_stored_is_shared_by_those_who_waited_and_loaded_anew_by_others() {
    static LOADS: AtomicUsize = AtomicUsize::new(0);

    #[cached(handle, store_if = |_| false)]
    fn fleeting(key: u64) -> usize {
        let load = LOADS.fetch_add(1, SeqCst);
        if load == 0 {
            until(|| fleeting::cache().stats().misses, 50);
        }
        load
    }

    bounded(|| {
        thread::scope(|scope| {
            for _ in 0..50 {
                scope.spawn(|| assert_eq!(fleeting(1), 0));
            }
        });
        assert_eq!(fleeting(1), 1);
    });
}

#[test]
fn a_panic_goes_to_its_own_caller_and_one_follower_takes_over() {
    static LOADS: AtomicUsize = AtomicUsize::new(0);

    #[cached(handle)]
    fn panics_once(key: u64) -> u64 {
        let load = LOADS.fetch_add(1, SeqCst);
        if load == 0 {
            until(|| panics_once::cache().stats().misses, 100);
            resume_unwind(Box::new("the first load"));
        }
        key
    }

    bounded(|| {
        let panics = AtomicUsize::new(0);
        thread::scope(|scope| {
            for _ in 0..100 {
                scope.spawn(|| match catch_unwind(|| panics_once(7)) {
                    Ok(value) => assert_eq!(value, 7),
                    Err(_) => _ = panics.fetch_add(1, SeqCst),
                });
            }
        });
        assert_eq!((panics.load(SeqCst), LOADS.load(SeqCst)), (1, 2));
        assert_eq!(panics_once::cache().stats().load_errors, 1);
        assert_eq!(panics_once(7), 7);
    });
}

#[test]
fn a_hit_never_waits_for_a_miss() {
    #[cached(handle, skip(gate))]
    fn gated(key: u64, gate: &Mutex<mpsc::Receiver<()>>) -> u64 {
        if key == 0 {
            let _ = gate.lock().unwrap().recv();
        }
        key
    }

    bounded(|| {
        let (open, gate) = mpsc::channel();
        let gate = Mutex::new(gate);
        // Every shard of the table of flights, and of memory, has a hit to answer.
        for key in 1..500 {
            gated(key, &gate);
        }
        thread::scope(|scope| {
            scope.spawn(|| gated(0, &gate));
            until(|| gated::cache().stats().misses, 500);
            for key in 1..500 {
                assert_eq!(gated(key, &gate), key);
                assert_eq!(gated::entry(key).peek(), Some(key));
            }
            assert_eq!(gated(1_000, &gate), 1_000, "nor does another miss");
            open.send(()).unwrap();
        });
        let stats = gated::cache().stats();
        assert_eq!((stats.hits, stats.misses), (499, 501));
    });
}

#[test]
fn calls_without_coalescing_each_load() {
    static LOADS: AtomicUsize = AtomicUsize::new(0);

    #[cached(coalesce = false, skip(together))]
    fn apart(key: u64, together: &Barrier) -> u64 {
        LOADS.fetch_add(1, SeqCst);
        together.wait();
        key
    }

    bounded(|| {
        let together = Barrier::new(8);
        thread::scope(|scope| {
            for _ in 0..8 {
                scope.spawn(|| apart(1, &together));
            }
        });
        assert_eq!(LOADS.load(SeqCst), 8);
    });
}

#[test]
fn a_body_that_meets_its_own_flight_on_the_way_runs_directly() {
    #[cached(handle)]
    fn even(n: u64) -> bool {
        n == 0 || odd(n - 1)
    }

    #[cached(handle)]
    fn odd(n: u64) -> bool {
        n != 0 && even(n - 1)
    }

    /// Calls itself with its own key, through another cached function.
    #[cached(handle)]
    fn around(depth: u64) -> u64 {
        if around::cache().stats().loads < 3 { through(depth) + 1 } else { 0 }
    }

    #[cached]
    fn through(depth: u64) -> u64 {
        around(depth) + 1
    }

    bounded(|| {
        assert!(even(100) && !odd(100));
        assert_eq!(around(1), 4);
        assert_eq!(around::entry(1).peek(), Some(4), "the outer run is stored, not the inner ones");
    });
}

#[test]
fn an_eviction_during_a_flight_loses_nothing() {
    #[cached(handle, capacity = 1)]
    fn crowded(key: u64) -> Arc<str> {
        format!("{key}").into()
    }

    bounded(|| {
        thread::scope(|scope| {
            for worker in 0..8_u64 {
                scope.spawn(move || {
                    for key in 0..2_000 {
                        let key = (key * 7 + worker) % 13;
                        assert_eq!(*crowded(key), *format!("{key}"));
                    }
                });
            }
        });
        assert!(crowded::cache().len() <= 1);
    });
}

#[test]
fn isolated_threads_share_the_flights_of_their_isolation() {
    #[cached(handle)]
    fn slow(key: u64) -> u64 {
        until(|| slow::cache().stats().misses, 20);
        key
    }

    bounded(|| {
        testing::isolated(|| {
            let isolation = testing::isolation();
            thread::scope(|scope| {
                for _ in 0..20 {
                    scope.spawn(|| isolation.run(|| slow(1)));
                }
            });
            assert_eq!(slow::cache().stats().loads, 1);
        });
        let nothing = catch_unwind(AssertUnwindSafe(|| slow::cache().stats()));
        assert_eq!(nothing.unwrap().loads, 0);
    });
}
