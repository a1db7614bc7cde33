//! Names of the standard library that stand for something else here.

#![allow(dead_code, unused_macros, reason = "they are here to be in the way")]

use cached_runtime::{cached, invalidates};

mod core {}
mod std {}

struct Option;
struct Some;
struct None;
struct Result;
struct Ok;
struct Err;
struct Vec;
struct String;
struct Box;
struct Clone;
struct Send;
trait Into {}
trait Iterator {}
trait Fn {}

macro_rules! format_args {
    ($($anything:tt)*) => {
        compile_error!("the wrong `format_args`")
    };
}

#[cached(timeout = "5m", capacity = 10, store_if = |_| true)]
pub(crate) fn plain(text: &str, n: usize) -> usize {
    text.len() + n
}

#[cached(key = "{text}:{n:04}", unless = n == 0)]
pub(crate) fn template(text: &str, n: usize) -> usize {
    text.len() + n
}

#[cached(key = str::len, handle)]
pub(crate) fn held(text: &str) -> usize {
    text.len()
}

#[cached(handle, err_timeout = 5)]
pub(crate) async fn load(n: u64) -> ::std::result::Result<u64, ()> {
    ::std::result::Result::Ok(n)
}

#[cached(shared, lease, store = "sessions", local = "5s")]
pub(crate) fn shared(text: &str, n: usize) -> usize {
    text.len() + n
}

#[cached(shared, key = str::len, handle)]
pub(crate) fn shared_held(text: &str) -> usize {
    text.len()
}

#[cached(stale = 60, shared, unless = n == 0)]
pub(crate) fn stale(text: &str, n: usize) -> usize {
    text.len() + n
}

#[cached(refresh_ahead = 0.8, hard_timeout = 2, handle)]
pub(crate) async fn late(n: u64) -> ::std::result::Result<u64, ::cached_runtime::CacheTimeout> {
    ::std::result::Result::Ok(n)
}

#[invalidates(held::entry(text))]
pub(crate) fn drop_held(text: &str) {
    let _ = text;
}
