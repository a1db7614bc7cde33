//! Who calls a store: a thread, a task on a runtime of tokio, a task elsewhere.

use std::time::Duration;

use cached_runtime::store::blocking;
use cached_runtime::testing::conformance;
use tokio::runtime::{Builder, Runtime};
use tokio::time::timeout;

/// The bound of every wait.
const LIMIT: Duration = Duration::from_secs(10);

pub enum Caller {
    Thread,
    Elsewhere,
    Tokio(Runtime),
}

impl Caller {
    pub fn all() -> [Self; 4] {
        [Self::Thread, Self::Elsewhere, Self::one_thread(), Self::two_threads()]
    }

    pub fn one_thread() -> Self {
        Self::Tokio(Builder::new_current_thread().enable_all().build().unwrap())
    }

    pub fn two_threads() -> Self {
        let mut builder = Builder::new_multi_thread();
        Self::Tokio(builder.worker_threads(2).enable_all().build().unwrap())
    }

    /// Waits for a future as this caller does.
    pub fn wait<T>(&self, future: impl Future<Output = T>) -> T {
        match self {
            Self::Thread => blocking(|| conformance::wait(future)),
            Self::Elsewhere => conformance::wait(future),
            Self::Tokio(runtime) => runtime.block_on(async {
                timeout(LIMIT, future).await.expect("the store answers within 10 seconds")
            }),
        }
    }
}
