//! What generated code of a `shared` function names where no codec is there. One error says so; these
//! keep it the only one.

pub use crate::call::begin as begin_shared;
pub use crate::handle::Entry as SharedEntry;

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
    /// Writes nothing.
    pub fn write(&self, _: &mut TextBuffer) {}
}

/// A whole key.
pub struct SpelledWhole<'a, T: ?Sized>(pub &'a T);

impl<T: ?Sized> SpelledWhole<'_, T> {
    /// Writes nothing.
    pub fn write(&self, _: &mut TextBuffer) {}
}

/// Keys that are text.
pub trait SpelledByText {}
