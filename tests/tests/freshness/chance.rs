//! `early` and `jitter`: what is left to chance, and within which bounds.

use std::time::Duration;

use cached_runtime::testing::Isolation;
use cached_runtime::{Outcome, cached, hit, miss, stale, testing};

use crate::{Stage, answers, both, isolated, loads, pass, pass_an_instant, wait};

/// Whether a call that is a hit begins a load in the background.
fn begins_a_load(call: impl FnOnce() -> u64, value: u64) -> bool {
    assert_eq!(call(), value);
    match testing::last_outcome() {
        Some(Outcome::Hit { stale: false, refreshing, .. }) => refreshing,
        outcome => panic!("expected a hit, and it was {outcome:?}"),
    }
}

/// The share of entries that one read renews, where so much of their freshness is left. Each load
/// takes ten seconds.
fn share_of_early(timeout: f64, left: f64, load: impl Fn(u64) -> u64) -> f64 {
    const ENTRIES: u32 = 10_000;
    let mut early = 0;
    for id in 0..u64::from(ENTRIES) {
        miss!(load(id), id);
        pass(timeout - left);
        if begins_a_load(|| load(id), id) {
            early += 1;
            testing::settle();
        }
    }
    f64::from(early) / f64::from(ENTRIES)
}

macro_rules! share_of_early {
    ($test:ident, $factor:literal) => {
        both! {
            $test, (timeout = 100, early = $factor, capacity = 20_000),
            load(id: u64) -> u64 {
                pass(10.0);
                id
            },
            {
                for left in [2.0, 10.0, 25.0] {
                    load::cache().clear();
                    testing::isolation().seed(7);
                    let share = share_of_early(100.0, left, load);
                    let wanted = (-left / ($factor * 10.0_f64)).exp();
                    assert!((share - wanted).abs() < 0.02, "{share} for {wanted} at {left}");
                }
            }
        }
    };
}

share_of_early!(early_loads_come_as_often_as_xfetch_says, 1.0);
share_of_early!(with_twice_the_factor_they_come_earlier, 2.0);

both! {
    early_loads_are_one_at_a_time_and_nobody_waits, (timeout = 100, early = 1.0),
    load(id: u64) -> u64 {
        if STAGE.loads() == 1 {
            pass(50.0);
        }
        id + STAGE.loads()
    },
    {
        testing::isolation().seed(7);
        miss!(load(100), 101);
        // With the end a nanosecond away, chance has no say.
        pass(99.999_999_999);
        STAGE.close();
        assert!(begins_a_load(|| load(100), 101));
        STAGE.wait_for(2);
        for _ in 0..50 {
            assert!(!begins_a_load(|| load(100), 101));
        }
        STAGE.open();
        testing::settle();
        hit!(load(100), 102);
        assert_eq!(answers(load::cache().stats()), (52, 0, 1));
        assert_eq!(loads(load::cache().stats()), (1, 2, 0));
    }
}

both! {
    loads_that_take_no_time_are_never_early, (timeout = 100, early = 10.0),
    load(id: u64) -> u64 { id + STAGE.loads() },
    {
        miss!(load(100), 101);
        pass(99.999_999_999);
        for _ in 0..100 {
            hit!(load(100), 101);
        }
        pass_an_instant();
        miss!(load(100), 102);
    }
}

/// How many entries of so many are fresh.
fn fresh(entries: u64, is_fresh: impl Fn(u64) -> bool) -> u64 {
    (0..entries).filter(|id| is_fresh(*id)).count() as u64
}

both! {
    a_share_of_jitter_shortens_lives_evenly_and_never_lengthens_them,
    (timeout = 100, jitter = 0.2, capacity = 20_000),
    load(id: u64) -> u64 { id },
    {
        testing::isolation().seed(7);
        for id in 0..2_000 {
            miss!(load(id), id);
        }
        let fresh = || fresh(2_000, |id| load::entry(id).peek().is_some());
        pass(79.999_999_999);
        assert_eq!(fresh(), 2_000);
        for left in [1_500, 1_000, 500] {
            pass(5.0);
            assert!(fresh().abs_diff(left) < 100, "{} of {left}", fresh());
        }
        pass(5.0);
        assert_eq!(fresh(), 0);
    }
}

both! {
    a_time_of_jitter_is_the_most_that_is_taken,
    (timeout = 100, jitter = "5s", timeout_of = |id: &u64| Duration::from_secs(50 + id % 2)),
    load(id: u64) -> u64 { id },
    {
        testing::isolation().seed(7);
        for id in 0..1_000 {
            miss!(load(id), id);
        }
        let fresh = || fresh(1_000, |id| load::entry(id).peek().is_some());
        pass(45.0);
        assert_eq!(fresh(), 1_000);
        pass(5.0);
        assert!((50..150).contains(&fresh()), "a fifth of those that may live for 51: {}", fresh());
        pass(1.0);
        assert_eq!(fresh(), 0);
    }
}

both! {
    jitter_shortens_no_life_to_nothing, (timeout = "1ms", jitter = "1h"),
    load(id: u64) -> u64 { id },
    {
        for id in 0..1_000 {
            miss!(load(id), id);
            hit!(load(id), id);
        }
    }
}

both! {
    jitter_is_for_lives_alone, (timeout = 10, stale_if_error = "1d", jitter = 0.5, throttle = 10),
    load(id: u64) -> Result<u64, String> { STAGE.result().map(|load| id + load) },
    {
        miss!(load(100), Ok(101));
        pass(10.0);
        STAGE.fail(true);
        let pauses = [(0.0, 2), (9.999_999_999, 2), (0.000_000_001, 3), (19.9, 3), (0.1, 4)];
        for (pause, attempts) in pauses {
            pass(pause);
            stale!(load(100), Ok(101));
            assert_eq!(STAGE.loads(), attempts);
        }
    }
}

#[test]
fn a_seed_repeats_what_chance_says() {
    #[cached(timeout = 100, jitter = 0.5, handle)]
    fn load(id: u64) -> u64 {
        id
    }
    let lives = |seed| {
        let isolation = Isolation::new();
        isolation.seed(seed);
        isolation.run(|| {
            (0..100).for_each(|id| assert_eq!(load(id), id));
            pass(75.0);
            (0..100).map(|id| load::entry(id).peek().is_some()).collect::<Vec<_>>()
        })
    };
    assert_eq!(lives(7), lives(7));
    assert_ne!(lives(7), lives(8));
}
