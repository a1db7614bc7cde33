//! Snapshots as bytes of a store, through serde.
//!
//! In a format for people (JSON) a body that is text stays text, and any other becomes base64; what
//! of a field's value is no visible ASCII is written as `\xff`. In a binary format both are bytes.
//! What reads gives an error for all that would not have been written, however odd.

use std::borrow::Cow;
use std::fmt;
use std::time::Duration;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use http::header::HeaderName;
use http::{HeaderMap, HeaderValue, StatusCode};
use serde::de::{Error, Visitor};
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use super::Snapshot;

/// More fields than this no response has. A map that is full could not take those that answers add.
const MOST_FIELDS: usize = 10_000;

/// A snapshot in parts: `T` is a text, `V` a field's value, `B` the body.
#[derive(Serialize, Deserialize)]
#[serde(rename = "Snapshot")]
struct Wire<T, V, B> {
    status: u16,
    headers: Vec<(T, V)>,
    body: B,
    initial_age: Duration,
    lifetime: Option<Duration>,
}

impl Serialize for Snapshot {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        if serializer.is_human_readable() {
            let body = Readable::of(&self.body);
            self.parts(|value| escaped(value.as_bytes()), body).serialize(serializer)
        } else {
            self.parts(|value| Octets(value.as_bytes()), Octets(&self.body)).serialize(serializer)
        }
    }
}

impl<'de> Deserialize<'de> for Snapshot {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        if deserializer.is_human_readable() {
            let wire = Wire::<String, String, Readable<'static>>::deserialize(deserializer)?;
            let (wire, body) = wire.without_body();
            let body = body.bytes().ok_or_else(|| Error::custom("a body that is no base64"))?;
            wire.snapshot(|value| unescaped(&value), body)
        } else {
            let wire = Wire::<String, Octets<Vec<u8>>, Octets<Vec<u8>>>::deserialize(deserializer)?;
            let (wire, Octets(body)) = wire.without_body();
            wire.snapshot(|Octets(value)| Some(value), body)
        }
    }
}

impl Snapshot {
    fn parts<'a, V, B>(
        &'a self,
        value: impl Fn(&'a HeaderValue) -> V,
        body: B,
    ) -> Wire<&'a str, V, B> {
        Wire {
            status: self.status.as_u16(),
            headers: self.headers.iter().map(|(name, line)| (name.as_str(), value(line))).collect(),
            body,
            initial_age: self.initial_age,
            lifetime: self.lifetime,
        }
    }
}

impl<V, B> Wire<String, V, B> {
    fn without_body(self) -> (Wire<String, V, ()>, B) {
        let Self { status, headers, body, initial_age, lifetime } = self;
        (Wire { status, headers, body: (), initial_age, lifetime }, body)
    }
}

impl<V> Wire<String, V, ()> {
    fn snapshot<E: Error>(
        self,
        bytes: impl Fn(V) -> Option<Vec<u8>>,
        body: Vec<u8>,
    ) -> Result<Snapshot, E> {
        let mut headers = HeaderMap::new();
        if self.headers.len() > MOST_FIELDS {
            return Err(E::custom("too many fields"));
        }
        for (name, value) in self.headers {
            let line = HeaderName::from_lowercase(name.as_bytes())
                .ok()
                .zip(bytes(value).and_then(|bytes| HeaderValue::try_from(bytes).ok()));
            let (name, value) = line.ok_or_else(|| E::custom("a field that none can be"))?;
            headers.try_append(name, value).map_err(|_| E::custom("too many fields"))?;
        }
        Ok(Snapshot {
            status: StatusCode::from_u16(self.status).map_err(E::custom)?,
            headers,
            body: Bytes::from(body),
            initial_age: self.initial_age,
            lifetime: self.lifetime,
        })
    }
}

/// A body in a format for people.
#[derive(Serialize, Deserialize)]
#[serde(rename = "Body", rename_all = "lowercase")]
enum Readable<'a> {
    Text(Cow<'a, str>),
    Base64(String),
}

impl<'a> Readable<'a> {
    /// Text where it is, unless escapes make it longer by more than a half.
    fn of(body: &'a [u8]) -> Self {
        match str::from_utf8(body) {
            Ok(text) if escapes(body) <= body.len() / 2 => Self::Text(Cow::Borrowed(text)),
            _ => Self::Base64(STANDARD.encode(body)),
        }
    }

    fn bytes(self) -> Option<Vec<u8>> {
        match self {
            Self::Text(text) => Some(text.into_owned().into_bytes()),
            Self::Base64(text) => STANDARD.decode(text).ok(),
        }
    }
}

/// How many bytes JSON adds to these.
fn escapes(text: &[u8]) -> usize {
    let added = |byte: &u8| match byte {
        b'"' | b'\\' | b'\n' | b'\r' | b'\t' => 1,
        0..0x20 => 5,
        _ => 0,
    };
    text.iter().map(added).sum()
}

/// A field's value as text: a backslash doubled, what is no visible ASCII as `\xff`.
fn escaped(value: &[u8]) -> String {
    let mut text = String::with_capacity(value.len());
    for byte in value {
        match byte {
            b'\\' => text.push_str("\\\\"),
            b'\t' | b' '..=b'~' => text.push(char::from(*byte)),
            _ => {
                text.push_str("\\x");
                text.extend(
                    [byte >> 4, byte & 15]
                        .map(|digit| char::from(b"0123456789abcdef"[usize::from(digit)])),
                );
            }
        }
    }
    text
}

/// The value that [`escaped`] writes as `text`; none where it writes no value so.
fn unescaped(text: &str) -> Option<Vec<u8>> {
    let mut value = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let [first, after @ ..] = rest {
        let (byte, after) = match (first, after) {
            (b'\\', [b'\\', after @ ..]) => (b'\\', after),
            (b'\\', [b'x', high, low, after @ ..]) => {
                let digits = [*high, *low];
                (u8::from_str_radix(str::from_utf8(&digits).ok()?, 16).ok()?, after)
            }
            (byte, after) => (*byte, after),
        };
        value.push(byte);
        rest = after;
    }
    // What was not written so (`\x41`, a single backslash) is not read either.
    (escaped(&value) == text).then_some(value)
}

/// Bytes that are written as bytes.
struct Octets<T>(T);

impl<T: AsRef<[u8]>> Serialize for Octets<T> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_bytes(self.0.as_ref())
    }
}

impl<'de> Deserialize<'de> for Octets<Vec<u8>> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Bytes;
        impl Visitor<'_> for Bytes {
            type Value = Octets<Vec<u8>>;

            fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
                formatter.write_str("bytes")
            }
            fn visit_bytes<E: Error>(self, bytes: &[u8]) -> Result<Self::Value, E> {
                Ok(Octets(bytes.to_vec()))
            }
            fn visit_byte_buf<E: Error>(self, bytes: Vec<u8>) -> Result<Self::Value, E> {
                Ok(Octets(bytes))
            }
        }
        deserializer.deserialize_byte_buf(Bytes)
    }
}

#[cfg(test)]
mod tests;
