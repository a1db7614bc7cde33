//! One key in one store: what is there, what it is good for, and what to write in its place.
//!
//! An entry is read together with its marks, in one round trip. The state that the key was in then
//! is remembered by whoever means to write: see `fetch.rs`.

mod marks;

use std::mem;
use std::sync::Arc;
use std::time::Duration;
use std::vec;

use crate::error::{Error, ErrorKind};
use crate::life::Use;
use crate::outcome::MissReason;
use crate::policy::Timeout;
use crate::remote::Found;
use crate::store::{Guard, HEAD, Swapped};
use crate::tag::TagSet;

use super::backend::Backend;
use super::codec::{self, Codec};
use super::envelope::{Envelope, FOR_EVER, Head, Id, Kind, Mark};
use super::link::Link;
use super::mark;
use super::name::{self, ANY_TAG_MARK, STORE_MARK};
pub(crate) use marks::Tagging;
use marks::{Holds, labels};

/// A key of a link's namespace, in the store that it is bound to.
pub(crate) struct Place {
    pub(crate) link: Arc<Link>,
    pub(crate) backend: Arc<Backend>,
    pub(crate) key: Box<str>,
    pub(crate) name: String,
    /// The fingerprint of the value's type.
    shape: u64,
    tagging: Tagging,
}

/// What a look found.
pub(crate) enum Seen<V> {
    /// An entry that counts, for some use.
    Entry(Found<V>),
    /// Another process loads what there is no entry of.
    Leased,
    /// Nothing that counts, and why.
    Nothing(MissReason),
}

/// The state of a key when it was looked at.
pub(crate) struct Look<V> {
    pub(crate) seen: Seen<V>,
    /// The first bytes of what the key holds; none where it holds nothing.
    pub(crate) head: Option<Vec<u8>>,
    pub(crate) records: Records,
    /// The tags that the entry carries, and their ids at the time of its load.
    carried: Vec<(String, Id)>,
    /// Its ends, by the time of day.
    fresh_until_ms: u64,
    gone_at_ms: u64,
    is_lasting: bool,
    /// What the store has of the marks of this place's tags, and of that of any tag.
    tags: Vec<Option<Vec<u8>>>,
    any_tag: Option<Vec<u8>>,
}

impl<V> Look<V> {
    /// What was found, which is taken out.
    pub(crate) fn take_seen(&mut self) -> Seen<V> {
        mem::replace(&mut self.seen, Seen::Nothing(MissReason::Absent))
    }

    /// Holds while the key is in the state that it was seen in.
    pub(crate) fn guard(&self) -> Guard<'_> {
        self.head.as_deref().map_or(Guard::Absent, Guard::Head)
    }
}

/// What the store has of the marks that an entry carries: of all its entries, and of the namespace's.
pub(crate) type Records = [Option<Vec<u8>>; 2];

/// How long an entry is fresh, and how long it is kept.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Span {
    pub(crate) fresh: Timeout,
    pub(crate) gone: Timeout,
    /// Of no use once it is not fresh, however that came about.
    pub(crate) is_negative: bool,
}

/// What is of no use once it is not fresh.
impl From<Timeout> for Span {
    fn from(timeout: Timeout) -> Self {
        Self { fresh: timeout, gone: timeout, is_negative: false }
    }
}

/// What an entry says of its load.
pub(crate) struct Load {
    pub(crate) as_of_ms: u64,
    pub(crate) took: Duration,
    /// The marks as they were before it.
    pub(crate) marks: Vec<(String, Id)>,
}

impl Place {
    pub(crate) fn new(link: Arc<Link>, backend: Arc<Backend>, key: &str, shape: u64) -> Self {
        let name = name::entry(&link.namespace, key);
        let tagging = Tagging::default();
        Self { link, backend, key: key.into(), name, shape, tagging }
    }

    /// The same, of what has tags.
    pub(crate) fn tagged(self, tagging: Tagging) -> Self {
        Self { tagging, ..self }
    }

    /// Whether the store was told of every invalidation of this key.
    pub(crate) fn is_current(&self) -> bool {
        self.backend.is_current(&self.keys())
    }

    /// The store's keys of the entry, and of all that decides whether it counts.
    fn keys(&self) -> Vec<&str> {
        let mut keys = vec![&*self.name, STORE_MARK, &*self.link.mark];
        keys.extend(self.tagging.known.iter().map(|(_, mark)| &**mark));
        if self.tagging.is_open {
            keys.push(ANY_TAG_MARK);
        }
        keys
    }

    /// Reads the entry and its marks. Failures are counted.
    pub(crate) async fn look<V>(
        &self,
        decode: impl Fn(Codec, &[u8]) -> Result<V, Error>,
    ) -> Result<Look<V>, Error> {
        let mut values = self.read(&self.keys()).await?;
        let entry = values.next().flatten();
        let mut look = self.look_by(entry.as_deref(), values, decode);
        if let Seen::Entry(found) = &mut look.seen {
            found.tags = labels(&look.carried);
            match self.tags_hold(&look.carried, &look.tags).await? {
                Holds::Yes => {}
                Holds::No => look.seen = Seen::Nothing(MissReason::Tag),
                Holds::UntilMs(softened) => {
                    let end = look.fresh_until_ms.min(softened);
                    let gone = if look.is_lasting { look.gone_at_ms } else { end };
                    found.good_for = self.good_for(end, gone, self.link.clock.wall_ms());
                    found.remaining = Timeout::after(Duration::ZERO);
                    if found.good_for == Use::Nothing {
                        look.seen = Seen::Nothing(MissReason::Tag);
                    }
                }
            }
        }
        Ok(look)
    }

    /// What an entry is good for by the time of day.
    fn good_for(&self, fresh_until_ms: u64, gone_at_ms: u64, now_ms: u64) -> Use {
        let windows = self.link.windows;
        let is_within = |window: Timeout| match window.as_duration() {
            Some(window) => {
                let window = u64::try_from(window.as_millis()).unwrap_or(u64::MAX);
                now_ms < fresh_until_ms.saturating_add(window)
            }
            None => true,
        };
        if now_ms < fresh_until_ms {
            Use::Fresh
        } else if now_ms >= gone_at_ms {
            Use::Nothing
        } else if is_within(windows.stale) {
            Use::Stale
        } else if is_within(windows.longest()) {
            Use::Fallback
        } else {
            Use::Nothing
        }
    }

    async fn read(&self, keys: &[&str]) -> Result<vec::IntoIter<Option<Vec<u8>>>, Error> {
        let answer = self.backend.get_many(keys).await;
        self.link.counted(&answer);
        Ok(answer?.into_iter())
    }

    /// What an entry is good for by the records of its marks, in the order of their keys.
    fn look_by<V>(
        &self,
        entry: Option<&[u8]>,
        mut records: impl Iterator<Item = Option<Vec<u8>>>,
        decode: impl Fn(Codec, &[u8]) -> Result<V, Error>,
    ) -> Look<V> {
        let mut next = || records.next().flatten();
        let mut look = self.look_at(entry, [next(), next()], decode);
        look.tags = self.tagging.known.iter().map(|_| next()).collect();
        look.any_tag = next();
        look
    }

    /// What an entry that was read is good for.
    pub(crate) fn look_at<V>(
        &self,
        entry: Option<&[u8]>,
        records: Records,
        decode: impl Fn(Codec, &[u8]) -> Result<V, Error>,
    ) -> Look<V> {
        // What the store could not read is nothing to it.
        let readable = entry.filter(|entry| !entry.is_empty());
        let head = readable.map(|entry| entry[..entry.len().min(HEAD)].to_vec());
        let mut look = Look {
            seen: Seen::Nothing(MissReason::Absent),
            head,
            records,
            carried: Vec::new(),
            fresh_until_ms: 0,
            gone_at_ms: 0,
            is_lasting: false,
            tags: Vec::new(),
            any_tag: None,
        };
        if let Some(entry) = entry {
            look.seen = self.judge(entry, &mut look, decode);
        }
        if let Seen::Nothing(MissReason::Corrupt) = look.seen {
            self.link.count_error();
        }
        look
    }

    fn judge<V>(
        &self,
        entry: &[u8],
        look: &mut Look<V>,
        decode: impl Fn(Codec, &[u8]) -> Result<V, Error>,
    ) -> Seen<V> {
        match Kind::of(entry) {
            Some(Kind::Value) => {}
            // Anything else is a head and nothing more.
            Some(_) if entry.len() > HEAD => return Seen::Nothing(MissReason::Corrupt),
            Some(Kind::Lease) if self.link.sharing.lease.is_some() => return Seen::Leased,
            Some(Kind::Lease) => return Seen::Nothing(MissReason::Absent),
            Some(Kind::Tombstone) => return Seen::Nothing(MissReason::Invalidated),
            Some(Kind::Mark) | None => return Seen::Nothing(MissReason::Corrupt),
        }
        let now = self.link.clock.wall_ms();
        let Ok(envelope) = Envelope::read(entry) else {
            return Seen::Nothing(MissReason::Corrupt);
        };
        let is_ours = envelope.namespace == self.link.namespace
            && *envelope.key == *self.key
            && envelope.version == self.link.version
            && envelope.shape == self.shape;
        if !is_ours || !envelope.is_plausible(now) {
            return Seen::Nothing(MissReason::Corrupt);
        }
        // The first marks are those that every entry carries, the others are tags.
        let (base, tags) = envelope.marks.split_at(look.records.len().min(envelope.marks.len()));
        let present = look.records.iter().map(|record| mark::read(record.as_deref()));
        if !base.iter().map(|mark| Some(mark.id)).eq(present) {
            return Seen::Nothing(MissReason::Invalidated);
        }
        look.carried.extend(tags.iter().map(|mark| (mark.name.to_owned(), mark.id)));
        (look.fresh_until_ms, look.gone_at_ms) = (envelope.fresh_until_ms, envelope.gone_at_ms);
        look.is_lasting = envelope.is_lasting();
        let good_for = self.good_for(envelope.fresh_until_ms, envelope.gone_at_ms, now);
        if good_for == Use::Nothing {
            return Seen::Nothing(MissReason::Expired);
        }
        match unpack(&envelope, decode) {
            Ok(value) => Seen::Entry(Found {
                value,
                age: Duration::from_millis(now.saturating_sub(envelope.as_of_ms)),
                remaining: envelope.remaining(now),
                good_for,
                tags: None,
            }),
            Err(_) => Seen::Nothing(MissReason::Corrupt),
        }
    }

    /// The bytes of an entry.
    pub(crate) fn seal(&self, payload: Vec<u8>, span: impl Into<Span>, load: &Load) -> Vec<u8> {
        let Self { link, backend, key, shape, .. } = self;
        let (payload, is_compressed) = codec::pack(payload, backend.compress_above);
        let Span { fresh, gone, is_negative } = span.into();
        let now = link.clock.wall_ms();
        let last = if is_negative { FOR_EVER } else { u64::MAX };
        let end = |timeout: Timeout| {
            let end = timeout.as_duration().map_or(u64::MAX, |timeout| {
                // A timeout of less than a millisecond is one.
                now.saturating_add(u64::try_from(timeout.as_millis()).unwrap_or(u64::MAX).max(1))
            });
            end.min(last)
        };
        let codec = backend.codec.id();
        let envelope = Envelope {
            head: Head { kind: Kind::Value, is_compressed, codec, id: Id::new() },
            as_of_ms: load.as_of_ms,
            fresh_until_ms: end(fresh),
            gone_at_ms: end(gone),
            load_us: u32::try_from(load.took.as_micros()).unwrap_or(u32::MAX),
            version: link.version,
            shape: *shape,
            namespace: &link.namespace,
            key,
            marks: load.marks.iter().map(|(name, id)| Mark { name, id: *id }).collect(),
            payload: &payload,
        };
        envelope.write()
    }

    /// Writes the bytes of an entry if `guard` holds. Failures are counted.
    pub(crate) async fn swap(
        &self,
        guard: Guard<'_>,
        bytes: &[u8],
        timeout: Timeout,
    ) -> Result<Swapped, Error> {
        let Self { link, backend, name, .. } = self;
        let swapped = backend.swap("set", name, guard, Some(bytes), timeout.as_duration()).await;
        link.counted(&swapped);
        swapped
    }

    /// Stores what did not come from a load: it beats every load that has begun. Where that fails,
    /// or it could not be encoded, what the key held is invalidated.
    pub(crate) async fn put(
        &self,
        payload: Result<Vec<u8>, Error>,
        span: Span,
        tags: &TagSet,
    ) -> Result<(), Error> {
        let Self { link, backend, key, .. } = self;
        let result = match payload {
            Ok(payload) => self.put_now(payload, span, tags).await,
            Err(error) => Err(error),
        };
        match result {
            Ok(()) => backend.plane.tell(backend, link.what(key)).await,
            Err(_) => drop(link.invalidate(key).await),
        }
        result
    }

    async fn put_now(&self, payload: Vec<u8>, span: Span, tags: &TagSet) -> Result<(), Error> {
        // What the key holds does not matter.
        let records = self.read(&self.keys()[1..]).await?;
        let look = self.look_by(None, records, |_, _| Ok(()));
        let mut marks = self.all_marks(&look).await?;
        // The value is there already: whatever is invalidated from here on comes after it.
        self.add_present_marks(&mut marks, tags).await?;
        let load = Load { as_of_ms: self.link.clock.wall_ms(), took: Duration::ZERO, marks };
        let bytes = self.seal(payload, span, &load);
        let set = self.backend.set(&self.name, &bytes, span.gone.as_duration()).await;
        self.link.counted(&set);
        set
    }
}

/// The value of an entry.
fn unpack<V>(
    envelope: &Envelope<'_>,
    decode: impl Fn(Codec, &[u8]) -> Result<V, Error>,
) -> Result<V, Error> {
    let Head { codec, is_compressed, .. } = envelope.head;
    let codec = Codec::of(codec)
        .ok_or_else(|| Error::new(ErrorKind::Codec, format!("unknown codec {codec}")))?;
    decode(codec, &codec::unpack(envelope.payload, is_compressed)?)
}
