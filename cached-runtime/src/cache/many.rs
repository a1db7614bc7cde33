//! Several keys at once.

use std::vec;

use futures_util::future::join_all;

use crate::error::Error;
use crate::outcome::MissReason;
use crate::policy::Timeout;
use crate::shared::codec::Codec;
use crate::shared::{Place, Records, STORE_MARK, Seen};
use crate::stats::Count;

use super::named::{Named, not_overdue};

/// Tombstones that are on their way at a time: a store that takes one after another must be done
/// with all of them before the time of an operation is over.
const AT_ONCE: usize = 64;

impl Named {
    /// The values of keys, in their order. The empty key has none.
    pub(super) async fn get_many<T>(
        &self,
        keys: &[&str],
        decode: fn(Codec, &[u8]) -> Result<T, Error>,
    ) -> Vec<Option<T>> {
        let backend = self.backend();
        let place = |key: &&str| self.place_in(&backend, key).ok().filter(Place::is_current);
        let places: Vec<Option<Place>> = keys.iter().map(place).collect();
        let (mut entries, records) = self.read_many(&places).await.unwrap_or_default();
        let answer = |place: &Option<Place>| {
            let found = place.as_ref().zip(entries.next());
            let nothing = Seen::Nothing(MissReason::Absent);
            self.answer(found.map_or(nothing, |(place, entry)| {
                place.look_at(entry.as_deref(), records.clone(), decode).seen
            }))
        };
        places.iter().map(answer).collect()
    }

    /// The bytes of the entries that there are places of, and of the marks that they carry.
    async fn read_many(
        &self,
        places: &[Option<Place>],
    ) -> Result<(vec::IntoIter<Option<Vec<u8>>>, Records), Error> {
        let mut names: Vec<&str> = places.iter().flatten().map(|place| &*place.name).collect();
        let Some(first) = places.iter().flatten().next() else { return Ok(Default::default()) };
        names.extend([STORE_MARK, &*self.link.mark]);
        let answer = first.backend.get_many(&names).await;
        self.link.counted(&answer);
        let mut entries = answer?;
        let mut last = || entries.pop().flatten();
        let (of_namespace, of_store) = (last(), last());
        Ok((entries.into_iter(), [of_store, of_namespace]))
    }

    /// Stores values, whatever is there. Where that fails, what was there counts for nothing.
    pub(super) async fn put_many(
        &self,
        keys: &[&str],
        payloads: Result<Vec<Vec<u8>>, Error>,
        timeout: Timeout,
    ) -> Result<(), Error> {
        let backend = self.backend();
        let places = keys.iter().map(|key| self.place_in(&backend, key));
        let places = places.collect::<Result<Vec<Place>, Error>>()?;
        let _doom: Vec<_> = keys.iter().map(|key| self.doom(key)).collect();
        if timeout.is_zero() {
            return self.bury(keys).await.map(drop);
        }
        let result = match payloads {
            Ok(payloads) => self.write_many(&places, payloads, timeout).await,
            Err(error) => Err(error),
        };
        if result.is_err() {
            drop(self.bury(keys).await);
        }
        result
    }

    async fn write_many(
        &self,
        places: &[Place],
        payloads: Vec<Vec<u8>>,
        timeout: Timeout,
    ) -> Result<(), Error> {
        let Some(first) = places.first() else { return Ok(()) };
        places.iter().try_for_each(not_overdue)?;
        let records = self.records(&first.backend).await?;
        let load = self.no_load(first, &records).await?;
        let sealed = places.iter().zip(payloads);
        let sealed: Vec<(&str, Vec<u8>)> = sealed
            .map(|(place, payload)| (&*place.name, place.seal(payload, timeout, &load)))
            .collect();
        let entries: Vec<(&str, &[u8])> =
            sealed.iter().map(|(name, bytes)| (*name, &**bytes)).collect();
        let set = first.backend.set_many(&entries, timeout.as_duration()).await;
        self.link.counted(&set);
        set
    }

    /// Drops entries. Says how many there were.
    pub(super) async fn delete_many(&self, keys: &[&str]) -> Result<u64, Error> {
        keys.iter().try_for_each(|key| self.place(key).map(drop))?;
        let _doom: Vec<_> = keys.iter().map(|key| self.doom(key)).collect();
        self.counters.add(Count::Invalidation, keys.len() as u64);
        self.bury(keys).await
    }

    /// Puts a tombstone in the place of every key, all of them whatever fails.
    async fn bury(&self, keys: &[&str]) -> Result<u64, Error> {
        let mut buried = Ok(0);
        for keys in keys.chunks(AT_ONCE) {
            for result in join_all(keys.iter().map(|key| self.link.invalidate(key))).await {
                buried = match (buried, result) {
                    (Ok(count), Ok(was_there)) => Ok(count + u64::from(was_there)),
                    (Err(error), _) | (_, Err(error)) => Err(error),
                };
            }
        }
        buried
    }
}
