//! Functions that a macro writes: names, types, keys and values from both sides.

use cached_runtime::{cached, hit, invalidates, miss, testing};

macro_rules! loader {
    ($name:ident, $arg:ident: $ty:ty => $ret:ty, $timeout:expr, $body:expr) => {
        #[cached(timeout = $timeout)]
        fn $name($arg: $ty) -> $ret {
            $body
        }
    };
}

loader!(half, n: u64 => u64, 60, n / 2);
loader!(length, text: &str => Option<usize>, "5m", text.len().checked_sub(1));

macro_rules! keyed {
    ($name:ident, $key:literal, $arg:ident, $handle:ident) => {
        #[cached(key = $key, handle = $handle, capacity = 1 + 1, skip(context))]
        fn $name(context: &str, $arg: u64) -> u64 {
            $arg + context.len() as u64
        }
    };
}

keyed!(user, "user:{id}", id, UserCache);

macro_rules! own_names {
    ($name:ident) => {
        #[cached(key = "{number}:{text}", unless = number == 0)]
        fn $name(number: u64, text: &str) -> u64 {
            number + text.len() as u64
        }
    };
}

own_names!(inside);

macro_rules! both {
    ($name:ident, $given:ident) => {
        #[cached(handle)]
        async fn $name($given: u64, own: &str) -> u64 {
            $given + own.len() as u64
        }
    };
}

both!(mixed, own);

macro_rules! expression {
    ($name:ident($arg:ident), $key:expr, $store:expr) => {
        #[cached(key = $key, store_if = $store)]
        fn $name($arg: u64) -> u64 {
            $arg + 1
        }
    };
}

expression!(halves(n), n / 2, |value| *value > 1);
expression!(pairs(n), (n / 2, 1), |value| *value > 1);
expression!(closures(n), |n: &u64| n / 2, |value: &u64| *value > 1);

macro_rules! method {
    ($receiver:ident, $ty:ty) => {
        impl $ty {
            #[cached(skip($receiver), handle(impl))]
            fn get(&$receiver, n: u64) -> u64 {
                n + $receiver.0
            }
        }
    };
}

struct Repo(u64);
method!(self, Repo);

macro_rules! invalidating {
    ($name:ident, $arg:ident, $entry:expr) => {
        #[invalidates($entry)]
        fn $name($arg: u64) -> Result<u64, String> {
            Ok($arg)
        }
    };
}

invalidating!(rename, id, UserCache::entry(id));

pub fn main() {
    testing::isolated(|| {
        miss!(half(4), 2);
        hit!(half(4), 2);
        miss!(length("abc"), Some(2));
        hit!(length("abc"), Some(2));
        miss!(user("a", 1), 2);
        hit!(user("abc", 1), 2);
        assert_eq!(rename(1), Ok(1));
        miss!(user("abc", 1), 4);
        miss!(inside(1, "a"), 2);
        hit!(inside(1, "a"), 2);
        miss!(halves(2), 3);
        hit!(halves(3), 3);
        miss!(pairs(2), 3);
        hit!(pairs(3), 3);
        miss!(closures(2), 3);
        hit!(closures(3), 3);
        miss!(Repo(1).get(1), 2);
        hit!(Repo(1).get(1), 2);
        assert!(Repo::get_entry(1).invalidate());
        assert!(!mixed::entry(1, "a").invalidate());
    });
    drop(mixed(1, "a"));
}
