//! One process at a time loads; who loses its lease stores nothing; who gives it up makes way.

use std::future::pending;
use std::pin::pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use cached_runtime::store::{Guard, MemoryStore, Store, StoreFuture, Swapped};
use cached_runtime::testing::Isolation;
use cached_runtime::{StoreConfig, cached, hit, init, miss};
use futures_lite::future::block_on;

use crate::world::{World, held, hold, said, say, starts};

/// Far less than the leases here last, far more than it takes to notice that one was given back.
const AT_ONCE: Duration = Duration::from_secs(5);

#[cached(shared, handle, key = "{id}", lease = "30s")]
async fn leased(id: u64) -> Result<u64, String> {
    let value = id + said();
    held().await;
    match value {
        13 => Err("as asked".into()),
        14 => panic!("as asked"),
        value => Ok(value),
    }
}

/// Expects that another process need not wait for a lease.
#[track_caller]
fn takes_over_at_once(process: &Isolation, value: u64) {
    let start = Instant::now();
    say(value);
    process.run(|| miss!(block_on(leased(0)), Ok(value)));
    assert!(start.elapsed() < AT_ONCE, "{:?}", start.elapsed());
}

#[test]
fn a_holder_that_is_dropped_gives_its_lease_back() {
    let world = World::new();
    let (first, second) = (world.process(), world.process());
    hold(true);
    {
        let mut load = pin!(first.run_async(leased(0)));
        starts(load.as_mut());
    }
    hold(false);
    takes_over_at_once(&second, 1);
}

#[test]
fn a_holder_that_fails_gives_its_lease_back() {
    let world = World::new();
    let (first, second) = (world.process(), world.process());
    say(13);
    first.run(|| block_on(leased(0)).unwrap_err());
    takes_over_at_once(&second, 1);
}

#[test]
fn a_holder_that_panics_gives_its_lease_back() {
    let world = World::new();
    let (first, second) = (world.process(), world.process());
    let panicked = thread::scope(|scope| {
        let call = || {
            say(14);
            first.run(|| block_on(leased(0)))
        };
        scope.spawn(call).join().is_err()
    });
    assert!(panicked);
    takes_over_at_once(&second, 1);
}

#[test]
fn a_value_that_is_not_to_be_stored_gives_the_lease_back() {
    #[cached(shared, key = "k", lease = "30s", store_if = |value: &u64| *value > 5)]
    fn large() -> u64 {
        said()
    }
    #[cached(shared, key = "k", lease = "30s")]
    fn nan() -> f64 {
        f64::NAN
    }

    let world = World::new();
    let (first, second) = (world.process(), world.process());
    say(1);
    first.run(|| (large(), nan()));
    let start = Instant::now();
    second.run(|| {
        miss!(large(), 1);
        assert!(miss!(nan()).is_nan());
    });
    assert!(start.elapsed() < AT_ONCE, "{:?}", start.elapsed());
}

#[test]
fn a_holder_whose_lease_is_over_stores_nothing() {
    for has_successor in [true, false] {
        let world = World::new();
        let (first, second) = (world.tiered(), world.process());
        hold(true);
        say(1);
        let mut load = pin!(first.run_async(leased(0)));
        starts(load.as_mut());
        // Faster than the holder could renew it.
        world.advance_secs(31);
        hold(false);
        say(2);
        if has_successor {
            second.run(|| miss!(block_on(leased(0)), Ok(2)));
        }
        assert_eq!(block_on(load), Ok(1));
        say(3);
        let expected = if has_successor { 2 } else { 3 };
        first.run(|| assert_eq!(block_on(leased(0)), Ok(expected)));
        second.run(|| hit!(block_on(leased(0)), Ok(expected)));
    }
}

#[test]
fn a_lease_is_renewed_for_as_long_as_its_load_runs() {
    static LOADS: AtomicU64 = AtomicU64::new(0);
    #[cached(shared, key = "k", lease = "300ms")]
    fn long() -> u64 {
        let load = LOADS.fetch_add(1, Ordering::SeqCst);
        thread::sleep(Duration::from_millis(1_500));
        load
    }

    // In this store, time passes by itself.
    let store: Arc<dyn Store> = Arc::new(MemoryStore::new());
    let processes = [(); 3].map(|()| {
        let process = Isolation::new();
        process.run(|| init(StoreConfig::custom(Arc::clone(&store)).into())).unwrap();
        process
    });
    thread::scope(|scope| {
        for process in &processes {
            scope.spawn(|| process.run(|| assert_eq!(long(), 0)));
        }
    });
    assert_eq!(LOADS.load(Ordering::SeqCst), 1);
}

#[test]
fn a_caller_does_not_wait_for_another_process_beyond_its_patience() {
    #[cached(shared, key = "k", lease = "30s", wait_timeout = "300ms")]
    async fn impatient() -> u64 {
        let value = said();
        held().await;
        value
    }

    let world = World::new();
    let (first, second) = (world.process(), world.tiered());
    hold(true);
    say(1);
    let mut load = pin!(first.run_async(impatient()));
    starts(load.as_mut());
    hold(false);
    say(2);
    let start = Instant::now();
    second.run(|| miss!(block_on(impatient()), 2));
    assert!(start.elapsed() >= Duration::from_millis(300));
    assert!(start.elapsed() < AT_ONCE, "{:?}", start.elapsed());
    assert_eq!(block_on(load), 1);
    second.run(|| assert_eq!(block_on(impatient()), 2, "memory has it for a while"));
    world.advance_secs(5);
    second.run(|| hit!(block_on(impatient()), 1));
}

#[test]
fn who_waited_for_a_caller_here_does_not_wait_for_another_process_as_long_again() {
    #[cached(shared, name = "leases::patience", key = "k", lease = "30s")]
    async fn holder() -> u64 {
        let value = said();
        held().await;
        value
    }
    #[cached(
        shared,
        name = "leases::patience",
        key = "k",
        skip(body_ms),
        lease = "30s",
        wait_timeout = "2s"
    )]
    fn caller(body_ms: u64) -> u64 {
        thread::sleep(Duration::from_millis(body_ms));
        body_ms
    }

    let world = World::new();
    let (first, second) = (world.process(), world.process());
    hold(true);
    let mut load = pin!(first.run_async(holder()));
    starts(load.as_mut());
    let is_over = AtomicBool::new(false);
    thread::scope(|scope| {
        // The clock by which callers wait for one another.
        scope.spawn(|| {
            while !is_over.load(Ordering::Relaxed) {
                thread::sleep(Duration::from_millis(10));
                world.advance(Duration::from_millis(10));
            }
        });
        // Its patience ends, and its own body runs.
        scope.spawn(|| second.run(|| caller(6_000)));
        thread::sleep(Duration::from_millis(300));
        let start = Instant::now();
        assert_eq!(second.run(|| caller(0)), 0);
        let took = start.elapsed();
        is_over.store(true, Ordering::Relaxed);
        assert!(took >= Duration::from_millis(1_900), "{took:?}");
        assert!(took < Duration::from_millis(3_500), "{took:?}");
    });
    hold(false);
    block_on(load);
}

#[test]
fn a_thread_waits_for_the_load_of_a_task_elsewhere() {
    #[cached(shared, name = "leases::fronts", key = "k", lease = "30s")]
    async fn on_tasks() -> u64 {
        let value = said();
        held().await;
        value
    }
    #[cached(shared, name = "leases::fronts", key = "k", lease = "30s")]
    fn on_threads() -> u64 {
        panic!("another process loads");
    }

    let world = World::new();
    let (first, second) = (world.process(), world.process());
    hold(true);
    say(5);
    let mut load = pin!(first.run_async(on_tasks()));
    starts(load.as_mut());
    thread::scope(|scope| {
        let waiting = scope.spawn(|| second.run(on_threads));
        while world.store.reads() < 4 {
            thread::sleep(Duration::from_millis(1));
        }
        hold(false);
        assert_eq!(block_on(load), 5);
        assert_eq!(waiting.join().unwrap(), 5);
    });
}

#[test]
fn a_function_without_a_lease_does_not_wait_for_one() {
    #[cached(shared, name = "leases::mixed", key = "k")]
    fn careless() -> u64 {
        said()
    }
    #[cached(shared, name = "leases::mixed", key = "k", lease = "30s")]
    async fn careful() -> u64 {
        let value = said();
        held().await;
        value
    }

    let world = World::new();
    let (first, second) = (world.process(), world.process());
    hold(true);
    say(1);
    let mut load = pin!(first.run_async(careful()));
    starts(load.as_mut());
    say(2);
    second.run(|| miss!(careless(), 2));
    hold(false);
    assert_eq!(block_on(load), 1);
    first.run(|| hit!(careless(), 2));
}

/// Does what it is asked, and once does not say so.
struct Mute {
    store: MemoryStore,
    /// Whether the next lease is taken without an answer.
    is_mute: AtomicBool,
}

impl Store for Mute {
    fn kind(&self) -> &'static str {
        "mute"
    }
    fn get<'a>(&'a self, key: &'a str) -> StoreFuture<'a, Option<Vec<u8>>> {
        self.store.get(key)
    }
    fn set<'a>(
        &'a self,
        key: &'a str,
        value: &'a [u8],
        timeout: Option<Duration>,
    ) -> StoreFuture<'a, ()> {
        self.store.set(key, value, timeout)
    }
    fn swap<'a>(
        &'a self,
        key: &'a str,
        guard: Guard<'a>,
        value: Option<&'a [u8]>,
        timeout: Option<Duration>,
    ) -> StoreFuture<'a, Swapped> {
        Box::pin(async move {
            let swapped = self.store.swap(key, guard, value, timeout).await;
            // Only entries have leases; marks have no end.
            if timeout.is_some() && self.is_mute.swap(false, Ordering::SeqCst) {
                pending::<()>().await;
            }
            swapped
        })
    }
    fn purge(&self) -> StoreFuture<'_, u64> {
        self.store.purge()
    }
}

#[test]
fn a_lease_whose_taker_heard_no_answer_is_given_back() {
    for is_cancelled in [false, true] {
        let mute = Mute { store: MemoryStore::new(), is_mute: AtomicBool::new(true) };
        let store: Arc<dyn Store> = Arc::new(mute);
        let [first, second] = [(); 2].map(|()| {
            let process = Isolation::new();
            process.run(|| init(StoreConfig::custom(Arc::clone(&store)).into())).unwrap();
            process
        });
        if is_cancelled {
            let mut load = pin!(first.run_async(leased(0)));
            starts(load.as_mut());
        } else {
            say(1);
            assert_eq!(block_on(first.run_async(leased(0))), Ok(1));
        }
        takes_over_at_once(&second, 2);
    }
}
