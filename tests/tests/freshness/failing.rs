//! `stale_if_error`, `stale_if` and `throttle`: what a failure comes to while there is something to
//! fall back on, and how often it is tried again.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::{AtomicBool, Ordering};

use cached_runtime::{cached, hit, invalidate_tag, miss, stale, testing};
use futures_lite::future::poll_once;

use crate::{
    Aside, Stage, answers, aside, both, isolated, loads, pass, pass_an_instant, until, wait,
};

both! {
    pauses_double_up_to_five_minutes_and_end_with_a_success, (timeout = 10, stale_if_error = "1d"),
    load(id: u64) -> Result<u64, String> { STAGE.result().map(|load| id + load) },
    {
        miss!(load(100), Ok(101));
        pass(10.0);
        STAGE.fail(true);
        let mut attempts = 1;
        for pause in [10.0, 20.0, 40.0, 80.0, 160.0, 300.0, 300.0] {
            stale!(load(100), Ok(101));
            attempts += 1;
            assert_eq!(STAGE.loads(), attempts, "before {pause}");
            pass(pause - 0.001);
            stale!(load(100), Ok(101));
            assert_eq!(STAGE.loads(), attempts, "within {pause}");
            pass(0.001);
        }
        STAGE.fail(false);
        miss!(load(100), Ok(109));
        pass(10.0);
        STAGE.fail(true);
        stale!(load(100), Ok(109));
        pass(9.999_999_999);
        stale!(load(100), Ok(109));
        assert_eq!(STAGE.loads(), 10);
        pass_an_instant();
        stale!(load(100), Ok(109));
        assert_eq!(STAGE.loads(), 11);
        assert_eq!(answers(load::cache().stats()), (0, 17, 2));
        assert_eq!(loads(load::cache().stats()), (10, 11, 9));
    }
}

both! {
    failures_do_not_extend_the_bound, (timeout = 10, stale_if_error = 60, throttle = 1),
    load(id: u64) -> Result<u64, String> { STAGE.result().map(|load| id + load) },
    {
        miss!(load(100), Ok(101));
        STAGE.fail(true);
        pass(10.0);
        for _ in 0..59 {
            stale!(load(100), Ok(101));
            pass(1.0);
        }
        pass(0.999_999_999);
        stale!(load(100), Ok(101));
        pass_an_instant();
        let attempts = STAGE.loads();
        assert!((6..=8).contains(&attempts), "{attempts}");
        miss!(load(100), Err(format!("down {}", attempts + 1)));
        miss!(load(100), Err(format!("down {}", attempts + 2)));
    }
}

both! {
    a_refresh_that_fails_leaves_the_entry_and_is_tried_less_often,
    (timeout = 10, stale = 100, throttle = 10),
    load(id: u64) -> Result<u64, String> { STAGE.result().map(|load| id + load) },
    {
        miss!(load(100), Ok(101));
        STAGE.fail(true);
        pass(10.0);
        // Tried at 0, 10, 30 and 70 seconds after the end of its freshness.
        for second in 0..100 {
            stale!(load(100), Ok(101));
            testing::settle();
            let attempts = [0, 10, 30, 70].iter().filter(|at| **at <= second).count() as u64;
            assert_eq!(STAGE.loads(), 1 + attempts, "at {second}");
            pass(1.0);
        }
        // The bound was not extended. Past it nothing is left to answer, and no throttle holds.
        miss!(load(100), Err("down 6".into()));
        STAGE.fail(false);
        miss!(load(100), Ok(107));
        pass(10.0);
        stale!(load(100), Ok(107));
        testing::settle();
        hit!(load(100), Ok(108));
        assert_eq!(answers(load::cache().stats()), (1, 101, 3));
        assert_eq!(loads(load::cache().stats()), (5, 8, 5));
    }
}

both! {
    stale_if_says_which_errors_fall_back,
    (timeout = 10, stale_if_error = 60, stale_if = |error: &String| error.starts_with("down")),
    load(id: u64) -> Result<u64, String> {
        match STAGE.loads() {
            3 => Err("gone".to_owned()),
            5 => Err("down".to_owned()),
            load => Ok(id + load),
        }
    },
    {
        miss!(load(100), Ok(101));
        pass(10.0);
        miss!(load(100), Ok(102));
        pass(10.0);
        // No throttle either: the next call tries again.
        miss!(load(100), Err("gone".into()));
        miss!(load(100), Ok(104));
        pass(10.0);
        stale!(load(100), Ok(104));
        stale!(load(100), Ok(104));
        assert_eq!(loads(load::cache().stats()), (4, 5, 2));
    }
}

both! {
    what_was_invalidated_is_nothing_to_fall_back_on,
    (timeout = 10, stale_if_error = 60, tags("all")),
    load(id: u64) -> Result<u64, String> { STAGE.result().map(|load| id + load) },
    {
        let ways: [(&str, fn()); 3] = [
            ("invalidate", || assert!(load::entry(100).invalidate())),
            ("clear", || load::cache().clear()),
            ("tag", || invalidate_tag("all").unwrap()),
        ];
        for (way, invalidate) in ways {
            for is_during_the_load in [false, true] {
                STAGE.fail(false);
                assert!(load(100).is_ok());
                pass(10.0);
                STAGE.fail(true);
                let error = Err(format!("down {}", STAGE.loads() + 1));
                if is_during_the_load {
                    STAGE.close();
                    let begun = STAGE.loads() + 1;
                    let lead = aside(|| miss!(load(100)));
                    STAGE.wait_for(begun);
                    invalidate();
                    STAGE.open();
                    assert_eq!(lead.join(), error, "{way} during the load");
                } else {
                    invalidate();
                    miss!(load(100), error);
                }
            }
        }
    }
}

both! {
    expired_by_request_it_is_still_something_to_fall_back_on,
    (timeout = 10, stale_if_error = 60),
    load(id: u64) -> Result<u64, String> { STAGE.result().map(|load| id + load) },
    {
        miss!(load(100), Ok(101));
        STAGE.fail(true);
        assert!(load::entry(100).expire());
        stale!(load(100), Ok(101));
        pass(60.0);
        miss!(load(100), Err("down 3".into()));
    }
}

both! {
    a_follower_falls_back_where_the_lead_may_not, (timeout = 10, stale_if_error = 60),
    load(id: u64) -> Result<u64, String> { STAGE.result().map(|load| id + load) },
    {
        miss!(load(100), Ok(101));
        pass(10.0);
        STAGE.fail(true);
        STAGE.close();
        let forced = aside(|| miss!(done(load::fresh(100))));
        STAGE.wait_for(2);
        let follower = aside(|| stale!(load(100)));
        follower.linger();
        STAGE.open();
        assert_eq!(forced.join(), Err("down 2".into()));
        assert_eq!(follower.join(), Ok(101));
    }
}

both! {
    a_forced_call_is_never_answered_with_what_is_stale, (timeout = 10, stale = 60),
    load(id: u64) -> Result<u64, String> { STAGE.result().map(|load| id + load) },
    {
        miss!(load(100), Ok(101));
        pass(10.0);
        STAGE.fail(true);
        STAGE.close();
        stale!(load(100), Ok(101));
        STAGE.wait_for(2);
        let forced = aside(|| miss!(done(load::fresh(100))));
        until(|| load::cache().stats().misses == 2);
        STAGE.open();
        assert_eq!(forced.join(), Err("down 3".into()));
    }
}

#[test]
fn a_crowd_whose_loads_fail_together_is_one_failure() {
    static STAGE: Stage = Stage::new();
    #[cached(timeout = 10, stale_if_error = "1h", coalesce = false)]
    fn load(id: u64) -> Result<u64, String> {
        STAGE.enter();
        STAGE.result().map(|load| id + load)
    }
    isolated(|| {
        miss!(load(100), Ok(101));
        pass(10.0);
        STAGE.fail(true);
        STAGE.close();
        let crowd: Vec<_> = (0..6).map(|_| aside(|| stale!(load(100)))).collect();
        STAGE.wait_for(7);
        STAGE.open();
        for call in crowd {
            assert_eq!(call.join(), Ok(101));
        }
        pass(9.999_999_999);
        stale!(load(100), Ok(101));
        assert_eq!(STAGE.loads(), 7);
        pass_an_instant();
        stale!(load(100), Ok(101));
        assert_eq!(STAGE.loads(), 8);
    });
}

static IS_TO_PANIC: AtomicBool = AtomicBool::new(false);

#[test]
fn a_panic_is_a_failure_of_which_the_caller_alone_hears() {
    static STAGE: Stage = Stage::new();
    #[cached(timeout = 10, stale_if_error = 60, handle)]
    fn load(id: u64) -> u64 {
        STAGE.enter();
        assert!(!IS_TO_PANIC.load(Ordering::Relaxed), "as it was told to");
        id + STAGE.loads()
    }
    #[cached(timeout = 10, stale_if_error = 60, handle)]
    async fn load_async(id: u64) -> u64 {
        STAGE.enter_async().await;
        assert!(!IS_TO_PANIC.load(Ordering::Relaxed), "as it was told to");
        id + STAGE.loads()
    }
    fn caught(call: fn(u64) -> u64) -> Option<u64> {
        catch_unwind(|| call(100)).ok()
    }
    fn wait_for_it(id: u64) -> u64 {
        // Caught inside the future, which is dropped when the panic is over.
        let mut future = Box::pin(load_async(id));
        let result = catch_unwind(AssertUnwindSafe(|| wait(future.as_mut())));
        drop(future);
        result.unwrap_or_else(|panic| std::panic::resume_unwind(panic))
    }
    isolated(|| {
        for call in [load as fn(u64) -> u64, wait_for_it] {
            let begun = STAGE.loads();
            IS_TO_PANIC.store(false, Ordering::Relaxed);
            let value = call(100);
            pass(10.0);
            IS_TO_PANIC.store(true, Ordering::Relaxed);
            STAGE.close();
            let lead = aside(move || caught(call));
            STAGE.wait_for(begun + 2);
            let followers: Vec<_> = (0..3).map(|_| aside(move || caught(call))).collect();
            followers.iter().for_each(Aside::linger);
            STAGE.open();
            assert_eq!(lead.join(), None);
            let answers: Vec<_> = followers.into_iter().map(Aside::join).collect();
            assert_eq!(answers, [Some(value); 3]);
            assert_eq!(STAGE.loads(), begun + 2);
            // Nor is it tried again at once.
            assert_eq!(call(100), value);
            assert_eq!(STAGE.loads(), begun + 2);
            pass(10.0);
            assert_eq!(caught(call), None);
            assert_eq!(STAGE.loads(), begun + 3);
        }
        assert_eq!(loads(load::cache().stats()), (2, 3, 2));
        assert_eq!(loads(load_async::cache().stats()), (2, 3, 2));
    });
}

#[test]
fn a_caller_that_goes_away_is_no_failure() {
    static STAGE: Stage = Stage::new();
    #[cached(timeout = 10, stale_if_error = 60, handle)]
    async fn load(id: u64) -> u64 {
        STAGE.enter_async().await;
        id + STAGE.loads()
    }
    isolated(|| {
        assert_eq!(wait(load(100)), 101);
        pass(10.0);
        STAGE.close();
        assert_eq!(wait(poll_once(load(100))), None);
        assert_eq!(STAGE.loads(), 2);
        STAGE.open();
        // No throttle is armed: the next call loads.
        miss!(wait(load(100)), 103);
        assert_eq!(answers(load::cache().stats()), (0, 0, 3));
        assert_eq!(loads(load::cache().stats()), (2, 3, 0));
    });
}
