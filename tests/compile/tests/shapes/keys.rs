//! Every kind of key.

use cached_runtime::{cached, hit, miss, testing};

#[derive(Clone)]
struct User {
    id: u64,
    name: String,
    price: f64,
}

impl User {
    fn path(&self) -> &str {
        &self.name
    }
}

const TENANT: u64 = 7;

#[cached(key = "user:{user.id}:{user.path()}")]
fn template(user: &User) -> f64 {
    user.price
}

#[cached(key = "{user.price:.1}:{user.id:>4}:{user.name:?}")]
fn template_with_formats(user: &User) -> f64 {
    user.price
}

#[cached(key = "{one}:{two}:{three}:{four}")]
fn template_of_references(one: &&str, two: &u64, three: Option<&str>, four: &&&String) -> usize {
    one.len() + *two as usize + three.map_or(0, str::len) + four.len()
}

#[cached(key = "{u64::from(*n) + TENANT}")]
fn template_of_an_expression(n: &u32) -> u32 {
    *n
}

#[cached(key = (user.id, &user.name, page / 2))]
fn parts(user: &User, page: u32) -> f64 {
    user.price + f64::from(page)
}

#[cached(key = user.id)]
fn whole(user: &User) -> f64 {
    user.price
}

#[cached(key = user.name.as_str())]
fn whole_borrowed(user: &User) -> f64 {
    user.price
}

#[cached(key = id)]
fn whole_argument(id: u64) -> u64 {
    id
}

fn user_key(user: &User, page: &u32) -> (u64, u32) {
    (user.id, *page)
}

#[cached(key = user_key)]
fn function(user: &User, page: u32) -> f64 {
    user.price + f64::from(page)
}

#[cached(key = |user, page| format!("{}:{page}", user.id))]
fn closure(user: &User, page: u32) -> f64 {
    user.price + f64::from(page)
}

#[cached(key = |user, _page| user.name.as_str())]
fn closure_that_borrows(user: &User, page: u32) -> f64 {
    user.price + f64::from(page)
}

#[cached(key = |text| text.parse::<u64>())]
fn closure_that_may_fail(text: &str) -> usize {
    text.len()
}

#[cached(key = str::len)]
fn path(text: &str) -> usize {
    text.len()
}

#[cached(key = "{n}", handle)]
async fn of_async(n: u64) -> u64 {
    n
}

pub fn main() {
    let user = User { id: 1, name: "a b".into(), price: 2.0 };
    testing::isolated(|| {
        miss!(template(&user), 2.0);
        hit!(template(&User { price: 3.0, ..user.clone() }), 2.0);
        miss!(template_with_formats(&user), 2.0);
        hit!(template_with_formats(&user), 2.0);
        miss!(template_of_references(&"a", &1, None, &&&"b".into()), 3);
        hit!(template_of_references(&"a", &1, None, &&&"b".into()), 3);
        miss!(template_of_an_expression(&1), 1);
        hit!(template_of_an_expression(&1), 1);
        miss!(parts(&user, 2), 4.0);
        hit!(parts(&user, 3), 4.0);
        miss!(whole(&user), 2.0);
        hit!(whole(&user), 2.0);
        miss!(whole_borrowed(&user), 2.0);
        hit!(whole_borrowed(&user), 2.0);
        miss!(whole_argument(1), 1);
        hit!(whole_argument(1), 1);
        miss!(function(&user, 1), 3.0);
        hit!(function(&user, 1), 3.0);
        miss!(closure(&user, 1), 3.0);
        hit!(closure(&user, 1), 3.0);
        miss!(closure_that_borrows(&user, 1), 3.0);
        hit!(closure_that_borrows(&user, 2), 3.0);
        miss!(closure_that_may_fail("1"), 1);
        hit!(closure_that_may_fail("01"), 1);
        miss!(path("ab"), 2);
        hit!(path("cd"), 2);
        assert!(!of_async::entry(1).invalidate());
    });
    drop(of_async(1));
}
