//! A store whose operations are tasks of a runtime: what the rules ask of it comes from tokio.

use std::pin::pin;
use std::sync::Arc;
use std::thread::{self, JoinHandle};
use std::time::Duration;

use cached_runtime::Error;
use cached_runtime::store::{Guard, Store, StoreFuture, Swapped};
use tokio::runtime::{Builder, Handle};
use tokio::sync::oneshot::{Sender, channel};

pub struct OnTokio<S> {
    store: Arc<S>,
    runtime: Handle,
    end: Option<Sender<()>>,
    driver: Option<JoinHandle<()>>,
}

impl<S: Store> OnTokio<S> {
    pub fn one_thread(store: S) -> Self {
        Self::new(store, Builder::new_current_thread())
    }

    pub fn two_threads(store: S) -> Self {
        let mut builder = Builder::new_multi_thread();
        builder.worker_threads(2);
        Self::new(store, builder)
    }

    fn new(store: S, mut builder: Builder) -> Self {
        let runtime = builder.enable_all().build().unwrap();
        let handle = runtime.handle().clone();
        let (end, ended) = channel();
        // A runtime of one thread works only where somebody waits on it.
        let driver = thread::spawn(move || {
            let _ = runtime.block_on(ended);
        });
        Self { store: Arc::new(store), runtime: handle, end: Some(end), driver: Some(driver) }
    }

    /// Runs an operation as a task, which ends when nobody waits for it any more.
    fn run<'a, T, F>(&self, operation: impl FnOnce(Arc<S>) -> F) -> StoreFuture<'a, T>
    where
        T: Send + 'static,
        F: Future<Output = Result<T, Error>> + Send + 'static,
    {
        let (runtime, operation) = (self.runtime.clone(), operation(Arc::clone(&self.store)));
        Box::pin(async move {
            let task = runtime.spawn(operation);
            let _abort = Abort(task.abort_handle());
            pin!(task).await.expect("an operation does not panic")
        })
    }
}

struct Abort(tokio::task::AbortHandle);

impl Drop for Abort {
    fn drop(&mut self) {
        self.0.abort();
    }
}

impl<S> Drop for OnTokio<S> {
    fn drop(&mut self) {
        drop(self.end.take());
        let driver = self.driver.take().expect("it ends once");
        assert!(driver.join().is_ok(), "the runtime ended in a panic");
    }
}

fn owned(keys: &[&str]) -> Vec<String> {
    keys.iter().map(ToString::to_string).collect()
}

fn borrowed(keys: &[String]) -> Vec<&str> {
    keys.iter().map(String::as_str).collect()
}

impl<S: Store> Store for OnTokio<S> {
    fn kind(&self) -> &'static str {
        self.store.kind()
    }

    fn get<'a>(&'a self, key: &'a str) -> StoreFuture<'a, Option<Vec<u8>>> {
        let key = key.to_owned();
        self.run(|store| async move { store.get(&key).await })
    }

    fn set<'a>(
        &'a self,
        key: &'a str,
        value: &'a [u8],
        timeout: Option<Duration>,
    ) -> StoreFuture<'a, ()> {
        let (key, value) = (key.to_owned(), value.to_vec());
        self.run(move |store| async move { store.set(&key, &value, timeout).await })
    }

    fn swap<'a>(
        &'a self,
        key: &'a str,
        guard: Guard<'a>,
        value: Option<&'a [u8]>,
        timeout: Option<Duration>,
    ) -> StoreFuture<'a, Swapped> {
        let (key, value) = (key.to_owned(), value.map(<[u8]>::to_vec));
        let (is_any, head) = match guard {
            Guard::Any => (true, None),
            Guard::Absent => (false, None),
            Guard::Head(head) => (false, Some(head.to_vec())),
        };
        self.run(move |store| async move {
            let guard = match &head {
                Some(head) => Guard::Head(head),
                None if is_any => Guard::Any,
                None => Guard::Absent,
            };
            store.swap(&key, guard, value.as_deref(), timeout).await
        })
    }

    fn delete<'a>(&'a self, key: &'a str) -> StoreFuture<'a, bool> {
        let key = key.to_owned();
        self.run(|store| async move { store.delete(&key).await })
    }

    fn get_many<'a>(&'a self, keys: &'a [&'a str]) -> StoreFuture<'a, Vec<Option<Vec<u8>>>> {
        let keys = owned(keys);
        self.run(|store| async move { store.get_many(&borrowed(&keys)).await })
    }

    fn set_many<'a>(
        &'a self,
        entries: &'a [(&'a str, &'a [u8])],
        timeout: Option<Duration>,
    ) -> StoreFuture<'a, ()> {
        let entries: Vec<_> =
            entries.iter().map(|(key, value)| ((*key).to_owned(), value.to_vec())).collect();
        self.run(move |store| async move {
            let entries: Vec<_> =
                entries.iter().map(|(key, value)| (key.as_str(), value.as_slice())).collect();
            store.set_many(&entries, timeout).await
        })
    }

    fn delete_many<'a>(&'a self, keys: &'a [&'a str]) -> StoreFuture<'a, u64> {
        let keys = owned(keys);
        self.run(|store| async move { store.delete_many(&borrowed(&keys)).await })
    }

    fn purge(&self) -> StoreFuture<'_, u64> {
        self.run(|store| async move { store.purge().await })
    }
}
