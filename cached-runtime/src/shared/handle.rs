//! The cache of a shared function as a value.

use std::fmt;

use crate::error::Error;
use crate::handle::Handle;
use crate::policy::IntoTimeout;
use crate::remote::wait;
use crate::site::{Instance, Site};
use crate::stats::Stats;

use super::link::Link;

/// The cache of a `shared` function: `f::cache()`.
///
/// As [`Handle`], but `clear` also clears the store, and says where that failed.
#[derive(Clone, Copy)]
pub struct SharedHandle {
    handle: Handle,
    site: &'static Site,
    /// The only instantiation; none for a function that has several.
    instance: Option<Instance>,
}

impl SharedHandle {
    /// The cache of a function. For generated code.
    #[doc(hidden)]
    #[must_use]
    pub const fn new_shared(site: &'static Site, instance: Option<Instance>) -> Self {
        Self { handle: Handle::new(site), site, instance }
    }

    /// Makes every entry, in memory and in the store, count for nothing, and every load that is
    /// under way, in whatever process. Of a generic function: those of the instantiations that
    /// this process has called.
    ///
    /// Concurrency: a call that begins after this returned sees no value whose body began before
    /// it; in another process's memory, once the message has come, and within five seconds where
    /// none can. Cost: one write to the store, however many entries there are; what they occupy is
    /// free when they expire.
    ///
    /// # Errors
    /// Where the store could not be told. It is told as soon as it can be, as long as this process
    /// lives; until then no call of this process reads its entries from it.
    pub fn clear(&self) -> Result<(), Error> {
        wait(self.clear_async())
    }

    /// As [`clear`](Self::clear), for tasks.
    pub async fn clear_async(&self) -> Result<(), Error> {
        let mut links = self.handle.links();
        if links.is_empty() {
            // This process has not called it yet; others may have.
            links.extend(self.site.state(|_, clock| {
                let instance = self.instance?;
                self.site.link(instance, &instance.policy(), clock)
            }));
        }
        self.handle.clear_memory();
        let mut result = Ok(());
        for link in &links {
            result = result.and(Link::clear(link).await);
        }
        self.handle.forget();
        result
    }

    /// As [`Handle::stats`]. `entries` are those in this process; `store_errors` counts failures
    /// of the store, and entries of it that could not be used.
    #[must_use]
    pub fn stats(&self) -> Stats {
        self.handle.stats()
    }

    /// As [`Handle::len`]: entries in this process.
    #[must_use]
    pub fn len(&self) -> usize {
        self.handle.len()
    }

    /// As [`Handle::is_empty`].
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.handle.is_empty()
    }

    /// As [`Handle::name`]: what every process calls it by.
    #[must_use]
    pub fn name(&self) -> String {
        self.handle.name()
    }

    /// As [`Handle::version`].
    #[must_use]
    pub const fn version(&self) -> u32 {
        self.handle.version()
    }

    /// As [`Handle::purge`]: drops expired entries in this process.
    #[expect(clippy::must_use_candidate, reason = "called for its effect")]
    pub fn purge(&self) -> usize {
        self.handle.purge()
    }

    /// As [`Handle::set_timeout`].
    pub fn set_timeout(&self, timeout: impl IntoTimeout) {
        self.handle.set_timeout(timeout);
    }

    /// As [`Handle::disable`].
    pub fn disable(&self) {
        self.handle.disable();
    }

    /// As [`Handle::enable`].
    pub fn enable(&self) {
        self.handle.enable();
    }
}

impl fmt::Debug for SharedHandle {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SharedHandle").field("name", &self.name()).finish_non_exhaustive()
    }
}
