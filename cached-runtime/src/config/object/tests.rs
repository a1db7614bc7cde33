//! What an object means, read from JSON, and what is wrong with it.

use std::time::Duration;

use super::*;
use crate::policy::{IntoTimeout as _, Timeout};

fn read(json: &str) -> Result<Config, String> {
    serde_json::from_str(json).map_err(|error| error.to_string())
}

#[test]
fn a_program_with_two_stores() {
    let config = read(
        r#"{
            "type": "redis", "url": "redis://h/1", "prefix": "app", "default_timeout": 300,
            "read_timeout": "100ms", "require": true, "tiered": true, "threshold": null,
            "stores": {
                "sessions": {"type": "filesystem", "dir": "d", "prefix": "s", "max_bytes": "1MiB"}
            }
        }"#,
    )
    .unwrap();
    let common = [Setting::Prefix("app".into()), Setting::DefaultTimeout(300.into_timeout())];
    assert!(config.common.iter().eq(&common), "{config:?}");
    let default = &config.stores["default"];
    assert_eq!(default.location.written(), "redis redis://h:6379/1");
    assert!(default.is_tiered);
    let own = [Setting::ReadTimeout(Duration::from_millis(100)), Setting::Require(true)];
    assert!(default.settings.iter().eq(&own), "{config:?}");
    let sessions = &config.stores["sessions"];
    assert_eq!(sessions.location.written(), "files d");
    assert!(!sessions.is_tiered);
    let own = [Setting::Prefix("s".into()), Setting::MaxBytes(1 << 20)];
    assert!(sessions.settings.iter().eq(&own), "{config:?}");
}

#[test]
fn places() {
    for (fields, place) in [
        (r#""type": "null", "dir": "d", "servers": ["h"]"#, "null"),
        (r#""type": "SimpleCache""#, "memory"),
        (r#""default_timeout": 5, "dir": null, "require": false"#, "memory"),
        (r#""type": "filesystem", "dir": "d""#, "files d"),
        (r#""url": "tiered+redis://h""#, "redis redis://h:6379/"),
        (r#""url": "memcached://h", "type": "memcached""#, "memcached h:11211"),
        (
            r#""type": "redissentinel", "servers": ["h1", "h2:7"], "master": "m""#,
            "sentinel redis://h1:26379/ redis://h2:7/ of m",
        ),
        (
            r#""type": "rediscluster", "servers": "h1,h2""#,
            "cluster redis://h1:6379/ redis://h2:6379/",
        ),
        (r#""type": "memcached", "servers": ["h1", "h2:7"]"#, "memcached h1:11211 h2:7"),
    ] {
        let config = read(&format!("{{{fields}}}")).unwrap();
        assert_eq!(config.stores["default"].location.written(), place, "{fields}");
        let config = read(&format!(r#"{{"stores": {{"a": {{{fields}}}}}}}"#)).unwrap();
        assert_eq!(config.stores["a"].location.written(), place, "{fields}");
        assert_eq!(config.stores.len(), 1);
    }
}

#[test]
fn timeouts_are_numbers_or_texts() {
    for (value, timeout) in [
        ("300", 300.into_timeout()),
        ("0.25", Duration::from_millis(250).into_timeout()),
        ("\"5m\"", 300.into_timeout()),
        ("\"never\"", Timeout::NEVER),
        ("0", Timeout::NEVER),
        ("922337203685477580", Timeout::NEVER),
        ("1e30", Timeout::NEVER),
    ] {
        let config = read(&format!(r#"{{"default_timeout": {value}}}"#)).unwrap();
        assert!(config.common.iter().eq([&Setting::DefaultTimeout(timeout)]), "{value}");
        assert!(config.stores.is_empty());
    }
}

#[test]
fn mistakes() {
    let fields = "there are `type`, `url`, `dir`, `master`, `servers`, `tiered`, \
                  `default_timeout`, `prefix`, `threshold`, `max_bytes`, `connect_timeout`, \
                  `read_timeout`, `write_timeout`, `codec`, `compress_above`, `require`, \
                  `ca_file`";
    for (json, error) in [
        (
            r#"{"timeout": 5}"#,
            format!(
                "unknown setting `timeout`; did you mean `default_timeout`? {fields}, `stores`"
            ),
        ),
        (
            r#"{"stores": {"a": {"thresold": 5}}}"#,
            format!("unknown setting `stores.a.thresold`; did you mean `threshold`? {fields}"),
        ),
        (r#"{"prefix": "a", "prefix": "b"}"#, "`prefix` is given twice; keep one".into()),
        (r#"{"prefix": ["a"]}"#, "`prefix` is a list; write one value".into()),
        (r#"{"url": {}}"#, "`url` is an object; write one value".into()),
        (r#"{"threshold": 0}"#, "`threshold` is 0; leave it out for no limit".into()),
        (r#"{"threshold": -5}"#, "`threshold` is `-5`; write a whole number of entries".into()),
        (r#"{"tiered": 1}"#, "`tiered` is `1`; write `true` or `false`".into()),
        (r#"{"type": "redis"}"#, "`type = redis` needs `url`; set it".into()),
        (r#"{"type": "filesystem"}"#, "`type = filesystem` needs `dir`; set it".into()),
        (r#"{"type": "memcached"}"#, "`type = memcached` needs `servers`; set it".into()),
        (r#"{"type": "rediscluster"}"#, "`type = rediscluster` needs `servers`; set it".into()),
        (
            r#"{"type": "redissentinel", "servers": ["h"]}"#,
            "`type = redissentinel` needs `master`; set it".into(),
        ),
        (
            r#"{"stores": {"a": {"type": "filesystem"}}}"#,
            "`stores.a.type = filesystem` needs `stores.a.dir`; set it".into(),
        ),
        (
            r#"{"type": "simple", "dir": "d"}"#,
            "`dir` does not apply to `type = simple`; remove one of them".into(),
        ),
        (
            r#"{"dir": "d"}"#,
            "`dir` does not apply to a store without a `type`; remove one of them".into(),
        ),
        (
            r#"{"url": "file:d", "dir": "d"}"#,
            "`dir` does not apply to `url`; remove one of them".into(),
        ),
        (
            r#"{"url": "file:d", "type": "redis"}"#,
            "`url` contradicts `type`, which is redis; remove one of them".into(),
        ),
        (
            r#"{"url": "file:d?max_bytes=1", "max_bytes": 1}"#,
            "`max_bytes` contradicts `max_bytes` in `url`; remove one of them".into(),
        ),
        (
            r#"{"url": "file:d?timeout=5m", "default_timeout": 1}"#,
            "`default_timeout` contradicts `timeout` in `url`; remove one of them".into(),
        ),
        (
            r#"{"type": "simple", "stores": {"default": {"type": "null"}}}"#,
            "`type` contradicts `stores.default`; remove one of them".into(),
        ),
        (r#"{"stores": ["a"]}"#, "`stores` is no object; write one with the settings in it".into()),
        (
            r#"{"stores": {"a": "redis://h"}}"#,
            "`stores.a` is no object; write one with the settings in it".into(),
        ),
    ] {
        let message = read(json).unwrap_err();
        let message = message.split(" at line ").next().unwrap();
        assert_eq!(message, format!("invalid configuration: {error}"), "{json}");
    }
}
