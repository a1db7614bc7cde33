//! Counters: striped over cache lines, one for each thread, so that counting a hit shares none
//! with another thread and takes no locked instruction.

use std::cell::Cell;
use std::collections::BTreeSet;
use std::ops::{Add, AddAssign};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, PoisonError};

use crossbeam_utils::CachePadded;

/// Counts of a cache since the process began.
///
/// Every call of the function is one of `hits`, `stale_hits`, `misses` and `bypasses`, so these
/// four add up to the calls. `loads` never exceed `misses + refreshes + bypasses`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Stats {
    /// Calls answered with a fresh entry.
    pub hits: u64,
    /// Calls answered with an entry past its timeout that the policy still allowed.
    pub stale_hits: u64,
    /// Calls that found nothing to answer with: they loaded, or waited for a load.
    pub misses: u64,
    /// Calls that neither read nor wrote: `unless`, a key that names nothing, a disabled cache.
    pub bypasses: u64,
    /// Loads of what was there already: those in the background, and those whose caller had an entry
    /// to fall back on.
    pub refreshes: u64,
    /// Executions of the body.
    pub loads: u64,
    /// Executions that returned `Err` or panicked.
    pub load_errors: u64,
    /// Entries dropped for room.
    pub evictions: u64,
    /// Requests to drop an entry or to end its freshness, and calls of `clear`.
    pub invalidations: u64,
    /// Failures of a shared store. Always 0 for a function that is not `shared`.
    pub store_errors: u64,
    /// Entries held at present, expired ones included.
    pub entries: u64,
}

impl Add for Stats {
    type Output = Self;

    fn add(self, other: Self) -> Self {
        Self {
            hits: self.hits + other.hits,
            stale_hits: self.stale_hits + other.stale_hits,
            misses: self.misses + other.misses,
            bypasses: self.bypasses + other.bypasses,
            refreshes: self.refreshes + other.refreshes,
            loads: self.loads + other.loads,
            load_errors: self.load_errors + other.load_errors,
            evictions: self.evictions + other.evictions,
            invalidations: self.invalidations + other.invalidations,
            store_errors: self.store_errors + other.store_errors,
            entries: self.entries + other.entries,
        }
    }
}

impl AddAssign for Stats {
    fn add_assign(&mut self, other: Self) {
        *self = *self + other;
    }
}

/// What is counted, by its place in a stripe.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Count {
    Hit,
    StaleHit,
    Miss,
    Bypass,
    Refresh,
    Load,
    LoadError,
    Eviction,
    Invalidation,
}

const KINDS: usize = 9;

/// Threads that count on a stripe of their own. Further ones share one more.
const OWNED: usize = 16;

pub(crate) struct Counters {
    stripes: Box<[CachePadded<[AtomicU64; KINDS]>]>,
}

impl Counters {
    pub(crate) fn new() -> Self {
        Self { stripes: (0..=OWNED).map(|_| CachePadded::default()).collect() }
    }

    #[inline]
    pub(crate) fn count(&self, count: Count) {
        self.add(count, 1);
    }

    #[inline]
    pub(crate) fn add(&self, count: Count, times: u64) {
        let stripe = stripe();
        let counter = &self.stripes[stripe][count as usize];
        if stripe < OWNED {
            // Nobody else writes here, so nothing can come between.
            counter.store(counter.load(Ordering::Relaxed) + times, Ordering::Release);
        } else {
            counter.fetch_add(times, Ordering::Release);
        }
    }

    /// Reads the counters. Loads are read before the calls that caused them, so that at no time
    /// more loads show than causes.
    pub(crate) fn stats(&self, entries: u64) -> Stats {
        let load_errors = self.sum(Count::LoadError);
        let loads = self.sum(Count::Load);
        Stats {
            hits: self.sum(Count::Hit),
            stale_hits: self.sum(Count::StaleHit),
            misses: self.sum(Count::Miss),
            bypasses: self.sum(Count::Bypass),
            refreshes: self.sum(Count::Refresh),
            loads,
            load_errors,
            evictions: self.sum(Count::Eviction),
            invalidations: self.sum(Count::Invalidation),
            store_errors: 0,
            entries,
        }
    }

    fn sum(&self, count: Count) -> u64 {
        self.stripes.iter().map(|stripe| stripe[count as usize].load(Ordering::Acquire)).sum()
    }
}

thread_local! {
    /// This thread's stripe, once it has one. Without a destructor, so that reading it costs one
    /// load.
    static STRIPE: Cell<usize> = const { Cell::new(NONE) };
    /// Gives the stripe back when the thread ends.
    static NUMBER: Number = Number::take();
}

const NONE: usize = usize::MAX;

/// The stripe of this thread: one that no other living thread has, or the last, which is shared.
#[inline]
fn stripe() -> usize {
    match STRIPE.get() {
        NONE => assign_stripe(),
        stripe => stripe,
    }
}

#[cold]
fn assign_stripe() -> usize {
    // A thread whose locals are being dropped counts with those that share.
    let stripe = NUMBER.try_with(|number| number.0.min(OWNED)).unwrap_or(OWNED);
    STRIPE.set(stripe);
    stripe
}

/// A number that no other living thread has; the lowest ones are used again.
struct Number(usize);

/// Numbers that threads gave back, and the first that was never taken.
static NUMBERS: Mutex<(BTreeSet<usize>, usize)> = Mutex::new((BTreeSet::new(), 0));

impl Number {
    fn take() -> Self {
        let mut numbers = NUMBERS.lock().unwrap_or_else(PoisonError::into_inner);
        let (returned, next) = &mut *numbers;
        Self(returned.pop_first().unwrap_or_else(|| {
            *next += 1;
            *next - 1
        }))
    }
}

impl Drop for Number {
    fn drop(&mut self) {
        // What this thread still counts must not meet what its successor counts.
        STRIPE.set(OWNED);
        NUMBERS.lock().unwrap_or_else(PoisonError::into_inner).0.insert(self.0);
    }
}

#[cfg(test)]
mod tests {
    use std::thread;

    use super::*;

    #[test]
    fn no_count_is_lost_between_threads() {
        let counters = Counters::new();
        thread::scope(|scope| {
            for _ in 0..2 * OWNED {
                scope.spawn(|| (0..10_000).for_each(|_| counters.count(Count::Hit)));
            }
        });
        counters.add(Count::Eviction, 3);
        let stats = counters.stats(5);
        assert_eq!((stats.hits, stats.evictions, stats.entries), (320_000, 3, 5));
        assert_eq!((stats + stats).hits, 640_000);
    }
}
