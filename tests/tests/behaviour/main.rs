//! What a user of the attributes may rely on: one module a concept, one rule a test.

#![allow(
    clippy::many_single_char_names,
    clippy::needless_pass_by_value,
    clippy::trivially_copy_pass_by_ref,
    clippy::unused_self,
    reason = "the functions have every shape that functions can have"
)]

mod arguments;
mod callables;
mod conditions;
mod counters;
mod extremes;
mod handles;
mod handles_of;
mod identity;
mod identity_async;
mod identity_items;
mod injective;
mod invalidates;
mod isolation;
mod negatives;
mod panics;
mod recursion;
mod registry;
mod results;
mod review;
mod tags;
mod templates;
mod timeouts;
