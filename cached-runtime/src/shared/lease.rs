//! Leases: one process at a time loads a key.
//!
//! A lease is a stub in the place of the entry, with an id of its own, which the store drops when
//! the lease is over. The holder renews it while its load runs. Storing the value, like everything
//! else, asks for the state that was seen: the stub. So a holder that slept through its lease
//! stores nothing, whether or not another has taken it over; and an invalidation, which replaces
//! the stub, fences its holder.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use crate::error::Error;
use crate::remote::wait;
use crate::store::{Guard, HEAD};

use super::backend::Backend;
use super::envelope::{Id, Kind, head};
use super::keeper;

/// The right to load a key. Dropped, it is given back.
pub(crate) struct Lease(Arc<Held>);

struct Held {
    backend: Arc<Backend>,
    key: String,
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
        let lease = Self(Arc::new(Held {
            backend: Arc::clone(backend),
            key: key.to_owned(),
            head: head(Kind::Lease, Id::new()),
            is_over: AtomicBool::new(false),
        }));
        let guard = state.map_or(Guard::Absent, Guard::Head);
        // From here on the store may have it: it is given back where no answer is awaited or comes.
        let taken = backend.swap("lease", key, guard, Some(lease.head()), Some(lasts)).await;
        if !taken?.done {
            lease.spend();
            return Ok(None);
        }
        let renewed = Arc::clone(&lease.0);
        keeper::after(lasts / 3, Box::new(move || renewed.renew(lasts)));
        Ok(Some(lease))
    }

    /// What the key holds while the lease does.
    pub(crate) fn head(&self) -> &[u8] {
        &self.0.head
    }

    /// Ends the lease, whose stub is not there: it never was, or the value has replaced it.
    pub(crate) fn spend(self) {
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
