//! The functions of `tests/lints`, as documented `pub` items of a program that uses them.

#![deny(warnings, missing_docs, unreachable_pub, unused_qualifications)]
#![forbid(unsafe_code)]

/// The functions.
#[path = "../../../tests/lints/functions.rs"]
pub mod functions;

/// Calls one of them.
pub fn main() {
    let _ = functions::plain(1, "a");
}
