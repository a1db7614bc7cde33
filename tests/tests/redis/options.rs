//! Options that cannot be used are told at once, with a remedy, and without passwords.

use std::time::Duration;

use cached_runtime::ErrorKind;
use cached_runtime::store::{RedisOptions, RedisStore, Timeouts};

#[track_caller]
fn refused(options: RedisOptions, part: &str) {
    assert!(!format!("{options:?}").contains("secret"));
    let error = RedisStore::new(options).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Config);
    let message = error.to_string();
    assert!(message.contains(part) && !message.contains("secret"), "{message}");
}

#[test]
fn mistakes_are_told() {
    let url = "redis://:secret@127.0.0.1";
    refused(RedisOptions::new(url).prefix(""), "the prefix of a redis store is empty");
    refused(RedisOptions::new("127.0.0.1:6379"), "write `redis://host:port/0`");
    refused(RedisOptions::new("redis://:secret@127.0.0.1/x"), "cannot be read");
    refused(RedisOptions::new("http://:secret@127.0.0.1"), "cannot be read");
    refused(RedisOptions::new(url).ca_file("ca.pem"), "write `rediss://`");
    refused(RedisOptions::new("rediss://127.0.0.1/#insecure"), "`ca_file`");
    refused(RedisOptions::new("rediss://127.0.0.1").ca_file("/no/such/file"), "/no/such/file");
    refused(RedisOptions::cluster(Vec::<String>::new()), "no URL");
    refused(RedisOptions::cluster(["redis+unix:///tmp/socket"]), "Cluster");
    let timeouts = Timeouts { read: Duration::ZERO, ..Timeouts::default() };
    refused(RedisOptions::new(url).timeouts(timeouts), "at least 1 ms");
}
