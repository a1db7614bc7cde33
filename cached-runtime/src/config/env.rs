//! The environment: the variables this field knows, and what they mean together.
//!
//! Names and meanings are those of Flask-Caching, so that an application that is ported keeps its
//! configuration.

use std::collections::BTreeMap;
use std::ffi::OsString;

use crate::error::Error;

use super::kind::Kind;
use super::settings::{DEFAULT_TIMEOUT, Setting, Settings};
use super::store::{Location, StoreConfig};
use super::{Config, address, invalid, near, url};

const TYPE: &str = "CACHE_TYPE";
const URL: &str = "CACHE_URL";
const REDIS_URL: &str = "CACHE_REDIS_URL";

/// Variables that hold for every type of store, and the settings they are.
const COMMON: [(&str, &str); 3] = [
    ("CACHE_DEFAULT_TIMEOUT", DEFAULT_TIMEOUT),
    ("CACHE_THRESHOLD", "threshold"),
    ("CACHE_KEY_PREFIX", "prefix"),
];

/// Variables that say where a store is, and the types they belong to.
const PLACES: [(&str, &[Kind]); 10] = [
    ("CACHE_DIR", &[Kind::Filesystem]),
    (REDIS_URL, &[Kind::Redis]),
    ("CACHE_REDIS_HOST", &[Kind::Redis]),
    ("CACHE_REDIS_PORT", &[Kind::Redis]),
    ("CACHE_REDIS_PASSWORD", &[Kind::Redis, Kind::Sentinel, Kind::Cluster]),
    ("CACHE_REDIS_DB", &[Kind::Redis, Kind::Sentinel]),
    ("CACHE_REDIS_SENTINELS", &[Kind::Sentinel]),
    ("CACHE_REDIS_SENTINEL_MASTER", &[Kind::Sentinel]),
    ("CACHE_REDIS_CLUSTER", &[Kind::Cluster]),
    ("CACHE_MEMCACHED_SERVERS", &[Kind::Memcached]),
];

/// Names that leave out a word of one of ours.
const SHORTENED: [(&str, &str); 3] = [
    ("CACHE_TIMEOUT", "CACHE_DEFAULT_TIMEOUT"),
    ("CACHE_PREFIX", "CACHE_KEY_PREFIX"),
    ("CACHE_DIRECTORY", "CACHE_DIR"),
];

/// Reads the environment of this process.
pub(super) fn from_process() -> Result<Config, Error> {
    let ours = std::env::vars_os().filter_map(|(name, value)| {
        let name = name.into_string().ok().filter(|name| name.starts_with("CACHE_"))?;
        Some((name, value))
    });
    from_os_vars(ours)
}

fn from_os_vars(vars: impl Iterator<Item = (String, OsString)>) -> Result<Config, Error> {
    let mut texts = Vec::new();
    for (name, value) in vars {
        match value.into_string() {
            Ok(value) => texts.push((name, value)),
            Err(_) if known().any(|known| known == name) => {
                return Err(invalid(format!("`{name}` is no Unicode; write it as UTF-8")));
            }
            Err(_) => {}
        }
    }
    from_vars(texts)
}

pub(super) fn from_vars(vars: Vec<(String, String)>) -> Result<Config, Error> {
    let mut given = Given(BTreeMap::new());
    for (name, value) in vars {
        if let Some(known) = known().find(|known| *known == name) {
            if !value.is_empty() {
                given.0.insert(known, value);
            }
        } else if let Some(meant) = meant(&name) {
            return Err(invalid(format!("unknown setting `{name}`; did you mean `{meant}`?")));
        }
    }
    let mut config = Config::new();
    if let Some(store) = given.store()? {
        config = config.with(store);
    }
    let own = config.stores.values().next().map(|store| &store.settings);
    config.common = given.common(own)?;
    Ok(config)
}

/// Every variable that is read.
fn known() -> impl Iterator<Item = &'static str> + Clone {
    let common = COMMON.iter().map(|(name, _)| *name);
    let places = PLACES.iter().map(|(name, _)| *name);
    [TYPE, URL].into_iter().chain(common).chain(places)
}

/// The variable that an unknown one was certainly meant to be.
///
/// Whatever else begins with `CACHE_` may belong to another library, and must not stop a program.
fn meant(name: &str) -> Option<&'static str> {
    let name_of = |known: &&str| {
        let (name, known) = (name.strip_prefix("CACHE_")?, known.strip_prefix("CACHE_")?);
        near::is_typo(name, known, 10).then_some(())
    };
    let typo = known().find(|known| name_of(known).is_some());
    typo.or_else(|| SHORTENED.iter().find(|(short, _)| *short == name).map(|(_, meant)| *meant))
}

/// The variables that are set, and not empty.
struct Given(BTreeMap<&'static str, String>);

impl Given {
    fn text(&self, name: &str) -> Option<&str> {
        self.0.get(name).map(String::as_str)
    }

    fn text_or<'a>(&'a self, name: &str, default: &'a str) -> &'a str {
        self.text(name).unwrap_or(default)
    }

    /// The store, if any variable says where it is.
    fn store(&self) -> Result<Option<StoreConfig>, Error> {
        let place = PLACES.iter().find(|(name, _)| self.0.contains_key(name));
        if let Some(text) = self.text(URL) {
            let other = self.text(TYPE).map(|_| TYPE).or(place.map(|(name, _)| *name));
            return match other {
                Some(other) => Err(contradiction(&format!("`{URL}`"), &format!("`{other}`"))),
                None => url::parse(text, &format!("`{URL}`")).map(Some),
            };
        }
        let Some(text) = self.text(TYPE) else {
            return match place {
                Some((name, types)) => {
                    let kind = types[0].name();
                    Err(invalid(format!("`{name}` needs `{TYPE}`; set `{TYPE}={kind}`")))
                }
                None => Ok(None),
            };
        };
        let kind = Kind::parse(text, &format!("`{TYPE}`"))?;
        if kind != Kind::Null {
            self.refuse_places_of_others(kind)?;
        }
        self.place(kind).map(Some)
    }

    fn refuse_places_of_others(&self, kind: Kind) -> Result<(), Error> {
        let of_others =
            |(name, types): &&(&str, &[Kind])| self.0.contains_key(name) && !types.contains(&kind);
        let Some((name, types)) = PLACES.iter().find(of_others) else { return Ok(()) };
        let (kind, other) = (kind.name(), types[0].name());
        let remedy = format!("remove it, or set `{TYPE}={other}`");
        Err(invalid(format!("`{name}` does not apply to `{TYPE}={kind}`; {remedy}")))
    }

    fn place(&self, kind: Kind) -> Result<StoreConfig, Error> {
        let origin = format!("`{TYPE}={}`", kind.name());
        let needs = |name: &str| invalid(format!("{origin} needs `{name}`; set it"));
        let location = match kind {
            Kind::Null => Location::Null,
            Kind::Memory => Location::Memory,
            Kind::Filesystem => Location::Filesystem(
                self.text("CACHE_DIR").ok_or_else(|| needs("CACHE_DIR"))?.into(),
            ),
            Kind::Redis => return self.redis(origin),
            Kind::Sentinel => {
                let name = "CACHE_REDIS_SENTINELS";
                let listed = self.text(name).ok_or_else(|| needs(name))?;
                let hosts = address::hosts(listed, address::SENTINEL, &format!("`{name}`"))?;
                let name = "CACHE_REDIS_SENTINEL_MASTER";
                let master = self.text_or(name, "mymaster").to_owned();
                Location::Sentinel { urls: self.redis_urls(&hosts)?, master }
            }
            Kind::Cluster => {
                let name = "CACHE_REDIS_CLUSTER";
                let listed = self.text(name).ok_or_else(|| needs(name))?;
                let hosts = address::hosts(listed, address::REDIS, &format!("`{name}`"))?;
                Location::Cluster(self.redis_urls(&hosts)?)
            }
            Kind::Memcached => {
                let name = "CACHE_MEMCACHED_SERVERS";
                let listed = self.text_or(name, "127.0.0.1");
                let shown = format!("`{name}`");
                Location::Memcached(address::hosts(listed, address::MEMCACHED, &shown)?)
            }
            Kind::Custom => unreachable!("only code names a store of its own"),
        };
        Ok(StoreConfig::at(location, origin))
    }

    /// One server: by its URL, or by the parts of it.
    fn redis(&self, origin: String) -> Result<StoreConfig, Error> {
        let Some(text) = self.text(REDIS_URL) else {
            let name = "CACHE_REDIS_HOST";
            let host = self.text_or(name, "127.0.0.1");
            let is_bare = host.contains(':') && !host.starts_with('[');
            let host = if is_bare { format!("[{host}]") } else { host.to_owned() };
            let port = self.text_or("CACHE_REDIS_PORT", "6379");
            let shown = format!("`{name}` with `CACHE_REDIS_PORT`");
            let hosts = address::hosts(&format!("{host}:{port}"), address::REDIS, &shown)?;
            let [host] = hosts.as_slice() else {
                let remedy = "set `CACHE_TYPE=rediscluster` and `CACHE_REDIS_CLUSTER`, or keep one";
                return Err(invalid(format!("`{name}` names several hosts; {remedy}")));
            };
            let url = self.redis_url(host)?;
            return Ok(StoreConfig::at(Location::Redis(url), origin));
        };
        let is_part = |(name, types): &&(&str, &[Kind])| {
            *name != REDIS_URL && types.contains(&Kind::Redis) && self.0.contains_key(name)
        };
        if let Some((part, _)) = PLACES.iter().find(is_part) {
            return Err(contradiction(&format!("`{REDIS_URL}`"), &format!("`{part}`")));
        }
        let store = url::parse(text, &format!("`{REDIS_URL}`"))?;
        match store.location {
            Location::Redis(_) => Ok(StoreConfig { origin: origin.into(), ..store }),
            _ => {
                let kind = &store.origin;
                let remedy = format!("write `redis://`, or set `{URL}` and no `{TYPE}`");
                Err(invalid(format!("`{REDIS_URL}` is a URL of {kind}; {remedy}")))
            }
        }
    }

    fn redis_urls(&self, hosts: &[String]) -> Result<Vec<String>, Error> {
        hosts.iter().map(|host| self.redis_url(host)).collect()
    }

    fn redis_url(&self, host: &str) -> Result<String, Error> {
        let name = "CACHE_REDIS_DB";
        let database = self.text_or(name, "");
        if !database.bytes().all(|byte| byte.is_ascii_digit()) {
            return Err(invalid(format!("`{name}` is `{database}`; write a number such as `0`")));
        }
        let user = match self.text("CACHE_REDIS_PASSWORD") {
            Some(password) => format!(":{}@", address::escaped(password)),
            None => String::new(),
        };
        Ok(format!("redis://{user}{host}/{database}"))
    }

    /// The settings for every type of store. `own` are those of the URL, if there is one.
    fn common(&self, own: Option<&Settings>) -> Result<Settings, Error> {
        let mut settings = Settings::default();
        for (name, key) in COMMON {
            let Some(text) = self.text(name) else { continue };
            if own.is_some_and(|own| own.has(key)) {
                let url = if self.0.contains_key(URL) { URL } else { REDIS_URL };
                let other = url::shown_setting(url::url_name(key), &format!("`{url}`"));
                return Err(contradiction(&format!("`{name}`"), &other));
            }
            settings.put(Setting::parse(key, &format!("`{name}`"), text)?);
        }
        Ok(settings)
    }
}

fn contradiction(one: &str, other: &str) -> Error {
    invalid(format!("{one} contradicts {other}; remove one of them"))
}

#[cfg(test)]
mod tests;
