//! Shared functions under every lint.

use std::error::Error;
use std::fmt::Display;
use std::sync::Arc;

use cached_runtime::{cached, invalidates};
use serde::{Deserialize, Serialize};

/// A value that leaves the process.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Page {
    number: u32,
}

/// As bare as can be.
#[cached(shared)]
#[must_use]
pub fn plain(number: u32) -> Page {
    Page { number }
}

/// Every argument.
///
/// # Errors
/// For zero.
#[cached(
    shared,
    store = "sessions",
    local = "10s",
    lease = 5,
    name = "pages",
    version = 2,
    err_timeout = 5,
    store_if = |page| page.number != 7,
    key = "{number}:{text:?}",
    skip(context),
    unless = number == 8,
    handle
)]
pub fn held(number: u32, text: &str, context: &[f64]) -> Result<Page, String> {
    if number == 0 { Err(format!("{text}{}", context.len())) } else { Ok(Page { number }) }
}

/// `async`, under a name of its own.
#[cached(shared, local = false, none_timeout = 5, handle = Found)]
pub async fn find(number: u32, text: &str) -> Option<Arc<Page>> {
    std::future::ready(()).await;
    text.is_empty().then(|| Arc::new(Page { number }))
}

/// Keyed by a closure.
#[cached(shared, key = |page, _| page.number, handle)]
#[must_use]
pub fn by_closure(page: &Page, _more: u32) -> u32 {
    page.number
}

/// Keyed by parts.
#[cached(shared, lease, key = (page.number, more + 1), handle)]
#[must_use]
pub fn by_parts(page: &Page, more: u32) -> u32 {
    page.number + more
}

/// Generic, with a lifetime.
#[cached(shared, handle)]
pub fn generic<'a, T: Display + Serialize, const N: usize>(value: &'a T, text: &'a str) -> String {
    format!("{value}{text}{N}")
}

/// Patterns, `mut`, and an argument that only the key uses.
#[cached(shared, handle)]
#[must_use]
pub fn patterns((one, mut two): (u64, u64), mut three: u64, _four: u64) -> u64 {
    two += one;
    three += two;
    three
}

/// Without arguments.
#[cached(shared, handle)]
#[must_use]
pub fn constant() -> u32 {
    7
}

/// A boxed error, which stays in the process.
///
/// # Errors
/// For text that is no number.
#[cached(shared)]
pub async fn parsed(text: String) -> Result<u32, Box<dyn Error + Send + Sync>> {
    std::future::ready(()).await;
    Ok(text.parse()?)
}

#[cached(shared, handle)]
#[expect(dead_code, reason = "the test is about it")]
fn unused(n: u32) -> u32 {
    n
}

/// Invalidates.
#[invalidates(held::entry(number, "a"), by_closure::cache())]
#[must_use]
pub fn rename(number: u32) -> u32 {
    number
}

/// Invalidates in tasks.
#[invalidates(before, Found::entry(number, ""))]
pub async fn rename_async(number: u32) -> u32 {
    std::future::ready(number).await
}

impl Page {
    /// With associated functions beside it.
    #[cached(shared, handle(impl))]
    #[must_use]
    pub fn next(&self, step: u32) -> Self {
        Self { number: self.number + step }
    }

    /// `async`.
    #[cached(shared, handle(impl), skip(self))]
    pub async fn fetch(&self, step: u32) -> u32 {
        std::future::ready(self.number + step).await
    }
}
