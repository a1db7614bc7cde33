//! Identity of functions inside functions, closures and macros.

use cached_runtime::{cached, hit, miss, testing};

fn outer_one() -> u64 {
    #[cached]
    fn inner(n: u64) -> u64 {
        n + 1
    }
    inner(1)
}

fn outer_two() -> u64 {
    #[cached]
    fn inner(n: u64) -> u64 {
        n + 2
    }
    inner(1)
}

#[test]
fn nested_functions_of_one_name_are_apart() {
    testing::isolated(|| {
        miss!(outer_one(), 2);
        miss!(outer_two(), 3);
        hit!(outer_one(), 2);
        hit!(outer_two(), 3);
    });
}

#[test]
fn functions_in_two_blocks_of_one_function_are_apart() {
    testing::isolated(|| {
        let one = {
            #[cached]
            fn get(n: u64) -> u64 {
                n + 10
            }
            miss!(get(1))
        };
        let two = {
            #[cached]
            fn get(n: u64) -> u64 {
                n + 20
            }
            miss!(get(1))
        };
        assert_eq!((one, two), (11, 21));
    });
}

#[test]
fn a_function_inside_a_closure_keeps_its_entries_between_calls() {
    let call = |n| {
        #[cached]
        fn get(n: u64) -> u64 {
            n * 2
        }
        get(n)
    };
    testing::isolated(|| {
        miss!(call(4), 8);
        hit!(call(4), 8);
    });
}

/// Writes a function with a name and a key of the caller's.
macro_rules! greeting {
    ($name:ident, $word:literal) => {
        #[cached]
        fn $name(whom: &str) -> String {
            format!("{} {whom}", $word)
        }
    };
    ($name:ident, $word:literal, key = $key:literal, timeout = $timeout:expr) => {
        #[cached(key = $key, timeout = $timeout)]
        fn $name(whom: &str) -> String {
            format!("{} {whom}", $word)
        }
    };
}

greeting!(hello, "hello");
greeting!(goodbye, "goodbye");

mod keyed {
    use cached_runtime::cached;

    greeting!(hello, "keyed hello", key = "greet:{whom}", timeout = 5);
    greeting!(goodbye, "keyed goodbye", key = "greet:{whom}", timeout = 60);

    pub fn both(whom: &str) -> [String; 2] {
        [hello(whom), goodbye(whom)]
    }
}

#[test]
fn a_macro_expanded_twice_makes_two_caches() {
    testing::isolated(|| {
        miss!(hello("Ann"), "hello Ann");
        miss!(goodbye("Ann"), "goodbye Ann");
        hit!(hello("Ann"), "hello Ann");
        hit!(goodbye("Ann"), "goodbye Ann");
        miss!(keyed::both("Ann"), ["keyed hello Ann", "keyed goodbye Ann"]);
        hit!(keyed::both("Ann"), ["keyed hello Ann", "keyed goodbye Ann"]);
    });
}

/// Writes an impl of one method for each type.
macro_rules! describe {
    ($($ty:ident = $text:literal),*) => {$(
        struct $ty;

        impl $ty {
            #[cached]
            fn describe(n: u64) -> String {
                format!("{} {n}", $text)
            }
        }
    )*};
}

describe!(Oak = "oak", Elm = "elm");

#[test]
fn impls_that_a_macro_repeats_are_apart() {
    testing::isolated(|| {
        miss!(Oak::describe(1), "oak 1");
        miss!(Elm::describe(1), "elm 1");
        hit!(Oak::describe(1), "oak 1");
    });
}
