//! `#[invalidates]` on every shape of function.

use std::fmt::Display;

use cached_runtime::{cached, hit, invalidates, miss, testing};

#[cached(handle)]
fn load(id: u64) -> u64 {
    id
}

#[cached(handle = All)]
fn list(page: &str) -> usize {
    page.len()
}

struct Repo {
    base: u64,
}

impl Repo {
    #[cached(handle(impl), key = "{id}", skip(self))]
    fn find(&self, id: u64) -> u64 {
        self.base + id
    }

    #[invalidates(Self::find_entry(id))]
    fn store(&mut self, id: u64) {
        self.base += id;
    }

    #[invalidates(Self::find_cache())]
    fn reset(self) -> Self {
        Self { base: 0 }
    }

    #[invalidates(load::entry(id))]
    fn base_mut(&mut self, id: u64) -> &mut u64 {
        self.base += id;
        &mut self.base
    }

    #[invalidates(load::entry(id))]
    async fn store_async(&self, id: u64) {
        std::future::ready(()).await;
        let _ = id;
    }
}

#[invalidates(load::entry(id))]
fn returns_nothing(id: u64) {
    let _ = id;
}

#[invalidates(load::entry(id), All::entry("a"), All::cache())]
fn several(id: u64, fails: bool) -> Result<u64, String> {
    if fails {
        Err("failed")?;
    }
    Ok(id)
}

#[invalidates(before, load::entry(id))]
fn before(id: u64) -> Result<u64, String> {
    assert_eq!(load::entry(id).peek(), None);
    Err("failed".into())
}

#[invalidates(load::entry(id.into()))]
fn generic<T: Into<u64> + Copy>(id: T) -> Option<T> {
    Some(id)
}

#[invalidates(load::entry(id))]
fn returns_impl_trait(id: u64) -> impl Display {
    id
}

#[invalidates(load::entry(*id))]
fn borrows(id: &u64) -> &u64 {
    id
}

#[invalidates(load::entry(id))]
unsafe fn is_unsafe(id: u64) -> u64 {
    id
}

#[invalidates(load::entry(id))]
#[cached(skip(id))]
fn cached_as_well(id: u64) -> u64 {
    id
}

#[invalidates(crate = ::cached_runtime, load::entry(id))]
fn with_a_path(id: u64) {
    let _ = id;
}

#[invalidates(load::entry(id))]
async fn returns_early(id: u64) -> Result<(), String> {
    if id == 0 {
        return Err("zero".into());
    }
    Ok(())
}

pub fn main() {
    testing::isolated(|| {
        let loaded = || assert_eq!(hit!(load(1)), 1);
        miss!(load(1));
        loaded();
        returns_nothing(1);
        miss!(load(1));
        assert!(several(1, true).is_err());
        loaded();
        miss!(list("b"));
        assert!(several(1, false).is_ok());
        miss!(load(1));
        miss!(list("b"));
        assert!(before(1).is_err());
        miss!(load(1));
        generic(1_u8);
        miss!(load(1));
        assert_eq!(returns_impl_trait(1).to_string(), "1");
        miss!(load(1));
        borrows(&1);
        miss!(load(1));
        unsafe { is_unsafe(1) };
        miss!(load(1));
        cached_as_well(1);
        miss!(load(1));
        with_a_path(1);
        miss!(load(1));

        let mut repo = Repo { base: 1 };
        miss!(repo.find(1), 2);
        repo.store(1);
        miss!(repo.find(1), 3);
        *repo.base_mut(1) += 1;
        let repo = repo.reset();
        miss!(repo.find(1), 1);
        drop(repo.store_async(1));
        drop(returns_early(1));
    });
}
