//! The rules that every store passes, for the stores of this crate and for your own.
//!
//! [`store_conformance!`](crate::store_conformance) makes a test of each rule. A rule runs twice:
//! through the door of threads, where the store may block, and through that of tasks, where its
//! futures are polled by an executor that knows nothing of tokio. What the rules demand is the
//! contract of [`Store`]; none looks at a clock but to give up.

mod races;
mod rules;

use std::error::Error as _;
use std::pin::pin;
use std::sync::Arc;
use std::task::{Context, Poll, Wake, Waker};
use std::thread::{self, Thread};
use std::time::{Duration, Instant};

use crate::store::{Guard, HEAD, Store, StoreFuture, Swapped, blocking};

#[doc(hidden)]
pub use races::*;
#[doc(hidden)]
pub use rules::*;

/// Tests a store against the rules of [`Store`](crate::store::Store).
///
/// Takes a name for the module of tests, and a closure that makes an empty store that shares its
/// entries with no other: a fresh directory, a prefix not used before. It is called several times,
/// from several threads. A second closure makes a pair of such stores over the same server or
/// directory, and adds the rule that neither touches what the other keeps.
///
/// Both give what [`IntoStore`](crate::testing::conformance::IntoStore) takes. Stands at the level
/// of items; what the closures name must be in scope there.
///
/// # Examples
/// ```
/// use cached_runtime::store::MemoryStore;
///
/// cached_runtime::store_conformance!(memory, || MemoryStore::new());
/// # fn main() {}
/// ```
#[macro_export]
macro_rules! store_conformance {
    ($name:ident, $make:expr $(,)?) => {
        $crate::__store_rules!($name, $make, {});
    };
    ($name:ident, $make:expr, $make_two:expr $(,)?) => {
        $crate::__store_rules!($name, $make, {
            #[test]
            fn a_purge_leaves_what_is_under_another_prefix() {
                $crate::testing::conformance::check_two(
                    $make_two,
                    $crate::testing::conformance::a_purge_leaves_what_is_under_another_prefix,
                );
            }
        });
    };
}

#[doc(hidden)]
#[macro_export]
macro_rules! __store_rules {
    ($name:ident, $make:expr, { $($more:item)* }) => {
        $crate::__store_rules!(@ $name, $make, { $($more)* },
            a_swap_compares_heads
            a_swap_of_anything_gives_what_was_there
            a_swap_where_nothing_is
            abandoned_operations_break_nothing
            adds_store_only_where_nothing_is
            concurrent_adds_have_one_winner
            concurrent_swaps_lose_no_update
            concurrent_swaps_to_nothing_drop_what_they_compared
            deletes_say_whether_there_was_something
            keys_that_differ_are_different
            many_are_stored_read_and_dropped_in_order
            many_threads_see_only_whole_values
            nothing_is_found_where_nothing_is
            purges_drop_everything
            timeouts_end_entries
            values_are_replaced
            values_hold_any_bytes
        );
    };
    (@ $name:ident, $make:expr, { $($more:item)* }, $($rule:ident)*) => {
        mod $name {
            #[allow(unused_imports, reason = "a path in full needs none of it")]
            use super::*;

            $(
                #[test]
                fn $rule() {
                    $crate::testing::conformance::check(
                        $make,
                        $crate::testing::conformance::$rule,
                    );
                }
            )*

            $($more)*
        }
    };
}

/// A store, or one behind an [`Arc`].
pub trait IntoStore {
    /// Shares it.
    fn into_store(self) -> Arc<dyn Store>;
}

impl<S: Store> IntoStore for S {
    fn into_store(self) -> Arc<dyn Store> {
        Arc::new(self)
    }
}

impl<S: Store> IntoStore for Arc<S> {
    fn into_store(self) -> Arc<dyn Store> {
        self
    }
}

impl IntoStore for Arc<dyn Store> {
    fn into_store(self) -> Arc<dyn Store> {
        self
    }
}

/// Waits for a future on this thread. Panics after 10 seconds.
///
/// A plain executor: for tests of stores without one of their own.
pub fn wait<T>(future: impl Future<Output = T>) -> T {
    struct Unpark(Thread);
    impl Wake for Unpark {
        fn wake(self: Arc<Self>) {
            self.0.unpark();
        }
    }
    let waker = Waker::from(Arc::new(Unpark(thread::current())));
    let mut future = pin!(future);
    let give_up = Instant::now() + Duration::from_secs(10);
    loop {
        if let Poll::Ready(output) = future.as_mut().poll(&mut Context::from_waker(&waker)) {
            return output;
        }
        let left = give_up.saturating_duration_since(Instant::now());
        assert!(!left.is_zero(), "the store did not answer within 10 seconds");
        thread::park_timeout(left);
    }
}

/// Runs a rule over fresh stores, through both doors.
#[doc(hidden)]
pub fn check<S: IntoStore>(make: impl Fn() -> S, rule: fn(&Subject)) {
    for door in [Door::Thread, Door::Task] {
        rule(&Subject { store: make().into_store(), door });
    }
}

/// The same for a rule of two stores.
#[doc(hidden)]
pub fn check_two<S: IntoStore, T: IntoStore>(
    make: impl Fn() -> (S, T),
    rule: fn(&Subject, &Subject),
) {
    for door in [Door::Thread, Door::Task] {
        let (one, other) = make();
        let subject = |store| Subject { store, door };
        rule(&subject(one.into_store()), &subject(other.into_store()));
    }
}

/// A store under test, and the door through which a rule comes.
#[doc(hidden)]
pub struct Subject {
    store: Arc<dyn Store>,
    door: Door,
}

#[derive(Clone, Copy)]
enum Door {
    /// The store may block.
    Thread,
    /// It must not.
    Task,
}

/// What the rules ask of a store. Each fails the rule where the store fails.
impl Subject {
    fn wait<'a, T>(&'a self, start: impl FnOnce(&'a dyn Store) -> StoreFuture<'a, T>) -> T {
        let answer = match self.door {
            Door::Thread => blocking(|| wait(start(&*self.store))),
            Door::Task => wait(start(&*self.store)),
        };
        match answer {
            Ok(output) => output,
            Err(error) => {
                let source = error.source().map(ToString::to_string).unwrap_or_default();
                panic!("{error}: {source}");
            }
        }
    }

    fn get(&self, key: &str) -> Option<Vec<u8>> {
        self.wait(|store| store.get(key))
    }

    fn has(&self, key: &str) -> bool {
        self.get(key).is_some()
    }

    fn set(&self, key: &str, value: &[u8], timeout: Option<Duration>) {
        self.wait(|store| store.set(key, value, timeout));
    }

    fn swap(&self, key: &str, guard: Guard<'_>, value: Option<&[u8]>) -> Swapped {
        self.wait(|store| store.swap(key, guard, value, None))
    }

    fn add(&self, key: &str, value: &[u8]) -> bool {
        self.wait(|store| store.add(key, value, None))
    }

    fn delete(&self, key: &str) -> bool {
        self.wait(|store| store.delete(key))
    }

    fn purge(&self) -> u64 {
        self.wait(|store| store.purge())
    }
}

/// A value that begins with the text, padded to a head, and goes on with it.
fn value(text: &str) -> Vec<u8> {
    let mut value = head(text);
    value.extend_from_slice(text.as_bytes());
    value
}

fn head(text: &str) -> Vec<u8> {
    let mut head = text.as_bytes().to_vec();
    head.resize(HEAD, b'.');
    head
}
