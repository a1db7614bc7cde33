//! The store that keeps nothing: caching switched off, with everything else in place.

use std::time::Duration;

use crate::store::{Guard, Store, StoreFuture, Swapped};

/// Keeps nothing, and says that all went well.
///
/// A read finds nothing. A write is acknowledged and forgotten; a [`swap`](Store::swap) is done
/// where its guard holds of nothing.
///
/// # Cost
/// None: no lock, and every future is ready when it is first polled.
///
/// # Examples
/// ```
/// use cached_runtime::store::{NullStore, Store};
/// # use std::{pin::pin, task::{Context, Poll, Waker}};
/// # fn wait<T>(future: impl Future<Output = T>) -> T {
/// #     match pin!(future).poll(&mut Context::from_waker(Waker::noop())) {
/// #         Poll::Ready(value) => value,
/// #         Poll::Pending => panic!("not ready when first polled"),
/// #     }
/// # }
///
/// let store = NullStore::new();
/// wait(store.set("user:1", &[7; 24], None))?;
/// assert_eq!(wait(store.get("user:1"))?, None);
/// # Ok::<(), cached_runtime::Error>(())
/// ```
#[derive(Clone, Copy, Debug, Default)]
pub struct NullStore(());

impl NullStore {
    /// Makes one.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }
}

impl Store for NullStore {
    fn kind(&self) -> &'static str {
        "null"
    }

    fn get<'a>(&'a self, _: &'a str) -> StoreFuture<'a, Option<Vec<u8>>> {
        Box::pin(async { Ok(None) })
    }

    fn set<'a>(&'a self, _: &'a str, _: &'a [u8], _: Option<Duration>) -> StoreFuture<'a, ()> {
        Box::pin(async { Ok(()) })
    }

    fn swap<'a>(
        &'a self,
        _: &'a str,
        guard: Guard<'a>,
        _: Option<&'a [u8]>,
        _: Option<Duration>,
    ) -> StoreFuture<'a, Swapped> {
        Box::pin(async move { Ok(Swapped { done: guard.holds(None), previous: None }) })
    }

    fn purge(&self) -> StoreFuture<'_, u64> {
        Box::pin(async { Ok(0) })
    }
}

#[cfg(all(test, feature = "testing"))]
mod tests {
    use super::*;
    use crate::testing::conformance::wait;

    const VALUE: &[u8] = &[7; 24];

    #[test]
    fn nothing_is_kept() {
        let store = NullStore::new();
        wait(store.set("key", VALUE, None)).unwrap();
        assert!(wait(store.add("key", VALUE, None)).unwrap());
        assert_eq!(wait(store.get("key")).unwrap(), None);
        assert_eq!(wait(store.get_many(&["key", "other"])).unwrap(), [None, None]);
        assert!(!wait(store.delete("key")).unwrap());
        assert_eq!(wait(store.purge()).unwrap(), 0);
    }

    #[test]
    fn a_swap_is_done_where_its_guard_holds_of_nothing() {
        let store = NullStore::new();
        for (guard, done) in [(Guard::Any, true), (Guard::Absent, true), (Guard::Head(b"x"), false)]
        {
            let swapped = wait(store.swap("key", guard, Some(VALUE), None)).unwrap();
            assert_eq!(swapped, Swapped { done, previous: None }, "{guard:?}");
        }
    }
}
