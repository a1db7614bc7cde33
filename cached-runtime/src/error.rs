//! What can go wrong beyond the process: configuration, and stores.

use std::error::Error as StdError;
use std::fmt;
#[cfg(feature = "json")]
use std::{io, iter, sync::Arc};

/// A failure of a store, or of its configuration.
///
/// No call of a cached function returns one: there, a failure is counted and taken for a miss.
/// What asks for the store's own work does: `init`, `invalidate` of a shared entry, `Cache::set`.
#[derive(Debug)]
pub struct Error(Box<Inner>);

#[derive(Debug)]
struct Inner {
    kind: ErrorKind,
    operation: Option<&'static str>,
    store: Option<String>,
    key: Option<String>,
    source: Box<dyn StdError + Send + Sync>,
}

/// What sort of failure an [`Error`] is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum ErrorKind {
    /// A setting is unknown, contradicts another, or cannot be used.
    Config,
    /// The store cannot be reached, or was not asked since it could not be reached lately.
    Unavailable,
    /// The store did not answer in time.
    Timeout,
    /// The store answered that it will not: it is read-only, full, or forbids it.
    Refused,
    /// The store answered with something that makes no sense.
    Protocol,
    /// A value could not be encoded or decoded.
    Codec,
}

/// Characters of a key that a message shows: keys may be personal.
const SHOWN: usize = 24;

/// What a broken connection is reported as.
#[cfg(feature = "json")]
const LOST: [io::ErrorKind; 4] = [
    io::ErrorKind::BrokenPipe,
    io::ErrorKind::ConnectionAborted,
    io::ErrorKind::ConnectionReset,
    io::ErrorKind::UnexpectedEof,
];

impl Error {
    /// Makes an error of what is at its root: another error, or a text.
    #[must_use]
    pub fn new(kind: ErrorKind, source: impl Into<Box<dyn StdError + Send + Sync>>) -> Self {
        let inner = Inner { kind, operation: None, store: None, key: None, source: source.into() };
        Self(Box::new(inner))
    }

    /// Returns what sort of failure it is.
    #[must_use]
    pub fn kind(&self) -> ErrorKind {
        self.0.kind
    }

    /// Whether a connection broke that had been made: the store may well be there.
    #[cfg(feature = "json")]
    pub(crate) fn is_lost_connection(&self) -> bool {
        let first: &(dyn StdError + 'static) = &*self.0.source;
        self.0.kind == ErrorKind::Unavailable
            && iter::successors(Some(first), |&error| error.source()).any(|error| {
                let shared = error.downcast_ref::<Arc<dyn StdError + Send + Sync>>();
                let io = error.downcast_ref().or_else(|| shared?.downcast_ref());
                io.is_some_and(|io: &io::Error| LOST.contains(&io.kind()))
            })
    }

    /// Adds what was attempted, unless that is known already.
    #[must_use]
    pub fn during(mut self, operation: &'static str, store: &str, key: Option<&str>) -> Self {
        self.0.operation.get_or_insert(operation);
        self.0.store.get_or_insert_with(|| store.to_owned());
        if self.0.key.is_none() {
            self.0.key = key.map(shortened);
        }
        self
    }
}

/// A key, cut to what a message may show.
fn shortened(key: &str) -> String {
    match key.char_indices().nth(SHOWN) {
        Some((end, _)) => format!("{}..", &key[..end]),
        None => key.to_owned(),
    }
}

impl fmt::Display for ErrorKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Config => "invalid configuration",
            Self::Unavailable => "store unavailable",
            Self::Timeout => "store did not answer in time",
            Self::Refused => "store refused",
            Self::Protocol => "store answered nonsense",
            Self::Codec => "value could not be converted",
        })
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Inner { kind, operation, store, key, source } = &*self.0;
        write!(f, "{kind}")?;
        if let (Some(operation), Some(store)) = (operation, store) {
            write!(f, " in `{operation}` of {store}")?;
        }
        if let Some(key) = key {
            write!(f, " for key {key:?}")?;
        }
        if *kind == ErrorKind::Config {
            // The setting is the message, and has no error behind it.
            write!(f, ": {source}")?;
        }
        Ok(())
    }
}

impl StdError for Error {
    fn source(&self) -> Option<&(dyn StdError + 'static)> {
        match self.0.kind {
            ErrorKind::Config => self.0.source.source(),
            _ => Some(&*self.0.source),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_error_says_what_was_attempted_and_shortens_the_key() {
        let error = Error::new(ErrorKind::Timeout, "250 ms passed");
        let key = "user:".to_owned() + &"x".repeat(100);
        let error = error.during("get", "redis", Some(&key)).during("set", "other", None);
        assert_eq!(
            error.to_string(),
            "store did not answer in time in `get` of redis for key \"user:xxxxxxxxxxxxxxxxxxx..\""
        );
        assert_eq!(error.source().map(ToString::to_string).as_deref(), Some("250 ms passed"));
    }

    #[test]
    #[cfg(feature = "json")]
    fn a_connection_that_broke_is_told_from_one_that_could_not_be_made() {
        let of = |source: Box<dyn StdError + Send + Sync>| {
            Error::new(ErrorKind::Unavailable, source).is_lost_connection()
        };
        let io = |kind: io::ErrorKind| io::Error::from(kind);
        assert!(of(Box::new(io(io::ErrorKind::UnexpectedEof))));
        let shared: Arc<dyn StdError + Send + Sync> = Arc::new(io(io::ErrorKind::ConnectionReset));
        assert!(of(Box::new(shared)));
        assert!(!of(Box::new(io(io::ErrorKind::ConnectionRefused))));
        assert!(!of("no route".into()));
    }

    #[test]
    fn a_setting_is_named_in_the_message_itself() {
        let error = Error::new(ErrorKind::Config, "`CACHE_TYPE` is `disk`; write `filesystem`");
        assert_eq!(
            error.to_string(),
            "invalid configuration: `CACHE_TYPE` is `disk`; write `filesystem`"
        );
        assert!(error.source().is_none());
    }
}
