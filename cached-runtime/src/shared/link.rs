//! What ties a cached function or a `Cache` to a store: its namespace there, and how it uses it.

use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, OnceLock, PoisonError, Weak};
use std::time::Duration;

use crate::bindings;
use crate::clock::{Clock, Stamp};
use crate::error::Error;
use crate::policy::{Local, Policy, Sharing, Timeout, Windows};
use crate::rules::Keep;
use crate::store::{Guard, HEAD};

use super::backend::Backend;
use super::memories::Memories;
use super::name::{self, STORE_MARK};
use super::overdue::Remedy;
use super::place::Span;
use super::plane::{Told, What};
use super::rewrite::expired;

/// The longest that any load may take and still be stored.
const LONGEST_LOAD: Duration = Duration::from_secs(3_600);

/// How often an entry is expired anew that others change meanwhile.
const ATTEMPTS: usize = 3;

/// How much longer than that a tombstone stays: a write may be on its way.
const UNDER_WAY: Duration = Duration::from_secs(5);

/// One instantiation of a shared function, or one `Cache`.
pub(crate) struct Link {
    /// What the instantiation is called, which every process calls it by.
    pub(crate) namespace: String,
    /// The number that the attribute gives the values' schema.
    pub(crate) version: u32,
    pub(crate) sharing: Sharing,
    /// What entries are good for after their freshness.
    pub(crate) windows: Windows,
    /// Whether bodies have been seen to name tags of their own.
    pub(crate) says_tags: AtomicBool,
    /// How long a call waits for another process's load.
    pub(crate) wait_timeout: Duration,
    /// How long after a look at its key a load may still be stored. A tombstone stays longer.
    longest_load: Duration,
    pub(crate) clock: Clock,
    pub(crate) mark: String,
    shape: OnceLock<u64>,
    errors: AtomicU64,
    /// Of a `Cache`: its store while the program has configured nothing. None for a function, whose
    /// own memory has its entries then.
    unconfigured: Option<Mutex<Option<Arc<Backend>>>>,
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
            windows: policy.windows,
            says_tags: AtomicBool::new(false),
            wait_timeout: policy.wait_timeout,
            longest_load: policy.lead_timeout.min(LONGEST_LOAD),
            clock: clock.clone(),
            mark: name::namespace_mark(&namespace),
            namespace,
            shape: OnceLock::new(),
            errors: AtomicU64::new(0),
            unconfigured: None,
            attached: OnceLock::new(),
        })
    }

    /// That of a `Cache`, whose entries no memory stands in front of.
    pub(crate) fn of_cache(name: &'static str, clock: &Clock) -> Self {
        let policy = Policy::new();
        let namespace = format!("cache:{name}");
        Self {
            version: 0,
            sharing: Sharing { store: name, local: Local::Never, lease: None },
            windows: policy.windows,
            says_tags: AtomicBool::new(false),
            wait_timeout: policy.wait_timeout,
            longest_load: policy.lead_timeout.min(LONGEST_LOAD),
            clock: clock.clone(),
            mark: name::namespace_mark(&namespace),
            namespace,
            shape: OnceLock::new(),
            errors: AtomicU64::new(0),
            unconfigured: Some(Mutex::default()),
            attached: OnceLock::new(),
        }
    }

    /// The store that the program has bound; none where entries stay in memory.
    ///
    /// A `Cache` always has one.
    pub(crate) fn backend(&self) -> Option<Arc<Backend>> {
        let (settings, name) = (bindings::current(), self.sharing.store);
        let Some(unconfigured) = &self.unconfigured else {
            return settings?.backend(name).cloned();
        };
        let mut unconfigured = unconfigured.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(settings) = settings {
            *unconfigured = None;
            return Some(settings.cache_backend(name));
        }
        let make = || Memories::unconfigured(&self.clock).backend(name);
        Some(Arc::clone(unconfigured.get_or_insert_with(make)))
    }

    /// The fingerprint of the values' type.
    pub(crate) fn shape(&self, shape: fn() -> u64) -> u64 {
        *self.shape.get_or_init(shape)
    }

    /// How long the store keeps what is fresh for so long.
    pub(crate) fn kept(&self, keep: Keep) -> Span {
        let windows = if keep.is_negative { Windows::NONE } else { self.windows };
        let gone = keep.timeout.and(windows.longest());
        Span { fresh: keep.timeout, gone, is_negative: keep.is_negative }
    }

    /// How long memory may answer for an entry that the store has for `timeout`: not to its very end
    /// where memory may not be told of changes, so that the store is asked what it is good for then.
    pub(crate) fn local(&self, backend: &Backend, timeout: Timeout) -> Timeout {
        match self.sharing.local {
            Local::Never => Timeout::after(Duration::ZERO),
            Local::Configured if !backend.is_tiered => Timeout::after(Duration::ZERO),
            Local::Configured => backend.plane.bound(timeout),
            // Where nothing could ever tell memory of changes, the user's own bound holds.
            Local::AtMost(local) if backend.store().bus().is_none() => {
                timeout.less_a_tick().at_most(local)
            }
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

    /// Whether a load whose key was looked at then comes too late to be stored: it may have outlived
    /// the tombstone of an invalidation.
    pub(crate) fn is_past(&self, as_of: Stamp) -> bool {
        self.clock.now().since(as_of) >= self.longest_load
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

    /// Ends the freshness of an entry of the store, and makes every load of it that has begun count
    /// for nothing. Says whether it was fresh.
    pub(crate) async fn expire(&self, key: &str) -> Result<bool, Error> {
        let Some(backend) = self.backend() else { return Ok(false) };
        if self.windows.are_closed() {
            return self.invalidate(key).await;
        }
        let name = name::entry(&self.namespace, key);
        for _ in 0..ATTEMPTS {
            let entry = backend.get(&name).await;
            self.counted(&entry);
            let Ok(Some(entry)) = entry else { break };
            let now_ms = self.clock.wall_ms();
            let Ok((expired, lasts, was_fresh)) = expired(&entry, self.windows, now_ms) else {
                break;
            };
            let guard = Guard::Head(&entry[..HEAD]);
            let swapped = backend.swap("expire", &name, guard, Some(&expired), lasts).await;
            self.counted(&swapped);
            match swapped {
                Ok(swapped) if swapped.done => {
                    backend.plane.tell(&backend, self.what(key)).await;
                    return Ok(was_fresh);
                }
                // Something else is there by now.
                Ok(_) => {}
                Err(_) => break,
            }
        }
        // There is nothing to keep, or it cannot be kept for certain.
        self.invalidate(key).await
    }

    /// Makes every entry of the store, and every load that has begun, count for nothing.
    pub(crate) async fn clear(&self) -> Result<(), Error> {
        let Some(backend) = self.backend() else { return Ok(()) };
        let what = What::Namespace(self.namespace.clone());
        let result = backend.invalidate(&self.mark, Remedy::Remark, what).await;
        self.counted(&result);
        result.map(drop)
    }

    /// The same of everything that the store keeps for this program, functions' entries included.
    pub(crate) async fn clear_store(&self) -> Result<(), Error> {
        let Some(backend) = self.backend() else { return Ok(()) };
        let result = backend.invalidate(STORE_MARK, Remedy::Remark, What::Store).await;
        self.counted(&result);
        result.map(drop)
    }

    /// Makes every entry of the store that carries a tag count for nothing.
    pub(crate) async fn invalidate_tag(&self, tag: &str) -> Result<(), Error> {
        let Some(backend) = self.backend() else { return Ok(()) };
        let result = backend.invalidate_tag(tag).await;
        self.counted(&result);
        result
    }

    /// Drops everything that the store keeps for this program. Says how many entries it had.
    pub(crate) async fn purge_store(&self) -> Result<u64, Error> {
        let Some(backend) = self.backend() else { return Ok(0) };
        let result = backend.purge().await;
        self.counted(&result);
        backend.plane.tell(&backend, What::Store).await;
        result
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
