//! What the closures for want of a value say: `stale_if`, of errors, and `on_timeout`. When either
//! is asked is not said here.

use std::time::Duration;

use crate::adapter::Fails;
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
#[derive(Clone, Copy, Debug)]
pub struct SomeErrors<P>(pub(crate) P);

impl<R: Fails, P: Fn(&R::Err) -> bool> StaleIf<R> for SomeErrors<P> {
    fn accepts(&self, result: &R) -> bool {
        result.error().is_some_and(&self.0)
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
pub struct Late;

impl<R: FailsInTime> OnTimeout<R> for Late {
    fn timed_out(&self, after: Duration) -> Option<R> {
        Some(R::late(CacheTimeout::new(after)))
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

/// What can say without `on_timeout` that a call took too long.
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot say that a call took too long; add `on_timeout = ..`",
    label = "a call that takes too long has to return something",
    note = "or return a `Result` whose error implements `From<cached_runtime::CacheTimeout>`"
)]
pub trait FailsInTime {
    /// Makes the error.
    fn late(timeout: CacheTimeout) -> Self;
}

impl<T, E: MadeOfTimeout> FailsInTime for Result<T, E> {
    fn late(timeout: CacheTimeout) -> Self {
        Err(E::made(timeout))
    }
}

/// Errors that a [`CacheTimeout`] converts into.
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot say that a call took too long; add `on_timeout = ..`",
    label = "a call that takes too long has to return something",
    note = "or implement `From<cached_runtime::CacheTimeout>` for `{Self}`"
)]
pub trait MadeOfTimeout {
    /// Converts.
    fn made(timeout: CacheTimeout) -> Self;
}

#[diagnostic::do_not_recommend]
impl<E: From<CacheTimeout>> MadeOfTimeout for E {
    fn made(timeout: CacheTimeout) -> Self {
        timeout.into()
    }
}
