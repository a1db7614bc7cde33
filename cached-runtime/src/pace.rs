//! What a function's loads are like: how long they take, and how many run in the background.

use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use crate::sync::AtomicU64;

/// How long a load takes: a mean in which the last one counts 0.3, the one before it 0.3 of the
/// rest, and so on.
pub(crate) struct Pace(AtomicU64);

/// Nothing is known yet.
const UNKNOWN: u64 = u64::MAX;

/// Nanoseconds beyond which a load takes no longer: 146 years. Sums of a few stay in range.
const LONGEST: u64 = u64::MAX / 4;

impl Pace {
    pub(crate) fn new() -> Self {
        Self(AtomicU64::new(UNKNOWN))
    }

    /// Learns how long a load took. Of loads that end at once, one may not be learnt from.
    pub(crate) fn learn(&self, took: Duration) {
        let took = u64::try_from(took.as_nanos()).unwrap_or(LONGEST).min(LONGEST);
        let mean = match self.0.load(Ordering::Relaxed) {
            UNKNOWN => took,
            mean => mean - mean * 3 / 10 + took * 3 / 10,
        };
        self.0.store(mean, Ordering::Relaxed);
    }

    /// Zero where nothing is known.
    pub(crate) fn get(&self) -> Duration {
        match self.0.load(Ordering::Relaxed) {
            UNKNOWN => Duration::ZERO,
            mean => Duration::from_nanos(mean),
        }
    }
}

/// One of so many that may run at once. Dropped, it is free again.
pub(crate) struct Permit(Arc<AtomicU64>);

impl Permit {
    /// None where all are taken.
    pub(crate) fn take(taken: &Arc<AtomicU64>, most: u64) -> Option<Self> {
        let one_more = |taken| (taken < most).then_some(taken + 1);
        taken.fetch_update(Ordering::AcqRel, Ordering::Acquire, one_more).ok()?;
        Some(Self(Arc::clone(taken)))
    }
}

impl Drop for Permit {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::AcqRel);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_mean_follows_the_last_loads() {
        let pace = Pace::new();
        assert_eq!(pace.get(), Duration::ZERO);
        pace.learn(Duration::from_secs(1));
        assert_eq!(pace.get(), Duration::from_secs(1));
        pace.learn(Duration::from_secs(2));
        assert_eq!(pace.get(), Duration::from_millis(1_300));
        pace.learn(Duration::MAX);
        pace.learn(Duration::ZERO);
        assert!(pace.get() > Duration::from_secs(1));
    }

    #[test]
    fn a_permit_is_one_of_so_many() {
        let taken = Arc::new(AtomicU64::new(0));
        let (one, two) = (Permit::take(&taken, 2), Permit::take(&taken, 2));
        assert!(one.is_some() && two.is_some() && Permit::take(&taken, 2).is_none());
        drop(one);
        assert!(Permit::take(&taken, 2).is_some());
    }
}
