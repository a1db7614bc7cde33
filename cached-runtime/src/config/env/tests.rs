//! What variables mean, and what is wrong with them.

use super::*;
use crate::policy::{IntoTimeout as _, Timeout};

/// Reads variables as a shell has them before a command.
fn read(vars: &str) -> Result<Config, String> {
    let pair = |pair: &str| {
        let (name, value) = pair.split_once('=').unwrap();
        (name.to_owned(), value.to_owned())
    };
    from_vars(vars.split_whitespace().map(pair).collect()).map_err(|error| error.to_string())
}

fn message(vars: &str) -> String {
    read(vars).unwrap_err()
}

#[test]
fn the_configuration_of_the_issue() {
    let vars = "CACHE_TYPE=filesystem CACHE_DIR=./flask_cache \
                CACHE_DEFAULT_TIMEOUT=922337203685477580 CACHE_THRESHOLD=922337203685477580";
    let config = read(vars).unwrap();
    assert_eq!(config.stores["default"].location.written(), "files ./flask_cache");
    let never = Setting::DefaultTimeout(Timeout::NEVER);
    let many = Setting::Threshold(922_337_203_685_477_580);
    assert!(config.common.iter().eq([&never, &many]), "{config:?}");
}

#[test]
fn places() {
    let sentinel = "sentinel redis://h1:26379/ redis://h2:7/ of mymaster";
    for (vars, place) in [
        ("CACHE_TYPE=null", "null"),
        ("CACHE_TYPE=NullCache CACHE_DIR=d CACHE_REDIS_HOST=:: CACHE_THRESHOLD=5", "null"),
        ("CACHE_TYPE=simple", "memory"),
        ("CACHE_TYPE=SimpleCache CACHE_DIR= CACHE_URL=", "memory"),
        ("CACHE_TYPE=FileSystemCache CACHE_DIR=/var/cache/app", "files /var/cache/app"),
        ("CACHE_TYPE=RedisCache", "redis redis://127.0.0.1:6379/"),
        ("CACHE_TYPE=redis CACHE_REDIS_URL=redis://u:p@h/2", "redis redis://u:p@h:6379/2"),
        ("CACHE_TYPE=redis CACHE_REDIS_URL=rediss://h:7", "redis rediss://h:7/"),
        (
            "CACHE_TYPE=redis CACHE_REDIS_HOST=h CACHE_REDIS_PORT=7 CACHE_REDIS_PASSWORD=a@/ü \
             CACHE_REDIS_DB=3",
            "redis redis://:a%40%2F%C3%BC@h:7/3",
        ),
        ("CACHE_TYPE=redis CACHE_REDIS_HOST=::1", "redis redis://[::1]:6379/"),
        ("CACHE_TYPE=redis CACHE_REDIS_HOST=[::1]", "redis redis://[::1]:6379/"),
        ("CACHE_TYPE=redissentinel CACHE_REDIS_SENTINELS=h1,h2:7", sentinel),
        (
            "CACHE_TYPE=RedisSentinelCache CACHE_REDIS_SENTINELS=h CACHE_REDIS_DB=1 \
             CACHE_REDIS_SENTINEL_MASTER=main CACHE_REDIS_PASSWORD=p",
            "sentinel redis://:p@h:26379/1 of main",
        ),
        (
            "CACHE_TYPE=rediscluster CACHE_REDIS_CLUSTER=h1:7001,h2 CACHE_REDIS_PASSWORD=p",
            "cluster redis://:p@h1:7001/ redis://:p@h2:6379/",
        ),
        ("CACHE_TYPE=memcached", "memcached 127.0.0.1:11211"),
        ("CACHE_TYPE=MemcachedCache CACHE_MEMCACHED_SERVERS=h1:7,h2", "memcached h1:7 h2:11211"),
        ("CACHE_URL=tiered+file:./d", "files ./d"),
    ] {
        let config = read(vars).unwrap();
        assert_eq!(config.stores["default"].location.written(), place, "{vars}");
        assert_eq!(config.stores.len(), 1);
    }
}

#[test]
fn nothing_set_says_nothing() {
    for vars in ["", "CACHE_TYPE= CACHE_KEY_PREFIX=", "PATH=/bin CACHE_CONTROL=no-store"] {
        let config = read(vars).unwrap();
        assert!(config.stores.is_empty() && config.common == Settings::default(), "{vars}");
    }
}

#[test]
fn settings_hold_for_every_type() {
    for vars in ["", "CACHE_TYPE=memcached ", "CACHE_URL=redis://h?require "] {
        let common = "CACHE_DEFAULT_TIMEOUT=0.25 CACHE_THRESHOLD=7 CACHE_KEY_PREFIX=app";
        let config = read(&format!("{vars}{common}")).unwrap();
        let expected = [
            Setting::default_timeout(std::time::Duration::from_millis(250)),
            Setting::Threshold(7),
            Setting::Prefix("app".into()),
        ];
        assert!(config.common.iter().eq(&expected), "{config:?}");
    }
    for (text, timeout) in
        [("0", Timeout::NEVER), ("never", Timeout::NEVER), ("5m", 300.into_timeout())]
    {
        let config = read(&format!("CACHE_DEFAULT_TIMEOUT={text}")).unwrap();
        assert!(config.common.iter().eq([&Setting::DefaultTimeout(timeout)]), "{text}");
    }
}

#[test]
fn mistakes() {
    let host = "write `host`, `host:6379` or `[::1]:6379`, and commas between several";
    let server = "write `host`, `host:11211` or `[::1]:11211`, and commas between several";
    for (vars, error) in [
        ("CACHE_TYPE=filesystem", "`CACHE_TYPE=filesystem` needs `CACHE_DIR`; set it"),
        (
            "CACHE_TYPE=redissentinel",
            "`CACHE_TYPE=redissentinel` needs `CACHE_REDIS_SENTINELS`; set it",
        ),
        (
            "CACHE_TYPE=RedisClusterCache",
            "`CACHE_TYPE=rediscluster` needs `CACHE_REDIS_CLUSTER`; set it",
        ),
        ("CACHE_DIR=d", "`CACHE_DIR` needs `CACHE_TYPE`; set `CACHE_TYPE=filesystem`"),
        (
            "CACHE_MEMCACHED_SERVERS=h",
            "`CACHE_MEMCACHED_SERVERS` needs `CACHE_TYPE`; set `CACHE_TYPE=memcached`",
        ),
        (
            "CACHE_TYPE=redis CACHE_DIR=d",
            "`CACHE_DIR` does not apply to `CACHE_TYPE=redis`; remove it, or set \
             `CACHE_TYPE=filesystem`",
        ),
        (
            "CACHE_TYPE=simple CACHE_REDIS_URL=redis://h",
            "`CACHE_REDIS_URL` does not apply to `CACHE_TYPE=simple`; remove it, or set \
             `CACHE_TYPE=redis`",
        ),
        (
            "CACHE_URL=memory: CACHE_TYPE=simple",
            "`CACHE_URL` contradicts `CACHE_TYPE`; remove one of them",
        ),
        ("CACHE_URL=file:d CACHE_DIR=d", "`CACHE_URL` contradicts `CACHE_DIR`; remove one of them"),
        (
            "CACHE_URL=file:d?timeout=5m CACHE_DEFAULT_TIMEOUT=300",
            "`CACHE_DEFAULT_TIMEOUT` contradicts `timeout` in `CACHE_URL`; remove one of them",
        ),
        (
            "CACHE_TYPE=redis CACHE_REDIS_URL=redis://h?prefix=a CACHE_KEY_PREFIX=a",
            "`CACHE_KEY_PREFIX` contradicts `prefix` in `CACHE_REDIS_URL`; remove one of them",
        ),
        (
            "CACHE_TYPE=redis CACHE_REDIS_URL=redis://h CACHE_REDIS_PORT=7",
            "`CACHE_REDIS_URL` contradicts `CACHE_REDIS_PORT`; remove one of them",
        ),
        (
            "CACHE_TYPE=redis CACHE_REDIS_URL=tiered+redis+cluster://h",
            "`CACHE_REDIS_URL` is a URL of `tiered+redis+cluster://`; write `redis://`, or set \
             `CACHE_URL` and no `CACHE_TYPE`",
        ),
        (
            "CACHE_TYPE=redis CACHE_REDIS_HOST=h1,h2",
            "`CACHE_REDIS_HOST` names several hosts; set `CACHE_TYPE=rediscluster` and \
             `CACHE_REDIS_CLUSTER`, or keep one",
        ),
        (
            "CACHE_TYPE=redis CACHE_REDIS_PORT=x",
            &format!("host 1 in `CACHE_REDIS_HOST` with `CACHE_REDIS_PORT` is none; {host}"),
        ),
        (
            "CACHE_TYPE=redis CACHE_REDIS_DB=one",
            "`CACHE_REDIS_DB` is `one`; write a number such as `0`",
        ),
        (
            "CACHE_TYPE=memcached CACHE_MEMCACHED_SERVERS=h,/run/m.sock",
            &format!("host 2 in `CACHE_MEMCACHED_SERVERS` is none; {server}"),
        ),
        ("CACHE_THRESHOLD=0", "`CACHE_THRESHOLD` is 0; leave it out for no limit"),
        (
            "CACHE_DEFAULT_TIMEOUT=-1",
            "`CACHE_DEFAULT_TIMEOUT` is `-1`; write seconds, a text such as `5m` with one of \
             `ms s m h d w`, or `never`",
        ),
    ] {
        assert_eq!(message(vars), format!("invalid configuration: {error}"), "{vars}");
    }
}

#[test]
fn near_misses_are_errors_and_foreign_variables_are_not() {
    for (name, meant) in [
        ("CACHE_TIMEOUT", "CACHE_DEFAULT_TIMEOUT"),
        ("CACHE_PREFIX", "CACHE_KEY_PREFIX"),
        ("CACHE_DIRECTORY", "CACHE_DIR"),
        ("CACHE_TYEP", "CACHE_TYPE"),
        ("CACHE_URI", "CACHE_URL"),
        ("CACHE_TRESHOLD", "CACHE_THRESHOLD"),
        ("CACHE_DEFUALT_TIMEUOT", "CACHE_DEFAULT_TIMEOUT"),
        ("CACHE_MEMCACHE_SERVER", "CACHE_MEMCACHED_SERVERS"),
        ("CACHE_REDIS_SENTINEL", "CACHE_REDIS_SENTINELS"),
    ] {
        let error = message(&format!("{name}="));
        let text = format!("unknown setting `{name}`; did you mean `{meant}`?");
        assert_eq!(error, format!("invalid configuration: {text}"));
    }
    for name in [
        "CACHE_CONTROL",
        "CACHE_KEY",
        "CACHE_TTL",
        "CACHE_SIZE",
        "CACHE_HIT",
        "CACHE_HOST",
        "CACHE_PORT",
        "CACHE_REDIS_SSL",
        "CACHE_REDIS_DSN",
        "CACHE_",
        "CACHE_ARGS",
        "CACHE_IGNORE_ERRORS",
        "CACHE_NO_NULL_WARNING",
        "cache_type",
        "CACHETYPE",
        "ACHE_TYPE",
        "DJANGO_CACHE_TYPE",
    ] {
        assert!(read(&format!("{name}=x")).is_ok(), "{name}");
    }
}

#[cfg(unix)]
#[test]
fn text_that_is_no_unicode_is_an_error_of_our_variables_only() {
    use std::os::unix::ffi::OsStringExt as _;
    let read = |name: &str| {
        let value = OsString::from_vec(vec![0xff]);
        from_os_vars([(name.to_owned(), value)].into_iter()).map(|_| ())
    };
    let error = read("CACHE_DIR").unwrap_err().to_string();
    assert_eq!(error, "invalid configuration: `CACHE_DIR` is no Unicode; write it as UTF-8");
    assert!(read("CACHE_OF_OTHERS").is_ok());
}
