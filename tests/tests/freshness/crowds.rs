//! Many callers and many keys: nobody waits for what runs in the background, and that is bounded.

use std::sync::{Arc, Barrier};
use std::time::Duration;

use cached_runtime::{cached, hit, miss, shutdown, stale, testing};

use crate::{Stage, answers, aside, both, isolated, loads, pass, until, wait};

both! {
    a_thousand_reads_of_what_is_stale_begin_one_load_and_none_waits, (timeout = 10, stale = 10),
    load(id: u64) -> u64 { id + STAGE.loads() },
    {
        const READERS: usize = 20;
        miss!(load(100), 101);
        pass(10.0);
        // It ends only when all readers are back.
        STAGE.close();
        let start = Arc::new(Barrier::new(READERS));
        let readers: Vec<_> = (0..READERS).map(|_| {
            let start = Arc::clone(&start);
            aside(move || {
                start.wait();
                for _ in 0..1_000 / READERS {
                    stale!(load(100), 101);
                }
            })
        }).collect();
        readers.into_iter().for_each(crate::Aside::join);
        STAGE.wait_for(2);
        STAGE.open();
        testing::settle();
        hit!(load(100), 102);
        assert_eq!(answers(load::cache().stats()), (1, 1_000, 1));
        assert_eq!(loads(load::cache().stats()), (1, 2, 0));
    }
}

/// Has many keys go stale at once, and reads them until all are renewed.
macro_rules! stale_at_once {
    ($test:ident, ($($options:tt)*), $keys:literal, $most:literal) => {
        both! {
            $test, (timeout = 10, stale = "1d", capacity = 20_000 $($options)*),
            load(id: u64) -> u64 {
                if testing::clock().elapsed() < Duration::from_secs(10) { id } else { id + 1 }
            },
            {
                const KEYS: u64 = $keys;
                for id in 0..KEYS {
                    miss!(load(id), id);
                }
                pass(10.0);
                STAGE.close();
                for id in 0..KEYS {
                    stale!(load(id), id);
                }
                // As many as may, and no more.
                STAGE.wait_for(KEYS + $most);
                assert_eq!(STAGE.loads(), KEYS + $most);
                STAGE.open();
                let keys: Vec<_> = (0..KEYS).collect();
                for wave in keys.chunks(2 * $most) {
                    // Those that find no room ask again, once there is some.
                    until(|| {
                        let left = wave.iter().filter(|id| load(**id) == **id).count();
                        testing::settle();
                        left == 0
                    });
                }
                assert_eq!(STAGE.peak(), $most);
                assert_eq!(loads(load::cache().stats()), (KEYS, 2 * KEYS, 0));
                for id in 0..KEYS {
                    hit!(load(id), id + 1);
                }
            }
        }
    };
}

stale_at_once!(ten_thousand_keys_are_renewed_by_few_loads_at_once, (), 10_000, 64);
stale_at_once!(
    a_thousand_keys_are_renewed_by_as_many_as_it_was_told,
    (, max_background = 5), 1_000, 5
);

both! {
    a_refresh_that_hangs_blocks_nothing, (timeout = 10, stale = 100, max_background = 2),
    load(id: u64) -> u64 { id },
    {
        #[cached(timeout = 10, stale = 100)]
        fn other(id: u64) -> u64 {
            id + testing::clock().elapsed().as_secs()
        }
        for id in 0..3 {
            miss!(load(id), id);
            miss!(other(id), id);
        }
        pass(10.0);
        STAGE.close();
        stale!(load(0), 0);
        STAGE.wait_for(4);
        // Neither its own key, nor another one.
        stale!(load(0), 0);
        stale!(load(1), 1);
        STAGE.wait_for(5);
        // Two of two hang: no other load begins in the background, and calls go on.
        stale!(load(2), 2);
        assert_eq!(STAGE.loads(), 5);
        // Nor a load that somebody waits for, nor those of another function.
        let lead = aside(|| miss!(load(9)));
        STAGE.wait_for(6);
        lead.linger();
        until(|| (0..3).all(|id| other(id) == id + 10));
        // Not the shutdown either: a task is dropped, and a thread is left.
        let left = shutdown(Duration::from_millis(1));
        assert!(left == 0 || left == 2, "{left} are left");
        stale!(load(0), 0);
        STAGE.open();
        assert_eq!(lead.join(), 9);
        testing::settle();
    }
}

both! {
    a_refresh_that_hangs_gives_its_key_up_after_lead_timeout,
    (timeout = 10, stale = "1d", lead_timeout = 60),
    load(id: u64) -> u64 { id + STAGE.loads() },
    {
        miss!(load(100), 101);
        pass(10.0);
        STAGE.close();
        stale!(load(100), 101);
        STAGE.wait_for(2);
        pass(59.9);
        stale!(load(100), 101);
        assert_eq!(STAGE.loads(), 2);
        pass(0.1);
        stale!(load(100), 101);
        STAGE.wait_for(3);
        STAGE.open();
        testing::settle();
        // What the first one brings is not stored over the second, in whatever order they end.
        hit!(load(100), 103);
        assert_eq!(loads(load::cache().stats()), (2, 3, 0));
    }
}
