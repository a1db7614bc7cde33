//! Memoization for functions and handlers: [`#[cached]`](macro@cached) in front of a function keeps
//! what it returns.
//!
//! ```
//! use cached_runtime::cached;
//!
//! #[cached(timeout = 300, key = "fibonacci:{n}", handle)]
//! fn fibonacci(n: u64) -> u64 {
//!     if n < 2 { n } else { fibonacci(n - 1) + fibonacci(n - 2) }
//! }
//!
//! assert_eq!(fibonacci(90), 2_880_067_194_370_816_120); // in 91 loads
//! assert_eq!(fibonacci::entry(50).peek(), Some(12_586_269_025));
//!
//! fibonacci::entry(50).invalidate(); // checked against the function's own arguments
//! assert_eq!(fibonacci::entry(50).peek(), None);
//! assert_eq!(fibonacci::cache().stats().loads, 91);
//! ```
//!
//! Entries live in this process, bounded and typed. Concurrent misses of one key share one load,
//! threads and tasks alike. Of a `Result` only `Ok` is stored. No entry is shared by calls that
//! differ, and nothing that was invalidated is served. With `shared`, entries leave the process, for a
//! store that the running program names ([`init`]): a directory, Redis, memcached; a store that fails
//! is a miss.
//!
//! - [`cached`](macro@cached): the reference of the attribute, with keys, semantics and cost.
//! - [`_freshness`]: a guide to stale values, refreshes, timeouts and retries, with figures.
//! - [`invalidates`](macro@invalidates): drops entries once a function has succeeded.
//! - [`Handle`] and [`Entry`]: a function's cache, and one entry of it.
//! - [`invalidate_tag`]: drops whatever carries a tag.
//! - [`init`] and [`Config`]: where shared entries go, from code, a URL, the environment or serde.
//! - [`Cache`]: the application's cache as a value, for what is no function.
//! - [`store`]: the stores, and the trait that one of your own implements.
//! - [`registry`]: every cache of the program, by name.
//! - [`shutdown`] and [`set_spawner`]: the end of background loads, and where they run.
//! - [`testing`]: isolated caches, a manual clock, and assertions on hits and misses.
//!
//! # Features
//!
//! | feature | default | adds |
//! |---|---|---|
//! | `macros` | yes | the attributes |
//! | `testing` | no | the module [`testing`], and the macros [`hit!`] and [`miss!`] |
//! | `json` | no | `shared`: entries beyond the process, encoded as JSON. Every store brings it in |
//! | `filesystem` | no | a store in a directory |
//! | `redis` | no | a store in Redis or Valkey: one server, Sentinel, Cluster |
//! | `redis-tls` | no | the same over TLS (`rediss://`) |
//! | `memcached` | no | a store in memcached |
//! | `msgpack` | no | `MessagePack` as another encoding |
//! | `zstd` | no | compression of large values |
//! | `tokio` | no | background loads run inside the tokio runtime of the call that started them |
#![cfg_attr(docsrs, feature(doc_cfg))]

mod adapter;
mod background;
mod bindings;
#[cfg(feature = "json")]
mod cache;
mod call;
mod check;
mod clock;
mod config;
mod context;
mod error;
mod flight;
#[cfg(fuzzing)]
#[doc(hidden)]
pub mod fuzzing;
mod handle;
mod invalidate;
mod key;
mod life;
mod memory;
mod name;
mod outcome;
mod pace;
mod policy;
mod random;
pub mod registry;
mod remote;
mod rules;
#[cfg(feature = "json")]
mod shared;
mod site;
mod stats;
pub mod store;
mod sync;
mod tag;
#[cfg(feature = "testing")]
pub mod testing;
mod throttle;
mod tier;
mod timed_out;
mod timer;

#[doc(hidden)]
#[path = "private.rs"]
pub mod __private;

#[cfg(feature = "macros")]
#[doc(inline)]
#[doc = include_str!("../docs/cached.md")]
pub use cached_macro::cached;
#[cfg(feature = "macros")]
#[doc(inline)]
#[doc = include_str!("../docs/invalidates.md")]
pub use cached_macro::invalidates;

pub use background::{BackgroundJob, set_spawner, shutdown, shutdown_async};
#[cfg(feature = "json")]
pub use cache::Cache;
pub use clock::ManualClock;
pub use config::{Config, StoreConfig, init};
pub use context::{Current, current};
pub use error::{Error, ErrorKind};
pub use handle::{Entry, Handle, OpaqueEntry};
pub use invalidate::{expire_tag, expire_tag_async, invalidate_tag, invalidate_tag_async};
pub use outcome::{HitTier, MissReason, Outcome};
pub use policy::{Amount, IntoTimeout, Timeout};
#[cfg(feature = "json")]
pub use shared::{SharedEntry, SharedHandle};
pub use stats::Stats;
pub use timed_out::CacheTimeout;

#[cfg(all(any(doc, doctest), feature = "macros"))]
#[doc = include_str!("../docs/freshness.md")]
pub mod _freshness {}

/// Runs the examples of the crate page as tests.
#[cfg(all(doctest, feature = "json", feature = "macros", feature = "testing"))]
#[doc = include_str!("../../README.md")]
mod readme {}
