//! Values as bytes.
//!
//! A value that would not come back as it went is not encoded at all (`faithful.rs`), and bytes are
//! looked at before they are decoded where a decoder could be driven too deep (`nesting.rs`). What
//! is around the bytes in a store is `envelope.rs`; whether they belong to the type that is asked
//! for, `shape.rs`.

#[cfg(feature = "zstd")]
pub(crate) mod compressed;
mod faithful;
#[cfg(feature = "msgpack")]
mod nesting;

use std::borrow::Cow;
use std::error::Error as StdError;
use std::str::FromStr;

use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::config::Encoding;
use crate::error::{Error, ErrorKind};

/// Levels of sequences, maps, structs and enum values that are decoded, and so encoded.
const LEVELS: usize = 127;

/// What an entry keeps of an encoded value, and whether that is compressed: where it is larger
/// than `above`, and smaller so.
#[cfg_attr(not(feature = "zstd"), allow(unused_variables, reason = "nothing is compressed"))]
pub(crate) fn pack(payload: Vec<u8>, above: Option<usize>) -> (Vec<u8>, bool) {
    #[cfg(feature = "zstd")]
    if let Some(compressed) = above.and_then(|above| compressed::compress(&payload, above)) {
        return (compressed, true);
    }
    (payload, false)
}

/// The encoded value that [`pack`] was given.
pub(crate) fn unpack(payload: &[u8], is_compressed: bool) -> Result<Cow<'_, [u8]>, Error> {
    if !is_compressed {
        return Ok(Cow::Borrowed(payload));
    }
    #[cfg(feature = "zstd")]
    return compressed::decompress(payload, compressed::LIMIT).map(Cow::Owned);
    #[cfg(not(feature = "zstd"))]
    Err(failed("compressed, which needs the feature `zstd`"))
}

/// How values that leave the process become bytes.
///
/// Both name fields and variants, so that a value of another version of its type is told from one
/// of this version. A value is left out of the store, and nothing else, where it would not come
/// back as it went: `Some(None)` and `Some(())`, which read as `None`; with [`Json`](Self::Json) a
/// NaN or an infinity, and maps with keys that are no texts, numbers or the like; more than 127
/// levels. A type that itself tells less than it holds (`#[serde(skip)]`, an untagged enum whose
/// variants look alike) comes back as it says.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum Codec {
    /// JSON. The default.
    #[default]
    Json,
    /// `MessagePack` with field names. Smaller, and two to three times as fast.
    #[cfg(feature = "msgpack")]
    MessagePack,
}

impl From<Encoding> for Codec {
    fn from(encoding: Encoding) -> Self {
        match encoding {
            #[cfg(feature = "msgpack")]
            Encoding::MessagePack => Self::MessagePack,
            // Without the feature, the configuration has refused the other one.
            _ => Self::Json,
        }
    }
}

impl Codec {
    /// The codec of an entry's number.
    pub(crate) fn of(id: u8) -> Option<Self> {
        match id {
            0 => Some(Self::Json),
            #[cfg(feature = "msgpack")]
            1 => Some(Self::MessagePack),
            _ => None,
        }
    }

    /// The number that entries name the codec by.
    pub(crate) fn id(self) -> u8 {
        match self {
            Self::Json => 0,
            #[cfg(feature = "msgpack")]
            Self::MessagePack => 1,
        }
    }

    /// Encodes a value; an error where it would not come back as it is.
    ///
    /// Cost: a pass over the value to see that, and one to write it.
    pub(crate) fn encode<T: Serialize + ?Sized>(self, value: &T) -> Result<Vec<u8>, Error> {
        faithful::check(value, self).map_err(failed)?;
        match self {
            Self::Json => serde_json::to_vec(value).map_err(failed),
            #[cfg(feature = "msgpack")]
            Self::MessagePack => rmp_serde::to_vec_named(value).map_err(failed),
        }
    }

    /// Decodes a value, which must be all that the bytes hold.
    pub(crate) fn decode<T: DeserializeOwned>(self, bytes: &[u8]) -> Result<T, Error> {
        match self {
            Self::Json => serde_json::from_slice(bytes).map_err(failed),
            #[cfg(feature = "msgpack")]
            Self::MessagePack => {
                if !nesting::is_one_value(bytes, LEVELS) {
                    return Err(failed("not one MessagePack value of at most 127 levels"));
                }
                rmp_serde::from_slice(bytes).map_err(failed)
            }
        }
    }
}

fn failed(source: impl Into<Box<dyn StdError + Send + Sync>>) -> Error {
    Error::new(ErrorKind::Codec, source)
}

impl FromStr for Codec {
    type Err = Error;

    /// Reads `json` or `msgpack`.
    fn from_str(name: &str) -> Result<Self, Error> {
        match name {
            "json" => Ok(Self::Json),
            #[cfg(feature = "msgpack")]
            "msgpack" => Ok(Self::MessagePack),
            #[cfg(not(feature = "msgpack"))]
            "msgpack" => Err(Error::new(
                ErrorKind::Config,
                "codec `msgpack` is not compiled in; turn on the feature `msgpack`",
            )),
            _ => Err(Error::new(
                ErrorKind::Config,
                format!("unknown codec `{name}`; write `json` or `msgpack`"),
            )),
        }
    }
}

#[cfg(test)]
mod tests;
