//! What a URL means, and what is wrong with it.

use std::time::Duration;

use super::*;
use crate::policy::{IntoTimeout as _, Timeout};

fn message(url: &str) -> String {
    parse(url, PLAIN).unwrap_err().to_string()
}

#[test]
fn places() {
    for (url, place) in [
        ("memory:", "memory"),
        ("memory://", "memory"),
        ("null:", "null"),
        ("file:///var/cache/app", "files /var/cache/app"),
        ("file:/var/cache/app", "files /var/cache/app"),
        ("file:./relative", "files ./relative"),
        ("file:a%20b/%3F%23%25+c", "files a b/?#%+c"),
        ("redis://127.0.0.1", "redis redis://127.0.0.1:6379/"),
        ("redis://127.0.0.1/0", "redis redis://127.0.0.1:6379/0"),
        ("redis://u:p%40%2F@[::1]:7/15", "redis redis://u:p%40%2F@[::1]:7/15"),
        ("rediss://cache.local/", "redis rediss://cache.local:6379/"),
        ("redis+sentinel://h1/main", "sentinel redis://h1:26379/ of main"),
        (
            "redis+sentinel://:p@h1,h2:7/my%20main/3",
            "sentinel redis://:p@h1:26379/3 redis://:p@h2:7/3 of my main",
        ),
        ("rediss+sentinel://h/m", "sentinel rediss://h:26379/ of m"),
        ("redis+cluster://h1,h2:7001", "cluster redis://h1:6379/ redis://h2:7001/"),
        ("rediss+cluster://u:p@h/0", "cluster rediss://u:p@h:6379/"),
        ("memcached://h1,h2:11212", "memcached h1:11211 h2:11212"),
        ("memcached://[::1],h/", "memcached [::1]:11211 h:11211"),
    ] {
        let store = parse(url, PLAIN).unwrap();
        assert_eq!((store.location.written(), store.is_tiered), (place.to_owned(), false));
        let store = parse(&format!("tiered+{url}"), PLAIN).unwrap();
        assert_eq!((store.location.written(), store.is_tiered), (place.to_owned(), true));
    }
}

#[test]
fn settings_are_in_the_query() {
    let url = "file:d?timeout=5m&prefix=a+b%26&threshold=9&max_bytes=64MiB&read_timeout=100ms\
               &write_timeout=1.5&connect_timeout=2s&codec=json&require&ca_file=%2Fca.pem&";
    let settings = parse(url, PLAIN).unwrap().settings;
    let expected = [
        Setting::DefaultTimeout(300.into_timeout()),
        Setting::Prefix("a b&".into()),
        Setting::Threshold(9),
        Setting::MaxBytes(64 << 20),
        Setting::ReadTimeout(Duration::from_millis(100)),
        Setting::WriteTimeout(Duration::from_millis(1500)),
        Setting::ConnectTimeout(Duration::from_secs(2)),
        Setting::Codec(super::super::settings::Encoding::Json),
        Setting::Require(true),
        Setting::CaFile("/ca.pem".into()),
    ];
    assert!(settings.iter().eq(&expected), "{settings:?}");
    for (query, setting) in [
        ("timeout=0", Setting::DefaultTimeout(Timeout::NEVER)),
        ("timeout=never", Setting::DefaultTimeout(Timeout::NEVER)),
        ("require=false", Setting::Require(false)),
    ] {
        let settings = parse(&format!("file:d?{query}"), PLAIN).unwrap().settings;
        assert!(settings.iter().eq([&setting]), "{settings:?}");
    }
}

#[test]
fn mistakes_in_the_place() {
    let schemes = "there are `memory`, `null`, `file`, `redis`, `rediss`, `redis+sentinel`, \
                   `rediss+sentinel`, `redis+cluster`, `rediss+cluster`, `memcached`";
    let file = "write `file:///absolute/path` or `file:./relative/path`";
    let escape = "that escapes nothing; write a `%` as `%25`, and others as UTF-8";
    let database = "ends in a path that is no number of a database; write one such as `/0`, \
                    and a `/` in a password as `%2F`";
    for (url, error) in [
        ("", format!("the URL has no scheme; {schemes}")),
        ("redis", format!("the URL has no scheme; {schemes}")),
        ("hunter@h:6379", format!("the URL has no scheme; {schemes}")),
        (
            "redis://u?hunter@h",
            "the URL has a `@` after its `?`; write it as `%40`, and a `?` in a password as `%3F`"
                .into(),
        ),
        (
            "rediss+sentinal://h/m",
            format!(
                "unknown scheme `rediss+sentinal` in the URL; did you mean `rediss+sentinel`? \
                 {schemes}"
            ),
        ),
        ("http://h", format!("unknown scheme `http` in the URL; {schemes}")),
        ("tiered+tiered+file:d", format!("unknown scheme `tiered+file` in the URL; {schemes}")),
        ("REDIS://h", format!("unknown scheme `REDIS` in the URL; {schemes}")),
        ("memory:x", "`memory:` in the URL names a place; remove what follows it".into()),
        ("null://x", "`null:` in the URL names a place; remove what follows it".into()),
        ("file:", format!("the URL names no directory; {file}")),
        ("file://", format!("the URL names a host before the path; {file}")),
        ("file://d", format!("the URL names a host before the path; {file}")),
        ("file:100%", format!("the path in the URL has a `%` {escape}")),
        ("redis+sentinel://h/%ff", format!("the master in the URL has a `%` {escape}")),
        ("redis:h", "the URL has no `//`; write `//` and a host after the scheme".into()),
        ("redis://", "the URL names no host; write one, such as `127.0.0.1`".into()),
        (
            "redis://h1,h2",
            "the URL names several servers; write `redis+cluster://` or `redis+sentinel://`".into(),
        ),
        ("redis://h/one", format!("the URL {database}")),
        ("redis://h/0/1", format!("the URL {database}")),
        ("redis+sentinel://h/m/one", format!("the URL {database}")),
        (
            "rediss+sentinel://h",
            "the URL names no master after the hosts; write `rediss+sentinel://host/master`".into(),
        ),
        (
            "redis+cluster://h/1",
            "the URL has a path after the hosts; remove it, since a cluster has only \
             database 0"
                .into(),
        ),
        (
            "memcached://u:p@h",
            "the URL has a user or a path; write only `memcached://host:port,host:port`".into(),
        ),
        (
            "memcached://h/0",
            "the URL has a user or a path; write only `memcached://host:port,host:port`".into(),
        ),
        ("redis://h#insecure", "the URL has a `#`; remove what it begins, or write `%23`".into()),
    ] {
        assert_eq!(message(url), format!("invalid configuration: {error}"), "{url}");
    }
}

#[test]
fn mistakes_in_the_settings() {
    let known = "there are `timeout`, `prefix`, `threshold`, `max_bytes`, `connect_timeout`, \
                 `read_timeout`, `write_timeout`, `codec`, `compress_above`, `require`, \
                 `ca_file`";
    for (query, error) in [
        ("timout=5m", format!("unknown setting `timout`; did you mean `timeout`? {known}")),
        ("ttl=5m", format!("unknown setting `ttl`; {known}")),
        (
            "default_timeout=5m",
            format!("unknown setting `default_timeout`; did you mean `timeout`? {known}"),
        ),
        ("=5", format!("unknown setting ``; {known}")),
        ("prefix=a&prefix=a", "`prefix` is given twice; keep one".into()),
        ("prefix", "`prefix` has no value; give it one or leave it out".into()),
        ("require=", "`require` has no value; give it one or leave it out".into()),
        ("threshold=0", "`threshold` is 0; leave it out for no limit".into()),
    ] {
        let error = format!("invalid configuration: {error}");
        assert_eq!(message(&format!("file:d?{query}")), error);
    }
    let error = parse("file:d?threshold=x", "`CACHE_URL`").unwrap_err().to_string();
    let named = "`threshold` in `CACHE_URL` is `x`; write a whole number of entries";
    assert_eq!(error, format!("invalid configuration: {named}"));
}

#[test]
fn no_message_shows_a_password_however_badly_it_was_escaped() {
    for password in ["hunter", "hunter#", "?hunter", "x/hunter", "hunter:", "hunter%zz", "hunter@"]
    {
        for url in [
            format!("redis://u:{password}@h:x"),
            format!("redis://u:{password}@h/x"),
            format!("redis://{password}@h/x"),
            format!("redis://u:{password}"),
            format!("redis:{password}@h"),
            format!("u:{password}@h:6379"),
            format!("redis+cluster://{password}@h/1"),
            format!("redis+sentinel://{password}@h"),
            format!("redis+sentinel://{password}@h/m/x"),
            format!("memcached://u:{password}@h"),
            format!("rediss://:{password}@h?threshold=0"),
        ] {
            if let Err(error) = parse(&url, PLAIN) {
                assert!(!error.to_string().contains("hunter"), "{url}: {error}");
            }
        }
    }
}
