//! Freshness where processes share a store: what is stale for one is so for all, and renewed once.
//!
//! Here are the rules that two processes have to agree on. Those of one call, which hold over memory
//! as well (`tests/freshness`), are in the files below, for functions and `async` functions, over each
//! kind of store (`scene.rs`).

mod body;
mod endings;
mod negatives;
mod scene;
mod servers;
mod table;
mod waits;

use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Mutex, mpsc};
use std::thread;
use std::time::Duration;

use cached_runtime::testing::{self, Isolation};
use cached_runtime::{ErrorKind, cached, current, expire_tag, hit, invalidate_tag, miss, stale};

use cached_tests::servers::wait_until;

use crate::world::World;

/// How long memory answers that nobody tells of changes.
const UNTOLD: Duration = Duration::from_secs(5);

const LONG: Duration = Duration::from_secs(10);

/// What a load returns, and how many there were.
#[derive(Default)]
struct Source {
    loads: AtomicU64,
    is_down: AtomicBool,
}

impl Source {
    const fn new() -> Self {
        Self { loads: AtomicU64::new(0), is_down: AtomicBool::new(false) }
    }

    /// The number of this load.
    fn load(&self) -> Result<u64, String> {
        let number = self.loads.fetch_add(1, Ordering::SeqCst) + 1;
        if self.is_down.load(Ordering::SeqCst) { Err("down".into()) } else { Ok(number) }
    }

    fn loads(&self) -> u64 {
        self.loads.load(Ordering::SeqCst)
    }

    fn down(&self, is_down: bool) {
        self.is_down.store(is_down, Ordering::SeqCst);
    }
}

fn settle(process: &Isolation) {
    process.run(testing::settle);
}

/// The same in processes without memory in front of the store, and then in such with it.
macro_rules! in_both {
    ($($name:ident($world:ident, $one:ident, $other:ident) $test:block)*) => {$(
        #[test]
        fn $name() {
            fn test($world: &World, $one: &Isolation, $other: &Isolation) $test

            let world = World::new();
            test(&world, &world.process(), &world.process());
            world.settle();
            let world = World::new();
            test(&world, &world.tiered(), &world.tiered());
        }
    )*};
}

in_both! {
    a_stale_entry_answers_every_process_and_one_renews_it(world, one, other) {
        static SOURCE: Source = Source::new();
        #[cached(shared, lease, timeout = 10, stale = 20, handle)]
        fn load(id: u64) -> Result<u64, String> {
            SOURCE.load().map(|number| id + number)
        }
        let before = SOURCE.loads();
        let value = one.run(|| miss!(load(100))).unwrap();
        other.run(|| hit!(load(100), Ok(value)));
        world.advance_secs(10);
        one.run(|| stale!(load(100), Ok(value)));
        settle(one);
        assert_eq!(SOURCE.loads(), before + 2);
        one.run(|| {
            hit!(load(100), Ok(value + 1));
            let stats = load::cache().stats();
            assert_eq!((stats.hits, stats.stale_hits, stats.misses), (1, 1, 1));
            assert_eq!((stats.loads, stats.refreshes), (2, 1));
        });
        // Memory may hold the stale one still; in the background it finds what the store has by now.
        other.run(|| _ = load(100));
        settle(other);
        other.run(|| hit!(load(100), Ok(value + 1)));
        assert_eq!(SOURCE.loads(), before + 2);
        world.advance_secs(30);
        other.run(|| miss!(load(100), Ok(value + 2)));
    }

    a_failing_load_falls_back_on_the_store(world, one, other) {
        static SOURCE: Source = Source::new();
        #[cached(shared, timeout = 10, stale_if_error = 60, handle)]
        fn load(id: u64) -> Result<u64, String> {
            SOURCE.load().map(|number| id + number)
        }
        SOURCE.down(false);
        let value = one.run(|| miss!(load(100))).unwrap();
        other.run(|| hit!(load(100), Ok(value)));
        let before = SOURCE.loads();
        world.advance_secs(10);
        SOURCE.down(true);
        one.run(|| {
            stale!(load(100), Ok(value));
            // Throttled.
            stale!(load(100), Ok(value));
        });
        assert_eq!(SOURCE.loads(), before + 1);
        world.advance_secs(10);
        one.run(|| stale!(load(100), Ok(value)));
        assert_eq!(SOURCE.loads(), before + 2);
        other.run(|| stale!(load(100), Ok(value)));
        assert_eq!(SOURCE.loads(), before + 3, "throttles are a process's own");
        world.advance_secs(50);
        one.run(|| assert_eq!(load(100), Err("down".into()), "not extended by failures"));
        SOURCE.down(false);
        one.run(|| assert!(miss!(load(100)).is_ok()));
        let stats = one.run(|| load::cache().stats());
        assert_eq!((stats.misses, stats.stale_hits), (3, 3));
    }

    an_entry_is_renewed_ahead_of_its_end(world, one, other) {
        static SOURCE: Source = Source::new();
        #[cached(shared, lease, timeout = 100, refresh_ahead = 0.8)]
        fn load(id: u64) -> Result<u64, String> {
            SOURCE.load().map(|number| id + number)
        }
        let value = one.run(|| miss!(load(100))).unwrap();
        other.run(|| hit!(load(100), Ok(value)));
        let before = SOURCE.loads();
        world.advance_secs(79);
        one.run(|| hit!(load(100), Ok(value)));
        settle(one);
        assert_eq!(SOURCE.loads(), before);
        world.advance_secs(1);
        one.run(|| hit!(load(100), Ok(value)));
        settle(one);
        assert_eq!(SOURCE.loads(), before + 1);
        one.run(|| hit!(load(100), Ok(value + 1)));
        other.run(|| _ = hit!(load(100)));
        settle(other);
        other.run(|| hit!(load(100), Ok(value + 1)));
        assert_eq!(SOURCE.loads(), before + 1, "the other one takes what is there");
        world.advance_secs(90);
        one.run(|| hit!(load(100), Ok(value + 1)));
        settle(one);
        one.run(|| hit!(load(100), Ok(value + 2)));
    }

    what_is_expired_is_stale_for_every_process(world, one, other) {
        static SOURCE: Source = Source::new();
        #[cached(shared, timeout = 100, stale = 20, handle)]
        fn load(id: u64) -> Result<u64, String> {
            SOURCE.load().map(|number| id + number)
        }
        let value = one.run(|| miss!(load(100))).unwrap();
        other.run(|| hit!(load(100), Ok(value)));
        one.run(|| assert!(load::entry(100).expire().unwrap()));
        one.run(|| assert!(!load::entry(100).expire().unwrap(), "it is expired"));
        world.advance(UNTOLD);
        one.run(|| assert_eq!(load::entry(100).peek().unwrap(), Some(Ok(value)), "as a call would"));
        other.run(|| stale!(load(100), Ok(value)));
        settle(other);
        other.run(|| hit!(load(100), Ok(value + 1)));
        one.run(|| assert!(load::entry(100).expire().unwrap()));
        world.advance_secs(20);
        other.run(|| miss!(load(100), Ok(value + 2)));
    }

    a_tag_is_expired_for_every_process(world, one, other) {
        static SOURCE: Source = Source::new();
        #[cached(shared, timeout = 100, stale = 20, tags("all", "soft:{id}"), handle)]
        fn load(id: u64) -> Result<u64, String> {
            SOURCE.load().map(|number| id + number)
        }
        let value = one.run(|| miss!(load(100))).unwrap();
        other.run(|| hit!(load(100), Ok(value)));
        one.run(|| expire_tag("soft:100")).unwrap();
        one.run(|| stale!(load(100), Ok(value)));
        settle(one);
        one.run(|| hit!(load(100), Ok(value + 1)));
        world.advance(UNTOLD);
        other.run(|| hit!(load(100), Ok(value + 1)));
        one.run(|| expire_tag("all")).unwrap();
        world.advance_secs(20);
        other.run(|| miss!(load(100), Ok(value + 2)));
        other.run(|| expire_tag("all")).unwrap();
        one.run(|| invalidate_tag("all")).unwrap();
        one.run(|| miss!(load(100), Ok(value + 3)));
    }

    what_was_invalidated_is_nothing_to_fall_back_on(world, one, other) {
        static SOURCE: Source = Source::new();
        #[cached(shared, timeout = 10, stale = 10, stale_if_error = 60, handle)]
        fn load(id: u64) -> Result<u64, String> {
            SOURCE.load().map(|number| id + number)
        }
        SOURCE.down(false);
        let value = one.run(|| miss!(load(100))).unwrap();
        other.run(|| hit!(load(100), Ok(value)));
        world.advance_secs(30);
        SOURCE.down(true);
        other.run(|| assert!(load::entry(100).invalidate().unwrap()));
        one.run(|| assert!(miss!(load(100)).is_err()));
        other.run(|| assert!(miss!(load(100)).is_err()));
        SOURCE.down(false);
        let value = one.run(|| miss!(load(100))).unwrap();
        world.advance_secs(30);
        SOURCE.down(true);
        one.run(|| stale!(load(100), Ok(value)));
        other.run(|| load::cache().clear()).unwrap();
        one.run(|| assert!(load(100).is_err()));
    }
}

/// A load that runs until it is let go.
struct Held {
    begun: mpsc::Receiver<()>,
    go: mpsc::Sender<()>,
}

impl Held {
    fn new() -> (Self, mpsc::Sender<()>, mpsc::Receiver<()>) {
        let (begins, begun) = mpsc::channel();
        let (go, goes) = mpsc::channel();
        (Self { begun, go }, begins, goes)
    }
}

#[test]
fn a_stale_entry_goes_on_to_answer_while_somebody_holds_the_lease() {
    static LOADS: AtomicU64 = AtomicU64::new(0);
    static HELD: Mutex<Option<(mpsc::Sender<()>, mpsc::Receiver<()>)>> = Mutex::new(None);
    #[cached(shared, lease, timeout = 10, stale = 60)]
    fn load(id: u64) -> u64 {
        let held = HELD.lock().unwrap().take();
        if let Some((begins, goes)) = held {
            begins.send(()).unwrap();
            goes.recv_timeout(LONG).unwrap();
        }
        id + LOADS.fetch_add(1, Ordering::SeqCst)
    }
    for is_tiered in [false, true] {
        let world = World::new();
        let process = || if is_tiered { world.tiered() } else { world.process() };
        let (one, other) = (process(), process());
        let value = one.run(|| miss!(load(100)));
        other.run(|| hit!(load(100), value));
        world.advance_secs(10);
        let (held, begins, goes) = Held::new();
        *HELD.lock().unwrap() = Some((begins, goes));
        one.run(|| stale!(load(100), value));
        held.begun.recv_timeout(LONG).unwrap();
        for _ in 0..100 {
            one.run(|| stale!(load(100), value));
            other.run(|| stale!(load(100), value));
        }
        held.go.send(()).unwrap();
        settle(&one);
        settle(&other);
        one.run(|| hit!(load(100), value + 1));
        other.run(|| hit!(load(100), value + 1));
    }
}

#[test]
fn an_invalidation_elsewhere_overtakes_a_refresh() {
    static LOADS: AtomicU64 = AtomicU64::new(0);
    static HELD: Mutex<Option<(mpsc::Sender<()>, mpsc::Receiver<()>)>> = Mutex::new(None);
    #[cached(shared, timeout = 10, stale = 60, handle)]
    fn load(id: u64) -> u64 {
        let number = LOADS.fetch_add(1, Ordering::SeqCst);
        let held = HELD.lock().unwrap().take();
        if let Some((begins, goes)) = held {
            begins.send(()).unwrap();
            goes.recv_timeout(LONG).unwrap();
        }
        id + number
    }
    for is_tiered in [false, true] {
        let world = World::new();
        let process = || if is_tiered { world.tiered() } else { world.process() };
        let (one, other) = (process(), process());
        let value = one.run(|| miss!(load(100)));
        other.run(|| hit!(load(100), value));
        world.advance_secs(10);
        let (held, begins, goes) = Held::new();
        *HELD.lock().unwrap() = Some((begins, goes));
        one.run(|| stale!(load(100), value));
        held.begun.recv_timeout(LONG).unwrap();
        other.run(|| load::entry(100).invalidate()).unwrap();
        other.run(|| miss!(load(100), value + 2));
        held.go.send(()).unwrap();
        settle(&one);
        one.run(|| hit!(load(100), value + 2));
        other.run(|| hit!(load(100), value + 2));
    }
}

#[test]
fn a_slow_load_goes_on_in_the_background_while_the_store_answers() {
    static LOADS: AtomicU64 = AtomicU64::new(0);
    static HELD: Mutex<Option<(mpsc::Sender<()>, mpsc::Receiver<()>)>> = Mutex::new(None);
    #[cached(shared, timeout = 10, stale_if_error = "1d", lead_timeout = "1d", soft_timeout = "1s")]
    fn load(id: u64) -> u64 {
        let held = HELD.lock().unwrap().take();
        if let Some((begins, goes)) = held {
            begins.send(()).unwrap();
            goes.recv_timeout(LONG).unwrap();
        }
        id + LOADS.fetch_add(1, Ordering::SeqCst)
    }
    for is_tiered in [false, true] {
        let world = World::new();
        let one = if is_tiered { world.tiered() } else { world.process() };
        let value = one.run(|| miss!(load(100)));
        world.advance_secs(10);
        let (held, begins, goes) = Held::new();
        *HELD.lock().unwrap() = Some((begins, goes));
        thread::scope(|scope| {
            let caller = scope.spawn(|| one.run(|| stale!(load(100), value)));
            held.begun.recv_timeout(LONG).unwrap();
            // It may begin to wait at any time.
            wait_until("it answers", || {
                world.advance(Duration::from_millis(200));
                caller.is_finished()
            });
            caller.join().unwrap();
        });
        held.go.send(()).unwrap();
        settle(&one);
        one.run(|| hit!(load(100), value + 1));
    }
}

#[test]
fn a_store_that_fails_meanwhile_fails_no_call() {
    static SOURCE: Source = Source::new();
    #[cached(shared, lease, timeout = 10, stale = 60, handle)]
    fn load(id: u64) -> Result<u64, String> {
        SOURCE.load().map(|number| id + number)
    }
    let world = World::new();
    let one = world.tiered();
    one.run(|| miss!(load(100), Ok(101)));
    world.advance_secs(10);
    world.store.fail(ErrorKind::Timeout);
    // Nobody told this memory of changes, so what it has may stand in for a load's failure alone.
    one.run(|| miss!(load(100), Ok(102)));
    one.run(|| hit!(load(100), Ok(102)));
}

#[test]
fn an_error_that_is_stored_is_nothing_to_fall_back_on() {
    static SOURCE: Source = Source::new();
    #[cached(shared, timeout = 10, stale = 60, stale_if_error = 60, err_timeout = 5, handle)]
    fn load(id: u64) -> Result<u64, String> {
        SOURCE.load().map(|number| id + number)
    }
    let world = World::new();
    let one = world.process();
    let tiered = world.tiered();
    SOURCE.down(true);
    one.run(|| miss!(load(100), Err("down".into())));
    one.run(|| hit!(load(100), Err("down".into())));
    // From the store into memory, too.
    tiered.run(|| hit!(load(100), Err("down".into())));
    world.advance_secs(5);
    tiered.run(|| miss!(load(100), Err("down".into())));
    world.advance_secs(5);
    SOURCE.down(false);
    one.run(|| assert!(miss!(load(100)).is_ok()));
    let value = one.run(|| hit!(load(100)));
    world.advance_secs(10);
    SOURCE.down(true);
    one.run(|| stale!(load(100), value));
    settle(&one);
    one.run(|| stale!(load(100), value));
}

#[test]
fn a_body_may_name_tags_that_the_store_was_not_asked_for() {
    static LOADS: AtomicU64 = AtomicU64::new(0);
    #[cached(shared, timeout = 100, handle)]
    fn load(id: u64) -> u64 {
        current().add_tag(format!("late:{id}"));
        LOADS.fetch_add(1, Ordering::SeqCst)
    }
    let world = World::new();
    let (one, other) = (world.process(), world.process());
    one.run(|| miss!(load(1)));
    let value = one.run(|| miss!(load(1)));
    one.run(|| hit!(load(1), value));
    other.run(|| hit!(load(1), value));
    other.run(|| invalidate_tag("late:1")).unwrap();
    one.run(|| miss!(load(1), value + 1));
}
