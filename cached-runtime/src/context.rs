//! What a body can say of its own load while it runs: [`current`].
//!
//! The call algorithm makes a context for each load and puts it on a stack of this thread while the
//! body runs. What was wished for is read when the load has ended (`call/`).

use std::any::Any;
use std::cell::RefCell;
use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use crate::policy::{IntoTimeout, Timeout};

thread_local! {
    /// The loads that this thread is inside of, innermost last; none for one that bypasses the cache.
    static LOADS: RefCell<Vec<Option<Arc<Context>>>> = const { RefCell::new(Vec::new()) };
}

/// Returns the load that this code is part of: of the cached function whose body called it.
///
/// Outside of any, and in the body of a call that bypasses the cache, what is said to it has no
/// effect. Cost: a lock that nobody else takes; a hit pays nothing for it.
///
/// # Examples
/// ```
/// use cached_runtime::{cached, current};
///
/// #[cached(timeout = "1h", handle)]
/// fn page(id: u64) -> String {
///     let (text, is_draft) = (format!("page {id}"), id == 7);
///     if is_draft {
///         current().do_not_store();
///     }
///     current().add_tag(format!("page:{id}"));
///     text
/// }
///
/// page(7);
/// assert_eq!(page::entry(7).peek(), None);
/// page(8);
/// assert!(page::entry(8).peek().is_some());
/// cached_runtime::invalidate_tag("page:8")?;
/// assert_eq!(page::entry(8).peek(), None);
/// # Ok::<(), cached_runtime::Error>(())
/// ```
#[must_use]
pub fn current() -> Current {
    Current(LOADS.try_with(|loads| loads.borrow().last().cloned()).ok().flatten().flatten())
}

/// The load that a body is part of: [`current()`](current).
///
/// Clones are of the same load. It can be sent to other threads and tasks that work for the body.
#[derive(Clone)]
pub struct Current(Option<Arc<Context>>);

impl Current {
    /// Sets how long the value of this load is fresh: seconds, a [`Duration`](std::time::Duration),
    /// [`Timeout::NEVER`]; not stored for zero.
    ///
    /// It takes the place of `timeout` and `timeout_of`. An `Err` or a `None` is stored no longer
    /// than for its own timeout.
    pub fn set_timeout(&self, timeout: impl IntoTimeout) {
        self.wish(|wishes| wishes.timeout = Some(timeout.into_timeout()));
    }

    /// Adds a tag to the entry of this load. An entry has at most 16; one with more, or with an empty
    /// tag, is not stored.
    ///
    /// Concurrency: an invalidation of the tag since the load began keeps its value from being
    /// stored. The first load of a `shared` function that says a tag in this way is kept in this
    /// process alone, since the store was not asked for it; `tags(..)` has no such first time.
    pub fn add_tag(&self, name: impl Into<String>) {
        let name = name.into();
        self.wish(|wishes| wishes.tags.push(name));
    }

    /// Keeps the value of this load from being stored. Callers who wait for it get it all the same.
    pub fn do_not_store(&self) {
        self.wish(|wishes| wishes.is_unstored = true);
    }

    /// Returns the value that this load is to replace, while it is of use: within `stale` or
    /// `stale_if_error`, or where it is renewed ahead of its end.
    ///
    /// `T` is what an entry holds: the content of `Ok` or `Some`; the whole result where
    /// `err_timeout` or `none_timeout` is given. Of another type there is none.
    #[must_use]
    pub fn previous<T: Clone + 'static>(&self) -> Option<T> {
        self.0.as_ref()?.previous.as_ref()?.downcast_ref().cloned()
    }

    /// Returns the previous value as that of this load, which then keeps its tags: for a source
    /// that says that nothing has changed.
    ///
    /// None where there is no previous value, of this type.
    ///
    /// # Examples
    /// ```
    /// use cached_runtime::{cached, current, testing};
    /// use std::time::Duration;
    ///
    /// #[derive(Clone, Debug, PartialEq)]
    /// struct Page {
    ///     etag: u64,
    ///     text: String,
    /// }
    ///
    /// /// None stands for `304 Not Modified`.
    /// fn fetch(if_none_match: Option<u64>) -> Option<Page> {
    ///     let page = Page { etag: 1, text: "hello".into() };
    ///     (if_none_match != Some(page.etag)).then_some(page)
    /// }
    ///
    /// #[cached(timeout = "1m", stale_if_error = "1h")]
    /// fn page() -> Page {
    ///     let previous: Option<Page> = current().previous();
    ///     match fetch(previous.map(|page| page.etag)) {
    ///         Some(page) => page,
    ///         None => current().not_modified().expect("it was asked for with its etag"),
    ///     }
    /// }
    ///
    /// testing::isolated(|| {
    ///     let first = page();
    ///     testing::clock().advance(Duration::from_secs(90));
    ///     assert_eq!(page(), first);
    /// });
    /// ```
    #[must_use]
    pub fn not_modified<T: Clone + 'static>(&self) -> Option<T> {
        let context = self.0.as_ref()?;
        let previous = self.previous()?;
        context.wishes().tags.extend_from_slice(&context.tags);
        Some(previous)
    }

    /// The load that has this context.
    pub(crate) fn of(context: Option<&Arc<Context>>) -> Self {
        Self(context.cloned())
    }

    fn wish(&self, wish: impl FnOnce(&mut Wishes)) {
        if let Some(context) = &self.0 {
            wish(&mut context.wishes());
        }
    }
}

impl fmt::Debug for Current {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Current").field("is_load", &self.0.is_some()).finish_non_exhaustive()
    }
}

/// One load, as its body sees it.
pub(crate) struct Context {
    wishes: Mutex<Wishes>,
    previous: Option<Box<dyn Any + Send + Sync>>,
    /// The tags of the previous value.
    tags: Vec<String>,
}

/// What a body has said.
#[derive(Clone, Default)]
pub(crate) struct Wishes {
    pub(crate) timeout: Option<Timeout>,
    pub(crate) tags: Vec<String>,
    pub(crate) is_unstored: bool,
}

impl Context {
    pub(crate) fn new(previous: Option<Box<dyn Any + Send + Sync>>, tags: Vec<String>) -> Self {
        Self { wishes: Mutex::default(), previous, tags }
    }

    pub(crate) fn wishes(&self) -> MutexGuard<'_, Wishes> {
        self.wishes.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// This thread is inside the body of a load.
pub(crate) struct Entered(());

impl Entered {
    /// Makes a context that of this thread until the guard is dropped.
    pub(crate) fn enter(context: Option<&Arc<Context>>) -> Self {
        // A thread whose locals are gone already loads without a context.
        let _ = LOADS.try_with(|loads| loads.borrow_mut().push(context.cloned()));
        Self(())
    }
}

impl Drop for Entered {
    fn drop(&mut self) {
        let left = LOADS.try_with(|loads| loads.borrow_mut().pop());
        drop(left);
    }
}
