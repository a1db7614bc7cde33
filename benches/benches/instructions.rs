//! `benches/gate.sh`: instructions that a fresh hit takes, counted by callgrind, with limits.
//!
//! Counts are repeatable where times are not. Each benchmark is a thousand hits; its limit stands
//! some 8 % above what was counted when it was set. A change that needs more says why it is worth
//! it and raises the limit.

#![allow(
    clippy::must_use_candidate,
    missing_docs,
    unused_qualifications,
    reason = "the harness writes the items"
)]

use std::future::Future;
use std::hint::black_box;
use std::pin::pin;
use std::task::{Context, Poll, Waker};

use cached_benches::contestants::ours;
use cached_benches::keys::{self, Key};
use gungraun::{
    Callgrind, EventKind, LibraryBenchmarkConfig, library_benchmark, library_benchmark_group, main,
};

const HITS: usize = 1_000;

/// Fails above so many instructions a hit.
fn limit(instructions: u64) -> LibraryBenchmarkConfig {
    let limits = [(EventKind::Ir, instructions * HITS as u64)];
    let mut config = LibraryBenchmarkConfig::default();
    config.tool(Callgrind::default().hard_limits(limits).clone());
    config
}

/// The keys, all of them cached by `call`.
fn warm<T>(call: impl Fn(&Key) -> T) -> Vec<Key> {
    let mut keys = keys::all();
    keys.truncate(HITS);
    for key in &keys {
        black_box(call(key));
    }
    keys
}

fn at_once<F: Future>(future: F) -> F::Output {
    match pin!(future).poll(&mut Context::from_waker(Waker::noop())) {
        Poll::Ready(output) => output,
        Poll::Pending => panic!("neither a hit nor these loads wait for anything"),
    }
}

#[library_benchmark(config = limit(285))]
#[bench::hits(args = (warm(|key| ours::integer(key.id))))]
fn integer(keys: Vec<Key>) -> Vec<Key> {
    for key in &keys {
        black_box(ours::integer(black_box(key.id)));
    }
    keys
}

#[library_benchmark(config = limit(245))]
#[bench::hits(args = (warm(|key| ours::forever(key.id))))]
fn integer_that_never_expires(keys: Vec<Key>) -> Vec<Key> {
    for key in &keys {
        black_box(ours::forever(black_box(key.id)));
    }
    keys
}

#[library_benchmark(config = limit(350))]
#[bench::hits(args = (warm(|key| ours::tuple(key.id, &key.name))))]
fn tuple(keys: Vec<Key>) -> Vec<Key> {
    for key in &keys {
        black_box(ours::tuple(black_box(key.id), black_box(&key.name)));
    }
    keys
}

#[library_benchmark(config = limit(620))]
#[bench::hits(args = (warm(|key| ours::template(key.id, &key.name))))]
fn template(keys: Vec<Key>) -> Vec<Key> {
    for key in &keys {
        black_box(ours::template(black_box(key.id), black_box(&key.name)));
    }
    keys
}

#[library_benchmark(config = limit(385))]
#[bench::hits(args = (warm(|key| at_once(ours::later(key.id, &key.name)))))]
fn async_fn(keys: Vec<Key>) -> Vec<Key> {
    for key in &keys {
        black_box(at_once(ours::later(black_box(key.id), black_box(&key.name))));
    }
    keys
}

#[library_benchmark(config = limit(355))]
#[bench::hits(args = (warm(|key| ours::renewed(key.id, &key.name))))]
fn renewed_in_the_background(keys: Vec<Key>) -> Vec<Key> {
    for key in &keys {
        black_box(ours::renewed(black_box(key.id), black_box(&key.name)));
    }
    keys
}

library_benchmark_group!(
    name = hits,
    benchmarks =
        [integer, integer_that_never_expires, tuple, template, async_fn, renewed_in_the_background]
);
main!(library_benchmark_groups = hits);
