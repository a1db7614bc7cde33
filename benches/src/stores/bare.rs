//! The clients themselves: one command, and JSON. What every cache over them has to do at least.

use std::fs;
use std::path::PathBuf;

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
        let json: Vec<u8> = self.0.get(key(id)).expect("Redis has the record");
        Record::from_json(&json)
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
        let json: Vec<u8> = self.0.get(key(id)).await.expect("Redis has the record");
        Record::from_json(&json)
    }
}

/// memcached.
pub struct Memcached(memcache::Client);

impl Memcached {
    /// Connects.
    ///
    /// # Panics
    /// Where it cannot.
    #[must_use]
    pub fn connect(port: u16) -> Self {
        let url = format!("memcache://127.0.0.1:{port}?protocol=ascii");
        Self(memcache::connect(url).expect("memcached can be reached"))
    }

    /// Stores a record.
    ///
    /// # Panics
    /// Where that fails.
    pub fn set(&self, id: u64) {
        let json = Record::of(id).json();
        self.0.set(&key(id), &json[..], 300).expect("memcached stores a record");
    }

    /// Reads a record.
    ///
    /// # Panics
    /// Where there is none.
    #[must_use]
    pub fn get(&self, id: u64) -> Record {
        let json: Option<Vec<u8>> = self.0.get(&key(id)).expect("memcached answers");
        Record::from_json(&json.expect("memcached has the record"))
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
