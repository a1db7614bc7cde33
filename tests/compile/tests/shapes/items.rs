//! Wherever a function may stand.

use cached_runtime::{cached, hit, miss, testing};

mod inner {
    use cached_runtime::cached;

    #[cached(handle)]
    pub(crate) fn visible(n: u64) -> u64 {
        n
    }

    #[cached(handle)]
    pub(super) fn restricted(n: u64) -> u64 {
        n
    }

    #[cached(handle)]
    pub(in crate::items::inner) fn private(n: u64) -> u64 {
        n
    }

    pub fn call(n: u64) -> u64 {
        private(n)
    }
}

use inner::{restricted, visible};

fn local(n: u64) -> u64 {
    #[cached]
    fn helper(n: u64) -> u64 {
        n + 1
    }

    #[cached(handle)]
    fn held(n: u64) -> u64 {
        n + 2
    }

    held::entry(n).put(7);
    helper(n) + held(n)
}

fn generic<T: std::fmt::Debug + Default>() -> String {
    #[cached]
    fn inside(n: u64) -> String {
        n.to_string()
    }
    inside(1) + &format!("{:?}", T::default())
}

const _: () = {
    #[cached]
    fn unused(n: u64) -> u64 {
        n
    }
    let _ = unused;
};

#[cached]
fn with_items(n: u64) -> u64 {
    const MORE: u64 = 3;
    struct Wrapped(u64);
    impl Wrapped {
        #[cached]
        fn twice(n: u64) -> u64 {
            n * 2
        }
    }
    fn add(wrapped: Wrapped) -> u64 {
        wrapped.0 + MORE
    }
    Wrapped::twice(add(Wrapped(n)))
}

pub fn main() {
    testing::isolated(|| {
        miss!(visible(1), 1);
        assert!(visible::entry(1).invalidate());
        miss!(restricted(1), 1);
        assert_eq!(restricted::cache().len(), 1);
        miss!(inner::call(1), 1);
        hit!(inner::call(1), 1);
        assert_eq!(local(1), 9);
        assert_eq!(generic::<u8>(), "10");
        assert_eq!(generic::<String>(), "1\"\"");
        miss!(with_items(1), 8);
        hit!(with_items(1), 8);
    });
}
