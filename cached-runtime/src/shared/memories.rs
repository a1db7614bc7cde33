//! Stores in this process, for a `Cache` where the program keeps entries in memory.
//!
//! Functions need none of this: their memory has typed values. A `Cache` has one type for all, so
//! it keeps bytes in memory as it would anywhere else, under the same rules.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};

use crate::bindings::DEFAULT;
use crate::clock::Clock;
use crate::config::{Bound, Encoding, Place};
use crate::policy::Timeout;
use crate::store::{MemoryStore, NullStore, Store, Timeouts};

use super::backend::Backend;

/// One store for each name that is asked for.
pub(crate) struct Memories {
    clock: Clock,
    others: Others,
    made: Mutex<BTreeMap<String, Arc<Backend>>>,
}

/// What holds for names that the program has bound to nothing.
#[derive(Clone, Copy, Default)]
struct Others {
    /// Caching is turned off everywhere.
    is_null: bool,
    default_timeout: Option<Timeout>,
    threshold: Option<u64>,
}

impl Memories {
    /// Those of a program that has configured nothing.
    pub(crate) fn unconfigured(clock: &Clock) -> Self {
        Self { clock: clock.clone(), others: Others::default(), made: Mutex::default() }
    }

    /// Those of a configuration.
    pub(crate) fn of(bounds: &BTreeMap<String, Bound>, clock: &Clock) -> Self {
        let others = bounds.get(DEFAULT).map_or_else(Others::default, |default| Others {
            is_null: matches!(default.place, Place::Null),
            default_timeout: default.default_timeout,
            threshold: default.threshold.filter(|_| matches!(default.place, Place::Memory)),
        });
        let memories = Self { others, ..Self::unconfigured(clock) };
        for (name, bound) in bounds {
            if let Place::Memory = bound.place {
                memories.bind(name, memories.store(bound.threshold), bound);
            }
        }
        memories
    }

    /// The store of a name, made when it is first asked for.
    pub(crate) fn backend(&self, name: &str) -> Arc<Backend> {
        let made = self.made.lock().unwrap_or_else(PoisonError::into_inner).get(name).cloned();
        made.unwrap_or_else(|| {
            let Others { is_null, default_timeout, threshold } = self.others;
            let store = if is_null { Arc::new(NullStore::new()) } else { self.store(threshold) };
            let bound = Bound {
                place: Place::Memory,
                is_tiered: false,
                default_timeout,
                threshold,
                max_bytes: None,
                timeouts: Timeouts::default(),
                codec: Encoding::Json,
                compress_above: None,
                require: false,
                prefix: None,
            };
            self.bind(name, store, &bound)
        })
    }

    fn store(&self, threshold: Option<u64>) -> Arc<dyn Store> {
        let store = match threshold {
            Some(entries) => {
                MemoryStore::new().threshold(usize::try_from(entries).unwrap_or(usize::MAX))
            }
            None => MemoryStore::new(),
        };
        Arc::new(store.with_clock(self.clock.clone()))
    }

    /// Where another thread was faster, its store is the one.
    fn bind(&self, name: &str, store: Arc<dyn Store>, bound: &Bound) -> Arc<Backend> {
        let backend = Arc::new(Backend::of_store(name, store, bound, self.clock.clone()));
        let mut made = self.made.lock().unwrap_or_else(PoisonError::into_inner);
        Arc::clone(made.entry(name.to_owned()).or_insert(backend))
    }
}
