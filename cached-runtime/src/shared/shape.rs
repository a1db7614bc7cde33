//! Fingerprints of value types: which payloads a type wrote that is the same today.
//!
//! Serde fills a missing `Option` with `None`, so a payload of an older version of a type, with a
//! field under another name, would decode to a wrong value without an error. So entries carry a
//! fingerprint of their type's shape: names, kinds and order of all fields and variants, at any
//! depth. It is found by deserializing the type from made-up values (`trace.rs`), again and again
//! until every variant of every enum was seen, and every refusal was answered with another value.
//!
//! It depends on serde's view of the type alone, not on paths, compilers or builds. Where a type
//! does not tell serde what it expects, the fingerprint cannot know: the variants of an untagged
//! enum, optional fields behind `#[serde(flatten)]` or in an internally tagged enum, a text with a
//! meaning of its own. Changes there need a new `version`.

mod trace;

use std::panic::{AssertUnwindSafe, catch_unwind};

use serde::de::DeserializeOwned;

use trace::{Place, Refused, Tracer};

/// Values that are made up for one type at most. Types of some hundred variants need fewer.
const PASSES: usize = 2048;

/// The fingerprint of a type's shape.
///
/// Cost: microseconds for a plain struct, milliseconds for a large recursive enum. To be kept.
pub(crate) fn shape<T: DeserializeOwned + 'static>() -> u64 {
    let mut tracer = Tracer::default();
    for _ in 0..PASSES {
        // A `Deserialize` that trusts its input may panic: that is a refusal like others.
        let value = catch_unwind(AssertUnwindSafe(|| T::deserialize(Place::root(&mut tracer))));
        let outcome = value.unwrap_or_else(|_| Err(Refused::panic()));
        if !tracer.is_there_more(outcome.map(drop)) {
            break;
        }
    }
    tracer.digest()
}

#[cfg(test)]
mod tests;
