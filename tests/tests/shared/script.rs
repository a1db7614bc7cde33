//! A store in which something happens just before one of its operations, so that two callers meet
//! in every order there is. It carries messages where that is asked for.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, Weak};
use std::time::Duration;

use cached_runtime::store::{Bus, Guard, Listener, MemoryStore, Store, StoreFuture, Swapped};
use cached_runtime::testing::Isolation;
use cached_runtime::{StoreConfig, init};

type Work = Box<dyn FnOnce() + Send>;

/// Clones are the same store.
#[derive(Clone)]
pub(crate) struct Script(Arc<Inner>);

struct Inner {
    store: MemoryStore,
    has_bus: bool,
    /// What happens, after how many more operations.
    due: Mutex<Option<(usize, Work)>>,
    listeners: Mutex<Vec<Weak<dyn Listener>>>,
}

impl Script {
    pub(crate) fn new() -> Self {
        Self::of(MemoryStore::new(), false)
    }

    /// One that carries messages: each has come before `publish` returns.
    pub(crate) fn with_bus() -> Self {
        Self::over(MemoryStore::new())
    }

    /// The same over a store.
    pub(crate) fn over(store: MemoryStore) -> Self {
        Self::of(store, true)
    }

    fn of(store: MemoryStore, has_bus: bool) -> Self {
        let (due, listeners) = (Mutex::default(), Mutex::default());
        Self(Arc::new(Inner { store, has_bus, due, listeners }))
    }

    pub(crate) fn process(&self) -> Isolation {
        self.process_with(|store| store)
    }

    pub(crate) fn tiered(&self) -> Isolation {
        self.process_with(StoreConfig::tiered)
    }

    fn process_with(&self, configure: impl FnOnce(StoreConfig) -> StoreConfig) -> Isolation {
        let process = Isolation::new();
        let config = configure(StoreConfig::custom(Arc::new(self.clone())));
        process.run(|| init(config.into())).expect("the configuration is valid");
        process
    }

    /// Lets something happen in the middle of `run`, before the operation of this number. Says
    /// whether there were so many.
    pub(crate) fn meanwhile(
        &self,
        step: usize,
        work: impl FnOnce() + Send + 'static,
        run: impl FnOnce(),
    ) -> bool {
        let happened = Arc::new(AtomicBool::new(false));
        let happens = Arc::clone(&happened);
        let work = move || {
            work();
            happens.store(true, Ordering::SeqCst);
        };
        *self.0.due.lock().unwrap() = Some((step, Box::new(work)));
        run();
        self.0.due.lock().unwrap().take();
        happened.load(Ordering::SeqCst)
    }

    fn step(&self) {
        let mut due = self.0.due.lock().unwrap();
        let work = match due.as_mut() {
            Some((0, _)) => due.take(),
            Some((steps, _)) => {
                *steps -= 1;
                None
            }
            None => None,
        };
        drop(due);
        if let Some((_, work)) = work {
            work();
        }
    }
}

/// Several keys are read one by one, which makes for more orders.
impl Store for Script {
    fn kind(&self) -> &'static str {
        "script"
    }

    fn get<'a>(&'a self, key: &'a str) -> StoreFuture<'a, Option<Vec<u8>>> {
        Box::pin(async move {
            self.step();
            self.0.store.get(key).await
        })
    }

    fn set<'a>(
        &'a self,
        key: &'a str,
        value: &'a [u8],
        timeout: Option<Duration>,
    ) -> StoreFuture<'a, ()> {
        Box::pin(async move {
            self.step();
            self.0.store.set(key, value, timeout).await
        })
    }

    fn swap<'a>(
        &'a self,
        key: &'a str,
        guard: Guard<'a>,
        value: Option<&'a [u8]>,
        timeout: Option<Duration>,
    ) -> StoreFuture<'a, Swapped> {
        Box::pin(async move {
            self.step();
            self.0.store.swap(key, guard, value, timeout).await
        })
    }

    fn purge(&self) -> StoreFuture<'_, u64> {
        self.0.store.purge()
    }

    fn bus(&self) -> Option<&dyn Bus> {
        self.0.has_bus.then_some(self)
    }
}

impl Bus for Script {
    fn publish<'a>(&'a self, message: &'a [u8]) -> StoreFuture<'a, ()> {
        Box::pin(async move {
            self.step();
            let listeners = self.0.listeners.lock().unwrap().clone();
            listeners.iter().filter_map(Weak::upgrade).for_each(|heard| heard.message(message));
            Ok(())
        })
    }

    fn subscribe(&self, listener: Weak<dyn Listener>) {
        if let Some(listener) = listener.upgrade() {
            listener.connected();
        }
        self.0.listeners.lock().unwrap().push(listener);
    }
}
