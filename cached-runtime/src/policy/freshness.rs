//! Settings of what happens around the end of an entry's freshness.

use std::time::Duration;

use super::{Amount, IntoTimeout, Policy, Timeout};
use crate::random;

/// How long an entry may be used after its freshness has ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Windows {
    /// In place of waiting for a load.
    pub(crate) stale: Timeout,
    /// In place of a load's failure.
    pub(crate) stale_if_error: Timeout,
}

impl Windows {
    pub(crate) const NONE: Self = Self {
        stale: Timeout(Some(Duration::ZERO)),
        stale_if_error: Timeout(Some(Duration::ZERO)),
    };

    /// The longer of the two.
    pub(crate) fn longest(self) -> Timeout {
        self.stale.at_least(self.stale_if_error)
    }

    /// Whether no entry is used after its freshness.
    pub(crate) fn are_closed(self) -> bool {
        self.longest().is_zero()
    }
}

/// When an entry is renewed before its freshness ends.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Ahead {
    Never,
    /// Once so much of its freshness is over.
    Past(f64),
    /// By chance, the likelier the nearer the end is and the longer a load takes: `XFetch`, with
    /// this factor.
    Early(f64),
}

/// By how much the freshness of an entry is shortened, at most.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Jitter {
    None,
    /// A share of it.
    Share(f64),
    UpTo(Duration),
}

impl Jitter {
    /// The timeout of one entry. `chance` lies in 0 (included) to 1 (not included).
    pub(crate) fn shorten(self, timeout: Timeout, chance: f64) -> Timeout {
        let Some(declared) = timeout.as_duration() else { return timeout };
        let most = match self {
            Self::None => return timeout,
            Self::Share(share) => declared.mul_f64(share.clamp(0.0, 1.0)),
            Self::UpTo(most) => most.min(declared),
        };
        // What is to be stored at all is not shortened to nothing.
        let least = declared.min(Duration::from_nanos(1));
        Timeout::after(declared.saturating_sub(most.mul_f64(chance)).max(least))
    }
}

/// What a jitter may be written as: a share such as `0.1`, or a [`Duration`].
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not a jitter",
    label = "expected a share of the timeout as an `f64`, or a `Duration`",
    note = "write `0.1`, \"30s\", or an expression such as `Duration::from_secs(30)`"
)]
pub trait IntoJitter {
    /// Converts into a jitter: a share, or a duration.
    fn into_jitter(self) -> Result<f64, Duration>;
}

/// A share of the timeout.
impl IntoJitter for f64 {
    fn into_jitter(self) -> Result<f64, Duration> {
        Ok(self)
    }
}

impl IntoJitter for Duration {
    fn into_jitter(self) -> Result<f64, Duration> {
        Err(self)
    }
}

impl Policy {
    /// The timeout of one entry, which chance may shorten.
    pub(crate) fn jittered(&self, timeout: Timeout) -> Timeout {
        match self.jitter {
            Jitter::None => timeout,
            jitter => jitter.shorten(timeout, random::draw()),
        }
    }

    /// How long after its freshness an entry may be returned while a load in the background renews
    /// it. Default: not at all.
    #[must_use]
    pub fn stale(mut self, timeout: impl IntoTimeout) -> Self {
        self.windows.stale = timeout.into_timeout();
        self
    }

    /// How long after its freshness an entry may be returned in place of an error. Default: not at
    /// all.
    #[must_use]
    pub fn stale_if_error(mut self, timeout: impl IntoTimeout) -> Self {
        self.windows.stale_if_error = timeout.into_timeout();
        self
    }

    /// How long after a failure the next attempt is made; twice as long after each further one, up
    /// to five minutes. Default: 10 seconds.
    #[must_use]
    pub fn throttle(mut self, timeout: impl IntoTimeout) -> Self {
        self.throttle = timeout.into_timeout().as_duration().unwrap_or(Duration::MAX);
        self
    }

    /// Renews an entry in the background once this part of its freshness is over. Default: never.
    #[must_use]
    pub const fn refresh_ahead(mut self, part: f64) -> Self {
        self.ahead = Ahead::Past(part);
        self
    }

    /// Renews an entry in the background by chance before its end. Default: never.
    #[must_use]
    pub const fn early(mut self, factor: f64) -> Self {
        self.ahead = Ahead::Early(factor);
        self
    }

    /// Shortens the freshness of each entry by chance, at most by so much. Default: not at all.
    #[must_use]
    pub fn jitter(mut self, jitter: impl IntoJitter) -> Self {
        self.jitter = match jitter.into_jitter() {
            Ok(share) => Jitter::Share(share),
            Err(most) => Jitter::UpTo(most),
        };
        self
    }

    /// How long a call waits for a load while there is a stale value. Default: until it ends.
    #[must_use]
    pub fn soft_timeout(mut self, timeout: impl IntoTimeout) -> Self {
        self.soft_timeout = timeout.into_timeout().as_duration();
        self
    }

    /// How long a call waits for a load at all. Default: until it ends.
    #[must_use]
    pub fn hard_timeout(mut self, timeout: impl IntoTimeout) -> Self {
        self.hard_timeout = timeout.into_timeout().as_duration();
        self
    }

    /// How many loads may run in the background at once. Default: 64. At least 1.
    #[must_use]
    pub fn max_background(mut self, loads: impl Amount) -> Self {
        self.max_background = loads.amount().max(1);
        self
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const MINUTE: Timeout = Timeout(Some(Duration::from_secs(60)));

    #[test]
    fn jitter_only_ever_shortens_and_never_to_nothing() {
        let seconds = |jitter: Jitter, chance| {
            jitter.shorten(MINUTE, chance).as_duration().unwrap().as_secs_f64()
        };
        assert!((seconds(Jitter::Share(0.1), 0.0) - 60.0).abs() < 1e-9);
        assert!((seconds(Jitter::Share(0.1), 0.5) - 57.0).abs() < 1e-9);
        assert!((seconds(Jitter::UpTo(Duration::from_secs(30)), 0.5) - 45.0).abs() < 1e-9);
        for jitter in [Jitter::Share(1.0), Jitter::UpTo(Duration::MAX)] {
            let least = jitter.shorten(MINUTE, 1.0 - f64::EPSILON / 2.0);
            assert!(!least.is_zero(), "{least:?}");
        }
        assert_eq!(Jitter::Share(0.5).shorten(Timeout::NEVER, 0.9), Timeout::NEVER);
        assert_eq!(Jitter::None.shorten(MINUTE, 0.9), MINUTE);
    }
}
