//! What the user's closures say of a load: whether to store it, for how long, at what weight.
//!
//! Pure but for those closures, which run on the loading thread, after the body and outside all
//! locks.

use std::marker::PhantomData;
use std::time::Duration;

use crate::adapter::{Adapter, Loaded, Pick};
use crate::policy::{Amount, Policy, Timeout};
use crate::tag::Labels;

/// The adapter of a function that returns `R`, and the user's closures.
pub struct Rules<R, A, S, T, W, G = Untagged> {
    returned: PhantomData<fn() -> R>,
    adapter: A,
    store_if: S,
    timeout_of: T,
    weigh: W,
    tags_of: G,
}

/// Rules without closures: every value is stored, for the function's timeout, at weight 1.
///
/// They have no size, and so has the wish for them on a hit.
#[must_use]
#[inline]
pub fn rules<R, A: Adapter<R>>(_: &Pick<R>, adapter: A) -> Rules<R, A, Always, Declared, One> {
    let returned = PhantomData;
    Rules {
        returned,
        adapter,
        store_if: Always,
        timeout_of: Declared,
        weigh: One,
        tags_of: Untagged,
    }
}

impl<R, A: Adapter<R>, S, T, W, G> Rules<R, A, S, T, W, G> {
    /// Stores only values of which `store_if` is true.
    #[must_use]
    pub fn store_if<F: Fn(&A::Item) -> bool>(self, store_if: F) -> Rules<R, A, F, T, W, G> {
        let Self { returned, adapter, timeout_of, weigh, tags_of, .. } = self;
        Rules { returned, adapter, store_if, timeout_of, weigh, tags_of }
    }

    /// Stores each value for as long as `timeout_of` says; not at all for zero.
    #[must_use]
    pub fn timeout_of<F>(self, timeout_of: F) -> Rules<R, A, S, F, W, G>
    where
        F: Fn(&A::Item) -> Duration,
    {
        let Self { returned, adapter, store_if, weigh, tags_of, .. } = self;
        Rules { returned, adapter, store_if, timeout_of, weigh, tags_of }
    }

    /// Weighs each value. A weight of zero counts as one.
    #[must_use]
    pub fn weigh<F, N>(self, weigh: F) -> Rules<R, A, S, T, F, G>
    where
        F: Fn(&A::Item) -> N,
        N: Amount,
    {
        let Self { returned, adapter, store_if, timeout_of, tags_of, .. } = self;
        Rules { returned, adapter, store_if, timeout_of, weigh, tags_of }
    }

    /// Tags each value with what `tags_of` makes of it.
    #[must_use]
    pub fn tags_of<F, N>(self, tags_of: F) -> Rules<R, A, S, T, W, F>
    where
        F: Fn(&A::Item) -> N,
        N: Names,
    {
        let Self { returned, adapter, store_if, timeout_of, weigh, .. } = self;
        Rules { returned, adapter, store_if, timeout_of, weigh, tags_of }
    }
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

/// What becomes of a load.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Verdict {
    /// How to store it, if it may be stored.
    pub(crate) store: Option<Keep>,
    /// Whether it is an `Err`.
    pub(crate) is_error: bool,
}

/// How a value is to be stored.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Keep {
    pub(crate) timeout: Timeout,
    pub(crate) weight: u64,
    /// How long ago it was loaded, where a store had it.
    pub(crate) age: Duration,
}

impl Keep {
    fn new(timeout: Timeout, weight: u64) -> Self {
        Self { timeout, weight, age: Duration::ZERO }
    }

    /// The same, for no longer than `timeout`.
    pub(crate) fn at_most(self, timeout: Timeout) -> Self {
        Self { timeout: self.timeout.at_most(timeout), ..self }
    }
}

/// An adapter that can also judge: all that the call algorithm knows of a function's results.
pub trait Terms<R>: Adapter<R> {
    /// Judges a load. `timeout` is the function's timeout at present.
    fn judge(&self, result: &R, policy: &Policy, timeout: Timeout) -> Verdict;
    /// What memory counts a result as.
    fn weight(&self, result: &R) -> u64;
    /// Whether values have tags of their own.
    fn has_labels(&self) -> bool;
    /// The tags of a result: `labels`, which are the call's, and its own.
    fn label(&self, result: &R, labels: &Labels) -> Labels;
}

impl<R, A, S, T, W, G> Adapter<R> for Rules<R, A, S, T, W, G>
where
    A: Adapter<R>,
{
    type Item = A::Item;
    type Value = A::Value;
    type Failure = A::Failure;

    fn look<'r>(&self, result: &'r R) -> Loaded<'r, A::Item> {
        self.adapter.look(result)
    }
    fn value(&self, result: &R) -> Option<A::Value> {
        self.adapter.value(result)
    }
    fn failure(&self, result: &R) -> Option<A::Failure> {
        self.adapter.failure(result)
    }
    #[inline]
    fn restore(&self, value: A::Value) -> R {
        self.adapter.restore(value)
    }
    fn restore_failure(&self, failure: A::Failure) -> R {
        self.adapter.restore_failure(failure)
    }
    fn keeps_error(&self, result: &R) -> bool {
        self.adapter.keeps_error(result)
    }
}

impl<R, A, S, T, W, G> Terms<R> for Rules<R, A, S, T, W, G>
where
    A: Adapter<R>,
    S: StoreIf<A::Item>,
    T: TimeoutOf<A::Item>,
    W: Weigh<A::Item>,
    G: TagsOf<A::Item>,
{
    fn judge(&self, result: &R, policy: &Policy, timeout: Timeout) -> Verdict {
        let (keep, is_error) = match self.adapter.look(result) {
            // Nothing says whether it is an error.
            Loaded::Value(_) if !S::IS_GIVEN && self.adapter.is_blind() => (None, false),
            Loaded::Value(item) => {
                let keep = self.store_if.store(item).then(|| {
                    let timeout = self.timeout_of.timeout(item).map_or(timeout, Timeout::after);
                    Keep::new(timeout, self.weight(result))
                });
                (keep, false)
            }
            Loaded::Error => {
                let timeout = timeout.at_most(policy.err_timeout);
                (self.adapter.keeps_error(result).then_some(Keep::new(timeout, 1)), true)
            }
            Loaded::Nothing => {
                let timeout = timeout.at_most(policy.none_timeout);
                (Some(Keep::new(timeout, 1)), false)
            }
        };
        Verdict { store: keep.filter(|keep| !keep.timeout.is_zero()), is_error }
    }

    fn weight(&self, result: &R) -> u64 {
        match self.adapter.look(result) {
            Loaded::Value(item) => self.weigh.weigh(item).max(1),
            Loaded::Error | Loaded::Nothing => 1,
        }
    }

    fn has_labels(&self) -> bool {
        G::IS_GIVEN
    }

    fn label(&self, result: &R, labels: &Labels) -> Labels {
        let mut labels = labels.clone();
        if let Loaded::Value(item) = self.adapter.look(result) {
            self.tags_of.tags(item, &mut labels);
        }
        labels
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::adapter::PickShared as _;
    use crate::policy::IntoTimeout as _;

    #[test]
    fn closures_see_the_value_inside() {
        let pick = Pick::<Result<u32, ()>>::NEW;
        let rules = rules(&pick, (&&&&pick).pick())
            .store_if(|value| *value > 1)
            .timeout_of(|value| Duration::from_secs(u64::from(*value)))
            .weigh(|value| u64::from(*value));
        let judge = |result| rules.judge(&result, &Policy::new(), Timeout::DEFAULT);
        assert_eq!(judge(Ok(1)).store, None);
        let keep = Keep::new(Timeout::after(Duration::from_secs(9)), 9);
        assert_eq!(judge(Ok(9)), Verdict { store: Some(keep), is_error: false });
        assert!(judge(Err(())).is_error);
    }

    #[test]
    fn a_zero_timeout_stores_nothing_and_a_zero_weight_counts_as_one() {
        let pick = Pick::<u8>::NEW;
        let plain = rules(&pick, pick.pick()).timeout_of(|_| Duration::ZERO);
        assert_eq!(plain.judge(&1, &Policy::new(), Timeout::DEFAULT).store, None);
        let weighed = rules(&pick, pick.pick()).weigh(|_| 0);
        let verdict = weighed.judge(&1, &Policy::new(), Timeout::DEFAULT);
        assert_eq!(verdict.store.map(|keep| keep.weight), Some(1));
    }

    #[test]
    fn negatives_live_at_most_as_long_as_they_may() {
        let policy = Policy::new().err_timeout(5).none_timeout(3600);
        let pick = Pick::<Result<u8, String>>::NEW;
        let errors = rules(&pick, pick.pick_with_errors(|_| true));
        let verdict = errors.judge(&Err(String::new()), &policy, Timeout::DEFAULT);
        assert_eq!(verdict.store.map(|keep| keep.timeout), Some(5.into_timeout()));
        let pick = Pick::<Option<u8>>::NEW;
        let none = rules(&pick, pick.pick_with_none());
        let verdict = none.judge(&None, &policy, Timeout::DEFAULT);
        assert_eq!(verdict.store.map(|keep| keep.timeout), Some(Timeout::DEFAULT));
    }

    #[test]
    fn a_generic_result_is_stored_only_where_store_if_says_so() {
        fn keeps<R: crate::adapter::Storable>(result: &R) -> (bool, bool) {
            let pick = Pick::<R>::NEW;
            let judge = |terms: &dyn Terms<R, Item = R, Value = R, Failure = _>| {
                terms.judge(result, &Policy::new(), Timeout::DEFAULT).store.is_some()
            };
            (
                judge(&rules(&pick, pick.pick())),
                judge(&rules(&pick, pick.pick()).store_if(|_| true)),
            )
        }
        assert_eq!(keeps(&Err::<u8, ()>(())), (false, true));
        assert_eq!(keeps(&Some(1)), (false, true));
        assert_eq!(keeps(&1), (true, true));
    }
}
