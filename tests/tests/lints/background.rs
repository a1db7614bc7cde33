//! Functions that load in the background, under every lint.

use std::fmt::Display;
use std::sync::Arc;
use std::time::Duration;

use cached_runtime::{CacheTimeout, cached};

const WIDTH: Duration = Duration::from_secs(30);

/// An error that a timeout converts into.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Failure {
    /// Nothing was there.
    Absent,
    /// It took too long.
    Slow(CacheTimeout),
}

impl From<CacheTimeout> for Failure {
    fn from(timeout: CacheTimeout) -> Self {
        Self::Slow(timeout)
    }
}

/// Every kind of argument.
#[cached(stale = 60, skip(list))]
#[must_use]
pub fn plain(n: u64, text: &str, mut name: String, list: &[f64]) -> String {
    name.push_str(text);
    format!("{name}{n}{}", list.len())
}

/// Arguments that only the key uses.
#[cached(early = 1.5, handle, tags("n:{_n}"))]
#[must_use]
pub fn underscored(_n: u64, _text: &&str) -> u64 {
    1
}

/// Every option, but those that exclude others.
///
/// # Errors
/// For zero.
#[cached(
    stale = "1m",
    stale_if_error = never,
    stale_if = |error| *error == Failure::Absent,
    throttle = "5s",
    refresh_ahead = 0.8,
    jitter = WIDTH,
    soft_timeout = "100ms",
    hard_timeout = 2,
    max_background = 8,
    unless = n == 9,
    tags("n:{n}", "all"),
    handle
)]
pub async fn held(n: u64, text: &str) -> Result<u64, Failure> {
    std::future::ready(()).await;
    n.checked_add(text.len() as u64).ok_or(Failure::Absent)
}

/// What is returned late is said by the function.
#[cached(shared, stale = 60, hard_timeout = "2s", on_timeout = None, handle)]
pub async fn find(n: u64, text: String) -> Option<Arc<str>> {
    std::future::ready(()).await;
    (n > 0).then(|| text.into())
}

/// Generic, with a lifetime.
#[cached(refresh_ahead = 0.5, key = "{value}", skip(text, array), handle)]
pub fn generic<'a, T: Display + Clone + Send + 'static, const N: usize>(
    value: &T,
    text: &'a str,
    array: [u8; N],
) -> String {
    let half: (&'a str, usize) = (text, array.len());
    format!("{value}{}{}", half.0, half.1)
}

/// Recursive.
#[cached(stale = 60)]
#[must_use]
pub fn fibonacci(n: u64) -> u64 {
    if n < 2 { n } else { fibonacci(n - 1) + fibonacci(n - 2) }
}

/// Methods.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct Repo {
    base: u64,
}

impl Repo {
    /// Associated.
    #[cached(stale = 60)]
    #[must_use]
    pub fn new(base: u64) -> Self {
        Self { base }
    }

    /// With associated functions beside it.
    #[cached(stale = 60, handle(impl), skip(self))]
    #[must_use]
    pub fn load(&self, n: u64) -> u64 {
        self.base + n
    }

    /// `self` in the key.
    #[cached(stale = 60)]
    #[must_use]
    pub fn keyed(self, n: u64) -> u64 {
        self.base + n
    }

    /// `async`.
    #[cached(stale = 60, skip(self))]
    pub async fn fetch(self: &Arc<Self>, n: u64) -> u64 {
        std::future::ready(self.base + n).await
    }
}
