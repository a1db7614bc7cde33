//! What can be done to a tier by who does not know all its types: handles, the registry, messages of
//! other processes.

#[cfg(feature = "json")]
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use super::{Tier, next_seq};
use crate::key::Hashed;
#[cfg(feature = "json")]
use crate::key::text::Text;
use crate::memory::Entry;
#[cfg(feature = "json")]
use crate::shared::{Link, Told};
use crate::stats::{Count, Stats};

/// What can be done to a tier by a key, without knowing its values.
pub(crate) trait KeyedTier<K>: Send + Sync {
    /// Drops an entry and dooms the load that is under way. Says whether an entry counted.
    fn invalidate(&self, key: &Hashed<K>) -> bool;
    /// Ends the freshness of an entry, and dooms the load that is under way. Says whether an entry
    /// was fresh.
    fn expire(&self, key: &Hashed<K>) -> bool;
    /// Time since a fresh entry was stored.
    fn age(&self, key: &Hashed<K>) -> Option<Duration>;
}

impl<K, V, F> KeyedTier<K> for Tier<K, V, F>
where
    K: Eq + Clone + Send + Sync,
    V: Clone + Send + Sync,
    F: Send + Sync,
{
    fn invalidate(&self, key: &Hashed<K>) -> bool {
        let removed = self.forget_entry(key);
        let counted = removed.is_some_and(|(_, entry)| self.is_of_use(&entry));
        self.counters.count(Count::Invalidation);
        counted
    }

    fn expire(&self, key: &Hashed<K>) -> bool {
        self.counters.count(Count::Invalidation);
        self.expire_uncounted(key)
    }

    fn age(&self, key: &Hashed<K>) -> Option<Duration> {
        let stored = |entry: &Entry<V>| self.counts(entry).then_some(entry.life.stored);
        let stored = self.memory.peek(key, stored)??;
        Some(self.clock.now().since(stored))
    }
}

/// The memory in front of a shared store, whose keys are text.
#[cfg(feature = "json")]
impl<V, F> Told for Tier<Box<str>, V, F>
where
    V: Clone + Send + Sync,
    F: Send + Sync,
{
    fn drop_entry(&self, key: &str) {
        if let Some(key) = Text::new(key) {
            self.forget_entry(&self.seed.lookup(&key).own());
        }
    }

    fn drop_all(&self) {
        AnyTier::forget(self);
    }
}

/// What can be done to a tier without knowing its types.
pub(crate) trait AnyTier: Send + Sync {
    /// Where entries go beyond this process.
    #[cfg(feature = "json")]
    fn link(&self) -> Option<&Arc<Link>>;
    fn stats(&self) -> Stats;
    fn len(&self) -> usize;
    /// Makes every entry, and every load that has begun, count for nothing; then drops them.
    fn forget(&self);
    /// The same, as an invalidation that is counted.
    fn clear(&self) {
        self.count_invalidation();
        self.forget();
    }
    fn count_invalidation(&self);
    /// Drops the entries that are good for nothing. Takes a pass over all entries.
    fn purge(&self) -> usize;
}

impl<K, V, F> AnyTier for Tier<K, V, F>
where
    K: Eq + Clone + Send + Sync,
    V: Clone + Send + Sync,
    F: Send + Sync,
{
    #[cfg(feature = "json")]
    fn link(&self) -> Option<&Arc<Link>> {
        self.link.as_ref()
    }

    fn stats(&self) -> Stats {
        let stats = self.counters.stats(self.len() as u64);
        #[cfg(feature = "json")]
        if let Some(link) = &self.link {
            return Stats { store_errors: link.errors(), ..stats };
        }
        stats
    }

    fn len(&self) -> usize {
        self.memory.len()
    }

    fn forget(&self) {
        self.cleared.fetch_max(next_seq(), Ordering::AcqRel);
        self.memory.clear();
    }

    fn count_invalidation(&self) {
        self.counters.count(Count::Invalidation);
    }

    fn purge(&self) -> usize {
        self.memory.retain(|entry| self.is_of_use(entry))
    }
}
