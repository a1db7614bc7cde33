//! Nothing is in scope but what is named.

#![no_implicit_prelude]

use ::cached_runtime::{cached, invalidates};

#[cached(timeout = "5m", capacity = 10, store_if = |_| true)]
pub(crate) fn argument(text: &str) -> usize {
    text.len()
}

pub(crate) const fn found(n: u64) -> ::std::option::Option<u64> {
    n.checked_add(0)
}

#[cached(key = "{n}:{n:04}", none_timeout = 5, unless = n == 0)]
pub(crate) fn template(n: u64) -> ::std::option::Option<u64> {
    found(n)
}

#[cached(key = |n| *n, handle)]
pub(crate) fn held(n: u64) -> u64 {
    n
}

#[cached(handle, err_timeout = 5)]
pub(crate) async fn load(n: u64) -> ::std::result::Result<u64, ::std::string::String> {
    ::std::result::Result::Ok(n)
}

#[cached(shared, lease, local = false)]
pub(crate) fn shared(text: &str) -> usize {
    text.len()
}

#[cached(store = "sessions", key = |n| *n, none_timeout = 5)]
pub(crate) fn shared_by_closure(n: u64) -> ::std::option::Option<u64> {
    found(n)
}

#[cached(shared, local = never, key = "{n}", err_timeout = 5, handle)]
pub(crate) async fn shared_held(n: u64) -> ::std::result::Result<u64, ::std::string::String> {
    ::std::result::Result::Ok(n)
}

#[cached(stale = 60, tags("n:{n}"))]
pub(crate) fn stale(n: usize, text: &str) -> usize {
    text.len() + n
}

#[cached(stale_if_error = 60, stale_if = |_| true, soft_timeout = 1, hard_timeout = 2, handle)]
pub(crate) async fn late(n: u64) -> ::std::result::Result<u64, ::cached_runtime::CacheTimeout> {
    ::std::result::Result::Ok(n)
}

#[invalidates(held::entry(n), load::entry(n), shared_held::entry(n))]
pub(crate) fn drop_held(n: u64) {
    let _ = n;
}

#[invalidates(held::entry(n))]
pub(crate) async fn drop_later(n: u64) -> ::std::result::Result<u64, ::std::string::String> {
    load(n).await
}
