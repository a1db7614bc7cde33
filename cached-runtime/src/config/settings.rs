//! The settings of a store but for its place: their names, their values, what they apply to.

use std::mem;
use std::path::PathBuf;
use std::time::Duration;

use crate::error::Error;
use crate::policy::{IntoTimeout, Timeout};
use crate::store::Timeouts;

use super::kind::Kind;
use super::{invalid, value};

/// The names of settings in structured configuration. URLs write `timeout` for the first.
pub(super) const NAMES: [&str; 11] = [
    DEFAULT_TIMEOUT,
    "prefix",
    "threshold",
    "max_bytes",
    "connect_timeout",
    "read_timeout",
    "write_timeout",
    "codec",
    "compress_above",
    "require",
    "ca_file",
];

/// The one setting whose name is another in URLs.
pub(super) const DEFAULT_TIMEOUT: &str = "default_timeout";

/// How entries are encoded.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Encoding {
    Json,
    MessagePack,
}

/// One setting.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Setting {
    DefaultTimeout(Timeout),
    Prefix(String),
    Threshold(u64),
    MaxBytes(u64),
    ConnectTimeout(Duration),
    ReadTimeout(Duration),
    WriteTimeout(Duration),
    Codec(Encoding),
    CompressAbove(usize),
    Require(bool),
    CaFile(PathBuf),
}

impl Setting {
    pub(super) fn default_timeout(timeout: impl IntoTimeout) -> Self {
        let timeout = timeout.into_timeout();
        // Nobody configures a cache that keeps nothing: a zero is how this field writes `never`.
        Self::DefaultTimeout(if timeout.is_zero() { Timeout::NEVER } else { timeout })
    }

    /// Reads the setting of the name `key`, one of [`NAMES`]. Messages call it `shown`.
    pub(super) fn parse(key: &str, shown: &str, text: &str) -> Result<Self, Error> {
        let wrong = |remedy: &str| invalid(format!("{shown} is `{text}`; write {remedy}"));
        let limit = || {
            let remedy = "seconds or a text such as `250ms`, with one of `ms s m h d w`";
            value::time(text).and_then(Timeout::as_duration).ok_or_else(|| wrong(remedy))
        };
        let size = || {
            let remedy = "a number of bytes, perhaps with one of `KiB MiB GiB TiB`";
            value::size(text).ok_or_else(|| wrong(remedy))
        };
        if text.is_empty() {
            return Err(invalid(format!("{shown} has no value; give it one or leave it out")));
        }
        let setting = match key {
            DEFAULT_TIMEOUT => {
                let remedy = "seconds, a text such as `5m` with one of `ms s m h d w`, or `never`";
                Self::default_timeout(value::time(text).ok_or_else(|| wrong(remedy))?)
            }
            "prefix" => Self::Prefix(text.to_owned()),
            "threshold" => {
                let remedy = "a whole number of entries";
                Self::Threshold(value::count(text).ok_or_else(|| wrong(remedy))?)
            }
            "max_bytes" => Self::MaxBytes(size()?),
            "connect_timeout" => Self::ConnectTimeout(limit()?),
            "read_timeout" => Self::ReadTimeout(limit()?),
            "write_timeout" => Self::WriteTimeout(limit()?),
            "codec" => Self::Codec(match text {
                "json" => Encoding::Json,
                "msgpack" => Encoding::MessagePack,
                _ => return Err(wrong("`json` or `msgpack`")),
            }),
            "compress_above" => Self::CompressAbove(usize::try_from(size()?).unwrap_or(usize::MAX)),
            "require" => Self::Require(text.parse().map_err(|_| wrong("`true` or `false`"))?),
            "ca_file" => Self::CaFile(text.into()),
            _ => unreachable!("every name of a setting is read"),
        };
        setting.check(shown)?;
        Ok(setting)
    }

    /// Refuses a value that means nothing, and one that needs a feature that is off.
    pub(super) fn check(&self, shown: &str) -> Result<(), Error> {
        let needs =
            |feature| invalid(format!("{shown} needs the feature `{feature}` of cached-runtime"));
        match self {
            Self::Threshold(0) | Self::MaxBytes(0) => {
                Err(invalid(format!("{shown} is 0; leave it out for no limit")))
            }
            Self::ConnectTimeout(Duration::ZERO)
            | Self::ReadTimeout(Duration::ZERO)
            | Self::WriteTimeout(Duration::ZERO) => {
                Err(invalid(format!("{shown} is 0; leave it out for the default")))
            }
            Self::Prefix(prefix) if prefix.is_empty() => {
                Err(invalid(format!("{shown} is empty; leave it out for the default")))
            }
            Self::Codec(Encoding::MessagePack) if !cfg!(feature = "msgpack") => {
                Err(needs("msgpack"))
            }
            Self::CompressAbove(_) if !cfg!(feature = "zstd") => Err(needs("zstd")),
            _ => Ok(()),
        }
    }

    /// Its name in structured configuration and in the builder.
    pub(super) fn name(&self) -> &'static str {
        match self {
            Self::DefaultTimeout(_) => DEFAULT_TIMEOUT,
            Self::Prefix(_) => "prefix",
            Self::Threshold(_) => "threshold",
            Self::MaxBytes(_) => "max_bytes",
            Self::ConnectTimeout(_) => "connect_timeout",
            Self::ReadTimeout(_) => "read_timeout",
            Self::WriteTimeout(_) => "write_timeout",
            Self::Codec(_) => "codec",
            Self::CompressAbove(_) => "compress_above",
            Self::Require(_) => "require",
            Self::CaFile(_) => "ca_file",
        }
    }

    /// Whether it means anything to a store.
    pub(super) fn applies(&self, kind: Kind, is_tiered: bool, is_tls: bool) -> bool {
        match self {
            Self::DefaultTimeout(_) => true,
            Self::Threshold(_) => is_tiered || matches!(kind, Kind::Memory | Kind::Filesystem),
            Self::MaxBytes(_) => kind == Kind::Filesystem,
            Self::Prefix(_) => !matches!(kind, Kind::Memory | Kind::Custom),
            Self::CaFile(_) => is_tls,
            _ => kind != Kind::Memory,
        }
    }
}

/// The settings that were given, each at most once.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Settings(Vec<Setting>);

impl Settings {
    /// Adds a setting, in place of an earlier one.
    pub(super) fn put(&mut self, setting: Setting) {
        let is_same = |held: &Setting| mem::discriminant(held) == mem::discriminant(&setting);
        self.0.retain(|held| !is_same(held));
        self.0.push(setting);
    }

    /// Adds a setting that must not be there yet. The message calls it `shown`.
    pub(super) fn add(&mut self, setting: Setting, shown: &str) -> Result<(), Error> {
        if self.has(setting.name()) {
            return Err(invalid(format!("{shown} is given twice; keep one")));
        }
        self.0.push(setting);
        Ok(())
    }

    pub(super) fn has(&self, name: &str) -> bool {
        self.0.iter().any(|held| held.name() == name)
    }

    pub(super) fn put_timeouts(&mut self, timeouts: Timeouts) {
        self.put(Setting::ConnectTimeout(timeouts.connect));
        self.put(Setting::ReadTimeout(timeouts.read));
        self.put(Setting::WriteTimeout(timeouts.write));
    }

    pub(super) fn iter(&self) -> impl Iterator<Item = &Setting> {
        self.0.iter()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parsed(key: &str, text: &str) -> Result<Setting, String> {
        Setting::parse(key, &format!("`{key}`"), text).map_err(|error| error.to_string())
    }

    #[test]
    fn each_name_reads_the_setting_of_that_name() {
        for name in NAMES {
            let text = match name {
                "codec" => "json",
                "require" => "true",
                "compress_above" if !cfg!(feature = "zstd") => continue,
                _ => "7",
            };
            assert_eq!(parsed(name, text).map(|setting| setting.name()), Ok(name));
        }
    }

    #[test]
    fn a_configured_zero_never_expires() {
        for text in ["0", "0.0", "0ms", "never", "922337203685477580"] {
            let never = Setting::DefaultTimeout(Timeout::NEVER);
            assert_eq!(parsed(DEFAULT_TIMEOUT, text), Ok(never), "{text}");
        }
        let zero = Setting::default_timeout(Duration::ZERO);
        assert_eq!(zero, Setting::DefaultTimeout(Timeout::NEVER));
    }

    #[test]
    fn a_value_that_cannot_be_read_is_named_with_its_setting() {
        let time = "seconds, a text such as `5m` with one of `ms s m h d w`, or `never`";
        let limit = "seconds or a text such as `250ms`, with one of `ms s m h d w`";
        let size = "a number of bytes, perhaps with one of `KiB MiB GiB TiB`";
        for (key, text, remedy) in [
            (DEFAULT_TIMEOUT, "-5", time),
            (DEFAULT_TIMEOUT, "5min", time),
            ("threshold", "many", "a whole number of entries"),
            ("threshold", "1.5", "a whole number of entries"),
            ("max_bytes", "64MB", size),
            ("compress_above", "1k", size),
            ("read_timeout", "never", limit),
            ("write_timeout", "fast", limit),
            ("connect_timeout", "-1", limit),
            ("codec", "yaml", "`json` or `msgpack`"),
            ("require", "yes", "`true` or `false`"),
        ] {
            let message = format!("invalid configuration: `{key}` is `{text}`; write {remedy}");
            assert_eq!(parsed(key, text), Err(message));
        }
    }

    #[test]
    fn a_value_that_means_nothing_is_refused() {
        let no_limit = "is 0; leave it out for no limit";
        let default = "is 0; leave it out for the default";
        for (key, text, message) in [
            ("threshold", "0", no_limit),
            ("max_bytes", "0KiB", no_limit),
            ("connect_timeout", "0", default),
            ("read_timeout", "0ms", default),
            ("write_timeout", "0.0", default),
            ("prefix", "", "has no value; give it one or leave it out"),
            ("require", "", "has no value; give it one or leave it out"),
        ] {
            let message = format!("invalid configuration: `{key}` {message}");
            assert_eq!(parsed(key, text), Err(message));
        }
    }

    #[test]
    fn a_setting_is_added_once_and_put_as_often_as_one_likes() {
        let mut settings = Settings::default();
        settings.put(Setting::Threshold(1));
        settings.put(Setting::Threshold(2));
        assert_eq!(settings, Settings(vec![Setting::Threshold(2)]));
        let error = settings.add(Setting::Threshold(3), "`threshold`").unwrap_err();
        let message = "invalid configuration: `threshold` is given twice; keep one";
        assert_eq!(error.to_string(), message);
        assert_eq!(settings, Settings(vec![Setting::Threshold(2)]));
    }
}
