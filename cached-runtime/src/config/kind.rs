//! The kinds of stores, and their names in the environment and in structured configuration.

use crate::error::Error;

use super::{invalid, near};

/// What sort of place keeps the entries.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    Null,
    Memory,
    Filesystem,
    Redis,
    Sentinel,
    Cluster,
    Memcached,
    /// A store of the program's own, which only code can name.
    Custom,
}

/// Each kind by its name. The first name of a kind is the one that messages write.
const TABLE: [(&str, Kind); 8] = [
    ("null", Kind::Null),
    ("simple", Kind::Memory),
    ("memory", Kind::Memory),
    ("filesystem", Kind::Filesystem),
    ("redis", Kind::Redis),
    ("redissentinel", Kind::Sentinel),
    ("rediscluster", Kind::Cluster),
    ("memcached", Kind::Memcached),
];

impl Kind {
    /// Reads a name as users of Flask-Caching write it: `simple`, `SimpleCache`, or with the path of
    /// a module before it. Messages call the setting `shown`.
    pub(super) fn parse(text: &str, shown: &str) -> Result<Self, Error> {
        let name = text.rsplit('.').next().unwrap_or(text).to_ascii_lowercase();
        let bare = name.strip_suffix("cache").unwrap_or(&name);
        let found = TABLE.iter().find(|(known, _)| *known == bare);
        found.map(|(_, kind)| *kind).ok_or_else(|| {
            let there_are = near::suggestion(&name, TABLE.iter().map(|(name, _)| *name));
            invalid(format!("{shown} is `{text}`; {there_are}"))
        })
    }

    /// The name that messages write.
    pub(super) fn name(self) -> &'static str {
        TABLE.iter().find(|(_, kind)| *kind == self).map_or("custom", |(name, _)| name)
    }

    pub(super) fn is_redis(self) -> bool {
        matches!(self, Self::Redis | Self::Sentinel | Self::Cluster)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_read_in_each_spelling() {
        for (text, kind) in [
            ("null", Kind::Null),
            ("NullCache", Kind::Null),
            ("simple", Kind::Memory),
            ("SimpleCache", Kind::Memory),
            ("Memory", Kind::Memory),
            ("FileSystemCache", Kind::Filesystem),
            ("REDIS", Kind::Redis),
            ("flask_caching.backends.rediscache.RedisCache", Kind::Redis),
            ("RedisSentinelCache", Kind::Sentinel),
            ("RedisClusterCache", Kind::Cluster),
            ("MemcachedCache", Kind::Memcached),
        ] {
            assert_eq!(Kind::parse(text, "").unwrap(), kind, "{text}");
        }
        for (name, kind) in TABLE {
            assert_eq!(Kind::parse(kind.name(), "").unwrap(), kind, "{name}");
        }
    }

    #[test]
    fn an_unknown_name_is_answered_with_the_known_ones() {
        let known = "there are `null`, `simple`, `memory`, `filesystem`, `redis`, `redissentinel`, \
                     `rediscluster`, `memcached`";
        for (text, near) in [
            ("memcache", "did you mean `memcached`? "),
            ("redsi", "did you mean `redis`? "),
            ("uwsgi", ""),
            ("cache", ""),
            ("", ""),
        ] {
            let error = Kind::parse(text, "`CACHE_TYPE`").unwrap_err().to_string();
            let message = format!("`CACHE_TYPE` is `{text}`; {near}{known}");
            assert_eq!(error, format!("invalid configuration: {message}"));
        }
    }
}
