//! What can be done to one entry, whatever it is an entry of.

use std::sync::Arc;
use std::time::Duration;

use crate::key::Hashed;
use crate::rules::Terms;
use crate::site::{Instance, Site};
use crate::tag::Labels;
use crate::tier::{KeyedTier, Stored};

/// What can be done to an entry by its key alone.
pub(super) trait Ops: Send + Sync {
    fn invalidate(&self) -> bool;
    fn expire(&self) -> bool;
    fn age(&self) -> Option<Duration>;
}

pub(super) struct Keyed<K> {
    pub(super) site: &'static Site,
    pub(super) instance: Instance,
    pub(super) key: Hashed<K>,
}

impl<K: 'static> Keyed<K> {
    /// The tier, if the function was ever called.
    fn tier(&self) -> Option<Arc<dyn KeyedTier<K>>> {
        self.site.state(|state, _| Some(Arc::clone(state.find(self.instance)?.keyed())))
    }
}

impl<K: Send + Sync + 'static> Ops for Keyed<K> {
    fn invalidate(&self) -> bool {
        self.tier().is_some_and(|tier| tier.invalidate(&self.key))
    }
    fn expire(&self) -> bool {
        self.tier().is_some_and(|tier| tier.expire(&self.key))
    }
    fn age(&self) -> Option<Duration> {
        self.tier()?.age(&self.key)
    }
}

/// What can be done to an entry by one who knows what the function returns.
pub(super) trait Values<R>: Send + Sync {
    fn peek(&self) -> Option<R>;
    fn put(&self, result: &R, labels: &Labels);
}

pub(super) struct Typed<K, T> {
    pub(super) site: &'static Site,
    pub(super) instance: Instance,
    pub(super) key: Hashed<K>,
    pub(super) terms: T,
}

impl<R, K, T> Values<R> for Typed<K, T>
where
    K: Eq + Clone + Send + Sync + 'static,
    T: Terms<R> + Send + Sync,
{
    fn peek(&self) -> Option<R> {
        let answer = self.site.state(|state, _| {
            let tier = state.find(self.instance)?.tier::<K, T::Value, T::Failure>();
            tier.peek(&self.key)
        });
        answer.map(|answer| self.terms.restore(answer.value))
    }

    fn put(&self, result: &R, labels: &Labels) {
        self.site.state(|state, clock| {
            let slot = state.slot::<K, T::Value, T::Failure>(self.site, self.instance, clock);
            let tier = slot.tier::<K, T::Value, T::Failure>();
            let timeout = state.timeout(&tier.policy);
            let Some(keep) = self.terms.judge(result, &tier.policy, timeout).store else { return };
            let Some(tags) = self.terms.label(result, labels).set() else { return };
            if let Some(value) = self.terms.value(result) {
                tier.put(&self.key, Stored { value, keep, tags });
            }
        });
    }
}
