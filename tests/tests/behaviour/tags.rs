//! `tags`: names that entries carry, and by which they are invalidated together.

use std::cell::Cell;
use std::fmt::Display;
use std::future::poll_fn;
use std::pin::pin;
use std::task::{Context, Poll, Waker};
use std::thread;
use std::time::{Duration, Instant};

use cached_runtime::testing::{Isolation, last_outcome};
use cached_runtime::{
    Cache, MissReason, Outcome, cached, expire_tag, hit, invalidate_tag, invalidate_tag_async,
    invalidates, miss, stale, testing,
};
use futures_lite::future::block_on;

thread_local! {
    static SAID: Cell<u64> = const { Cell::new(0) };
    /// A tag that the next body on this thread invalidates.
    static MEANWHILE: Cell<Option<&'static str>> = const { Cell::new(None) };
    static HELD: Cell<bool> = const { Cell::new(false) };
}

/// What a body returns: what was said last. Something may happen in it.
fn said() -> u64 {
    let value = SAID.get();
    if let Some(tag) = MEANWHILE.take() {
        drop_tag(tag);
    }
    value
}

fn drop_tag(tag: &str) {
    invalidate_tag(tag).expect("memory takes every invalidation");
}

/// Waits inside a body until it is let go.
async fn held() {
    poll_fn(|_| if HELD.get() { Poll::Pending } else { Poll::Ready(()) }).await;
}

/// Polls a call once: what it returned, if it ended.
fn poll_once<T>(call: impl Future<Output = T>) -> Option<T> {
    let polled = pin!(call).poll(&mut Context::from_waker(Waker::noop()));
    match polled {
        Poll::Ready(value) => Some(value),
        Poll::Pending => None,
    }
}

/// Expects a load for this reason.
#[track_caller]
fn missed<T>(reason: MissReason, call: impl FnOnce() -> T) -> T {
    let value = call();
    match last_outcome() {
        Some(Outcome::Miss { reason: said, .. }) => assert_eq!(said, reason),
        other => panic!("expected a load, and it was {other:?}"),
    }
    value
}

#[cached(handle, tags("user:{id}", "users", |name| [format!("len:{}", name.len())]))]
fn name_of(id: u64) -> String {
    "x".repeat(usize::try_from(id + SAID.get()).unwrap_or_default())
}

#[test]
fn one_tag_of_several_is_enough_and_no_other_entry_is_touched() {
    testing::isolated(|| {
        for tag in ["user:1", "len:1"] {
            name_of(1);
            name_of(2);
            drop_tag(tag);
            assert_eq!(missed(MissReason::Tag, || name_of(1)), "x");
            hit!(name_of(2), "xx");
        }
        for tag in ["user", "user:3", "len:", "USERS", "user:1 ", "%", ""] {
            drop_tag(tag);
            hit!(name_of(1));
            hit!(name_of(2));
        }
        drop_tag("users");
        missed(MissReason::Tag, || name_of(1));
        missed(MissReason::Tag, || name_of(2));
        let stats = name_of::cache().stats();
        assert_eq!((stats.loads, stats.misses, stats.evictions), (6, 6, 0), "{stats:?}");
    });
}

#[test]
fn tags_from_a_value_are_those_of_that_value() {
    testing::isolated(|| {
        miss!(name_of(1), "x");
        drop_tag("len:1");
        SAID.set(1);
        miss!(name_of(1), "xx");
        SAID.set(0);
        drop_tag("len:1");
        hit!(name_of(1), "xx");
        drop_tag("len:2");
        miss!(name_of(1), "x");
    });
}

struct Shop {
    id: u64,
}

impl Shop {
    #[cached(
        key = "{self.id}:{name}:{size}",
        handle(impl),
        tags("shop:{self.id}", "name:{name}", "size:{size}", "sum:{self.id + 1:03}")
    )]
    fn price(&self, name: &str, size: Option<u8>) -> u64 {
        said()
    }
}

#[test]
fn templates_name_arguments_fields_of_self_and_options() {
    testing::isolated(|| {
        let calls = |is_hit: [bool; 3]| {
            let shops = [Shop { id: 1 }, Shop { id: 2 }];
            let answers =
                [(&shops[0], "a b", None), (&shops[0], "c", Some(7)), (&shops[1], "c", None)];
            for ((shop, name, size), is_hit) in answers.into_iter().zip(is_hit) {
                if is_hit {
                    hit!(shop.price(name, size));
                } else {
                    miss!(shop.price(name, size));
                }
            }
        };
        calls([false; 3]);
        calls([true; 3]);
        drop_tag("shop:1");
        calls([false, false, true]);
        drop_tag("name:c");
        calls([true, false, false]);
        drop_tag("size:7");
        calls([true, false, true]);
        drop_tag("sum:003");
        calls([true, true, false]);
        // Arguments are escaped, as in keys.
        drop_tag("name:a b");
        calls([true; 3]);
        drop_tag("name:a%20b");
        calls([false, true, true]);
    });
}

#[test]
fn a_function_that_invalidates_names_tags_as_entries_do() {
    #[invalidates(tags("name:{name}", "unheard"))]
    fn rename(name: &str, is_right: bool) -> Result<(), ()> {
        is_right.then_some(()).ok_or(())
    }
    #[invalidates(before, tags("shop:{id}"), name_of::entry(1))]
    async fn close(id: u64) -> Result<(), ()> {
        Err(())
    }

    testing::isolated(|| {
        let shop = Shop { id: 1 };
        shop.price("a b", None);
        assert_eq!(rename("a b", false), Err(()));
        assert_eq!(rename("a", true), Ok(()));
        hit!(shop.price("a b", None));
        assert_eq!(rename("a b", true), Ok(()));
        miss!(shop.price("a b", None));
        name_of(1);
        assert_eq!(block_on(close(1)), Err(()));
        missed(MissReason::Tag, || shop.price("a b", None));
        miss!(name_of(1));
    });
}

#[test]
fn closures_return_any_list_of_texts() {
    #[cached(tags(|_: &u64| ["a", "b"]))]
    fn array(n: u64) -> u64 {
        n
    }
    #[cached(tags(|n| vec![n.to_string(); 2]))]
    fn vec(n: u64) -> u64 {
        n
    }
    #[cached(tags(|n| (*n > 1).then_some("many")))]
    fn option(n: u64) -> u64 {
        n
    }
    #[cached(tags(|n| (0..*n).map(|n| format!("n:{n}"))))]
    fn iterator(n: u64) -> u64 {
        n
    }
    testing::isolated(|| {
        let all = || (array(2), vec(2), option(1), option(2), iterator(2));
        all();
        for (tag, dropped) in [("a", 0), ("b", 0), ("2", 1), ("many", 3), ("n:0", 4), ("n:1", 4)] {
            all();
            drop_tag(tag);
            let calls: [fn() -> u64; 5] =
                [|| array(2), || vec(2), || option(1), || option(2), || iterator(2)];
            for (idx, call) in calls.into_iter().enumerate() {
                if idx == dropped {
                    missed(MissReason::Tag, call);
                } else {
                    hit!(call());
                }
            }
        }
    });
}

#[test]
fn what_is_no_value_has_the_tags_of_its_call_alone() {
    #[cached(err_timeout = 60, none_timeout = 60, tags("call:{n}", |value| [format!("value:{value}")]))]
    fn find(n: u64) -> Result<Option<u64>, u64> {
        match n {
            0 => Err(0),
            1 => Ok(None),
            n => Ok(Some(n)),
        }
    }
    testing::isolated(|| {
        for n in 0..3 {
            let loaded = miss!(find(n));
            assert_eq!(hit!(find(n)), loaded);
            drop_tag(&format!("call:{n}"));
            assert_eq!(missed(MissReason::Tag, || find(n)).is_err(), n == 0);
        }
        drop_tag("value:0");
        (0..2).for_each(|n| _ = hit!(find(n)));
        drop_tag("value:2");
        miss!(find(2), Ok(Some(2)));
    });
}

#[test]
fn what_was_put_carries_its_tags() {
    testing::isolated(|| {
        for tag in ["user:9", "users", "len:4"] {
            name_of::entry(9).put("nine".into());
            hit!(name_of(9), "nine");
            drop_tag(tag);
            assert_eq!((name_of::entry(9).peek(), name_of::entry(9).age()), (None, None));
            assert!(!name_of::entry(9).invalidate());
            assert!(!name_of::entry(9).expire());
        }
        // What is put after an invalidation is newer than it.
        name_of::entry(9).put("nine".into());
        assert!(name_of::entry(9).age().is_some());
        assert!(name_of::entry(9).invalidate());
        name_of::entry(9).put("nine".into());
        assert!(name_of::entry(9).expire());
        miss!(name_of(9));
        name_of::cache().clear();
        missed(MissReason::Absent, || name_of(9));
    });
}

#[test]
fn entries_with_an_overtaken_tag_are_purged() {
    testing::isolated(|| {
        (0..10).for_each(|id| drop(name_of(id)));
        drop_tag("user:3");
        assert_eq!((name_of::cache().len(), name_of::cache().purge()), (10, 1));
        assert_eq!((name_of::cache().len(), name_of::cache().purge()), (9, 0));
    });
}

#[test]
fn tagged_entries_expire_as_others_do() {
    #[cached(timeout = 5, tags("t"))]
    fn brief() -> u64 {
        said()
    }
    #[cached(timeout = never, tags("t"))]
    fn lasting() -> u64 {
        said()
    }
    testing::isolated(|| {
        brief();
        lasting();
        testing::clock().advance(Duration::from_nanos(4_999_999_999));
        hit!(brief());
        testing::clock().advance(Duration::from_nanos(1));
        missed(MissReason::Expired, brief);
        testing::clock().advance(Duration::from_hours(1_000_000));
        hit!(lasting());
        drop_tag("t");
        missed(MissReason::Tag, lasting);
    });
}

#[test]
fn an_entry_has_at_most_sixteen_tags_and_one_that_could_have_more_is_not_stored() {
    #[cached(tags("one", |n| (0..*n).map(|n| n.to_string())))]
    fn many(n: u64) -> u64 {
        n
    }
    #[cached(tags("one", |n| ["one", "two", "one", "two"].repeat(*n)))]
    fn repeated(n: usize) -> usize {
        n
    }
    #[cached(tags(
        "01", "02", "03", "04", "05", "06", "07", "08", "09", "10", "11", "12", "13", "14", "15",
        "16"
    ))]
    fn sixteen() -> u64 {
        16
    }
    testing::isolated(|| {
        miss!(many(15), 15);
        hit!(many(15), 15);
        drop_tag("14");
        miss!(many(15), 15);
        miss!(many(16), 16);
        miss!(many(16), 16);
        // The same tag counts once.
        miss!(repeated(100));
        hit!(repeated(100));
        drop_tag("two");
        miss!(repeated(100));
        miss!(sixteen());
        hit!(sixteen());
        drop_tag("16");
        miss!(sixteen());
    });
}

#[test]
fn an_entry_with_a_tag_that_names_nothing_is_not_stored() {
    #[cached(handle, tags("{name}"))]
    fn by_argument(name: &str) -> usize {
        name.len()
    }
    #[cached(tags(|name: &String| [name.clone()]))]
    fn by_value(name: &str) -> String {
        name.to_owned()
    }
    struct Fails;
    impl Display for Fails {
        fn fmt(&self, _: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
            Err(std::fmt::Error)
        }
    }
    #[cached(key = |_| 0_u64, tags("{it}"))]
    fn without_a_text(it: &Fails) -> u64 {
        1
    }
    testing::isolated(|| {
        for _ in 0..2 {
            miss!(by_argument(""), 0);
            miss!(by_value(""), "");
            miss!(without_a_text(&Fails), 1);
        }
        by_argument::entry("").put(7);
        assert_eq!(by_argument::entry("").peek(), None);
        miss!(by_argument("a"));
        hit!(by_argument("a"));
    });
}

#[cached(handle, tags("static", |_: &u64| ["of the value"]))]
fn overtaken() -> u64 {
    said()
}

#[cached(coalesce = false, tags("static", |_: &u64| ["of the value"]))]
fn overtaken_alone() -> u64 {
    said()
}

#[test]
fn a_load_that_an_invalidation_overtakes_is_not_stored() {
    testing::isolated(|| {
        for tag in ["static", "of the value"] {
            for (call, is_forced) in [
                (overtaken as fn() -> u64, false),
                (overtaken_alone, false),
                (overtaken::fresh, true),
            ] {
                drop_tag(tag);
                MEANWHILE.set(Some(tag));
                SAID.set(1);
                miss!(call(), 1);
                SAID.set(2);
                miss!(call(), 2);
                if !is_forced {
                    hit!(call(), 2);
                }
            }
        }
        drop_tag("static");
        MEANWHILE.set(Some("another"));
        miss!(overtaken());
        hit!(overtaken());
    });
}

#[cached(handle, tags("static:{id}"))]
async fn slow(id: u64) -> u64 {
    let value = SAID.get();
    held().await;
    value
}

#[cached(handle, tags(|_: &u64| ["of the value"]))]
async fn slow_of_value(id: u64) -> u64 {
    let value = SAID.get();
    held().await;
    value
}

/// Expects that who calls after an invalidation does not wait for a load that began before it.
macro_rules! joins_no_overtaken_load {
    ($f:ident, $tag:expr) => {
        testing::isolated(|| {
            SAID.set(1);
            HELD.set(true);
            let mut first = pin!($f(1));
            let mut before = pin!($f(1));
            assert!(poll_once(first.as_mut()).is_none());
            assert!(poll_once(before.as_mut()).is_none());
            drop_tag($tag);
            HELD.set(false);
            SAID.set(2);
            assert_eq!(poll_once($f(1)), Some(2), "it waits for a load of before");
            assert_eq!(block_on(first), 1);
            assert_eq!(poll_once(before.as_mut()), Some(1), "who waited before shares the load");
            hit!(block_on($f(1)), 2);
            assert_eq!($f::cache().stats().loads, 2);
        });
    };
}

#[test]
fn who_calls_after_an_invalidation_joins_no_load_from_before_it() {
    joins_no_overtaken_load!(slow, "static:1");
    joins_no_overtaken_load!(slow_of_value, "of the value");
}

#[test]
fn a_load_whose_tags_are_known_is_joined_whatever_else_is_invalidated() {
    testing::isolated(|| {
        SAID.set(1);
        HELD.set(true);
        let mut first = pin!(slow(1));
        assert!(poll_once(first.as_mut()).is_none());
        drop_tag("static:2");
        let mut second = pin!(slow(1));
        assert!(poll_once(second.as_mut()).is_none());
        HELD.set(false);
        assert_eq!((block_on(first), block_on(second)), (1, 1));
        hit!(block_on(slow(1)), 1);
        assert_eq!(slow::cache().stats().loads, 1);
    });
}

#[test]
fn a_load_has_the_tags_of_whoever_leads_it() {
    #[derive(Clone, Copy)]
    struct User {
        id: u64,
        team: u64,
    }
    #[cached(handle, key = "{user.id}", tags("team:{user.team}"))]
    async fn load(user: User) -> u64 {
        let value = SAID.get();
        held().await;
        value
    }
    testing::isolated(|| {
        let [old, new] = [1, 2].map(|team| User { id: 1, team });
        SAID.set(1);
        HELD.set(true);
        let mut first = Box::pin(load(old));
        assert!(poll_once(first.as_mut()).is_none());
        drop_tag("team:1");
        HELD.set(false);
        SAID.set(2);
        assert_eq!(poll_once(load(new)), Some(2), "it waits for a load of before");
        drop(first);
        hit!(block_on(load(old)), 2);
        drop_tag("team:1");
        hit!(block_on(load(old)), 2);
        drop_tag("team:2");

        // One who inherits the lead loads with tags of its own.
        HELD.set(true);
        SAID.set(3);
        let mut first = Box::pin(load(old));
        let mut heir = pin!(load(new));
        assert!(poll_once(first.as_mut()).is_none());
        assert!(poll_once(heir.as_mut()).is_none());
        drop(first);
        assert!(poll_once(heir.as_mut()).is_none());
        drop_tag("team:2");
        HELD.set(false);
        SAID.set(4);
        assert_eq!(poll_once(load(old)), Some(4), "it waits for a load of before");
        assert_eq!(block_on(heir), 3);
        hit!(block_on(load(new)), 4);
    });
}

#[test]
fn a_tag_that_nobody_carried_when_it_was_invalidated_was_invalidated() {
    testing::isolated(|| {
        drop_tag("static");
        MEANWHILE.set(Some("of the value"));
        miss!(overtaken());
        miss!(overtaken());
        hit!(overtaken());
        drop_tag("nobody's");
        hit!(overtaken());
    });
}

#[test]
fn refresh_and_fresh_store_with_tags() {
    #[cached(handle, key = "{id}", skip(is_forced), refresh = is_forced, tags("user:{id}"))]
    fn user(id: u64, is_forced: bool) -> u64 {
        said()
    }
    testing::isolated(|| {
        let calls: [fn() -> u64; 2] = [|| user(1, true), || user::fresh(1, false)];
        for call in calls {
            missed(MissReason::Forced, call);
            hit!(user(1, false));
            drop_tag("user:1");
            missed(MissReason::Tag, || user(1, false));
        }
    });
}

#[test]
fn a_tag_is_one_for_all_functions_and_all_their_instantiations() {
    #[cached(key = "{value}", tags("type:{value}", "generic"))]
    fn generic<T: Display>(value: T) -> String {
        value.to_string()
    }
    testing::isolated(|| {
        generic(1_u8);
        generic(1_u64);
        generic("1");
        name_of(1);
        drop_tag("type:1");
        missed(MissReason::Tag, || generic(1_u8));
        missed(MissReason::Tag, || generic(1_u64));
        missed(MissReason::Tag, || generic("1"));
        drop_tag("generic");
        miss!(generic("1"));
        hit!(name_of(1));
        Cache::named("tags").invalidate_tag("users").unwrap();
        miss!(name_of(1));
        assert_eq!(Cache::named("tags").stats().invalidations, 1);
    });
}

#[test]
fn tasks_invalidate_without_blocking() {
    testing::isolated(|| {
        name_of(1);
        assert_eq!(poll_once(invalidate_tag_async("users")).map(|done| done.is_ok()), Some(true));
        missed(MissReason::Tag, || name_of(1));
        block_on(Cache::named("tags").invalidate_tag_async("user:1")).unwrap();
        missed(MissReason::Tag, || name_of(1));
    });
}

#[test]
fn isolated_tests_share_no_tags() {
    let (one, other) = (Isolation::new(), Isolation::new());
    let call = || name_of(1);
    one.run(call);
    other.run(call);
    one.run(|| drop_tag("users"));
    other.run(|| hit!(name_of(1)));
    one.run(|| miss!(name_of(1)));
}

#[test]
fn a_tag_of_a_million_entries_is_invalidated_at_once_and_exactly() {
    const ENTRIES: u64 = 1_000_000;
    #[cached(
        handle,
        capacity = 2_000_000,
        timeout = never,
        stale = "1h",
        tags("all", "part:{n % 1_000}")
    )]
    fn numbered(n: u64) -> u64 {
        n
    }

    testing::isolated(|| {
        let isolation = testing::isolation();
        thread::scope(|scope| {
            for half in 0..2 {
                let isolation = isolation.clone();
                scope.spawn(move || {
                    isolation.run(|| (0..ENTRIES / 2).for_each(|n| _ = numbered(2 * n + half)));
                });
            }
        });
        let before = numbered::cache().stats();
        assert_eq!((before.loads, before.evictions), (ENTRIES, 0));
        let start = Instant::now();
        (0..1_000).for_each(|_| drop_tag("part:7"));
        let took = start.elapsed() / 1_000;
        assert!(took < Duration::from_millis(1), "{took:?} for one of {ENTRIES} entries");
        assert_eq!(numbered::cache().stats(), before, "entries were touched");
        for n in (0..ENTRIES).step_by(97) {
            if n % 1_000 == 7 {
                miss!(numbered(n));
            }
            hit!(numbered(n));
        }
        // The same of the soft form.
        let before = numbered::cache().stats();
        let start = Instant::now();
        (0..1_000).for_each(|_| expire_tag("part:8").expect("memory takes every invalidation"));
        let took = start.elapsed() / 1_000;
        assert!(took < Duration::from_millis(1), "{took:?} for one of {ENTRIES} entries");
        assert_eq!(numbered::cache().stats(), before, "entries were touched");
        for n in (0..ENTRIES).step_by(97) {
            if n % 1_000 == 8 {
                stale!(numbered(n));
                testing::settle();
            }
            hit!(numbered(n));
        }
        drop_tag("all");
        assert_eq!(numbered::cache().purge() as u64, ENTRIES);
    });
}
