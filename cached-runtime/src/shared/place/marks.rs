//! The marks and tags of what is stored in a place: which there are, and whether they still hold.

use std::sync::atomic::Ordering;

use crate::error::Error;
use crate::shared::envelope::Id;
use crate::shared::link::Link;
use crate::shared::mark;
use crate::shared::name::{self, ANY_TAG_MARK, STORE_MARK};
use crate::tag::{self, Labels, Tag, TagSet};

use super::{Look, Place, Records};

/// The tags of what is stored in a place.
#[derive(Default)]
pub(crate) struct Tagging {
    /// Those of every value, and the store's keys of their marks.
    pub(super) known: Vec<(String, String)>,
    /// Whether a value may have further ones.
    pub(super) is_open: bool,
}

impl Tagging {
    pub(crate) fn of(labels: &Labels, link: &Link) -> Self {
        let known = labels.names().map(|tag| (tag.to_owned(), name::tag_mark(tag))).collect();
        Self { known, is_open: labels.is_open() || link.says_tags.load(Ordering::Relaxed) }
    }
}

impl Place {
    /// The marks that an entry loaded from now on carries; made where they are missing. Failures
    /// are counted.
    pub(crate) async fn marks(&self, records: &Records) -> Result<Vec<(String, Id)>, Error> {
        let mut marks = Vec::with_capacity(records.len());
        for (name, record) in [STORE_MARK, &*self.link.mark].into_iter().zip(records) {
            let id = mark::ensure(&self.backend, name, record.as_deref()).await;
            self.link.counted(&id);
            marks.push((name.to_owned(), id?));
        }
        Ok(marks)
    }

    /// The same with the tags of every value that is stored here.
    pub(crate) async fn all_marks<V>(&self, look: &Look<V>) -> Result<Vec<(String, Id)>, Error> {
        let mut marks = self.marks(&look.records).await?;
        for ((tag, name), record) in self.tagging.known.iter().zip(&look.tags) {
            let id = mark::ensure(&self.backend, name, record.as_deref()).await;
            self.link.counted(&id);
            marks.push((tag.clone(), id?));
        }
        Ok(marks)
    }

    /// The mark that changes with any tag, as it was when the place was looked at; made where it is
    /// missing, or an invalidation and the loss of its record would leave everything as it was.
    /// None where no value has tags of its own. Failures are counted.
    pub(crate) async fn any_tag<V>(&self, look: &Look<V>) -> Result<Option<Id>, Error> {
        if !self.tagging.is_open {
            return Ok(None);
        }
        let id = mark::ensure(&self.backend, ANY_TAG_MARK, look.any_tag.as_deref()).await;
        self.link.counted(&id);
        id.map(Some)
    }

    /// Adds the tags that are known from the value alone. Says whether it may still be stored.
    ///
    /// What they were before the load nobody knows. So no tag at all may have been invalidated
    /// since `any_tag` was read. An invalidation changes that mark first, and the tag's after it;
    /// here they are read the other way round.
    pub(crate) async fn add_marks(
        &self,
        marks: &mut Vec<(String, Id)>,
        tags: &TagSet,
        any_tag: Option<Id>,
    ) -> Result<bool, Error> {
        let names = self.add_present_marks(marks, tags).await?;
        if names.is_empty() {
            return Ok(true);
        }
        let mut keys: Vec<&str> = names.iter().map(String::as_str).collect();
        keys.push(ANY_TAG_MARK);
        let answer = self.backend.get(ANY_TAG_MARK).await;
        self.link.counted(&answer);
        // From the next load on it is asked for.
        self.link.says_tags.fetch_or(any_tag.is_none(), Ordering::Relaxed);
        let is_same = any_tag.is_some() && mark::read(answer?.as_deref()) == any_tag;
        Ok(is_same && self.backend.is_current(&keys))
    }

    /// Adds the tags that are not among the marks, as they are now. Returns the store's keys of them.
    pub(super) async fn add_present_marks(
        &self,
        marks: &mut Vec<(String, Id)>,
        tags: &TagSet,
    ) -> Result<Vec<String>, Error> {
        let is_new = |tag: &&Tag| !marks.iter().any(|(known, _)| known == tag.name());
        let new: Vec<&Tag> = tags.iter().flatten().filter(is_new).collect();
        let names: Vec<String> = new.iter().map(|tag| name::tag_mark(tag.name())).collect();
        if names.is_empty() {
            return Ok(names);
        }
        let keys: Vec<&str> = names.iter().map(String::as_str).collect();
        let records = self.read(&keys).await?;
        for ((tag, name), record) in new.iter().zip(&names).zip(records) {
            let id = mark::ensure(&self.backend, name, record.as_deref()).await;
            self.link.counted(&id);
            marks.push((tag.name().to_owned(), id?));
        }
        Ok(names)
    }

    /// Whether no tag of an entry was invalidated since its load.
    pub(super) async fn tags_hold(
        &self,
        carried: &[(String, Id)],
        records: &[Option<Vec<u8>>],
    ) -> Result<Holds, Error> {
        let known = |tag: &str| self.tagging.known.iter().position(|(known, _)| known == tag);
        let mut holds = Holds::Yes;
        let mut further = Vec::new();
        for (tag, id) in carried {
            match known(tag) {
                Some(idx) => holds = holds.and(Holds::of(*id, records[idx].as_deref())),
                None => further.push((name::tag_mark(tag), *id)),
            }
        }
        if further.is_empty() {
            return Ok(holds);
        }
        // Bodies say tags, of this process or another: whoever loads next asks for any of them.
        self.link.says_tags.fetch_or(true, Ordering::Relaxed);
        if holds == Holds::No {
            return Ok(holds);
        }
        let keys: Vec<&str> = further.iter().map(|(mark, _)| &**mark).collect();
        if !self.backend.is_current(&keys) {
            return Ok(Holds::No);
        }
        let present = self.read(&keys).await?.zip(&further);
        let each = present.map(|(record, (_, id))| Holds::of(*id, record.as_deref()));
        Ok(each.fold(holds, Holds::and))
    }
}

/// Whether an entry counts by its tags.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Holds {
    Yes,
    /// Its freshness has ended then, in milliseconds since 1970.
    UntilMs(u64),
    No,
}

impl Holds {
    /// By one of them, whose id was `id`.
    fn of(id: Id, record: Option<&[u8]>) -> Self {
        match (mark::read(record), record) {
            (Some(present), _) if present == id => Self::Yes,
            (Some(present), Some(record)) if id.is_softened(present) => {
                Self::UntilMs(mark::softened_at_ms(record))
            }
            _ => Self::No,
        }
    }

    /// By both.
    fn and(self, other: Self) -> Self {
        match (self, other) {
            (Self::No, _) | (_, Self::No) => Self::No,
            (Self::Yes, holds) | (holds, Self::Yes) => holds,
            (Self::UntilMs(one), Self::UntilMs(two)) => Self::UntilMs(one.min(two)),
        }
    }
}

/// Tags of an entry of the store, as memory knows them.
pub(super) fn labels(carried: &[(String, Id)]) -> TagSet {
    if carried.is_empty() {
        return None;
    }
    let tags = tag::current();
    Some(carried.iter().map(|(name, _)| tags.tag(name)).collect())
}
