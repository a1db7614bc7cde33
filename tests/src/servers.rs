//! Servers for tests: the real ones, on free ports of 127.0.0.1, with their files in a directory of
//! their own. Stopped, and their files removed, when they are dropped.
//!
//! Everything here panics where a server does not do as told within its time: a test can do nothing
//! about that.

mod cluster;
mod line;
mod memcached;
mod process;
mod redis;
mod sentinel;
mod tls;

pub use self::cluster::Cluster;
pub use self::line::Line;
pub use self::memcached::Memcached;
pub use self::redis::Redis;
pub use self::sentinel::Sentinel;
pub use self::tls::RedisTls;

use std::thread;
use std::time::{Duration, Instant};

/// How long a server may take to do what it was told.
const PATIENCE: Duration = Duration::from_secs(20);

/// Asks again and again until the answer is yes.
///
/// # Panics
/// After 20 seconds, saying `what` was awaited.
pub fn wait_until(what: &str, mut is_so: impl FnMut() -> bool) {
    let end = Instant::now() + PATIENCE;
    while !is_so() {
        assert!(Instant::now() < end, "waited in vain until {what}");
        thread::sleep(Duration::from_millis(10));
    }
}
