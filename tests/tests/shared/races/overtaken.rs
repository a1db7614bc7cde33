//! What was overtaken while it was loaded is stored nowhere.

use std::pin::pin;

use cached_runtime::testing::Isolation;
use cached_runtime::{cached, hit, miss, registry};
use futures_lite::future::block_on;

use crate::world::{World, held, hold, said, say, starts};

#[cached(shared, handle, name = "races::plain", key = "{id}", timeout = 60)]
async fn plain(id: u64) -> u64 {
    let value = id + said();
    held().await;
    value
}

#[cached(shared, handle, name = "races::leased", key = "{id}", timeout = 60, lease = "10s")]
async fn leased(id: u64) -> u64 {
    let value = id + said();
    held().await;
    value
}

/// Overtakes a load of `f(1)` that is under way in one process by something in another, and
/// expects that its value is used by nobody who calls afterwards.
macro_rules! overtaken {
    ($f:ident, $pair:expr, $overtake:expr) => {
        overtaken!($f, $pair, 0, $overtake)
    };
    ($f:ident, $pair:expr, $untold_secs:expr, $overtake:expr) => {{
        let world = World::new();
        let (first, second) = $pair(&world);
        say(100);
        hold(true);
        let mut load = pin!(first.run_async($f(1)));
        starts(load.as_mut());
        hold(false);
        say(200);
        second.run($overtake);
        assert_eq!(block_on(load), 101, "who asked before gets what was loaded");
        world.advance_secs($untold_secs);
        for process in [&first, &second] {
            let value = block_on(process.run_async($f(1)));
            assert_ne!(value, 101, "an overtaken value was stored");
        }
        // And it stays so: both see the one newer value.
        for process in [&first, &second] {
            process.run(|| assert_ne!(hit!(block_on($f(1))), 101));
        }
    }};
}

type Pair = fn(&World) -> (Isolation, Isolation);

/// The process that loads, and the one that overtakes it.
fn pairs() -> [Pair; 3] {
    [
        |world| (world.process(), world.process()),
        |world| (world.tiered(), world.tiered()),
        |world| {
            let one = world.tiered();
            (one.clone(), one)
        },
    ]
}

macro_rules! overtaken_by_everything {
    ($f:ident) => {
        for (idx, pair) in pairs().into_iter().enumerate() {
            overtaken!($f, pair, || assert!($f::entry(1).invalidate().is_ok()));
            overtaken!($f, pair, || assert!($f::entry(1).expire().is_ok()));
            overtaken!($f, pair, || $f::entry(1).put(7).unwrap());
            // This store carries no messages, so what clears all is seen by other memory later.
            let untold_secs = if idx == 1 { 5 } else { 0 };
            overtaken!($f, pair, untold_secs, || $f::cache().clear().unwrap());
            overtaken!($f, pair, untold_secs, || {
                let name = $f::cache().name();
                // The registry lists what was called.
                block_on($f(2));
                registry::handle(&name).unwrap().clear();
            });
        }
    };
}

#[test]
fn a_load_without_a_lease() {
    overtaken_by_everything!(plain);
}

#[test]
fn a_load_with_a_lease() {
    overtaken_by_everything!(leased);
}

#[test]
fn what_was_put_stays() {
    let world = World::new();
    let (first, second) = (world.process(), world.tiered());
    hold(true);
    say(0);
    let mut load = pin!(first.run_async(plain(1)));
    starts(load.as_mut());
    second.run(|| plain::entry(1).put(7)).unwrap();
    hold(false);
    assert_eq!(block_on(load), 1);
    for process in [&first, &second] {
        process.run(|| hit!(block_on(plain(1)), 7));
    }
}

#[test]
fn a_newer_load_of_another_process_beats_an_older_one() {
    let world = World::new();
    let (first, second) = (world.tiered(), world.tiered());
    hold(true);
    say(0);
    let mut load = pin!(first.run_async(plain(1)));
    starts(load.as_mut());
    hold(false);
    say(10);
    second.run(|| miss!(block_on(plain(1)), 11));
    assert_eq!(block_on(load), 1);
    for process in [&first, &second] {
        process.run(|| hit!(block_on(plain(1)), 11));
    }
}

#[test]
fn a_load_that_outlives_the_tombstone_of_its_key_is_stored_nowhere() {
    #[cached(shared, handle, key = "k", lead_timeout = "20s")]
    async fn slow() -> u64 {
        let value = said();
        held().await;
        value
    }

    let world = World::new();
    let (first, second) = (world.tiered(), world.process());
    hold(true);
    say(1);
    let mut load = pin!(first.run_async(slow()));
    starts(load.as_mut());
    second.run(|| slow::entry().invalidate()).unwrap();
    world.advance_secs(3_600);
    hold(false);
    say(2);
    assert_eq!(block_on(load), 1);
    for process in [&first, &second] {
        process.run(|| assert_eq!(block_on(slow()), 2));
    }
}

#[test]
fn a_load_that_is_not_too_long_meets_the_tombstone() {
    let world = World::new();
    let (first, second) = (world.tiered(), world.process());
    hold(true);
    say(1);
    let mut load = pin!(first.run_async(plain(1)));
    starts(load.as_mut());
    second.run(|| plain::entry(1).invalidate()).unwrap();
    world.advance_secs(59);
    hold(false);
    say(10);
    assert_eq!(block_on(load), 2);
    for process in [&first, &second] {
        process.run(|| assert_eq!(block_on(plain(1)), 11));
    }
}
