//! `cached` 4.1.

#![allow(clippy::unnecessary_wraps, clippy::unused_async, reason = "the body does not matter")]
#![allow(clippy::missing_errors_doc, missing_docs, reason = "generated beside each function")]

use std::path::PathBuf;
use std::sync::OnceLock;
use std::time::Duration;

use cached::macros::concurrent_cached;
use cached::{AsyncRedisCache, RedbCache, RedisCache};

use super::Places;
use super::record::Record;

const TIMEOUT: Duration = Duration::from_mins(5);

static URL: OnceLock<String> = OnceLock::new();
static DIRECTORY: OnceLock<PathBuf> = OnceLock::new();

/// Says where the stores are.
pub fn configure(places: &Places) {
    let _ = (URL.set(places.redis.url()), DIRECTORY.set(places.directory("cached")));
}

fn url() -> &'static str {
    URL.get().expect("`configure` was called")
}

async fn connect(prefix: &str) -> AsyncRedisCache<u64, Record> {
    let cache = AsyncRedisCache::builder(prefix).connection_string(url()).ttl(TIMEOUT).build();
    cache.await.expect("Redis can be reached")
}

/// In Redis.
#[concurrent_cached(
    map_error = |error| error.to_string(),
    ty = "RedisCache<u64, Record>",
    create = { RedisCache::builder("redis").connection_string(url()).ttl(TIMEOUT).build().expect("Redis can be reached") }
)]
pub fn redis(id: u64) -> Result<Record, String> {
    Ok(Record::of(id))
}

/// In Redis, from the runtime of one thread. A cache of its own, since its connection lives there.
#[concurrent_cached(
    map_error = |error| error.to_string(),
    ty = "AsyncRedisCache<u64, Record>",
    create = { connect("current").await }
)]
pub async fn redis_current(id: u64) -> Result<Record, String> {
    Ok(Record::of(id))
}

/// In Redis, from the runtime of several threads.
#[concurrent_cached(
    map_error = |error| error.to_string(),
    ty = "AsyncRedisCache<u64, Record>",
    create = { connect("multi").await }
)]
pub async fn redis_multi(id: u64) -> Result<Record, String> {
    Ok(Record::of(id))
}

/// In a `redb` file, synced when it is written.
#[concurrent_cached(
    map_error = |error| error.to_string(),
    ty = "RedbCache<u64, Record>",
    create = { RedbCache::builder("synced").disk_dir(DIRECTORY.get().expect("`configure` was called")).ttl(TIMEOUT).build().expect("a file can be made") }
)]
pub fn file(id: u64) -> Result<Record, String> {
    Ok(Record::of(id))
}

/// In a `redb` file that is not synced.
#[concurrent_cached(
    map_error = |error| error.to_string(),
    ty = "RedbCache<u64, Record>",
    create = { RedbCache::builder("unsynced").disk_dir(DIRECTORY.get().expect("`configure` was called")).durable(false).ttl(TIMEOUT).build().expect("a file can be made") }
)]
pub fn file_unsynced(id: u64) -> Result<Record, String> {
    Ok(Record::of(id))
}
