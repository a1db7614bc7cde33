//! A thousand callers of one cold key: how long after the load the last one is served.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering::SeqCst};
use std::thread;
use std::time::{Duration, Instant};

use cached_runtime::cached;
use tokio::runtime::{Builder, Runtime};
use tokio::task::{JoinSet, yield_now};

const CALLERS: u64 = 1000;
const ROUNDS: u64 = 15;

static LOADS: AtomicUsize = AtomicUsize::new(0);

/// Ends once all callers of the round have missed.
#[cached(handle)]
async fn task(round: u64) -> Instant {
    LOADS.fetch_add(1, SeqCst);
    while task::cache().stats().misses < (round + 1) * CALLERS {
        yield_now().await;
    }
    Instant::now()
}

/// The same on threads.
#[cached(handle)]
fn caller(round: u64) -> Instant {
    LOADS.fetch_add(1, SeqCst);
    while caller::cache().stats().misses < (round + 1) * CALLERS {
        thread::yield_now();
    }
    // The last one to miss is on its way to sleep.
    thread::sleep(Duration::from_millis(5));
    Instant::now()
}

/// `moka`'s way of the same.
async fn moka(
    cache: &moka::future::Cache<u64, Instant>,
    round: u64,
    came: &AtomicUsize,
) -> Instant {
    came.fetch_add(1, SeqCst);
    let load = async {
        LOADS.fetch_add(1, SeqCst);
        while came.load(SeqCst) < ((round + 1) * CALLERS) as usize {
            yield_now().await;
        }
        Instant::now()
    };
    cache.get_with(round, load).await
}

/// Loads a round, and the median delay of the last caller.
pub type Served = (f64, Duration);

/// Runs and prints; returns what tasks of this crate came to.
///
/// # Panics
/// Where no runtime can be made.
#[must_use]
pub fn run() -> Served {
    let runtime = Builder::new_multi_thread().enable_all().build().expect("a runtime can be made");
    println!("\nA thousand callers of one cold key, (loads), last served after the load's end");
    let ours = print("cached-runtime, tasks", |round| tasks(&runtime, move || task(round)));
    let (cache, came) = (moka::future::Cache::new(100), Arc::new(AtomicUsize::new(0)));
    print("moka future, get_with, tasks", |round| {
        tasks(&runtime, || {
            let (cache, came) = (cache.clone(), Arc::clone(&came));
            async move { moka(&cache, round, &came).await }
        })
    });
    print("cached-runtime, threads", threads);
    print("a bare Condvar, threads (the floor)", bare_threads);
    ours
}

fn print(name: &str, round: impl Fn(u64) -> Duration) -> Served {
    let before = LOADS.load(SeqCst);
    let mut delays: Vec<_> = (0..ROUNDS).map(round).collect();
    delays.sort();
    let loads = (LOADS.load(SeqCst) - before) as f64 / ROUNDS as f64;
    let (median, worst) = (delays[delays.len() / 2], delays[delays.len() - 1]);
    println!("{name:<58} ({loads:.0}) median {median:>10.1?}, worst {worst:>10.1?}");
    (loads, median)
}

fn tasks<F>(runtime: &Runtime, call: impl Fn() -> F) -> Duration
where
    F: Future<Output = Instant> + Send + 'static,
{
    runtime.block_on(async {
        let mut callers = JoinSet::new();
        for _ in 0..CALLERS {
            let call = call();
            callers.spawn(async move { call.await.elapsed() });
        }
        callers.join_all().await.into_iter().max().unwrap_or_default()
    })
}

fn threads(round: u64) -> Duration {
    last(|| caller(round).elapsed())
}

fn bare_threads(_: u64) -> Duration {
    use std::sync::{Condvar, Mutex, PoisonError};

    let (end, ended, came) = (Mutex::new(None), Condvar::new(), AtomicUsize::new(0));
    last(|| {
        let mut guard = end.lock().unwrap_or_else(PoisonError::into_inner);
        if came.fetch_add(1, SeqCst) + 1 == CALLERS as usize {
            thread::sleep(Duration::from_millis(5));
            *guard = Some(Instant::now());
            drop(guard);
            ended.notify_all();
            return Duration::ZERO;
        }
        loop {
            match *guard {
                Some(end) => break Instant::elapsed(&end),
                None => guard = ended.wait(guard).unwrap_or_else(PoisonError::into_inner),
            }
        }
    })
}

/// The longest delay that a thousand threads see.
fn last(call: impl Fn() -> Duration + Sync) -> Duration {
    thread::scope(|scope| {
        let callers: Vec<_> = (0..CALLERS).map(|_| scope.spawn(&call)).collect();
        callers.into_iter().filter_map(|caller| caller.join().ok()).max().unwrap_or_default()
    })
}
