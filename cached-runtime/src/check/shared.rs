//! What cannot leave the process: arguments that no key can be written of, values that no store
//! gives back. Said as in `check.rs`.

use serde::Serialize;

use crate::adapter::{Adapter, Pick};
use crate::key::spelled::Spelled;
use crate::shared::Sharable;

impl<T: Serialize + ?Sized> Spelled<'_, T> {
    /// The argument.
    #[inline]
    #[must_use]
    pub fn checked(self) -> Self {
        self
    }
}

/// The adapter of a shared function that returns `R`, to be checked.
pub struct FitShared<'p, R, A>(pub &'p Pick<R>, pub A);

impl<R, A: Adapter<R, Value: Sharable>> FitShared<'_, R, A> {
    /// The adapter.
    #[inline]
    #[must_use]
    pub fn checked(self) -> A {
        self.1
    }
}

/// Arguments that cannot be written.
pub trait RefuseSpelled: Sized {
    /// What cannot be in a key.
    type Refused: ?Sized;
    /// Refuses it.
    fn checked(self) -> <SharedKey as CanHave<Self::Refused>>::Part
    where
        SharedKey: CanHave<Self::Refused>,
    {
        SharedKey::part()
    }
}

impl<T: ?Sized> RefuseSpelled for Spelled<'_, T> {
    type Refused = T;
}

/// The same for what identifies a response.
pub trait RefuseIdentity: Sized {
    /// What cannot be in a key.
    type Refused: ?Sized;
    /// Refuses it.
    fn checked(self) -> <ResponseKey as CanIdentify<Self::Refused>>::Part
    where
        ResponseKey: CanIdentify<Self::Refused>,
    {
        ResponseKey::part()
    }
}

impl<T: ?Sized> RefuseIdentity for Spelled<'_, T> {
    type Refused = T;
}

/// Adapters whose values a store could not give back.
pub trait RefuseFitShared: Sized {
    /// What cannot leave the process.
    type Refused;
    /// Refuses it.
    fn checked(self) -> <SharedCache as CanShare<Self::Refused>>::Value
    where
        SharedCache: CanShare<Self::Refused>,
    {
        SharedCache::value()
    }
}

impl<R, A: Adapter<R>> RefuseFitShared for FitShared<'_, R, A> {
    type Refused = A::Value;
}

/// A key of a shared function, in messages of the compiler.
pub struct SharedKey;

/// Holds for no type.
#[diagnostic::on_unimplemented(
    message = "`{T}` cannot be part of a shared cache key",
    label = "needs `Serialize` to be in the key of a `shared` function",
    note = "derive `serde::Serialize`, say what identifies the call with `key = ..`, or leave the argument out with `skip(..)`"
)]
pub trait CanHave<T: ?Sized> {
    /// No type.
    type Part;
    /// Never called.
    fn part() -> Self::Part;
}

/// A key of a response, in messages of the compiler.
pub struct ResponseKey;

/// Holds for no type.
#[diagnostic::on_unimplemented(
    message = "`{T}` cannot be part of a response's cache key",
    label = "needs `Serialize` to be in the key of a response",
    note = "name what identifies it, as in `per = user.id`, or derive `serde::Serialize`"
)]
pub trait CanIdentify<T: ?Sized> {
    /// No type.
    type Part;
    /// Never called.
    fn part() -> Self::Part;
}

/// A cache of a shared function, in messages of the compiler.
pub struct SharedCache;

/// Holds for no type.
#[diagnostic::on_unimplemented(
    message = "values of type `{T}` cannot be shared",
    label = "needs `Serialize` and `DeserializeOwned` to leave the process",
    note = "derive `serde::Serialize` and `serde::Deserialize`, or remove `shared`"
)]
pub trait CanShare<T> {
    /// No type.
    type Value;
    /// Never called.
    fn value() -> Self::Value;
}
