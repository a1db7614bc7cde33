//! The same functions, cached by everyone: `(u64, &str) -> Arc<str>`, `u64 -> u64`, and both as
//! `async`, each for 300 seconds and with room for 10,000 entries where that can be said.

#[cfg(feature = "peers")]
pub mod by_hand;
#[cfg(feature = "peers")]
pub mod cached_4;
#[cfg(feature = "peers")]
pub mod memoize_0_6;
pub mod ours;
