//! One value for each tokio runtime: what stores keep for the tasks of a runtime.
//!
//! A connection is driven by the runtime that made it, and dies with that. So there is one value for
//! each runtime, found by the runtime's number, and a task beside it that reports the runtime's end.
//! What the values are, and when they are to be made anew, is the business of the stores.

use std::collections::HashMap;
use std::fmt;
use std::ops::Deref;
use std::pin::Pin;
use std::sync::{Arc, Mutex, Weak};

use futures_util::future::{FutureExt, Shared};
use tokio::runtime::{Handle, Id};
use tokio::task::AbortHandle;

use crate::sync::unpoisoned;

/// The values of all runtimes, and why there is none.
pub(super) struct Runtimes<T, E>(Mutex<Entries<T, E>>);

struct Entries<T, E> {
    of: HashMap<Id, Entry<T, E>>,
    /// Numbers entries, so that a late report does not remove a newer one.
    made: u64,
}

/// A runtime's value, made or in the making. All who come meanwhile wait for the same one.
pub(super) struct Entry<T, E> {
    runtime: Id,
    serial: u64,
    value: Shared<Making<T, E>>,
}

type Making<T, E> = Pin<Box<dyn Future<Output = Result<Arc<Kept<T>>, Fault<E>>> + Send>>;

/// A value, and what notices the end of its runtime.
pub(super) struct Kept<T> {
    value: T,
    _keeper: Keeper,
}

/// Why a runtime has no value.
pub(super) enum Fault<E> {
    /// It could not be made this time.
    Failed(E),
    /// The runtime is ending.
    Ended,
    /// The runtime lacks a driver that the value needs. Remembered for as long as it runs, and its
    /// end is noticed as that of others.
    Unfit(Arc<Keeper>),
}

impl<T, E> Runtimes<T, E>
where
    T: Send + Sync + 'static,
    E: Clone + Send + Sync + 'static,
{
    /// The entry of a runtime, and whether this call begins it: with what `make` gives, in a task
    /// of its own, so that a caller who gives up does not end what others wait for. A panic there
    /// is how tokio says that a runtime has no driver for what is asked of it.
    pub(super) fn entry<F>(
        self: &Arc<Self>,
        runtime: &Handle,
        make: impl FnOnce() -> F,
    ) -> (Entry<T, E>, bool)
    where
        F: Future<Output = Result<T, E>> + Send + 'static,
    {
        let id = runtime.id();
        let mut entries = unpoisoned(self.0.lock());
        if let Some(entry) = entries.of.get(&id) {
            return (entry.clone(), false);
        }
        let serial = entries.made;
        entries.made += 1;
        // Begins when it is polled: under the lock, a runtime that ends would wait for itself.
        let report = Report { runtimes: Arc::downgrade(self), runtime: id, serial };
        let value = kept(runtime.clone(), report, make()).boxed().shared();
        let entry = Entry { runtime: id, serial, value };
        entries.of.insert(id, entry.clone());
        (entry, true)
    }
}

async fn kept<T, E>(
    runtime: Handle,
    report: impl Send + 'static,
    making: impl Future<Output = Result<T, E>> + Send + 'static,
) -> Result<Arc<Kept<T>>, Fault<E>>
where
    T: Send + 'static,
    E: Send + 'static,
{
    let keeper = Keeper::start(&runtime, report);
    match runtime.spawn(making).await {
        Ok(Ok(value)) => Ok(Arc::new(Kept { value, _keeper: keeper })),
        Ok(Err(error)) => Err(Fault::Failed(error)),
        Err(error) if error.is_panic() => Err(Fault::Unfit(Arc::new(keeper))),
        Err(_) => Err(Fault::Ended),
    }
}

impl<T, E> Runtimes<T, E> {
    /// Drops an entry. The next who asks makes another.
    pub(super) fn forget(&self, entry: &Entry<T, E>) {
        self.remove(entry.runtime, entry.serial);
    }

    fn remove(&self, runtime: Id, serial: u64) {
        let removed = {
            let mut entries = unpoisoned(self.0.lock());
            match entries.of.get(&runtime) {
                Some(entry) if entry.serial == serial => entries.of.remove(&runtime),
                _ => None,
            }
        };
        // Not under the lock: this ends a keeper, which asks for it.
        drop(removed);
    }

    /// How many runtimes have an entry.
    #[cfg(test)]
    pub(super) fn len(&self) -> usize {
        unpoisoned(self.0.lock()).of.len()
    }
}

impl<T, E> Default for Runtimes<T, E> {
    fn default() -> Self {
        Self(Mutex::new(Entries { of: HashMap::new(), made: 0 }))
    }
}

impl<T, E> fmt::Debug for Runtimes<T, E> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Runtimes").finish_non_exhaustive()
    }
}

impl<T, E: Clone> Entry<T, E> {
    /// Waits until the value is made, or is known not to be.
    pub(super) async fn value(&self) -> Result<Arc<Kept<T>>, Fault<E>> {
        self.value.clone().await
    }
}

impl<T, E> Clone for Entry<T, E> {
    fn clone(&self) -> Self {
        Self { runtime: self.runtime, serial: self.serial, value: self.value.clone() }
    }
}

impl<T> Deref for Kept<T> {
    type Target = T;

    fn deref(&self) -> &T {
        &self.value
    }
}

impl<E: Clone> Clone for Fault<E> {
    fn clone(&self) -> Self {
        match self {
            Self::Failed(error) => Self::Failed(error.clone()),
            Self::Ended => Self::Ended,
            Self::Unfit(keeper) => Self::Unfit(Arc::clone(keeper)),
        }
    }
}

/// A task that only waits for the end of its runtime, with which it drops its report.
pub(super) struct Keeper(AbortHandle);

impl Keeper {
    fn start(runtime: &Handle, report: impl Send + 'static) -> Self {
        let task = runtime.spawn(async move {
            let _report = report;
            std::future::pending::<()>().await;
        });
        Self(task.abort_handle())
    }
}

impl Drop for Keeper {
    fn drop(&mut self) {
        self.0.abort();
    }
}

/// Removes the entry when it is dropped.
struct Report<T, E> {
    runtimes: Weak<Runtimes<T, E>>,
    runtime: Id,
    serial: u64,
}

impl<T, E> Drop for Report<T, E> {
    fn drop(&mut self) {
        if let Some(runtimes) = self.runtimes.upgrade() {
            runtimes.remove(self.runtime, self.serial);
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicU32, Ordering};
    use std::task::{Context, Waker};

    use tokio::runtime::{Builder, Runtime};

    use super::*;

    type Numbers = Arc<Runtimes<u32, &'static str>>;

    fn runtime() -> Runtime {
        Builder::new_current_thread().build().unwrap()
    }

    /// What the runtime has, or gets where it has nothing.
    fn ask(
        numbers: &Numbers,
        runtime: &Runtime,
        making: impl Future<Output = Result<u32, &'static str>> + Send + 'static,
    ) -> Result<u32, &'static str> {
        let (entry, _) = numbers.entry(runtime.handle(), || making);
        match runtime.block_on(entry.value()) {
            Ok(value) => Ok(**value),
            Err(Fault::Failed(error)) => {
                numbers.forget(&entry);
                Err(error)
            }
            Err(Fault::Ended) => Err("ended"),
            Err(Fault::Unfit(_)) => Err("unfit"),
        }
    }

    #[test]
    fn a_runtime_keeps_its_value_until_it_ends() {
        let numbers = Numbers::default();
        let (one, other) = (runtime(), runtime());
        assert_eq!(ask(&numbers, &one, async { Ok(1) }), Ok(1));
        assert_eq!(ask(&numbers, &other, async { Ok(2) }), Ok(2));
        assert_eq!(ask(&numbers, &one, async { Ok(3) }), Ok(1));
        drop(one);
        assert_eq!(numbers.len(), 1);
        assert_eq!(ask(&numbers, &other, async { Ok(3) }), Ok(2));
        drop(other);
        assert_eq!(numbers.len(), 0);
    }

    #[test]
    fn a_failure_is_tried_again_and_a_panic_is_not() {
        let numbers = Numbers::default();
        let runtime = runtime();
        assert_eq!(ask(&numbers, &runtime, async { Err("no") }), Err("no"));
        assert_eq!(numbers.len(), 0);
        // As where the runtime lacks a driver.
        assert_eq!(ask(&numbers, &runtime, async { panic!("not here") }), Err("unfit"));
        assert_eq!(ask(&numbers, &runtime, async { Ok(1) }), Err("unfit"));
        drop(runtime);
        assert_eq!(numbers.len(), 0);
    }

    #[test]
    fn a_late_report_does_not_remove_a_newer_entry() {
        let numbers = Numbers::default();
        let runtime = runtime();
        let (entry, is_new) = numbers.entry(runtime.handle(), || async { Ok(1) });
        assert!(is_new);
        numbers.forget(&entry);
        assert_eq!(ask(&numbers, &runtime, async { Ok(2) }), Ok(2));
        numbers.forget(&entry);
        assert_eq!(ask(&numbers, &runtime, async { Ok(3) }), Ok(2));
    }

    #[test]
    fn who_gives_up_leaves_the_value_to_others() {
        static MADE: AtomicU32 = AtomicU32::new(0);
        async fn make() -> Result<u32, &'static str> {
            tokio::task::yield_now().await;
            Ok(MADE.fetch_add(1, Ordering::SeqCst) + 1)
        }
        let numbers = Numbers::default();
        let runtime = runtime();
        let (entry, _) = numbers.entry(runtime.handle(), make);
        {
            let mut value = Box::pin(entry.value());
            assert!(value.as_mut().poll(&mut Context::from_waker(Waker::noop())).is_pending());
        }
        assert_eq!(ask(&numbers, &runtime, make()), Ok(1));
        assert_eq!(MADE.load(Ordering::SeqCst), 1);
    }

    #[test]
    fn values_are_dropped_with_their_owner() {
        let numbers = Numbers::default();
        let runtime = runtime();
        assert_eq!(ask(&numbers, &runtime, async { Ok(1) }), Ok(1));
        let weak = Arc::downgrade(&numbers);
        drop(numbers);
        assert!(weak.upgrade().is_none(), "the runtime keeps nothing alive");
    }
}
