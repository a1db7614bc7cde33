//! Picking the adapter of a function by what it returns.
//!
//! The macro sees the name of a return type, never the type: `ApiResult<User>` may hide a
//! `Result`. So the type itself decides, through the order in which method resolution tries
//! receivers; generated code writes `(&&&&Pick::<R>::NEW).pick()`.

use std::marker::PhantomData;

use super::{Fails, IsOption, IsResult, OkOnly, OkShared, Plain, SomeOnly};
use crate::rules::{Late, SomeErrors};
use crate::timed_out::CacheTimeout;

/// The return type, on its way to an adapter.
pub struct Pick<R>(PhantomData<fn() -> R>);

impl<R> Pick<R> {
    /// The only value.
    pub const NEW: Self = Self(PhantomData);
    /// The type that a body returns, where the function's signature does not name it.
    #[must_use]
    pub fn of(_: &impl FnOnce() -> R) -> Self {
        Self::NEW
    }

    /// The same for an `async` body.
    #[must_use]
    pub fn of_future(_: &impl Future<Output = R>) -> Self {
        Self::NEW
    }

    /// The adapter of a function that returns `impl Trait`: its result is stored as it is.
    #[must_use]
    pub fn hidden(&self) -> Plain {
        Plain
    }

    /// Accepts what `impl Trait` hides; refuses the types of [`RefuseHidden`].
    pub fn check_hidden(&self) {}
}

/// What `impl Trait` must not hide, because `Err` and `None` would be stored like values.
pub trait RefuseHidden {
    /// The type in question.
    type Hidden;
    /// Refuses it.
    fn check_hidden(&self)
    where
        Self::Hidden: NotHidden,
    {
    }
}

/// Holds for no type.
#[diagnostic::on_unimplemented(
    message = "`impl Trait` hides a `{Self}`, of which only the value inside would be cached",
    label = "returns `{Self}`",
    note = "write the `Result` or `Option` in the signature, as in `Result<impl Trait, E>`"
)]
pub trait NotHidden {}

impl<T, E> RefuseHidden for &Pick<Result<T, E>> {
    type Hidden = Result<T, E>;
}

impl<T> RefuseHidden for &Pick<Option<T>> {
    type Hidden = Option<T>;
}

/// `Result<T, E>` whose errors followers may share.
pub trait PickShared {
    /// What `Ok` has.
    type Ok;
    /// Picks the adapter.
    fn pick(&self) -> OkShared {
        OkShared
    }
    /// Picks the adapter under `WithNone`.
    fn pick_with_none(&self) -> <Self::Ok as IsOption>::WithNone<OkShared>
    where
        Self::Ok: IsOption,
    {
        Self::Ok::with_none(OkShared)
    }
}

impl<T, E: Clone + Send + Sync + 'static> PickShared for &&&Pick<Result<T, E>> {
    type Ok = T;
}

/// Any other `Result<T, E>`.
pub trait PickResult {
    /// What `Ok` has.
    type Ok;
    /// Picks the adapter.
    fn pick(&self) -> OkOnly {
        OkOnly
    }
    /// Picks the adapter under `WithNone`.
    fn pick_with_none(&self) -> <Self::Ok as IsOption>::WithNone<OkOnly>
    where
        Self::Ok: IsOption,
    {
        Self::Ok::with_none(OkOnly)
    }
}

impl<T, E> PickResult for &&Pick<Result<T, E>> {
    type Ok = T;
}

/// `Option<T>`.
pub trait PickOption {
    /// Picks the adapter.
    fn pick(&self) -> SomeOnly {
        SomeOnly
    }
}

impl<T> PickOption for &Pick<Option<T>> {}

impl<R> Pick<R> {
    /// The adapter of any other type.
    #[must_use]
    pub fn pick(&self) -> Plain {
        Plain
    }

    /// The adapter of a function with `none_timeout` that returns no `Result`.
    #[must_use]
    pub fn pick_with_none(&self) -> R::WithNone<Plain>
    where
        R: IsOption,
    {
        R::with_none(Plain)
    }

    /// The adapter of a function with `err_timeout`.
    pub fn pick_with_errors<P: Fn(&R::Err) -> bool>(&self, err_if: P) -> R::WithErrors<P>
    where
        R: IsResult,
    {
        R::with_errors(err_if)
    }

    /// The adapter of a function with `err_timeout` and `none_timeout`.
    pub fn pick_with_both<P: Fn(&R::Err) -> bool>(
        &self,
        err_if: P,
    ) -> <R::Ok as IsOption>::WithNone<R::WithErrors<P>>
    where
        R: IsResult<Ok: IsOption>,
    {
        R::Ok::with_none(R::with_errors(err_if))
    }

    /// Which errors let a stale value answer, as a closure over the error says.
    pub fn stale_if<P: Fn(&R::Err) -> bool>(&self, predicate: P) -> SomeErrors<R, P>
    where
        R: Fails,
    {
        SomeErrors { predicate, ask: |predicate, result| result.error().is_some_and(predicate) }
    }
}

impl<T, E: From<CacheTimeout>> Pick<Result<T, E>> {
    /// What a call returns that took too long, where `on_timeout` does not say it.
    #[must_use]
    pub fn late(&self) -> Late<Result<T, E>> {
        Late(|timeout| Err(timeout.into()))
    }
}

/// Return types that cannot say that a call took too long.
pub trait RefuseLate {
    /// The type in question.
    type Returned;
    /// Refuses it.
    fn late(&self) -> Late<Self::Returned>
    where
        Self::Returned: FailsInTime,
    {
        Late(Self::Returned::fail)
    }
}

impl<R> RefuseLate for Pick<R> {
    type Returned = R;
}

/// Holds for no type.
#[diagnostic::on_unimplemented(
    message = "a call that takes too long has nothing to return; add `on_timeout = ..`",
    label = "`{Self}` cannot be made of a timeout",
    note = "or return a `Result` whose error implements `From<cached_runtime::CacheTimeout>`"
)]
pub trait FailsInTime: Sized {
    /// Never called.
    fn fail(timeout: CacheTimeout) -> Self;
}

#[cfg(test)]
#[allow(clippy::needless_borrow, reason = "as generated code writes it")]
mod tests {
    use super::*;

    type Aliased<T> = Result<T, String>;
    struct Opaque;

    #[test]
    fn the_type_decides_not_its_name() {
        let _: OkShared = (&&&&Pick::<Aliased<u8>>::NEW).pick();
        let _: OkOnly = (&&&&Pick::<Result<u8, Opaque>>::NEW).pick();
        let _: SomeOnly = (&&&&Pick::<Option<u8>>::NEW).pick();
        let _: Plain = (&&&&Pick::<Vec<u8>>::NEW).pick();
    }
}
