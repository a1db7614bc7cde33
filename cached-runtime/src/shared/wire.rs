//! How values of one type become bytes and come back.

use std::panic::{AssertUnwindSafe, catch_unwind};

use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::error::{Error, ErrorKind};

use super::codec::Codec;
use super::shape::shape;

/// What may leave the process. What may not is refused in `check/shared.rs`.
pub trait Sharable: Serialize + DeserializeOwned {}

impl<T: Serialize + DeserializeOwned> Sharable for T {}

/// A type's way into bytes and back, without its bounds.
pub(crate) struct Wire<V> {
    pub(crate) encode: fn(Codec, &V) -> Result<Vec<u8>, Error>,
    pub(crate) decode: fn(Codec, &[u8]) -> Result<V, Error>,
    /// The fingerprint of the type's shape. To be asked for once.
    pub(crate) shape: fn() -> u64,
}

impl<V> Clone for Wire<V> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<V> Copy for Wire<V> {}

impl<V: Sharable + 'static> Wire<V> {
    pub(crate) fn new() -> Self {
        Self { encode, decode, shape: shape::<V> }
    }

    /// The same where entries may be read as other types than they were written as.
    pub(crate) fn shapeless() -> Self {
        Self { shape: || SHAPELESS, ..Self::new() }
    }
}

/// The fingerprint of values that are told apart by decoding them.
pub(crate) const SHAPELESS: u64 = 0;

pub(crate) fn encode<V: Serialize + ?Sized>(codec: Codec, value: &V) -> Result<Vec<u8>, Error> {
    guarded(|| codec.encode(value))
}

pub(crate) fn decode<V: DeserializeOwned>(codec: Codec, bytes: &[u8]) -> Result<V, Error> {
    guarded(|| codec.decode(bytes))
}

/// A panic of the user's `Serialize` or `Deserialize` is a value that cannot be converted.
fn guarded<T>(convert: impl FnOnce() -> Result<T, Error>) -> Result<T, Error> {
    catch_unwind(AssertUnwindSafe(convert))
        .unwrap_or_else(|_| Err(Error::new(ErrorKind::Codec, "the conversion panicked")))
}
