//! Answers before a handler's arguments are made, where these are made of the URI alone.
//!
//! The default key holds the URI, and what filled an entry went through the handler's extractors. So
//! for a request that finds the entry the framework's own extractors of the URI would say the same
//! again: those of axum are not asked any more, those of salvo when the entry is found already. One
//! extractor of anything else, and all of them run first.
//!
//! An extractor does not know for which handler it runs. So the type of the first argument has a
//! number in it that is the handler's own, and under this number the handler says, once it runs,
//! where its responses are.

use std::iter::successors;
use std::marker::PhantomData;
use std::ptr;
use std::sync::OnceLock;
use std::sync::atomic::{AtomicBool, Ordering};

use http::{Method, Uri};

use crate::engine::To;
use crate::rt::{Instance, Site};
use crate::rules::Rules;

/// Lets responses answer from now on before the arguments of the handler of a number are made, if
/// they may.
pub(crate) fn answer_early(
    handler: u64,
    site: &'static Site,
    instance: Instance,
    rules: &'static Rules,
    reads: &[bool],
) {
    // Of two instantiations none knows for which of them a request is.
    if rules.query.is_whole() && !instance.is_generic() && reads.iter().all(|of_uri| *of_uri) {
        remember(handler, To { site, instance }, rules);
    }
}

/// Whether a type of arguments is one of the framework's that read the URI, the method or
/// nothing.
pub struct Reads<T>(PhantomData<T>);

/// What is said of every type, and not looked at where [`Reads`] itself says more.
pub trait ReadsMore {
    /// Its values may be made of anything.
    const OF_URI: bool = false;
}

impl<T> ReadsMore for Reads<T> {}

impl<T: OfUri> Reads<T> {
    /// Its values are made of what the default key holds.
    pub const OF_URI: bool = true;
}

/// What is made of the URI, the method or nothing of the request.
pub trait OfUri {}

impl OfUri for Method {}
impl OfUri for Uri {}
impl<T: OfUri> OfUri for Option<T> {}
impl<T: OfUri, E> OfUri for Result<T, E> {}

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

/// Of each type of arguments, whether it reads the URI alone.
#[doc(hidden)]
#[macro_export]
macro_rules! __reads {
    ($($ty:ty,)*) => {{
        #[allow(unused_imports, reason = "needed only where an argument reads more")]
        use $crate::__private::ReadsMore as _;
        [$($crate::__private::Reads::<$ty>::OF_URI),*]
    }};
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
pub(crate) struct Known {
    handler: u64,
    pub(crate) to: To,
    pub(crate) rules: &'static Rules,
    /// Whether another one has claimed its number.
    is_disputed: AtomicBool,
    next: OnceLock<Box<Self>>,
}

/// Chains of them, by the first byte of their numbers. They only grow, so that finding one takes no
/// lock.
static KNOWN: [OnceLock<Box<Known>>; 1 << u8::BITS] = [const { OnceLock::new() }; 1 << u8::BITS];

/// The handler of a number, where it alone has that.
pub(crate) fn known(handler: u64) -> Option<&'static Known> {
    let known = chain(handler).find(|known| known.handler == handler);
    known.filter(|known| !known.is_disputed.load(Ordering::Relaxed))
}

fn remember(handler: u64, to: To, rules: &'static Rules) {
    let mut new =
        Some(Known { handler, to, rules, is_disputed: false.into(), next: OnceLock::new() });
    let mut place = start(handler);
    loop {
        let known = place.get_or_init(|| Box::new(new.take().expect("taken once")));
        if known.handler == handler {
            if !ptr::eq(known.to.site, to.site) {
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
