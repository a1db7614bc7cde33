//! A store as the program has bound it: every operation has an end, a store that fails is left
//! alone for a while, and what it missed is made up for.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use crate::bindings::DEFAULT;
use crate::clock::Clock;
use crate::config::{Bound, Place};
use crate::error::{Error, ErrorKind};
use crate::policy::Timeout;
use crate::remote::wait;
use crate::store::{Guard, HEAD, NullStore, Store, StoreFuture, Swapped};

use super::breaker::{Breaker, Failure};
use super::codec::Codec;
use super::deadline::Deadline;
use super::envelope::{Id, Kind, head};
use super::keeper;
use super::mark;
use super::name::{self, ANY_TAG_MARK};
use super::overdue::{Overdue, Remedy};
use super::plane::{Plane, What};

/// How often a mark is softened anew that others change meanwhile.
const ATTEMPTS: usize = 3;

/// How often what is overdue is tried again.
const RETRY: Duration = Duration::from_millis(250);

pub(crate) struct Backend {
    store: Arc<dyn Store>,
    /// For messages: `redis`, or `redis "sessions"`.
    title: String,
    /// Whether memory stands in front of it.
    pub(crate) is_tiered: bool,
    pub(crate) default_timeout: Option<Timeout>,
    pub(crate) codec: Codec,
    pub(crate) compress_above: Option<usize>,
    pub(crate) clock: Clock,
    pub(crate) plane: Plane,
    breaker: Breaker,
    reads: Deadline,
    writes: Deadline,
    overdue: Overdue,
}

impl Backend {
    /// The stores of a configuration.
    pub(crate) fn of_all(
        bounds: BTreeMap<String, Bound>,
        clock: &Clock,
    ) -> Result<BTreeMap<String, Arc<Self>>, Error> {
        let mut backends = BTreeMap::new();
        for (name, bound) in bounds {
            let is_required = bound.require;
            let Some(backend) = Self::new(&name, &bound, clock.clone()) else { continue };
            if is_required {
                wait(backend.get("require"))?;
            }
            backends.insert(name, Arc::new(backend));
        }
        Ok(backends)
    }

    /// None where entries stay in memory, or nowhere.
    pub(crate) fn new(name: &str, bound: &Bound, clock: Clock) -> Option<Self> {
        let store: Arc<dyn Store> = match &bound.place {
            Place::Store(store) => Arc::clone(store),
            Place::Null if name != DEFAULT => Arc::new(NullStore::new()),
            // As `default` it has turned caching off everywhere.
            Place::Null | Place::Memory => return None,
        };
        Some(Self::of_store(name, store, bound, clock))
    }

    /// A store that is used as `bound` says, whatever place that names.
    pub(crate) fn of_store(name: &str, store: Arc<dyn Store>, bound: &Bound, clock: Clock) -> Self {
        let title = match name {
            DEFAULT => store.kind().to_owned(),
            _ => format!("{} {name:?}", store.kind()),
        };
        Self {
            store,
            title,
            is_tiered: bound.is_tiered,
            default_timeout: bound.default_timeout,
            codec: Codec::from(bound.codec),
            compress_above: bound.compress_above,
            clock,
            plane: Plane::new(),
            breaker: Breaker::new(),
            reads: Deadline::new(bound.timeouts.read),
            writes: Deadline::new(bound.timeouts.write),
            overdue: Overdue::default(),
        }
    }

    pub(crate) fn store(&self) -> &dyn Store {
        &*self.store
    }

    pub(crate) async fn get(&self, key: &str) -> Result<Option<Vec<u8>>, Error> {
        self.ask("get", Some(key), &self.reads, || self.store.get(key)).await
    }

    pub(crate) async fn get_many(&self, keys: &[&str]) -> Result<Vec<Option<Vec<u8>>>, Error> {
        let first = keys.first().copied();
        let values = self.ask("get", first, &self.reads, || self.store.get_many(keys)).await?;
        if values.len() == keys.len() {
            return Ok(values);
        }
        let error = format!("{} values for {} keys", values.len(), keys.len());
        Err(Error::new(ErrorKind::Protocol, error).during("get", &self.title, first))
    }

    pub(crate) async fn set(
        &self,
        key: &str,
        value: &[u8],
        timeout: Option<Duration>,
    ) -> Result<(), Error> {
        self.ask("set", Some(key), &self.writes, || self.store.set(key, value, timeout)).await
    }

    pub(crate) async fn set_many(
        &self,
        entries: &[(&str, &[u8])],
        timeout: Option<Duration>,
    ) -> Result<(), Error> {
        let first = entries.first().map(|(key, _)| *key);
        self.ask("set", first, &self.writes, || self.store.set_many(entries, timeout)).await
    }

    pub(crate) async fn swap(
        &self,
        operation: &'static str,
        key: &str,
        guard: Guard<'_>,
        value: Option<&[u8]>,
        timeout: Option<Duration>,
    ) -> Result<Swapped, Error> {
        let swap = || self.store.swap(key, guard, value, timeout);
        self.ask(operation, Some(key), &self.writes, swap).await
    }

    pub(crate) async fn publish(&self, message: &[u8]) -> Result<(), Error> {
        let Some(bus) = self.store.bus() else { return Ok(()) };
        self.ask("publish", None, &self.writes, || bus.publish(message)).await
    }

    /// A pass over everything the store has: not bounded, and no probe of the breaker's.
    pub(crate) async fn purge(&self) -> Result<u64, Error> {
        self.store.purge().await.map_err(|error| error.during("purge", &self.title, None))
    }

    /// Whether the store was told of every invalidation of these keys.
    pub(crate) fn is_current(&self, keys: &[&str]) -> bool {
        !self.overdue.has_any(keys)
    }

    /// Invalidates a key of the store, and tells the other processes. What fails is tried again
    /// until the store has it.
    pub(crate) async fn invalidate(
        self: &Arc<Self>,
        key: &str,
        remedy: Remedy,
        what: What,
    ) -> Result<bool, Error> {
        let result = self.remedy(key, remedy).await;
        if result.is_err() && self.overdue.add(key, remedy, what.clone()) {
            let backend = Arc::clone(self);
            keeper::after(RETRY, Box::new(move || backend.make_up()));
        }
        self.plane.tell(self, what).await;
        result
    }

    /// Makes every entry that carries a tag, and every load that has begun, count for nothing.
    pub(crate) async fn invalidate_tag(self: &Arc<Self>, tag: &str) -> Result<(), Error> {
        let what = || What::Tag(tag.to_owned());
        // In this order: who is about to store looks at them the other way round.
        let any = self.invalidate(ANY_TAG_MARK, Remedy::Remark, what()).await;
        let result = self.invalidate(&name::tag_mark(tag), Remedy::Remark, what()).await;
        any.and(result).map(drop)
    }

    /// Ends the freshness of every entry that carries a tag, and makes every load that has begun count
    /// as one that is not fresh.
    pub(crate) async fn expire_tag(self: &Arc<Self>, tag: &str) -> Result<(), Error> {
        let what = || What::Tag(tag.to_owned());
        let any = self.invalidate(ANY_TAG_MARK, Remedy::Remark, what()).await;
        let mark = name::tag_mark(tag);
        let result = match self.soften(&mark).await {
            Ok(true) => {
                self.plane.tell(self, what()).await;
                Ok(false)
            }
            // There is none, or others change it all the time, or the store failed.
            Ok(false) | Err(_) => self.invalidate(&mark, Remedy::Remark, what()).await,
        };
        any.and(result).map(drop)
    }

    /// Softens a mark. Says whether there was one.
    async fn soften(&self, mark: &str) -> Result<bool, Error> {
        for _ in 0..ATTEMPTS {
            let record = self.get(mark).await?;
            let Some((record, id)) = record.as_deref().zip(mark::read(record.as_deref())) else {
                return Ok(false);
            };
            let (guard, softened) =
                (Guard::Head(&record[..HEAD]), mark::softened(id, self.clock.wall_ms()));
            if self.swap("expire", mark, guard, Some(&softened), None).await?.done {
                return Ok(true);
            }
        }
        Ok(false)
    }

    /// Tells the store what it missed, as far as it listens; and then the other processes once
    /// more, whose memory may have taken from it what should not have been there any longer.
    fn make_up(self: &Arc<Self>) -> Option<Duration> {
        while let Some((key, due)) = self.overdue.first() {
            if wait(self.remedy(&key, due.remedy)).is_err() {
                return Some(RETRY);
            }
            self.overdue.done(&key, &due);
            wait(self.plane.tell(self, due.what));
        }
        None
    }

    /// Invalidates a key of the store; once more where the connection broke meanwhile. Each time
    /// anew: the same once more could undo what another process has invalidated since.
    async fn remedy(&self, key: &str, remedy: Remedy) -> Result<bool, Error> {
        match self.remedy_once(key, remedy).await {
            Err(error) if error.is_lost_connection() => self.remedy_once(key, remedy).await,
            result => result,
        }
    }

    async fn remedy_once(&self, key: &str, remedy: Remedy) -> Result<bool, Error> {
        let id = Id::new();
        let (value, timeout) = match remedy {
            Remedy::Bury(lasts) => (head(Kind::Tombstone, id), Some(lasts)),
            Remedy::Remark => (head(Kind::Mark, id), None),
        };
        let swapped = self.swap("invalidate", key, Guard::Any, Some(&value), timeout).await?;
        Ok(swapped.previous.is_some_and(|previous| Kind::of(&previous) == Some(Kind::Value)))
    }

    /// Asks the store for something, unless it is left alone.
    async fn ask<'s, T>(
        &self,
        operation: &'static str,
        key: Option<&str>,
        deadline: &Deadline,
        begin: impl FnOnce() -> StoreFuture<'s, T>,
    ) -> Result<T, Error> {
        let Some(admitted) = self.breaker.admit(self.clock.now()) else {
            let error = Error::new(ErrorKind::Unavailable, "not asked, since it failed lately");
            return Err(error.during(operation, &self.title, key));
        };
        let answer = deadline.bound(begin()).await.unwrap_or_else(|| {
            let passed = format!("{} ms passed", deadline.timeout().as_millis());
            Err(Error::new(ErrorKind::Timeout, passed))
        });
        match &answer {
            Err(error) if counts(error.kind()) => {
                admitted.failed(failure(error), self.clock.now());
            }
            _ => admitted.succeeded(),
        }
        answer.map_err(|error| error.during(operation, &self.title, key))
    }
}

fn failure(error: &Error) -> Failure {
    if error.kind() == ErrorKind::Unavailable && !error.is_lost_connection() {
        Failure::Absent
    } else {
        Failure::Faulty
    }
}

/// Whether a failure says that the store itself is in trouble.
fn counts(kind: ErrorKind) -> bool {
    matches!(kind, ErrorKind::Unavailable | ErrorKind::Timeout | ErrorKind::Protocol)
}
