//! `err_timeout` and `none_timeout` beside values that are still of use.

use cached_runtime::{cached, hit, miss, stale, testing};

use crate::{Stage, both, isolated, loads, pass, pass_an_instant, wait};

both! {
    an_error_never_takes_the_place_of_what_is_stale,
    (timeout = 10, stale = 20, stale_if_error = 60, err_timeout = 5,
        stale_if = |error: &String| !error.contains("gone")),
    load(id: u64) -> Result<u64, String> {
        if STAGE.loads() == 3 {
            return Err("gone".to_owned());
        }
        STAGE.result().map(|load| id + load)
    },
    {
        miss!(load(100), Ok(101));
        pass(10.0);
        STAGE.fail(true);
        stale!(load(100), Ok(101));
        testing::settle();
        stale!(load(100), Ok(101));
        pass(20.0);
        // Past `stale`: the caller hears of an error that does not fall back, and it is not stored.
        miss!(load(100), Err("gone".into()));
        stale!(load(100), Ok(101));
        pass(40.0);
        // Past everything it is stored, for as long as it may.
        miss!(load(100), Err("down 5".into()));
        pass(4.999_999_999);
        hit!(load(100), Err("down 5".into()));
        pass_an_instant();
        // And it is nothing to be stale, or to fall back on.
        miss!(load(100), Err("down 6".into()));
        STAGE.fail(false);
        pass(5.0);
        miss!(load(100), Ok(107));
        hit!(load(100), Ok(107));
    }
}

both! {
    a_none_never_takes_the_place_of_what_is_stale,
    (timeout = 10, stale = 20, stale_if_error = 60, none_timeout = 5),
    load(id: u64) -> Option<u64> { STAGE.result().ok().map(|load| id + load) },
    {
        miss!(load(100), Some(101));
        pass(10.0);
        STAGE.fail(true);
        stale!(load(100), Some(101));
        testing::settle();
        stale!(load(100), Some(101));
        pass(60.0);
        miss!(load(100), None);
        hit!(load(100), None);
        pass(5.0);
        miss!(load(100), None);
        assert_eq!(loads(load::cache().stats()), (1, 4, 0));
    }
}

both! {
    a_load_ahead_that_fails_takes_nobody_s_place,
    (timeout = 10, refresh_ahead = 0.5, err_timeout = 8),
    load(id: u64) -> Result<u64, String> { STAGE.result().map(|load| id + load) },
    {
        miss!(load(100), Ok(101));
        pass(5.0);
        STAGE.fail(true);
        hit!(load(100), Ok(101));
        testing::settle();
        pass(4.999_999_999);
        hit!(load(100), Ok(101));
        pass_an_instant();
        miss!(load(100), Err("down 3".into()));
        hit!(load(100), Err("down 3".into()));
    }
}

both! {
    a_load_ahead_that_finds_nothing_takes_nobody_s_place,
    (timeout = 10, refresh_ahead = 0.5, none_timeout = 8),
    load(id: u64) -> Option<u64> { STAGE.result().ok().map(|load| id + load) },
    {
        miss!(load(100), Some(101));
        pass(5.0);
        STAGE.fail(true);
        hit!(load(100), Some(101));
        testing::settle();
        hit!(load(100), Some(101));
        assert_eq!(loads(load::cache().stats()), (1, 2, 0));
    }
}

both! {
    a_forced_load_that_fails_takes_nobody_s_place,
    (timeout = 10, stale_if_error = 60, err_timeout = 8),
    load(id: u64) -> Result<u64, String> { STAGE.result().map(|load| id + load) },
    {
        for (id, seconds) in [(100, 0.0), (200, 10.0)] {
            STAGE.fail(false);
            let value = miss!(load(id));
            pass(seconds);
            STAGE.fail(true);
            assert!(miss!(done(load::fresh(id))).is_err());
            assert_eq!(load(id), value);
        }
        // One error takes the place of another.
        miss!(load(300), Err("down 6".into()));
        miss!(done(load::fresh(300)), Err("down 7".into()));
        hit!(load(300), Err("down 7".into()));
    }
}

both! {
    what_is_no_value_is_not_renewed_ahead,
    (timeout = 10, refresh_ahead = 0.5, err_timeout = 10, tags("all")),
    load(id: u64) -> Result<u64, String> { STAGE.result().map(|load| id + load) },
    {
        STAGE.fail(true);
        miss!(load(100), Err("down 1".into()));
        for _ in 0..3 {
            hit!(load(100), Err("down 1".into()));
            testing::settle();
            pass(3.0);
        }
        assert_eq!(loads(load::cache().stats()), (0, 1, 1));
    }
}

both! {
    what_is_no_value_is_not_renewed_early,
    (timeout = 100, early = 1.0, none_timeout = 100, tags("all")),
    load(id: u64) -> Option<u64> {
        pass(10.0);
        STAGE.result().ok().map(|load| id + load)
    },
    {
        STAGE.fail(true);
        miss!(load(100), None);
        for _ in 0..9 {
            hit!(load(100), None);
            testing::settle();
            pass(10.0);
        }
        assert_eq!(loads(load::cache().stats()), (0, 1, 0));
    }
}
