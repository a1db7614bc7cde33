//! Freshness: stale entries, refreshes, early and failing.

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use cached_runtime::{cached, hit, miss, stale, testing};

fn pass(seconds: u64) {
    testing::clock().advance(Duration::from_secs(seconds));
}

#[test]
fn a_stale_entry_answers_while_one_load_renews_it() {
    static LOADS: AtomicU64 = AtomicU64::new(0);
    #[cached(timeout = 10, stale = 20, handle)]
    fn load(id: u64, name: &str) -> String {
        format!("{id}{name}{}", LOADS.fetch_add(1, Ordering::Relaxed))
    }
    testing::isolated(|| {
        miss!(load(1, "a"), "1a0");
        pass(10);
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
        pass(5);
        let newer = Repo(20);
        hit!(newer.load(1), 11);
        testing::settle();
        hit!(repo.load(1), 21);
    });
    let isolated = testing::isolated_async(async {
        let repo = Repo(10);
        miss!(repo.load_async(1).await, 11);
        pass(5);
        let newer = Repo(20);
        hit!(newer.load_async(1).await, 11);
        testing::settle_async().await;
        hit!(repo.load_async(1).await, 21);
    });
    futures_lite::future::block_on(isolated);
}
