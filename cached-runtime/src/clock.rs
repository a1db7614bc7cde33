//! Time: stamps, the process's coarse clock, and the clock that tests turn by hand.
//!
//! Entries in memory know monotonic time only, so a wall clock that is set wrong, or jumps by an
//! hour, changes none of them. The time of day is asked for where an entry leaves the process or
//! enters it.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;
#[cfg(feature = "json")]
use std::time::{SystemTime, UNIX_EPOCH};

use coarsetime::Instant;

/// A point in time, in nanoseconds since an origin that differs between clocks.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Stamp(u64);

impl Stamp {
    /// Earlier than every time a clock gives.
    pub(crate) const FIRST: Self = Self(0);
    /// Later than every time a clock gives.
    pub(crate) const NEVER: Self = Self(u64::MAX);

    pub(crate) const fn from_nanos(nanos: u64) -> Self {
        Self(nanos)
    }

    pub(crate) const fn nanos(self) -> u64 {
        self.0
    }

    /// The time `delay` after this one; [`Stamp::NEVER`] where that is out of range.
    pub(crate) fn after(self, delay: Duration) -> Self {
        let nanos = u64::try_from(delay.as_nanos()).unwrap_or(u64::MAX);
        Self(self.0.saturating_add(nanos))
    }

    /// The time `delay` before this one, or the clock's first.
    pub(crate) fn before(self, delay: Duration) -> Self {
        let nanos = u64::try_from(delay.as_nanos()).unwrap_or(u64::MAX);
        Self(self.0.saturating_sub(nanos))
    }

    /// The time from `earlier` to this one; zero where `earlier` is the later one.
    pub(crate) fn since(self, earlier: Self) -> Duration {
        Duration::from_nanos(self.0.saturating_sub(earlier.0))
    }
}

/// Timers add to the time of day; a day keeps every sum in range.
const LONGEST_NAP: Duration = Duration::from_secs(86_400);

/// Where a cache reads the time.
#[derive(Clone, Debug)]
pub(crate) enum Clock {
    /// The machine's coarse monotonic clock: a few nanoseconds to read, a few milliseconds fine.
    System,
    /// A clock that a test turns.
    #[cfg_attr(not(feature = "testing"), allow(dead_code, reason = "made by `testing` only"))]
    Manual(ManualClock),
}

impl Clock {
    #[inline]
    pub(crate) fn now(&self) -> Stamp {
        match self {
            Self::System => Stamp(nanos_of(Instant::now_without_cache_update())),
            Self::Manual(clock) => clock.now(),
        }
    }

    /// The time of day, in milliseconds since 1970: for what is shared with other processes.
    #[cfg(feature = "json")]
    pub(crate) fn wall_ms(&self) -> u64 {
        let since_1970 = match self {
            Self::System => SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default(),
            // Some time in 2020, so that a test can also be about what came before.
            Self::Manual(clock) => Duration::from_secs(1_600_000_000) + clock.elapsed(),
        };
        u64::try_from(since_1970.as_millis()).unwrap_or(u64::MAX)
    }

    /// How long a waiter may sleep before it looks at the clock again.
    pub(crate) fn nap(&self, remaining: Duration) -> Duration {
        match self {
            Self::System => remaining.min(LONGEST_NAP),
            // Whoever turns a manual clock tells nobody, so waiters look often.
            Self::Manual(_) => remaining.min(Duration::from_millis(1)),
        }
    }
}

/// The clock of the isolated test that this thread is in, or of this process.
pub(crate) fn current() -> Clock {
    #[cfg(feature = "testing")]
    if let Some(isolation) = crate::testing::current() {
        return Clock::Manual(isolation.clock());
    }
    Clock::System
}

/// Ticks are 32.32 fixed-point seconds.
#[inline]
fn nanos_of(instant: Instant) -> u64 {
    let ticks = instant.as_ticks();
    (ticks >> 32) * 1_000_000_000 + (((ticks & 0xffff_ffff) * 1_000_000_000) >> 32)
}

/// A clock that stands still until it is told to move.
///
/// Clones share one time. Inside `testing::isolated` every cache reads such a clock.
///
/// # Examples
/// ```
/// use std::time::Duration;
/// use cached_runtime::ManualClock;
///
/// let clock = ManualClock::new();
/// clock.advance(Duration::from_secs(60));
/// assert_eq!(clock.elapsed(), Duration::from_secs(60));
/// ```
#[derive(Clone, Debug, Default)]
pub struct ManualClock(Arc<AtomicU64>);

impl ManualClock {
    /// Makes a clock that shows zero.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Moves the clock forward by `step`. Saturates after 584 years.
    pub fn advance(&self, step: Duration) {
        let later = |now| Some(Stamp(now).after(step).0);
        let _ = self.0.fetch_update(Ordering::SeqCst, Ordering::SeqCst, later);
    }

    /// Returns how far the clock has been moved since it was made.
    #[must_use]
    pub fn elapsed(&self) -> Duration {
        Duration::from_nanos(self.0.load(Ordering::SeqCst))
    }

    /// Later than [`Stamp::FIRST`] from the start, as the time of every clock.
    fn now(&self) -> Stamp {
        Stamp(self.0.load(Ordering::SeqCst).saturating_add(1))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn stamps_saturate() {
        let clock = Clock::System;
        assert_eq!(clock.now().after(Duration::MAX), Stamp::NEVER);
        assert_eq!(clock.now().after(Duration::from_secs(922_337_203_685_477_580)), Stamp::NEVER);
        assert_eq!(Stamp(5).since(Stamp(7)), Duration::ZERO);
    }

    #[test]
    fn the_coarse_clock_keeps_pace_with_the_fine_one() {
        let (fine, coarse) = (std::time::Instant::now(), Clock::System.now());
        while fine.elapsed() < Duration::from_millis(40) {
            std::thread::yield_now();
        }
        let passed = Clock::System.now().since(coarse);
        assert!(passed >= Duration::from_millis(20), "{passed:?}");
        assert!(passed <= fine.elapsed() + Duration::from_millis(20), "{passed:?}");
    }
}
