//! Leases: one process at a time loads a key.
//!
//! A lease is a stub in the place of the entry, with an id of its own, which the store drops when
//! the lease is over. The holder renews it while its load runs. Storing the value, like everything
//! else, asks for the state that was seen: the stub. So a holder that slept through its lease
//! stores nothing, whether or not another has taken it over; and an invalidation, which replaces
//! the stub, fences its holder.
//!
//! Where there is an entry that may still answer, the stub lies beside it, under a key of its own. It
//! then says who may load and no more: it is the entry's own state that a holder is fenced by.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use crate::error::Error;
use crate::remote::wait;
use crate::store::{Guard, HEAD};

use super::backend::Backend;
use super::envelope::{Id, Kind, head};
use super::keeper;
use super::name;

/// The right to load a key. Dropped, it is given back.
pub(crate) struct Lease(Arc<Held>);

struct Held {
    backend: Arc<Backend>,
    key: String,
    /// Whether the key is the entry's own.
    is_in_place: bool,
    head: [u8; HEAD],
    is_over: AtomicBool,
}

impl Lease {
    /// Takes the lease of a key that was found to hold `state`. None where another was faster.
    pub(crate) async fn take(
        backend: &Arc<Backend>,
        key: &str,
        state: Option<&[u8]>,
        lasts: Duration,
    ) -> Result<Option<Self>, Error> {
        let guard = state.map_or(Guard::Absent, Guard::Head);
        Self::taken(Held::new(backend, key.to_owned(), true), guard, lasts).await
    }

    /// Takes the lease of a key whose entry stays where it is. None where another was faster.
    pub(crate) async fn take_beside(
        backend: &Arc<Backend>,
        key: &str,
        lasts: Duration,
    ) -> Result<Option<Self>, Error> {
        Self::taken(Held::new(backend, name::lease(key), false), Guard::Absent, lasts).await
    }

    async fn taken(held: Held, guard: Guard<'_>, lasts: Duration) -> Result<Option<Self>, Error> {
        let lease = Self(Arc::new(held));
        let Held { backend, key, head, .. } = &*lease.0;
        // From here on the store may have it: it is given back where no answer is awaited or comes.
        let taken = backend.swap("lease", key, guard, Some(head), Some(lasts)).await;
        if !taken?.done {
            lease.spend();
            return Ok(None);
        }
        let renewed = Arc::clone(&lease.0);
        keeper::after(lasts / 3, Box::new(move || renewed.renew(lasts)));
        Ok(Some(lease))
    }

    /// What the entry's key holds while the lease does; none where the entry stays.
    pub(crate) fn head_in_place(&self) -> Option<&[u8]> {
        self.0.is_in_place.then_some(&self.0.head)
    }

    /// The value has been stored.
    pub(crate) fn replaced(self) {
        if self.0.is_in_place {
            self.spend();
        }
    }

    /// Ends the lease, whose stub is not there: it never was, or the value has replaced it.
    fn spend(self) {
        self.0.is_over.store(true, Ordering::Release);
    }
}

impl Drop for Lease {
    fn drop(&mut self) {
        if !self.0.is_over.swap(true, Ordering::AcqRel) {
            let held = Arc::clone(&self.0);
            // Not here: this may be a task, and must not wait.
            keeper::after(Duration::ZERO, Box::new(move || held.give_back()));
        }
    }
}

impl Held {
    fn new(backend: &Arc<Backend>, key: String, is_in_place: bool) -> Self {
        let (backend, head) = (Arc::clone(backend), head(Kind::Lease, Id::new()));
        Self { backend, key, is_in_place, head, is_over: AtomicBool::new(false) }
    }

    /// Makes the lease last from now on. Says when to do so again.
    fn renew(&self, lasts: Duration) -> Option<Duration> {
        if self.is_over.load(Ordering::Acquire) {
            return None;
        }
        let Self { backend, key, head, .. } = self;
        let swap = backend.swap("lease", key, Guard::Head(head), Some(head), Some(lasts));
        match wait(swap) {
            Ok(swapped) if !swapped.done => None,
            Ok(_) | Err(_) => Some(lasts / 3),
        }
    }

    fn give_back(&self) -> Option<Duration> {
        let Self { backend, key, head, .. } = self;
        // Where this fails, the store drops it in time.
        drop(wait(backend.swap("lease", key, Guard::Head(head), None, None)));
        None
    }
}
