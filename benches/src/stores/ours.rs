//! This crate. Every function is the same but for where its entries are.

#![allow(clippy::unused_async, reason = "the body does not matter")]

use std::sync::Arc;

use cached_runtime::{Config, StoreConfig, cached, init};

use super::Places;
use super::record::Record;

/// Says which store is which.
///
/// # Panics
/// Where one cannot be used, or a configuration is in force already.
pub fn configure(places: &Places) {
    let redis = || StoreConfig::redis(places.redis.url());
    let config = Config::new()
        .store("redis", redis())
        .store("tiered", redis().tiered().prefix("tiered"))
        .store(
            "memcached",
            StoreConfig::memcached([format!("127.0.0.1:{}", places.memcached.port())]),
        )
        .store("files", StoreConfig::filesystem(places.directory("ours")));
    init(config).expect("the stores can be used");
}

/// In Redis.
#[cached(store = "redis", local = false, key = "record:{id}", handle)]
#[must_use]
pub fn redis(id: u64) -> Record {
    Record::of(id)
}

/// In Redis, later.
#[cached(store = "redis", local = false, key = "record:{id}", handle)]
pub async fn redis_later(id: u64) -> Record {
    Record::of(id)
}

/// In memcached.
#[cached(store = "memcached", local = false, key = "record:{id}", handle)]
#[must_use]
pub fn memcached(id: u64) -> Record {
    Record::of(id)
}

/// In memcached, later.
#[cached(store = "memcached", local = false, key = "record:{id}", handle)]
pub async fn memcached_later(id: u64) -> Record {
    Record::of(id)
}

/// In files.
#[cached(store = "files", local = false, key = "record:{id}", handle)]
#[must_use]
pub fn files(id: u64) -> Record {
    Record::of(id)
}

/// In files, later.
#[cached(store = "files", local = false, key = "record:{id}", handle)]
pub async fn files_later(id: u64) -> Record {
    Record::of(id)
}

/// In memory, and in Redis behind it.
#[cached(store = "tiered", key = "record:{id}", handle)]
#[must_use]
pub fn tiered(id: u64) -> Arc<Record> {
    Record::of(id).into()
}

/// In memory.
#[cached(key = "record:{id}", handle)]
#[must_use]
pub fn memory(id: u64) -> Arc<Record> {
    Record::of(id).into()
}
