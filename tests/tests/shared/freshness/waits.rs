//! How long a call waits for a load of what the store has: `soft_timeout`, `hard_timeout`, and what
//! `max_background` leaves of them.

use cached_runtime::{CacheTimeout, cached, hit, miss, stale};

use super::scene::{Aside, Scene, Stages, aside, both, settle, wait};

/// Turns the clock until a call is over that waits by it.
#[track_caller]
fn passes_until_over<T>(scene: &Scene, call: &Aside<T>) -> T {
    let mut result = None;
    Scene::until(|| {
        scene.world.advance(std::time::Duration::from_millis(500));
        result = call.over();
        result.is_some()
    });
    result.expect("it is over")
}

both! {
    a_soft_timeout_returns_what_the_store_has_and_the_load_goes_on,
    (timeout = 10, stale_if_error = "1d", lead_timeout = "1d", soft_timeout = 2),
    load(id: u64) -> Result<u64, String> { STAGE.result().map(|load| id + load) },
    |scene| {
        scene.one.run(|| miss!(load(100), Ok(101)));
        scene.pass(10);
        // Whether or not memory ever had it.
        for (process, loads) in [(&scene.one, 2), (&scene.newcomer(), 3)] {
            STAGE.close();
            let value = Ok(99 + loads);
            let call = aside(process, || stale!(load(100)));
            STAGE.wait_for(loads);
            call.lingers();
            assert_eq!(passes_until_over(scene, &call), value);
            STAGE.open();
            settle(process);
            process.run(|| hit!(load(100), Ok(100 + loads)));
            scene.newcomer().run(|| hit!(load(100), Ok(100 + loads)));
            scene.pass(10);
        }
    }
}

both! {
    where_the_background_is_full_what_is_there_answers_at_once,
    (timeout = 10, stale = 20, stale_if_error = "1d", lead_timeout = "1d", wait_timeout = "1d",
        soft_timeout = 2, max_background = 1),
    load(id: u64) -> Result<u64, String> { STAGE.result().map(|load| id + load) },
    |scene| {
        let Scene { one, .. } = scene;
        one.run(|| (miss!(load(100), Ok(101)), miss!(load(200), Ok(202))));
        one.run(|| miss!(load(300), Ok(303)));
        scene.pass(10);
        STAGE.close();
        one.run(|| stale!(load(100), Ok(101)));
        STAGE.wait_for(4);
        // No other load is begun in the background.
        one.run(|| stale!(load(200), Ok(202)));
        assert_eq!(STAGE.loads(), 4);
        // Past `stale` nobody would go on with it, so it is not begun either, whoever has the entry.
        scene.pass(20);
        one.run(|| stale!(load(300), Ok(303)));
        assert_eq!(STAGE.loads(), 4);
        STAGE.open();
        settle(one);
        one.run(|| assert_eq!(load(300), Ok(305)));
    }
}

#[test]
fn a_hard_timeout_falls_back_on_what_the_store_has() {
    static STAGE: Stages = Stages::new();
    #[cached(
        shared,
        timeout = 10,
        stale_if_error = "1d",
        stale_if = |_: &Late| false,
        hard_timeout = 5,
        wait_timeout = "1d",
        handle
    )]
    async fn load(id: u64) -> Result<u64, Late> {
        STAGE.enter_async().await;
        Ok(id + STAGE.loads())
    }
    Scene::each(&STAGE, |scene| {
        let Scene { one, .. } = scene;
        // Without any value it is an error.
        STAGE.close();
        let call = aside(one, || miss!(wait(load(100))));
        STAGE.wait_for(1);
        assert_eq!(passes_until_over(scene, &call), Err(Late));
        STAGE.open();
        one.run(|| miss!(wait(load(100)), Ok(102)));
        scene.pass(10);
        for (process, loads) in [(one, 3), (&scene.newcomer(), 4)] {
            STAGE.close();
            let call = aside(process, || stale!(wait(load(100))));
            STAGE.wait_for(loads);
            assert_eq!(passes_until_over(scene, &call), Ok(102));
            // It is a failure: the next attempt waits.
            process.run(|| stale!(wait(load(100)), Ok(102)));
            assert_eq!(STAGE.loads(), loads);
            STAGE.open();
        }
        scene.pass(10);
        one.run(|| miss!(wait(load(100)), Ok(105)));
    });
}

#[derive(Clone, Debug, PartialEq)]
struct Late;

impl From<CacheTimeout> for Late {
    fn from(_: CacheTimeout) -> Self {
        Self
    }
}

#[test]
fn a_hard_timeout_ends_loads_in_the_background_and_gives_their_lease_back() {
    static STAGE: Stages = Stages::new();
    #[cached(shared, lease, timeout = 10, stale = "1d", hard_timeout = 5, on_timeout = 7, handle)]
    async fn load(id: u64) -> u64 {
        STAGE.enter_async().await;
        id + STAGE.loads()
    }
    Scene::each(&STAGE, |scene| {
        let Scene { one, other, .. } = scene;
        one.run(|| miss!(wait(load(100)), 101));
        scene.pass(10);
        STAGE.close();
        one.run(|| stale!(wait(load(100)), 101));
        STAGE.wait_for(2);
        let settles = aside(one, cached_runtime::testing::settle);
        passes_until_over(scene, &settles);
        STAGE.open();
        // Another process need not wait for the end of the lease.
        other.run(|| stale!(wait(load(100)), 101));
        settle(other);
        other.run(|| hit!(wait(load(100)), 103));
        scene.newcomer().run(|| hit!(wait(load(100)), 103));
    });
}

both! {
    where_the_background_is_full_memory_hides_no_invalidation,
    (timeout = 10, stale = 20, stale_if_error = "1d", lead_timeout = "1d", soft_timeout = 2,
        max_background = 1),
    load(id: u64) -> Result<u64, String> { STAGE.result().map(|load| id + load) },
    |scene| {
        let Scene { one, other, .. } = scene;
        one.run(|| (miss!(load(100), Ok(101)), miss!(load(200), Ok(202))));
        scene.pass(10);
        STAGE.close();
        one.run(|| stale!(load(100), Ok(101)));
        STAGE.wait_for(3);
        assert!(other.run(|| load::entry(200).invalidate()).unwrap());
        let call = aside(one, || miss!(load(200)));
        STAGE.wait_for(4);
        STAGE.open();
        assert_eq!(call.join(), Ok(204));
    }
}

#[test]
fn a_store_that_hangs_takes_no_result_from_a_call_in_time() {
    static STAGE: Stages = Stages::new();
    #[cached(shared, timeout = 10, hard_timeout = 5, wait_timeout = "1d", handle)]
    async fn load(id: u64) -> Result<u64, Late> {
        STAGE.enter_async().await;
        Ok(id + STAGE.loads())
    }
    Scene::each(&STAGE, |scene| {
        let Scene { one, world, .. } = scene;
        STAGE.close();
        let lead = aside(one, || miss!(wait(load(100))));
        STAGE.wait_for(1);
        world.store.hang();
        STAGE.open();
        // Its body has ended, and the store is not awaited beyond the time of the call.
        assert_eq!(passes_until_over(scene, &lead), Ok(101));
        world.store.heal();
    });
}

both! {
    a_forced_load_is_made_whatever_the_store_has,
    (timeout = 10, stale_if_error = "1d", soft_timeout = 2),
    load(id: u64) -> Result<u64, String> { STAGE.result().map(|load| id + load) },
    |scene| {
        scene.one.run(|| {
            miss!(load(100), Ok(101));
            miss!(done(load::fresh(100)), Ok(102));
            hit!(load(100), Ok(102));
        });
    }
}
