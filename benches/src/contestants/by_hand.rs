//! What one writes without an attribute: a plain map (the floor), `quick_cache` and `moka`.

use std::fmt::{self, Write as _};
use std::hash::Hash;
use std::sync::Arc;
use std::time::Duration;

use coarsetime::Instant;
use quick_cache::Equivalent;

use crate::keys::Key;

/// An owned key.
#[derive(Clone, Debug, Hash, PartialEq, Eq)]
pub struct Owned(pub u64, pub String);

/// The same, borrowed.
#[derive(Debug, Hash)]
pub struct Borrowed<'a>(pub u64, pub &'a str);

impl Equivalent<Owned> for Borrowed<'_> {
    fn equivalent(&self, key: &Owned) -> bool {
        self.0 == key.0 && self.1 == key.1
    }
}

/// A plain map without expiry or lock: the floor of a hit.
pub type Map<K, V> = hashbrown::HashMap<K, V>;

/// `quick_cache` with entries that carry their end.
#[derive(Debug)]
pub struct Quick<K, V>(quick_cache::sync::Cache<K, (V, Instant)>);

impl<K: Hash + Eq, V: Clone> Quick<K, V> {
    /// Room for 10,000 entries, filled with `entries`.
    pub fn filled(entries: impl Iterator<Item = (K, V)>) -> Self {
        let cache = quick_cache::sync::Cache::new(10_000);
        let end = Instant::now() + coarsetime::Duration::from_secs(300);
        entries.for_each(|(key, value)| cache.insert(key, (value, end)));
        Self(cache)
    }

    /// Looks a key up.
    pub fn get<Q: Equivalent<K> + Hash + ?Sized>(&self, key: &Q) -> Option<V> {
        let (value, end) = self.0.get(key)?;
        (Instant::now_without_cache_update() < end).then_some(value)
    }
}

/// `moka` with a time to live.
#[must_use]
pub fn moka<K, V>(entries: impl Iterator<Item = (K, V)>) -> moka::sync::Cache<K, V>
where
    K: Hash + Eq + Send + Sync + 'static,
    V: Clone + Send + Sync + 'static,
{
    let life = Duration::from_mins(5);
    let cache = moka::sync::Cache::builder().max_capacity(10_000).time_to_live(life).build();
    entries.for_each(|(key, value)| cache.insert(key, value));
    cache
}

/// `moka` for tasks, with a time to live.
#[must_use]
pub fn moka_future<K, V>() -> moka::future::Cache<K, V>
where
    K: Hash + Eq + Send + Sync + 'static,
    V: Clone + Send + Sync + 'static,
{
    let life = Duration::from_mins(5);
    moka::future::Cache::builder().max_capacity(10_000).time_to_live(life).build()
}

/// The entries by tuple.
pub fn tuples(keys: &[Key]) -> impl Iterator<Item = (Owned, Arc<str>)> {
    keys.iter().map(|key| (Owned(key.id, key.name.clone()), key.name.as_str().into()))
}

/// The entries by text.
pub fn texts(keys: &[Key]) -> impl Iterator<Item = (String, Arc<str>)> {
    keys.iter().map(|key| (format!("user:{}:{}", key.id, key.name), key.name.as_str().into()))
}

/// The entries by number.
pub fn integers(keys: &[Key]) -> impl Iterator<Item = (u64, u64)> {
    keys.iter().map(|key| (key.id, key.id * 2))
}

/// Text in a buffer on the stack.
#[derive(Debug)]
pub struct Stack {
    bytes: [u8; 128],
    len: usize,
}

impl Stack {
    /// Writes the template's key by hand.
    #[must_use]
    pub fn key(id: u64, name: &str) -> Self {
        let mut stack = Self { bytes: [0; 128], len: 0 };
        let _ = write!(stack, "user:{id}:{name}");
        stack
    }

    /// What was written.
    #[must_use]
    pub fn text(&self) -> &str {
        std::str::from_utf8(&self.bytes[..self.len]).unwrap_or_default()
    }
}

impl fmt::Write for Stack {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        let end = self.len + text.len();
        self.bytes.get_mut(self.len..end).ok_or(fmt::Error)?.copy_from_slice(text.as_bytes());
        self.len = end;
        Ok(())
    }
}
