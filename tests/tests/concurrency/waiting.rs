//! How long anybody waits: `wait_timeout`, `lead_timeout`, and what late results are good for.

use std::sync::atomic::{AtomicU64, Ordering::SeqCst};
use std::sync::{Mutex, mpsc};
use std::thread;
use std::time::Duration;

use cached_runtime::{cached, testing};
use tokio::sync::Semaphore;

use crate::{bounded, tokio};

#[test]
fn a_follower_waits_for_wait_timeout_and_then_loads_for_itself() {
    static LOADS: AtomicU64 = AtomicU64::new(0);

    #[cached(handle, timeout = never, wait_timeout = "10s", skip(gate))]
    fn hangs_once(key: u64, gate: &Mutex<mpsc::Receiver<()>>) -> u64 {
        let load = LOADS.fetch_add(1, SeqCst);
        if load == 0 {
            let _ = gate.lock().unwrap().recv();
        }
        load
    }

    bounded(|| {
        let (open, gate) = mpsc::channel();
        let gate = Mutex::new(gate);
        testing::isolated(|| {
            let (isolation, clock) = (testing::isolation(), testing::clock());
            thread::scope(|scope| {
                let lead = scope.spawn(|| isolation.run(|| hangs_once(1, &gate)));
                while LOADS.load(SeqCst) == 0 {
                    thread::yield_now();
                }
                let follower = scope.spawn(|| isolation.run(|| hangs_once(1, &gate)));
                while hangs_once::cache().stats().misses < 2 {
                    thread::yield_now();
                }
                clock.advance(Duration::from_secs(9));
                assert!(!follower.is_finished());
                // It may have begun to wait only now: it is counted before.
                while !follower.is_finished() {
                    clock.advance(Duration::from_secs(1));
                    thread::yield_now();
                }
                assert_eq!(follower.join().unwrap(), 1);
                assert_eq!(hangs_once::entry(1).peek(), Some(1), "its result is stored");
                open.send(()).unwrap();
                assert_eq!(lead.join().unwrap(), 0);
            });
            assert_eq!(hangs_once::entry(1).peek(), Some(1), "the older load replaces nothing");
        });
    });
}

#[test]
fn a_task_waits_for_wait_timeout_on_any_executor() {
    static LOADS: AtomicU64 = AtomicU64::new(0);
    static GATE: Semaphore = Semaphore::const_new(0);

    #[cached(handle, wait_timeout = "20ms")]
    async fn hangs_once(key: u64) -> u64 {
        let load = LOADS.fetch_add(1, SeqCst);
        if load == 0 {
            let _permit = GATE.acquire().await.unwrap();
        }
        key + load
    }

    tokio(async {
        let lead = tokio::spawn(hangs_once(1));
        while LOADS.load(SeqCst) == 0 {
            tokio::task::yield_now().await;
        }
        assert_eq!(hangs_once(1).await, 2);
        GATE.add_permits(1);
        assert_eq!(lead.await.unwrap(), 1);
        assert_eq!(hangs_once(1).await, 2);
    });
}

#[test]
fn a_load_older_than_lead_timeout_holds_nobody_and_stores_nothing() {
    static LOADS: AtomicU64 = AtomicU64::new(0);

    #[cached(handle, lead_timeout = "1m", skip(gate))]
    fn hangs_once(key: u64, gate: &Mutex<mpsc::Receiver<()>>) -> u64 {
        let load = LOADS.fetch_add(1, SeqCst);
        if load == 0 {
            let _ = gate.lock().unwrap().recv();
        }
        load
    }

    bounded(|| {
        let (open, gate) = mpsc::channel();
        let gate = Mutex::new(gate);
        testing::isolated(|| {
            let isolation = testing::isolation();
            thread::scope(|scope| {
                let lead = scope.spawn(|| isolation.run(|| hangs_once(1, &gate)));
                while LOADS.load(SeqCst) == 0 {
                    thread::yield_now();
                }
                testing::clock().advance(Duration::from_secs(60));
                assert_eq!(hangs_once(1, &gate), 1, "the next caller starts anew");
                open.send(()).unwrap();
                assert_eq!(lead.join().unwrap(), 0, "a late result is returned");
            });
            assert_eq!(hangs_once::entry(1).peek(), Some(1), "and not stored");
        });
    });
}

#[test]
fn two_threads_in_a_cycle_end_at_wait_timeout() {
    static INSIDE: AtomicU64 = AtomicU64::new(0);

    /// Waits until both loads run, then asks for the other's key.
    #[cached(wait_timeout = "30ms")]
    fn crossed(key: u64) -> u64 {
        if INSIDE.fetch_add(1, SeqCst) < 2 {
            while INSIDE.load(SeqCst) < 2 {
                thread::yield_now();
            }
            crossed(1 - key) + 1
        } else {
            key
        }
    }

    bounded(|| {
        thread::scope(|scope| {
            scope.spawn(|| crossed(0));
            scope.spawn(|| crossed(1));
        });
    });
}
