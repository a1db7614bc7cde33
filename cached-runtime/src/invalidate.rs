//! What `#[invalidates]` does after the body: drops entries where it succeeded.

use std::pin::Pin;

use crate::handle::{Entry, Handle, OpaqueEntry};

/// What can be invalidated.
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot be invalidated",
    label = "neither an entry nor a cache",
    note = "name an entry as in `load_user::entry(id)`, or a whole cache as in `load_user::cache()`"
)]
pub trait Invalidate: Sync {
    /// Drops it.
    fn invalidate(&self);
    /// The same for tasks, where it takes time.
    fn invalidating(&self) -> Option<Invalidating<'_>> {
        self.invalidate();
        None
    }
}

/// An invalidation that has to ask a store.
pub type Invalidating<'a> = Pin<Box<dyn Future<Output = ()> + Send + 'a>>;

impl<R> Invalidate for Entry<R> {
    fn invalidate(&self) {
        Self::invalidate(self);
    }
}

impl Invalidate for OpaqueEntry {
    fn invalidate(&self) {
        Self::invalidate(self);
    }
}

/// The whole cache.
impl Invalidate for Handle {
    fn invalidate(&self) {
        self.clear();
    }
}

/// Where the store fails, it is told later.
#[cfg(feature = "json")]
impl<R> Invalidate for crate::SharedEntry<R> {
    fn invalidate(&self) {
        drop(Self::invalidate(self));
    }
    fn invalidating(&self) -> Option<Invalidating<'_>> {
        Some(Box::pin(async { drop(self.invalidate_async().await) }))
    }
}

/// The whole cache. Where the store fails, it is told later.
#[cfg(feature = "json")]
impl Invalidate for crate::SharedHandle {
    fn invalidate(&self) {
        drop(self.clear());
    }
    fn invalidating(&self) -> Option<Invalidating<'_>> {
        Some(Box::pin(async { drop(self.clear_async().await) }))
    }
}

/// Runs the body of a function. It may hand on what it captured, since it runs once.
#[inline]
pub fn once<R>(body: impl FnOnce() -> R) -> R {
    body()
}

/// Drops `targets` where the function succeeded.
pub fn invalidate(succeeded: bool, targets: &[&dyn Invalidate]) {
    if succeeded {
        for target in targets {
            target.invalidate();
        }
    }
}

/// The same for an `async` function.
pub async fn invalidate_async(succeeded: bool, targets: &[&dyn Invalidate]) {
    if succeeded {
        for target in targets {
            if let Some(invalidating) = target.invalidating() {
                invalidating.await;
            }
        }
    }
}

/// The result of a function that invalidates.
pub struct Success<'r, R>(pub &'r R);

/// `Result`, of which only `Ok` is a success.
pub trait SucceedsByShape {
    /// Whether the function succeeded.
    fn is_success(&self) -> bool;
}

impl<T, E> SucceedsByShape for &Success<'_, Result<T, E>> {
    fn is_success(&self) -> bool {
        self.0.is_ok()
    }
}

impl<R> Success<'_, R> {
    /// Any other result is a success.
    #[must_use]
    pub fn is_success(&self) -> bool {
        true
    }
}
