//! Compare and change, on memcached's CAS numbers.

use memcache::exp::{Delete, Get, Meta, Set};

use crate::error::{Error, ErrorKind};
use crate::store::{Guard, HEAD, Swapped};

use super::doors::Door;
use super::servers::Server;
use super::value_of;

/// A [`Guard`] that can be taken to another thread.
#[derive(Debug)]
pub(super) enum OwnedGuard {
    Any,
    Absent,
    Head(Vec<u8>),
}

impl From<Guard<'_>> for OwnedGuard {
    fn from(guard: Guard<'_>) -> Self {
        match guard {
            Guard::Any => Self::Any,
            Guard::Absent => Self::Absent,
            Guard::Head(head) => Self::Head(head.to_vec()),
        }
    }
}

impl OwnedGuard {
    fn as_guard(&self) -> Guard<'_> {
        match self {
            Self::Any => Guard::Any,
            Self::Absent => Guard::Absent,
            Self::Head(head) => Guard::Head(head),
        }
    }
}

/// Races that a swap loses before it gives up. Somebody wins each.
const ATTEMPTS: u32 = 16;

/// Changes a key if `guard` holds: to what `set` stores, or to nothing.
pub(super) async fn swap(
    server: &Server,
    door: &Door,
    key: &str,
    guard: &OwnedGuard,
    set: Option<&Set>,
) -> Result<Swapped, Error> {
    let change = Change { server, door, key, set };
    let guard = guard.as_guard();
    // Nothing to compare with: one round trip does it, unless there is something after all.
    if guard == Guard::Absent && set.is_some() && change.apply(To::Nothing).await? {
        return Ok(Swapped { done: true, previous: None });
    }
    let mut last = None;
    for _ in 0..ATTEMPTS {
        let read = server.read(door, &Get::new(key).meta(Meta::NONE.cas())).await?;
        let cas = read.item.cas;
        if cas == Some(0) {
            return Err(Error::new(
                ErrorKind::Refused,
                "the server runs without CAS; drop its `-C`",
            ));
        }
        let present = value_of(read);
        let done = guard.holds(present.as_deref());
        let previous = present.map(head);
        if !done || change.apply(cas.map_or(To::Nothing, To::Same)).await? {
            return Ok(Swapped { done, previous });
        }
        last = previous;
    }
    if guard != Guard::Any {
        let text = format!("the value was changed {ATTEMPTS} times while it was compared");
        return Err(Error::new(ErrorKind::Refused, text));
    }
    change.apply(To::Whatever).await?;
    Ok(Swapped { done: true, previous: last })
}

fn head(mut value: Vec<u8>) -> Vec<u8> {
    value.truncate(HEAD);
    value
}

struct Change<'a> {
    server: &'a Server,
    door: &'a Door,
    key: &'a str,
    set: Option<&'a Set>,
}

/// What the server must still have for a change to be made.
#[derive(Clone, Copy)]
enum To {
    Nothing,
    /// What has this CAS number.
    Same(u64),
    Whatever,
}

impl Change<'_> {
    /// Makes the change. Returns whether the server still had that.
    async fn apply(&self, to: To) -> Result<bool, Error> {
        let Some(set) = self.set.cloned() else {
            let delete = match to {
                // Nothing was there when it was read, and nothing is to be there.
                To::Nothing => return Ok(true),
                To::Same(cas) => Delete::new(self.key).compare_cas(cas),
                To::Whatever => Delete::new(self.key),
            };
            return Ok(self.server.write(self.door, &delete).await?.applied());
        };
        let set = match to {
            To::Nothing => set.add(),
            To::Same(cas) => set.compare_cas(cas),
            To::Whatever => set,
        };
        Ok(self.server.write(self.door, &set).await?.applied())
    }
}
