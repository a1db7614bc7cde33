//! Benchmarks against peers: same function, same key, same value, one run.

#![allow(
    clippy::cast_possible_truncation,
    clippy::cast_precision_loss,
    reason = "figures for a table"
)]

#[cfg(feature = "peers")]
pub mod cold;
#[cfg(feature = "peers")]
pub mod contest;
pub mod contestants;
pub mod keys;
#[cfg(feature = "stores")]
pub mod stores;
#[cfg(feature = "peers")]
pub mod threads;
