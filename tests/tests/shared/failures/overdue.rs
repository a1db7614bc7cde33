//! Invalidations that the store could not be told of: said to the caller, and made up for.

use std::sync::Arc;
use std::thread;
use std::time::Duration;

use cached_runtime::store::{RedisOptions, RedisStore};
use cached_runtime::testing::FaultyStore;
use cached_runtime::{ErrorKind, StoreConfig, cached, hit, invalidates, miss};
use cached_tests::servers::{Redis, wait_until};
use futures_lite::future::block_on;

use super::trial::Trial;
use crate::world::{World, made_up, said, say};

#[cached(shared, handle, key = "{id}", timeout = 3_600)]
fn user(id: u64) -> u64 {
    id + said()
}

#[test]
fn an_invalidation_that_failed_is_made_up_for() {
    for kind in [ErrorKind::Unavailable, ErrorKind::Timeout, ErrorKind::Refused] {
        let world = World::new();
        let (first, second) = (world.process(), world.process());
        say(100);
        first.run(|| (user(1), user(2)));
        world.store.fail(kind);
        let error = first.run(|| user::entry(1).invalidate()).unwrap_err();
        assert_eq!(error.kind(), kind);
        say(200);
        first.run(|| miss!(user(1), 201));
        world.store.heal();
        // Whether or not it is made up for by now, this process reads none of what was there.
        first.run(|| {
            assert_ne!(user::entry(1).peek().unwrap_or(None), Some(101));
            assert_eq!(user(1), 201);
        });
        made_up(&world, || second.run(|| user::entry(1).peek().unwrap() != Some(101)));
        made_up(&world, || first.run(|| user(2) == 102));
        second.run(|| {
            assert_eq!(user(1), 201);
            hit!(user(2), 102);
        });
        made_up(&world, || first.run(|| user::entry(1).peek().unwrap() == Some(201)));
    }
}

#[test]
fn so_is_one_from_a_task() {
    let world = World::new();
    let (first, second) = (world.process(), world.process());
    say(100);
    first.run(|| user(1));
    world.store.fail(ErrorKind::Timeout);
    block_on(first.run_async(async {
        user::entry(1).invalidate_async().await.unwrap_err();
        user::cache().clear_async().await.unwrap_err();
    }));
    world.store.heal();
    made_up(&world, || second.run(|| user::entry(1).peek().unwrap().is_none()));
}

#[test]
fn a_clear_that_failed_is_made_up_for() {
    let world = World::new();
    let (first, second) = (world.tiered(), world.process());
    say(100);
    first.run(|| (user(1), user(2)));
    world.store.fail(ErrorKind::Unavailable);
    first.run(|| user::cache().clear()).unwrap_err();
    say(200);
    first.run(|| miss!(user(1), 201));
    world.store.heal();
    first.run(|| {
        assert_eq!(user(1), 201);
        assert_eq!(user(2), 202);
        assert_ne!(user::entry(2).peek().unwrap_or(None), Some(102));
    });
    made_up(&world, || second.run(|| user::entry(1).peek().unwrap() != Some(101)));
    second.run(|| assert_ne!(user(2), 102));
}

#[test]
fn a_put_that_failed_leaves_nothing_older() {
    let world = World::new();
    let (first, second) = (world.tiered(), world.process());
    say(100);
    first.run(|| user(1));
    world.store.fail(ErrorKind::Timeout);
    first.run(|| user::entry(1).put(7)).unwrap_err();
    world.store.heal();
    say(200);
    first.run(|| assert_eq!(user(1), 201));
    made_up(&world, || second.run(|| user::entry(1).peek().unwrap() != Some(101)));
}

#[test]
fn a_function_that_invalidates_is_not_kept_from_its_result() {
    #[invalidates(user::entry(id))]
    fn rename(id: u64) -> u64 {
        id
    }
    #[invalidates(user::cache())]
    async fn rename_all() -> u64 {
        7
    }

    let world = World::new();
    let (first, second) = (world.process(), world.process());
    say(100);
    first.run(|| (user(1), user(2)));
    world.store.fail(ErrorKind::Refused);
    first.run(|| assert_eq!(rename(1), 1));
    assert_eq!(block_on(first.run_async(rename_all())), 7);
    world.store.heal();
    made_up(&world, || {
        let gone = |id| user::entry(id).peek().unwrap().is_none();
        second.run(|| gone(1) && gone(2))
    });
}

#[test]
fn one_of_many_is_made_up_for_as_one_of_all() {
    let world = World::new();
    let (first, second) = (world.process(), world.process());
    say(0);
    first.run(|| (0..20).map(user).collect::<Vec<_>>());
    world.store.fail(ErrorKind::Refused);
    first.run(|| {
        // More than are kept one by one.
        for id in 0..10_100 {
            user::entry(id).invalidate().unwrap_err();
        }
    });
    world.store.heal();
    say(100);
    first.run(|| assert_eq!(user(3), 103));
    made_up(&world, || {
        second.run(|| (0..20).all(|id| user::entry(id).peek().unwrap() != Some(id)))
    });
}

#[test]
fn other_processes_are_told_once_it_is_made_up_for() {
    let redis = Redis::start();
    let store = RedisStore::new(RedisOptions::new(redis.url()).prefix("cached:")).unwrap();
    let faulty = FaultyStore::new(store);
    let failing = Trial::of(StoreConfig::custom(Arc::new(faulty.clone())).tiered());
    let other = Trial::of(StoreConfig::redis(redis.url()).prefix("cached:").tiered());
    say(100);
    failing.process.run(|| user(1));
    other.process.run(|| user(1));
    wait_until("both listen", || {
        let listeners = redis.cli(&["PUBSUB", "NUMSUB", "cached:bus:0"]);
        listeners.lines().last() == Some("2")
    });
    // As of a server that is full: messages go through, and changes do not.
    faulty.fail(ErrorKind::Refused);
    failing.process.run(|| user::entry(1).invalidate()).unwrap_err();
    say(200);
    // The other process is told, and finds in the store what is there still.
    for _ in 0..20 {
        other.process.run(|| hit!(user(1), 101));
        thread::sleep(Duration::from_millis(100));
    }
    faulty.heal();
    wait_until("the other process sees it", || other.process.run(|| user(1)) == 201);
}
