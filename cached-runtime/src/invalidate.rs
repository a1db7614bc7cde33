//! What `#[invalidates]` does after the body: drops entries where it succeeded.

use std::pin::Pin;

#[cfg(feature = "json")]
use crate::bindings;
use crate::error::Error;
use crate::handle::{Entry, Handle, OpaqueEntry};
use crate::key::text::Text;
use crate::remote::wait;
use crate::tag::{self, Tags};

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

/// A tag.
pub struct Tagged(String);

impl Tagged {
    /// The tag of a name. One that names nothing invalidates nothing.
    #[must_use]
    pub fn new(name: Option<Text<'_>>) -> Self {
        Self(name.map_or_else(String::new, |name| name.as_str().to_owned()))
    }
}

/// Where a store fails, it is told later.
impl Invalidate for Tagged {
    fn invalidate(&self) {
        drop(invalidate_tag(&self.0));
    }
    fn invalidating(&self) -> Option<Invalidating<'_>> {
        Some(Box::pin(async { drop(invalidate_tag_async(&self.0).await) }))
    }
}

/// Makes every entry that carries a tag count for nothing: of every function of this program, in
/// memory and in the stores that it has bound, and every load of one that is under way.
///
/// Concurrency: a call that begins after this returned sees no entry with the tag whose load began
/// before it; in another process's memory, once the message has come, and within five seconds where
/// none can. Cost: constant time and two writes to each store, however many entries there are. This
/// thread waits for the stores, at most one operation timeout for each write; in tasks use
/// [`invalidate_tag_async`].
///
/// # Errors
/// Where a store could not be told. It is told as soon as it can be, as long as this process lives;
/// until then no call of this process reads entries with the tag from it.
///
/// # Examples
/// ```
/// use cached_runtime::{cached, invalidate_tag};
///
/// #[cached(tags("user:{id}", "names"), handle)]
/// fn name_of(id: u64) -> String {
///     format!("user {id}")
/// }
///
/// (name_of(1), name_of(2));
/// invalidate_tag("user:1")?;
/// assert_eq!((name_of::entry(1).peek(), name_of::entry(2).peek()), (None, Some("user 2".into())));
/// invalidate_tag("names")?;
/// assert_eq!(name_of::entry(2).peek(), None);
/// # Ok::<(), cached_runtime::Error>(())
/// ```
pub fn invalidate_tag(tag: &str) -> Result<(), Error> {
    wait(invalidate_tag_async(tag))
}

/// As [`invalidate_tag`], for tasks.
///
/// # Errors
/// As of [`invalidate_tag`].
pub async fn invalidate_tag_async(tag: &str) -> Result<(), Error> {
    end_tag(tag, End::Hard).await
}

/// Ends the freshness of every entry that carries a tag: the soft form of [`invalidate_tag`].
///
/// Such an entry is stale from now on: a function with `stale` or `stale_if_error` may still answer
/// with it, for as long after this as it might after its timeout; but never for longer than it might
/// have without. For other functions this is [`invalidate_tag`].
///
/// # Errors
/// As of [`invalidate_tag`].
///
/// # Examples
/// ```
/// use cached_runtime::{cached, expire_tag};
///
/// #[cached(stale = "1m", tags("names"), handle)]
/// fn name_of(id: u64) -> String {
///     format!("user {id}")
/// }
///
/// name_of(1);
/// expire_tag("names")?;
/// name_of(1); // answered at once, and loaded in the background
/// assert_eq!(name_of::cache().stats().stale_hits, 1);
/// # Ok::<(), cached_runtime::Error>(())
/// ```
pub fn expire_tag(tag: &str) -> Result<(), Error> {
    wait(expire_tag_async(tag))
}

/// As [`expire_tag`], for tasks.
///
/// # Errors
/// As of [`invalidate_tag`].
pub async fn expire_tag_async(tag: &str) -> Result<(), Error> {
    end_tag(tag, End::Soft).await
}

/// What becomes of the entries that carry a tag.
#[derive(Clone, Copy)]
enum End {
    /// They count for nothing.
    Hard,
    /// They are stale.
    Soft,
}

impl End {
    fn apply(self, tags: &Tags, tag: &str) {
        match self {
            Self::Hard => tags.invalidate(tag),
            Self::Soft => tags.soften(tag),
        }
    }
}

#[cfg_attr(
    not(feature = "json"),
    expect(clippy::unused_async, reason = "without a codec there is no store to tell")
)]
async fn end_tag(tag: &str, end: End) -> Result<(), Error> {
    if tag.is_empty() {
        return Ok(());
    }
    let tags = tag::current();
    end.apply(&tags, tag);
    #[cfg(feature = "json")]
    if let Some(settings) = bindings::current() {
        let mut result = Ok(());
        for backend in settings.backends() {
            let told = match end {
                End::Hard => backend.invalidate_tag(tag).await,
                End::Soft => backend.expire_tag(tag).await,
            };
            result = result.and(told);
        }
        // What has come from a store meanwhile.
        end.apply(&tags, tag);
        return result;
    }
    Ok(())
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
