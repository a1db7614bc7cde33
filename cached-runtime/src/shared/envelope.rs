//! The bytes of an entry in a store.
//!
//! Format 1, all numbers little endian:
//!
//! ```text
//! head   magic "CRE", version "1", kind u8, flags u8, codec u8, 0 u8, id [u8; 16]
//! body   as_of_ms u64, fresh_until_ms u64, gone_at_ms u64, load_us u32, version u32, shape u64,
//!        namespace text, key text, marks u8 times (name text, id [u8; 16]),
//!        payload (length u64, bytes)
//! end    checksum u64: XXH3 of everything before it
//! text   length u32, UTF-8
//! ```
//!
//! A lease, a tombstone and a mark are a head and nothing more.
//!
//! The head has an id of its own for every write, so [`HEAD`] bytes tell a state from all others.
//! Reading borrows from the bytes, and allocates for marks alone. What an entry means for a call
//! is not decided here, nor whether it is the one that was asked for; its payload is `codec.rs`.

mod id;

use std::fmt;
use std::time::Duration;

use xxhash_rust::xxh3::xxh3_64;

use crate::policy::Timeout;
use crate::store::HEAD;
pub(crate) use id::Id;

const MAGIC: &[u8; 3] = b"CRE";
const VERSION: u8 = b'1';
const CHECKSUM: usize = size_of::<u64>();
/// The only flag: the payload is compressed.
const COMPRESSED: u8 = 1;
/// Marks an entry may have: sixteen tags, its namespace, and everything.
pub(crate) const MARKS: usize = 18;
/// The last end there is of what is not to outlive its freshness, were that ended by request.
pub(crate) const FOR_EVER: u64 = u64::MAX - 1;
/// How far in the future another machine's clock may put a load. Five minutes.
const SKEW_MS: u64 = 5 * 60 * 1000;

/// An entry of a store.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Envelope<'a> {
    pub(crate) head: Head,
    /// When the load began, as every time here in milliseconds since 1970.
    pub(crate) as_of_ms: u64,
    /// When the value stops to be fresh. `u64::MAX` for never.
    pub(crate) fresh_until_ms: u64,
    /// When the entry may be used for nothing. `u64::MAX` for never. Where freshness is all that an
    /// entry has, as with an error that is stored, both end together, and do end: [`FOR_EVER`].
    pub(crate) gone_at_ms: u64,
    /// How long the load took, in microseconds.
    pub(crate) load_us: u32,
    /// The number that the user gave this version of the function.
    pub(crate) version: u32,
    /// The fingerprint of the value's type (`shape.rs`).
    pub(crate) shape: u64,
    /// Whose key it is.
    pub(crate) namespace: &'a str,
    /// The key, in full.
    pub(crate) key: &'a str,
    /// The marks that were read before the load. At most [`MARKS`].
    pub(crate) marks: Vec<Mark<'a>>,
    /// The encoded value.
    pub(crate) payload: &'a [u8],
}

/// The first [`HEAD`] bytes of an entry.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Head {
    pub(crate) kind: Kind,
    pub(crate) is_compressed: bool,
    /// The codec of the payload, by its number.
    pub(crate) codec: u8,
    pub(crate) id: Id,
}

/// What an entry is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    /// A value.
    Value,
    /// The place of a value that the holder of a lease is loading.
    Lease,
    /// The place of a value that was invalidated.
    Tombstone,
    /// The state of a tag or a namespace.
    Mark,
}

/// A tag or a namespace, and its state at the time of the load.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Mark<'a> {
    pub(crate) name: &'a str,
    pub(crate) id: Id,
}

/// Why bytes are no entry.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Corrupt {
    /// They do not begin as an entry does.
    Magic,
    /// They are an entry of another format.
    Version(u8),
    /// They end too soon, or a length in them is beyond their end.
    Length,
    /// They are not what was written.
    Checksum,
    /// The kind or a flag is unknown.
    Kind,
    /// A text is no UTF-8.
    Utf8,
    /// There are more marks than an entry may have.
    Marks,
    /// Its times contradict one another.
    Stamps,
    /// There are bytes after the payload.
    Trailing,
}

impl<'a> Envelope<'a> {
    /// Writes the entry.
    ///
    /// Lengths beyond their field, and more marks than may be, make bytes that read as corrupt.
    pub(crate) fn write(&self) -> Vec<u8> {
        let marks: usize = self.marks.iter().map(|mark| 20 + mark.name.len()).sum();
        let texts = self.namespace.len() + self.key.len();
        let mut bytes = Vec::with_capacity(HEAD + 65 + texts + marks + self.payload.len());
        bytes.extend_from_slice(&self.head.bytes());
        for stamp in [self.as_of_ms, self.fresh_until_ms, self.gone_at_ms] {
            bytes.extend_from_slice(&stamp.to_le_bytes());
        }
        bytes.extend_from_slice(&self.load_us.to_le_bytes());
        bytes.extend_from_slice(&self.version.to_le_bytes());
        bytes.extend_from_slice(&self.shape.to_le_bytes());
        write_text(&mut bytes, self.namespace);
        write_text(&mut bytes, self.key);
        bytes.push(u8::try_from(self.marks.len()).unwrap_or(u8::MAX));
        for mark in &self.marks {
            write_text(&mut bytes, mark.name);
            bytes.extend_from_slice(&mark.id.0);
        }
        bytes.extend_from_slice(&(self.payload.len() as u64).to_le_bytes());
        bytes.extend_from_slice(self.payload);
        bytes.extend_from_slice(&xxh3_64(&bytes).to_le_bytes());
        bytes
    }

    /// Reads an entry, whatever the bytes are.
    pub(crate) fn read(bytes: &'a [u8]) -> Result<Self, Corrupt> {
        let head = Head::read(bytes)?;
        let (checked, checksum) = bytes.split_last_chunk::<CHECKSUM>().ok_or(Corrupt::Length)?;
        if xxh3_64(checked) != u64::from_le_bytes(*checksum) {
            return Err(Corrupt::Checksum);
        }
        let mut rest = Reader(checked.get(HEAD..).ok_or(Corrupt::Length)?);
        let envelope = Self {
            head,
            as_of_ms: rest.u64()?,
            fresh_until_ms: rest.u64()?,
            gone_at_ms: rest.u64()?,
            load_us: rest.u32()?,
            version: rest.u32()?,
            shape: rest.u64()?,
            namespace: rest.text()?,
            key: rest.text()?,
            marks: rest.marks()?,
            payload: rest.payload()?,
        };
        if !rest.0.is_empty() {
            return Err(Corrupt::Trailing);
        }
        if envelope.fresh_until_ms > envelope.gone_at_ms {
            return Err(Corrupt::Stamps);
        }
        Ok(envelope)
    }

    /// How long the value is still fresh.
    pub(crate) fn remaining(&self, now_ms: u64) -> Timeout {
        // No longer than it was ever to be, whatever this machine's clock says.
        let remaining = self.fresh_until_ms - now_ms.max(self.as_of_ms).min(self.fresh_until_ms);
        match self.fresh_until_ms {
            u64::MAX | FOR_EVER => Timeout::NEVER,
            _ => Timeout::after(Duration::from_millis(remaining)),
        }
    }

    /// Whether there may be some use for it when it is not fresh.
    pub(crate) fn is_lasting(&self) -> bool {
        self.gone_at_ms > self.fresh_until_ms || self.gone_at_ms == u64::MAX
    }

    /// Whether the load began at a time that a machine with a fair clock could have written.
    pub(crate) fn is_plausible(&self, now_ms: u64) -> bool {
        self.as_of_ms <= now_ms.saturating_add(SKEW_MS)
    }
}

/// The whole of a state that has no value.
pub(crate) fn head(kind: Kind, id: Id) -> [u8; HEAD] {
    Head { kind, is_compressed: false, codec: 0, id }.bytes()
}

impl Kind {
    /// What bytes begin as; none where it is nothing of ours.
    pub(crate) fn of(bytes: &[u8]) -> Option<Self> {
        Head::read(bytes).ok().map(|head| head.kind)
    }
}

/// Writes a text. None is as long as its field can say; one that were would read as cut.
fn write_text(bytes: &mut Vec<u8>, text: &str) {
    let len = u32::try_from(text.len()).unwrap_or(u32::MAX);
    bytes.extend_from_slice(&len.to_le_bytes());
    bytes.extend_from_slice(text.as_bytes());
}

impl Head {
    /// Reads the head of an entry, of which there may be no more than that.
    pub(crate) fn read(bytes: &[u8]) -> Result<Self, Corrupt> {
        let (head, _) = bytes.split_first_chunk::<HEAD>().ok_or(Corrupt::Length)?;
        let [m0, m1, m2, version, kind, flags, codec, reserved, id @ ..] = *head;
        if [m0, m1, m2] != *MAGIC {
            return Err(Corrupt::Magic);
        }
        if version != VERSION {
            return Err(Corrupt::Version(version));
        }
        if flags & !COMPRESSED != 0 || reserved != 0 {
            return Err(Corrupt::Kind);
        }
        let kind = match kind {
            0 => Kind::Value,
            1 => Kind::Lease,
            2 => Kind::Tombstone,
            3 => Kind::Mark,
            _ => return Err(Corrupt::Kind),
        };
        Ok(Self { kind, is_compressed: flags & COMPRESSED != 0, codec, id: Id(id) })
    }

    /// The bytes of the head, for a guard of the store.
    pub(crate) fn bytes(&self) -> [u8; HEAD] {
        let kind = match self.kind {
            Kind::Value => 0,
            Kind::Lease => 1,
            Kind::Tombstone => 2,
            Kind::Mark => 3,
        };
        let flags = if self.is_compressed { COMPRESSED } else { 0 };
        let mut bytes = [0; HEAD];
        let (front, id) = bytes.split_at_mut(HEAD - self.id.0.len());
        front.copy_from_slice(&[MAGIC[0], MAGIC[1], MAGIC[2], VERSION, kind, flags, self.codec, 0]);
        id.copy_from_slice(&self.id.0);
        bytes
    }
}

/// What is left to read.
struct Reader<'a>(&'a [u8]);

impl<'a> Reader<'a> {
    fn take(&mut self, len: usize) -> Result<&'a [u8], Corrupt> {
        let (taken, rest) = self.0.split_at_checked(len).ok_or(Corrupt::Length)?;
        self.0 = rest;
        Ok(taken)
    }

    fn array<const N: usize>(&mut self) -> Result<[u8; N], Corrupt> {
        let (taken, rest) = self.0.split_first_chunk::<N>().ok_or(Corrupt::Length)?;
        self.0 = rest;
        Ok(*taken)
    }

    fn u32(&mut self) -> Result<u32, Corrupt> {
        self.array().map(u32::from_le_bytes)
    }

    fn u64(&mut self) -> Result<u64, Corrupt> {
        self.array().map(u64::from_le_bytes)
    }

    fn text(&mut self) -> Result<&'a str, Corrupt> {
        let len = usize::try_from(self.u32()?).map_err(|_| Corrupt::Length)?;
        str::from_utf8(self.take(len)?).map_err(|_| Corrupt::Utf8)
    }

    fn marks(&mut self) -> Result<Vec<Mark<'a>>, Corrupt> {
        let [count] = self.array()?;
        let count = usize::from(count);
        if count > MARKS {
            return Err(Corrupt::Marks);
        }
        let mut marks = Vec::with_capacity(count);
        for _ in 0..count {
            marks.push(Mark { name: self.text()?, id: Id(self.array()?) });
        }
        Ok(marks)
    }

    fn payload(&mut self) -> Result<&'a [u8], Corrupt> {
        let len = usize::try_from(self.u64()?).map_err(|_| Corrupt::Length)?;
        self.take(len)
    }
}

impl fmt::Display for Corrupt {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Magic => "not an entry of this cache",
            Self::Version(version) => return write!(f, "entry of unknown format {version:#04x}"),
            Self::Length => "entry ends too soon",
            Self::Checksum => "checksum of the entry does not match",
            Self::Kind => "unknown kind of entry",
            Self::Utf8 => "text in the entry is not UTF-8",
            Self::Marks => "too many marks in the entry",
            Self::Stamps => "times in the entry contradict one another",
            Self::Trailing => "bytes after the end of the entry",
        })
    }
}

impl std::error::Error for Corrupt {}

#[cfg(test)]
mod tests;
