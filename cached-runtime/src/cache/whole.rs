//! What concerns several keys, or everything that a store has.

use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::error::Error;
use crate::policy::IntoTimeout;
use crate::remote::wait;
use crate::shared::decode;
use crate::stats::{Count, Stats};
use crate::tag;

use super::Cache;

/// Several keys at once, and whole stores.
impl Cache {
    /// Returns the values of several keys, in their order, each as [`get`](Self::get) does.
    ///
    /// Cost: one round trip for all.
    #[must_use]
    pub fn get_many<T: DeserializeOwned>(&self, keys: &[&str]) -> Vec<Option<T>> {
        wait(self.get_many_async(keys))
    }

    /// As [`get_many`](Self::get_many), for tasks.
    pub async fn get_many_async<T: DeserializeOwned>(&self, keys: &[&str]) -> Vec<Option<T>> {
        self.here().get_many(keys, decode).await
    }

    /// Stores several values for the same time, each as [`set`](Self::set) does.
    ///
    /// Others may see some of them before the rest.
    ///
    /// Cost: two round trips for all.
    ///
    /// # Errors
    /// As of [`set`](Self::set). An empty key leaves everything as it is. After any other error none
    /// of the keys has an entry that counts, unless the store took it and did not say so in time.
    pub fn set_many<T: Serialize + ?Sized>(
        &self,
        entries: &[(&str, &T)],
        timeout: impl IntoTimeout,
    ) -> Result<(), Error> {
        wait(self.set_many_async(entries, timeout))
    }

    /// As [`set_many`](Self::set_many), for tasks. The values are written out before this returns.
    ///
    /// # Errors
    /// As of [`set_many`](Self::set_many).
    pub fn set_many_async<T: Serialize + ?Sized>(
        &self,
        entries: &[(&str, &T)],
        timeout: impl IntoTimeout,
    ) -> impl Future<Output = Result<(), Error>> + Send {
        let (here, timeout) = (self.here(), timeout.into_timeout());
        let keys: Vec<&str> = entries.iter().map(|(key, _)| *key).collect();
        let payloads = entries.iter().map(|(_, value)| here.encode(*value)).collect();
        async move { here.put_many(&keys, payloads, timeout).await }
    }

    /// Drops several entries, each as [`delete`](Self::delete) does. Returns how many there were.
    ///
    /// Cost: one round trip for each 64 keys where the store takes them together.
    ///
    /// # Errors
    /// As of [`delete`](Self::delete); every key was tried, unless one is empty.
    pub fn delete_many(&self, keys: &[&str]) -> Result<u64, Error> {
        wait(self.delete_many_async(keys))
    }

    /// As [`delete_many`](Self::delete_many), for tasks.
    ///
    /// # Errors
    /// As of [`delete_many`](Self::delete_many).
    pub async fn delete_many_async(&self, keys: &[&str]) -> Result<u64, Error> {
        self.here().delete_many(keys).await
    }

    /// Makes everything that the store keeps for this program count for nothing: the entries of
    /// every cache on it, those of functions, and the loads of both that have begun.
    ///
    /// Another program, or the same under another prefix, keeps what it has.
    ///
    /// Concurrency: a call that begins after this returned, of a function or of a cache, sees
    /// nothing from before. Memory in front of the store forgets: at once in this process, in
    /// others once the message has come, and within five seconds where none can.
    ///
    /// Cost: one round trip, however many entries there are. What they occupy is free when their
    /// timeouts are over; [`purge`](Self::purge) frees it now.
    ///
    /// # Errors
    /// A store that fails. It is told as soon as possible, as long as this process lives, and not
    /// asked for anything until then.
    pub fn clear(&self) -> Result<(), Error> {
        wait(self.clear_async())
    }

    /// As [`clear`](Self::clear), for tasks.
    ///
    /// # Errors
    /// As of [`clear`](Self::clear).
    pub async fn clear_async(&self) -> Result<(), Error> {
        let here = self.here();
        let _forget = here.forget();
        here.counters.count(Count::Invalidation);
        here.link.clear_store().await
    }

    /// Makes every entry that carries a tag count for nothing: those of functions in this store, and
    /// in the memory of this process; and the loads of such entries that have begun.
    ///
    /// As [`invalidate_tag`](crate::invalidate_tag), which tells all stores of the program.
    ///
    /// # Errors
    /// A store that fails. It is told as soon as possible, as long as this process lives; until then
    /// no call of this process reads entries with the tag from it.
    pub fn invalidate_tag(&self, tag: &str) -> Result<(), Error> {
        wait(self.invalidate_tag_async(tag))
    }

    /// As [`invalidate_tag`](Self::invalidate_tag), for tasks.
    ///
    /// # Errors
    /// As of [`invalidate_tag`](Self::invalidate_tag).
    pub async fn invalidate_tag_async(&self, tag: &str) -> Result<(), Error> {
        let here = self.here();
        let tags = tag::current();
        tags.invalidate(tag);
        let result = here.link.invalidate_tag(tag).await;
        // What has come from the store meanwhile.
        tags.invalidate(tag);
        here.counters.count(Count::Invalidation);
        result
    }

    /// Drops everything that the store keeps for this program, as [`clear`](Self::clear) and for
    /// good. Returns how many entries that were.
    ///
    /// Cost: a pass over all keys of the store, however long that takes. For maintenance, not for
    /// requests.
    ///
    /// # Errors
    /// A store that fails. Part of the entries may be gone.
    pub fn purge(&self) -> Result<u64, Error> {
        wait(self.purge_async())
    }

    /// As [`purge`](Self::purge), for tasks.
    ///
    /// # Errors
    /// As of [`purge`](Self::purge).
    pub async fn purge_async(&self) -> Result<u64, Error> {
        let here = self.here();
        let _forget = here.forget();
        here.counters.count(Count::Invalidation);
        here.link.purge_store().await
    }

    /// Returns counts of the calls through this name in this process.
    ///
    /// `hits` and `misses` are those of `get`, of every key of `get_many`, and of `get_or_load` and
    /// its kin, of which alone there are `loads`; `store_errors` are failures of the store, and
    /// entries of it that could not be used. `entries` is 0: what the store has is not counted.
    #[must_use]
    pub fn stats(&self) -> Stats {
        self.here().stats()
    }
}
