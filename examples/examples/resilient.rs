//! A service that gets slow, fails, hangs and recovers, asked 100 times a second over HTTP: what
//! callers see through a cached function that is made for it, through one that only has a timeout,
//! and without a cache.
//!
//! `cargo run --example resilient` takes ten seconds. Look at the row where the service begins to
//! fail: callers do not notice. The price is in the column `stale`. With a timeout alone even more
//! calls fail than without a cache: whoever comes while a request hangs joins it.

#[path = "resilient/latency.rs"]
mod latency;
#[path = "resilient/timeline.rs"]
mod timeline;
#[path = "resilient/upstream.rs"]
mod upstream;

use std::io;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use cached_runtime::cached;
use latency::{Calls, plot};
use timeline::Timeline;
use tokio::task::JoinSet;
use upstream::{Failure, SCRIPT, Upstream};

#[cached(
    timeout = "500ms",      // An answer is fresh for so long,
    refresh_ahead = 0.5,    // is renewed in the background after half of that,
    stale = "500ms",        // still answers for so long while it is renewed,
    stale_if_error = "1h",  // and for so long in place of an error,
    soft_timeout = "20ms",  // or of waiting for more than this.
    hard_timeout = "600ms", // No attempt takes longer than this;
    throttle = "200ms",     // after a failure the next one waits, and then twice as long.
    skip(upstream),
    handle
)]
async fn resilient(upstream: &Upstream, name: &str) -> Result<String, Failure> {
    upstream.get(name).await
}

#[cached(timeout = "500ms", skip(upstream), handle)]
async fn plain(upstream: &Upstream, name: &str) -> Result<String, Failure> {
    upstream.get(name).await
}

const BETWEEN_CALLS: Duration = Duration::from_millis(10);

fn main() -> io::Result<()> {
    tokio::runtime::Builder::new_multi_thread().enable_all().build()?.block_on(run())
}

async fn run() -> io::Result<()> {
    let upstream = Upstream::start().await?;
    let all: [Arc<Mutex<Calls>>; 3] = Default::default();
    let mut tasks = JoinSet::new();
    let mut ticks = tokio::time::interval(BETWEEN_CALLS);
    let (start, mut timeline) = (Instant::now(), Timeline::begin());
    let end: Duration = SCRIPT.iter().map(|phase| phase.lasts).sum();
    while start.elapsed() < end {
        ticks.tick().await;
        timeline.advance(start.elapsed(), resilient::cache().stats(), &lock(&all[0]));
        let [one, other, third] = [(); 3].map(|()| upstream.clone());
        ask(&mut tasks, &all[0], async move { resilient(&one, "EUR").await });
        ask(&mut tasks, &all[1], async move { plain(&other, "EUR").await });
        ask(&mut tasks, &all[2], async move { third.get("EUR").await });
    }
    timeline.advance(start.elapsed(), resilient::cache().stats(), &lock(&all[0]));
    while tasks.join_next().await.is_some() {}

    let [made_for_it, with_timeout, without] = all.each_ref().map(|calls| lock(calls));
    let lines =
        [("resilient", &*made_for_it), ("timeout only", &*with_timeout), ("no cache", &*without)];
    println!("\nLatency of a call");
    plot(&lines);
    println!("\n{:<22}{:>8}{:>8}{:>10}", "", "calls", "failed", "requests");
    let requests =
        [resilient::cache().stats().loads, plain::cache().stats().loads, without.len() as u64];
    for ((name, calls), requests) in lines.into_iter().zip(requests) {
        println!("{name:>22}{:>8}{:>8}{requests:>10}", calls.len(), calls.failed);
    }
    assert_eq!(made_for_it.failed, 0, "there was always an entry to answer with");
    assert!(with_timeout.failed > 0 && without.failed > 0, "the service did fail");
    Ok(())
}

/// Calls a function on a task, and notes how that went.
fn ask<F>(tasks: &mut JoinSet<()>, calls: &Arc<Mutex<Calls>>, call: F)
where
    F: Future<Output = Result<String, Failure>> + Send + 'static,
{
    let calls = Arc::clone(calls);
    tasks.spawn(async move {
        let start = Instant::now();
        let result = call.await;
        lock(&calls).add(start.elapsed(), result.is_err());
    });
}

fn lock(calls: &Mutex<Calls>) -> MutexGuard<'_, Calls> {
    calls.lock().unwrap_or_else(PoisonError::into_inner)
}
