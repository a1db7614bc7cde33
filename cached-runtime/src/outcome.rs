//! What a call came to. The names follow RFC 9211 where it has one.

use std::time::Duration;

/// How a call was answered.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Outcome {
    /// With an entry.
    #[non_exhaustive]
    Hit {
        /// Time since the entry was stored; of a shared one, since its load began.
        age: Duration,
        /// What had it.
        tier: HitTier,
        /// Whether its freshness has ended: the policy allows it to answer all the same.
        stale: bool,
        /// Whether this call has begun to renew it in the background.
        refreshing: bool,
    },
    /// By a load.
    #[non_exhaustive]
    Miss {
        /// Why no entry answered.
        reason: MissReason,
        /// Whether the load was another caller's.
        followed: bool,
        /// Whether this call stored an entry.
        stored: bool,
    },
    /// By the body, as if there were no cache.
    Bypass,
}

/// Where an entry was found.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum HitTier {
    /// In this process.
    Memory,
    /// In a store that is shared with other processes.
    Shared,
}

/// Why no entry answered a call.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum MissReason {
    /// There is none.
    Absent,
    /// It is past its timeout.
    Expired,
    /// It was loaded before the cache was cleared, or the shared store holds its tombstone.
    Invalidated,
    /// One of its tags was invalidated.
    Tag,
    /// The shared store has something there that is not this value: damaged, of another type or
    /// version, or of a key with the same hash.
    Corrupt,
    /// The call asked for a load.
    Forced,
}

impl Outcome {
    /// A load that stored nothing.
    #[doc(hidden)]
    #[must_use]
    pub const fn miss(reason: MissReason) -> Self {
        Self::Miss { reason, followed: false, stored: false }
    }

    /// Whether an entry answered.
    #[must_use]
    pub const fn is_hit(&self) -> bool {
        matches!(self, Self::Hit { .. })
    }

    /// Whether an entry answered whose freshness has ended.
    #[must_use]
    pub const fn is_stale(&self) -> bool {
        matches!(self, Self::Hit { stale: true, .. })
    }

    /// Whether a load answered.
    #[must_use]
    pub const fn is_miss(&self) -> bool {
        matches!(self, Self::Miss { .. })
    }
}

/// Shows an outcome to whoever observes this thread (`testing`). Costs nothing where nobody can.
#[inline]
pub(crate) fn report(outcome: impl FnOnce() -> Outcome) {
    #[cfg(feature = "testing")]
    crate::testing::record(outcome());
    #[cfg(not(feature = "testing"))]
    let _ = outcome;
}
