//! `#[invalidates]`: entries that a function drops once it has succeeded.

use std::cell::RefCell;

use cached_runtime::{cached, hit, invalidates, miss, testing};

#[cached(key = "{id}", handle)]
fn user(id: u64) -> String {
    STORE.with_borrow(|names| names[usize::try_from(id).unwrap_or_default()].clone())
}

#[cached(handle)]
async fn posts(user: u64, page: u32) -> String {
    format!("{user} {page}")
}

#[cached(handle)]
fn users() -> usize {
    STORE.with_borrow(Vec::len)
}

thread_local! {
    static STORE: RefCell<Vec<String>> = RefCell::new(vec!["Ann".into(), "Bob".into()]);
}

#[invalidates(user::entry(id))]
fn rename(id: u64, name: &str) -> Result<(), String> {
    if name.is_empty() {
        return Err("a name is needed".into());
    }
    STORE.with_borrow_mut(|names| names[usize::try_from(id).unwrap_or_default()] = name.into());
    Ok(())
}

#[test]
fn a_success_drops_the_entry() {
    testing::isolated(|| {
        miss!(user(0), "Ann");
        miss!(user(1), "Bob");
        rename(0, "Eve").unwrap();
        miss!(user(0), "Eve");
        hit!(user(1), "Bob");
    });
}

#[test]
fn an_error_drops_nothing() {
    testing::isolated(|| {
        miss!(user(0), "Ann");
        assert_eq!(rename(0, ""), Err("a name is needed".into()));
        hit!(user(0), "Ann");
    });
}

#[invalidates(user::entry(id), users::cache(), posts::entry(id, 1))]
async fn remove(id: u64) -> Option<String> {
    None
}

#[tokio::test]
async fn several_entries_and_a_whole_cache_go_together() {
    testing::isolated_async(async {
        miss!(user(0));
        miss!(user(1));
        miss!(users(), 2);
        miss!(posts(0, 1).await);
        miss!(posts(0, 2).await);
        assert_eq!(remove(0).await, None, "a `None` is no failure");
        miss!(user(0));
        miss!(users(), 2);
        miss!(posts(0, 1).await);
        hit!(user(1));
        hit!(posts(0, 2).await);
    })
    .await;
}

#[invalidates(user::entry(id))]
async fn parse_name(id: u64, text: &str) -> anyhow::Result<u64> {
    let number = text.parse()?;
    Ok(number)
}

#[tokio::test]
async fn an_error_by_question_mark_in_an_async_function_drops_nothing() {
    testing::isolated_async(async {
        miss!(user(0));
        assert!(parse_name(0, "x").await.is_err());
        hit!(user(0));
        assert_eq!(parse_name(0, "7").await.unwrap(), 7);
        miss!(user(0));
    })
    .await;
}

#[invalidates(before, user::entry(id))]
fn replace(id: u64, is_right: bool) -> Result<Option<String>, ()> {
    let before = user::entry(id).peek();
    user(id);
    is_right.then_some(before).ok_or(())
}

#[test]
fn before_drops_the_entry_ahead_of_the_body_and_again_after_a_success() {
    testing::isolated(|| {
        miss!(user(0));
        assert_eq!(replace(0, true), Ok(None));
        miss!(user(0));
        assert_eq!(replace(0, false), Err(()));
        hit!(user(0));
        assert_eq!(user::cache().stats().loads, 4);
    });
}

#[invalidates(user::entry(id.trim().parse().unwrap_or(0)))]
fn consume(id: String) -> usize {
    id.into_bytes().len()
}

#[test]
fn the_entries_are_named_before_the_body_takes_the_arguments() {
    testing::isolated(|| {
        miss!(user(1));
        assert_eq!(consume(" 1 ".into()), 3);
        miss!(user(1));
    });
}

struct Accounts {
    offset: u64,
}

impl Accounts {
    #[cached(key = "{self.offset}:{id}", handle(impl))]
    fn balance(&self, id: u64) -> u64 {
        self.offset + id
    }

    #[invalidates(self.balance_entry(to), self.balance_entry(from))]
    fn transfer(&mut self, from: u64, to: u64) -> Result<u64, ()> {
        if from == to { Err(()) } else { Ok(self.offset) }
    }

    #[invalidates(Self::balance_cache())]
    fn reset(self) {}
}

#[test]
fn methods_invalidate_through_self() {
    testing::isolated(|| {
        let mut accounts = Accounts { offset: 10 };
        for id in 0..3 {
            miss!(accounts.balance(id), 10 + id);
        }
        assert_eq!(accounts.transfer(1, 1), Err(()));
        hit!(accounts.balance(1));
        assert_eq!(accounts.transfer(0, 1), Ok(10));
        miss!(accounts.balance(0));
        miss!(accounts.balance(1));
        hit!(accounts.balance(2));
        accounts.reset();
        miss!(Accounts { offset: 10 }.balance(2));
    });
}

#[test]
fn a_panic_drops_nothing() {
    #[invalidates(user::entry(0))]
    fn fails() -> u64 {
        std::panic::resume_unwind(Box::new("no message"))
    }
    testing::isolated(|| {
        miss!(user(0));
        assert!(std::panic::catch_unwind(fails).is_err());
        hit!(user(0));
    });
}
