//! The rules of stores, over the memory of this process and over memcached.
#![cfg(all(feature = "testing", feature = "json"))]

#[cfg(feature = "memcached")]
#[path = "conformance/callers.rs"]
mod callers;
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
#[cfg(feature = "memcached")]
#[path = "conformance/memcached_tasks.rs"]
mod memcached_tasks;
#[path = "conformance/memory.rs"]
mod memory;
#[cfg(feature = "memcached")]
#[path = "conformance/on_tokio.rs"]
mod on_tokio;
