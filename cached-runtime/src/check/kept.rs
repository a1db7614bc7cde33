//! What a load in the background cannot keep, said as in `check.rs`.

use std::borrow::Borrow;

/// An argument by value.
pub struct Keep<'a, T>(pub &'a T);

impl<T: Clone + Send> Keep<'_, T> {
    /// A clone of the argument.
    #[must_use]
    pub fn checked(self) -> T {
        self.0.clone()
    }
}

/// An argument that is a reference.
pub struct KeepBorrowed<'a, T: ?Sized>(pub &'a T);

impl<T> KeepBorrowed<'_, T>
where
    T: ToOwned<Owned: Send> + ?Sized,
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

/// A load in the background, in messages of the compiler.
pub struct Background;

/// Arguments that cannot be kept: one trait for each option, which its messages name.
macro_rules! refusals {
    ($($refuse:ident, $can_keep:ident, $label:literal;)*) => {$(
        /// Arguments that cannot be kept.
        pub trait $refuse: Sized {
            /// What cannot.
            type Refused: ?Sized;
            /// Refuses it.
            fn checked(self) -> <Background as $can_keep<Self::Refused>>::Kept
            where
                Background: $can_keep<Self::Refused>,
            {
                Background::kept()
            }
        }

        impl<T> $refuse for Keep<'_, T> {
            type Refused = T;
        }
        impl<T: ?Sized> $refuse for KeepBorrowed<'_, T> {
            type Refused = T;
        }

        /// Holds for no type.
        #[diagnostic::on_unimplemented(
            message = "`{T}` cannot be kept for a load in the background",
            label = $label,
            note = "take it in an `Arc`, as in `db: Arc<Db>` or `self: &Arc<Self>`, or as an owned type that is `Clone + Send`",
            note = "`skip(..)` does not help, since the body is given it in the background as well"
        )]
        pub trait $can_keep<T: ?Sized> {
            /// No type.
            type Kept;
            /// Never called.
            fn kept() -> Self::Kept;
        }
    )*};
}

refusals! {
    RefuseStale, CanKeepForStale,
        "needs `Clone + Send + 'static`, since `stale` loads while nobody waits";
    RefuseRefreshAhead, CanKeepForRefreshAhead,
        "needs `Clone + Send + 'static`, since `refresh_ahead` loads while nobody waits";
    RefuseEarly, CanKeepForEarly,
        "needs `Clone + Send + 'static`, since `early` loads while nobody waits";
    RefuseSoftTimeout, CanKeepForSoftTimeout,
        "needs `Clone + Send + 'static`, since `soft_timeout` loads while nobody waits";
}
