//! Structured configuration: what the fields mean that serde has read, of whatever format.
//!
//! A setting means the same as in a URL or the environment, and has the same reader.

mod fields;

use serde::de::{Deserialize, Deserializer, Error as _};

use crate::error::Error;

use super::kind::Kind;
use super::settings::{DEFAULT_TIMEOUT, NAMES, Setting, Settings};
use super::store::{Location, StoreConfig};
use super::{Config, DEFAULT, address, invalid, near, url};

use fields::{Fields, Value, list, object, text};

/// Fields that say where a store is.
const PLACES: [&str; 6] = ["type", "url", "dir", "master", "servers", "tiered"];

/// Fields of the whole configuration that hold for all of its stores.
const COMMON: [&str; 3] = [DEFAULT_TIMEOUT, "prefix", "threshold"];

/// The field of the further stores.
const STORES: &str = "stores";

impl<'de> Deserialize<'de> for Config {
    /// Reads an object with the fields that the table of settings names.
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let fields = fields::read(deserializer)?;
        config(fields).map_err(D::Error::custom)
    }
}

fn config(fields: Fields) -> Result<Config, Error> {
    let mut config = Config::new();
    let mut own = Vec::new();
    let none = Settings::default();
    for (name, value) in fields {
        if name == STORES {
            for (store, value) in object(value, STORES)? {
                let path = format!("{STORES}.{store}");
                let store_config =
                    Reader::new(format!("{path}.")).store(object(value, &path)?, &none)?;
                config = config.store(store, store_config);
            }
        } else if COMMON.contains(&name.as_str()) {
            let shown = format!("`{name}`");
            if let Some(text) = text(value, &shown)? {
                config.common.put(Setting::parse(&name, &shown, &text)?);
            }
        } else {
            own.push((name, value));
        }
    }
    if own.is_empty() {
        return Ok(config);
    }
    let first = own[0].0.clone();
    let store = Reader::new(String::new()).store(own, &config.common)?;
    if config.stores.contains_key(DEFAULT) {
        let message = format!("`{first}` contradicts `{STORES}.{DEFAULT}`; remove one of them");
        return Err(invalid(message));
    }
    Ok(config.with(store))
}

/// Reads the fields of one store.
struct Reader {
    /// What precedes their names in messages: `stores.sessions.`.
    path: String,
    kind: Option<Kind>,
    url: Option<String>,
    dir: Option<String>,
    master: Option<String>,
    servers: Option<Vec<String>>,
    is_tiered: bool,
    settings: Settings,
}

impl Reader {
    fn new(path: String) -> Self {
        let settings = Settings::default();
        Self {
            path,
            kind: None,
            url: None,
            dir: None,
            master: None,
            servers: None,
            is_tiered: false,
            settings,
        }
    }

    fn shown(&self, name: &str) -> String {
        format!("`{}{name}`", self.path)
    }

    /// `common` are settings beside the fields that the URL must not contradict.
    fn store(mut self, fields: Fields, common: &Settings) -> Result<StoreConfig, Error> {
        for (name, value) in fields {
            self.field(&name, value)?;
        }
        let mut store = match &self.url {
            Some(url) => self.by_url(url)?,
            None => self.by_type()?,
        };
        for name in self.settings.iter().chain(common.iter()).map(Setting::name) {
            if store.settings.has(name) {
                let other = url::shown_setting(url::url_name(name), &self.shown("url"));
                let one = self.shown(name);
                return Err(invalid(format!("{one} contradicts {other}; remove one of them")));
            }
        }
        for setting in self.settings.iter() {
            store.settings.put(setting.clone());
        }
        store.is_tiered |= self.is_tiered;
        Ok(store)
    }

    fn field(&mut self, name: &str, value: Value) -> Result<(), Error> {
        let shown = self.shown(name);
        match name {
            "servers" => self.servers = list(value, &shown)?,
            "url" => self.url = text(value, &shown)?,
            "dir" => self.dir = text(value, &shown)?,
            "master" => self.master = text(value, &shown)?,
            "type" => {
                let kind = text(value, &shown)?.map(|text| Kind::parse(&text, &shown));
                self.kind = kind.transpose()?;
            }
            "tiered" => {
                self.is_tiered = match text(value, &shown)?.as_deref() {
                    Some("true") => true,
                    Some("false") | None => false,
                    Some(text) => {
                        let remedy = "write `true` or `false`";
                        return Err(invalid(format!("{shown} is `{text}`; {remedy}")));
                    }
                }
            }
            _ if NAMES.contains(&name) => {
                if let Some(text) = text(value, &shown)? {
                    self.settings.put(Setting::parse(name, &shown, &text)?);
                }
            }
            _ => {
                let stores = self.path.is_empty().then_some(STORES);
                let known = PLACES.into_iter().chain(NAMES).chain(stores);
                let there_are = near::suggestion(name, known);
                return Err(invalid(format!("unknown setting {shown}; {there_are}")));
            }
        }
        Ok(())
    }

    /// The URL says it all; a type beside it must be the same.
    fn by_url(&self, text: &str) -> Result<StoreConfig, Error> {
        let url = self.shown("url");
        self.refuse_all_but(&[], &url)?;
        let store = url::parse(text, &url)?;
        match self.kind {
            Some(kind) if kind != store.location.kind() => {
                let other = format!("{}, which is {}", self.shown("type"), kind.name());
                Err(invalid(format!("{url} contradicts {other}; remove one of them")))
            }
            _ => Ok(store),
        }
    }

    fn by_type(&self) -> Result<StoreConfig, Error> {
        let Some(kind) = self.kind else {
            self.refuse_all_but(&[], "a store without a `type`")?;
            let origin = match self.path.trim_end_matches('.') {
                "" => "a store without a `type`".to_owned(),
                path => format!("`{path}` without a `type`"),
            };
            return Ok(StoreConfig::at(Location::Memory, origin));
        };
        let origin = format!("`{}type = {}`", self.path, kind.name());
        let needs = |name| invalid(format!("{origin} needs {}; set it", self.shown(name)));
        let fields: &[&str] = match kind {
            Kind::Null => &["dir", "master", "servers"],
            Kind::Filesystem => &["dir"],
            Kind::Sentinel => &["master", "servers"],
            Kind::Cluster | Kind::Memcached => &["servers"],
            Kind::Memory | Kind::Redis | Kind::Custom => &[],
        };
        self.refuse_all_but(fields, &origin)?;
        let location = match kind {
            Kind::Null => Location::Null,
            Kind::Memory => Location::Memory,
            Kind::Filesystem => {
                Location::Filesystem(self.dir.as_ref().ok_or_else(|| needs("dir"))?.into())
            }
            Kind::Redis => return Err(needs("url")),
            Kind::Sentinel => {
                let urls = self.redis_urls(address::SENTINEL, &needs)?;
                let master = self.master.clone().ok_or_else(|| needs("master"))?;
                Location::Sentinel { urls, master }
            }
            Kind::Cluster => Location::Cluster(self.redis_urls(address::REDIS, &needs)?),
            Kind::Memcached => Location::Memcached(self.hosts(address::MEMCACHED, &needs)?),
            Kind::Custom => unreachable!("only code names a store of its own"),
        };
        Ok(StoreConfig::at(location, origin))
    }

    /// Refuses the fields of a place that are not read there.
    fn refuse_all_but(&self, fields: &[&str], origin: &str) -> Result<(), Error> {
        let given = [
            ("dir", self.dir.is_some()),
            ("master", self.master.is_some()),
            ("servers", self.servers.is_some()),
        ];
        let other = given.iter().find(|(name, is_given)| *is_given && !fields.contains(name));
        match other {
            Some((name, _)) => {
                let message = format!("{} does not apply to {origin}", self.shown(name));
                Err(invalid(format!("{message}; remove one of them")))
            }
            None => Ok(()),
        }
    }

    fn redis_urls(
        &self,
        port: u16,
        needs: &dyn Fn(&'static str) -> Error,
    ) -> Result<Vec<String>, Error> {
        let hosts = self.hosts(port, needs)?;
        Ok(hosts.iter().map(|host| format!("redis://{host}/")).collect())
    }

    fn hosts(
        &self,
        port: u16,
        needs: &dyn Fn(&'static str) -> Error,
    ) -> Result<Vec<String>, Error> {
        let servers = self.servers.as_ref().ok_or_else(|| needs("servers"))?;
        address::hosts(&servers.join(","), port, &self.shown("servers"))
    }
}

#[cfg(test)]
mod tests;
