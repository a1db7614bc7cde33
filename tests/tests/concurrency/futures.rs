//! One flight for each key: tasks, and threads among them.

use std::pin::pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering::SeqCst};
use std::task::{Context, Poll, Wake, Waker};
use std::time::{Duration, Instant};

use cached_runtime::cached;
use tokio::sync::{Notify, Semaphore};
use tokio::task::JoinSet;
use tokio::time::timeout;

use crate::{BOUND, bounded, tokio};

/// Lets all other tasks run until `count` reaches `wanted`.
async fn until(count: impl Fn() -> u64, wanted: u64) {
    while count() < wanted {
        tokio::task::yield_now().await;
    }
}

#[test]
fn a_thousand_tasks_on_one_cold_key_share_one_load() {
    static LOADS: AtomicUsize = AtomicUsize::new(0);

    #[cached(handle)]
    async fn slow(key: u64) -> (u64, Instant) {
        LOADS.fetch_add(1, SeqCst);
        until(|| slow::cache().stats().misses, 1000).await;
        (key, Instant::now())
    }

    tokio(async {
        let mut tasks = JoinSet::new();
        for _ in 0..1000 {
            tasks.spawn(async {
                let (key, ended) = slow(1).await;
                assert_eq!(key, 1);
                ended.elapsed()
            });
        }
        let delays = tasks.join_all().await;
        assert_eq!(LOADS.load(SeqCst), 1);
        let last = delays.into_iter().max().unwrap();
        // The budget is a millisecond on an idle machine; benches measure it.
        assert!(last < Duration::from_millis(500), "the last one was served after {last:?}");
    });
}

#[test]
fn an_error_that_can_be_cloned_is_shared_by_all_tasks() {
    static LOADS: AtomicUsize = AtomicUsize::new(0);

    #[cached(handle)]
    async fn fails(key: u64) -> Result<u64, String> {
        LOADS.fetch_add(1, SeqCst);
        until(|| fails::cache().stats().misses, 1000).await;
        Err(format!("no {key}"))
    }

    tokio(async {
        let mut tasks = JoinSet::new();
        (0..1000).for_each(|_| drop(tasks.spawn(fails(1))));
        assert!(tasks.join_all().await.iter().all(Result::is_err));
        assert_eq!(LOADS.load(SeqCst), 1);
    });
}

#[test]
fn tasks_of_an_error_that_cannot_be_cloned_run_all_at_once() {
    #[derive(Debug)]
    struct Opaque;
    const CALLERS: usize = 200;
    static LOADS: AtomicUsize = AtomicUsize::new(0);
    static TOGETHER: tokio::sync::OnceCell<tokio::sync::Barrier> =
        tokio::sync::OnceCell::const_new();

    #[cached(handle)]
    async fn fails(key: u64) -> Result<u64, Opaque> {
        if LOADS.fetch_add(1, SeqCst) == 0 {
            until(|| fails::cache().stats().misses, CALLERS as u64).await;
        } else {
            let barrier = async || tokio::sync::Barrier::new(CALLERS - 1);
            TOGETHER.get_or_init(barrier).await.wait().await;
        }
        Err(Opaque)
    }

    tokio(async {
        let mut tasks = JoinSet::new();
        (0..CALLERS).for_each(|_| drop(tasks.spawn(fails(1))));
        assert_eq!(tasks.join_all().await.len(), CALLERS);
        assert_eq!(LOADS.load(SeqCst), CALLERS);
    });
}

#[test]
fn a_dropped_lead_is_succeeded_by_exactly_one_follower() {
    static LOADS: AtomicUsize = AtomicUsize::new(0);
    static GATE: Notify = Notify::const_new();

    #[cached(handle)]
    async fn gated(key: u64) -> u64 {
        if LOADS.fetch_add(1, SeqCst) == 0 {
            GATE.notified().await;
        }
        key
    }

    tokio(async {
        let lead = tokio::spawn(gated(1));
        until(|| LOADS.load(SeqCst) as u64, 1).await;
        let mut followers = JoinSet::new();
        (0..500).for_each(|_| drop(followers.spawn(gated(1))));
        until(|| gated::cache().stats().misses, 501).await;
        lead.abort();
        assert!(lead.await.unwrap_err().is_cancelled());
        assert_eq!(followers.join_all().await, vec![1; 500]);
        assert_eq!(LOADS.load(SeqCst), 2);
        assert_eq!(gated::cache().stats().load_errors, 0, "a drop is no failure");
    });
}

#[test]
fn the_lead_passes_on_through_dropped_followers_until_nobody_is_left() {
    static LOADS: AtomicUsize = AtomicUsize::new(0);
    static FREE: Semaphore = Semaphore::const_new(0);

    #[cached(handle)]
    async fn gated(key: u64) -> u64 {
        LOADS.fetch_add(1, SeqCst);
        let _permit = FREE.acquire().await.unwrap();
        key
    }

    tokio(async {
        let tasks: Vec<_> = (0..20).map(|_| tokio::spawn(gated(1))).collect();
        until(|| gated::cache().stats().misses, 20).await;
        for task in tasks {
            task.abort();
            let _ = task.await;
        }
        // Nobody is left, so this one starts anew instead of waiting for a lead that is gone.
        let before = LOADS.load(SeqCst);
        FREE.add_permits(1);
        assert_eq!(timeout(BOUND, gated(1)).await, Ok(1));
        assert_eq!(LOADS.load(SeqCst), before + 1);
    });
}

#[test]
fn a_follower_may_be_woken_by_another_waker_than_it_first_left() {
    static GATE: Notify = Notify::const_new();

    #[cached(handle)]
    async fn gated(key: u64) -> u64 {
        GATE.notified().await;
        key
    }

    struct Count(AtomicUsize);
    impl Wake for Count {
        fn wake(self: Arc<Self>) {
            self.0.fetch_add(1, SeqCst);
        }
    }

    bounded(|| {
        let wakers = [Arc::new(Count(AtomicUsize::new(0))), Arc::new(Count(AtomicUsize::new(0)))];
        let poll = |future: std::pin::Pin<&mut dyn Future<Output = u64>>, idx: usize| {
            future.poll(&mut Context::from_waker(&Waker::from(Arc::clone(&wakers[idx]))))
        };
        let mut lead = pin!(gated(1));
        let mut follower = pin!(gated(1));
        assert!(poll(lead.as_mut(), 0).is_pending());
        assert!(poll(follower.as_mut(), 0).is_pending());
        assert!(poll(follower.as_mut(), 1).is_pending());
        let before = wakers[0].0.load(SeqCst);
        GATE.notify_one();
        assert_eq!(poll(lead.as_mut(), 0), Poll::Ready(1));
        assert_eq!(wakers[1].0.load(SeqCst), 1, "the waker of the last poll is woken, once");
        assert_eq!(wakers[0].0.load(SeqCst), before + 1, "the other one only by the gate");
        assert_eq!(poll(follower.as_mut(), 1), Poll::Ready(1));
    });
}

#[test]
fn a_future_that_calls_itself_with_its_own_key_runs_directly() {
    #[cached(handle)]
    async fn around(depth: u64) -> u64 {
        if around::cache().stats().loads < 3 { Box::pin(through(depth)).await + 1 } else { 0 }
    }

    async fn through(depth: u64) -> u64 {
        tokio::task::yield_now().await;
        around(depth).await
    }

    tokio(async {
        assert_eq!(timeout(BOUND, around(1)).await, Ok(2));
        assert_eq!(around::entry(1).peek(), Some(2), "only the outer run is stored");
    });
}

#[test]
fn a_follower_that_waits_holds_up_no_other_key() {
    static GATE: Semaphore = Semaphore::const_new(0);

    #[cached(handle)]
    async fn gated(key: u64) -> u64 {
        if key == 0 {
            let _permit = GATE.acquire().await.unwrap();
        }
        key
    }

    tokio(async {
        let waiting: Vec<_> = (0..10).map(|_| tokio::spawn(gated(0))).collect();
        until(|| gated::cache().stats().misses, 10).await;
        for key in 1..200 {
            assert_eq!(gated(key).await, key);
            assert_eq!(gated(key).await, key);
        }
        GATE.add_permits(1);
        for task in waiting {
            assert_eq!(task.await.unwrap(), 0);
        }
    });
}
