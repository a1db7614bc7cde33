//! What an answer says of the cache: `Cache-Status` (RFC 9211), and `Cache-Control` to clients.

use crate::client::Answer;
use crate::outcome::{hit, passed, stored};
use crate::script::{Part, Reply};
use crate::site::Site;

pub async fn hits_and_misses(site: &Site) {
    let page = site.page("plain");
    assert_eq!(stored!(page.get(), 1).cache(), "cached-web; fwd=uri-miss; stored");
    assert_eq!(hit!(page.get(), 1).cache(), "cached-web; hit; ttl=60");
    site.advance(3);
    assert_eq!(hit!(page.get(), 1).cache(), "cached-web; hit; ttl=57");
    site.advance(57);
    assert_eq!(stored!(page.get(), 2).cache(), "cached-web; fwd=stale; stored");
    assert_eq!(page.head().send().await.cache(), "cached-web; hit; ttl=60");
}

pub async fn variants(site: &Site) {
    let page = site.page_of("plain", |run| Reply::run(run).field("vary", "x-a"));
    assert_eq!(stored!(page.get(), 1).cache(), "cached-web; fwd=uri-miss; stored");
    let other = stored!(page.get().field("x-a", "1"), 2);
    assert_eq!(other.cache(), "cached-web; fwd=vary-miss; stored");
    assert_eq!(hit!(page.get().field("x-a", "1"), 2).cache(), "cached-web; hit; ttl=60");
}

pub async fn bypasses(site: &Site) {
    let page = site.page("plain");
    let asks = [
        (page.get().field("authorization", "a"), "credentials"),
        (page.get().field("cookie", "a=1"), "credentials"),
        (page.get().field("x-api-key", "a"), "credentials"),
        (page.get().field("range", "bytes=0-1"), "range"),
        (page.get().body("a"), "body"),
    ];
    for (ask, detail) in asks {
        let expected = format!("cached-web; fwd=bypass; detail={detail}");
        assert_eq!(ask.send().await.cache(), expected);
    }
    let answer = page.ask(http::Method::POST).send().await;
    assert!(answer.says("fwd=method") || answer.says("fwd=bypass"), "{answer:?}");
}

pub async fn what_is_not_kept(site: &Site) {
    for (name, value) in [("cache-control", "no-store"), ("set-cookie", "a=1"), ("vary", "*")] {
        let page = site.page_of("plain", move |run| Reply::run(run).field(name, value));
        let expected = format!("cached-web; fwd=uri-miss; detail={name}");
        assert_eq!(passed!(page.get(), 1).cache(), expected);
    }
    let page = site.page_of("plain", |_| Reply::new("").flow(&[Part::Bytes(5)]));
    let answer = page.get().send().await;
    assert!(answer.says("fwd=uri-miss") && !answer.says("stored"), "{answer:?}");
}

/// Nothing of the key, nor of who asked.
pub async fn never_the_key(site: &Site) {
    let page = site.page("personal");
    let ask = || page.at("?secret=1").field("x-user", "alice").field("host", "host.example");
    for answer in [stored!(ask(), 1), hit!(ask(), 1)] {
        for part in ["secret", "alice", "host.example", page.script.name()] {
            assert!(!answer.cache().contains(part), "{answer:?}");
        }
        assert!(!answer.cache().contains("key"), "{answer:?}");
    }
}

pub async fn nothing_where_it_is_off(site: &Site) {
    let page = site.page("quiet");
    for turn in ["first", "second"] {
        let answer = page.get().send().await;
        assert_eq!(answer.text(), "run 1", "{turn}");
        assert!(answer.lines("cache-status").is_empty(), "{turn}: {answer:?}");
    }
}

/// Caches further away have said theirs: ours comes after them.
pub async fn others_have_their_say(site: &Site) {
    let page = site.page_of("plain", |run| Reply::run(run).field("cache-status", "far; hit"));
    for own in ["cached-web; fwd=uri-miss; stored", "cached-web; hit; ttl=60"] {
        let answer = page.get().send().await;
        let said = answer.lines("cache-status").join(&b", "[..]);
        assert_eq!(String::from_utf8(said).unwrap(), format!("far; hit, {own}"));
    }
}

/// A client's copy would outlive our invalidation.
pub async fn clients_are_told_nothing_by_default(site: &Site) {
    let page = site.page("plain");
    for answer in [stored!(page.get(), 1), hit!(page.get(), 1)] {
        assert_eq!(told(&answer), [""; 0], "{answer:?}");
    }
}

pub async fn clients_are_told_what_is_asked_for(site: &Site) {
    let page = site.page("public");
    for answer in [stored!(page.get(), 1), hit!(page.get(), 1)] {
        assert_eq!(told(&answer), ["public, max-age=30"], "{answer:?}");
    }
}

fn told(answer: &Answer) -> Vec<&str> {
    let lines = answer.headers.get_all("cache-control").iter();
    lines.map(|line| line.to_str().expect("a text")).collect()
}
