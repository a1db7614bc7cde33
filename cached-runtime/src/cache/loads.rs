//! The loads of one `Cache`: a tier for each type of value, of which only the flights are used.
//!
//! Nothing is kept in these tiers. What is in the store is what counts, and a call that finds
//! nothing there loads through the same algorithm as a function does.

use std::any::{Any, TypeId};
use std::collections::HashMap;
use std::convert::Infallible;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use crate::adapter::Storable;
use crate::clock::Clock;
use crate::policy::Policy;
use crate::shared::Told;
use crate::stats::Stats;
use crate::tier::{AnyTier, Tier};

/// The tier of loads that return a `T`, be it in a `Result`.
pub(super) type LoadsOf<T> = Tier<Box<str>, T, Infallible>;

pub(super) struct Loads(Mutex<HashMap<TypeId, Typed>>);

#[derive(Clone)]
struct Typed {
    tier: Arc<dyn Any + Send + Sync>,
    told: Arc<dyn Told>,
    any: Arc<dyn AnyTier>,
}

impl Loads {
    pub(super) fn new() -> Self {
        Self(Mutex::default())
    }

    /// The tier of a type, made when it is first asked for.
    pub(super) fn of<T: Storable>(&self, clock: &Clock) -> Arc<LoadsOf<T>> {
        let mut tiers = self.tiers();
        let typed = tiers.entry(TypeId::of::<T>()).or_insert_with(|| {
            let policy = Policy::new().capacity(1_u64);
            let tier: Arc<LoadsOf<T>> = Arc::new(Tier::new(policy, clock.clone(), None));
            Typed { tier: Arc::clone(&tier) as _, told: Arc::clone(&tier) as _, any: tier }
        });
        let tier = Arc::clone(&typed.tier).downcast();
        tier.expect("a type of value has one tier, which is of that type")
    }

    /// Makes loads of a key that have begun count for nothing.
    pub(super) fn doom(&self, key: &str) {
        self.all().iter().for_each(|typed| typed.told.drop_entry(key));
    }

    /// The same of all keys.
    pub(super) fn doom_all(&self) {
        self.all().iter().for_each(|typed| typed.told.drop_all());
    }

    pub(super) fn stats(&self) -> Stats {
        self.all().iter().fold(Stats::default(), |sum, typed| sum + typed.any.stats())
    }

    fn all(&self) -> Vec<Typed> {
        self.tiers().values().cloned().collect()
    }

    fn tiers(&self) -> MutexGuard<'_, HashMap<TypeId, Typed>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
