//! What generated code of a `shared` function names where there is no codec. One error says that;
//! these keep it the only one.

pub use crate::call::begin as begin_shared;
pub use crate::handle::Entry as SharedEntry;

use crate::adapter::Pick;
use crate::handle::Handle;
use crate::key::text::TextBuffer;
use crate::site::{Instance, Site};

/// The cache of a shared function.
pub type SharedHandle = Handle;

impl Handle {
    /// As of a shared function.
    #[doc(hidden)]
    #[must_use]
    pub const fn new_shared(site: &'static Site, _: Option<Instance>) -> Self {
        Self::new(site)
    }
}

/// A part of a key.
pub struct Spelled<'a, T: ?Sized>(pub &'a T);

impl<T: ?Sized> Spelled<'_, T> {
    /// The part, whatever it is.
    #[must_use]
    pub fn checked(self) -> Self {
        self
    }

    /// Writes nothing.
    pub fn write(&self, _: &mut TextBuffer) {}
}

/// A whole key.
pub struct SpelledWhole<'a, T: ?Sized>(pub &'a T);

impl<'a, T: ?Sized> SpelledWhole<'a, T> {
    /// The key, whatever it is.
    #[must_use]
    pub fn part(&self) -> Spelled<'a, T> {
        Spelled(self.0)
    }
}

/// The adapter of a function that returns `R`.
pub struct FitShared<'p, R, A>(pub &'p Pick<R>, pub A);

impl<R, A> FitShared<'_, R, A> {
    /// The adapter, whatever it holds.
    #[must_use]
    pub fn checked(self) -> A {
        self.1
    }
}

/// Keys that are text.
pub trait SpelledByText {}

/// Arguments that cannot be written.
pub trait RefuseSpelled {}

/// Adapters whose values a store could not give back.
pub trait RefuseFitShared {}
