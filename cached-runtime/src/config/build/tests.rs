//! What becomes of a configuration, and what is refused only when all of it is known.

use super::*;
#[cfg(all(feature = "filesystem", feature = "redis", feature = "memcached"))]
use crate::config::address;
use crate::policy::IntoTimeout as _;

fn message(config: Config) -> String {
    match config.build() {
        Ok(bound) => unreachable!("{} stores were built", bound.len()),
        Err(error) => error.to_string(),
    }
}

fn is_null(bound: &Bound) -> bool {
    matches!(bound.place, Place::Null)
}

#[test]
fn nothing_configured_is_memory() {
    let bound = Config::new().build().unwrap();
    assert_eq!(bound.keys().collect::<Vec<_>>(), ["default"]);
    let Bound { place, is_tiered, default_timeout, threshold, timeouts, codec, require, .. } =
        &bound["default"];
    assert!(matches!(place, Place::Memory));
    assert_eq!((*is_tiered, *default_timeout, *threshold, *require), (false, None, None, false));
    assert_eq!((*timeouts, *codec), (Timeouts::default(), Encoding::Json));
}

#[test]
fn a_store_may_differ_from_what_holds_for_all() {
    let config = Config::new()
        .default_timeout(0)
        .threshold(100)
        .prefix("app")
        .store("small", StoreConfig::memory().threshold(10).default_timeout(5));
    assert!(!config.is_null_everywhere());
    let bound = config.build().unwrap();
    let (default, small) = (&bound["default"], &bound["small"]);
    assert_eq!((default.threshold, small.threshold), (Some(100), Some(10)));
    assert_eq!(default.default_timeout, Some(Timeout::NEVER));
    assert_eq!(small.default_timeout, Some(5.into_timeout()));
    // Memory has no use for a prefix.
    assert_eq!(default.prefix, None);
}

#[test]
fn null_as_the_default_turns_everything_off_whatever_else_is_said() {
    let store = StoreConfig::redis("nonsense").msgpack().threshold(0);
    let null = StoreConfig::null().tiered().max_bytes(5).ca_file("none").msgpack();
    let config = Config::new().with(null).store("other", store);
    assert!(config.is_null_everywhere());
    let bound = config.build().unwrap();
    assert_eq!(bound.len(), 2);
    assert!(bound.values().all(|bound| is_null(bound) && !bound.is_tiered));
}

#[test]
fn null_under_another_name_turns_only_that_off() {
    let config = Config::new().store("other", StoreConfig::null());
    assert!(!config.is_null_everywhere());
    let bound = config.build().unwrap();
    assert!(is_null(&bound["other"]));
    assert!(!is_null(&bound["default"]));
}

#[test]
fn the_later_store_of_a_name_and_the_later_value_of_a_setting_win() {
    let first = StoreConfig::null();
    let second = StoreConfig::memory().threshold(1).threshold(2);
    let bound = Config::from(first).with(second).build().unwrap();
    assert_eq!(bound["default"].threshold, Some(2));
}

#[test]
fn what_contradicts_the_place_is_refused() {
    let memory = StoreConfig::memory;
    let url = |url| StoreConfig::from_url(url).unwrap();
    let tiered = "does not apply to `StoreConfig::memory`; name a store for memory to stand in \
                  front of";
    for (store, error) in [
        (memory().tiered(), format!("`tiered` {tiered}")),
        (
            memory().prefix("a"),
            "`prefix` does not apply to `StoreConfig::memory`; remove it".into(),
        ),
        (memory().require(), "`require` does not apply to `StoreConfig::memory`; remove it".into()),
        (url("memory:?max_bytes=5"), "`max_bytes` does not apply to `memory:`; remove it".into()),
        (url("memory://?codec=json"), "`codec` does not apply to `memory://`; remove it".into()),
        (
            memory().threshold(0),
            "`threshold` of `StoreConfig::memory` is 0; leave it out for no limit".into(),
        ),
    ] {
        assert_eq!(message(Config::from(store)), format!("invalid configuration: {error}"));
    }
    let config = Config::new().threshold(0);
    let error = "`threshold` is 0; leave it out for no limit";
    assert_eq!(message(config), format!("invalid configuration: {error}"));
    let config = Config::new().prefix("");
    let error = "`prefix` is empty; leave it out for the default";
    assert_eq!(message(config), format!("invalid configuration: {error}"));
    let config = Config::new().store("", memory());
    let error = "the name of a store is empty; give it one, or use `with`";
    assert_eq!(message(config), format!("invalid configuration: {error}"));
}

#[test]
fn a_place_whose_feature_is_off_names_it() {
    let vars = |name: &str, text: &str| {
        let vars = [(name, text), ("CACHE_TYPE", "redis")];
        Config::from_vars(vars.map(|(name, text)| (name.to_owned(), text.to_owned()))).unwrap()
    };
    let url = |url| Config::from_url(url).unwrap();
    let files = cfg!(feature = "filesystem");
    let redis = cfg!(feature = "redis");
    let tls = cfg!(feature = "redis-tls");
    let memcached = cfg!(feature = "memcached");
    for (config, is_on, origin, feature) in [
        (url("file:d"), files, "file:", "filesystem"),
        (StoreConfig::filesystem("d").into(), files, "StoreConfig::filesystem", "filesystem"),
        (vars("CACHE_REDIS_HOST", "h"), redis, "CACHE_TYPE=redis", "redis"),
        (vars("CACHE_REDIS_URL", "rediss://h"), tls, "CACHE_TYPE=redis", "redis-tls"),
        (url("tiered+redis+cluster://h"), redis, "tiered+redis+cluster://", "redis"),
        (url("rediss+sentinel://h/m"), tls, "rediss+sentinel://", "redis-tls"),
        (url("memcached://h"), memcached, "memcached://", "memcached"),
    ] {
        if !is_on {
            let error = format!("`{origin}` needs the feature `{feature}` of cached-runtime");
            assert_eq!(message(config), format!("invalid configuration: {error}"));
        }
    }
}

#[cfg(feature = "json")]
mod custom {
    use std::error::Error as _;
    use std::time::Duration;

    use super::*;
    use crate::error::ErrorKind;
    use crate::store::{Guard, StoreFuture, Swapped};

    /// A store that is down.
    struct Down;

    fn down<'a, T: Send + 'a>() -> StoreFuture<'a, T> {
        Box::pin(async { Err(Error::new(ErrorKind::Unavailable, "down")) })
    }

    impl Store for Down {
        fn kind(&self) -> &'static str {
            "down"
        }
        fn get<'a>(&'a self, _: &'a str) -> StoreFuture<'a, Option<Vec<u8>>> {
            down()
        }
        fn set<'a>(&'a self, _: &'a str, _: &'a [u8], _: Option<Duration>) -> StoreFuture<'a, ()> {
            down()
        }
        fn swap<'a>(
            &'a self,
            _: &'a str,
            _: Guard<'a>,
            _: Option<&'a [u8]>,
            _: Option<Duration>,
        ) -> StoreFuture<'a, Swapped> {
            down()
        }
        fn purge(&self) -> StoreFuture<'_, u64> {
            down()
        }
    }

    fn store() -> StoreConfig {
        StoreConfig::custom(Arc::new(Down))
    }

    #[test]
    fn a_store_is_bound_with_its_settings() {
        let timeouts = Timeouts { read: Duration::from_millis(5), ..Timeouts::default() };
        let store = store().tiered().threshold(7).require().timeouts(timeouts);
        let bound = Config::new().prefix("app").with(store).build().unwrap().remove("default");
        let bound = bound.unwrap();
        let Place::Store(store) = &bound.place else { unreachable!("a store was configured") };
        assert_eq!(store.kind(), "down");
        assert!(bound.is_tiered && bound.require);
        assert_eq!((bound.threshold, bound.timeouts, bound.prefix), (Some(7), timeouts, None));
    }

    #[test]
    fn mistakes() {
        let zero = Timeouts { write: Duration::ZERO, ..Timeouts::default() };
        let custom = "`StoreConfig::custom`";
        for (store, error) in [
            (store().threshold(5), format!("`threshold` does not apply to {custom}; remove it")),
            (store().prefix("a"), format!("`prefix` does not apply to {custom}; remove it")),
            (store().max_bytes(5), format!("`max_bytes` does not apply to {custom}; remove it")),
            (store().ca_file("a"), format!("`ca_file` does not apply to {custom}; remove it")),
            (
                store().timeouts(zero),
                format!("`write_timeout` of {custom} is 0; leave it out for the default"),
            ),
        ] {
            let error = format!("invalid configuration: {error}");
            assert_eq!(message(Config::from(store)), error);
        }
    }

    #[test]
    fn encodings_need_their_features() {
        for (store, is_on, name, feature) in [
            (store().msgpack(), cfg!(feature = "msgpack"), "codec", "msgpack"),
            (store().compress_above(5), cfg!(feature = "zstd"), "compress_above", "zstd"),
        ] {
            match Config::from(store).build() {
                Ok(bound) => {
                    assert!(is_on, "{name}");
                    let Bound { codec, compress_above, .. } = &bound["default"];
                    assert!(*codec == Encoding::MessagePack || *compress_above == Some(5));
                }
                Err(error) => {
                    assert!(!is_on && error.source().is_none(), "{name}");
                    let origin = format!("`{name}` of `StoreConfig::custom`");
                    let error = error.to_string();
                    let message = format!("{origin} needs the feature `{feature}`");
                    assert_eq!(
                        error,
                        format!("invalid configuration: {message} of cached-runtime")
                    );
                }
            }
        }
    }
}

#[cfg(feature = "redis")]
#[test]
fn settings_in_the_url_of_a_client_are_refused() {
    for store in [
        StoreConfig::redis("redis://h/0?prefix=app"),
        StoreConfig::redis_cluster(["redis://h", "redis://h2?prefix=app"]),
    ] {
        let error = message(Config::from(store));
        assert!(error.contains("has settings; set them with the methods of `StoreConfig`"));
    }
}

#[test]
fn a_prefix_is_kept_from_being_that_of_a_longer_one() {
    for (prefix, whole) in
        [("app", "app:"), ("v2", "v2:"), ("é", "é:"), ("app:", "app:"), ("a_", "a_"), ("*", "*")]
    {
        assert_eq!(separated(prefix), whole);
    }
}

#[test]
fn debug_output_shows_no_password() {
    let store = StoreConfig::redis("redis://:hunter@h").threshold(5);
    let shown = format!("{:?}", Config::from(store));
    assert!(shown.contains("Redis") && shown.contains("Threshold(5)"), "{shown}");
    assert!(!shown.contains("hunter"), "{shown}");
}

#[cfg(all(feature = "filesystem", feature = "redis", feature = "memcached"))]
#[test]
fn each_driver_is_made_with_its_settings() {
    let dir = std::env::temp_dir().join(format!("cached-config-{}", std::process::id()));
    let all = "prefix=app&require&read_timeout=50ms";
    let path = address::escaped(&dir.display().to_string());
    for (url, kind) in [
        (format!("file:{path}?{all}&threshold=9&max_bytes=1MiB"), "filesystem"),
        (format!("tiered+redis://127.0.0.1:1/3?{all}&threshold=9"), "redis"),
        (format!("redis+sentinel://127.0.0.1:1/main/3?{all}"), "redis"),
        (format!("redis+cluster://127.0.0.1:1,127.0.0.1:2?{all}"), "redis"),
        (format!("memcached://127.0.0.1:1?{all}"), "memcached"),
    ] {
        let bound = Config::from_url(&url).unwrap().build().unwrap().remove("default").unwrap();
        let Place::Store(store) = &bound.place else { unreachable!("a store was configured") };
        assert_eq!(store.kind(), kind);
        assert_eq!(bound.is_tiered, url.starts_with("tiered"));
        assert_eq!(bound.timeouts.read.as_millis(), 50);
        assert_eq!((bound.prefix.as_deref(), bound.require), (Some("app:"), true));
    }
    std::fs::remove_dir_all(dir).unwrap();
}
