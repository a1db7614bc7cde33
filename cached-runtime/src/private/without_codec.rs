//! What generated code of a `shared` function names where there is no codec. One error says that;
//! these keep it the only one, in the function and in whatever calls it.

use std::ops::Deref;
use std::time::Duration;

pub use crate::call::{begin as begin_shared, begin_refreshing as begin_refreshing_shared};

use crate::adapter::Pick;
use crate::error::Error;
use crate::handle::{Entry, Handle};
use crate::invalidate::Invalidate;
use crate::key::Key;
use crate::key::text::{Text, TextBuffer};
use crate::rules::Terms;
use crate::site::{Instance, Site};

/// The cache of a shared function.
#[derive(Clone, Copy)]
pub struct SharedHandle(Handle);

impl SharedHandle {
    /// The cache of a function.
    #[must_use]
    pub const fn new_shared(site: &'static Site, _: Option<Instance>) -> Self {
        Self(Handle::new(site))
    }

    /// As with a codec.
    pub fn clear(&self) -> Result<(), Error> {
        self.0.clear();
        Ok(())
    }

    /// As with a codec.
    #[expect(clippy::unused_async, reason = "with a codec it waits")]
    pub async fn clear_async(&self) -> Result<(), Error> {
        self.clear()
    }
}

impl Deref for SharedHandle {
    type Target = Handle;

    fn deref(&self) -> &Handle {
        &self.0
    }
}

impl Invalidate for SharedHandle {
    fn invalidate(&self) {
        self.0.clear();
    }
}

/// One entry of a shared function.
pub struct SharedEntry<R>(Entry<R>);

impl<R> SharedEntry<R> {
    /// Names the entry of a key.
    pub fn new<Q, T>(site: &'static Site, instance: Instance, key: Option<Q>, terms: T) -> Self
    where
        R: 'static,
        Q: Key,
        T: Terms<R> + Send + Sync + 'static,
    {
        Self(Entry::new(site, instance, key, terms))
    }

    /// Adds a tag.
    #[must_use]
    pub fn tagged(self, name: Option<Text<'_>>) -> Self {
        Self(self.0.tagged(name))
    }

    /// The key as text.
    #[must_use]
    pub fn key(&self) -> &str {
        self.0.key()
    }
}

macro_rules! as_with_a_codec {
    ($($name:ident, $name_async:ident($($arg:ident: $ty:ty)?) -> $output:ty;)*) => {
        impl<R> SharedEntry<R> {
            $(
                /// As with a codec.
                pub fn $name(&self $(, $arg: $ty)?) -> Result<$output, Error> {
                    Ok(self.0.$name($($arg)?))
                }

                /// As with a codec.
                pub async fn $name_async(&self $(, $arg: $ty)?) -> Result<$output, Error> {
                    self.$name($($arg)?)
                }
            )*
        }
    };
}

as_with_a_codec! {
    peek, peek_async() -> Option<R>;
    put, put_async(result: R) -> ();
    invalidate, invalidate_async() -> bool;
    expire, expire_async() -> bool;
    age, age_async() -> Option<Duration>;
}

impl<R> Invalidate for SharedEntry<R> {
    fn invalidate(&self) {
        self.0.invalidate();
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
