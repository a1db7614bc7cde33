//! The rules of stores, over the memory of this process and over memcached.
#![cfg(all(feature = "testing", feature = "json"))]

#[path = "conformance/faulty.rs"]
mod faulty;
#[cfg(feature = "memcached")]
#[path = "conformance/memcached.rs"]
mod memcached;
#[cfg(feature = "memcached")]
#[path = "conformance/memcached_answers.rs"]
mod memcached_answers;
#[cfg(feature = "memcached")]
#[path = "conformance/memcached_server.rs"]
mod memcached_server;
#[path = "conformance/memory.rs"]
mod memory;
