//! The error of a call that took too long. When a call does is not said here.

use std::error::Error;
use std::fmt;
use std::time::Duration;

/// A call of a cached function had no result within its `hard_timeout`.
///
/// An error type that implements `From<CacheTimeout>` needs no `on_timeout`:
///
/// ```
/// use cached_runtime::CacheTimeout;
///
/// enum FetchError {
///     Refused,
///     TooSlow(CacheTimeout),
/// }
///
/// impl From<CacheTimeout> for FetchError {
///     fn from(timeout: CacheTimeout) -> Self {
///         Self::TooSlow(timeout)
///     }
/// }
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CacheTimeout {
    after: Duration,
}

impl CacheTimeout {
    pub(crate) fn new(after: Duration) -> Self {
        Self { after }
    }

    /// How long the call was given: the `hard_timeout` of its function.
    #[must_use]
    pub fn after(&self) -> Duration {
        self.after
    }
}

impl fmt::Display for CacheTimeout {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "no answer within {:?}", self.after)
    }
}

impl Error for CacheTimeout {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_says_how_long_the_call_was_given() {
        let timeout = CacheTimeout::new(Duration::from_millis(1_500));
        assert_eq!(timeout.to_string(), "no answer within 1.5s");
        assert_eq!(timeout.after(), Duration::from_millis(1_500));
    }
}
