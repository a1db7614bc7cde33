//! What a call does, by the age of the entry and by whether a flight of its key runs.

use cached_runtime::{cached, hit, miss, stale, testing};

use crate::{
    Aside, Stage, answers, aside, both, isolated, loads, pass, pass_an_instant, until, wait,
};

both! {
    a_fresh_entry_answers, (timeout = 10, stale = 10, stale_if_error = 30),
    load(id: u64) -> Result<u64, String> { STAGE.result().map(|load| id + load) },
    {
        miss!(load(100), Ok(101));
        pass(9.999_999_999);
        hit!(load(100), Ok(101));
        // The same while somebody loads.
        STAGE.close();
        let forced = aside(|| done(load::fresh(100)));
        STAGE.wait_for(2);
        hit!(load(100), Ok(101));
        STAGE.open();
        assert_eq!(forced.join(), Ok(102));
        hit!(load(100), Ok(102));
        assert_eq!(answers(load::cache().stats()), (3, 0, 2));
        assert_eq!(loads(load::cache().stats()), (0, 2, 0));
    }
}

both! {
    a_stale_entry_answers_and_is_renewed_once, (timeout = 10, stale = 10),
    load(id: u64) -> Result<u64, String> { STAGE.result().map(|load| id + load) },
    {
        miss!(load(100), Ok(101));
        pass(10.0);
        STAGE.close();
        stale!(load(100), Ok(101));
        STAGE.wait_for(2);
        // While that load runs, up to the end of the window.
        stale!(load(100), Ok(101));
        pass(9.999_999_999);
        stale!(load(100), Ok(101));
        assert_eq!(STAGE.loads(), 2);
        STAGE.open();
        testing::settle();
        hit!(load(100), Ok(102));
        pass(9.999_999_999);
        hit!(load(100), Ok(102));
        assert_eq!(answers(load::cache().stats()), (2, 3, 1));
        assert_eq!(loads(load::cache().stats()), (1, 2, 0));
    }
}

both! {
    past_stale_a_call_leads_and_falls_back_on_a_failure,
    (timeout = 10, stale = 10, stale_if_error = 30),
    load(id: u64) -> Result<u64, String> { STAGE.result().map(|load| id + load) },
    {
        miss!(load(100), Ok(101));
        pass(20.0);
        miss!(load(100), Ok(102));
        pass(39.999_999_999);
        STAGE.fail(true);
        stale!(load(100), Ok(102));
        assert_eq!(answers(load::cache().stats()), (0, 1, 2));
        assert_eq!(loads(load::cache().stats()), (2, 3, 1));
        // The throttle is armed, and the bound ends all the same.
        stale!(load(100), Ok(102));
        assert_eq!(STAGE.loads(), 3);
        pass_an_instant();
        miss!(load(100), Err("down 4".into()));
        miss!(load(100), Err("down 5".into()));
        assert_eq!(answers(load::cache().stats()), (0, 2, 4));
        assert_eq!(loads(load::cache().stats()), (2, 5, 3));
    }
}

both! {
    past_stale_a_call_follows_and_falls_back_on_a_failure, (timeout = 10, stale_if_error = 30),
    load(id: u64) -> Result<u64, String> { STAGE.result().map(|load| id + load) },
    {
        miss!(load(100), Ok(101));
        pass(10.0);
        for (is_failing, wanted) in [(false, Ok(102)), (true, Ok(102))] {
            STAGE.fail(is_failing);
            STAGE.close();
            let begun = STAGE.loads() + 1;
            let lead = aside(|| load(100));
            STAGE.wait_for(begun);
            let followers: Vec<_> = (0..5).map(|_| aside(move || {
                if is_failing { stale!(load(100)) } else { load(100) }
            })).collect();
            followers.iter().for_each(Aside::linger);
            STAGE.open();
            assert_eq!(lead.join(), wanted);
            for follower in followers {
                assert_eq!(follower.join(), wanted);
            }
            pass(39.0);
        }
        let stats = load::cache().stats();
        assert_eq!(stats.load_errors, 1);
        assert_eq!(stats.hits + stats.stale_hits + stats.misses, 13);
        assert!(stats.stale_hits >= 6, "{stats:?}");
    }
}

both! {
    without_an_entry_a_call_leads_and_others_follow, (timeout = 10, stale = 10),
    load(id: u64) -> Result<u64, String> { STAGE.result().map(|load| id + load) },
    {
        STAGE.close();
        let lead = aside(|| miss!(load(100)));
        STAGE.wait_for(1);
        let followers: Vec<_> = (0..5).map(|_| aside(|| miss!(load(100)))).collect();
        until(|| load::cache().stats().misses == 6);
        STAGE.open();
        assert_eq!(lead.join(), Ok(101));
        for follower in followers {
            assert_eq!(follower.join(), Ok(101));
        }
        assert_eq!(loads(load::cache().stats()), (0, 1, 0));

        // Invalidated, it is as if there had never been one, however long the window.
        assert!(load::entry(100).invalidate());
        miss!(load(100), Ok(102));
        load::cache().clear();
        miss!(load(100), Ok(103));
        pass(20.0);
        miss!(load(100), Ok(104));
        assert_eq!(loads(load::cache().stats()), (0, 4, 0));
    }
}

both! {
    without_an_entry_a_follower_waits_no_longer_than_wait_timeout,
    (timeout = 10, stale = 10, wait_timeout = 5),
    load(id: u64) -> Result<u64, String> { STAGE.result().map(|load| id + load) },
    {
        STAGE.close();
        let lead = aside(|| miss!(load(100)));
        STAGE.wait_for(1);
        let follower = aside(|| miss!(load(100)));
        // It may begin to wait at any time.
        until(|| {
            pass(5.0);
            STAGE.loads() == 2
        });
        STAGE.open();
        assert_eq!((lead.join(), follower.join()), (Ok(102), Ok(102)));
        assert_eq!(loads(load::cache().stats()), (0, 2, 0));
    }
}

both! {
    a_throttled_entry_answers_without_an_attempt,
    (timeout = 10, stale = 100, throttle = 10),
    load(id: u64) -> Result<u64, String> { STAGE.result().map(|load| id + load) },
    {
        miss!(load(100), Ok(101));
        pass(10.0);
        STAGE.fail(true);
        stale!(load(100), Ok(101));
        testing::settle();
        for _ in 0..3 {
            stale!(load(100), Ok(101));
            testing::settle();
        }
        pass(9.999_999_999);
        stale!(load(100), Ok(101));
        testing::settle();
        assert_eq!(STAGE.loads(), 2);
        // The same while somebody loads.
        STAGE.fail(false);
        STAGE.close();
        let forced = aside(|| done(load::fresh(100)));
        STAGE.wait_for(3);
        stale!(load(100), Ok(101));
        STAGE.open();
        assert_eq!(forced.join(), Ok(103));
        hit!(load(100), Ok(103));
        assert_eq!(answers(load::cache().stats()), (1, 6, 2));
        assert_eq!(loads(load::cache().stats()), (1, 3, 1));
    }
}
