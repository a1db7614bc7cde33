//! What the closures for want of a value say: `stale_if`, of errors, and `on_timeout`. When either
//! is asked is not said here.

use std::time::Duration;

use crate::timed_out::CacheTimeout;

/// The closures for want of a value.
pub struct Failing<P = EveryError, O = Patient> {
    pub(super) stale_if: P,
    pub(super) on_timeout: O,
}

/// Which `Err` let a stale value answer.
pub trait StaleIf<R> {
    /// Looks at a result that is an `Err`.
    fn accepts(&self, result: &R) -> bool;
}

/// All of them.
#[derive(Clone, Copy, Debug)]
pub struct EveryError;

impl<R> StaleIf<R> for EveryError {
    fn accepts(&self, _: &R) -> bool {
        true
    }
}

/// Those that a closure accepts.
///
/// It brings along how it is asked: a type that is no `Result` is refused once, where this is made.
#[derive(Clone, Copy, Debug)]
pub struct SomeErrors<R, P> {
    pub(crate) predicate: P,
    pub(crate) ask: fn(&P, &R) -> bool,
}

impl<R, P> StaleIf<R> for SomeErrors<R, P> {
    fn accepts(&self, result: &R) -> bool {
        (self.ask)(&self.predicate, result)
    }
}

/// What a call returns that took too long.
pub trait OnTimeout<R> {
    /// Makes it; none where calls may take what they take.
    fn timed_out(&self, after: Duration) -> Option<R>;
}

/// Calls take what they take.
#[derive(Clone, Copy, Debug)]
pub struct Patient;

impl<R> OnTimeout<R> for Patient {
    fn timed_out(&self, _: Duration) -> Option<R> {
        None
    }
}

/// The error that the function's own type makes of a [`CacheTimeout`].
#[derive(Clone, Copy, Debug)]
pub struct Late<R>(pub(crate) fn(CacheTimeout) -> R);

impl<R> OnTimeout<R> for Late<R> {
    fn timed_out(&self, after: Duration) -> Option<R> {
        Some((self.0)(CacheTimeout::new(after)))
    }
}

impl<R, N: Answer<R>, F: Fn() -> N> OnTimeout<R> for F {
    fn timed_out(&self, _: Duration) -> Option<R> {
        Some(self().into_returned())
    }
}

/// What `on_timeout` may give: the error of a `Result`, or all that the function returns.
#[diagnostic::on_unimplemented(
    message = "`on_timeout` gives `{Self}`, and the function returns `{R}`",
    label = "neither what the function returns, nor its error",
    note = "write the error that a call returns which takes too long, as in `on_timeout = FetchError::TooSlow`"
)]
pub trait Answer<R> {
    /// Converts into what the function returns.
    fn into_returned(self) -> R;
}

#[diagnostic::do_not_recommend]
impl<R> Answer<R> for R {
    fn into_returned(self) -> R {
        self
    }
}

#[diagnostic::do_not_recommend]
impl<T, E> Answer<Result<T, E>> for E {
    fn into_returned(self) -> Result<T, E> {
        Err(self)
    }
}
