//! What a load in the background cannot keep, said as in `check.rs`.

use std::borrow::Borrow;

/// An argument by value; `O` is the option that wants it kept.
pub struct Keep<'a, T, O>(pub &'a T, pub O);

impl<T: Clone + Send + 'static, O> Keep<'_, T, O> {
    /// A clone of the argument.
    #[must_use]
    pub fn checked(self) -> T {
        self.0.clone()
    }
}

/// An argument that is a reference.
pub struct KeepBorrowed<'a, T: ?Sized, O>(pub &'a T, pub O);

impl<T, O> KeepBorrowed<'_, T, O>
where
    T: ToOwned<Owned: Send> + ?Sized + 'static,
{
    /// What it points at, as a value.
    #[must_use]
    pub fn checked(self) -> Lent<T> {
        Lent(self.0.to_owned())
    }
}

/// What a reference pointed at.
pub struct Lent<T: ToOwned + ?Sized>(T::Owned);

impl<T: ToOwned + ?Sized> Lent<T> {
    /// A reference like the one that was given.
    pub fn lend(&self) -> &T {
        self.0.borrow()
    }
}

/// Arguments that cannot be kept.
pub trait RefuseKeep: Sized {
    /// What cannot.
    type Refused: ?Sized;
    /// The option that wants it kept.
    type Option;
    /// Refuses it.
    fn checked(self) -> <Background as CanKeep<Self::Refused, Self::Option>>::Kept
    where
        Background: CanKeep<Self::Refused, Self::Option>,
    {
        Background::kept()
    }
}

impl<T, O> RefuseKeep for Keep<'_, T, O> {
    type Refused = T;
    type Option = O;
}
impl<T: ?Sized, O> RefuseKeep for KeepBorrowed<'_, T, O> {
    type Refused = T;
    type Option = O;
}

/// `stale`, in messages of the compiler.
pub struct Stale;
/// `refresh_ahead`, in messages of the compiler.
pub struct RefreshAhead;
/// `early`, in messages of the compiler.
pub struct Early;
/// `soft_timeout`, in messages of the compiler.
pub struct SoftTimeout;

/// A load in the background, in messages of the compiler.
pub struct Background;

/// Holds for no type.
#[diagnostic::on_unimplemented(
    message = "`{T}` cannot be kept for a load in the background",
    label = "needs `Clone + Send + 'static`, since `{O}` loads while nobody waits",
    note = "take it in an `Arc`"
)]
pub trait CanKeep<T: ?Sized, O> {
    /// No type.
    type Kept;
    /// Never called.
    fn kept() -> Self::Kept;
}
