//! `refresh_ahead`: entries that are renewed before they end.

use cached_runtime::{cached, hit, miss, testing};

use crate::{Stage, answers, aside, both, isolated, loads, pass, pass_an_instant, until, wait};

both! {
    a_read_past_the_part_begins_one_load, (timeout = 10, refresh_ahead = 0.8),
    load(id: u64) -> u64 { id + STAGE.loads() },
    {
        miss!(load(100), 101);
        pass(7.999_999_999);
        hit!(load(100), 101);
        testing::settle();
        assert_eq!(STAGE.loads(), 1);
        pass_an_instant();
        STAGE.close();
        hit!(load(100), 101);
        STAGE.wait_for(2);
        for _ in 0..100 {
            hit!(load(100), 101);
        }
        assert_eq!(STAGE.loads(), 2);
        STAGE.open();
        testing::settle();
        // A whole life from the end of that load on.
        pass(7.999_999_999);
        hit!(load(100), 102);
        testing::settle();
        assert_eq!(STAGE.loads(), 2);
        assert_eq!(answers(load::cache().stats()), (103, 0, 1));
        assert_eq!(loads(load::cache().stats()), (1, 2, 0));
    }
}

both! {
    what_nobody_reads_is_not_renewed, (timeout = 10, refresh_ahead = 0.5),
    load(id: u64) -> u64 { id + STAGE.loads() },
    {
        miss!(load(100), 101);
        pass(10.0);
        miss!(load(100), 102);
        assert_eq!(loads(load::cache().stats()), (0, 2, 0));
    }
}

both! {
    a_failure_is_tried_again_after_the_throttle_while_still_fresh,
    (timeout = 100, refresh_ahead = 0.5, throttle = 10),
    load(id: u64) -> Result<u64, String> { STAGE.result().map(|load| id + load) },
    {
        miss!(load(100), Ok(101));
        pass(50.0);
        STAGE.fail(true);
        let pauses = [(0.0, 2), (9.999_999_999, 2), (0.000_000_001, 3), (19.0, 3), (1.0, 4)];
        for (pause, attempts) in pauses {
            pass(pause);
            hit!(load(100), Ok(101));
            testing::settle();
            hit!(load(100), Ok(101));
            testing::settle();
            assert_eq!(STAGE.loads(), attempts, "after {pause}");
        }
        // It ends when it would have ended.
        pass(19.999_999_999);
        hit!(load(100), Ok(101));
        pass_an_instant();
        miss!(load(100), Err("down 5".into()));
        assert_eq!(loads(load::cache().stats()), (3, 5, 4));
        // And a success ends the throttle.
        STAGE.fail(false);
        miss!(load(100), Ok(106));
        pass(50.0);
        hit!(load(100), Ok(106));
        testing::settle();
        hit!(load(100), Ok(107));
    }
}

both! {
    a_miss_joins_the_load_that_runs, (timeout = 10, refresh_ahead = 0.5),
    load(id: u64) -> Result<u64, String> { STAGE.result().map(|load| id + load) },
    {
        miss!(load(100), Ok(101));
        for (is_failing, wanted) in [(false, Ok(102)), (true, Err("down 3".into()))] {
            STAGE.fail(is_failing);
            pass(5.0);
            STAGE.close();
            assert!(hit!(load(100)).is_ok());
            STAGE.wait_for(STAGE.loads().max(if is_failing { 3 } else { 2 }));
            pass(5.0);
            let misses = load::cache().stats().misses;
            let followers: Vec<_> = (0..3).map(|_| aside(|| miss!(load(100)))).collect();
            until(|| load::cache().stats().misses == misses + 3);
            assert!(followers.iter().all(|follower| !follower.is_over()));
            STAGE.open();
            for follower in followers {
                assert_eq!(follower.join(), wanted);
            }
            testing::settle();
        }
        assert_eq!(loads(load::cache().stats()), (2, 3, 1));
    }
}

both! {
    under_constant_load_nobody_waits_and_no_load_is_wasted, (timeout = 10, refresh_ahead = 0.8),
    load(id: u64) -> u64 { id + STAGE.loads() },
    {
        miss!(load(100), 101);
        // One period is the part of the freshness that passes before a read begins the next load.
        for period in 1..=200 {
            for _ in 0..7 {
                pass(1.0);
                hit!(load(100), 100 + period);
            }
            pass(1.0);
            STAGE.close();
            hit!(load(100), 100 + period);
            STAGE.wait_for(period + 1);
            pass(1.0);
            hit!(load(100), 100 + period);
            STAGE.open();
            testing::settle();
        }
        assert_eq!(answers(load::cache().stats()), (200 * 9, 0, 1));
        assert_eq!(loads(load::cache().stats()), (200, 201, 0));
    }
}
