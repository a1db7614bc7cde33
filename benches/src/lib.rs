//! Benchmarks of the memory tier against its peers: same function, same key, same value, one run.

#[cfg(feature = "peers")]
pub mod cold;
#[cfg(feature = "peers")]
pub mod contest;
pub mod contestants;
pub mod keys;
#[cfg(feature = "peers")]
pub mod threads;
