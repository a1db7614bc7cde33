//! `unsafe fn`, with and without a handle.

#![deny(warnings)]

use cached_runtime::{cached, hit, miss, testing};

#[cached(key = "{n}", skip(place))]
unsafe fn read(place: *const u64, n: u64) -> u64 {
    n + unsafe { *place }
}

/// # Safety
/// `place` points at a number.
#[cached(handle, key = "{n}", skip(place))]
pub unsafe fn read_with_handle(place: *const u64, n: u64) -> u64 {
    n + unsafe { *place }
}

#[cached]
unsafe extern "C" fn foreign(n: u64) -> u64 {
    n
}

struct Repo;

impl Repo {
    #[cached(skip(self), handle(impl))]
    unsafe fn load(&self, n: u64) -> u64 {
        n
    }
}

pub fn main() {
    testing::isolated(|| {
        let place = 1;
        miss!(unsafe { read(&raw const place, 1) }, 2);
        hit!(unsafe { read(std::ptr::null(), 1) }, 2);
        miss!(unsafe { read_with_handle(&raw const place, 1) }, 2);
        hit!(unsafe { read_with_handle(std::ptr::null(), 1) }, 2);
        assert_eq!(read_with_handle::entry(1).peek(), Some(2));
        assert_eq!(unsafe { read_with_handle::fresh(&raw const place, 2) }, 3);
        miss!(unsafe { foreign(1) }, 1);
        miss!(unsafe { Repo.load(1) }, 1);
        assert_eq!(unsafe { Repo.load_uncached(1) }, 1);
        assert!(Repo::load_entry(1).invalidate());
    });
}
