//! Arguments as key parts: each is borrowed for the look-up and owned on a miss.
//!
//! Which part an argument becomes is decided by the shape of its type, through the order in which
//! method resolution tries receivers: a reference, an `Option` of one and a `Cow` are compared
//! with their owned forms, everything else is cloned. Generated code writes
//! `(&&Argument(&id)).part()`.

use std::borrow::{Borrow, Cow};
use std::hash::{Hash, Hasher};

use super::Key;

/// An argument on its way into the key.
pub struct Argument<'a, T: ?Sized>(pub &'a T);

/// What an argument taken by value must be.
pub trait KeyValue: Hash + Eq + Clone + Send + Sync + 'static {}

impl<T: Hash + Eq + Clone + Send + Sync + 'static> KeyValue for T {}

/// What an argument taken by reference must point at.
pub trait KeyTarget: Hash + Eq + ToOwned<Owned = Self::OwnedKey> {
    /// The owned form.
    type OwnedKey: KeyValue + Borrow<Self>;
}

impl<T> KeyTarget for T
where
    T: Hash + Eq + ToOwned + ?Sized,
    T::Owned: KeyValue,
{
    type OwnedKey = T::Owned;
}

/// The part of an argument that is a reference, or holds one.
pub trait PartByShape {
    /// The key part.
    type Part;
    /// Borrows the part.
    fn part(&self) -> Self::Part;
}

impl<'a, T: ?Sized> PartByShape for &Argument<'a, &T> {
    type Part = ByReference<'a, T>;
    #[inline]
    fn part(&self) -> Self::Part {
        ByReference(self.0)
    }
}

impl<'a, T: ?Sized> PartByShape for &Argument<'a, Option<&T>> {
    type Part = ByOption<'a, T>;
    #[inline]
    fn part(&self) -> Self::Part {
        ByOption(*self.0)
    }
}

impl<'a, T: ToOwned + ?Sized> PartByShape for &Argument<'a, Cow<'_, T>> {
    type Part = ByReference<'a, T>;
    #[inline]
    fn part(&self) -> Self::Part {
        ByReference(self.0)
    }
}

impl<'a, T: ?Sized> Argument<'a, T> {
    /// The part of any other argument.
    #[inline]
    #[must_use]
    pub fn part(&self) -> ByValue<'a, T> {
        ByValue(self.0)
    }
}

/// A part that is cloned on a miss.
pub struct ByValue<'a, T: ?Sized>(&'a T);

impl<T: KeyValue> Key for ByValue<'_, T> {
    type Owned = T;

    #[inline]
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.0.hash(state);
    }
    #[inline]
    fn matches(&self, owned: &T) -> bool {
        self.0 == owned
    }
    #[inline]
    fn own(&self) -> T {
        self.0.clone()
    }
}

/// A part that is a reference, owned through [`ToOwned`] on a miss.
pub struct ByReference<'a, T: ?Sized>(&'a T);

impl<T: KeyTarget + ?Sized> Key for ByReference<'_, T> {
    type Owned = T::OwnedKey;

    #[inline]
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.0.hash(state);
    }
    #[inline]
    fn matches(&self, owned: &T::OwnedKey) -> bool {
        self.0 == owned.borrow()
    }
    #[inline]
    fn own(&self) -> T::OwnedKey {
        self.0.to_owned()
    }
}

/// A part that is an optional reference.
pub struct ByOption<'a, T: ?Sized>(Option<&'a T>);

impl<T: KeyTarget + ?Sized> Key for ByOption<'_, T> {
    type Owned = Option<T::OwnedKey>;

    #[inline]
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.0.hash(state);
    }
    #[inline]
    fn matches(&self, owned: &Self::Owned) -> bool {
        self.0 == owned.as_ref().map(Borrow::borrow)
    }
    #[inline]
    fn own(&self) -> Self::Owned {
        self.0.map(ToOwned::to_owned)
    }
}

#[cfg(test)]
#[allow(clippy::needless_borrow, reason = "as generated code writes it")]
mod tests {
    use std::borrow::Cow;

    use super::*;
    use crate::key::Seed;

    fn meets<Q: Key, P: Key<Owned = Q::Owned>>(one: &Q, two: &P) -> bool {
        let seed = Seed::shared();
        let hashes = seed.lookup(one).hash == seed.lookup(two).hash;
        let equal = one.matches(&two.own());
        assert!(hashes || !equal, "equal keys hash alike");
        assert_eq!(equal, one.own() == two.own());
        equal
    }

    #[test]
    fn references_and_cows_are_owned_as_what_they_point_at() {
        let (text, cow) = ("a", Cow::Borrowed("a"));
        let owned: String = (&&Argument(&text)).part().own();
        assert_eq!(owned, "a");
        assert!(meets(&(&&Argument(&text)).part(), &(&&Argument(&cow)).part()));
        let list: Vec<u8> = (&&Argument(&&[1_u8, 2][..])).part().own();
        assert_eq!(list, [1, 2]);
    }

    #[test]
    fn optional_references_keep_none_apart_from_text() {
        let (none, empty, word) = (None::<&str>, Some(""), Some("None"));
        let none = (&&Argument(&none)).part();
        let empty = (&&Argument(&empty)).part();
        let word = (&&Argument(&word)).part();
        assert!(!meets(&none, &empty) && !meets(&none, &word) && !meets(&empty, &word));
        assert!(meets(&none, &none) && meets(&word, &word));
    }

    #[test]
    fn parts_do_not_run_together() {
        let (ab, c, a, bc) = ("a:b", "c", "a", "b:c");
        let one = ((&&Argument(&ab)).part(), (&&Argument(&c)).part());
        let two = ((&&Argument(&a)).part(), (&&Argument(&bc)).part());
        assert!(!meets(&one, &two));
        assert!(meets(&one, &one));
    }
}
