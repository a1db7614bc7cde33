//! `timeout`, `timeout_of` and `stale`: where freshness ends, and where the window after it does.

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use cached_runtime::{cached, hit, miss, stale, testing};

use crate::{Stage, answers, both, isolated, loads, pass, pass_an_instant, wait};

#[test]
fn a_stale_entry_answers_while_one_load_renews_it() {
    static LOADS: AtomicU64 = AtomicU64::new(0);
    #[cached(timeout = 10, stale = 20, handle)]
    fn load(id: u64, name: &str) -> String {
        format!("{id}{name}{}", LOADS.fetch_add(1, Ordering::Relaxed))
    }
    testing::isolated(|| {
        miss!(load(1, "a"), "1a0");
        pass(10.0);
        stale!(load(1, "a"), "1a0");
        testing::settle();
        hit!(load(1, "a"), "1a1");
        assert!(!testing::last_outcome().is_some_and(|outcome| outcome.is_stale()));
        let stats = load::cache().stats();
        assert_eq!((stats.hits, stats.stale_hits, stats.misses), (1, 1, 1));
        assert_eq!((stats.refreshes, stats.loads), (1, 2));
    });
}

#[test]
fn a_method_is_renewed_through_a_clone_of_its_receiver() {
    #[derive(Clone)]
    struct Repo(u64);
    impl Repo {
        #[cached(timeout = 10, refresh_ahead = 0.5, key = "{id}", skip(self))]
        fn load(&self, id: u64) -> u64 {
            self.0 + id
        }

        #[cached(timeout = 10, refresh_ahead = 0.5, key = "{id}", skip(self))]
        async fn load_async(&self, id: u64) -> u64 {
            self.0 + id
        }
    }
    testing::isolated(|| {
        let repo = Repo(10);
        miss!(repo.load(1), 11);
        pass(5.0);
        let newer = Repo(20);
        hit!(newer.load(1), 11);
        testing::settle();
        hit!(repo.load(1), 21);
    });
    let isolated = testing::isolated_async(async {
        let repo = Repo(10);
        miss!(repo.load_async(1).await, 11);
        pass(5.0);
        let newer = Repo(20);
        hit!(newer.load_async(1).await, 11);
        testing::settle_async().await;
        hit!(repo.load_async(1).await, 21);
    });
    futures_lite::future::block_on(isolated);
}

both! {
    timeout_counts_to_the_nanosecond_and_its_end_begins_the_window,
    (timeout = "1500ms", stale = "1ms"),
    load(id: u64) -> u64 { id + STAGE.loads() },
    {
        miss!(load(100), 101);
        pass(1.499_999_999);
        hit!(load(100), 101);
        pass_an_instant();
        stale!(load(100), 101);
        testing::settle();
        hit!(load(100), 102);
        pass(1.5);
        pass(0.000_999_999);
        stale!(load(100), 102);
        testing::settle();
        pass(1.501);
        miss!(load(100), 104);
        assert_eq!(answers(load::cache().stats()), (2, 2, 2));
    }
}

both! {
    a_timeout_of_its_own_moves_the_window,
    (timeout = 1000, stale = 10, timeout_of = |seconds: &u64| Duration::from_secs(*seconds)),
    load(seconds: u64) -> u64 { seconds },
    {
        miss!(load(20), 20);
        miss!(load(30), 30);
        // Of no time at all: not stored.
        miss!(load(0), 0);
        miss!(load(0), 0);
        pass(20.0);
        stale!(load(20), 20);
        hit!(load(30), 30);
        testing::settle();
        hit!(load(20), 20);
        pass(10.0);
        stale!(load(30), 30);
        testing::settle();
        pass(19.999_999_999);
        stale!(load(20), 20);
        testing::settle();
        pass(20.0);
        stale!(load(30), 30);
        testing::settle();
        pass(40.0);
        miss!(load(30), 30);
        pass(30.0);
        miss!(load(20), 20);
        assert_eq!(loads(load::cache().stats()), (4, 10, 0));
    }
}

both! {
    a_renewal_that_may_not_be_stored_leaves_the_entry_as_it_is,
    (timeout = 10, stale = 20, store_if = |value: &u64| *value < 100 || *value > 102),
    load(id: u64) -> u64 { id + STAGE.loads() },
    {
        miss!(load(98), 99);
        pass(10.0);
        // Asked for once; then, as after a failure, not again before the throttle is over.
        for _ in 0..3 {
            stale!(load(98), 99);
            testing::settle();
        }
        assert_eq!(STAGE.loads(), 2);
        pass(10.0);
        stale!(load(98), 99);
        testing::settle();
        assert_eq!(STAGE.loads(), 3);
        // The window ends when it would have ended.
        pass(10.0);
        miss!(load(98), 102);
        miss!(load(98), 103);
        hit!(load(98), 103);
        assert_eq!(loads(load::cache().stats()), (2, 5, 0));
    }
}

both! {
    peek_and_expire_know_the_window, (timeout = 10, stale = 20),
    load(id: u64) -> u64 { id + STAGE.loads() },
    {
        miss!(load(100), 101);
        pass(4.0);
        assert!(load::entry(100).expire());
        assert_eq!(load::entry(100).peek(), Some(101));
        assert_eq!(load::entry(100).age(), None);
        // From then on it is stale, and for no longer than the window.
        pass(19.999_999_999);
        assert_eq!(load::entry(100).peek(), Some(101));
        // Again, it gains nothing.
        assert!(!load::entry(100).expire());
        pass_an_instant();
        assert_eq!(load::entry(100).peek(), None);
        miss!(load(100), 102);
        assert!(load::entry(100).expire());
        stale!(load(100), 102);
        testing::settle();
        hit!(load(100), 103);
        assert_eq!(loads(load::cache().stats()), (1, 3, 0));
    }
}

both! {
    purge_keeps_what_is_of_use, (timeout = 10, stale = 10, stale_if_error = 20),
    load(id: u64) -> u64 { id + STAGE.loads() },
    {
        miss!(load(100), 101);
        for (seconds, kept) in [(10.0, 1), (10.0, 1), (9.999_999_999, 1), (0.000_000_001, 0)] {
            pass(seconds);
            load::cache().purge();
            assert_eq!(load::cache().len(), kept);
        }
    }
}

#[test]
fn arguments_are_cloned_only_when_a_load_starts() {
    static CLONES: AtomicU64 = AtomicU64::new(0);
    #[derive(PartialEq, Eq, Hash)]
    struct Counted(u64);
    impl Clone for Counted {
        fn clone(&self) -> Self {
            CLONES.fetch_add(1, Ordering::Relaxed);
            Self(self.0)
        }
    }
    #[cached(timeout = 10, stale = 10, key = "{id.0}")]
    fn load(id: Counted) -> u64 {
        id.0
    }
    testing::isolated(|| {
        let clones = || CLONES.swap(0, Ordering::Relaxed);
        miss!(load(Counted(1)), 1);
        assert_eq!(clones(), 0);
        pass(9.0);
        hit!(load(Counted(1)), 1);
        assert_eq!(clones(), 0);
        pass(1.0);
        stale!(load(Counted(1)), 1);
        testing::settle();
        assert_eq!(clones(), 1);
        hit!(load(Counted(1)), 1);
        assert_eq!(clones(), 0);
    });
}
