//! Memoization for functions and handlers.
#![cfg_attr(docsrs, feature(doc_cfg))]

mod adapter;
mod call;
mod clock;
mod flight;
mod handle;
mod invalidate;
mod key;
mod memory;
mod outcome;
mod policy;
pub mod registry;
mod rules;
mod site;
mod stats;
mod sync;
#[cfg(feature = "testing")]
pub mod testing;
mod tier;

#[doc(hidden)]
#[path = "private.rs"]
pub mod __private;

#[cfg(feature = "macros")]
pub use cached_macro::{cached, invalidates};

pub use clock::ManualClock;
pub use handle::{Entry, Handle, OpaqueEntry};
pub use outcome::{MissReason, Outcome};
pub use policy::{Amount, IntoTimeout, Timeout};
pub use stats::Stats;
