//! Structured configuration: what serde reads, of whatever format.
//!
//! A field is a text, a number, a boolean, a list or an object; what it means is the same as in a
//! URL or the environment, so that there is one reader of each setting.

use std::fmt;

use serde::de::{Deserialize, Deserializer, Error as _, MapAccess, SeqAccess, Visitor};

use crate::error::Error;

use super::kind::Kind;
use super::settings::{DEFAULT_TIMEOUT, NAMES, Setting, Settings};
use super::store::{Location, StoreConfig};
use super::{Config, DEFAULT, address, invalid, near, url};

/// Fields that say where a store is.
const PLACES: [&str; 6] = ["type", "url", "dir", "master", "servers", "tiered"];

/// Fields of the whole configuration that hold for all of its stores.
const COMMON: [&str; 3] = [DEFAULT_TIMEOUT, "prefix", "threshold"];

/// The field of the further stores.
const STORES: &str = "stores";

impl<'de> Deserialize<'de> for Config {
    /// Reads the object that the section "Structured" describes.
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let fields = deserializer.deserialize_map(ObjectVisitor)?;
        config(fields).map_err(D::Error::custom)
    }
}

/// What a field holds.
enum Value {
    Nothing,
    Text(String),
    List(Vec<String>),
    Object(Fields),
}

type Fields = Vec<(String, Value)>;

fn config(fields: Fields) -> Result<Config, Error> {
    let mut config = Config::new();
    let mut own = Vec::new();
    for (name, value) in fields {
        if name == STORES {
            for (store, value) in object(value, STORES)? {
                let path = format!("{STORES}.{store}");
                let store_config = Reader::new(format!("{path}.")).store(object(value, &path)?)?;
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
    let store = Reader::new(String::new()).store(own)?;
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

    fn store(mut self, fields: Fields) -> Result<StoreConfig, Error> {
        for (name, value) in fields {
            self.field(&name, value)?;
        }
        let mut store = match &self.url {
            Some(url) => self.by_url(url)?,
            None => self.by_type()?,
        };
        for setting in self.settings.iter() {
            if store.settings.has(setting.name()) {
                let one = self.shown(setting.name());
                let name = url::url_name(setting.name());
                let other = url::shown_setting(name, &self.shown("url"));
                return Err(invalid(format!("{one} contradicts {other}; remove one of them")));
            }
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

/// One text. Nothing where the field is null.
fn text(value: Value, shown: &str) -> Result<Option<String>, Error> {
    match value {
        Value::Nothing => Ok(None),
        Value::Text(text) => Ok(Some(text)),
        Value::List(_) => Err(invalid(format!("{shown} is a list; write one value"))),
        Value::Object(_) => Err(invalid(format!("{shown} is an object; write one value"))),
    }
}

/// A list, or one text for a list of one.
fn list(value: Value, shown: &str) -> Result<Option<Vec<String>>, Error> {
    match value {
        Value::List(list) => Ok(Some(list)),
        value => Ok(text(value, shown)?.map(|text| vec![text])),
    }
}

fn object(value: Value, path: &str) -> Result<Fields, Error> {
    match value {
        Value::Object(fields) => Ok(fields),
        Value::Nothing => Ok(Vec::new()),
        _ => Err(invalid(format!("`{path}` is no object; write one with the settings in it"))),
    }
}

struct ObjectVisitor;

impl<'de> Visitor<'de> for ObjectVisitor {
    type Value = Fields;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object of settings")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Fields, A::Error> {
        let mut fields = Fields::new();
        while let Some((name, value)) = map.next_entry::<String, Value>()? {
            if fields.iter().any(|(given, _)| *given == name) {
                let message = format!("`{name}` is given twice; keep one");
                return Err(A::Error::custom(invalid(message)));
            }
            fields.push((name, value));
        }
        Ok(fields)
    }
}

struct ValueVisitor;

impl<'de> Deserialize<'de> for Value {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(ValueVisitor)
    }
}

impl<'de> Visitor<'de> for ValueVisitor {
    type Value = Value;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the value of a setting")
    }

    fn visit_str<E>(self, text: &str) -> Result<Value, E> {
        Ok(Value::Text(text.to_owned()))
    }

    fn visit_bool<E>(self, value: bool) -> Result<Value, E> {
        Ok(Value::Text(value.to_string()))
    }

    fn visit_u64<E>(self, value: u64) -> Result<Value, E> {
        Ok(Value::Text(value.to_string()))
    }

    fn visit_i64<E>(self, value: i64) -> Result<Value, E> {
        Ok(Value::Text(value.to_string()))
    }

    fn visit_f64<E>(self, value: f64) -> Result<Value, E> {
        Ok(Value::Text(value.to_string()))
    }

    fn visit_unit<E>(self) -> Result<Value, E> {
        Ok(Value::Nothing)
    }

    fn visit_none<E>(self) -> Result<Value, E> {
        Ok(Value::Nothing)
    }

    fn visit_some<D: Deserializer<'de>>(self, deserializer: D) -> Result<Value, D::Error> {
        Value::deserialize(deserializer)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<Value, A::Error> {
        let mut list = Vec::new();
        while let Some(text) = seq.next_element::<String>()? {
            list.push(text);
        }
        Ok(Value::List(list))
    }

    fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<Value, A::Error> {
        ObjectVisitor.visit_map(map).map(Value::Object)
    }
}
