//! Functions with every argument of the attribute, for the lints. `tests/ui/pass/lints.rs`
//! compiles this file once more, as part of a program whose `pub` items are documented and used.

use std::fmt::Display;
use std::sync::Arc;
use std::time::Duration;

use cached_runtime::{cached, invalidates};

/// Arguments as the key.
#[cached]
#[must_use]
pub fn plain(n: u64, text: &str) -> u64 {
    n + text.len() as u64
}

/// Every argument that goes with a `Result`.
///
/// # Errors
/// None.
#[cached(
    timeout = "5m",
    key = "{n}:{text:?}",
    capacity = "1MiB",
    weigh = String::len,
    unless = n == 100,
    refresh = n == 101,
    store_if = |value| !value.is_empty(),
    timeout_of = |value| Duration::from_secs(value.len() as u64),
    err_timeout = 5,
    err_if = String::is_empty,
    wait_timeout = 5,
    lead_timeout = 9,
    name = "lints",
    version = 2,
    handle
)]
pub fn held(n: u64, text: &str) -> Result<String, String> {
    Ok(format!("{n}{text}"))
}

/// Nothing is found for zero.
#[cached(none_timeout = never, coalesce = false, handle = Found)]
#[must_use]
pub fn find(n: u64) -> Option<u64> {
    n.checked_sub(1)
}

/// `async`, with a handle.
///
/// # Errors
/// None.
#[cached(handle, skip(context))]
pub async fn load(context: &[f64], n: u64) -> Result<Arc<str>, std::io::Error> {
    std::future::ready(()).await;
    Ok(format!("{n}{}", context.len()).into())
}

/// `async`, without one.
#[cached]
pub async fn fetch(n: u64, path: String) -> String {
    std::future::ready(()).await;
    format!("{n}{path}")
}

/// Takes a value only to hash it.
#[cached(handle)]
#[must_use]
pub fn consume(name: String, list: Vec<u8>) -> usize {
    name.len() + list.len()
}

/// Generic.
#[cached(handle, key = "{value}", skip(array))]
pub fn generic<T: Display, const N: usize>(value: &T, array: [u8; N]) -> String {
    format!("{value}{}", array.len())
}

/// Hidden.
#[cached(handle)]
#[must_use]
pub fn hidden(n: u64) -> impl Display + Clone {
    n
}

/// Keyed by a closure.
#[cached(key = |n, text| (*n, text.len()), handle)]
#[must_use]
pub fn keyed(n: u64, text: &str) -> u64 {
    n + text.len() as u64
}

/// Keyed by parts.
#[cached(key = (n / 2, text), handle)]
#[must_use]
pub fn parts(n: u64, text: &str) -> u64 {
    n + text.len() as u64
}

/// Keyed by an expression in a template.
#[cached(key = "{n + 1}:{text.len() * 2}", handle)]
#[must_use]
pub fn expressions(n: u64, text: &str) -> u64 {
    n + text.len() as u64
}

/// Patterns and `mut`.
#[cached(handle)]
#[must_use]
pub fn patterns((one, mut two): (u64, u64), mut three: u64, _: u64) -> u64 {
    two += one;
    three += two;
    three
}

/// Nine arguments.
#[cached(handle)]
#[must_use]
#[expect(clippy::too_many_arguments, reason = "more than one tuple has")]
#[expect(clippy::many_single_char_names, reason = "they are numbered")]
pub fn nine(a: u8, b: u8, c: u8, d: u8, e: u8, f: u8, g: u8, h: u8, i: u8) -> u8 {
    a + b + c + d + e + f + g + h + i
}

/// An expected lint, with and without a handle.
#[cached(handle)]
#[expect(unused_variables, reason = "the test is about it")]
#[must_use]
pub fn expects_with_handle(n: u64) -> u64 {
    let unused = n;
    n
}

/// An expected lint, without a handle.
#[cached]
#[expect(unused_variables, reason = "the test is about it")]
#[must_use]
pub fn expects(n: u64) -> u64 {
    let unused = n;
    n
}

#[cached]
#[expect(dead_code, reason = "the test is about it")]
fn unused(n: u64) -> u64 {
    n
}

#[cached(handle)]
#[expect(dead_code, reason = "the test is about it")]
fn unused_with_handle(n: u64) -> u64 {
    n
}

#[cached(handle)]
fn used_through_its_handle(n: u64) -> u64 {
    n
}

#[invalidates(held::entry(n, ""))]
#[expect(dead_code, reason = "the test is about it")]
fn unused_that_invalidates(n: u64) {
    let _ = n;
}

/// An allowed lint.
#[cached(handle)]
#[allow(clippy::needless_range_loop, reason = "the test is about it")]
#[must_use]
pub fn allows(list: &[u64]) -> u64 {
    let mut sum = 0;
    for idx in 0..list.len() {
        sum += list[idx];
    }
    sum
}

/// An argument that only the key uses.
#[cached(handle)]
#[must_use]
pub fn underscored(_n: u64) -> u64 {
    1
}

/// An argument that only the template uses.
#[cached(key = "{_n}:{_n:04}")]
#[must_use]
pub fn underscored_template(_n: u64) -> u64 {
    1
}

/// An argument that only the expression uses.
#[cached(key = (_n + 1, 2))]
#[must_use]
pub fn underscored_parts(_n: u64) -> u64 {
    1
}

/// Items in a body that is `async`.
#[cached(handle)]
pub async fn items(n: u64) -> u64 {
    const STEP: u64 = 1;
    std::future::ready(n + STEP).await
}

/// Items in a body that is `async` and invalidates.
#[invalidates(items::entry(n))]
pub async fn items_that_invalidate(n: u64) -> u64 {
    const STEP: u64 = 1;
    std::future::ready(n + STEP).await
}

/// Arguments that an entry takes and does not need, and a lifetime that only they have.
#[cached(key = "{n}", skip(text, rest), handle)]
#[must_use]
pub fn skips_of_a_pattern<'a>((n, rest): (u64, u64), text: &'a str) -> usize {
    let half: (&'a str, u64) = (text, n + rest);
    half.0.len()
}

/// A type that only this module sees, in the signature of a private function.
#[cached(handle)]
fn private(key: Private) -> Private {
    key
}

#[derive(Clone, PartialEq, Eq, Hash)]
struct Private(u64);

/// Calls what is private.
#[must_use]
pub fn calls_private() -> u64 {
    used_through_its_handle::entry(1).invalidate();
    private(Private(1)).0
}

/// Invalidates.
///
/// # Errors
/// For zero.
#[invalidates(held::entry(n, "a"))]
pub fn rename(n: u64) -> Result<(), String> {
    if n == 0 {
        return Err("zero".to_owned());
    }
    Ok(())
}

/// Invalidates first.
#[invalidates(before, Found::entry(n), Found::cache())]
pub async fn rename_async(n: u64) {
    std::future::ready(n).await;
}

/// Methods.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct Repo {
    base: u64,
}

impl Repo {
    /// Makes one.
    #[must_use]
    pub const fn new(base: u64) -> Self {
        Self { base }
    }

    /// With associated functions beside it.
    #[cached(handle(impl), skip(self))]
    #[must_use]
    pub fn load(&self, n: u64) -> u64 {
        self.base + n
    }

    /// `self` in the key.
    #[cached]
    #[must_use]
    pub fn keyed(self, n: u64) -> u64 {
        self.base + n
    }

    /// `async`.
    #[cached(handle(impl))]
    pub async fn fetch(&self, n: u64) -> u64 {
        std::future::ready(self.base + n).await
    }

    /// Associated.
    #[cached]
    #[must_use]
    pub fn make(base: u64) -> Self {
        Self { base }
    }
}

impl Default for Repo {
    #[cached]
    fn default() -> Self {
        Self { base: 7 }
    }
}
