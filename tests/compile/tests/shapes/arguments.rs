//! Every argument of the attribute in every form it may be written.

use std::time::Duration;

use cached_runtime::{Timeout, cached};

const FRESH: Duration = Duration::from_secs(9);
const SECONDS: u64 = 9;
const ROOM: usize = 64;

#[cached(timeout = 300)]
fn seconds(n: u64) -> u64 {
    n
}

#[cached(timeout = 922337203685477580)]
fn many_seconds(n: u64) -> u64 {
    n
}

#[cached(timeout = 18446744073709551615)]
fn most_seconds(n: u64) -> u64 {
    n
}

#[cached(timeout = "1500ms", wait_timeout = "2s", lead_timeout = "1w")]
fn units(n: u64) -> u64 {
    n
}

#[cached(timeout = never, wait_timeout = never, lead_timeout = never)]
fn never_expires(n: u64) -> u64 {
    n
}

#[cached(timeout = FRESH, wait_timeout = SECONDS, lead_timeout = Duration::from_millis(5))]
fn constants(n: u64) -> u64 {
    n
}

#[cached(timeout = FRESH * 2)]
fn expression(n: u64) -> u64 {
    n
}

#[cached(timeout = Timeout::NEVER)]
fn timeout(n: u64) -> u64 {
    n
}

#[cached(capacity = 1)]
fn capacity(n: u64) -> u64 {
    n
}

#[cached(capacity = ROOM)]
fn capacity_of_a_constant(n: u64) -> u64 {
    n
}

#[cached(capacity = "64MiB", weigh = |text| text.len())]
fn weighed(n: u64) -> String {
    n.to_string()
}

#[cached(capacity = 1_000, weigh = |_| 3_u64)]
fn weighed_by_number(n: u64) -> String {
    n.to_string()
}

fn weight(text: &String) -> usize {
    text.len()
}

fn is_long(text: &String) -> bool {
    text.len() > 1
}

#[cached(capacity = ROOM, weigh = weight, store_if = is_long)]
fn by_name(n: u64) -> Result<String, ()> {
    Ok(n.to_string())
}

#[cached(unless = n == 0, refresh = n == 1)]
fn conditions(n: u64) -> u64 {
    n
}

#[cached(store_if = |value| *value > 1, timeout_of = |value| Duration::from_secs(*value))]
fn closures(n: u64) -> u64 {
    n
}

#[cached(err_timeout = 5, err_if = |error| error.is_empty())]
fn errors(n: u64) -> Result<u64, String> {
    Ok(n)
}

#[cached(err_timeout = "5s", none_timeout = 5)]
fn errors_and_none(n: u64) -> Result<Option<u64>, String> {
    Ok(Some(n))
}

#[cached(none_timeout = FRESH)]
fn none(n: u64) -> Option<u64> {
    Some(n)
}

#[cached(none_timeout = 5)]
fn none_in_a_result(n: u64) -> Result<Option<u64>, Box<dyn Fn()>> {
    Ok(Some(n))
}

#[cached(coalesce = false)]
fn uncoalesced(n: u64) -> u64 {
    n
}

#[cached(coalesce = true, wait_timeout = 1)]
fn coalesced(n: u64) -> u64 {
    n
}

#[cached(name = "users", version = 2)]
fn named(n: u64) -> u64 {
    n
}

#[cached(crate = ::cached_runtime)]
fn with_a_path(n: u64) -> u64 {
    n
}

#[cached(handle = Held)]
fn held(n: u64) -> u64 {
    n
}

#[cached(skip(one, two,), key = "{three:?}:{four:04}:{five:x}/{{}}")]
fn keyed(one: &[f64], two: f64, three: &[u8], four: u64, five: u8) -> u64 {
    one.len() as u64 + two as u64 + three.len() as u64 + four + u64::from(five)
}

#[cached(key = "const")]
fn constant_key() -> u64 {
    1
}

#[cached()]
fn empty(n: u64) -> u64 {
    n
}

#[cached(store_if = |_| true)]
fn type_parameter<T: From<u8> + Clone + Send + Sync + 'static>(n: u8) -> T {
    n.into()
}

pub fn main() {
    seconds(1);
    many_seconds(1);
    most_seconds(1);
    units(1);
    never_expires(1);
    constants(1);
    expression(1);
    timeout(1);
    capacity(1);
    capacity_of_a_constant(1);
    weighed(1);
    weighed_by_number(1);
    let _ = by_name(1);
    conditions(1);
    closures(1);
    let _ = errors(1);
    let _ = errors_and_none(1);
    none(1);
    let _ = none_in_a_result(1);
    uncoalesced(1);
    coalesced(1);
    named(1);
    with_a_path(1);
    held(1);
    Held::entry(1).invalidate();
    keyed(&[], 1.0, &[], 1, 1);
    constant_key();
    empty(1);
    type_parameter::<u64>(1);
}
