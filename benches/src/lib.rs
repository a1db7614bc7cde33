//! Benchmarks against peers: same function, same key, same value, one run. And a simulation of what
//! the options of freshness come to.

#![allow(
    clippy::cast_possible_truncation,
    clippy::cast_precision_loss,
    clippy::cast_sign_loss,
    reason = "figures for a table"
)]

#[cfg(feature = "peers")]
pub mod cold;
#[cfg(any(feature = "peers", feature = "web"))]
pub mod contest;
pub mod contestants;
pub mod keys;
#[cfg(feature = "simulation")]
pub mod simulation;
#[cfg(feature = "stores")]
pub mod stores;
#[cfg(feature = "peers")]
pub mod threads;
#[cfg(feature = "web")]
pub mod web;
