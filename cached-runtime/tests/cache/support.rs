//! What the tests share: processes, a store that fails on request, and waiting with an end.

use std::future::poll_fn;
use std::mem;
use std::pin::pin;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, mpsc};
use std::task::{Context, Poll, Wake, Waker};
use std::thread::{self, Thread};
use std::time::{Duration, Instant};

use cached_runtime::store::{Guard, MemoryStore, Store, StoreFuture, Swapped};
use cached_runtime::testing::Isolation;
use cached_runtime::{Cache, Config, Error, ErrorKind, StoreConfig, init};

/// Longer than anything here takes, unless it hangs.
pub const PATIENCE: Duration = Duration::from_secs(20);

pub fn secs(secs: u64) -> Duration {
    Duration::from_secs(secs)
}

/// A cache in an isolation of its own, over memory.
pub fn alone<T>(test: impl FnOnce(Cache) -> T) -> T {
    Isolation::new().run(|| test(Cache::named("default")))
}

/// A process that shares a store.
pub fn process(store: &Arc<impl Store>) -> Isolation {
    let isolation = Isolation::new();
    let config = Config::new().with(StoreConfig::custom(Arc::clone(store) as _));
    isolation.run(|| init(config)).expect("configured once");
    isolation
}

/// Runs a future on this thread.
pub fn block_on<T>(future: impl Future<Output = T>) -> T {
    struct Unpark(Thread);
    impl Wake for Unpark {
        fn wake(self: Arc<Self>) {
            self.0.unpark();
        }
    }
    let waker = Waker::from(Arc::new(Unpark(thread::current())));
    let mut future = pin!(future);
    let start = Instant::now();
    loop {
        if let Poll::Ready(output) = future.as_mut().poll(&mut Context::from_waker(&waker)) {
            return output;
        }
        assert!(start.elapsed() < PATIENCE, "a future did not end");
        thread::park_timeout(Duration::from_millis(50));
    }
}

/// A gate that stays shut until it is opened, and says when somebody has come to it.
pub struct Gate {
    come: mpsc::Sender<()>,
    open: Mutex<mpsc::Receiver<()>>,
}

pub struct Opener {
    come: mpsc::Receiver<()>,
    open: mpsc::Sender<()>,
}

pub fn gate() -> (Gate, Opener) {
    let (come_in, come_out) = mpsc::channel();
    let (open_in, open_out) = mpsc::channel();
    (Gate { come: come_in, open: Mutex::new(open_out) }, Opener { come: come_out, open: open_in })
}

impl Gate {
    pub fn pass(&self) {
        self.come.send(()).expect("somebody opens it");
        let open = self.open.lock().expect("nobody panics here");
        open.recv_timeout(PATIENCE).expect("it is opened in time");
    }
}

impl Opener {
    /// Waits until somebody stands at the gate.
    pub fn reached(&self) {
        self.come.recv_timeout(PATIENCE).expect("it is reached in time");
    }

    pub fn open(&self) {
        self.open.send(()).expect("somebody waits");
    }
}

/// Memory that counts how often it is asked, and is slow or fails on request.
#[derive(Default)]
pub struct Shaky {
    memory: MemoryStore,
    is_down: AtomicBool,
    is_slow: AtomicBool,
    reads: AtomicUsize,
    writes: AtomicUsize,
}

impl Shaky {
    pub fn new() -> Arc<Self> {
        Arc::default()
    }

    pub fn down(&self, is_down: bool) {
        self.is_down.store(is_down, Ordering::SeqCst);
    }

    /// Lets every answer take one more poll.
    pub fn slow(&self) {
        self.is_slow.store(true, Ordering::SeqCst);
    }

    /// Reads and writes since this was last asked for.
    pub fn trips(&self) -> (usize, usize) {
        (self.reads.swap(0, Ordering::SeqCst), self.writes.swap(0, Ordering::SeqCst))
    }

    fn ask<'a, T: Send + 'a>(
        &self,
        count: &AtomicUsize,
        ask: impl FnOnce() -> StoreFuture<'a, T>,
    ) -> StoreFuture<'a, T> {
        count.fetch_add(1, Ordering::SeqCst);
        if self.is_down.load(Ordering::SeqCst) {
            // No failure that would open the breaker, whose clock no test here turns.
            return Box::pin(async { Err(Error::new(ErrorKind::Refused, "down")) });
        }
        let answer = ask();
        if !self.is_slow.load(Ordering::SeqCst) {
            return answer;
        }
        let mut has_yielded = false;
        Box::pin(async move {
            poll_fn(|context| {
                if mem::replace(&mut has_yielded, true) {
                    return Poll::Ready(());
                }
                context.waker().wake_by_ref();
                Poll::Pending
            })
            .await;
            answer.await
        })
    }
}

impl Store for Shaky {
    fn kind(&self) -> &'static str {
        "shaky"
    }

    fn get<'a>(&'a self, key: &'a str) -> StoreFuture<'a, Option<Vec<u8>>> {
        self.ask(&self.reads, || self.memory.get(key))
    }

    fn set<'a>(
        &'a self,
        key: &'a str,
        value: &'a [u8],
        timeout: Option<Duration>,
    ) -> StoreFuture<'a, ()> {
        self.ask(&self.writes, || self.memory.set(key, value, timeout))
    }

    fn swap<'a>(
        &'a self,
        key: &'a str,
        guard: Guard<'a>,
        value: Option<&'a [u8]>,
        timeout: Option<Duration>,
    ) -> StoreFuture<'a, Swapped> {
        self.ask(&self.writes, || self.memory.swap(key, guard, value, timeout))
    }

    fn get_many<'a>(&'a self, keys: &'a [&'a str]) -> StoreFuture<'a, Vec<Option<Vec<u8>>>> {
        self.ask(&self.reads, || self.memory.get_many(keys))
    }

    fn set_many<'a>(
        &'a self,
        entries: &'a [(&'a str, &'a [u8])],
        timeout: Option<Duration>,
    ) -> StoreFuture<'a, ()> {
        self.ask(&self.writes, || self.memory.set_many(entries, timeout))
    }

    fn purge(&self) -> StoreFuture<'_, u64> {
        self.ask(&self.writes, || self.memory.purge())
    }
}
