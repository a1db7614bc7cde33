//! What ties a cached function to a shared store: its namespace there, and how it uses it.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, OnceLock, Weak};
use std::time::Duration;

use crate::bindings;
use crate::clock::Clock;
use crate::error::Error;
use crate::policy::{Local, Policy, Sharing, Timeout};

use super::backend::Backend;
use super::name;
use super::overdue::Remedy;
use super::plane::{Told, What};

/// The longest that any load may take and still be stored.
const LONGEST_LOAD: Duration = Duration::from_secs(3_600);

/// How much longer than that a tombstone stays: a write may be on its way.
const UNDER_WAY: Duration = Duration::from_secs(5);

/// One instantiation of a shared function.
pub(crate) struct Link {
    /// What the instantiation is called, which every process calls it by.
    pub(crate) namespace: String,
    /// The number that the attribute gives the values' schema.
    pub(crate) version: u32,
    pub(crate) sharing: Sharing,
    /// How long a call waits for another process's load.
    pub(crate) wait_timeout: Duration,
    /// How long after its first look at the store a load may still be stored there.
    pub(crate) longest_load: Duration,
    pub(crate) clock: Clock,
    pub(crate) mark: String,
    shape: OnceLock<u64>,
    errors: AtomicU64,
    /// The backplane that this link's memory listens to.
    attached: OnceLock<()>,
}

impl Link {
    /// None for a function that is not shared.
    pub(crate) fn new(
        namespace: String,
        version: u32,
        policy: &Policy,
        clock: &Clock,
    ) -> Option<Self> {
        Some(Self {
            version,
            sharing: policy.sharing?,
            wait_timeout: policy.wait_timeout,
            longest_load: policy.lead_timeout.min(LONGEST_LOAD),
            clock: clock.clone(),
            mark: name::namespace_mark(&namespace),
            namespace,
            shape: OnceLock::new(),
            errors: AtomicU64::new(0),
            attached: OnceLock::new(),
        })
    }

    /// The store that the program has bound; none where entries stay in memory.
    pub(crate) fn backend(&self) -> Option<Arc<Backend>> {
        bindings::current()?.backend(self.sharing.store).cloned()
    }

    /// The fingerprint of the values' type.
    pub(crate) fn shape(&self, shape: fn() -> u64) -> u64 {
        *self.shape.get_or_init(shape)
    }

    /// How long memory may answer for an entry that the store has for `timeout`.
    pub(crate) fn local(&self, backend: &Backend, timeout: Timeout) -> Timeout {
        match self.sharing.local {
            Local::Never => Timeout::after(Duration::ZERO),
            Local::Configured if !backend.is_tiered => Timeout::after(Duration::ZERO),
            Local::Configured => backend.plane.bound(timeout),
            // Where nothing could ever tell memory of changes, the user's own bound holds.
            Local::AtMost(local) if backend.store().bus().is_none() => timeout.at_most(local),
            Local::AtMost(local) => backend.plane.bound(timeout.at_most(local)),
        }
    }

    /// Lets a memory hear of what other processes change, where it may answer at all.
    pub(crate) fn attach(&self, backend: &Backend, tier: impl FnOnce() -> Weak<dyn Told>) {
        let may_answer = match self.sharing.local {
            Local::Never => false,
            Local::Configured => backend.is_tiered,
            Local::AtMost(_) => true,
        };
        if may_answer {
            self.attached.get_or_init(|| backend.plane.attach(backend, &self.namespace, tier()));
        }
    }

    /// Drops an entry of the store, and makes every load of it that has begun count for nothing.
    /// Says whether there was one.
    pub(crate) async fn invalidate(&self, key: &str) -> Result<bool, Error> {
        let Some(backend) = self.backend() else { return Ok(false) };
        let name = name::entry(&self.namespace, key);
        let remedy = Remedy::Bury(self.longest_load + UNDER_WAY);
        let result = backend.invalidate(&name, remedy, self.what(key)).await;
        self.counted(&result);
        result
    }

    /// Makes every entry of the store, and every load that has begun, count for nothing.
    pub(crate) async fn clear(&self) -> Result<(), Error> {
        let Some(backend) = self.backend() else { return Ok(()) };
        let what = What::Namespace(self.namespace.clone());
        let result = backend.invalidate(&self.mark, Remedy::Remark, what).await;
        self.counted(&result);
        result.map(drop)
    }

    pub(crate) fn what(&self, key: &str) -> What {
        What::Entry { namespace: self.namespace.clone(), key: key.to_owned() }
    }

    /// Counts a failure of the store.
    pub(crate) fn counted<T>(&self, result: &Result<T, Error>) {
        if result.is_err() {
            self.count_error();
        }
    }

    pub(crate) fn count_error(&self) {
        self.errors.fetch_add(1, Ordering::Relaxed);
    }

    /// Failures of the store, and entries of it that could not be used.
    pub(crate) fn errors(&self) -> u64 {
        self.errors.load(Ordering::Relaxed)
    }
}
