//! What is counted: every call once, in one of four counters, also where it was cancelled.

use std::future::{Future, pending};
use std::pin::pin;
use std::task::{Context, Poll, Waker};
use std::thread;

use cached_runtime::testing::FaultyStore;
use cached_runtime::{ErrorKind, MissReason, Stats, cached, hit, miss};
use futures_lite::future::block_on;

use crate::world::{World, from_store, loaded, said};

fn calls(stats: &Stats) -> u64 {
    stats.hits + stats.stale_hits + stats.misses + stats.bypasses
}

#[test]
fn hits_of_the_store_are_hits_and_misses_of_memory_alone_are_none() {
    #[cached(shared, handle, key = "{n}")]
    fn f(n: u64) -> u64 {
        n
    }

    let world = World::new();
    let (first, second) = (world.process(), world.process());
    first.run(|| {
        f(1);
        f(1);
        f(2);
        f::uncached(3);
        f::fresh(1);
        let stats = f::cache().stats();
        assert_eq!((stats.hits, stats.misses, stats.bypasses), (1, 3, 1), "{stats:?}");
        assert_eq!((stats.loads, calls(&stats)), (4, 5), "{stats:?}");
        assert_eq!((stats.entries, stats.store_errors), (0, 0), "{stats:?}");
    });
    second.run(|| {
        f(1);
        f(2);
        f(3);
        let stats = f::cache().stats();
        assert_eq!((stats.hits, stats.misses, stats.loads), (2, 1, 1), "{stats:?}");
    });
}

#[test]
fn a_call_inside_its_own_load_is_counted_once() {
    #[cached(shared, handle, key = "{n}", skip(depth))]
    fn nested(n: u64, depth: u64) -> u64 {
        if depth == 0 { n } else { nested(n, depth - 1) }
    }

    let world = World::new();
    world.process().run(|| {
        nested(1, 3);
        let stats = nested::cache().stats();
        assert_eq!((calls(&stats), stats.misses, stats.loads), (4, 4, 4), "{stats:?}");
    });
}

#[test]
fn a_call_that_finds_an_entry_on_its_way_is_counted_once() {
    #[cached(shared, handle)]
    fn f() -> u64 {
        said()
    }

    let world = World::new();
    let process = world.tiered();
    let callers = 4;
    let rounds = 2_000;
    thread::scope(|scope| {
        for _ in 0..callers {
            scope.spawn(|| {
                process.run(|| {
                    for _ in 0..rounds {
                        f();
                        f::cache().clear().unwrap();
                    }
                });
            });
        }
    });
    let stats = process.run(|| f::cache().stats());
    assert_eq!(calls(&stats), callers * rounds, "{stats:?}");
}

#[test]
fn cancelled_calls_are_counted_whatever_they_waited_for() {
    #[cached(shared, handle, key = "{n}")]
    async fn f(n: u64) -> u64 {
        if n == 0 {
            pending::<()>().await;
        }
        n
    }

    let poll_once = |future: &mut dyn FnMut(&mut Context<'_>) -> Poll<u64>| {
        assert!(future(&mut Context::from_waker(Waker::noop())).is_pending());
    };
    let world = World::new();
    let process = world.process();
    process.run(|| {
        // During the body, and behind one that is.
        {
            let mut lead = pin!(f(0));
            poll_once(&mut |context| lead.as_mut().poll(context));
            let mut follower = pin!(f(0));
            poll_once(&mut |context| follower.as_mut().poll(context));
        }
        let stats = f::cache().stats();
        assert_eq!((calls(&stats), stats.misses, stats.loads), (2, 2, 1), "{stats:?}");

        // During the look at the store, and behind it.
        world.store.hang();
        {
            let mut lead = pin!(f(1));
            poll_once(&mut |context| lead.as_mut().poll(context));
            let mut follower = pin!(f(1));
            poll_once(&mut |context| follower.as_mut().poll(context));
        }
        world.store.heal();
        let stats = f::cache().stats();
        assert_eq!((calls(&stats), stats.loads), (4, 1), "{stats:?}");

        // Never polled: no call.
        drop(f(2));
        assert_eq!(calls(&f::cache().stats()), 4);
    });
    // Nothing of it stands in the way of the next.
    assert_eq!(block_on(process.run_async(f(1))), 1);
}

#[test]
fn panics_and_errors_are_counted_as_those_of_local_functions() {
    #[cached(shared, handle, key = "{n}")]
    fn f(n: u64) -> Result<u64, String> {
        match n {
            0 => panic!("as asked"),
            1 => Err("as asked".into()),
            n => Ok(n),
        }
    }

    let world = World::new();
    let process = world.process();
    let panicked = thread::scope(|scope| scope.spawn(|| process.run(|| f(0))).join().is_err());
    assert!(panicked);
    process.run(|| {
        f(1).unwrap_err();
        f(2).unwrap();
        let stats = f::cache().stats();
        assert_eq!((stats.loads, stats.load_errors, stats.misses), (3, 2, 3), "{stats:?}");
    });
}

#[test]
fn a_call_says_why_the_store_had_no_answer() {
    #[cached(shared, handle, key = "k", timeout = 60)]
    fn f() -> u64 {
        said()
    }

    let world = World::new();
    let (first, second) = (world.process(), world.process());
    first.run(|| loaded(MissReason::Absent, f));
    first.run(|| f::entry().invalidate()).unwrap();
    second.run(|| loaded(MissReason::Invalidated, f));
    first.run(|| f::cache().clear()).unwrap();
    second.run(|| loaded(MissReason::Invalidated, f));
    second.run(|| from_store(f));
    second.run(|| loaded(MissReason::Forced, f::fresh));
    for spoil in [FaultyStore::truncate, FaultyStore::corrupt] {
        spoil(&world.store);
        second.run(|| miss!(f()));
        world.store.heal();
        second.run(|| {
            // What was spoiled on its way may be there still, or be replaced.
            f();
            hit!(f());
        });
    }
    world.store.fail(ErrorKind::Refused);
    second.run(|| loaded(MissReason::Absent, f));
    let stats = second.run(|| f::cache().stats());
    assert!(stats.store_errors >= 2, "{stats:?}");
}

#[test]
fn a_disabled_cache_asks_no_store() {
    #[cached(shared, handle, key = "k")]
    fn f() -> u64 {
        said()
    }

    let world = World::new();
    world.process().run(|| {
        f();
        let asked = (world.store.reads(), world.store.writes());
        f::cache().disable();
        f();
        assert_eq!(f::cache().stats().bypasses, 1);
        assert_eq!((world.store.reads(), world.store.writes()), asked);
        f::cache().enable();
        hit!(f());
        miss!(f::fresh());
    });
}
