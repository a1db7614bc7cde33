//! A panic in any of the user's code: it reaches its caller, and the next call works.
//!
//! Each scenario runs again and again, with a panic at its first touch of the user's code, at its
//! second, and so on until one run has no touch left to panic at.

mod touchy;

use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::sync::mpsc;
use std::thread;
use std::time::Duration;

use cached_runtime::{Stats, cached, miss, testing};

use touchy::{FUSE, Key, LIVE, Touch, Value, always, body, one, ten_seconds, touch};

/// Writes functions that differ in how they make their keys.
macro_rules! loads {
    ($($name:ident, $task:ident: $(key = $key:expr)?;)*) => {$(
        #[cached(
            $(key = $key,)?
            store_if = always,
            timeout_of = ten_seconds,
            capacity = 2,
            weigh = one,
            handle
        )]
        fn $name(key: &Key) -> Value {
            body(key.0)
        }

        #[cached(
            $(key = $key,)?
            store_if = always,
            timeout_of = ten_seconds,
            capacity = 2,
            weigh = one,
            handle
        )]
        async fn $task(key: &Key) -> Value {
            tokio::task::yield_now().await;
            body(key.0)
        }
    )*};
}

loads! {
    by_argument, by_argument_task: ;
    by_template, by_template_task: key = "{key}";
    by_callable, by_callable_task: key = |key| { touch(Touch::MakeKey); Key(key.0) };
}

/// Runs a future that no other thread takes part in.
fn block_on<T>(future: impl Future<Output = T>) -> T {
    tokio::runtime::Builder::new_current_thread().build().unwrap().block_on(future)
}

/// Loads, hits, replaces, evicts, expires and invalidates, with a panic where the fuse says.
macro_rules! scenario {
    ($module:ident, |$key:ident| $call:expr) => {
        &|| {
            let call = |n: u64| {
                let $key = Key(n);
                let value: Value = $call;
                assert_eq!(value.0, n);
            };
            let key = Key;
            let steps: [&dyn Fn(); 14] = [
                &|| call(1),
                &|| call(1),
                &|| $module::entry(&key(1)).put(Value::new(1)),
                &|| call(2),
                &|| call(3),
                &|| call(1),
                &|| _ = $module::entry(&key(1)).peek(),
                &|| _ = $module::entry(&key(1)).expire(),
                &|| call(1),
                &|| testing::clock().advance(Duration::from_secs(10)),
                &|| call(1),
                &|| _ = $module::entry(&key(1)).invalidate(),
                &|| $module::cache().clear(),
                &|| call(1),
            ];
            // Each step on its own, so that those after a panic show what it left behind.
            let mut panics = 0;
            for step in steps {
                panics += u64::from(catch_unwind(AssertUnwindSafe(step)).is_err());
            }
            FUSE.set(None);

            testing::clock().advance(Duration::from_secs(10));
            let before = $module::cache().stats();
            for n in 1..4 {
                miss!(call(n));
                call(n);
            }
            let after = $module::cache().stats();
            assert_eq!(after.hits + after.misses - before.hits - before.misses, 6);
            assert_balance(&after);
            assert!($module::cache().len() <= 2);
            panics
        }
    };
}

fn assert_balance(stats: &Stats) {
    assert!(stats.loads <= stats.misses + stats.bypasses, "{stats:?}");
    assert!(stats.load_errors <= stats.loads, "{stats:?}");
    assert_eq!(stats.bypasses, 0);
}

/// Runs a scenario with a panic at every touch of a kind. Returns how many there were.
fn panic_at_every(kind: Touch, scenario: &dyn Fn() -> u64) -> u64 {
    for touch in 0..1_000 {
        FUSE.set(Some((kind, touch)));
        let panics = testing::isolated(scenario);
        assert_eq!(LIVE.get(), 0, "{kind:?} {touch}: a value was leaked");
        assert!(panics <= 1, "{kind:?} {touch}: one panic made {panics} calls panic");
        if panics == 0 {
            return touch;
        }
    }
    unreachable!("{kind:?} is touched without end")
}

/// Runs a test on a thread of its own, so that a hang is a failure.
fn bounded(test: impl FnOnce() + Send + 'static) {
    let (done, over) = mpsc::channel();
    let test = thread::spawn(move || {
        test();
        let _ = done.send(());
    });
    let timely = over.recv_timeout(Duration::from_secs(60));
    assert_ne!(timely, Err(mpsc::RecvTimeoutError::Timeout), "a call hangs");
    test.join().unwrap_or_else(|panic| resume_unwind(panic));
}

/// Writes a test for each kind of touch, over all functions that it concerns.
macro_rules! panics {
    ($($test:ident: $kind:ident in $($module:ident $task:ident),+;)*) => {$(
        #[test]
        fn $test() {
            bounded(|| {
                $(
                    let sync = panic_at_every(Touch::$kind, scenario!($module, |key| $module(&key)));
                    assert!(sync > 0, "the scenario never comes there");
                    let tasks =
                        panic_at_every(Touch::$kind, scenario!($task, |key| block_on($task(&key))));
                    assert!(tasks > 0, "the scenario never comes there");
                )+
            });
        }
    )*};
}

panics! {
    a_panic_in_hash_leaves_the_cache_whole:
        Hash in by_argument by_argument_task, by_callable by_callable_task;
    a_panic_in_eq_leaves_the_cache_whole:
        Eq in by_argument by_argument_task, by_callable by_callable_task;
    a_panic_in_the_clone_of_a_key_leaves_the_cache_whole:
        CloneKey in by_argument by_argument_task, by_callable by_callable_task;
    a_panic_in_the_display_of_a_template_argument_leaves_the_cache_whole:
        Display in by_template by_template_task;
    a_panic_in_a_key_callable_leaves_the_cache_whole:
        MakeKey in by_callable by_callable_task;
    a_panic_in_the_body_leaves_the_cache_whole:
        Body in by_argument by_argument_task, by_template by_template_task;
    a_panic_in_store_if_leaves_the_cache_whole:
        StoreIf in by_argument by_argument_task, by_template by_template_task;
    a_panic_in_timeout_of_leaves_the_cache_whole:
        TimeoutOf in by_argument by_argument_task, by_template by_template_task;
    a_panic_in_weigh_leaves_the_cache_whole:
        Weigh in by_argument by_argument_task, by_template by_template_task;
    a_panic_in_the_clone_of_a_value_leaves_the_cache_whole:
        CloneValue in by_argument by_argument_task, by_template by_template_task;
    a_panic_in_the_drop_of_a_value_leaves_the_cache_whole:
        DropValue in by_argument by_argument_task, by_template by_template_task;
}
