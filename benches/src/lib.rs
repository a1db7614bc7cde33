//! Benchmarks of the memory tier against its peers: same function, same key, same value, one run.

pub mod contest;
pub mod contestants;
pub mod keys;
pub mod threads;
