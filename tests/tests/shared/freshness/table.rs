//! What a call does by the age of the entry of the store, and by whether a flight of its key runs.

use cached_runtime::{cached, hit, miss, stale};

use super::scene::{Aside, Kind, Scene, Stages, answers, aside, both, settle, wait};

both! {
    a_fresh_entry_answers, (timeout = 10, stale = 10, stale_if_error = 30),
    load(id: u64) -> Result<u64, String> { STAGE.result().map(|load| id + load) },
    |scene| {
        let Scene { one, other, .. } = scene;
        one.run(|| miss!(load(100), Ok(101)));
        scene.pass(9);
        for process in [one, other] {
            process.run(|| hit!(load(100), Ok(101)));
        }
        // The same while somebody loads, here or there.
        STAGE.close();
        let forced = aside(one, || done(load::fresh(100)));
        STAGE.wait_for(2);
        for process in [one, other] {
            process.run(|| hit!(load(100), Ok(101)));
        }
        STAGE.open();
        assert_eq!(forced.join(), Ok(102));
        for process in [one, &scene.newcomer()] {
            process.run(|| hit!(load(100), Ok(102)));
        }
        assert_eq!(one.run(|| answers(load::cache().stats())), (3, 0, 2));
    }
}

both! {
    a_stale_entry_answers_and_is_renewed_once, (timeout = 10, stale = 10),
    load(id: u64) -> Result<u64, String> { STAGE.result().map(|load| id + load) },
    |scene| {
        let Scene { one, .. } = scene;
        one.run(|| miss!(load(100), Ok(101)));
        scene.pass(10);
        STAGE.close();
        one.run(|| stale!(load(100), Ok(101)));
        STAGE.wait_for(2);
        scene.pass(9);
        one.run(|| stale!(load(100), Ok(101)));
        assert_eq!(STAGE.loads(), 2);
        STAGE.open();
        settle(one);
        for process in [one, &scene.newcomer()] {
            process.run(|| hit!(load(100), Ok(102)));
        }
        assert_eq!(STAGE.loads(), 2);
        assert_eq!(one.run(|| answers(load::cache().stats())), (1, 2, 1));
    }
}

both! {
    past_stale_a_call_leads_and_falls_back_on_a_failure,
    (timeout = 10, stale = 10, stale_if_error = 30),
    load(id: u64) -> Result<u64, String> { STAGE.result().map(|load| id + load) },
    |scene| {
        let Scene { one, other, .. } = scene;
        one.run(|| miss!(load(100), Ok(101)));
        scene.pass(20);
        // Who has never had it in memory as well as who has.
        other.run(|| miss!(load(100), Ok(102)));
        scene.pass(39);
        STAGE.fail(true);
        for (process, loads) in [(one, 3), (other, 4)] {
            process.run(|| stale!(load(100), Ok(102)));
            // The throttle is armed.
            process.run(|| stale!(load(100), Ok(102)));
            assert_eq!(STAGE.loads(), loads);
        }
        // And the bound ends all the same.
        scene.pass(1);
        one.run(|| miss!(load(100), Err("down 5".into())));
        other.run(|| miss!(load(100), Err("down 6".into())));
        assert_eq!(one.run(|| answers(load::cache().stats())), (0, 2, 2));
    }
}

both! {
    past_stale_a_call_follows_and_falls_back_on_a_failure, (timeout = 10, stale_if_error = 30),
    load(id: u64) -> Result<u64, String> { STAGE.result().map(|load| id + load) },
    |scene| {
        let Scene { other, .. } = scene;
        scene.one.run(|| miss!(load(100), Ok(101)));
        scene.pass(10);
        for is_failing in [true, false] {
            STAGE.fail(is_failing);
            STAGE.close();
            let begun = STAGE.loads() + 1;
            let lead = aside(other, || load(100));
            STAGE.wait_for(begun);
            let followers: Vec<_> = (0..3).map(|_| aside(other, || load(100))).collect();
            followers.iter().for_each(Aside::lingers);
            STAGE.open();
            let wanted = if is_failing { Ok(101) } else { Ok(100 + begun) };
            assert_eq!(lead.join(), wanted);
            for follower in followers {
                assert_eq!(follower.join(), wanted);
            }
            assert_eq!(STAGE.loads(), begun);
            scene.pass(10);
        }
    }
}

both! {
    without_an_entry_a_call_leads_and_others_follow, (timeout = 10, stale = 10, lease),
    load(id: u64) -> Result<u64, String> { STAGE.result().map(|load| id + load) },
    |scene| {
        let Scene { one, other, .. } = scene;
        STAGE.close();
        let lead = aside(one, || miss!(load(100)));
        STAGE.wait_for(1);
        let follower = aside(one, || load(100));
        let elsewhere = aside(other, || hit!(load(100)));
        follower.lingers();
        elsewhere.lingers();
        STAGE.open();
        assert_eq!((lead.join(), follower.join(), elsewhere.join()), (Ok(101), Ok(101), Ok(101)));
        assert_eq!(STAGE.loads(), 1);
        // Invalidated, it is as if there had never been one, however long the window.
        assert!(other.run(|| load::entry(100).invalidate()).unwrap());
        let newcomer = scene.newcomer();
        newcomer.run(|| miss!(load(100), Ok(102)));
        newcomer.run(|| load::cache().clear()).unwrap();
        newcomer.run(|| miss!(load(100), Ok(103)));
        scene.pass(20);
        newcomer.run(|| miss!(load(100), Ok(104)));
    }
}

both! {
    without_an_entry_a_follower_waits_no_longer_than_wait_timeout,
    (timeout = 10, stale = 10, wait_timeout = 5),
    load(id: u64) -> Result<u64, String> { STAGE.result().map(|load| id + load) },
    |scene| {
        let Scene { one, .. } = scene;
        STAGE.close();
        let lead = aside(one, || miss!(load(100)));
        STAGE.wait_for(1);
        let follower = aside(one, || miss!(load(100)));
        // It may begin to wait at any time.
        Scene::until(|| {
            scene.pass(1);
            STAGE.loads() == 2
        });
        STAGE.open();
        assert_eq!((lead.join(), follower.join()), (Ok(102), Ok(102)));
    }
}

both! {
    who_waits_for_another_process_too_long_falls_back,
    (timeout = 10, stale_if_error = 60, wait_timeout = "100ms", lease),
    load(id: u64) -> Result<u64, String> { STAGE.result().map(|load| id + load) },
    |scene| {
        let Scene { one, other, .. } = scene;
        one.run(|| miss!(load(100), Ok(101)));
        scene.pass(10);
        STAGE.close();
        let holder = aside(one, || miss!(load(100)));
        STAGE.wait_for(2);
        other.run(|| stale!(load(100), Ok(101)));
        assert_eq!(STAGE.loads(), 2);
        STAGE.open();
        assert_eq!(holder.join(), Ok(102));
        other.run(|| hit!(load(100), Ok(102)));
    }
}

both! {
    a_throttled_entry_answers_without_an_attempt, (timeout = 10, stale = 100, throttle = 10),
    load(id: u64) -> Result<u64, String> { STAGE.result().map(|load| id + load) },
    |scene| {
        let Scene { one, other, .. } = scene;
        one.run(|| miss!(load(100), Ok(101)));
        scene.pass(10);
        STAGE.fail(true);
        for _ in 0..4 {
            one.run(|| stale!(load(100), Ok(101)));
            settle(one);
        }
        scene.pass(9);
        one.run(|| stale!(load(100), Ok(101)));
        settle(one);
        assert_eq!(STAGE.loads(), 2);
        // Twice as long after another failure.
        for loads in [3, 3, 4] {
            scene.pass(10);
            one.run(|| stale!(load(100), Ok(101)));
            settle(one);
            assert_eq!(STAGE.loads(), loads);
        }
        // Another process has not failed, and what it brings ends the throttle's reason.
        STAGE.fail(false);
        other.run(|| stale!(load(100), Ok(101)));
        settle(other);
        scene.newcomer().run(|| hit!(load(100), Ok(105)));
        if scene.kind == Kind::Told {
            // Its memory has a stale one, and does not ask before its own throttle is over.
            one.run(|| stale!(load(100), Ok(101)));
        } else {
            one.run(|| hit!(load(100), Ok(105)));
        }
        settle(one);
        assert_eq!(STAGE.loads(), 5);
    }
}
