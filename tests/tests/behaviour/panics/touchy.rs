//! Types and functions of a user, each of which panics when it is told to.

use std::cell::Cell;
use std::fmt;
use std::hash::{Hash, Hasher};
use std::panic::resume_unwind;
use std::time::Duration;

/// What of the user's is about to run.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Touch {
    Hash,
    Eq,
    CloneKey,
    Display,
    MakeKey,
    Body,
    StoreIf,
    TimeoutOf,
    Weigh,
    CloneValue,
    DropValue,
}

thread_local! {
    /// What panics, and after how many touches that do not.
    pub static FUSE: Cell<Option<(Touch, u64)>> = const { Cell::new(None) };
    /// Values that exist.
    pub static LIVE: Cell<i64> = const { Cell::new(0) };
}

/// Panics if the fuse says so.
pub fn touch(touched: Touch) {
    match FUSE.get() {
        Some((kind, 0)) if kind == touched => {
            FUSE.set(None);
            // Unlike `panic!` it prints nothing.
            resume_unwind(Box::new("touched"));
        }
        Some((kind, left)) if kind == touched => FUSE.set(Some((kind, left - 1))),
        _ => {}
    }
}

pub struct Key(pub u64);

impl Hash for Key {
    fn hash<H: Hasher>(&self, state: &mut H) {
        touch(Touch::Hash);
        self.0.hash(state);
    }
}

impl PartialEq for Key {
    fn eq(&self, other: &Self) -> bool {
        touch(Touch::Eq);
        self.0 == other.0
    }
}

impl Eq for Key {}

impl Clone for Key {
    fn clone(&self) -> Self {
        touch(Touch::CloneKey);
        Self(self.0)
    }
}

impl fmt::Display for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        touch(Touch::Display);
        self.0.fmt(f)
    }
}

pub struct Value(pub u64);

impl Value {
    pub fn new(n: u64) -> Self {
        LIVE.set(LIVE.get() + 1);
        Self(n)
    }
}

impl Clone for Value {
    fn clone(&self) -> Self {
        touch(Touch::CloneValue);
        Self::new(self.0)
    }
}

impl Drop for Value {
    fn drop(&mut self) {
        LIVE.set(LIVE.get() - 1);
        touch(Touch::DropValue);
    }
}

pub fn body(n: u64) -> Value {
    touch(Touch::Body);
    Value::new(n)
}

pub fn always(_: &Value) -> bool {
    touch(Touch::StoreIf);
    true
}

pub fn ten_seconds(_: &Value) -> Duration {
    touch(Touch::TimeoutOf);
    Duration::from_secs(10)
}

pub fn one(_: &Value) -> u64 {
    touch(Touch::Weigh);
    1
}
