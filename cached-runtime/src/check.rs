//! What a cache cannot hold, said once, at the user's place.
//!
//! A bound that fails is reported wherever the type that lacks it is used. So generated code sends
//! key parts and adapters through `checked()`. Where all bounds hold, that is an inherent method
//! that hands its receiver on; where one does not, method resolution falls back to a trait whose
//! method asks for what no type has. Its result has no type, so nothing more is reported of it.

pub mod kept;
#[cfg(feature = "json")]
pub mod shared;

use crate::adapter::{Adapter, OkOnly, OkShared, Pick, Plain, SomeOnly, WithErrors, WithNone};
use crate::key::Key;
use crate::key::argument::{ByOption, ByReference, ByValue};

/// A part of a key, to be checked.
pub struct Part<Q>(pub Q);

impl<Q: Key> Part<Q> {
    /// The part.
    #[inline]
    #[must_use]
    pub fn checked(self) -> Q {
        self.0
    }
}

/// The adapter of a function that returns `R`, to be checked.
pub struct Fit<'p, R, A>(pub &'p Pick<R>, pub A);

impl<R, A: Adapter<R>> Fit<'_, R, A> {
    /// The adapter.
    #[inline]
    #[must_use]
    pub fn checked(self) -> A {
        self.1
    }
}

/// Parts that are no keys.
pub trait RefusePart: Sized {
    /// What cannot be in a key.
    type Refused: ?Sized;
    /// Refuses it.
    fn checked(self) -> <CacheKey as CanHave<Self::Refused>>::Part
    where
        CacheKey: CanHave<Self::Refused>,
    {
        CacheKey::part()
    }
}

impl<T: ?Sized> RefusePart for Part<ByValue<'_, T>> {
    type Refused = T;
}
impl<T: ?Sized> RefusePart for Part<ByReference<'_, T>> {
    type Refused = T;
}
impl<T: ?Sized> RefusePart for Part<ByOption<'_, T>> {
    type Refused = T;
}

/// Adapters that do not fit.
pub trait RefuseFit: Sized {
    /// What cannot be cached.
    type Refused;
    /// Refuses it.
    fn checked(self) -> <Cache as CanHold<Self::Refused>>::Value
    where
        Cache: CanHold<Self::Refused>,
    {
        Cache::value()
    }
}

impl<R, A: Holds<R>> RefuseFit for Fit<'_, R, A> {
    type Refused = A::Held;
}

/// What an adapter holds of a result of type `R`.
pub trait Holds<R> {
    /// All of it, or the value inside.
    type Held;
}

impl<R> Holds<R> for Plain {
    type Held = R;
}
impl<R, P> Holds<R> for WithErrors<P> {
    type Held = R;
}
impl<T, E> Holds<Result<T, E>> for OkOnly {
    type Held = T;
}
impl<T, E> Holds<Result<T, E>> for OkShared {
    type Held = T;
}
impl<T> Holds<Option<T>> for SomeOnly {
    type Held = T;
}
impl<R, A: Holds<R>> Holds<R> for WithNone<A> {
    type Held = A::Held;
}

/// A key, in messages of the compiler.
pub struct CacheKey;

/// Holds for no type.
#[diagnostic::on_unimplemented(
    message = "`{T}` cannot be part of a cache key",
    label = "needs `Hash + Eq + Clone + Send + Sync + 'static` to be in the key",
    note = "say what identifies the call with `key = ..`, or leave the argument out with `skip(..)`"
)]
pub trait CanHave<T: ?Sized> {
    /// No type.
    type Part;
    /// Never called.
    fn part() -> Self::Part;
}

/// A cache, in messages of the compiler.
pub struct Cache;

/// Holds for no type.
#[diagnostic::on_unimplemented(
    message = "values of type `{T}` cannot be cached",
    label = "needs `Clone + Send + Sync + 'static` to be cached",
    note = "return an owned value; one that is dear to clone goes into an `Arc`"
)]
pub trait CanHold<T> {
    /// No type.
    type Value;
    /// Never called.
    fn value() -> Self::Value;
}
