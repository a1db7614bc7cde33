//! Which requests share a response: host, path and query.

use http::Method;

use crate::outcome::{hit, stored};
use crate::site::Site;

/// Queries that are one.
const SAME: &[[&str; 2]] = &[
    ["?b=2&a=1", "?a=1&b=2"],
    ["?a=1&b=2&a=3", "?b=2&a=1&a=3"],
    ["?&a=1&&", "?a=1"],
    ["?", ""],
    ["?%7efoo=1", "?~foo=1"],
    ["?x=%61%2D%2e", "?x=a-."],
    ["?x=%c3%a9", "?x=%C3%A9"],
    ["?x=a%2fb", "?x=a%2Fb"],
];

/// Queries that are two, however alike they look, or a decoder makes them.
const OTHER: &[[&str; 2]] = &[
    ["?a=1", "?a=2"],
    ["?a=1", ""],
    ["?a=1&a=2", "?a=2&a=1"],
    ["?b=1&a=1&a=2", "?b=1&a=2&a=1"],
    ["?a=1&a=1", "?a=1"],
    ["?a=%26b=2", "?a=&b=2"],
    ["?a=1%26b=2", "?a=1&b=2"],
    ["?a%3Db", "?a=b"],
    ["?a", "?a="],
    ["?a=%FF", "?a=%FE"],
    ["?a=%FF", "?a=%EF%BF%BD"],
    ["?a=+", "?a=%2B"],
    ["?a=x%00", "?a=x"],
    ["?a=1;b=2", "?a=1&b=2"],
    ["?A=1", "?a=1"],
    ["?a=b%2Fc", "?a=b%252Fc"],
    ["?a=1?b=2", "?a=1&b=2"],
    ["?a[]=1&a[]=2", "?a[]=2&a[]=1"],
    ["?a+b=1&a%20b=2", "?a%20b=2&a+b=1"],
    ["?a[]=1&a%5B%5D=2", "?a%5B%5D=2&a[]=1"],
    ["?a[x]=1&a[y]=2", "?a[y]=2&a[x]=1"],
    ["?b=1&a=1;b=2", "?a=1;b=2&b=1"],
    ["?=1", "?1"],
];

pub async fn a_page_is_loaded_once(site: &Site) {
    let page = site.page("plain");
    stored!(page.get(), 1);
    hit!(page.get(), 1);
    hit!(page.get(), 1);
    assert_eq!(page.runs(), 1);
}

pub async fn pages_are_apart(site: &Site) {
    let (one, other) = (site.page("plain"), site.page("plain"));
    stored!(one.get(), 1);
    stored!(other.get(), 1);
    assert_eq!((one.runs(), other.runs()), (1, 1));
}

/// Of one function, or behind one layer, routes are apart by the path that the client sent.
pub async fn nested_routes_are_apart(site: &Site) {
    let page = site.page("nested");
    stored!(page.get(), 1);
    let other = format!("/other/{}", page.script.name());
    stored!(site.ask(Method::GET, &other), 2);
    hit!(page.get(), 1);
    hit!(site.ask(Method::GET, &other), 2);
}

pub async fn queries_in_one_form_share_an_entry(site: &Site) {
    for [one, other] in SAME {
        let page = site.page("plain");
        stored!(page.at(one), 1);
        hit!(page.at(other), 1);
        hit!(page.at(one), 1);
    }
}

pub async fn different_queries_never_share_one(site: &Site) {
    for [one, other] in OTHER {
        let page = site.page("plain");
        stored!(page.at(one), 1);
        let answer = page.at(other).send().await;
        // A router may refuse one of them; it is not answered with the other's page.
        assert_ne!(answer.text(), "run 1", "{one} and {other}");
        hit!(page.at(one), 1);
    }
}

/// What stands for the end of the path in one form stands within it in another.
pub async fn paths_and_queries_are_apart(site: &Site) {
    let page = site.page("deep");
    let ways = ["/a?b", "/a%3Fb", "/a/b", "/a%2Fb", "/a", "/A", "/%61", "/a%00"];
    let mut texts = Vec::new();
    for way in ways {
        texts.push(page.at(way).send().await.text().to_owned());
    }
    let runs = texts.iter().filter(|text| text.starts_with("run "));
    let mut runs: Vec<_> = runs.collect();
    let count = runs.len();
    runs.sort_unstable();
    runs.dedup();
    assert_eq!(runs.len(), count, "two paths got one page: {texts:?}");
    assert!(count >= 5, "most of these are paths: {texts:?}");
}

pub async fn hosts_are_apart(site: &Site) {
    let page = site.page("plain");
    stored!(page.get().field("host", "a.example"), 1);
    stored!(page.get().field("host", "b.example"), 2);
    stored!(page.get().field("host", "a.example:81"), 3);
    hit!(page.get().field("host", "a.example"), 1);
    hit!(page.get().field("host", "b.example"), 2);
}

pub async fn hosts_may_be_left_out(site: &Site) {
    let page = site.page("hostless");
    stored!(page.get().field("host", "a.example"), 1);
    hit!(page.get().field("host", "b.example"), 1);
    stored!(page.at("?a=1").field("host", "b.example"), 2);
}

pub async fn names_may_be_ignored(site: &Site) {
    let page = site.page("ignoring");
    stored!(page.at("?a=1&utm_source=x"), 1);
    hit!(page.at("?a=1"), 1);
    hit!(page.at("?utm_medium=y&ref=z&a=1&utm_=1"), 1);
    hit!(page.at("?a=1&%75tm_source=x"), 1);
    stored!(page.at("?a=1&utm=x"), 2);
    stored!(page.at("?a=1&reference=x"), 3);
    stored!(page.at("?a=2&utm_source=x"), 4);
}

pub async fn names_may_be_chosen(site: &Site) {
    let page = site.page("choosing");
    stored!(page.at("?page=1&session=x"), 1);
    hit!(page.at("?page=1"), 1);
    hit!(page.at("?session=y&page=1"), 1);
    stored!(page.at("?page=2&session=x"), 2);
    stored!(page.at("?pages=1"), 3);
    hit!(page.get(), 3);
}

pub async fn a_template_is_the_whole_key_but_for_the_host(site: &Site) {
    let page = site.page("keyed");
    stored!(page.at("?a=1").field("x-part", "one"), 1);
    hit!(page.at("?a=2").field("x-part", "one"), 1);
    stored!(page.at("?a=1").field("x-part", "two"), 2);
    stored!(page.get().field("x-part", "one").field("host", "b.example"), 3);
    stored!(page.get(), 4);
    stored!(page.get().field("x-part", ""), 5);
    stored!(page.get().field("x-part", "one:two"), 6);
    hit!(page.get().field("x-part", "two"), 2);
}
