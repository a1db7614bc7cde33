//! What `#[invalidates]` does after the body: drops entries where it succeeded.

use crate::handle::{Entry, Handle, OpaqueEntry};

/// What can be invalidated.
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot be invalidated",
    label = "neither an entry nor a cache",
    note = "name an entry as in `load_user::entry(id)`, or a whole cache as in `load_user::cache()`"
)]
pub trait Invalidate {
    /// Drops it.
    fn invalidate(&self);
}

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
