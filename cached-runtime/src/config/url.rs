//! A store as one URL: a scheme for the place, the query for settings.

use std::path::PathBuf;

use crate::error::Error;

use super::address::{self, Address};
use super::settings::{DEFAULT_TIMEOUT, NAMES, Setting, Settings};
use super::store::{Location, StoreConfig};
use super::{invalid, near};

/// What messages call a URL that no variable or field holds.
pub(super) const PLAIN: &str = "the URL";

/// The schemes, each with what precedes it for memory in front: `tiered+`.
const SCHEMES: [&str; 10] = [
    "memory",
    "null",
    "file",
    "redis",
    "rediss",
    "redis+sentinel",
    "rediss+sentinel",
    "redis+cluster",
    "rediss+cluster",
    "memcached",
];

/// Reads a URL. Messages call it `shown`, which has backticks unless it is [`PLAIN`].
///
/// They show nothing of it where a password may be, nor where one ends up that was not escaped.
pub(super) fn parse(url: &str, shown: &str) -> Result<StoreConfig, Error> {
    if url.contains('#') {
        return Err(invalid(format!("{shown} has a `#`; remove what it begins, or write `%23`")));
    }
    let (place, query) = url.split_once('?').unwrap_or((url, ""));
    if query.contains('@') {
        let remedy = "write it as `%40`, and a `?` in a password as `%3F`";
        return Err(invalid(format!("{shown} has a `@` after its `?`; {remedy}")));
    }
    let Some((scheme, rest)) = place.split_once(':').filter(|(scheme, _)| is_scheme(scheme)) else {
        return Err(invalid(format!("{shown} has no scheme; {}", near::suggestion("", schemes()))));
    };
    let untiered = scheme.strip_prefix("tiered+");
    let location = location(untiered.unwrap_or(scheme), rest, shown)?;
    let ends = if rest.starts_with("//") { "://" } else { ":" };
    let mut store = StoreConfig::at(location, format!("`{scheme}{ends}`"));
    store.is_tiered = untiered.is_some();
    store.settings = settings(query, shown)?;
    Ok(store)
}

/// What the name of a setting in the query of a URL is in messages.
pub(super) fn shown_setting(name: &str, shown: &str) -> String {
    if shown == PLAIN { format!("`{name}`") } else { format!("`{name}` in {shown}") }
}

/// The name of a setting in a query.
pub(super) fn url_name(name: &str) -> &str {
    if name == DEFAULT_TIMEOUT { "timeout" } else { name }
}

fn schemes() -> impl Iterator<Item = &'static str> + Clone {
    SCHEMES.into_iter()
}

fn is_scheme(text: &str) -> bool {
    text.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'+')
}

fn location(scheme: &str, rest: &str, shown: &str) -> Result<Location, Error> {
    match scheme {
        "memory" => nothing_after(scheme, rest, shown, Location::Memory),
        "null" => nothing_after(scheme, rest, shown, Location::Null),
        "file" => directory(rest, shown).map(Location::Filesystem),
        "redis" | "rediss" => redis(scheme, rest, shown),
        "redis+sentinel" | "rediss+sentinel" => sentinel(scheme, rest, shown),
        "redis+cluster" | "rediss+cluster" => cluster(scheme, rest, shown),
        "memcached" => memcached(rest, shown),
        _ => {
            let there_are = near::suggestion(scheme, schemes());
            Err(invalid(format!("unknown scheme `{scheme}` in {shown}; {there_are}")))
        }
    }
}

fn nothing_after(
    scheme: &str,
    rest: &str,
    shown: &str,
    place: Location,
) -> Result<Location, Error> {
    match rest {
        "" | "//" => Ok(place),
        _ => Err(invalid(format!("`{scheme}:` in {shown} names a place; remove what follows it"))),
    }
}

/// `///absolute`, `/absolute` or `relative`.
fn directory(rest: &str, shown: &str) -> Result<PathBuf, Error> {
    let path = match rest.strip_prefix("//") {
        Some(path) if path.starts_with('/') => path,
        Some(_) => {
            let remedy = "write `file:///absolute/path` or `file:./relative/path`";
            return Err(invalid(format!("{shown} names a host before the path; {remedy}")));
        }
        None => rest,
    };
    if path.is_empty() {
        let remedy = "write `file:///absolute/path` or `file:./relative/path`";
        return Err(invalid(format!("{shown} names no directory; {remedy}")));
    }
    let path = unescaped(path, "path", shown)?;
    Ok(path.into())
}

fn redis(scheme: &str, rest: &str, shown: &str) -> Result<Location, Error> {
    let Address { user, hosts, path } = Address::split(rest, address::REDIS, shown)?;
    let [host] = &hosts[..] else {
        let remedy = format!("write `{scheme}+cluster://` or `{scheme}+sentinel://`");
        return Err(invalid(format!("{shown} names several servers; {remedy}")));
    };
    let database = database(path, shown)?;
    Ok(Location::Redis(format!("{scheme}://{user}{host}/{database}")))
}

/// `hosts/master/database`
fn sentinel(scheme: &str, rest: &str, shown: &str) -> Result<Location, Error> {
    let Address { user, hosts, path } = Address::split(rest, address::SENTINEL, shown)?;
    let (master, path) = path.split_once('/').unwrap_or((path, ""));
    if master.is_empty() {
        let remedy = format!("write `{scheme}://host/master`");
        return Err(invalid(format!("{shown} names no master after the hosts; {remedy}")));
    }
    let master = unescaped(master, "master", shown)?;
    let database = database(path, shown)?;
    let scheme = server_scheme(scheme);
    let urls = hosts.iter().map(|host| format!("{scheme}://{user}{host}/{database}")).collect();
    Ok(Location::Sentinel { urls, master })
}

fn cluster(scheme: &str, rest: &str, shown: &str) -> Result<Location, Error> {
    let Address { user, hosts, path } = Address::split(rest, address::REDIS, shown)?;
    if !matches!(path, "" | "0") {
        let remedy = "remove it, since a cluster has only database 0";
        return Err(invalid(format!("{shown} has a path after the hosts; {remedy}")));
    }
    let scheme = server_scheme(scheme);
    let urls = hosts.iter().map(|host| format!("{scheme}://{user}{host}/")).collect();
    Ok(Location::Cluster(urls))
}

fn memcached(rest: &str, shown: &str) -> Result<Location, Error> {
    let Address { user, hosts, path } = Address::split(rest, address::MEMCACHED, shown)?;
    if !user.is_empty() || !path.is_empty() {
        let remedy = "write only `memcached://host:port,host:port`";
        return Err(invalid(format!("{shown} has a user or a path; {remedy}")));
    }
    Ok(Location::Memcached(hosts))
}

/// The scheme by which one of several servers is reached.
fn server_scheme(scheme: &str) -> &str {
    scheme.split_once('+').map_or(scheme, |(server, _)| server)
}

/// The number of a database, or nothing for the first one.
fn database<'a>(path: &'a str, shown: &str) -> Result<&'a str, Error> {
    if path.bytes().all(|byte| byte.is_ascii_digit()) {
        return Ok(path);
    }
    let remedy = "write one such as `/0`, and a `/` in a password as `%2F`";
    Err(invalid(format!("{shown} ends in a path that is no number of a database; {remedy}")))
}

fn unescaped(text: &str, part: &str, shown: &str) -> Result<String, Error> {
    address::unescaped(text).ok_or_else(|| {
        let remedy = "write a `%` as `%25`, and others as UTF-8";
        invalid(format!("the {part} in {shown} has a `%` that escapes nothing; {remedy}"))
    })
}

/// Reads a query. A setting without a `=` is `true`.
fn settings(query: &str, shown: &str) -> Result<Settings, Error> {
    let mut settings = Settings::default();
    for pair in query.split('&').filter(|pair| !pair.is_empty()) {
        let is_flag = !pair.contains('=');
        for (name, value) in form_urlencoded::parse(pair.as_bytes()) {
            let Some(key) = NAMES.into_iter().find(|key| url_name(key) == name) else {
                let there_are = near::suggestion(&name, NAMES.into_iter().map(url_name));
                let name = shown_setting(&name, shown);
                return Err(invalid(format!("unknown setting {name}; {there_are}")));
            };
            let value = if is_flag && key == "require" { "true" } else { &*value };
            let shown = shown_setting(&name, shown);
            settings.add(Setting::parse(key, &shown, value)?, &shown)?;
        }
    }
    Ok(settings)
}

#[cfg(test)]
mod tests;
