//! One entry of a shared function, in memory and in the store.

use std::fmt;
use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

use crate::error::Error;
use crate::key::text::Text;
use crate::key::{Hashed, Key, Seed};
use crate::life::Use;
use crate::remote::wait;
use crate::rules::Terms;
use crate::site::{Instance, Site};
use crate::tag::Labels;
use crate::tier::{KeyedTier as _, Stored, Tier};

use super::fetch::Spot;
use super::origin;
use super::place::{Look, Seen};
use super::wire::Sharable;

type Answer<'a, T> = Pin<Box<dyn Future<Output = Result<T, Error>> + Send + 'a>>;

/// One entry of a `shared` function that returns `R`: `f::entry(..)`.
///
/// As [`Entry`](crate::Entry), but what it asks of the store can fail, and says so. Each method
/// blocks this thread while the store answers, at most one operation timeout; in tasks use the form
/// that ends in `_async`. Where the program has bound no store, everything happens in memory.
///
/// # Examples
/// ```
/// use cached_runtime::cached;
///
/// #[cached(shared, handle, key = "square:{n}")]
/// fn square(n: u64) -> u64 {
///     n * n
/// }
///
/// square(3);
/// assert_eq!(square::entry(3).peek()?, Some(9));
/// assert!(square::entry(3).invalidate()?);
/// assert_eq!(square::entry(3).peek()?, None);
/// # Ok::<(), cached_runtime::Error>(())
/// ```
#[must_use = "an entry does nothing by itself; call `peek`, `put`, `invalidate`, .."]
pub struct SharedEntry<R> {
    key: String,
    /// None where the key names nothing.
    ops: Option<Arc<dyn Ops<R>>>,
    /// What it carries, whatever its value.
    labels: Labels,
}

impl<R> SharedEntry<R> {
    /// Names the entry of a key. For generated code.
    #[doc(hidden)]
    pub fn new<Q, T>(site: &'static Site, instance: Instance, key: Option<Q>, terms: T) -> Self
    where
        R: 'static,
        Q: Key<Owned = Box<str>>,
        T: Terms<R, Value: Sharable> + Send + Sync + 'static,
    {
        let Some(key) = key else {
            return Self { key: String::new(), ops: None, labels: Labels::default() };
        };
        let key = Arc::new(Seed::shared().lookup(&key).own());
        let tier = site.state(|state, clock| {
            let slot = state.slot::<Box<str>, T::Value, T::Failure>(site, instance, clock);
            slot.tier_arc::<Box<str>, T::Value, T::Failure>()
        });
        let text = key.key.to_string();
        let ops = Arc::new(Typed { site, tier, key, terms });
        Self { key: text, ops: Some(ops), labels: Labels::default() }
    }

    /// Adds a tag to what is looked at or put. For generated code.
    #[doc(hidden)]
    pub fn tagged(mut self, name: Option<Text<'_>>) -> Self {
        self.labels.add(name.map(Text::as_str));
        self
    }

    /// Returns what a hit would return now: none where there is no entry that is fresh, or stale within
    /// `stale`. Not counted.
    ///
    /// # Errors
    /// Where memory has none and the store failed.
    pub fn peek(&self) -> Result<Option<R>, Error> {
        wait(self.peek_async())
    }

    /// As [`peek`](Self::peek), for tasks.
    pub async fn peek_async(&self) -> Result<Option<R>, Error> {
        match &self.ops {
            Some(ops) => ops.peek(&self.labels).await,
            None => Ok(None),
        }
    }

    /// Stores a result if a load's would be stored: an `Ok`, a `Some`, what `store_if` accepts.
    ///
    /// Concurrency: beats every load that began before it, in whatever process.
    ///
    /// # Errors
    /// Where the store failed, or the value could not be encoded. What was there before is
    /// invalidated, as by [`invalidate`](Self::invalidate).
    pub fn put(&self, result: R) -> Result<(), Error> {
        wait(self.put_async(result))
    }

    /// As [`put`](Self::put), for tasks.
    pub fn put_async(
        &self,
        result: R,
    ) -> impl Future<Output = Result<(), Error>> + Send + use<'_, R> {
        let putting = self.ops.as_ref().map(|ops| ops.put(&result, &self.labels));
        drop(result);
        async move {
            match putting {
                Some(putting) => putting.await,
                None => Ok(()),
            }
        }
    }

    /// Drops the entry from memory and from the store, and makes the loads that are under way for
    /// it count for nothing. Returns whether there was an entry.
    ///
    /// Concurrency: a call that begins after this returned sees no value whose body began before
    /// it; in another process's memory, once the message has come, and within five seconds where
    /// none can.
    ///
    /// # Errors
    /// Where the store could not be told. It is told as soon as it can be, as long as this process
    /// lives; until then no call of this process reads that entry from it.
    pub fn invalidate(&self) -> Result<bool, Error> {
        wait(self.invalidate_async())
    }

    /// As [`invalidate`](Self::invalidate), for tasks.
    pub async fn invalidate_async(&self) -> Result<bool, Error> {
        match &self.ops {
            Some(ops) => ops.invalidate().await,
            None => Ok(false),
        }
    }

    /// Ends the freshness of the entry, in memory and in the store: from now on it is stale, and of
    /// use only where the function has `stale` or `stale_if_error`. Loads that are under way for it
    /// count for nothing. Returns whether there was a fresh one.
    ///
    /// Concurrency: as of [`invalidate`](Self::invalidate), but for what is answered as stale.
    ///
    /// # Errors
    /// As [`invalidate`](Self::invalidate), which is what the store is told of later.
    pub fn expire(&self) -> Result<bool, Error> {
        wait(self.expire_async())
    }

    /// As [`expire`](Self::expire), for tasks.
    pub async fn expire_async(&self) -> Result<bool, Error> {
        match &self.ops {
            Some(ops) => ops.expire().await,
            None => Ok(false),
        }
    }

    /// Returns the key as text. Empty for a key that names nothing.
    #[must_use]
    pub fn key(&self) -> &str {
        &self.key
    }

    /// Returns the time since the load of the entry began; none where there is no fresh one.
    ///
    /// # Errors
    /// Where memory has none and the store failed.
    pub fn age(&self) -> Result<Option<Duration>, Error> {
        wait(self.age_async())
    }

    /// As [`age`](Self::age), for tasks.
    pub async fn age_async(&self) -> Result<Option<Duration>, Error> {
        match &self.ops {
            Some(ops) => ops.age(&self.labels).await,
            None => Ok(None),
        }
    }
}

impl<R> Clone for SharedEntry<R> {
    fn clone(&self) -> Self {
        let Self { key, ops, labels } = self;
        Self { key: key.clone(), ops: ops.clone(), labels: labels.clone() }
    }
}

impl<R> fmt::Debug for SharedEntry<R> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SharedEntry").field("key", &self.key).finish_non_exhaustive()
    }
}

trait Ops<R>: Send + Sync {
    fn peek<'a>(&'a self, labels: &'a Labels) -> Answer<'a, Option<R>>;
    fn put(&self, result: &R, labels: &Labels) -> Answer<'static, ()>;
    fn invalidate(&self) -> Answer<'_, bool>;
    fn expire(&self) -> Answer<'_, bool>;
    fn age<'a>(&'a self, labels: &'a Labels) -> Answer<'a, Option<Duration>>;
}

struct Typed<R, T: Terms<R>> {
    site: &'static Site,
    tier: Arc<Tier<Box<str>, T::Value, T::Failure>>,
    key: Arc<Hashed<Box<str>>>,
    terms: T,
}

impl<R, T> Typed<R, T>
where
    T: Terms<R, Value: Sharable>,
{
    fn spot(&self, labels: &Labels) -> Option<Spot<T::Value>> {
        Some(origin(&self.tier, &self.key)?.spot(labels))
    }

    /// The entry that counts, and its age.
    async fn find(&self, labels: &Labels) -> Result<Option<(T::Value, Duration)>, Error> {
        if let Some(answer) = self.tier.peek(&self.key) {
            return Ok(Some((answer.value, answer.age)));
        }
        // What could not be invalidated there yet does not count.
        let spot = self.spot(labels).filter(Spot::is_current);
        let Some(spot) = spot else { return Ok(None) };
        match spot.look().await? {
            Look { seen: Seen::Entry(found), .. } if found.good_for != Use::Fallback => {
                Ok(Some((found.value, found.age)))
            }
            Look { .. } => Ok(None),
        }
    }
}

impl<R, T> Ops<R> for Typed<R, T>
where
    T: Terms<R, Value: Sharable> + Send + Sync,
{
    fn peek<'a>(&'a self, labels: &'a Labels) -> Answer<'a, Option<R>> {
        Box::pin(async move {
            let found = self.find(labels).await?;
            Ok(found.map(|(value, _)| self.terms.restore(value)))
        })
    }

    fn put(&self, result: &R, labels: &Labels) -> Answer<'static, ()> {
        let timeout = self.site.state(|state, _| state.timeout(&self.tier.policy));
        let verdict = self.terms.judge(result, &self.tier.policy, timeout);
        let tags = self.terms.label(result, labels).set();
        let value = self.terms.value(result);
        let (Some(keep), Some(value), Some(tags)) = (verdict.store, value, tags) else {
            return Box::pin(async { Ok(()) });
        };
        let stored = Stored { value, keep, tags };
        let (tier, key) = (Arc::clone(&self.tier), Arc::clone(&self.key));
        let open = Labels::new(self.terms.has_labels()).and(labels);
        let Some(spot) = self.spot(&open) else {
            tier.put(&key, stored);
            return Box::pin(async { Ok(()) });
        };
        Box::pin(async move {
            // What is under way counts for nothing from here on.
            tier.invalidate(&key);
            let put = spot.put(&stored).await;
            if put.is_err() {
                // What came from the store meanwhile.
                tier.forget_entry(&key);
            }
            let stored = stored.kept_for(put?);
            if stored.is_kept() {
                tier.put(&key, stored);
            }
            Ok(())
        })
    }

    fn invalidate(&self) -> Answer<'_, bool> {
        Box::pin(async move {
            let had_one = self.tier.invalidate(&self.key);
            let Some(link) = &self.tier.link else { return Ok(had_one) };
            let store_had_one = link.invalidate(&self.key.key).await;
            // What came from the store meanwhile.
            self.tier.forget_entry(&self.key);
            Ok(store_had_one? || had_one)
        })
    }

    fn expire(&self) -> Answer<'_, bool> {
        Box::pin(async move {
            let had_one = self.tier.expire(&self.key);
            let Some(link) = &self.tier.link else { return Ok(had_one) };
            let store_had_one = link.expire(&self.key.key).await;
            // What came from the store meanwhile.
            self.tier.expire_uncounted(&self.key);
            Ok(store_had_one? || had_one)
        })
    }

    fn age<'a>(&'a self, labels: &'a Labels) -> Answer<'a, Option<Duration>> {
        Box::pin(async move { Ok(self.find(labels).await?.map(|(_, age)| age)) })
    }
}
