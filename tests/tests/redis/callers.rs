//! Who calls a store: a thread, a task on tokio, a task elsewhere. Each goes through another door.

use std::time::Duration;

use cached_runtime::store::{RedisOptions, RedisStore, blocking};
use futures_lite::future::block_on;
use tokio::runtime::{Builder, Runtime};

/// The bound of every wait.
const LIMIT: Duration = Duration::from_secs(20);

pub enum Caller {
    Thread,
    Tokio(Runtime),
    Elsewhere,
}

impl Caller {
    pub fn all() -> [Self; 3] {
        [Self::Thread, Self::tokio(), Self::Elsewhere]
    }

    pub fn tokio() -> Self {
        Self::Tokio(Builder::new_current_thread().enable_all().build().unwrap())
    }

    /// Waits for a future as this caller does.
    pub fn wait<T>(&self, future: impl Future<Output = T>) -> T {
        match self {
            Self::Thread => blocking(|| block_on(future)),
            Self::Tokio(runtime) => runtime.block_on(async {
                tokio::time::timeout(LIMIT, future).await.expect("the store answers")
            }),
            Self::Elsewhere => block_on(future),
        }
    }
}

/// A store at `url`.
pub fn store(url: impl Into<String>) -> RedisStore {
    RedisStore::new(RedisOptions::new(url)).unwrap()
}

/// A value of a length that a store must take, told from others by its first byte.
pub fn value(first: u8) -> Vec<u8> {
    let mut value = vec![b'.'; 40];
    value[0] = first;
    value
}
