//! What the user's closures say of a load: whether to store it, for how long, at what weight, and
//! what to do without it.
//!
//! Pure but for those closures, which run on the loading thread, after the body and outside all
//! locks.

mod failing;
mod storing;

use std::marker::PhantomData;
use std::time::Duration;

use crate::adapter::{Adapter, Loaded, Pick};
use crate::outcome::Outcome;
use crate::policy::{Amount, Policy, Timeout};
use crate::tag::Labels;

use failing::{Answer, EveryError, OnTimeout, Patient, StaleIf};
pub use failing::{Failing, Late, SomeErrors};
pub use storing::{Always, Declared, Storing, Untagged};
use storing::{Names, One, StoreIf, TagsOf, TimeoutOf, Weigh};

/// The adapter of a function that returns `R`, and the user's closures: those over a value, and
/// those for want of one.
pub struct Rules<R, A, S = Storing, F = Failing> {
    returned: PhantomData<fn() -> R>,
    adapter: A,
    storing: S,
    failing: F,
}

/// Rules without closures: every value is stored, for the function's timeout, at weight 1, and any
/// error lets a stale value answer.
///
/// They have no size, and so has the wish for them on a hit.
#[must_use]
#[inline]
pub fn rules<R, A: Adapter<R>>(_: &Pick<R>, adapter: A) -> Rules<R, A> {
    let storing = Storing { store_if: Always, timeout_of: Declared, weigh: One, tags_of: Untagged };
    let failing = Failing { stale_if: EveryError, on_timeout: Patient };
    Rules { returned: PhantomData, adapter, storing, failing }
}

/// Each returns the least that is known of the closure that it takes: what the compiler says of one of
/// a wrong type is about the closure then, and not about all that rules are asked for.
impl<R, A: Adapter<R>, S, T, W, G, X> Rules<R, A, Storing<S, T, W, G>, X> {
    /// Stores only values of which `store_if` is true.
    #[must_use]
    pub fn store_if(
        self,
        store_if: impl Fn(&A::Item) -> bool,
    ) -> Rules<R, A, Storing<impl StoreIf<A::Item>, T, W, G>, X> {
        self.storing(|Storing { timeout_of, weigh, tags_of, .. }| Storing {
            store_if,
            timeout_of,
            weigh,
            tags_of,
        })
    }

    /// Stores each value for as long as `timeout_of` says; not at all for zero.
    #[must_use]
    pub fn timeout_of(
        self,
        timeout_of: impl Fn(&A::Item) -> Duration,
    ) -> Rules<R, A, Storing<S, impl TimeoutOf<A::Item>, W, G>, X> {
        self.storing(|Storing { store_if, weigh, tags_of, .. }| Storing {
            store_if,
            timeout_of,
            weigh,
            tags_of,
        })
    }

    /// Weighs each value. A weight of zero counts as one.
    #[must_use]
    pub fn weigh<N: Amount>(
        self,
        weigh: impl Fn(&A::Item) -> N,
    ) -> Rules<R, A, Storing<S, T, impl Weigh<A::Item>, G>, X> {
        self.weighed_by(weigh)
    }

    /// The same for rules whose type has to be written down.
    #[must_use]
    pub fn weighed_by<V: Weigh<A::Item>>(self, weigh: V) -> Rules<R, A, Storing<S, T, V, G>, X> {
        self.storing(|Storing { store_if, timeout_of, tags_of, .. }| Storing {
            store_if,
            timeout_of,
            weigh,
            tags_of,
        })
    }

    /// Tags each value with what `tags_of` makes of it.
    #[must_use]
    pub fn tags_of<N: Names>(
        self,
        tags_of: impl Fn(&A::Item) -> N,
    ) -> Rules<R, A, Storing<S, T, W, impl TagsOf<A::Item>>, X> {
        self.storing(|Storing { store_if, timeout_of, weigh, .. }| Storing {
            store_if,
            timeout_of,
            weigh,
            tags_of,
        })
    }
}

impl<R, A, X, P, O> Rules<R, A, X, Failing<P, O>> {
    /// Lets a stale value answer for those errors alone that `stale_if` accepts; `Pick::stale_if`
    /// makes it of a closure.
    #[must_use]
    pub fn stale_if<F: StaleIf<R>>(self, stale_if: F) -> Rules<R, A, X, Failing<F, O>> {
        self.failing(|Failing { on_timeout, .. }| Failing { stale_if, on_timeout })
    }

    /// Says what a call returns that took too long: an `Err`, or all that the function returns.
    #[must_use]
    pub fn on_timeout<F, N>(self, on_timeout: F) -> Rules<R, A, X, Failing<P, F>>
    where
        F: Fn() -> N,
        N: Answer<R>,
    {
        self.failing(|Failing { stale_if, .. }| Failing { stale_if, on_timeout })
    }

    /// Lets a call that took too long return an error of its own; `Pick::late` makes it.
    #[must_use]
    pub fn fail_on_timeout(self, late: Late<R>) -> Rules<R, A, X, Failing<P, Late<R>>> {
        self.failing(|Failing { stale_if, .. }| Failing { stale_if, on_timeout: late })
    }
}

impl<R, A, S, F> Rules<R, A, S, F> {
    fn storing<T>(self, change: impl FnOnce(S) -> T) -> Rules<R, A, T, F> {
        let Self { returned, adapter, storing, failing } = self;
        Rules { returned, adapter, storing: change(storing), failing }
    }

    fn failing<T>(self, change: impl FnOnce(F) -> T) -> Rules<R, A, S, T> {
        let Self { returned, adapter, storing, failing } = self;
        Rules { returned, adapter, storing, failing: change(failing) }
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
    /// How long memory may answer for it, where a store has it too.
    pub(crate) local: Timeout,
    /// An `Err` or a `None`, which is of no use once it is not fresh.
    pub(crate) is_negative: bool,
}

impl Keep {
    pub(crate) fn new(timeout: Timeout, weight: u64) -> Self {
        let (age, local) = (Duration::ZERO, Timeout::NEVER);
        Self { timeout, weight, age, local, is_negative: false }
    }

    fn negative(timeout: Timeout, weight: u64) -> Self {
        Self { is_negative: true, ..Self::new(timeout, weight) }
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
    /// Whether a result is an `Err` that lets a stale value answer.
    fn falls_back(&self, result: &R) -> bool;
    /// What a call returns that had no result after so long. None where calls take what they take.
    fn timed_out(&self, after: Duration) -> Option<R>;
}

impl<R, A: Adapter<R>, S, F> Adapter<R> for Rules<R, A, S, F> {
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
    #[inline]
    fn restore_as(&self, value: A::Value, outcome: impl FnOnce() -> Outcome) -> R {
        self.adapter.restore_as(value, outcome)
    }
    #[inline]
    fn is_answer(&self, value: &A::Value) -> bool {
        self.adapter.is_answer(value)
    }
    fn restore_failure(&self, failure: A::Failure) -> R {
        self.adapter.restore_failure(failure)
    }
    fn weight_of_nothing(&self) -> u64 {
        self.adapter.weight_of_nothing()
    }
    fn keeps_error(&self, result: &R) -> bool {
        self.adapter.keeps_error(result)
    }
}

impl<R, A, S, T, W, G, P, O> Terms<R> for Rules<R, A, Storing<S, T, W, G>, Failing<P, O>>
where
    A: Adapter<R>,
    S: StoreIf<A::Item>,
    T: TimeoutOf<A::Item>,
    W: Weigh<A::Item>,
    G: TagsOf<A::Item>,
    P: StaleIf<R>,
    O: OnTimeout<R>,
{
    fn judge(&self, result: &R, policy: &Policy, timeout: Timeout) -> Verdict {
        let (keep, is_error) = match self.adapter.look(result) {
            // Nothing says whether it is an error.
            Loaded::Value(_) if !S::IS_GIVEN && self.adapter.is_blind() => (None, false),
            Loaded::Value(item) => {
                let keep = self.storing.store_if.store(item).then(|| {
                    let timeout =
                        self.storing.timeout_of.timeout(item).map_or(timeout, Timeout::after);
                    Keep::new(timeout, self.weight(result))
                });
                (keep, false)
            }
            Loaded::Error => {
                let timeout = timeout.at_most(policy.err_timeout);
                let keep = Keep::negative(timeout, self.weight(result));
                (self.adapter.keeps_error(result).then_some(keep), true)
            }
            Loaded::Nothing => {
                let timeout = timeout.at_most(policy.none_timeout);
                (Some(Keep::negative(timeout, self.weight(result))), false)
            }
        };
        let jittered = |keep: Keep| Keep { timeout: policy.jittered(keep.timeout), ..keep };
        Verdict { store: keep.filter(|keep| !keep.timeout.is_zero()).map(jittered), is_error }
    }

    fn weight(&self, result: &R) -> u64 {
        match self.adapter.look(result) {
            Loaded::Value(item) => self.storing.weigh.weigh(item).max(1),
            Loaded::Error | Loaded::Nothing => self.adapter.weight_of_nothing(),
        }
    }

    fn has_labels(&self) -> bool {
        G::IS_GIVEN
    }

    fn label(&self, result: &R, labels: &Labels) -> Labels {
        let mut labels = labels.clone();
        if let Loaded::Value(item) = self.adapter.look(result) {
            self.storing.tags_of.tags(item, &mut labels);
        }
        labels
    }

    fn falls_back(&self, result: &R) -> bool {
        matches!(self.adapter.look(result), Loaded::Error) && self.failing.stale_if.accepts(result)
    }

    fn timed_out(&self, after: Duration) -> Option<R> {
        self.failing.on_timeout.timed_out(after)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::adapter::{OkOnly, OkShared, PickShared as _, SomeOnly};
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

    #[test]
    fn an_error_falls_back_unless_its_predicate_declines() {
        type Aliased = Result<u8, String>;
        let pick = Pick::<Aliased>::NEW;
        let every = rules(&pick, OkShared);
        assert!(every.falls_back(&Err("gone".into())));
        assert!(!every.falls_back(&Ok(1)));
        let some = every.stale_if(pick.stale_if(|error| error.len() > 4));
        assert!(some.falls_back(&Err("refused".into())));
        assert!(!some.falls_back(&Err("gone".into())));
        assert!(!some.falls_back(&Ok(1)));
        let kept = rules(&pick, pick.pick_with_errors(|_| true));
        assert!(kept.falls_back(&Err("gone".into())));
        assert!(!rules(&Pick::<Option<u8>>::NEW, SomeOnly).falls_back(&None));
    }

    #[test]
    fn a_timeout_is_what_the_function_says() {
        #[derive(Debug, PartialEq)]
        enum Failed {
            Slow,
            After(Duration),
        }
        impl From<crate::CacheTimeout> for Failed {
            fn from(timeout: crate::CacheTimeout) -> Self {
                Self::After(timeout.after())
            }
        }
        let two = Duration::from_secs(2);
        let pick = Pick::<Result<u8, Failed>>::NEW;
        let patient = || rules(&pick, OkOnly);
        assert_eq!(patient().timed_out(two), None);
        assert_eq!(
            patient().fail_on_timeout(pick.late()).timed_out(two),
            Some(Err(Failed::After(two)))
        );
        assert_eq!(patient().on_timeout(|| Failed::Slow).timed_out(two), Some(Err(Failed::Slow)));
        assert_eq!(
            patient().on_timeout(|| Err(Failed::Slow)).timed_out(two),
            Some(Err(Failed::Slow))
        );
        assert_eq!(patient().on_timeout(|| Ok(3)).timed_out(two), Some(Ok(3)));
        let pick = Pick::<u8>::NEW;
        assert_eq!(rules(&pick, pick.pick()).on_timeout(|| 3).timed_out(two), Some(3));
    }

    #[test]
    fn rules_without_closures_have_no_size() {
        let pick = Pick::<Result<u8, String>>::NEW;
        assert_eq!(size_of_val(&rules(&pick, OkShared)), 0);
    }
}
