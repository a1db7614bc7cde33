//! Arguments, locals and functions of names that generated code might use itself.

use cached_runtime::cached;

#[cached]
pub(crate) fn arguments(key: u64, entry: u64, cache: u64, site: u64, b: u64, call: u64) -> u64 {
    let hit = key + entry;
    let body = cache + site;
    hit + body + b + call
}

#[cached(handle, unless = __mode == 0)]
pub(crate) fn underscored(__key: u64, __call: u64, __mode: u64, __body: u64) -> u64 {
    let __site = __key + __call;
    let __rules = __mode + __body;
    __site + __rules
}

#[cached(handle)]
pub(crate) async fn underscored_async(__key: u64, __call: u64, __returned: u64) -> u64 {
    let __begun = __key + __call;
    __begun + __returned
}

#[cached(key = "{__text}:{__made}")]
pub(crate) fn templated(__text: u64, __made: u64) -> u64 {
    __text + __made
}

#[cached(stale = 60, tags("{__kept0}"), unless = __refresh == 0)]
pub(crate) fn stale(stale: u64, __kept0: u64, __refresh: u64, __begun: u64) -> u64 {
    let __kept1 = stale + __kept0;
    __kept1 + __refresh + __begun
}

#[cached(early = 1.0, shared)]
pub(crate) async fn early_async(__kept0: u64, early_async: u64, __begun: u64) -> u64 {
    __kept0 + early_async + __begun
}

#[cached(handle)]
pub(crate) fn cache(n: u64) -> u64 {
    n
}

#[cached(handle)]
pub(crate) fn entry(n: u64) -> u64 {
    n
}

#[cached(handle)]
pub(crate) fn fresh(n: u64) -> u64 {
    n
}

#[cached(handle)]
pub(crate) fn new(n: u64) -> u64 {
    n
}

#[cached(shared, lease, handle, unless = __mode == 0)]
pub(crate) fn shared(__text: u64, __key: u64, __mode: u64) -> u64 {
    let __made = __text + __key;
    __made + __mode
}

#[cached(shared, key = |__text, __made, __key| __text + __made + __key)]
pub(crate) async fn shared_async(__text: u64, __made: u64, __key: u64) -> u64 {
    __text + __made + __key
}
