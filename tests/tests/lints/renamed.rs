//! The crate under another name.

use another_name::{cached, invalidates};

#[cached(crate = ::another_name, timeout = never, key = "{n}", none_timeout = 5)]
pub(crate) fn plain(n: u64) -> Option<u64> {
    Some(n)
}

#[cached(crate = ::another_name, handle, key = |n| *n)]
pub(crate) fn held(n: u64) -> u64 {
    n
}

#[cached(crate = ::another_name, shared, lease, handle)]
pub(crate) fn shared(n: u64) -> u64 {
    n
}

#[cached(crate = ::another_name, stale = 60, shared, unless = n == 0)]
pub(crate) fn stale(n: u64) -> u64 {
    n
}

#[cached(crate = ::another_name, early = 1.0, hard_timeout = 2, handle)]
pub(crate) async fn late(n: u64) -> Result<u64, another_name::CacheTimeout> {
    Ok(n)
}

#[invalidates(crate = ::another_name, held::entry(n))]
pub(crate) fn drop_held(n: u64) {
    let _ = n;
}
