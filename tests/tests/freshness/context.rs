//! `current()`: what a body says of its own load.

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use cached_runtime::{
    Timeout, cached, current, expire_tag, hit, invalidate_tag, miss, stale, testing,
};
use futures_lite::future::yield_now;

use crate::{Aside, Stage, aside, both, isolated, loads, pass, pass_an_instant, until, wait};

both! {
    a_timeout_that_the_body_sets_takes_the_place_of_others,
    (timeout = 1000, stale = 5, timeout_of = |_: &u64| Duration::from_secs(500)),
    load(seconds: u64) -> u64 {
        match seconds {
            0 => current().set_timeout(0),
            1 => current().set_timeout(Timeout::NEVER),
            _ => current().set_timeout(seconds),
        }
        // The last word counts.
        if seconds == 20 {
            current().set_timeout(Duration::from_secs(30));
        }
        seconds
    },
    {
        for seconds in [0, 1, 10, 20] {
            miss!(load(seconds), seconds);
        }
        miss!(load(0), 0);
        pass(10.0);
        stale!(load(10), 10);
        pass(19.999_999_999);
        hit!(load(20), 20);
        pass_an_instant();
        stale!(load(20), 20);
        pass(1e9);
        hit!(load(1), 1);
    }
}

both! {
    a_timeout_that_the_body_sets_is_jittered_within_bounds,
    (timeout = 1000, jitter = 0.5, err_timeout = 20),
    load(id: u64) -> Result<u64, String> {
        current().set_timeout(100);
        if id.is_multiple_of(2) { Ok(id) } else { Err("odd".to_owned()) }
    },
    {
        testing::isolation().seed(7);
        (0..200).for_each(|id| assert_eq!(load(id).is_ok(), id % 2 == 0));
        let fresh = || (0..200).filter(|id| load::entry(*id).peek().is_some()).count();
        pass(9.999_999_999);
        assert_eq!(fresh(), 200, "an error lives for its own timeout, less the jitter, at least");
        pass(10.0 + 0.000_000_001);
        assert_eq!(fresh(), 100, "and for no longer than that");
        pass(29.999_999_999);
        assert_eq!(fresh(), 100);
        pass(50.0);
        pass_an_instant();
        assert_eq!(fresh(), 0);
    }
}

both! {
    tags_that_the_body_adds_are_those_of_the_entry, (timeout = 100, stale = 50, tags("all")),
    load(id: u64) -> u64 {
        current().add_tag(format!("body:{id}"));
        current().add_tag("body");
        id + STAGE.loads()
    },
    {
        for (tag, wanted) in [("body:100", 102), ("body", 103), ("all", 104)] {
            load(100);
            invalidate_tag(tag).unwrap();
            miss!(load(100), wanted);
        }
        invalidate_tag("body:7").unwrap();
        hit!(load(100), 104);
        expire_tag("body:100").unwrap();
        stale!(load(100), 104);
        testing::settle();
        hit!(load(100), 105);
    }
}

both! {
    a_tag_that_is_invalidated_during_the_load_keeps_its_value_from_being_stored,
    (timeout = 10, stale = 50),
    load(id: u64) -> u64 {
        current().add_tag("body");
        id + STAGE.loads()
    },
    {
        STAGE.close();
        let lead = aside(|| miss!(load(100)));
        STAGE.wait_for(1);
        invalidate_tag("body").unwrap();
        // Who comes after the invalidation waits for that load, but is not handed its value.
        let follower = aside(|| miss!(load(100)));
        until(|| load::cache().stats().misses == 2);
        follower.linger();
        STAGE.open();
        assert_eq!((lead.join(), follower.join()), (101, 102));
        hit!(load(100), 102);
        // The same of a refresh: what was stale is gone with the tag.
        pass(10.0);
        STAGE.close();
        stale!(load(100), 102);
        STAGE.wait_for(3);
        invalidate_tag("body").unwrap();
        let next = aside(|| miss!(load(100)));
        next.linger();
        STAGE.open();
        assert_eq!(next.join(), 104);
        testing::settle();
        hit!(load(100), 104);
    }
}

both! {
    what_is_not_to_be_stored_is_shared_all_the_same, (timeout = 10, stale = 50, throttle = 10),
    load(id: u64) -> u64 {
        if STAGE.result().is_err() {
            current().do_not_store();
        }
        id + STAGE.loads()
    },
    {
        STAGE.fail(true);
        STAGE.close();
        let lead = aside(|| miss!(load(100)));
        STAGE.wait_for(1);
        let follower = aside(|| miss!(load(100)));
        until(|| load::cache().stats().misses == 2);
        follower.linger();
        STAGE.open();
        assert_eq!((lead.join(), follower.join()), (101, 101));
        assert_eq!(load::cache().len(), 0);
        STAGE.fail(false);
        miss!(load(100), 102);
        // Said in the background, it leaves the entry as it is.
        pass(10.0);
        STAGE.fail(true);
        for _ in 0..2 {
            stale!(load(100), 102);
            testing::settle();
        }
        assert_eq!(loads(load::cache().stats()), (1, 3, 0));
    }
}

static SEEN: AtomicU64 = AtomicU64::new(0);
const NONE: u64 = u64::MAX;

macro_rules! previous {
    ($test:ident, ($($options:tt)*), $check:expr) => {
        both! {
            $test, (timeout = 10, $($options)*),
            load(id: u64) -> Result<u64, String> {
                assert_eq!(current().previous::<String>(), None, "of another type there is none");
                SEEN.store(current().previous::<u64>().unwrap_or(NONE), Ordering::SeqCst);
                STAGE.result().map(|load| id + load)
            },
            {
                let seen = || SEEN.swap(0, Ordering::SeqCst);
                miss!(load(100), Ok(101));
                assert_eq!(seen(), NONE);
                let check: fn(&dyn Fn() -> u64, &dyn Fn(bool)) = $check;
                check(&seen, &|is_failing| STAGE.fail(is_failing));
            }
        }
    };
}

previous!(a_refresh_sees_what_it_is_to_replace, (stale = 50), |seen, fail| {
    pass(10.0);
    stale!(load(100), Ok(101));
    testing::settle();
    assert_eq!(seen(), 101);
    pass(60.0);
    miss!(load(100), Ok(103));
    assert_eq!(seen(), NONE, "it was past all use");
    fail(true);
    pass(10.0);
    stale!(load(100), Ok(103));
    testing::settle();
    assert_eq!(seen(), 103);
    assert!(load::entry(100).invalidate());
    miss!(load(100), Err("down 5".into()));
    assert_eq!(seen(), NONE, "it was invalidated");
});
previous!(a_load_ahead_sees_what_it_is_to_replace, (refresh_ahead = 0.5), |seen, _| {
    pass(5.0);
    hit!(load(100), Ok(101));
    testing::settle();
    assert_eq!(seen(), 101);
    pass(10.0);
    miss!(load(100), Ok(103));
    assert_eq!(seen(), NONE);
});
previous!(a_load_that_may_fall_back_sees_on_what, (stale_if_error = 50), |seen, fail| {
    pass(10.0);
    miss!(load(100), Ok(102));
    assert_eq!(seen(), 101);
    pass(10.0);
    fail(true);
    stale!(load(100), Ok(102));
    assert_eq!(seen(), 102);
});

both! {
    what_is_not_modified_is_fresh_again_with_its_tags,
    (timeout = 10, stale = 50, stale_if_error = 100),
    load(id: u64) -> u64 {
        if let Some(value) = current().not_modified::<u64>() {
            return value;
        }
        current().add_tag(format!("version:{}", STAGE.loads()));
        id + STAGE.loads()
    },
    {
        miss!(load(100), 101);
        pass(10.0);
        stale!(load(100), 101);
        testing::settle();
        hit!(load(100), 101);
        pass(60.0);
        miss!(load(100), 101);
        hit!(load(100), 101);
        invalidate_tag("version:1").unwrap();
        miss!(load(100), 104);
        invalidate_tag("version:1").unwrap();
        hit!(load(100), 104);
        assert_eq!(loads(load::cache().stats()), (2, 4, 0));
    }
}

both! {
    what_is_not_modified_may_be_overtaken, (timeout = 10, stale = 50),
    load(id: u64) -> u64 {
        current().add_tag("body");
        current().not_modified::<u64>().unwrap_or(id + STAGE.loads())
    },
    {
        miss!(load(100), 101);
        pass(10.0);
        STAGE.close();
        stale!(load(100), 101);
        STAGE.wait_for(2);
        invalidate_tag("body").unwrap();
        STAGE.open();
        testing::settle();
        miss!(load(100), 103);
    }
}

/// Says everything to the load that it is part of.
fn say_everything() {
    current().set_timeout(1);
    current().add_tag("nobody's");
    current().do_not_store();
    assert_eq!(current().previous::<u64>(), None);
    assert_eq!(current().not_modified::<u64>(), None);
}

both! {
    outside_of_loads_nothing_is_said, (timeout = 100, unless = id == 0),
    load(id: u64) -> u64 {
        say_everything_if(id == 0);
        id
    },
    {
        // A call that bypasses the cache, inside the load of another function too.
        #[cached(timeout = 100, handle)]
        fn outer(id: u64) -> u64 {
            assert_eq!(load(0), 0);
            id
        }
        say_everything();
        assert_eq!(load(0), 0);
        miss!(outer(1), 1);
        say_everything();
        hit!(outer(1), 1);
        invalidate_tag("nobody's").unwrap();
        pass(99.0);
        hit!(outer(1), 1);
        miss!(load(1), 1);
        hit!(load(1), 1);
    }
}

fn say_everything_if(is_so: bool) {
    if is_so {
        say_everything();
    }
}

#[cached(timeout = 100)]
fn inner(id: u64) -> u64 {
    current().add_tag(format!("inner:{id}"));
    current().set_timeout(20);
    id
}

both! {
    nested_loads_are_each_their_own, (timeout = 100, tags("all")),
    load(id: u64) -> u64 {
        current().add_tag(format!("outer:{id}"));
        // What is said in there is of that load; after it, of this one again.
        assert_eq!(inner(id), id);
        current().set_timeout(50);
        id
    },
    {
        miss!(load(1), 1);
        hit!(inner(1), 1);
        invalidate_tag("inner:1").unwrap();
        hit!(load(1), 1);
        miss!(inner(1), 1);
        invalidate_tag("outer:1").unwrap();
        hit!(inner(1), 1);
        miss!(load(1), 1);
        pass(20.0);
        miss!(inner(1), 1);
        hit!(load(1), 1);
        pass(30.0);
        miss!(load(1), 1);
    }
}

#[test]
fn a_body_is_in_its_own_load_after_each_await() {
    static STAGE: Stage = Stage::new();
    #[cached(timeout = 100)]
    async fn inner(id: u64) -> u64 {
        yield_now().await;
        current().add_tag(format!("inner:{id}"));
        yield_now().await;
        id
    }
    #[cached(timeout = 100)]
    async fn outer(id: u64) -> u64 {
        let first = current();
        STAGE.enter_async().await;
        current().add_tag(format!("outer:{id}"));
        let both = futures_lite::future::zip(inner(id), inner(id + 10)).await;
        current().add_tag(format!("late:{id}"));
        // A handle is of its load wherever it is used.
        std::thread::spawn(move || first.add_tag(format!("first:{id}"))).join().unwrap();
        both.0
    }
    isolated(|| {
        let two = || wait(futures_lite::future::zip(outer(1), outer(2)));
        for tag in ["outer:1", "late:1", "first:1"] {
            assert_eq!(two(), (1, 2));
            invalidate_tag(tag).unwrap();
            hit!(wait(outer(2)), 2);
            miss!(wait(outer(1)), 1);
            hit!(wait(inner(1)), 1);
        }
        invalidate_tag("inner:11").unwrap();
        hit!(wait(outer(1)), 1);
        miss!(wait(inner(11)), 11);
        hit!(wait(inner(12)), 12);
    });
}

#[test]
fn what_callers_share_was_said_once() {
    static STAGE: Stage = Stage::new();
    #[cached(timeout = 100, handle)]
    fn load(id: u64) -> u64 {
        STAGE.enter();
        current().set_timeout(10);
        current().add_tag("body");
        id + STAGE.loads()
    }
    isolated(|| {
        STAGE.close();
        let calls: Vec<_> = (0..4).map(|_| aside(|| miss!(load(100)))).collect();
        until(|| load::cache().stats().misses == 4);
        calls.iter().for_each(Aside::linger);
        STAGE.open();
        for call in calls {
            assert_eq!(call.join(), 101);
        }
        hit!(load(100), 101);
        pass(10.0);
        miss!(load(100), 102);
        invalidate_tag("body").unwrap();
        miss!(load(100), 103);
    });
}
