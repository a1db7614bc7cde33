//! Tags of shared entries: invalidated in one process, and for all; in whatever order things happen,
//! and whatever the store loses.

use std::pin::pin;

use cached_runtime::store::Store as _;
use cached_runtime::testing::Isolation;
use cached_runtime::testing::conformance::wait;
use cached_runtime::{
    Cache, ErrorKind, MissReason, cached, hit, invalidate_tag, invalidate_tag_async, invalidates,
    miss,
};
use futures_lite::future::block_on;

use crate::script::Script;
use crate::world::{
    World, from_memory, from_store, held, hold, loaded, made_up, said, say, starts,
};

#[cached(shared, handle, key = "{id}", timeout = 3_600, tags("user:{id}", "users"))]
fn user(id: u64) -> u64 {
    id + said()
}

#[cached(shared, handle, key = "{id}", timeout = 3_600, tags("named:{id}", |value| [format!("value:{value}"), "valued".into()]))]
fn named(id: u64) -> u64 {
    id + said()
}

#[cached(shared, handle, key = "k", timeout = 3_600, tags("static", |_: &u64| ["of the value"]))]
async fn slow() -> u64 {
    let value = said();
    held().await;
    value
}

#[cached(shared, handle, key = "k", timeout = 3_600, lease = "10s", tags("static", |_: &u64| ["of the value"]))]
async fn leased() -> u64 {
    let value = said();
    held().await;
    value
}

#[test]
fn an_invalidated_tag_is_a_miss_in_every_process_and_other_entries_stay() {
    let world = World::new();
    let (first, second) = (world.process(), world.process());
    say(100);
    let all = || ((user(1), user(2)), (named(1), named(2)));
    first.run(all);
    second.run(|| {
        invalidate_tag("user:1").unwrap();
        assert_eq!(loaded(MissReason::Tag, || user(1)), 101);
        assert_eq!(from_store(|| user(2)), 102);
    });
    second.run(|| Cache::named("default").invalidate_tag("value:102")).unwrap();
    first.run(|| {
        from_store(|| user(1));
        assert_eq!(from_store(|| named(1)), 101);
        assert_eq!(loaded(MissReason::Tag, || named(2)), 102);
    });
    block_on(first.run_async(invalidate_tag_async("users"))).unwrap();
    second.run(|| {
        assert_eq!(user::entry(1).peek().unwrap(), None);
        assert_eq!(user::entry(1).age().unwrap(), None);
        loaded(MissReason::Tag, || user(1));
        loaded(MissReason::Tag, || user(2));
        from_store(|| named(1));
        for tag in ["", "user", "unheard", "valued:"] {
            invalidate_tag(tag).unwrap();
        }
        from_store(|| user(1));
        from_store(|| named(1));
        invalidate_tag("valued").unwrap();
        loaded(MissReason::Tag, || named(1));
        let stats = named::cache().stats();
        assert_eq!((stats.hits, stats.misses, stats.loads), (2, 1, 1), "{stats:?}");
    });
}

#[test]
fn a_function_that_invalidates_tells_every_process() {
    #[invalidates(tags("user:{id}", "value:101"))]
    async fn rename(id: u64) {}

    let world = World::new();
    let (first, second) = (world.tiered(), world.process());
    say(100);
    first.run(|| (user(1), named(1)));
    block_on(first.run_async(rename(1)));
    for process in [&second, &first] {
        process.run(|| {
            assert_eq!(user::entry(1).peek().unwrap(), None);
            assert_eq!(named::entry(1).peek().unwrap(), None);
        });
    }
    first.run(|| loaded(MissReason::Tag, || user(1)));
}

#[test]
fn what_was_put_carries_its_tags() {
    for tag in ["named:1", "value:7", "valued"] {
        let world = World::new();
        let (first, second) = (world.tiered(), world.process());
        first.run(|| named::entry(1).put(7)).unwrap();
        assert_eq!(second.run(|| from_store(|| named(1))), 7);
        second.run(|| invalidate_tag("value:8")).unwrap();
        first.run(|| {
            assert_eq!(from_memory(|| named(1)), 7);
            invalidate_tag(tag).unwrap();
            assert_eq!(named::entry(1).peek().unwrap(), None);
        });
        second.run(|| loaded(MissReason::Tag, || named(1)));
    }
}

/// A store, and two processes around it.
type Pair = fn() -> (Script, Isolation, Isolation);

/// Processes that meet, for every way that they may have memory and hear of one another.
fn pairs() -> [Pair; 4] {
    [
        || {
            let script = Script::new();
            let (first, second) = (script.process(), script.process());
            (script, first, second)
        },
        || {
            let script = Script::new();
            let one = script.tiered();
            (script, one.clone(), one)
        },
        || {
            let script = Script::with_bus();
            let (first, second) = (script.tiered(), script.tiered());
            (script, first, second)
        },
        || {
            let script = Script::with_bus();
            let (first, second) = (script.process(), script.tiered());
            (script, first, second)
        },
    ]
}

/// Makes `call` in one process while the other changes what bodies read, and then says so by `tag`:
/// before each operation of the store in turn. Whoever calls `again` then sees nothing from before.
fn meets_an_invalidation(tag: &'static str, call: fn() -> u64, again: fn() -> u64) {
    for (idx, pair) in pairs().into_iter().enumerate() {
        for is_warm in [false, true] {
            for step in 0.. {
                assert!(step < 100, "a call needs no such number of operations");
                let (script, first, second) = pair();
                say(0);
                if is_warm {
                    second.run(call);
                    first.run(call);
                    second.run(|| invalidate_tag(tag)).unwrap();
                }
                say(1);
                let process = second.clone();
                let change = move || {
                    say(2);
                    process.run(|| invalidate_tag(tag)).unwrap();
                };
                if !script.meanwhile(step, change, || _ = first.run(call)) {
                    assert!(step > 5, "the call asked the store for too little: {step}");
                    break;
                }
                for process in [&second, &first, &second] {
                    let seen = process.run(again);
                    assert_eq!(seen, 2, "{tag} at step {step} of pair {idx}, warm: {is_warm}");
                }
                first.run(|| hit!(again(), 2));
            }
        }
    }
}

#[test]
fn a_load_meets_an_invalidation_in_every_order() {
    for tag in ["static", "of the value"] {
        let plain = || block_on(slow());
        let with_lease = || block_on(leased());
        meets_an_invalidation(tag, plain, plain);
        meets_an_invalidation(tag, with_lease, with_lease);
        meets_an_invalidation(tag, || block_on(slow::fresh()), plain);
    }
}

#[test]
fn an_invalidation_meets_the_end_of_a_load_in_every_order() {
    for (idx, pair) in pairs().into_iter().enumerate() {
        for tag in ["static", "of the value"] {
            for step in 0.. {
                assert!(step < 100, "an invalidation needs no such number of operations");
                let (script, first, second) = pair();
                say(1);
                hold(true);
                let process = first.clone();
                let mut load = Box::pin(async move { process.run_async(slow()).await });
                starts(load.as_mut());
                hold(false);
                say(2);
                let invalidate = || second.run(|| invalidate_tag(tag)).unwrap();
                if !script.meanwhile(step, || assert_eq!(block_on(load), 1), invalidate) {
                    assert!(step > 1, "the invalidation asked the store for too little: {step}");
                    break;
                }
                for process in [&second, &first, &second] {
                    let seen = process.run(|| block_on(slow()));
                    assert_eq!(seen, 2, "{tag} at step {step} of pair {idx}");
                }
            }
        }
    }
}

#[test]
fn a_put_is_not_refused_for_what_is_invalidated_meanwhile() {
    for pair in pairs() {
        for tag in ["another", "named:1", "value:7"] {
            for step in 0.. {
                let (script, first, second) = pair();
                let process = second.clone();
                let change = move || process.run(|| invalidate_tag(tag)).unwrap();
                let put = || first.run(|| named::entry(1).put(7)).unwrap();
                if !script.meanwhile(step, change, put) {
                    assert!(step > 3, "it asked the store for too little: {step}");
                    break;
                }
                if tag == "another" {
                    second.run(|| assert_eq!(hit!(named(1)), 7));
                }
            }
        }
    }
}

#[test]
fn an_invalidation_of_another_tag_costs_no_entry_whose_tags_are_known() {
    #[cached(shared, key = "k", tags("known"))]
    async fn known() -> u64 {
        let value = said();
        held().await;
        value
    }
    let world = World::new();
    let (first, second) = (world.process(), world.process());
    hold(true);
    say(1);
    let mut load = pin!(first.run_async(known()));
    starts(load.as_mut());
    second.run(|| invalidate_tag("another")).unwrap();
    hold(false);
    assert_eq!(block_on(load), 1);
    second.run(|| hit!(block_on(known()), 1));
}

/// Takes records from the store, as one does that is short of room.
fn lose(world: &World, keys: &[&str]) {
    for key in keys {
        wait(world.store.delete(key)).unwrap();
    }
}

#[test]
fn what_was_tagged_does_not_outlive_the_records_of_its_tags() {
    #[cached(shared, handle, key = "k", timeout = 3_600, tags("one", |_: &u64| ["two"]))]
    fn tagged() -> u64 {
        said()
    }
    for lost in ["t:one:", "t:two:"] {
        let world = World::new();
        let (first, second) = (world.process(), world.process());
        say(1);
        first.run(tagged);
        lose(&world, &[lost]);
        say(2);
        assert_eq!(second.run(|| loaded(MissReason::Tag, tagged)), 2);
        // The record is there again, and is another one.
        lose(&world, &[lost]);
        say(3);
        first.run(|| {
            assert_eq!(tagged::entry().peek().unwrap(), None);
            assert_eq!(loaded(MissReason::Tag, tagged), 3);
        });
        second.run(|| hit!(tagged(), 3));
    }
}

#[test]
fn a_store_that_loses_records_during_a_load_revives_nothing() {
    for keys in
        [&["t"][..], &["t:static:"], &["t:of-the-value:"], &["t", "t:static:", "t:of-the-value:"]]
    {
        for tag in ["static", "of-the-value"] {
            for is_warm in [false, true] {
                #[cached(shared, key = "k", timeout = 3_600, tags("static", |_: &u64| ["of-the-value"]))]
                async fn load() -> u64 {
                    let value = said();
                    held().await;
                    value
                }
                let world = World::new();
                let (first, second) = (world.process(), world.process());
                if is_warm {
                    second.run(|| block_on(load()));
                    second.run(|| invalidate_tag("static")).unwrap();
                }
                hold(true);
                say(1);
                let mut under_way = pin!(first.run_async(load()));
                starts(under_way.as_mut());
                hold(false);
                say(2);
                second.run(|| invalidate_tag(tag)).unwrap();
                lose(&world, keys);
                assert_eq!(block_on(under_way), 1);
                for process in [&second, &first] {
                    let seen = process.run(|| block_on(load()));
                    assert_eq!(seen, 2, "{tag}, without {keys:?}, warm: {is_warm}");
                }
            }
        }
    }
}

#[test]
fn an_invalidation_that_the_store_missed_is_said_and_made_up_for() {
    for kind in [ErrorKind::Unavailable, ErrorKind::Timeout, ErrorKind::Refused] {
        for (tag, call) in [("users", user as fn(u64) -> u64), ("valued", named)] {
            let world = World::new();
            let (first, second) = (world.tiered(), world.process());
            say(100);
            first.run(|| call(1));
            world.store.fail(kind);
            assert_eq!(first.run(|| invalidate_tag(tag)).unwrap_err().kind(), kind);
            say(200);
            first.run(|| miss!(call(1), 201));
            world.store.heal();
            // Whether or not it is made up for by now, this process reads none of what was there.
            first.run(|| assert_eq!(call(1), 201));
            made_up(&world, || second.run(|| call(1)) == 201);
            made_up(&world, || first.run(|| call(1)) == 201);
        }
    }
}

#[test]
fn memory_of_another_process_hears_of_it() {
    #[cached(handle, tags("users"))]
    fn unshared() -> u64 {
        said()
    }
    let script = Script::with_bus();
    let (first, second) = (script.tiered(), script.tiered());
    say(100);
    for process in [&first, &second] {
        process.run(|| {
            let _ = (user(1), user(2), named(1), unshared());
            assert_eq!(from_memory(|| user(1)), 101);
        });
    }
    second.run(|| invalidate_tag("user:1")).unwrap();
    say(200);
    first.run(|| {
        assert_eq!(loaded(MissReason::Tag, || user(1)), 201);
        assert_eq!(from_memory(|| user(2)), 102);
        assert_eq!(from_memory(|| named(1)), 101);
    });
    first.run(|| invalidate_tag("valued")).unwrap();
    second.run(|| {
        assert_eq!(from_store(|| user(1)), 201);
        assert_eq!(loaded(MissReason::Tag, || named(1)), 201);
    });
    second.run(|| invalidate_tag("users")).unwrap();
    first.run(|| {
        assert_eq!(loaded(MissReason::Tag, || user(2)), 202);
        assert_eq!(loaded(MissReason::Tag, unshared), 200);
    });
}
