//! Attributes and doc comments on the function stay where they were.

#![deny(warnings)]

use cached_runtime::{cached, hit, invalidates, miss, testing};

/// Is documented.
#[cached]
#[inline]
#[must_use]
fn below(n: u64) -> u64 {
    n
}

#[inline(always)]
#[must_use = "it is the answer"]
#[cached(handle)]
/// Is documented.
fn above(n: u64) -> u64 {
    n
}

#[cfg(any())]
#[cached(handle)]
fn never(n: Missing) -> Missing {
    n
}

#[cached(handle)]
#[cfg(any())]
fn never_either(n: Missing) -> Missing {
    n
}

#[cached(handle)]
#[cfg(test)]
fn always(n: u64) -> u64 {
    n
}

#[cfg(any())]
#[cached]
fn one_of_two(n: u64) -> u64 {
    n
}

#[cfg(not(any()))]
#[cached]
fn one_of_two(n: u64) -> u64 {
    n + 1
}

#[cached]
#[allow(unused_variables, unused_mut)]
fn allowed(mut n: u64) -> u64 {
    let unused = n;
    n
}

#[cached(handle)]
#[allow(unused_variables, unused_mut)]
fn allowed_with_handle(mut n: u64) -> u64 {
    let unused = n;
    n
}

#[cached]
#[expect(unused_variables)]
fn expected(n: u64) -> u64 {
    let unused = n;
    n
}

#[cached(handle)]
#[expect(unused_variables)]
fn expected_with_handle(n: u64) -> u64 {
    let unused = n;
    n
}

#[cached]
#[cfg_attr(all(), allow(unused_variables))]
fn conditionally_allowed(n: u64) -> u64 {
    let unused = n;
    n
}

#[cached]
#[deprecated = "use `above`"]
fn deprecated(n: u64) -> u64 {
    n
}

#[cached(handle)]
#[cold]
#[track_caller]
fn tracked(n: u64) -> u64 {
    n
}

#[cached]
fn attributes_on_arguments(#[allow(unused_mut)] mut n: u64) -> u64 {
    n
}

#[invalidates(above::entry(n))]
#[must_use]
#[allow(unused_variables)]
fn invalidating(n: u64) -> u64 {
    let unused = n;
    n
}

pub fn main() {
    testing::isolated(|| {
        miss!(below(1), 1);
        hit!(below(1), 1);
        miss!(above(1), 1);
        hit!(above(1), 1);
        assert_eq!(invalidating(1), 1);
        miss!(above(1), 1);
        miss!(always(1), 1);
        assert_eq!(always::entry(1).peek(), Some(1));
        miss!(one_of_two(1), 2);
        miss!(allowed(1), 1);
        miss!(allowed_with_handle(1), 1);
        miss!(expected(1), 1);
        miss!(expected_with_handle(1), 1);
        miss!(conditionally_allowed(1), 1);
        #[allow(deprecated)]
        let _ = deprecated(1);
        miss!(tracked(1), 1);
        miss!(attributes_on_arguments(1), 1);
    });
}
