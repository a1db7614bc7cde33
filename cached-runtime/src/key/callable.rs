//! What a key callable, or a key expression, may give.
//!
//! Text is a text key, and names nothing when it is empty. An `Err` is a key that could not be
//! made: the call bypasses the cache. Everything else is a key part like an argument. Generated
//! code writes `(&&Fallible(&value)).ok().map(|key| (&&&Whole(key)).key())`.

use std::borrow::Cow;
use std::sync::Arc;

use super::argument::{Argument, ByOption, ByReference, ByValue, PartByShape};
use super::text::Text;

/// The result of a callable.
pub struct Fallible<'a, T>(pub &'a T);

/// A result that may have failed.
pub trait OkByShape<'a> {
    /// What a success holds.
    type Value;
    /// The key's value, if there is one.
    fn ok(&self) -> Option<&'a Self::Value>;
}

impl<'a, T, E> OkByShape<'a> for &Fallible<'a, Result<T, E>> {
    type Value = T;
    #[inline]
    fn ok(&self) -> Option<&'a T> {
        self.0.as_ref().ok()
    }
}

impl<'a, T> Fallible<'a, T> {
    /// Any other result is the value itself.
    #[inline]
    #[must_use]
    pub fn ok(&self) -> Option<&'a T> {
        Some(self.0)
    }
}

/// A value that is the whole key.
pub struct Whole<'a, T>(pub &'a T);

/// Values that are text.
pub trait KeyByText<'a> {
    /// The key, unless the text is empty.
    fn key(&self) -> Option<Text<'a>>;
}

macro_rules! key_by_text {
    ($($ty:ty)*) => {$(
        impl<'a> KeyByText<'a> for &&Whole<'a, $ty> {
            #[inline]
            fn key(&self) -> Option<Text<'a>> {
                Text::new(self.0)
            }
        }
    )*};
}

key_by_text!(&str String &String Box<str> Arc<str> Cow<'_, str>);

/// Values that are references, or hold one.
pub trait KeyByShape<'a> {
    /// The key part.
    type Part;
    /// The key.
    fn key(&self) -> Option<Self::Part>;
}

impl<'a, T: ?Sized> KeyByShape<'a> for &Whole<'a, &T> {
    type Part = ByReference<'a, T>;
    #[inline]
    fn key(&self) -> Option<Self::Part> {
        Some((&&Argument(self.0)).part())
    }
}

impl<'a, T: ?Sized> KeyByShape<'a> for &Whole<'a, Option<&T>> {
    type Part = ByOption<'a, T>;
    #[inline]
    fn key(&self) -> Option<Self::Part> {
        Some((&&Argument(self.0)).part())
    }
}

impl<'a, T> Whole<'a, T> {
    /// The key of any other value.
    #[inline]
    #[must_use]
    pub fn key(&self) -> Option<ByValue<'a, T>> {
        Some(Argument(self.0).part())
    }
}

/// Calls a key callable. The arguments come first, so that a closure's parameters need no types.
macro_rules! apply {
    ($($name:ident($($arg:ident: $ty:ident),*))*) => {$(
        #[doc(hidden)]
        #[inline]
        #[allow(clippy::too_many_arguments, reason = "as many as a callable takes")]
        pub fn $name<$($ty,)* R>($($arg: $ty,)* callable: impl FnOnce($($ty),*) -> R) -> R {
            callable($($arg),*)
        }
    )*};
}

apply! {
    apply0()
    apply1(a: A)
    apply2(a: A, b: B)
    apply3(a: A, b: B, c: C)
    apply4(a: A, b: B, c: C, d: D)
    apply5(a: A, b: B, c: C, d: D, e: E)
    apply6(a: A, b: B, c: C, d: D, e: E, f: F)
    apply7(a: A, b: B, c: C, d: D, e: E, f: F, g: G)
    apply8(a: A, b: B, c: C, d: D, e: E, f: F, g: G, h: H)
}

#[cfg(test)]
#[allow(clippy::needless_borrow, reason = "as generated code writes it")]
mod tests {
    use super::*;
    use crate::key::Key;

    #[test]
    fn empty_text_and_errors_name_nothing() {
        assert!((&&&Whole(&"")).key().is_none());
        assert!((&&&Whole(&String::from("a"))).key().is_some());
        assert!((&&Fallible(&Err::<u8, ()>(()))).ok().is_none());
        assert_eq!((&&Fallible(&Ok::<u8, ()>(7))).ok(), Some(&7));
        assert_eq!((&&Fallible(&7)).ok(), Some(&7));
    }

    #[test]
    fn values_are_keys_like_arguments() {
        assert_eq!((&&&Whole(&(1, 2))).key().map(|key| key.own()), Some((1, 2)));
        let list: Option<Vec<u8>> = (&&&Whole(&&[1_u8][..])).key().map(|key| key.own());
        assert_eq!(list, Some(vec![1]));
    }
}
