//! What a cached function asks for: its settings, with their defaults.
//!
//! What they mean for an entry is in `life.rs`.

mod freshness;

use std::time::Duration;

use crate::clock::Stamp;
use crate::key::Seed;
pub use freshness::IntoJitter;
pub(crate) use freshness::{Ahead, Jitter, Windows};

/// How long an entry stays fresh.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Timeout(Option<Duration>);

impl Timeout {
    /// The freshness of a function that names none: 300 seconds.
    pub const DEFAULT: Self = Self(Some(Duration::from_secs(300)));
    /// Entries stay until they are invalidated or evicted.
    pub const NEVER: Self = Self(None);

    /// Fresh for `duration`; never expires where it exceeds what a clock can show (584 years).
    #[must_use]
    pub const fn after(duration: Duration) -> Self {
        if duration.as_nanos() >= u64::MAX as u128 { Self::NEVER } else { Self(Some(duration)) }
    }

    /// The duration; none where entries never expire.
    pub(crate) const fn as_duration(self) -> Option<Duration> {
        self.0
    }

    /// The time at which an entry stored at `stored` stops being fresh.
    pub(crate) fn end(self, stored: Stamp) -> Stamp {
        self.0.map_or(Stamp::NEVER, |duration| stored.after(duration))
    }

    /// The earlier of the two.
    pub(crate) fn at_most(self, other: Self) -> Self {
        match (self.0, other.0) {
            (Some(one), Some(two)) => Self(Some(one.min(two))),
            (one, two) => Self(one.or(two)),
        }
    }

    /// The later of the two.
    pub(crate) fn at_least(self, other: Self) -> Self {
        Self(self.0.zip(other.0).map(|(one, two)| one.max(two)))
    }

    /// This one, and the other after it.
    #[cfg(feature = "json")]
    pub(crate) fn and(self, other: Self) -> Self {
        match (self.0, other.0) {
            (Some(one), Some(two)) => Self::after(one.saturating_add(two)),
            _ => Self::NEVER,
        }
    }

    /// Just short of it.
    #[cfg(feature = "json")]
    pub(crate) fn less_a_tick(self) -> Self {
        Self(self.0.map(|duration| duration.saturating_sub(Duration::from_nanos(1))))
    }

    /// Whether nothing would ever be fresh.
    pub(crate) fn is_zero(self) -> bool {
        self.0 == Some(Duration::ZERO)
    }
}

/// What a timeout may be written as: a [`Duration`] or whole seconds.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not a timeout",
    label = "expected a `Duration` or a `u64` of seconds",
    note = "write `300`, \"5m\", `never`, or an expression such as `Duration::from_secs(300)`"
)]
pub trait IntoTimeout {
    /// Converts into a timeout.
    fn into_timeout(self) -> Timeout;
}

impl IntoTimeout for Duration {
    fn into_timeout(self) -> Timeout {
        Timeout::after(self)
    }
}

/// Seconds.
impl IntoTimeout for u64 {
    fn into_timeout(self) -> Timeout {
        Timeout::after(Duration::from_secs(self))
    }
}

impl IntoTimeout for Timeout {
    fn into_timeout(self) -> Timeout {
        self
    }
}

/// A number of entries, or a weight: any integer; a negative one counts as zero.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is no number of entries or bytes",
    label = "expected an integer such as `u64` or `usize`"
)]
pub trait Amount {
    /// Converts into a `u64`.
    fn amount(self) -> u64;
}

macro_rules! amount {
    ($($ty:ty)*) => {$(
        impl Amount for $ty {
            fn amount(self) -> u64 {
                u64::try_from(self).unwrap_or_default()
            }
        }
    )*};
}

amount!(u8 u16 u32 u64 usize i32 i64 isize);

/// How much the memory tier may hold.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Capacity {
    Entries(u64),
    Weight(u64),
}

impl Capacity {
    /// The same unit, another amount.
    pub(crate) fn with(self, amount: u64) -> Self {
        match self {
            Self::Entries(_) => Self::Entries(amount),
            Self::Weight(_) => Self::Weight(amount),
        }
    }
}

/// The settings of one cached function.
///
/// Built by generated code; every setting has the default that its method names.
#[derive(Clone, Debug)]
pub struct Policy {
    /// None for the configured one.
    pub(crate) timeout: Option<Timeout>,
    pub(crate) err_timeout: Timeout,
    pub(crate) none_timeout: Timeout,
    /// None for the configured one.
    capacity: Option<Capacity>,
    pub(crate) coalescing: Coalescing,
    pub(crate) wait_timeout: Duration,
    pub(crate) lead_timeout: Duration,
    pub(crate) windows: Windows,
    /// The first pause between two attempts to renew an entry that fail.
    pub(crate) throttle: Duration,
    pub(crate) ahead: Ahead,
    pub(crate) jitter: Jitter,
    /// How long a call waits for a load while there is a stale value.
    pub(crate) soft_timeout: Option<Duration>,
    /// How long a call waits for a load at all.
    pub(crate) hard_timeout: Option<Duration>,
    /// Loads in the background at once.
    pub(crate) max_background: u64,
    pub(crate) sharing: Option<Sharing>,
    keys: Keys,
}

/// Who chooses the keys.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Keys {
    /// The program, by its arguments.
    Arguments,
    /// Whoever sends it requests.
    Requests,
}

/// How entries leave the process.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Sharing {
    /// The name that the program has bound a store to.
    pub(crate) store: &'static str,
    /// How long memory may answer for a shared entry.
    pub(crate) local: Local,
    /// How long a process holds the right to load a key; none where processes do not coordinate.
    pub(crate) lease: Option<Duration>,
}

/// How long memory may answer for a shared entry.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Local {
    /// As the store is configured: for the entry's life, or not at all.
    Configured,
    /// For so long, whatever is configured.
    AtMost(Timeout),
    /// Not at all.
    Never,
}

/// Whether concurrent misses of one key share a load.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Coalescing {
    On,
    Off,
}

impl Default for Policy {
    fn default() -> Self {
        Self::new()
    }
}

impl Policy {
    /// The settings of a bare `#[cached]`.
    #[must_use]
    pub const fn new() -> Self {
        Self {
            timeout: None,
            err_timeout: Timeout::NEVER,
            none_timeout: Timeout::NEVER,
            capacity: None,
            coalescing: Coalescing::On,
            wait_timeout: Duration::from_secs(30),
            lead_timeout: Duration::from_secs(60),
            windows: Windows::NONE,
            throttle: Duration::from_secs(10),
            ahead: Ahead::Never,
            jitter: Jitter::None,
            soft_timeout: None,
            hard_timeout: None,
            max_background: 64,
            sharing: None,
            keys: Keys::Arguments,
        }
    }

    /// The settings of a bare `#[cached_response]`: keys come from requests, and entries are weighed
    /// in bytes. Default of `weight_capacity`: 64 MiB.
    #[must_use]
    pub const fn of_responses() -> Self {
        Self { capacity: Some(Capacity::Weight(64 << 20)), keys: Keys::Requests, ..Self::new() }
    }

    /// Whether whoever sends requests chooses the keys.
    pub(crate) fn has_keys_of_requests(&self) -> bool {
        self.keys == Keys::Requests
    }

    /// How keys are hashed.
    pub(crate) fn seed(&self) -> &'static Seed {
        if self.has_keys_of_requests() { Seed::of_requests() } else { Seed::shared() }
    }

    /// How much memory may hold. Default: `configured` entries, or 10,000.
    pub(crate) fn capacity_or(&self, configured: Option<u64>) -> Capacity {
        self.capacity.unwrap_or(Capacity::Entries(configured.unwrap_or(10_000)))
    }

    /// Freshness of an entry. Default: the configured one, or 300 seconds.
    #[must_use]
    pub fn timeout(mut self, timeout: impl IntoTimeout) -> Self {
        self.timeout = Some(timeout.into_timeout());
        self
    }

    /// Freshness of a stored `Err`, at most. Default: none is stored.
    #[must_use]
    pub fn err_timeout(mut self, timeout: impl IntoTimeout) -> Self {
        self.err_timeout = timeout.into_timeout();
        self
    }

    /// Freshness of a stored `None`, at most. Default: none is stored.
    #[must_use]
    pub fn none_timeout(mut self, timeout: impl IntoTimeout) -> Self {
        self.none_timeout = timeout.into_timeout();
        self
    }

    /// Entries that memory may hold. Default: 10,000. At least 1.
    #[must_use]
    pub fn capacity(mut self, entries: impl Amount) -> Self {
        self.capacity = Some(Capacity::Entries(entries.amount()));
        self
    }

    /// Total weight that memory may hold. Default: entries are counted instead. At least 1.
    #[must_use]
    pub fn weight_capacity(mut self, weight: impl Amount) -> Self {
        self.capacity = Some(Capacity::Weight(weight.amount()));
        self
    }

    /// Lets every miss run its own load.
    #[must_use]
    pub const fn uncoalesced(mut self) -> Self {
        self.coalescing = Coalescing::Off;
        self
    }

    /// How long a follower waits for the lead. Default: 30 seconds.
    #[must_use]
    pub fn wait_timeout(mut self, timeout: impl IntoTimeout) -> Self {
        self.wait_timeout = timeout.into_timeout().0.unwrap_or(Duration::MAX);
        self
    }

    /// Age at which a load no longer holds its key. Default: 60 seconds.
    #[must_use]
    pub fn lead_timeout(mut self, timeout: impl IntoTimeout) -> Self {
        self.lead_timeout = timeout.into_timeout().0.unwrap_or(Duration::MAX);
        self
    }

    /// Shares entries through the store that the program has bound to `store`. Default: they stay
    /// in this process.
    #[must_use]
    pub const fn shared(mut self, store: &'static str) -> Self {
        self.sharing = Some(Sharing { store, local: Local::Configured, lease: None });
        self
    }

    /// How long memory may answer for a shared entry. Default: as the store is configured.
    #[must_use]
    pub fn local(self, timeout: impl IntoTimeout) -> Self {
        let local = Local::AtMost(timeout.into_timeout());
        self.sharing(|sharing| Sharing { local, ..sharing })
    }

    /// Lets no memory answer for a shared entry.
    #[must_use]
    pub fn not_local(self) -> Self {
        self.sharing(|sharing| Sharing { local: Local::Never, ..sharing })
    }

    /// Lets one process at a time load a key, for so long unless it renews its right. Default: each
    /// loads for itself.
    #[must_use]
    pub fn lease(self, timeout: impl IntoTimeout) -> Self {
        let lease = timeout.into_timeout().0.filter(|lease| !lease.is_zero());
        self.sharing(|sharing| Sharing { lease, ..sharing })
    }

    fn sharing(mut self, change: impl FnOnce(Sharing) -> Sharing) -> Self {
        self.sharing = self.sharing.map(change);
        self
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn huge_timeouts_mean_never() {
        for seconds in [922_337_203_685_477_580, u64::MAX, u64::MAX / 1_000_000_000 + 1] {
            assert_eq!(seconds.into_timeout(), Timeout::NEVER);
        }
        assert_eq!(Timeout::NEVER.at_most(5.into_timeout()), 5.into_timeout());
        assert_eq!(7.into_timeout().at_most(5.into_timeout()), 5.into_timeout());
    }
}
