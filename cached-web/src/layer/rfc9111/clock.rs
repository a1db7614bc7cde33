//! The time of day, as `Date` and `Age` are reckoned in it.

use std::time::SystemTime;

#[cfg(test)]
use std::time::{Duration, UNIX_EPOCH};

#[cfg(test)]
use cached_runtime::ManualClock;

/// Where the layer reads the time.
#[derive(Clone, Debug)]
pub(super) enum Clock {
    System,
    /// A clock that a test turns.
    #[cfg(test)]
    Manual(ManualClock),
}

impl Clock {
    pub(super) fn now(&self) -> SystemTime {
        match self {
            Self::System => SystemTime::now(),
            #[cfg(test)]
            Self::Manual(clock) => {
                UNIX_EPOCH + Duration::from_secs(1_600_000_000) + clock.elapsed()
            }
        }
    }
}
