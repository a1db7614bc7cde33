//! The functions of `tests/lints`, as documented `pub` items of a program that uses them.

#![deny(warnings, missing_docs, unreachable_pub, unused_qualifications)]
#![forbid(unsafe_code)]

/// The functions.
#[path = "../../../../tests/lints/functions.rs"]
pub mod functions;

fn main() {
    let _ = functions::plain(1, "a");
}
