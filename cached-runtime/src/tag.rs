//! Tags: names that entries carry, and by which they are invalidated together.
//!
//! A tag is a number of the invalidation counter: that of its last invalidation. An entry counts
//! only while none of its tags has a higher one than the entry itself, so invalidating a tag is one
//! store, however many entries carry it. A tag that nobody carries any more is forgotten in time;
//! whoever asks for it again is given the highest number that was ever forgotten, which invalidates
//! loads that began before, and never brings anything back.

use std::collections::HashMap;
use std::sync::Arc;
use std::sync::atomic::Ordering;

use crate::clock::{self, Stamp};
use crate::sync::{AtomicU64, Mutex, unpoisoned};
use crate::tier::next_seq;

/// Tags that an entry may have.
pub(crate) const MOST: usize = 16;

/// The tags of one entry. None for most.
pub(crate) type TagSet = Option<Box<[Tag]>>;

/// A tag, as entries carry it.
#[derive(Clone)]
pub(crate) struct Tag(Arc<Inner>);

struct Inner {
    name: Box<str>,
    invalidated: AtomicU64,
    /// The same of its last soft invalidation, and when that was.
    softened: AtomicU64,
    softened_at: AtomicU64,
}

impl Tag {
    pub(crate) fn name(&self) -> &str {
        &self.0.name
    }

    /// Whether it was invalidated after `as_of`.
    pub(crate) fn is_overtaken(&self, as_of: u64) -> bool {
        self.0.invalidated.load(Ordering::Acquire) > as_of
    }

    /// When the freshness of what was loaded before ended by a soft invalidation, if it did.
    pub(crate) fn softened(&self, as_of: u64) -> Stamp {
        if self.0.softened.load(Ordering::Acquire) > as_of {
            Stamp::from_nanos(self.0.softened_at.load(Ordering::Acquire))
        } else {
            Stamp::NEVER
        }
    }

    /// Whether it was invalidated after `as_of`, in either way.
    fn is_outdated(&self, as_of: u64) -> bool {
        self.is_overtaken(as_of) || self.0.softened.load(Ordering::Acquire) > as_of
    }
}

/// All tags of this process, or of an isolated test.
pub(crate) struct Tags {
    /// The number of the last invalidation of any tag.
    latest: AtomicU64,
    state: Mutex<State>,
}

struct State {
    by_name: HashMap<Box<str>, Tag>,
    /// The highest number of a tag that was forgotten.
    floor: u64,
    /// How many there may be before those that nobody carries are forgotten.
    room: usize,
}

/// Tags that are kept without a look at who carries them.
const ROOM: usize = 1_024;

/// The tags that a call gives to its entry.
#[derive(Clone, Default)]
#[cfg_attr(
    not(feature = "json"),
    allow(dead_code, reason = "only stores ask for more than the set")
)]
pub struct Labels {
    tags: Vec<Tag>,
    /// One of them names nothing, or there are too many: the entry could not be invalidated by all.
    is_incomplete: bool,
    /// The value may add to them.
    is_open: bool,
}

#[cfg_attr(
    not(feature = "json"),
    allow(dead_code, reason = "only stores ask for more than the set")
)]
impl Labels {
    pub(crate) fn add(&mut self, name: Option<&str>) {
        match name.filter(|name| !name.is_empty()) {
            Some(name) if self.tags.iter().any(|tag| tag.name() == name) => {}
            Some(name) if self.tags.len() < MOST => self.tags.push(current().tag(name)),
            _ => self.is_incomplete = true,
        }
    }

    pub(crate) fn new(is_open: bool) -> Self {
        Self { is_open, ..Self::default() }
    }

    /// Those of both.
    pub(crate) fn and(mut self, other: &Self) -> Self {
        other.names().for_each(|name| self.add(Some(name)));
        self.is_incomplete |= other.is_incomplete;
        self
    }

    pub(crate) fn is_open(&self) -> bool {
        self.is_open
    }

    pub(crate) fn names(&self) -> impl Iterator<Item = &str> {
        self.tags.iter().map(Tag::name)
    }

    /// Whether what a load with these tags brings may have been overtaken since `as_of`. What tags
    /// its value adds is not known before it ends: then an invalidation of any tag may concern it.
    pub(crate) fn may_be_overtaken(&self, as_of: u64) -> bool {
        self.tags.iter().any(|tag| tag.is_outdated(as_of))
            || self.is_open && current().is_any_overtaken(as_of)
    }

    /// What the entry carries; none where it may not be stored.
    pub(crate) fn set(&self) -> Option<TagSet> {
        let set = (!self.tags.is_empty()).then(|| self.tags.clone().into_boxed_slice());
        (!self.is_incomplete).then_some(set)
    }
}

/// The tags of the isolated test that this thread is in, or of this process.
pub(crate) fn current() -> Arc<Tags> {
    #[cfg(feature = "testing")]
    if let Some(isolation) = crate::testing::current() {
        return isolation.tags();
    }
    Arc::clone(&TAGS)
}

#[cfg(not(feature = "model"))]
static TAGS: std::sync::LazyLock<Arc<Tags>> = std::sync::LazyLock::new(|| Arc::new(Tags::new()));

// New for every execution of the model checker.
#[cfg(feature = "model")]
shuttle::lazy_static! {
    static ref TAGS: Arc<Tags> = Arc::new(Tags::new());
}

impl Tags {
    pub(crate) fn new() -> Self {
        let state = State { by_name: HashMap::new(), floor: 0, room: ROOM };
        Self { latest: AtomicU64::new(0), state: Mutex::new(state) }
    }

    /// The tag of a name.
    pub(crate) fn tag(&self, name: &str) -> Tag {
        let mut state = unpoisoned(self.state.lock());
        if let Some(tag) = state.by_name.get(name) {
            return tag.clone();
        }
        state.make_room();
        let tag = Tag(Arc::new(Inner {
            name: name.into(),
            invalidated: AtomicU64::new(state.floor),
            softened: AtomicU64::new(0),
            softened_at: AtomicU64::new(0),
        }));
        state.by_name.insert(name.into(), tag.clone());
        tag
    }

    /// Makes every entry that carries the tag, and every load that has begun, count for nothing.
    pub(crate) fn invalidate(&self, name: &str) {
        let seq = next_seq();
        self.tag(name).0.invalidated.fetch_max(seq, Ordering::AcqRel);
        self.latest.fetch_max(seq, Ordering::AcqRel);
    }

    /// Ends the freshness of every entry that carries the tag. Loads that have begun are shared with
    /// nobody who comes from here on.
    pub(crate) fn soften(&self, name: &str) {
        let now = clock::current().now();
        let tag = self.tag(name);
        // The time first: who sees the number may rely on it.
        tag.0.softened_at.fetch_max(now.nanos(), Ordering::AcqRel);
        let seq = next_seq();
        tag.0.softened.fetch_max(seq, Ordering::AcqRel);
        self.latest.fetch_max(seq, Ordering::AcqRel);
    }

    /// Whether any tag was invalidated after `as_of`.
    fn is_any_overtaken(&self, as_of: u64) -> bool {
        self.latest.load(Ordering::Acquire) > as_of
    }
}

impl State {
    /// Forgets the tags that nobody carries, each time their number has doubled.
    fn make_room(&mut self) {
        if self.by_name.len() < self.room {
            return;
        }
        let mut floor = self.floor;
        self.by_name.retain(|_, tag| {
            let is_carried = Arc::strong_count(&tag.0) > 1;
            if !is_carried {
                floor = floor.max(tag.0.invalidated.load(Ordering::Acquire));
                floor = floor.max(tag.0.softened.load(Ordering::Acquire));
            }
            is_carried
        });
        self.floor = floor;
        self.room = ROOM.max(2 * self.by_name.len());
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_loaded_before_is_overtaken_and_what_was_after_is_not() {
        let tags = Tags::new();
        let before = next_seq();
        let tag = tags.tag("users");
        assert!(!tag.is_overtaken(before));
        tags.invalidate("users");
        assert!(tag.is_overtaken(before));
        assert!(!tag.is_overtaken(next_seq()));
        assert!(!tags.tag("others").is_overtaken(before));
    }

    #[test]
    fn an_invalidation_of_a_tag_that_nobody_carried_is_not_forgotten() {
        let tags = Tags::new();
        let before = next_seq();
        tags.invalidate("users");
        let carried = tags.tag("carried");
        for number in 0..10 * ROOM {
            tags.tag(&number.to_string());
        }
        assert!(tags.state.lock().unwrap().by_name.len() <= ROOM);
        assert!(tags.tag("users").is_overtaken(before));
        assert!(!tags.tag("users").is_overtaken(next_seq()));
        assert!(!carried.is_overtaken(next_seq()));
    }
}
