//! A store that fails as it is told, over one that does not.

mod faults;

use std::fmt;
use std::future::poll_fn;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::task::{Poll, Waker};
use std::thread;
use std::time::Duration;

use futures_timer::Delay;

use crate::error::{Error, ErrorKind};
use crate::store::{Bus, Guard, HEAD, Store, StoreFuture, Swapped, may_block};
use crate::sync::{Mutex, MutexGuard, unpoisoned};
use crate::testing::conformance::IntoStore;

use faults::{Fault, Faults, Kind, Met};

/// Passes everything on to another store, until it is told to fail.
///
/// Clones are the same store with the same faults: keep one to turn them on and off, and give the
/// other away. One fault is in force at a time, beside a [`delay`](Self::delay). A fault meets the
/// operations that it concerns: [`corrupt`](Self::corrupt) and [`truncate`](Self::truncate) those
/// that give values (`get`, `get_many`), [`lose`](Self::lose) those that write, the others all.
///
/// # Concurrency
/// Faults may be changed while operations are under way. An operation looks at them once, when it
/// is first polled.
///
/// # Examples
/// ```
/// use cached_runtime::ErrorKind;
/// use cached_runtime::store::{MemoryStore, Store};
/// use cached_runtime::testing::{FaultyStore, conformance::wait};
///
/// let store = FaultyStore::new(MemoryStore::new());
/// let value = [7; 24];
/// wait(store.set("user:1", &value, None)).unwrap();
///
/// store.fail(ErrorKind::Timeout).times(1);
/// assert_eq!(wait(store.get("user:1")).unwrap_err().kind(), ErrorKind::Timeout);
/// assert_eq!(wait(store.get("user:1")).unwrap(), Some(value.to_vec()));
///
/// store.corrupt();
/// assert_ne!(wait(store.get("user:1")).unwrap(), Some(value.to_vec()));
/// store.heal();
/// assert_eq!((store.reads(), store.writes()), (3, 1));
/// ```
#[derive(Clone)]
pub struct FaultyStore(Arc<Inner>);

struct Inner {
    store: Arc<dyn Store>,
    faults: Mutex<Faults>,
    reads: AtomicU64,
    writes: AtomicU64,
}

impl FaultyStore {
    /// Makes a store without a fault over another.
    pub fn new(store: impl IntoStore) -> Self {
        let store = store.into_store();
        let counter = AtomicU64::default;
        Self(Arc::new(Inner {
            store,
            faults: Mutex::default(),
            reads: counter(),
            writes: counter(),
        }))
    }
}

/// What it is told. Each of these may be chained with [`times`](FaultyStore::times) and
/// [`chance`](FaultyStore::chance).
#[expect(clippy::must_use_candidate, reason = "chained or not")]
impl FaultyStore {
    /// Answers late, by this much: an operation waits before anything else happens to it. A thread
    /// that may block sleeps.
    pub fn delay(&self, delay: Duration) -> &Self {
        self.change(|faults| faults.delay = Some(delay))
    }

    /// Answers with an error, and does nothing.
    pub fn fail(&self, kind: ErrorKind) -> &Self {
        self.inject(Fault::Fail(kind))
    }

    /// Does not answer until [`heal`](Self::heal), and does what was asked then.
    pub fn hang(&self) -> &Self {
        self.inject(Fault::Hang)
    }

    /// Flips a bit of each value that is read; at another place each time.
    pub fn corrupt(&self) -> &Self {
        self.inject(Fault::Corrupt)
    }

    /// Cuts each value that is read; at another place each time.
    pub fn truncate(&self) -> &Self {
        self.inject(Fault::Truncate)
    }

    /// Answers a write as if it were done, and does not do it.
    pub fn lose(&self) -> &Self {
        self.inject(Fault::Lose)
    }

    /// Ends the faults by itself once they have met so many operations.
    pub fn times(&self, count: u64) -> &Self {
        self.change(|faults| match count {
            0 => faults.clear(),
            _ => faults.left = Some(count),
        })
    }

    /// Lets the faults meet only this share of the operations, from 0.0 to 1.0. Default: 1.0.
    ///
    /// Which ones is the same in each run of a test that asks in the same order.
    pub fn chance(&self, share: f64) -> &Self {
        #[expect(
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            reason = "a float saturates, and NaN is zero"
        )]
        let chance = (share.clamp(0.0, 1.0) * 4_294_967_296.0) as u64;
        self.change(|faults| faults.chance = Some(chance))
    }
}

impl FaultyStore {
    /// Ends every fault, and lets go of the operations that hang.
    pub fn heal(&self) {
        let waiting = {
            let mut faults = self.faults();
            faults.clear();
            faults.healed += 1;
            std::mem::take(&mut faults.waiting)
        };
        waiting.into_iter().for_each(Waker::wake);
    }

    /// Returns how many operations asked for values: `get`, `get_many`.
    #[must_use]
    pub fn reads(&self) -> u64 {
        self.0.reads.load(Ordering::SeqCst)
    }

    /// Returns how many operations were to change something: all others.
    #[must_use]
    pub fn writes(&self) -> u64 {
        self.0.writes.load(Ordering::SeqCst)
    }

    fn inject(&self, fault: Fault) -> &Self {
        self.change(|faults| faults.fault = Some(fault))
    }

    fn change(&self, change: impl FnOnce(&mut Faults)) -> &Self {
        change(&mut self.faults());
        self
    }

    fn faults(&self) -> MutexGuard<'_, Faults> {
        unpoisoned(self.0.faults.lock())
    }

    /// Meets the faults that are in force.
    async fn meet(&self, kind: Kind) -> Result<Met, Error> {
        let counter = match kind {
            Kind::Read => &self.0.reads,
            Kind::Write => &self.0.writes,
        };
        let met = {
            let mut faults = self.faults();
            // Together: whoever sees it counted knows that it has met its fault.
            counter.fetch_add(1, Ordering::SeqCst);
            faults.draw(kind)
        };
        match met.delay {
            Some(delay) if may_block() => thread::sleep(delay),
            Some(delay) => Delay::new(delay).await,
            None => {}
        }
        match met.fault {
            Some(Fault::Fail(kind)) => {
                return Err(Error::new(kind, "a fault that a test asked for"));
            }
            Some(Fault::Hang) => self.healed_after(met.healed).await,
            _ => {}
        }
        Ok(met)
    }

    async fn healed_after(&self, healed: u64) {
        poll_fn(|context| {
            let mut faults = self.faults();
            if faults.healed > healed {
                return Poll::Ready(());
            }
            if !faults.waiting.iter().any(|waker| waker.will_wake(context.waker())) {
                faults.waiting.push(context.waker().clone());
            }
            Poll::Pending
        })
        .await;
    }

    /// Whether a write is to be done.
    async fn meet_write(&self) -> Result<bool, Error> {
        Ok(self.meet(Kind::Write).await?.fault != Some(Fault::Lose))
    }
}

impl fmt::Debug for FaultyStore {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let faults = self.faults();
        f.debug_struct("FaultyStore")
            .field("over", &self.0.store.kind())
            .field("delay", &faults.delay)
            .field("fault", &faults.fault)
            .finish_non_exhaustive()
    }
}

impl Store for FaultyStore {
    fn kind(&self) -> &'static str {
        self.0.store.kind()
    }

    fn get<'a>(&'a self, key: &'a str) -> StoreFuture<'a, Option<Vec<u8>>> {
        Box::pin(async move {
            let met = self.meet(Kind::Read).await?;
            let mut value = self.0.store.get(key).await?;
            if let Some(value) = &mut value {
                met.spoil(value);
            }
            Ok(value)
        })
    }

    fn get_many<'a>(&'a self, keys: &'a [&'a str]) -> StoreFuture<'a, Vec<Option<Vec<u8>>>> {
        Box::pin(async move {
            let met = self.meet(Kind::Read).await?;
            let mut values = self.0.store.get_many(keys).await?;
            values.iter_mut().flatten().for_each(|value| met.spoil(value));
            Ok(values)
        })
    }

    fn set<'a>(
        &'a self,
        key: &'a str,
        value: &'a [u8],
        timeout: Option<Duration>,
    ) -> StoreFuture<'a, ()> {
        Box::pin(async move {
            if !self.meet_write().await? {
                return Ok(());
            }
            self.0.store.set(key, value, timeout).await
        })
    }

    fn swap<'a>(
        &'a self,
        key: &'a str,
        guard: Guard<'a>,
        value: Option<&'a [u8]>,
        timeout: Option<Duration>,
    ) -> StoreFuture<'a, Swapped> {
        Box::pin(async move {
            if self.meet_write().await? {
                return self.0.store.swap(key, guard, value, timeout).await;
            }
            let mut previous = self.0.store.get(key).await?;
            let done = guard.holds(previous.as_deref());
            if let Some(previous) = &mut previous {
                previous.truncate(HEAD);
            }
            Ok(Swapped { done, previous })
        })
    }

    fn add<'a>(
        &'a self,
        key: &'a str,
        value: &'a [u8],
        timeout: Option<Duration>,
    ) -> StoreFuture<'a, bool> {
        Box::pin(async move {
            if !self.meet_write().await? {
                return Ok(self.0.store.get(key).await?.is_none());
            }
            self.0.store.add(key, value, timeout).await
        })
    }

    fn delete<'a>(&'a self, key: &'a str) -> StoreFuture<'a, bool> {
        Box::pin(async move {
            if !self.meet_write().await? {
                return Ok(self.0.store.get(key).await?.is_some());
            }
            self.0.store.delete(key).await
        })
    }

    fn set_many<'a>(
        &'a self,
        entries: &'a [(&'a str, &'a [u8])],
        timeout: Option<Duration>,
    ) -> StoreFuture<'a, ()> {
        Box::pin(async move {
            if !self.meet_write().await? {
                return Ok(());
            }
            self.0.store.set_many(entries, timeout).await
        })
    }

    fn delete_many<'a>(&'a self, keys: &'a [&'a str]) -> StoreFuture<'a, u64> {
        Box::pin(async move {
            if self.meet_write().await? {
                return self.0.store.delete_many(keys).await;
            }
            let values = self.0.store.get_many(keys).await?;
            Ok(values.iter().flatten().count() as u64)
        })
    }

    fn purge(&self) -> StoreFuture<'_, u64> {
        Box::pin(async move {
            if !self.meet_write().await? {
                return Ok(0);
            }
            self.0.store.purge().await
        })
    }

    fn bus(&self) -> Option<&dyn Bus> {
        self.0.store.bus()
    }
}

#[cfg(test)]
mod tests {
    use std::task::Context;
    use std::time::Instant;

    use super::*;
    use crate::store::{MemoryStore, blocking};

    #[test]
    fn a_thread_that_may_block_sleeps_through_the_delay() {
        let store = FaultyStore::new(MemoryStore::new());
        let delay = Duration::from_millis(20);
        store.delay(delay);
        let began = Instant::now();
        let mut get = store.get("key");
        let poll = || get.as_mut().poll(&mut Context::from_waker(Waker::noop()));
        assert!(blocking(poll).is_ready());
        assert!(began.elapsed() >= delay);
    }

    #[test]
    fn what_hangs_blocks_no_thread() {
        let store = FaultyStore::new(MemoryStore::new());
        store.hang();
        let mut get = store.get("key");
        let mut poll = || get.as_mut().poll(&mut Context::from_waker(Waker::noop()));
        assert!(blocking(&mut poll).is_pending());
        store.heal();
        assert!(blocking(&mut poll).is_ready());
    }
}
