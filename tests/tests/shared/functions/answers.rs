//! Who answers: memory, the store, or the body.

use std::sync::Barrier;
use std::sync::atomic::{AtomicU64, Ordering};
use std::thread;
use std::time::Duration;

use cached_runtime::{MissReason, cached, hit, miss, testing};
use futures_lite::future::{block_on, zip};

use crate::world::{World, from_memory, from_store, loaded, said, say};

#[test]
fn what_one_process_loads_is_a_hit_in_another() {
    #[cached(shared, key = "{id}")]
    fn price(id: u64) -> u64 {
        id + said()
    }

    let world = World::new();
    let (first, second) = (world.process(), world.process());
    say(100);
    assert_eq!(first.run(|| loaded(MissReason::Absent, || price(1))), 101);
    say(200);
    assert_eq!(second.run(|| from_store(|| price(1))), 101);
    assert_eq!(second.run(|| loaded(MissReason::Absent, || price(2))), 202);
    assert_eq!(first.run(|| from_store(|| price(2))), 202);
    // The configured store has no memory in front of it: each hit is the store's.
    assert_eq!(first.run(|| from_store(|| price(1))), 101);
}

#[test]
fn a_task_finds_what_a_thread_has_stored_and_the_other_way_round() {
    #[cached(shared, name = "answers::meeting", key = "{id}")]
    fn on_threads(id: u64) -> u64 {
        id + said()
    }
    #[cached(shared, name = "answers::meeting", key = "{id}")]
    async fn on_tasks(id: u64) -> u64 {
        id + said()
    }

    let world = World::new();
    let (first, second) = (world.process(), world.process());
    say(10);
    assert_eq!(first.run(|| on_threads(1)), 11);
    say(20);
    assert_eq!(block_on(second.run_async(on_tasks(1))), 11);
    assert_eq!(block_on(second.run_async(on_tasks(2))), 22);
    say(30);
    assert_eq!(first.run(|| on_threads(2)), 22);
}

#[test]
fn callers_of_one_process_share_one_look_and_one_load() {
    static LOADS: AtomicU64 = AtomicU64::new(0);
    #[cached(shared, handle)]
    fn slow() -> u64 {
        LOADS.fetch_add(1, Ordering::SeqCst);
        thread::sleep(Duration::from_millis(50));
        7
    }

    let world = World::new();
    let process = world.process();
    let gate = Barrier::new(8);
    thread::scope(|scope| {
        for _ in 0..8 {
            scope.spawn(|| {
                gate.wait();
                assert_eq!(process.run(slow), 7);
            });
        }
    });
    assert_eq!(LOADS.load(Ordering::SeqCst), 1);
    let stats = process.run(|| slow::cache().stats());
    assert_eq!(stats.hits + stats.misses, 8, "{stats:?}");
}

#[test]
fn callers_that_wait_for_a_look_are_hits_as_well() {
    static LOADS: AtomicU64 = AtomicU64::new(0);
    #[cached(shared, handle)]
    async fn found() -> u64 {
        LOADS.fetch_add(1, Ordering::SeqCst);
        3
    }

    let world = World::new();
    let (first, second) = (world.process(), world.process());
    block_on(first.run_async(found()));
    world.store.delay(Duration::from_millis(20));
    let both = block_on(second.run_async(zip(found(), found())));
    assert_eq!((both, LOADS.load(Ordering::SeqCst)), ((3, 3), 1));
    let stats = second.run(|| found::cache().stats());
    assert_eq!((stats.hits, stats.misses, stats.loads), (2, 0, 0), "{stats:?}");
    assert_eq!(world.store.reads(), 2, "one look for both");
}

#[test]
fn nothing_configured_is_memory() {
    #[cached(shared)]
    fn local(n: u64) -> u64 {
        n + said()
    }
    testing::isolated(|| {
        miss!(local(1));
        from_memory(|| local(1));
    });
}

#[test]
fn a_store_by_its_name_is_another_than_the_default() {
    #[cached(store = "other", key = "k")]
    fn elsewhere() -> u64 {
        said()
    }

    let world = World::new();
    let process = world.process();
    // Nothing is bound to that name, so entries stay in memory.
    process.run(|| {
        miss!(elsewhere());
        from_memory(elsewhere);
    });
    assert_eq!((world.store.reads(), world.store.writes()), (0, 0));
}

#[test]
fn memory_in_front_answers_what_was_seen_lately() {
    #[cached(shared, key = "k", timeout = 60)]
    fn configured() -> u64 {
        said()
    }
    #[cached(shared, key = "k", timeout = 60, local = false)]
    fn never() -> u64 {
        said()
    }
    #[cached(shared, key = "k", timeout = 60, local = "10s")]
    fn at_most() -> u64 {
        said()
    }

    let world = World::new();
    let (plain, tiered) = (world.process(), world.tiered());
    say(1);
    tiered.run(|| {
        miss!(configured());
        miss!(never());
        miss!(at_most());
        from_memory(configured);
        from_store(never);
        from_memory(at_most);
    });
    plain.run(|| {
        from_store(configured);
        from_store(configured);
        from_store(at_most);
        from_memory(at_most);
    });
    // Nothing tells this memory of changes, so it answers for five seconds where nobody says more.
    world.advance_secs(5);
    tiered.run(|| {
        from_store(configured);
        from_memory(configured);
        from_memory(at_most);
    });
    world.advance_secs(5);
    tiered.run(|| {
        from_store(configured);
        from_store(at_most);
        from_memory(at_most);
    });
    // Memory never outlives the store's entry.
    world.advance_secs(49);
    say(2);
    tiered.run(|| {
        assert_eq!(from_store(at_most), 1);
        assert_eq!(from_store(configured), 1);
    });
    world.advance_secs(1);
    tiered.run(|| {
        miss!(at_most(), 2);
        miss!(configured(), 2);
        miss!(never(), 2);
    });
}

#[test]
fn a_call_may_force_a_load_or_leave_the_cache_alone() {
    #[cached(shared, handle, key = "{id}", skip(force), refresh = force, unless = id == 0)]
    fn page(id: u64, force: bool) -> u64 {
        let _ = id;
        said()
    }

    let world = World::new();
    let (first, second) = (world.process(), world.process());
    say(1);
    first.run(|| page(1, false));
    say(2);
    assert_eq!(second.run(|| loaded(MissReason::Forced, || page(1, true))), 2);
    assert_eq!(first.run(|| from_store(|| page(1, false))), 2);
    say(3);
    assert_eq!(first.run(|| page::fresh(1, false)), 3);
    assert_eq!(second.run(|| from_store(|| page(1, false))), 3);
    say(4);
    assert_eq!(first.run(|| page::uncached(1, false)), 4);
    assert_eq!(second.run(|| from_store(|| page(1, false))), 3);

    let (reads, writes) = (world.store.reads(), world.store.writes());
    first.run(|| page(0, false));
    assert_eq!((world.store.reads(), world.store.writes()), (reads, writes), "a bypass");
}

#[test]
fn a_forced_load_is_seen_where_memory_holds_the_older_value() {
    #[cached(shared, handle, key = "k")]
    fn page() -> u64 {
        said()
    }

    let world = World::new();
    let tiered = world.tiered();
    tiered.run(|| {
        say(1);
        page();
        say(2);
        assert_eq!(page::fresh(), 2);
        hit!(page(), 2);
    });
}
