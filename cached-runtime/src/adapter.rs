//! What of a function's result is stored, and what its callers get back.
//!
//! Which adapter a function gets is decided in `pick.rs`, by the type that it returns.
//!
//! | returned | stored | shared with followers beyond that |
//! |---|---|---|
//! | `Result<T, E>` | `T` of `Ok` | `E`, where it is `Clone + Send + Sync` |
//! | `Option<T>` | `T` of `Some` | `None` |
//! | anything else | itself | |

mod pick;

use std::any::type_name;
use std::convert::Infallible;

use crate::outcome::Outcome;
pub use pick::{Pick, PickOption, PickResult, PickShared, RefuseHidden, RefuseLate};

/// What may be stored.
#[diagnostic::on_unimplemented(
    message = "values of type `{Self}` cannot be cached",
    label = "needs `Clone + Send + Sync + 'static` to be cached",
    note = "return an owned value; one that is dear to clone goes into an `Arc`"
)]
pub trait Storable: Clone + Send + Sync + 'static {}

#[diagnostic::do_not_recommend]
impl<T: Clone + Send + Sync + 'static> Storable for T {}

/// How a load came out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Loaded<'r, T> {
    /// A value: what is returned, or the content of `Ok` or `Some`.
    Value(&'r T),
    /// `Err`.
    Error,
    /// `None`.
    Nothing,
}

/// Takes results apart and puts them together again.
pub trait Adapter<R> {
    /// What `store_if`, `timeout_of` and `weigh` look at.
    type Item: 'static;
    /// What an entry holds.
    type Value: Storable;
    /// What followers share of a result that is no value.
    type Failure: Clone + Send + Sync + 'static;

    /// Classifies a result.
    fn look<'r>(&self, result: &'r R) -> Loaded<'r, Self::Item>;
    /// Clones what an entry would hold.
    fn value(&self, result: &R) -> Option<Self::Value>;
    /// Clones what followers may share of a result without a value.
    fn failure(&self, result: &R) -> Option<Self::Failure>;
    /// Makes a result of a stored value.
    fn restore(&self, value: Self::Value) -> R;
    /// The same, for results that tell how their value was found.
    #[inline]
    fn restore_as(&self, value: Self::Value, outcome: impl FnOnce() -> Outcome) -> R
    where
        Self: Sized,
    {
        let _ = outcome;
        self.restore(value)
    }
    /// Makes a result of a shared failure.
    fn restore_failure(&self, failure: Self::Failure) -> R;
    /// Whether a value answers a call. One that only says where to look on is not counted as a hit
    /// of memory.
    #[inline]
    fn is_answer(&self, value: &Self::Value) -> bool {
        let _ = value;
        true
    }
    /// What memory counts an entry as that holds no value.
    fn weight_of_nothing(&self) -> u64 {
        1
    }
    /// Whether an `Err` may be stored at all.
    fn keeps_error(&self, _: &R) -> bool {
        true
    }
    /// Whether what looks like a value may be an `Err` or a `None`, since the function is generic
    /// over what it returns.
    fn is_blind(&self) -> bool {
        false
    }
}

/// Stores results as they are.
#[derive(Clone, Copy, Debug)]
pub struct Plain;

impl<R: Storable> Adapter<R> for Plain {
    type Item = R;
    type Value = R;
    type Failure = Infallible;

    fn look<'r>(&self, result: &'r R) -> Loaded<'r, R> {
        Loaded::Value(result)
    }
    fn value(&self, result: &R) -> Option<R> {
        Some(result.clone())
    }
    fn failure(&self, _: &R) -> Option<Infallible> {
        None
    }
    #[inline]
    fn restore(&self, value: R) -> R {
        value
    }
    fn restore_failure(&self, failure: Infallible) -> R {
        match failure {}
    }
    fn is_blind(&self) -> bool {
        let name = type_name::<R>();
        name.starts_with("core::result::Result<") || name.starts_with("core::option::Option<")
    }
}

/// Stores `Ok`; an error is its caller's alone.
#[derive(Clone, Copy, Debug)]
pub struct OkOnly;

impl<T: Storable, E> Adapter<Result<T, E>> for OkOnly {
    type Item = T;
    type Value = T;
    type Failure = Infallible;

    fn look<'r>(&self, result: &'r Result<T, E>) -> Loaded<'r, T> {
        result.as_ref().map_or(Loaded::Error, Loaded::Value)
    }
    fn value(&self, result: &Result<T, E>) -> Option<T> {
        result.as_ref().ok().cloned()
    }
    fn failure(&self, _: &Result<T, E>) -> Option<Infallible> {
        None
    }
    #[inline]
    fn restore(&self, value: T) -> Result<T, E> {
        Ok(value)
    }
    fn restore_failure(&self, failure: Infallible) -> Result<T, E> {
        match failure {}
    }
}

/// Stores `Ok`; whoever waited shares an error.
#[derive(Clone, Copy, Debug)]
pub struct OkShared;

impl<T: Storable, E: Clone + Send + Sync + 'static> Adapter<Result<T, E>> for OkShared {
    type Item = T;
    type Value = T;
    type Failure = E;

    fn look<'r>(&self, result: &'r Result<T, E>) -> Loaded<'r, T> {
        OkOnly.look(result)
    }
    fn value(&self, result: &Result<T, E>) -> Option<T> {
        OkOnly.value(result)
    }
    fn failure(&self, result: &Result<T, E>) -> Option<E> {
        result.as_ref().err().cloned()
    }
    #[inline]
    fn restore(&self, value: T) -> Result<T, E> {
        Ok(value)
    }
    fn restore_failure(&self, failure: E) -> Result<T, E> {
        Err(failure)
    }
}

/// Stores `Some`; whoever waited shares a `None`.
#[derive(Clone, Copy, Debug)]
pub struct SomeOnly;

impl<T: Storable> Adapter<Option<T>> for SomeOnly {
    type Item = T;
    type Value = T;
    type Failure = ();

    fn look<'r>(&self, result: &'r Option<T>) -> Loaded<'r, T> {
        result.as_ref().map_or(Loaded::Nothing, Loaded::Value)
    }
    fn value(&self, result: &Option<T>) -> Option<T> {
        result.clone()
    }
    fn failure(&self, result: &Option<T>) -> Option<()> {
        result.is_none().then_some(())
    }
    #[inline]
    fn restore(&self, value: T) -> Option<T> {
        Some(value)
    }
    fn restore_failure(&self, (): ()) -> Option<T> {
        None
    }
}

/// What `err_timeout` asks of a return type.
#[diagnostic::on_unimplemented(
    message = "`err_timeout` stores `Err`, and `{Self}` is no `Result`",
    label = "not a `Result`",
    note = "remove `err_timeout`, or return a `Result`"
)]
pub trait IsResult {
    /// `T` of `Result<T, E>`.
    type Ok: 'static;
    /// `E` of `Result<T, E>`.
    type Err;
    /// The adapter that stores errors.
    type WithErrors<P>;
    /// Makes that adapter.
    fn with_errors<P>(err_if: P) -> Self::WithErrors<P>;
    /// The result itself.
    fn as_result(&self) -> Result<&Self::Ok, &Self::Err>;
}

impl<T: 'static, E> IsResult for Result<T, E> {
    type Ok = T;
    type Err = E;
    type WithErrors<P> = WithErrors<P>;
    fn with_errors<P>(err_if: P) -> WithErrors<P> {
        WithErrors(err_if)
    }
    fn as_result(&self) -> Result<&T, &E> {
        self.as_ref()
    }
}

/// Stores `Ok` and those `Err` that `err_if` accepts.
#[derive(Clone, Copy, Debug)]
pub struct WithErrors<P>(P);

impl<R: IsResult + Storable, P: Fn(&R::Err) -> bool> Adapter<R> for WithErrors<P> {
    type Item = R::Ok;
    type Value = R;
    type Failure = Infallible;

    fn look<'r>(&self, result: &'r R) -> Loaded<'r, R::Ok> {
        result.as_result().map_or(Loaded::Error, Loaded::Value)
    }
    fn value(&self, result: &R) -> Option<R> {
        Some(result.clone())
    }
    fn failure(&self, _: &R) -> Option<Infallible> {
        None
    }
    #[inline]
    fn restore(&self, value: R) -> R {
        value
    }
    fn restore_failure(&self, failure: Infallible) -> R {
        match failure {}
    }
    fn keeps_error(&self, result: &R) -> bool {
        result.as_result().err().is_none_or(&self.0)
    }
}

/// What `stale_if` asks of a return type.
#[diagnostic::on_unimplemented(
    message = "`stale_if` looks at an `Err`, and `{Self}` is no `Result`",
    label = "the function returns `{Self}`",
    note = "remove `stale_if`, or return a `Result`"
)]
pub trait Fails {
    /// `E` of `Result<T, E>`.
    type Err;
    /// The error, if it is one.
    fn error(&self) -> Option<&Self::Err>;
}

impl<T, E> Fails for Result<T, E> {
    type Err = E;
    fn error(&self) -> Option<&E> {
        self.as_ref().err()
    }
}

/// What `none_timeout` asks of a return type.
#[diagnostic::on_unimplemented(
    message = "`none_timeout` stores `None`, and `{Self}` is no `Option`",
    label = "not an `Option`",
    note = "remove `none_timeout`, or return an `Option`"
)]
pub trait IsOption {
    /// `T` of `Option<T>`.
    type Some: 'static;
    /// The adapter that stores `None` as well.
    type WithNone<A>;
    /// Makes that adapter.
    fn with_none<A>(adapter: A) -> Self::WithNone<A>;
    /// The option itself.
    fn as_option(&self) -> Option<&Self::Some>;
}

impl<T: 'static> IsOption for Option<T> {
    type Some = T;
    type WithNone<A> = WithNone<A>;
    fn with_none<A>(adapter: A) -> WithNone<A> {
        WithNone(adapter)
    }
    fn as_option(&self) -> Option<&T> {
        self.as_ref()
    }
}

/// Stores a `None` as well: that of `Option<T>`, or of the `Ok` in a `Result<Option<T>, E>`.
#[derive(Clone, Copy, Debug)]
pub struct WithNone<A>(A);

impl<R, A: Adapter<R, Item: IsOption>> Adapter<R> for WithNone<A> {
    type Item = <A::Item as IsOption>::Some;
    type Value = A::Value;
    type Failure = A::Failure;

    fn look<'r>(&self, result: &'r R) -> Loaded<'r, Self::Item> {
        match self.0.look(result) {
            Loaded::Value(option) => option.as_option().map_or(Loaded::Nothing, Loaded::Value),
            Loaded::Error => Loaded::Error,
            Loaded::Nothing => Loaded::Nothing,
        }
    }
    fn value(&self, result: &R) -> Option<A::Value> {
        self.0.value(result)
    }
    fn failure(&self, result: &R) -> Option<A::Failure> {
        self.0.failure(result)
    }
    #[inline]
    fn restore(&self, value: A::Value) -> R {
        self.0.restore(value)
    }
    fn restore_failure(&self, failure: A::Failure) -> R {
        self.0.restore_failure(failure)
    }
    fn keeps_error(&self, result: &R) -> bool {
        self.0.keeps_error(result)
    }
}

#[cfg(test)]
#[allow(clippy::needless_borrow, reason = "as generated code writes it")]
mod tests {
    use super::*;

    type Aliased<T> = Result<T, String>;
    struct Opaque;

    #[test]
    fn none_and_errors_are_kept_where_asked() {
        type Found = Result<Option<u8>, Opaque>;
        let adapter = (&&&&Pick::<Found>::NEW).pick_with_none();
        assert_eq!(adapter.look(&Found::Ok(Some(1))), Loaded::Value(&1));
        assert_eq!(adapter.look(&Found::Ok(None)), Loaded::Nothing);
        assert_eq!(adapter.value(&Found::Ok(None)), Some(None));
        assert_eq!(adapter.value(&Found::Err(Opaque)), None);

        let adapter = (&&&&Pick::<Aliased<u8>>::NEW).pick_with_errors(|error| error == "keep");
        assert!(adapter.keeps_error(&Aliased::<u8>::Err("keep".into())));
        assert!(!adapter.keeps_error(&Aliased::<u8>::Err("drop".into())));
    }
}
