//! `err_timeout` and `none_timeout` in a store: beside values that are still of use, and by
//! themselves.

use cached_runtime::{cached, expire_tag, hit, miss, stale};

use super::scene::{Scene, Stages, both, settle, wait};

both! {
    an_error_never_takes_the_place_of_what_is_stale,
    (timeout = 10, stale = 20, stale_if_error = 60, err_timeout = 5,
        stale_if = |error: &String| !error.contains("down 3")),
    load(id: u64) -> Result<u64, String> { STAGE.result().map(|load| id + load) },
    |scene| {
        let Scene { one, other, .. } = scene;
        one.run(|| miss!(load(100), Ok(101)));
        scene.pass(10);
        STAGE.fail(true);
        one.run(|| stale!(load(100), Ok(101)));
        settle(one);
        other.run(|| assert_eq!(load::entry(100).peek().unwrap(), Some(Ok(101))));
        scene.pass(20);
        // Of an error that does not fall back the caller hears, and nothing is stored.
        other.run(|| miss!(load(100), Err("down 3".into())));
        scene.newcomer().run(|| stale!(load(100), Ok(101)));
        scene.pass(40);
        // Past everything it is stored, for as long as it may.
        let late = scene.newcomer();
        late.run(|| miss!(load(100), Err("down 5".into())));
        scene.pass(4);
        late.run(|| hit!(load(100), Err("down 5".into())));
        one.run(|| hit!(load(100), Err("down 5".into())));
        scene.pass(1);
        // For who took it from the store as well, and nothing to be stale.
        one.run(|| miss!(load(100), Err("down 6".into())));
    }
}

both! {
    a_none_never_takes_the_place_of_what_is_stale,
    (timeout = 10, stale = 20, stale_if_error = 60, none_timeout = 5),
    load(id: u64) -> Option<u64> { STAGE.result().ok().map(|load| id + load) },
    |scene| {
        let Scene { one, .. } = scene;
        one.run(|| miss!(load(100), Some(101)));
        scene.pass(10);
        STAGE.fail(true);
        for _ in 0..2 {
            one.run(|| stale!(load(100), Some(101)));
            settle(one);
        }
        assert_eq!(STAGE.loads(), 2);
        scene.pass(60);
        one.run(|| miss!(load(100), None));
        scene.newcomer().run(|| hit!(load(100), None));
        scene.pass(5);
        one.run(|| miss!(load(100), None));
    }
}

both! {
    an_error_that_is_expired_is_nothing_to_be_stale,
    (timeout = 100, stale = 20, stale_if_error = 60, err_timeout = 100, tags("all")),
    load(id: u64) -> Result<u64, String> { STAGE.result().map(|load| id + load) },
    |scene| {
        let Scene { one, other, .. } = scene;
        let ways: [fn(); 2] =
            [|| _ = load::entry(100).expire().unwrap(), || expire_tag("all").unwrap()];
        for (expire, process) in ways.into_iter().zip([one, other]) {
            STAGE.fail(true);
            assert!(process.run(|| miss!(load(100))).is_err());
            process.run(expire);
            process.run(|| assert_eq!(load::entry(100).peek().unwrap(), None));
            assert!(process.run(|| miss!(load(100))).is_err());
            process.run(expire);
            STAGE.fail(false);
            process.run(|| assert!(miss!(load(100)).is_ok()));
            process.run(|| load::entry(100).invalidate()).unwrap();
            scene.pass(5);
        }
    }
}

both! {
    an_error_that_is_stored_for_ever_is_nothing_to_be_stale,
    (timeout = never, stale = 20, stale_if_error = 60, err_timeout = never, tags("all")),
    load(id: u64) -> Result<u64, String> { STAGE.result().map(|load| id + load) },
    |scene| {
        let Scene { one, .. } = scene;
        let ways: [fn(); 2] =
            [|| _ = load::entry(100).expire().unwrap(), || expire_tag("all").unwrap()];
        STAGE.fail(true);
        for expire in ways {
            assert!(one.run(|| miss!(load(100))).is_err());
            scene.pass(1_000_000_000);
            assert!(one.run(|| hit!(load(100))).is_err());
            one.run(expire);
            one.run(|| assert_eq!(load::entry(100).peek().unwrap(), None));
        }
        one.run(|| assert!(miss!(load(100)).is_err()));
    }
}

both! {
    a_load_ahead_that_fails_takes_nobody_s_place,
    (timeout = 10, refresh_ahead = 0.5, err_timeout = 8),
    load(id: u64) -> Result<u64, String> { STAGE.result().map(|load| id + load) },
    |scene| {
        let Scene { one, .. } = scene;
        one.run(|| miss!(load(100), Ok(101)));
        scene.pass(5);
        STAGE.fail(true);
        one.run(|| hit!(load(100), Ok(101)));
        settle(one);
        assert_eq!(STAGE.loads(), 2);
        scene.pass(4);
        scene.newcomer().run(|| assert_eq!(load::entry(100).peek().unwrap(), Some(Ok(101))));
        scene.pass(1);
        one.run(|| miss!(load(100), Err("down 3".into())));
        one.run(|| hit!(load(100), Err("down 3".into())));
    }
}

both! {
    what_is_no_value_is_not_renewed_ahead, (timeout = 10, refresh_ahead = 0.5, err_timeout = 10),
    load(id: u64) -> Result<u64, String> { STAGE.result().map(|load| id + load) },
    |scene| {
        STAGE.fail(true);
        scene.one.run(|| miss!(load(100), Err("down 1".into())));
        scene.pass(9);
        for process in [&scene.one, &scene.other] {
            process.run(|| hit!(load(100), Err("down 1".into())));
            settle(process);
        }
        assert_eq!(STAGE.loads(), 1);
    }
}

both! {
    a_forced_load_that_fails_takes_nobody_s_place,
    (timeout = 10, stale_if_error = 60, err_timeout = 8),
    load(id: u64) -> Result<u64, String> { STAGE.result().map(|load| id + load) },
    |scene| {
        let Scene { one, other, .. } = scene;
        for (id, seconds) in [(100, 0), (200, 10)] {
            STAGE.fail(false);
            let value = one.run(|| miss!(load(id)));
            scene.pass(seconds);
            STAGE.fail(true);
            // In a process that has no value in memory, too.
            for process in [one, other] {
                process.run(|| assert!(miss!(done(load::fresh(id))).is_err()));
                process.run(|| assert_eq!(load(id), value));
            }
        }
        // One error takes the place of another.
        one.run(|| assert!(miss!(load(300)).is_err()));
        let error = one.run(|| miss!(done(load::fresh(300))));
        scene.newcomer().run(|| hit!(load(300), error));
    }
}
