//! For tests: caches of one's own, a clock to turn, and assertions on hits and misses.
//!
//! Needs the feature `testing`; without it none of this is compiled, and a call looks for none of
//! it. A test that runs inside [`isolated`] shares no entry with any other, so tests may run side
//! by side.
//!
//! # Examples
//! ```
//! use std::time::Duration;
//! use cached_runtime::{cached, hit, miss, testing};
//!
//! #[cached(timeout = "1m")]
//! fn double(n: u64) -> u64 {
//!     n * 2
//! }
//!
//! testing::isolated(|| {
//!     miss!(double(4), 8);
//!     hit!(double(4), 8);
//!     testing::clock().advance(Duration::from_secs(60));
//!     miss!(double(4), 8);
//! });
//! ```

#[cfg(feature = "json")]
pub mod conformance;
#[cfg(feature = "json")]
mod faulty;

use std::cell::{Cell, RefCell};
use std::collections::HashMap;
use std::future::poll_fn;
use std::pin::pin;
use std::ptr;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use crate::background::Background;
use crate::bindings::{self, Settings};
#[cfg(feature = "json")]
use crate::cache::Named;
use crate::clock::Clock;
use crate::error::Error;
use crate::outcome::Outcome;
use crate::random::Random;
use crate::site::{Site, SiteState};
use crate::tag::Tags;

pub use crate::clock::ManualClock;
#[cfg(feature = "json")]
pub use faulty::FaultyStore;

thread_local! {
    static CURRENT: RefCell<Option<Isolation>> = const { RefCell::new(None) };
    static LAST: Cell<Option<Outcome>> = const { Cell::new(None) };
}

/// The caches and the clock of one isolated test. Clones are the same isolation.
///
/// [`isolated`] covers the thread it runs on. A test that starts threads or tasks hands them its
/// isolation:
///
/// ```
/// use cached_runtime::{cached, hit, miss, testing};
///
/// #[cached]
/// fn double(n: u64) -> u64 {
///     n * 2
/// }
///
/// testing::isolated(|| {
///     miss!(double(4), 8);
///     let isolation = testing::isolation();
///     std::thread::spawn(move || isolation.run(|| hit!(double(4), 8))).join().unwrap();
/// });
/// ```
#[derive(Clone)]
pub struct Isolation(Arc<Inner>);

struct Inner {
    clock: ManualClock,
    /// By the address of the site, which is a static.
    sites: Mutex<HashMap<usize, Arc<SiteState>>>,
    /// What `init` was called with in here.
    settings: Mutex<Option<Arc<Settings>>>,
    tags: Arc<Tags>,
    /// Set by `seed`.
    random: Mutex<Option<Random>>,
    background: Arc<Background>,
    #[cfg(feature = "json")]
    caches: Mutex<HashMap<&'static str, Arc<Named>>>,
}

impl Isolation {
    /// Makes empty caches for every function, and a clock that shows zero.
    #[must_use]
    pub fn new() -> Self {
        Self(Arc::new(Inner {
            clock: ManualClock::new(),
            sites: Mutex::default(),
            settings: Mutex::default(),
            tags: Arc::new(Tags::new()),
            random: Mutex::default(),
            background: Arc::new(Background::new()),
            #[cfg(feature = "json")]
            caches: Mutex::default(),
        }))
    }

    /// Runs code on this thread in which cached functions use these caches and this clock.
    pub fn run<T>(&self, code: impl FnOnce() -> T) -> T {
        struct Leave(Option<Isolation>);
        impl Drop for Leave {
            fn drop(&mut self) {
                CURRENT.set(self.0.take());
            }
        }
        let _leave = Leave(CURRENT.replace(Some(self.clone())));
        code()
    }

    /// The same for a future, on whichever threads it is polled.
    pub async fn run_async<F: Future>(&self, future: F) -> F::Output {
        let mut future = pin!(future);
        poll_fn(|context| self.run(|| future.as_mut().poll(context))).await
    }

    /// Returns the clock of these caches.
    #[must_use]
    pub fn clock(&self) -> ManualClock {
        self.0.clock.clone()
    }

    pub(crate) fn configure(&self, settings: Settings) -> Result<(), Error> {
        let mut present = self.0.settings.lock().unwrap_or_else(PoisonError::into_inner);
        match *present {
            Some(_) => Err(bindings::already()),
            None => {
                *present = Some(Arc::new(settings));
                Ok(())
            }
        }
    }

    pub(crate) fn settings(&self) -> Option<Arc<Settings>> {
        self.0.settings.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Makes jitter and early refreshes in here repeat themselves: with the same seed, the same
    /// calls draw the same numbers.
    pub fn seed(&self, seed: u64) {
        *self.random() = Some(Random::seeded(seed));
    }

    pub(crate) fn draw(&self) -> Option<f64> {
        self.random().as_mut().map(Random::draw)
    }

    fn random(&self) -> MutexGuard<'_, Option<Random>> {
        self.0.random.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(crate) fn tags(&self) -> Arc<Tags> {
        Arc::clone(&self.0.tags)
    }

    pub(crate) fn background(&self) -> Arc<Background> {
        Arc::clone(&self.0.background)
    }

    /// What a `Cache` of this name is in here.
    #[cfg(feature = "json")]
    pub(crate) fn cache(&self, name: &'static str) -> Arc<Named> {
        let mut caches = self.0.caches.lock().unwrap_or_else(PoisonError::into_inner);
        let make = || Arc::new(Named::new(name, &Clock::Manual(self.clock())));
        Arc::clone(caches.entry(name).or_insert_with(make))
    }

    pub(crate) fn state_of(&self, site: &'static Site) -> (Arc<SiteState>, Clock) {
        let mut sites = self.0.sites.lock().unwrap_or_else(PoisonError::into_inner);
        let state =
            sites.entry(ptr::from_ref(site).addr()).or_insert_with(|| Arc::new(SiteState::new()));
        (Arc::clone(state), Clock::Manual(self.clock()))
    }
}

impl Default for Isolation {
    fn default() -> Self {
        Self::new()
    }
}

/// Runs code in which every cached function has fresh caches and a [`ManualClock`] of its own.
pub fn isolated<T>(code: impl FnOnce() -> T) -> T {
    Isolation::new().run(code)
}

/// The same for a future. Tasks it spawns are outside, unless they run in its [`isolation`].
pub async fn isolated_async<F: Future>(future: F) -> F::Output {
    Isolation::new().run_async(future).await
}

/// Returns the isolation this code runs in.
///
/// # Panics
/// Outside of any, since a test that meant to be isolated would not be.
#[must_use]
pub fn isolation() -> Isolation {
    current().expect("called inside `testing::isolated`")
}

/// Returns the clock of the isolation this code runs in.
///
/// # Panics
/// Outside of any, since no clock there can be turned.
#[must_use]
pub fn clock() -> ManualClock {
    isolation().clock()
}

/// Waits until no background load runs that this isolation started.
///
/// Blocks this thread. Where that keeps a load from going on, as in a test of tokio on one thread, use
/// [`settle_async`].
///
/// # Panics
/// Outside of any isolation, and where a load still runs after 10 seconds.
pub fn settle() {
    settled(isolation().background().wait(SETTLE));
}

/// The same as [`settle`] for tasks.
///
/// # Panics
/// As [`settle`].
pub async fn settle_async() {
    let background = isolation().background();
    settled(background.wait_async(SETTLE).await);
}

/// How long background loads of a test may take.
const SETTLE: Duration = Duration::from_secs(10);

fn settled(left: usize) {
    assert!(left == 0, "{left} background loads still run after 10 seconds; do they hang?");
}

/// Returns how the last cached call on this thread was answered, and forgets it.
#[must_use]
pub fn last_outcome() -> Option<Outcome> {
    LAST.take()
}

pub(crate) fn record(outcome: Outcome) {
    let _ = LAST.try_with(|last| last.set(Some(outcome)));
}

pub(crate) fn current() -> Option<Isolation> {
    CURRENT.try_with(|current| current.borrow().clone()).ok().flatten()
}

/// Asserts that a call is answered with an entry, and what it returns.
///
/// `hit!(f(1), 2)`; `hit!(f(1))` returns the value. An `async` call is written with its `.await`.
#[macro_export]
macro_rules! hit {
    ($call:expr $(,)?) => {
        $crate::__answered!(is_hit, "a hit", $call)
    };
    ($call:expr, $value:expr $(,)?) => {
        ::core::assert_eq!($crate::hit!($call), $value)
    };
}

/// Asserts that a call is answered with an entry whose freshness has ended, and what it returns.
///
/// `stale!(f(1), 2)`; `stale!(f(1))` returns the value. An `async` call is written with its `.await`.
#[macro_export]
macro_rules! stale {
    ($call:expr $(,)?) => {
        $crate::__answered!(is_stale, "a stale hit", $call)
    };
    ($call:expr, $value:expr $(,)?) => {
        ::core::assert_eq!($crate::stale!($call), $value)
    };
}

/// Asserts that a call is answered by a load, and what it returns.
///
/// `miss!(f(1), 2)`; `miss!(f(1))` returns the value. An `async` call is written with its `.await`.
#[macro_export]
macro_rules! miss {
    ($call:expr $(,)?) => {
        $crate::__answered!(is_miss, "a miss", $call)
    };
    ($call:expr, $value:expr $(,)?) => {
        ::core::assert_eq!($crate::miss!($call), $value)
    };
}

#[doc(hidden)]
#[macro_export]
macro_rules! __answered {
    ($is:ident, $wanted:literal, $call:expr) => {{
        let _ = $crate::testing::last_outcome();
        let value = $call;
        let outcome = $crate::testing::last_outcome();
        ::core::assert!(
            outcome.is_some_and(|outcome| outcome.$is()),
            "expected `{}` to be {}, and it was {:?}",
            ::core::stringify!($call),
            $wanted,
            outcome,
        );
        value
    }};
}
