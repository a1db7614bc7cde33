//! No response of one user reaches another.

use crate::outcome::{hit, passed, stored};
use crate::script::Reply;
use crate::site::Site;

/// Ways to say who asks.
const CREDENTIALS: &[[&str; 2]] = &[
    ["authorization", "Basic YTpi"],
    ["authorization", "Bearer a"],
    ["authorization", ""],
    ["cookie", "session=a"],
    ["cookie", "theme=dark"],
    ["proxy-authorization", "Basic YTpi"],
    ["x-api-key", "a"],
    ["x-forwarded-user", "a"],
];

pub async fn credentials_neither_read_nor_write(site: &Site) {
    for [name, value] in CREDENTIALS {
        let page = site.page("plain");
        passed!(page.get().field(name, value), 1);
        passed!(page.get().field(name, value), 2);
        stored!(page.get(), 3);
        passed!(page.get().field(name, value), 4);
        hit!(page.get(), 3);
    }
}

pub async fn credentials_may_be_ignored(site: &Site) {
    for [name, value] in CREDENTIALS {
        let page = site.page("careless");
        stored!(page.get().field(name, value), 1);
        hit!(page.get(), 1);
        hit!(page.get().field(name, "b"), 1);
    }
}

pub async fn cookies_that_are_set_are_for_one(site: &Site) {
    for route in ["plain", "careless"] {
        let page = site
            .page_of(route, |run| Reply::run(run).field("set-cookie", format!("session={run}")));
        let first = passed!(page.get(), 1);
        assert_eq!(first.field("set-cookie"), Some("session=1"));
        let second = passed!(page.get(), 2);
        assert_eq!(second.field("set-cookie"), Some("session=2"));
        page.script.answers(Reply::run);
        stored!(page.get(), 3);
        let answer = hit!(page.get(), 3);
        assert_eq!(answer.field("set-cookie"), None);
    }
}

pub async fn each_user_has_pages_of_their_own(site: &Site) {
    let page = site.page("personal");
    let first = stored!(page.get().field("x-user", "alice").field("cookie", "session=a"), 1);
    stored!(page.get().field("x-user", "bob").field("cookie", "session=b"), 2);
    let again = hit!(page.get().field("x-user", "alice").field("cookie", "other=c"), 1);
    hit!(page.get().field("x-user", "bob"), 2);
    stored!(page.at("?a=1").field("x-user", "bob"), 3);
    for answer in [first, again] {
        assert_eq!(answer.field("cache-control"), Some("private"), "{answer:?}");
    }
}

/// Nobody's page is not alice's, and the page of a user whose name ends a query is nobody else's.
pub async fn users_are_told_apart_exactly(site: &Site) {
    let page = site.page("personal");
    let asks = [
        ("?q=1", "a@b"),
        ("?q=1@a", "b"),
        ("?q=1", "a%40b"),
        ("?q=1", "\"a@b\""),
        ("?q=1", "A@b"),
        ("?q=1", ""),
        ("?q=1@", ""),
    ];
    for (at, (query, user)) in asks.iter().enumerate() {
        // One without a name may have no cached page at all.
        let answer = page.at(query).field("x-user", user).send().await;
        assert_eq!(answer.text(), format!("run {}", at + 1), "{query} of {user}");
    }
    hit!(page.at("?q=1").field("x-user", "a@b"), 1);
    let nobody = page.at("?q=1").send().await;
    assert_eq!(nobody.text(), "run 8");
}

pub async fn users_come_from_middleware(site: &Site) {
    let page = site.page("account");
    stored!(page.get().field("x-user", "alice"), 1);
    stored!(page.get().field("x-user", "bob"), 2);
    hit!(page.get().field("x-user", "alice"), 1);
    hit!(page.get().field("x-user", "bob"), 2);
}

/// Extractors and middleware run on hits too.
pub async fn who_may_not_ask_gets_no_hit(site: &Site) {
    let page = site.page("account");
    stored!(page.get().field("x-user", "alice"), 1);
    let answer = page.get().send().await;
    assert_eq!((answer.status.as_u16(), page.runs()), (401, 1), "{answer:?}");
    hit!(page.get().field("x-user", "alice"), 1);
}
