//! What overtakes a refresh: its result is stored only where it may be, and the next call behaves.

use cached_runtime::{cached, expire_tag, hit, invalidate_tag, miss, stale, testing};

use crate::{Stage, aside, both, isolated, loads, pass, wait};

/// A refresh that is overtaken in some way; then `next` says what the next calls come to, after the
/// refresh has ended and while it still runs. The first load brings 101, the refresh 102.
macro_rules! overtaken {
    ($test:ident, ($($options:tt)*), $overtake:expr, $next:expr) => {
        overtaken!($test, ($($options)*), 10.0, $overtake, $next);
    };
    ($test:ident, ($($options:tt)*), $age:literal, $overtake:expr, $next:expr) => {
        both! {
            $test, (timeout = 10, tags("all", "key:{id}"), $($options)*),
            load(id: u64) -> u64 { id + STAGE.loads() },
            {
                for is_running in [false, true] {
                    load::cache().clear();
                    let base = STAGE.loads();
                    miss!(load(100), 101 + base);
                    pass($age);
                    STAGE.close();
                    assert_eq!(load(100), 101 + base);
                    STAGE.wait_for(base + 2);
                    let overtake: fn(u64) = $overtake;
                    overtake(101 + base);
                    if is_running {
                        // The next call's own load is let through, beside the one that is held.
                        let next = aside(move || {
                            let next: fn(u64) = $next;
                            next(101 + base);
                        });
                        next.yield_for_a_while();
                        STAGE.open();
                        next.join();
                        testing::settle();
                    } else {
                        STAGE.open();
                        testing::settle();
                        let next: fn(u64) = $next;
                        next(101 + base);
                    }
                    let last = load(100);
                    testing::settle();
                    assert!(last != 102 + base, "what the refresh brought was stored");
                }
            }
        }
    };
}

overtaken!(
    an_invalidation,
    (stale = 100),
    |_| assert!(load::entry(100).invalidate()),
    |first| miss!(load(100), first + 2)
);
overtaken!(a_clear, (stale = 100), |_| load::cache().clear(), |first| miss!(load(100), first + 2));
overtaken!(
    an_invalidation_of_a_tag,
    (stale = 100),
    |_| invalidate_tag("all").unwrap(),
    |first| miss!(load(100), first + 2)
);
overtaken!(a_value_that_is_put, (stale = 100), |_| load::entry(100).put(7), |_| hit!(load(100), 7));
overtaken!(
    an_invalidation_of_a_load_ahead,
    (refresh_ahead = 0.5),
    5.0,
    |_| assert!(load::entry(100).invalidate()),
    |first| miss!(load(100), first + 2)
);
overtaken!(
    a_value_that_is_put_over_a_load_ahead,
    (refresh_ahead = 0.5),
    5.0,
    |_| load::entry(100).put(7),
    |_| hit!(load(100), 7)
);

both! {
    expired_by_request_it_stays_stale_and_is_renewed_anew,
    (timeout = 10, refresh_ahead = 0.5, stale = 100),
    load(id: u64) -> u64 { id + STAGE.loads() },
    {
        miss!(load(100), 101);
        pass(5.0);
        STAGE.close();
        hit!(load(100), 101);
        STAGE.wait_for(2);
        assert!(load::entry(100).expire());
        // The load that runs began before: another one is wanted.
        stale!(load(100), 101);
        STAGE.wait_for(3);
        STAGE.open();
        testing::settle();
        hit!(load(100), 103);
        assert_eq!(loads(load::cache().stats()), (2, 3, 0));
    }
}

both! {
    what_a_load_brings_whose_tag_expired_meanwhile_is_stale,
    (timeout = 10, stale = 100, tags("key:{id}")),
    load(id: u64) -> u64 { id + STAGE.loads() },
    {
        miss!(load(100), 101);
        pass(10.0);
        STAGE.close();
        stale!(load(100), 101);
        STAGE.wait_for(2);
        expire_tag("key:100").unwrap();
        STAGE.open();
        testing::settle();
        // It is newer than what was there, and older than it has to be.
        stale!(load(100));
        testing::settle();
        hit!(load(100), 103);
        // Those that are hard are over, however soft they were before.
        expire_tag("key:100").unwrap();
        invalidate_tag("key:100").unwrap();
        miss!(load(100), 104);
    }
}

both! {
    a_forced_load_joins_the_refresh_that_runs, (timeout = 10, stale = 100),
    load(id: u64) -> u64 { id + STAGE.loads() },
    {
        miss!(load(100), 101);
        pass(10.0);
        STAGE.close();
        stale!(load(100), 101);
        STAGE.wait_for(2);
        let forced = aside(|| miss!(done(load::fresh(100))));
        crate::until(|| load::cache().stats().misses == 2);
        forced.linger();
        STAGE.open();
        assert_eq!(forced.join(), 102);
        testing::settle();
        hit!(load(100), 102);
        assert_eq!(loads(load::cache().stats()), (1, 2, 0));
    }
}

both! {
    a_failure_that_was_overtaken_harms_nobody, (timeout = 10, stale = 100, stale_if_error = 100),
    load(id: u64) -> Result<u64, String> { STAGE.result().map(|load| id + load) },
    {
        miss!(load(100), Ok(101));
        pass(10.0);
        STAGE.close();
        STAGE.fail(true);
        stale!(load(100), Ok(101));
        STAGE.wait_for(2);
        load::entry(100).put(Ok(7));
        STAGE.open();
        testing::settle();
        hit!(load(100), Ok(7));
        load::entry(100).invalidate();
        miss!(load(100), Err("down 3".into()));
        STAGE.fail(false);
        miss!(load(100), Ok(104));
        hit!(load(100), Ok(104));
    }
}

both! {
    disabled_meanwhile_calls_are_not_counted_as_anybody_s, (timeout = 10, stale = 100),
    load(id: u64) -> u64 { id + STAGE.loads() },
    {
        miss!(load(100), 101);
        pass(10.0);
        STAGE.close();
        stale!(load(100), 101);
        STAGE.wait_for(2);
        load::cache().disable();
        STAGE.open();
        testing::settle();
        assert_eq!(load(100), 103);
        load::cache().enable();
        let stats = load::cache().stats();
        assert_eq!(stats.hits + stats.stale_hits + stats.misses + stats.bypasses, 3);
        hit!(load(100), 102);
    }
}
