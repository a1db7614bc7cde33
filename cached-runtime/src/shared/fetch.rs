//! The store's side of a call: a look before the body runs, and storing what it returned.
//!
//! A look reads the entry and its marks in one round trip, and remembers the state the key was in.
//! What a load returns is stored only if the key is in that state still: an invalidation, a newer
//! value, another holder of the lease all changed it. So a load that was overtaken, in whatever
//! process, is stored nowhere, and needs no clock to be told so.

use std::sync::Arc;
use std::time::{Duration, Instant};

use crate::error::{Error, ErrorKind};
use crate::key::Hashed;
use crate::outcome::MissReason;
use crate::policy::Timeout;
use crate::remote::{Fetched, Fetching, Found, Publish, Published, Publishing, Remote};
use crate::rules::Keep;
use crate::store::{Guard, HEAD};
use crate::sync::sleep;

use super::backend::Backend;
use super::codec::{self, Codec};
use super::envelope::{Envelope, Head, Id, Kind, Mark};
use super::lease::Lease;
use super::link::Link;
use super::mark;
use super::name::{self, STORE_MARK};
use super::wire::Wire;

/// How long a call waits before it looks again for what another process loads.
const FIRST_NAP: Duration = Duration::from_millis(10);
const LONGEST_NAP: Duration = Duration::from_millis(200);

/// One key of a shared function, and the store it is in.
pub(crate) struct Spot<V> {
    link: Arc<Link>,
    backend: Arc<Backend>,
    wire: Wire<V>,
    key: Arc<Hashed<Box<str>>>,
    name: String,
}

/// What a look found.
pub(crate) enum Seen<V> {
    /// An entry that counts.
    Entry(Found<V>),
    /// Another process loads.
    Leased,
    /// Nothing that counts, and why.
    Nothing(MissReason),
}

/// The state of a key when it was looked at.
pub(crate) struct Look<V> {
    pub(crate) seen: Seen<V>,
    /// The first bytes of what the key holds; none where it holds nothing.
    head: Option<Vec<u8>>,
    /// The records of the marks that entries of this function carry.
    marks: [Option<Vec<u8>>; 2],
}

impl<V: Send + Sync + 'static> Spot<V> {
    pub(crate) fn new(
        link: Arc<Link>,
        backend: Arc<Backend>,
        wire: Wire<V>,
        key: Arc<Hashed<Box<str>>>,
    ) -> Arc<Self> {
        let name = name::entry(&link.namespace, &key.key);
        Arc::new(Self { link, backend, wire, key, name })
    }

    /// Reads the entry and its marks.
    pub(crate) async fn look(&self) -> Result<Look<V>, Error> {
        let keys = [&*self.name, STORE_MARK, &*self.link.mark];
        let answer = self.backend.get_many(&keys).await;
        self.link.counted(&answer);
        let mut values = answer?.into_iter();
        let mut next = || values.next().flatten();
        let (entry, store, namespace) = (next(), next(), next());
        let marks = [store, namespace];
        let head = entry.as_ref().map(|entry| entry[..entry.len().min(HEAD)].to_vec());
        let seen = match &entry {
            None => Seen::Nothing(MissReason::Absent),
            Some(entry) => self.judge(entry, &marks),
        };
        if let Seen::Nothing(MissReason::Corrupt) = seen {
            self.link.count_error();
        }
        Ok(Look { seen, head, marks })
    }

    /// What the bytes of an entry are good for.
    fn judge(&self, entry: &[u8], marks: &[Option<Vec<u8>>; 2]) -> Seen<V> {
        match Kind::of(entry) {
            Some(Kind::Lease) if self.link.sharing.lease.is_some() => return Seen::Leased,
            Some(Kind::Lease) => return Seen::Nothing(MissReason::Absent),
            Some(Kind::Tombstone) => return Seen::Nothing(MissReason::Invalidated),
            Some(Kind::Mark) | None => return Seen::Nothing(MissReason::Corrupt),
            Some(Kind::Value) => {}
        }
        let now = self.link.clock.wall_ms();
        let corrupt = Seen::Nothing(MissReason::Corrupt);
        let Ok(envelope) = Envelope::read(entry) else { return corrupt };
        let is_ours = envelope.namespace == self.link.namespace
            && *envelope.key == *self.key.key
            && envelope.version == self.link.version
            && envelope.shape == self.link.shape(self.wire.shape);
        if !is_ours || !envelope.is_plausible(now) {
            return corrupt;
        }
        let present = marks.iter().map(|record| mark::read(record.as_deref()));
        if !envelope.marks.iter().map(|mark| Some(mark.id)).eq(present) {
            return Seen::Nothing(MissReason::Invalidated);
        }
        if envelope.fresh_until_ms <= now {
            return Seen::Nothing(MissReason::Expired);
        }
        let Ok(value) = self.decode(&envelope) else { return corrupt };
        let local = self.link.local(&self.backend, envelope.remaining(now));
        let age = Duration::from_millis(now.saturating_sub(envelope.as_of_ms));
        Seen::Entry(Found { value, age, local })
    }

    fn decode(&self, envelope: &Envelope<'_>) -> Result<V, Error> {
        let Head { codec, is_compressed, .. } = envelope.head;
        let codec = Codec::of(codec)
            .ok_or_else(|| Error::new(ErrorKind::Codec, format!("unknown codec {codec}")))?;
        let payload = codec::unpack(envelope.payload, is_compressed)?;
        (self.wire.decode)(codec, &payload)
    }

    /// The marks that an entry loaded from now on carries; made where they are missing.
    async fn marks(&self, records: &[Option<Vec<u8>>; 2]) -> Result<Vec<(String, Id)>, Error> {
        let mut marks = Vec::with_capacity(records.len());
        for (name, record) in [STORE_MARK, &*self.link.mark].into_iter().zip(records) {
            let id = mark::ensure(&self.backend, name, record.as_deref()).await;
            self.link.counted(&id);
            marks.push((name.to_owned(), id?));
        }
        Ok(marks)
    }

    /// Looks for the entry; where there is none, gets ready to store one.
    async fn fetch_or_prepare(self: Arc<Self>, memory: MissReason) -> Fetched<V> {
        if !self.backend.is_current(&[&self.name, STORE_MARK, &self.link.mark]) {
            return Fetched::Load(MissReason::Invalidated, None);
        }
        let start = Instant::now();
        let mut nap = FIRST_NAP;
        loop {
            let as_of_ms = self.link.clock.wall_ms();
            let Ok(look) = self.look().await else { return Fetched::Load(memory, None) };
            let reason = match look.seen {
                Seen::Entry(found) if memory != MissReason::Forced => {
                    return Fetched::Found(found);
                }
                Seen::Leased => {
                    if start.elapsed() >= self.link.wait_timeout {
                        return Fetched::Load(memory, None);
                    }
                    sleep(nap).await;
                    nap = (nap * 2).min(LONGEST_NAP);
                    continue;
                }
                Seen::Entry(_) => MissReason::Forced,
                Seen::Nothing(_) if memory == MissReason::Forced => MissReason::Forced,
                Seen::Nothing(reason) => reason,
            };
            let Ok(marks) = self.marks(&look.marks).await else {
                return Fetched::Load(reason, None);
            };
            let (state, lease) = match self.link.sharing.lease {
                None => (look.head, None),
                Some(lasts) => {
                    match Lease::take(&self.backend, &self.name, look.head.as_deref(), lasts).await
                    {
                        Ok(Some(lease)) => (Some(lease.head().to_vec()), Some(lease)),
                        // Another process was faster.
                        Ok(None) => continue,
                        Err(_) => {
                            self.link.count_error();
                            (look.head, None)
                        }
                    }
                }
            };
            let load = LoadInfo { as_of_ms, took: Duration::ZERO, marks };
            let begun = Instant::now();
            let publisher = Publisher { spot: self, state, lease, load, begun, reason };
            return Fetched::Load(reason, Some(Box::new(publisher)));
        }
    }

    /// The bytes of an entry.
    fn seal(&self, value: &V, timeout: Timeout, load: &LoadInfo) -> Result<Vec<u8>, Error> {
        let Self { link, backend, wire, key, .. } = self;
        let payload = (wire.encode)(backend.codec, value);
        link.counted(&payload);
        let (payload, is_compressed) = codec::pack(payload?, backend.compress_above);
        let until = timeout.as_duration().map_or(u64::MAX, |timeout| {
            // A timeout of less than a millisecond is one.
            let ms = u64::try_from(timeout.as_millis()).unwrap_or(u64::MAX).max(1);
            link.clock.wall_ms().saturating_add(ms)
        });
        let envelope = Envelope {
            head: Head {
                kind: Kind::Value,
                is_compressed,
                codec: backend.codec.id(),
                id: Id::new(),
            },
            as_of_ms: load.as_of_ms,
            fresh_until_ms: until,
            gone_at_ms: until,
            load_us: u32::try_from(load.took.as_micros()).unwrap_or(u32::MAX),
            version: link.version,
            shape: link.shape(wire.shape),
            namespace: &link.namespace,
            key: &key.key,
            marks: load.marks.iter().map(|(name, id)| Mark { name, id: *id }).collect(),
            payload: &payload,
        };
        Ok(envelope.write())
    }

    /// Stores a value that did not come from a load: it beats every load that has begun. Says how
    /// long memory may answer for it.
    pub(crate) async fn put(self: Arc<Self>, value: V, keep: Keep) -> Result<Timeout, Error> {
        let Self { link, backend, key, .. } = &*self;
        let result = self.put_now(&value, keep).await;
        match result {
            Ok(()) => backend.plane.tell(backend, link.what(&key.key)).await,
            // What is there must not be served.
            Err(_) => drop(link.invalidate(&key.key).await),
        }
        result.map(|()| link.local(backend, keep.timeout))
    }

    async fn put_now(&self, value: &V, keep: Keep) -> Result<(), Error> {
        let look = self.look().await?;
        let marks = self.marks(&look.marks).await?;
        let as_of_ms = self.link.clock.wall_ms();
        let load = LoadInfo { as_of_ms, took: Duration::ZERO, marks };
        let bytes = self.seal(value, keep.timeout, &load)?;
        let set = self.backend.set(&self.name, &bytes, keep.timeout.as_duration()).await;
        self.link.counted(&set);
        set
    }
}

/// What an entry says of its load.
struct LoadInfo {
    as_of_ms: u64,
    took: Duration,
    marks: Vec<(String, Id)>,
}

impl<V: Send + Sync + 'static> Remote<V> for Arc<Spot<V>> {
    fn fetch(&self, reason: MissReason) -> Fetching<V> {
        Box::pin(Arc::clone(self).fetch_or_prepare(reason))
    }
}

/// The right to store what a load returns.
struct Publisher<V> {
    spot: Arc<Spot<V>>,
    /// What the key must hold still.
    state: Option<Vec<u8>>,
    lease: Option<Lease>,
    load: LoadInfo,
    begun: Instant,
    reason: MissReason,
}

impl<V: Send + Sync + 'static> Publish<V> for Publisher<V> {
    fn publish(self: Box<Self>, value: &V, keep: Keep) -> Publishing {
        let Self { spot, state, lease, mut load, begun, reason } = *self;
        load.took = begun.elapsed();
        let sealed = spot.seal(value, keep.timeout, &load);
        Box::pin(async move {
            let Spot { link, backend, name, key, .. } = &*spot;
            let local = link.local(backend, keep.timeout);
            // What cannot be encoded is this process's alone, and its lease is given up.
            let Ok(bytes) = sealed else { return Published::Failed(local) };
            let guard = state.as_deref().map_or(Guard::Absent, Guard::Head);
            let timeout = keep.timeout.as_duration();
            let swapped = backend.swap("set", name, guard, Some(&bytes), timeout).await;
            link.counted(&swapped);
            match swapped {
                Ok(swapped) if !swapped.done => return Published::Overtaken,
                Ok(_) => lease.into_iter().for_each(Lease::spend),
                Err(_) => return Published::Failed(local),
            }
            if reason == MissReason::Forced {
                // Others may still have what this one replaces.
                backend.plane.tell(backend, link.what(&key.key)).await;
            }
            Published::Stored(local)
        })
    }
}
