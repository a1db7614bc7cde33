//! Entries and caches as values, and functions that invalidate them.

use std::time::Duration;

use cached_runtime::{ErrorKind, cached, hit, invalidates, miss, registry};
use futures_lite::future::block_on;

use crate::world::{World, from_memory, from_store, said, say};

#[cached(shared, handle, key = "{id}", timeout = 60)]
fn user(id: u64) -> Result<u64, String> {
    if id == 0 { Err("nobody".into()) } else { Ok(said()) }
}

#[cached(shared, handle, key = "{id}", timeout = 60)]
async fn order(id: u64) -> Option<u64> {
    (id > 0).then(said)
}

#[test]
fn an_entry_is_seen_put_and_dropped_across_processes() {
    let world = World::new();
    let (first, second) = (world.process(), world.process());
    say(1);
    first.run(|| user(1)).unwrap();
    second.run(|| {
        let entry = user::entry(1);
        assert_eq!(entry.key(), "1");
        assert_eq!(entry.peek().unwrap(), Some(Ok(1)));
        world.advance_secs(7);
        assert_eq!(entry.age().unwrap(), Some(Duration::from_secs(7)));
        entry.put(Ok(5)).unwrap();
        assert_eq!(entry.age().unwrap(), Some(Duration::ZERO));
        let stats = user::cache().stats();
        assert_eq!((stats.hits, stats.misses), (0, 0), "not calls: {stats:?}");
    });
    first.run(|| {
        hit!(user(1), Ok(5));
        assert!(user::entry(1).invalidate().unwrap());
        assert!(!user::entry(1).invalidate().unwrap(), "nothing is left");
        assert_eq!(user::entry(1).peek().unwrap(), None);
        assert_eq!(user::entry(1).age().unwrap(), None);
    });
    second.run(|| {
        assert_eq!(user::entry(1).peek().unwrap(), None);
        miss!(user(1), Ok(1));
        // What would not be stored of a load is not stored here.
        user::entry(1).put(Err("no".into())).unwrap();
        hit!(user(1), Ok(1));
        assert!(user::entry(1).expire().unwrap());
        miss!(user(1), Ok(1));
    });
}

#[test]
fn the_same_from_tasks() {
    let world = World::new();
    let (first, second) = (world.process(), world.process());
    say(1);
    block_on(async {
        first.run_async(order(1)).await;
        second
            .run_async(async {
                let entry = order::entry(1);
                assert_eq!(entry.peek_async().await.unwrap(), Some(Some(1)));
                entry.put_async(Some(5)).await.unwrap();
                assert_eq!(entry.age_async().await.unwrap(), Some(Duration::ZERO));
            })
            .await;
        first
            .run_async(async {
                hit!(order(1).await, Some(5));
                assert!(order::entry(1).invalidate_async().await.unwrap());
                assert_eq!(order::entry(1).peek_async().await.unwrap(), None);
                order(1).await;
                assert!(order::entry(1).expire_async().await.unwrap());
                order(1).await;
                order::cache().clear_async().await.unwrap();
            })
            .await;
        second
            .run_async(async {
                assert_eq!(order::entry(1).peek_async().await.unwrap(), None);
            })
            .await;
    });
}

#[test]
fn a_put_beats_what_memory_holds() {
    let world = World::new();
    let tiered = world.tiered();
    tiered.run(|| {
        say(1);
        user(1).unwrap();
        from_memory(|| user(1)).unwrap();
        user::entry(1).put(Ok(9)).unwrap();
        assert_eq!(from_memory(|| user(1)), Ok(9));
    });
}

#[test]
fn a_value_that_cannot_be_encoded_replaces_the_one_before_it() {
    #[cached(shared, handle, key = "k")]
    fn ratio() -> f64 {
        1.0
    }

    let world = World::new();
    let (first, second) = (world.tiered(), world.process());
    first.run(|| {
        ratio();
        let error = ratio::entry().put(f64::NAN).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Codec);
        assert_eq!(ratio::entry().peek().unwrap(), None, "the older value is outdated");
    });
    second.run(|| miss!(ratio()));
}

#[test]
fn clear_counts_in_every_process_and_costs_one_write() {
    let world = World::new();
    let (first, second, third) = (world.process(), world.process(), world.process());
    say(1);
    for id in 1..100 {
        first.run(|| user(id)).unwrap();
    }
    let writes = world.store.writes();
    // This one has never called it.
    second.run(|| user::cache().clear()).unwrap();
    assert_eq!(world.store.writes(), writes + 1);
    say(2);
    third.run(|| {
        for id in 1..100 {
            assert_eq!(miss!(user(id)), Ok(2));
        }
    });
    first.run(|| assert_eq!(from_store(|| user(1)), Ok(2)));
}

#[test]
fn the_registry_clears_the_store_as_well() {
    #[cached(shared, name = "handles::listed", key = "{n}")]
    fn listed(n: u64) -> u64 {
        n + said()
    }
    #[cached(shared, name = "handles::other", key = "{n}")]
    fn other(n: u64) -> u64 {
        n + said()
    }

    let world = World::new();
    let (first, second) = (world.process(), world.tiered());
    say(0);
    first.run(|| (listed(1), other(1)));
    second.run(|| {
        hit!(listed(1));
        registry::handle("handles::listed").unwrap().clear();
        say(1);
        miss!(listed(1), 2);
        hit!(other(1), 1);
    });
    first.run(|| hit!(listed(1), 2));
}

#[invalidates(user::entry(id))]
fn rename(id: u64, succeed: bool) -> Result<(), String> {
    let _ = id;
    if succeed { Ok(()) } else { Err("not now".into()) }
}

#[invalidates(user::entry(id), order::cache())]
async fn rename_later(id: u64, succeed: bool) -> Result<(), String> {
    let _ = id;
    if succeed { Ok(()) } else { Err("not now".into()) }
}

#[test]
fn functions_that_invalidate_do_so_in_the_store() {
    let world = World::new();
    let (first, second) = (world.process(), world.process());
    say(1);
    let (both, id) = (|| block_on(async { (user(1), order(1).await) }), 1);
    first.run(both).0.unwrap();
    second.run(|| {
        rename(id, false).unwrap_err();
        hit!(user(id), Ok(1));
        rename(id, true).unwrap();
    });
    say(2);
    first.run(|| {
        miss!(user(id), Ok(2));
        block_on(async {
            rename_later(id, false).await.unwrap_err();
            hit!(order(id).await, Some(1));
            rename_later(id, true).await.unwrap();
        });
    });
    say(3);
    second.run(|| {
        miss!(user(id), Ok(3));
        block_on(async { miss!(order(id).await, Some(3)) });
    });
}
