//! `cargo bench -p cached-benches --bench shared`: what a hit beyond the process costs.
//!
//! Starts its own servers. All contestants of a table read the same records, in turn, round by
//! round; the first of each is what nobody can do without.

#![allow(clippy::cast_possible_truncation, reason = "small figures")]

use std::future::Future;
use std::hint::black_box;
use std::sync::{Mutex, PoisonError};
use std::thread;

use cached_benches::contest::{Contest, Line, each};
use cached_benches::stores::record::Record;
use cached_benches::stores::{Places, bare, cached_4, ours};
use tokio::runtime::{Builder, Runtime};
use tokio::task::JoinSet;

/// Records in use.
const RECORDS: u64 = 16;

/// Rounds of a contest, each so short that what else the machine does falls into few of them.
const ROUNDS: usize = 801;

/// Callers at a time, where many call, and hits of each in a round.
const THREADS: usize = 8;
const TASKS: usize = 64;
const HITS: usize = 50;

fn main() {
    let places = Places::start();
    ours::configure(&places);
    cached_4::configure(&places);
    let (current, multi) =
        (start(Builder::new_current_thread()), start(Builder::new_multi_thread()));

    println!("A record of ten fields: {} bytes of JSON", Record::of(7).json().len());
    let sync = redis(&places);
    let on_current = redis_current(current, &places);
    let on_multi = redis_multi(multi, &places);
    let memcached = memcached(&places);
    let memcached_later = memcached_later(multi, &places);
    let files = files(multi, &places);
    sets(&places);
    let tiered = tiered();
    let threads = threads(&places);
    let tasks = tasks(multi, &places);

    println!("\n{:<58} {:>8}", "Hits a second over Redis", "");
    for (callers, lines) in [("8 threads", &threads), ("64 tasks", &tasks)] {
        for line in lines {
            println!("{:<58} {:>8.0}", format!("{callers}, {}", line.name), 1e9 / line.nanos);
        }
    }
    println!("\nBudgets{:>60} {:>9}", "measured", "at most");
    for (what, lines, most) in [
        ("Redis, times GET and decode", &sync, 1.2),
        ("Redis, async, one thread, times GET and decode", &on_current, 1.2),
        ("Redis, async, several threads, times GET and decode", &on_multi, 1.2),
        ("memcached, times get and decode", &memcached, 1.2),
        ("memcached, async, several threads, times get and decode", &memcached_later, 1.2),
        ("files, times read and decode", &files, 1.2),
        ("memory in front of Redis, times memory alone", &tiered, 1.1),
    ] {
        let measured = lines[1].ratio;
        let verdict = if measured <= most { "" } else { "  over" };
        println!("{what:<58} {measured:>8.2} {most:>9.2}{verdict}");
    }
}

fn start(mut builder: Builder) -> &'static Runtime {
    Box::leak(Box::new(builder.enable_all().build().expect("a runtime can be made")))
}

/// A contest whose rounds read every record once.
fn contest(title: &'static str) -> Contest {
    Contest::new(title, RECORDS.try_into().expect("a small number")).rounds(ROUNDS)
}

/// Reads every record, in an order that is none.
fn all<T>(mut read: impl FnMut(u64) -> T) {
    for at in 0..RECORDS {
        black_box(read(black_box(at * 7 % RECORDS)));
    }
}

/// The same in a task.
fn all_in_task<F>(runtime: &Runtime, read: impl Fn(u64) -> F + Send + 'static)
where
    F: Future<Output: Send> + Send,
{
    let task = runtime.spawn(async move {
        for at in 0..RECORDS {
            black_box(read(black_box(at * 7 % RECORDS)).await);
        }
    });
    runtime.block_on(task).expect("a task ends");
}

fn redis(places: &Places) -> Vec<Line> {
    let mut bare = bare::Redis::connect(&places.redis.url());
    (0..RECORDS).for_each(|id| bare.set(id));
    contest("A hit over Redis, on a thread")
        .with("bare client, GET and decode", move || all(|id| bare.get(id)))
        .with("cached-runtime", || all(ours::redis))
        .with("cached 4.1 #[concurrent_cached], MessagePack", || all(cached_4::redis))
        .run()
}

fn redis_current(runtime: &'static Runtime, places: &Places) -> Vec<Line> {
    let bare = runtime.block_on(bare::RedisLater::connect(&places.redis.url()));
    contest("A hit over Redis, in a task, tokio with one thread")
        .with("bare client, GET and decode", move || {
            let bare = bare.clone();
            all_in_task(runtime, move |id| bare.clone().get(id));
        })
        .with("cached-runtime", || all_in_task(runtime, ours::redis_later))
        .with("cached 4.1 #[concurrent_cached], MessagePack", || {
            all_in_task(runtime, cached_4::redis_current);
        })
        .run()
}

fn redis_multi(runtime: &'static Runtime, places: &Places) -> Vec<Line> {
    let bare = runtime.block_on(bare::RedisLater::connect(&places.redis.url()));
    contest("A hit over Redis, in a task, tokio with several threads")
        .with("bare client, GET and decode", move || {
            let bare = bare.clone();
            all_in_task(runtime, move |id| bare.clone().get(id));
        })
        .with("cached-runtime", || all_in_task(runtime, ours::redis_later))
        .with("cached 4.1 #[concurrent_cached], MessagePack", || {
            all_in_task(runtime, cached_4::redis_multi);
        })
        .run()
}

fn memcached(places: &Places) -> Vec<Line> {
    let bare = bare::Memcached::connect(places.memcached.port());
    (0..RECORDS).for_each(|id| bare.set(id));
    contest("A hit over memcached, on a thread")
        .with("bare client, get and decode", move || all(|id| bare.get(id)))
        .with("cached-runtime", || all(ours::memcached))
        .run()
}

fn memcached_later(runtime: &'static Runtime, places: &Places) -> Vec<Line> {
    let bare = runtime.block_on(bare::MemcachedLater::connect(places.memcached.port()));
    contest("A hit over memcached, in a task, tokio with several threads")
        .with("bare client, get and decode", move || {
            let bare = bare.clone();
            all_in_task(runtime, move |id| bare.clone().get(id));
        })
        .with("cached-runtime", || all_in_task(runtime, ours::memcached_later))
        .run()
}

fn files(runtime: &'static Runtime, places: &Places) -> Vec<Line> {
    let bare = bare::Files::open(places.directory("bare"));
    (0..RECORDS).for_each(|id| bare.set(id));
    contest("A hit over files")
        .with("fs::read and decode", move || all(|id| bare.get(id)))
        .with("cached-runtime", || all(ours::files))
        .with("cached-runtime, in a task", || all_in_task(runtime, ours::files_later))
        .with("cached 4.1 #[concurrent_cached], redb", || all(cached_4::file_unsynced))
        .run()
}

fn sets(places: &Places) {
    let bare = bare::Files::open(places.directory("bare"));
    let _ = contest("A load, stored in files")
        .with("encode, fs::write and rename", move || all(|id| bare.set(id)))
        .with("cached-runtime", || all(ours::files::fresh))
        .with("cached 4.1 #[concurrent_cached], redb, not synced", || {
            all(cached_4::file_unsynced_prime_cache);
        })
        .run();
    // Few rounds: each of its writes waits for the disk.
    let _ = contest("A load, stored in files that survive a power failure")
        .rounds(5)
        .with("cached 4.1 #[concurrent_cached], redb", || all(cached_4::file_prime_cache))
        .run();
}

fn tiered() -> Vec<Line> {
    let order: &'static [usize] = Box::leak((0..4_096).map(|at| at * 29 % 64).collect());
    Contest::new("A hit in memory, \"record:{id}\" -> Arc<Record>, timeout on", order.len())
        .rounds(ROUNDS)
        .with("memory alone", move || each(order, |id| ours::memory(id as u64)))
        .with("memory in front of Redis", move || each(order, |id| ours::tiered(id as u64)))
        .run()
}

fn threads(places: &Places) -> Vec<Line> {
    let connect = |_| Mutex::new(bare::Redis::connect(&places.redis.url()));
    let bare: Vec<_> = (0..THREADS).map(connect).collect();
    let run = |hit: &(dyn Fn(usize, u64) + Sync)| {
        thread::scope(|scope| {
            for caller in 0..THREADS {
                scope.spawn(move || (0..HITS as u64).for_each(|at| hit(caller, at % RECORDS)));
            }
        });
    };
    Contest::new("A hit over Redis, 8 threads at once", THREADS * HITS)
        .rounds(ROUNDS / 16)
        .with("bare client, a connection each", move || {
            run(&|caller, id| {
                let mut bare = bare[caller].lock().unwrap_or_else(PoisonError::into_inner);
                black_box(bare.get(id));
            });
        })
        .with("cached-runtime", move || run(&|_, id| drop(black_box(ours::redis(id)))))
        .with("cached 4.1 #[concurrent_cached], MessagePack", move || {
            run(&|_, id| drop(black_box(cached_4::redis(id))));
        })
        .run()
}

fn tasks(runtime: &'static Runtime, places: &Places) -> Vec<Line> {
    let bare = runtime.block_on(bare::RedisLater::connect(&places.redis.url()));
    Contest::new("A hit over Redis, 64 tasks at once, tokio with several threads", TASKS * HITS)
        .rounds(ROUNDS / 16)
        .with("bare client, one connection", move || {
            let bare = bare.clone();
            crowd(runtime, move |id| {
                let bare = bare.clone();
                async move { drop(black_box(bare.get(id).await)) }
            });
        })
        .with("cached-runtime", move || {
            crowd(runtime, |id| async move { drop(black_box(ours::redis_later(id).await)) });
        })
        .with("cached 4.1 #[concurrent_cached], MessagePack", move || {
            crowd(runtime, |id| async move { drop(black_box(cached_4::redis_multi(id).await)) });
        })
        .run()
}

/// Many tasks, each of which reads records one after the other.
fn crowd<F>(runtime: &Runtime, hit: impl Fn(u64) -> F + Clone + Send + 'static)
where
    F: Future<Output = ()> + Send + 'static,
{
    runtime.block_on(async {
        let mut tasks = JoinSet::new();
        for _ in 0..TASKS {
            let hit = hit.clone();
            tasks.spawn(async move {
                for at in 0..HITS as u64 {
                    hit(at % RECORDS).await;
                }
            });
        }
        tasks.join_all().await;
    });
}
