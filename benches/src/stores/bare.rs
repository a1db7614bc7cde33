//! The clients themselves: one command, and JSON. What every cache over them has to do at least.

use std::fs;
use std::path::PathBuf;
use std::sync::Arc;

use memcache::exp::{AsyncMetaClient, Get, MetaClient};
use redis::aio::MultiplexedConnection;
use redis::{AsyncCommands as _, Client, Commands as _, Connection};

use super::record::Record;

fn key(id: u64) -> String {
    format!("bare:record:{id}")
}

/// A connection to Redis.
pub struct Redis(Connection);

impl Redis {
    /// Connects.
    ///
    /// # Panics
    /// Where it cannot.
    #[must_use]
    pub fn connect(url: &str) -> Self {
        let client = Client::open(url).expect("a URL of Redis");
        Self(client.get_connection().expect("Redis can be reached"))
    }

    /// Stores a record.
    ///
    /// # Panics
    /// Where that fails.
    pub fn set(&mut self, id: u64) {
        let set = self.0.set_ex(key(id), Record::of(id).json(), 300);
        let () = set.expect("Redis stores a record");
    }

    /// Reads a record.
    ///
    /// # Panics
    /// Where there is none.
    pub fn get(&mut self, id: u64) -> Record {
        let json: Option<Vec<u8>> = self.0.get(key(id)).expect("Redis answers");
        Record::from_json(&json.expect("Redis has the record"))
    }
}

/// A connection to Redis that tasks share.
#[derive(Clone)]
pub struct RedisLater(MultiplexedConnection);

impl RedisLater {
    /// Connects.
    ///
    /// # Panics
    /// Where it cannot.
    pub async fn connect(url: &str) -> Self {
        let client = Client::open(url).expect("a URL of Redis");
        let connection = client.get_multiplexed_async_connection().await;
        Self(connection.expect("Redis can be reached"))
    }

    /// Reads a record.
    ///
    /// # Panics
    /// Where there is none.
    pub async fn get(mut self, id: u64) -> Record {
        let json: Option<Vec<u8>> = self.0.get(key(id)).await.expect("Redis answers");
        Record::from_json(&json.expect("Redis has the record"))
    }
}

/// A pool of connections to memcached.
pub struct Memcached(MetaClient);

impl Memcached {
    /// Makes the pool.
    ///
    /// # Panics
    /// Where the address cannot be used.
    #[must_use]
    pub fn connect(port: u16) -> Self {
        Self(MetaClient::connect(("127.0.0.1", port)).expect("an address of memcached"))
    }

    /// Stores a record.
    ///
    /// # Panics
    /// Where that fails.
    pub fn set(&self, id: u64) {
        self.0.set(key(id), Record::of(id).json()).send().expect("memcached stores a record");
    }

    /// Reads a record.
    ///
    /// # Panics
    /// Where there is none.
    #[must_use]
    pub fn get(&self, id: u64) -> Record {
        let read = self.0.run(Get::new(key(id))).expect("memcached answers");
        Record::from_json(&read.value.expect("memcached has the record"))
    }
}

/// The same, read by a task.
#[derive(Clone)]
pub struct MemcachedLater(Arc<AsyncMetaClient>);

impl MemcachedLater {
    /// Makes the pool.
    ///
    /// # Panics
    /// Where the address cannot be used.
    pub async fn connect(port: u16) -> Self {
        let client = AsyncMetaClient::connect(("127.0.0.1", port)).await;
        Self(Arc::new(client.expect("an address of memcached")))
    }

    /// Reads a record.
    ///
    /// # Panics
    /// Where there is none.
    pub async fn get(self, id: u64) -> Record {
        let read = self.0.run(Get::new(key(id))).await.expect("memcached answers");
        Record::from_json(&read.value.expect("memcached has the record"))
    }
}

/// Files in a directory.
pub struct Files(PathBuf);

impl Files {
    /// Makes the directory.
    ///
    /// # Panics
    /// Where it cannot.
    #[must_use]
    pub fn open(directory: PathBuf) -> Self {
        fs::create_dir_all(&directory).expect("a directory can be made");
        Self(directory)
    }

    /// Stores a record so that no reader sees half of one.
    ///
    /// # Panics
    /// Where that fails.
    pub fn set(&self, id: u64) {
        let (path, temporary) = (self.0.join(key(id)), self.0.join("temporary"));
        fs::write(&temporary, Record::of(id).json()).expect("a file can be written");
        fs::rename(temporary, path).expect("a file can be renamed");
    }

    /// Reads a record.
    ///
    /// # Panics
    /// Where there is none.
    #[must_use]
    pub fn get(&self, id: u64) -> Record {
        Record::from_json(&fs::read(self.0.join(key(id))).expect("the file is there"))
    }
}
