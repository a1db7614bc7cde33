//! What the closures over a value say: `store_if`, `timeout_of`, `weigh`, `tags`. Each is a trait that
//! closures of its kind implement, and what stands in where the user gave none.

use std::time::Duration;

use crate::policy::Amount;
use crate::tag::Labels;

/// The closures over a value.
pub struct Storing<S = Always, T = Declared, W = One, G = Untagged> {
    pub(super) store_if: S,
    pub(super) timeout_of: T,
    pub(super) weigh: W,
    pub(super) tags_of: G,
}

/// Whether a value is stored.
pub trait StoreIf<I> {
    /// Whether it was asked for.
    const IS_GIVEN: bool = true;

    /// Looks at the value.
    fn store(&self, item: &I) -> bool;
}

/// Every value is.
#[derive(Clone, Copy, Debug)]
pub struct Always;

impl<I> StoreIf<I> for Always {
    const IS_GIVEN: bool = false;

    fn store(&self, _: &I) -> bool {
        true
    }
}

impl<I, F: Fn(&I) -> bool> StoreIf<I> for F {
    fn store(&self, item: &I) -> bool {
        self(item)
    }
}

/// How long a value is fresh.
pub trait TimeoutOf<I> {
    /// Looks at the value, where the function's timeout does not hold for all.
    fn timeout(&self, item: &I) -> Option<Duration>;
}

/// As long as the function's timeout.
#[derive(Clone, Copy, Debug)]
pub struct Declared;

impl<I> TimeoutOf<I> for Declared {
    fn timeout(&self, _: &I) -> Option<Duration> {
        None
    }
}

impl<I, F: Fn(&I) -> Duration> TimeoutOf<I> for F {
    fn timeout(&self, item: &I) -> Option<Duration> {
        Some(self(item))
    }
}

/// What a value weighs.
pub trait Weigh<I> {
    /// Looks at the value.
    fn weigh(&self, item: &I) -> u64;
}

/// One.
#[derive(Clone, Copy, Debug)]
pub struct One;

impl<I> Weigh<I> for One {
    fn weigh(&self, _: &I) -> u64 {
        1
    }
}

impl<I, N: Amount, F: Fn(&I) -> N> Weigh<I> for F {
    fn weigh(&self, item: &I) -> u64 {
        self(item).amount()
    }
}

/// Which tags a value has, beyond those of its call.
pub trait TagsOf<I> {
    /// Whether any value has.
    const IS_GIVEN: bool = true;

    /// Looks at the value.
    fn tags(&self, item: &I, labels: &mut Labels);
}

/// None.
#[derive(Clone, Copy, Debug)]
pub struct Untagged;

impl<I> TagsOf<I> for Untagged {
    const IS_GIVEN: bool = false;

    fn tags(&self, _: &I, _: &mut Labels) {}
}

impl<I, N: Names, F: Fn(&I) -> N> TagsOf<I> for F {
    fn tags(&self, item: &I, labels: &mut Labels) {
        self(item).each(&mut |name| labels.add(Some(name)));
    }
}

/// Names of tags: a list of texts, or an optional text.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is no list of tags",
    label = "expected a list of texts",
    note = "return an array, a `Vec` or an `Option` of `String` or `&str`, as in `|value| [format!(\"user:{{}}\", value.id)]`"
)]
pub trait Names {
    /// Shows each name.
    fn each(self, show: &mut dyn FnMut(&str));
}

#[diagnostic::do_not_recommend]
impl<N: IntoIterator<Item: AsRef<str>>> Names for N {
    fn each(self, show: &mut dyn FnMut(&str)) {
        self.into_iter().for_each(|name| show(name.as_ref()));
    }
}
