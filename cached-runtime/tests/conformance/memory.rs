//! Stores that need no server, and what their futures need: no executor.

use std::sync::Arc;

use cached_runtime::store::{MemoryStore, Store};
use cached_runtime::testing::FaultyStore;

cached_runtime::store_conformance!(memory, MemoryStore::new, || (
    MemoryStore::new(),
    MemoryStore::new()
));

cached_runtime::store_conformance!(bounded_memory, || {
    MemoryStore::new().threshold(1_000).max_bytes(1 << 30)
});

cached_runtime::store_conformance!(shared_memory, || -> Arc<dyn Store> {
    Arc::new(MemoryStore::new())
});

cached_runtime::store_conformance!(healthy_faulty, || FaultyStore::new(MemoryStore::new()));
