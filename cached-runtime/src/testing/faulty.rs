//! A store that fails as it is told, over one that does not.

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

#[derive(Default)]
struct Faults {
    delay: Option<Duration>,
    fault: Option<Fault>,
    /// Operations that are still to meet them.
    left: Option<u64>,
    /// Of how many operations one meets them: out of 2^32.
    chance: Option<u64>,
    random: u64,
    /// How often it was healed, and who waits for the next time.
    healed: u64,
    waiting: Vec<Waker>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Fault {
    Fail(ErrorKind),
    Hang,
    Corrupt,
    Truncate,
    Lose,
}

/// What an operation is to a fault.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Kind {
    /// Gives values.
    Read,
    Write,
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

    /// Meets the faults that are in force. Returns what is left to do of them, and the random
    /// number to do it by.
    async fn meet(&self, kind: Kind) -> Result<Option<(Fault, u64)>, Error> {
        let counter = match kind {
            Kind::Read => &self.0.reads,
            Kind::Write => &self.0.writes,
        };
        counter.fetch_add(1, Ordering::SeqCst);
        let (delay, fault, random, healed) = self.faults().draw(kind);
        match delay {
            Some(delay) if may_block() => thread::sleep(delay),
            Some(delay) => Delay::new(delay).await,
            None => {}
        }
        match fault {
            Some(Fault::Fail(kind)) => Err(Error::new(kind, "a fault that a test asked for")),
            Some(Fault::Hang) => {
                self.healed_after(healed).await;
                Ok(None)
            }
            fault => Ok(fault.map(|fault| (fault, random))),
        }
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
        let met = self.meet(Kind::Write).await?;
        Ok(!met.is_some_and(|(fault, _)| fault == Fault::Lose))
    }
}

impl Faults {
    fn clear(&mut self) {
        (self.delay, self.fault, self.left, self.chance) = (None, None, None, None);
    }

    /// The faults that the next operation meets: delay, fault, a random number, and how often it
    /// was healed before.
    fn draw(&mut self, kind: Kind) -> (Option<Duration>, Option<Fault>, u64, u64) {
        let fault = self.fault.filter(|fault| fault.concerns(kind));
        let random = self.random();
        let is_hit = self.chance.is_none_or(|chance| random >> 32 < chance);
        if (self.delay.is_none() && fault.is_none()) || !is_hit {
            return (None, None, random, self.healed);
        }
        let met = (self.delay, fault, random, self.healed);
        match self.left {
            Some(1) => self.clear(),
            Some(left) => self.left = Some(left - 1),
            None => {}
        }
        met
    }

    /// `SplitMix64` (Steele, Lea, Flood 2014).
    fn random(&mut self) -> u64 {
        self.random = self.random.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.random;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }
}

impl Fault {
    fn concerns(self, kind: Kind) -> bool {
        match self {
            Self::Fail(_) | Self::Hang => true,
            Self::Corrupt | Self::Truncate => kind == Kind::Read,
            Self::Lose => kind == Kind::Write,
        }
    }

    /// Does to a value what it does to those that are read.
    fn spoil(self, value: &mut Vec<u8>, random: u64) {
        let Some(place) = random.checked_rem(value.len() as u64) else { return };
        let place = usize::try_from(place).unwrap_or(0);
        match self {
            Self::Corrupt => value[place] ^= 1 << (random >> 61),
            Self::Truncate => value.truncate(place),
            Self::Fail(_) | Self::Hang | Self::Lose => {}
        }
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
            if let (Some((fault, random)), Some(value)) = (met, &mut value) {
                fault.spoil(value, random);
            }
            Ok(value)
        })
    }

    fn get_many<'a>(&'a self, keys: &'a [&'a str]) -> StoreFuture<'a, Vec<Option<Vec<u8>>>> {
        Box::pin(async move {
            let met = self.meet(Kind::Read).await?;
            let mut values = self.0.store.get_many(keys).await?;
            if let Some((fault, random)) = met {
                values.iter_mut().flatten().for_each(|value| fault.spoil(value, random));
            }
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
            match self.meet_write().await? {
                true => self.0.store.set(key, value, timeout).await,
                false => Ok(()),
            }
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
            match self.meet_write().await? {
                true => self.0.store.add(key, value, timeout).await,
                false => Ok(self.0.store.get(key).await?.is_none()),
            }
        })
    }

    fn delete<'a>(&'a self, key: &'a str) -> StoreFuture<'a, bool> {
        Box::pin(async move {
            match self.meet_write().await? {
                true => self.0.store.delete(key).await,
                false => Ok(self.0.store.get(key).await?.is_some()),
            }
        })
    }

    fn set_many<'a>(
        &'a self,
        entries: &'a [(&'a str, &'a [u8])],
        timeout: Option<Duration>,
    ) -> StoreFuture<'a, ()> {
        Box::pin(async move {
            match self.meet_write().await? {
                true => self.0.store.set_many(entries, timeout).await,
                false => Ok(()),
            }
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
            match self.meet_write().await? {
                true => self.0.store.purge().await,
                false => Ok(0),
            }
        })
    }

    fn bus(&self) -> Option<&dyn Bus> {
        self.0.store.bus()
    }
}
