//! Handlers by number.
//!
//! An extractor does not know for which handler it runs. So the type of the first argument has a
//! number in it that is the handler's own, and under this number the handler says, once it runs,
//! where its responses are.

use std::iter::successors;
use std::sync::OnceLock;
use std::sync::atomic::{AtomicBool, Ordering};

use crate::early::Early;

/// The number of a handler: made of where it is written, and of how many handlers its crate has had
/// before, which tells apart what a macro makes of one line.
#[doc(hidden)]
#[macro_export]
macro_rules! __handler {
    ($nth:literal) => {
        $crate::__private::number(
            ::core::module_path!(),
            ::core::file!(),
            ::core::line!(),
            ::core::column!(),
            $nth,
        )
    };
}

/// What `handler!` is.
#[must_use]
pub const fn number(module: &str, file: &str, line: u32, column: u32, nth: u64) -> u64 {
    let mut hash = hashed(0xCBF2_9CE4_8422_2325, module.as_bytes());
    hash = hashed(hash, &[0xFF]);
    hash = hashed(hash, file.as_bytes());
    hash = hashed(hash, &line.to_le_bytes());
    hash = hashed(hash, &column.to_le_bytes());
    hashed(hash, &nth.to_le_bytes())
}

/// FNV-1a: what can be run while code is compiled.
const fn hashed(mut hash: u64, bytes: &[u8]) -> u64 {
    let mut idx = 0;
    while idx < bytes.len() {
        hash = (hash ^ bytes[idx] as u64).wrapping_mul(0x0100_0000_01B3);
        idx += 1;
    }
    hash
}

/// A handler that has run, and whose responses may answer early.
struct Known {
    handler: u64,
    early: Early,
    /// Whether another one has claimed its number.
    is_disputed: AtomicBool,
    next: OnceLock<Box<Self>>,
}

/// Chains of them, by the first byte of their numbers. They only grow, so that finding one takes no
/// lock.
static KNOWN: [OnceLock<Box<Known>>; 1 << u8::BITS] = [const { OnceLock::new() }; 1 << u8::BITS];

/// The handler of a number, where it alone has that.
pub(super) fn find(handler: u64) -> Option<Early> {
    let known = chain(handler).find(|known| known.handler == handler);
    known.filter(|known| !known.is_disputed.load(Ordering::Relaxed)).map(|known| known.early)
}

pub(super) fn remember(handler: u64, early: Early) {
    let mut new = Some(Known { handler, early, is_disputed: false.into(), next: OnceLock::new() });
    let mut place = start(handler);
    loop {
        let known = place.get_or_init(|| Box::new(new.take().expect("taken once")));
        if known.handler == handler {
            if !known.early.is_of(early) {
                known.is_disputed.store(true, Ordering::Relaxed);
            }
            return;
        }
        place = &known.next;
    }
}

fn chain(handler: u64) -> impl Iterator<Item = &'static Known> {
    let first = start(handler).get();
    successors(first, |known| known.next.get()).map(Box::as_ref)
}

fn start(handler: u64) -> &'static OnceLock<Box<Known>> {
    let [first, ..] = handler.to_le_bytes();
    &KNOWN[usize::from(first)]
}
