//! The rules of stores, over a directory and over Redis: one server, and a Cluster. Those over memory
//! and memcached stand beside their drivers.

use std::sync::Arc;
use std::time::Duration;

use cached_runtime::store::{
    FilesystemOptions, FilesystemStore, Guard, RedisOptions, RedisStore, Store, StoreFuture,
    Swapped, Timeouts,
};
use cached_tests::servers::{Cluster, Redis};
use tempfile::TempDir;

/// A store and what it is kept in, which ends with it.
struct Kept<S, P> {
    store: S,
    _place: Arc<P>,
}

impl<S: Store, P: Send + Sync + 'static> Store for Kept<S, P> {
    fn kind(&self) -> &'static str {
        self.store.kind()
    }
    fn get<'a>(&'a self, key: &'a str) -> StoreFuture<'a, Option<Vec<u8>>> {
        self.store.get(key)
    }
    fn set<'a>(
        &'a self,
        key: &'a str,
        value: &'a [u8],
        timeout: Option<Duration>,
    ) -> StoreFuture<'a, ()> {
        self.store.set(key, value, timeout)
    }
    fn swap<'a>(
        &'a self,
        key: &'a str,
        guard: Guard<'a>,
        value: Option<&'a [u8]>,
        timeout: Option<Duration>,
    ) -> StoreFuture<'a, Swapped> {
        self.store.swap(key, guard, value, timeout)
    }
    fn add<'a>(
        &'a self,
        key: &'a str,
        value: &'a [u8],
        timeout: Option<Duration>,
    ) -> StoreFuture<'a, bool> {
        self.store.add(key, value, timeout)
    }
    fn delete<'a>(&'a self, key: &'a str) -> StoreFuture<'a, bool> {
        self.store.delete(key)
    }
    fn get_many<'a>(&'a self, keys: &'a [&'a str]) -> StoreFuture<'a, Vec<Option<Vec<u8>>>> {
        self.store.get_many(keys)
    }
    fn set_many<'a>(
        &'a self,
        entries: &'a [(&'a str, &'a [u8])],
        timeout: Option<Duration>,
    ) -> StoreFuture<'a, ()> {
        self.store.set_many(entries, timeout)
    }
    fn delete_many<'a>(&'a self, keys: &'a [&'a str]) -> StoreFuture<'a, u64> {
        self.store.delete_many(keys)
    }
    fn purge(&self) -> StoreFuture<'_, u64> {
        self.store.purge()
    }
}

/// What the rules ask for takes as long as a busy machine needs.
const PATIENT: Timeouts = Timeouts {
    connect: Duration::from_secs(5),
    read: Duration::from_secs(5),
    write: Duration::from_secs(5),
};

fn files(parent: &Arc<TempDir>, prefix: &str) -> Kept<FilesystemStore, TempDir> {
    let options = FilesystemOptions::new(parent.path().join("cache"));
    let store = FilesystemStore::open(options.prefix(prefix).timeouts(PATIENT)).unwrap();
    Kept { store, _place: Arc::clone(parent) }
}

fn directory() -> Arc<TempDir> {
    Arc::new(tempfile::tempdir().unwrap())
}

fn redis<P>(options: RedisOptions, place: &Arc<P>, prefix: &str) -> Kept<RedisStore, P> {
    let store = RedisStore::new(options.prefix(prefix).timeouts(PATIENT)).unwrap();
    Kept { store, _place: Arc::clone(place) }
}

fn one_server(server: &Arc<Redis>, prefix: &str) -> Kept<RedisStore, Redis> {
    redis(RedisOptions::new(server.url()), server, prefix)
}

fn cluster(members: &Arc<Cluster>, prefix: &str) -> Kept<RedisStore, Cluster> {
    redis(RedisOptions::cluster(members.urls()), members, prefix)
}

cached_runtime::store_conformance!(in_a_directory, || files(&directory(), "one"), || {
    let parent = directory();
    (files(&parent, "one"), files(&parent, "two"))
});

cached_runtime::store_conformance!(
    in_redis,
    || one_server(&Arc::new(Redis::start()), "one:"),
    || {
        let server = Arc::new(Redis::start());
        (one_server(&server, "one:"), one_server(&server, "two:"))
    }
);

cached_runtime::store_conformance!(
    in_a_cluster,
    || cluster(&Arc::new(Cluster::start()), "one:"),
    || {
        let members = Arc::new(Cluster::start());
        (cluster(&members, "one:"), cluster(&members, "two:"))
    }
);
