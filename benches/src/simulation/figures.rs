//! What became of the calls and loads of one group.

use std::time::Duration;

use super::service::Loads;

/// Counts of the calls and loads of one group, and how long the calls took.
#[derive(Clone, Debug, Default)]
pub struct Figures {
    calls: usize,
    stale: usize,
    failed: usize,
    /// How long those took that had to wait.
    waits: Vec<Duration>,
    /// How long after the outage the last call began whose answer is from before its end.
    recovery: Duration,
    loads: Loads,
}

impl Figures {
    pub(super) fn add(&mut self, is_failure: bool, is_stale: bool, took: Duration) {
        self.calls += 1;
        self.failed += usize::from(is_failure);
        self.stale += usize::from(is_stale);
        if !took.is_zero() {
            self.waits.push(took);
        }
    }

    /// A call, so long after the outage, had an answer from before its end.
    pub(super) fn has_not_recovered(&mut self, after: Duration) {
        self.recovery = self.recovery.max(after);
    }

    pub(super) fn with(mut self, loads: Loads) -> Self {
        self.waits.sort_unstable();
        Self { loads, ..self }
    }

    /// How many loads of one of so many keys began, on the mean.
    #[must_use]
    pub fn loads_a_key(&self, keys: u32) -> f64 {
        self.loads.begun as f64 / f64::from(keys)
    }

    /// The mean time between two loads of one key.
    #[must_use]
    pub fn between(&self) -> Duration {
        self.loads.between()
    }

    /// How many loads ran at once, at most.
    #[must_use]
    pub fn peak(&self) -> usize {
        self.loads.peak
    }

    /// Of all calls, the share that an entry answered whose freshness had ended.
    #[must_use]
    pub fn stale(&self) -> f64 {
        self.share(self.stale)
    }

    /// Of all calls, the share that failed.
    #[must_use]
    pub fn failed(&self) -> f64 {
        self.share(self.failed)
    }

    /// Of all calls, the share that waited.
    #[must_use]
    pub fn waited(&self) -> f64 {
        self.share(self.waits.len())
    }

    /// How long so many of a thousand calls took at most.
    #[must_use]
    pub fn per_mille(&self, rank: usize) -> Duration {
        let rank = (self.calls * rank).div_ceil(1_000);
        let at_once = self.calls - self.waits.len();
        rank.checked_sub(at_once + 1).map_or(Duration::ZERO, |place| self.waits[place])
    }

    /// How long after the outage the last call began whose answer is from before its end.
    #[must_use]
    pub fn recovery(&self) -> Duration {
        self.recovery
    }

    fn share(&self, count: usize) -> f64 {
        count as f64 / self.calls.max(1) as f64
    }
}
