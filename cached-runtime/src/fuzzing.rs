//! What the fuzz targets check. Compiled by cargo-fuzz alone; the targets are in `fuzz/`.

use std::fmt::Debug;

use serde::Serialize;
use serde::de::DeserializeOwned;
use xxhash_rust::xxh3::xxh3_64;

use crate::key::Key;
use crate::key::spelled::Spelled;
use crate::key::text::TextBuffer;
pub use crate::shared::codec::Codec;
use crate::shared::codec::compressed;
use crate::shared::envelope::{Envelope, Head};

/// Bytes that are read as an entry are the bytes that it is written as.
///
/// They are tried as they are, and with a checksum that fits them.
pub fn envelope(bytes: &[u8]) {
    let sealed = [bytes, &xxh3_64(bytes).to_le_bytes()].concat();
    for bytes in [bytes, &sealed] {
        let Ok(envelope) = Envelope::read(bytes) else { continue };
        assert_eq!(envelope.write(), bytes);
        assert_eq!(Head::read(bytes), Ok(envelope.head));
    }
}

/// Bytes that decode give a value that comes back, if it is encoded at all.
pub fn bytes<T: Serialize + DeserializeOwned + Debug>(codec: Codec, bytes: &[u8]) {
    if let Ok(value) = codec.decode::<T>(bytes) {
        self::value(codec, &value);
    }
}

/// A value comes back as it went, if it is encoded at all.
pub fn value<T: Serialize + DeserializeOwned + Debug>(codec: Codec, value: &T) {
    if let Ok(bytes) = codec.encode(value) {
        let back: T = codec.decode(&bytes).expect("what was encoded is decoded");
        // By their `Debug`, which knows a zero's sign and takes a NaN for itself.
        assert_eq!(format!("{back:?}"), format!("{value:?}"));
    }
}

/// What is compressed comes back, and damaged bytes stay within the bound.
pub fn compression(bytes: &[u8], at: usize, change: u8) {
    const LIMIT: usize = 1 << 20;
    let Some(mut compressed) = compressed::compress(bytes, 0) else { return };
    assert_eq!(compressed::decompress(&compressed, LIMIT).expect("it was compressed"), bytes);
    let at = at % compressed.len();
    compressed[at] ^= change;
    if let Ok(payload) = compressed::decompress(&compressed, LIMIT) {
        assert!(payload.len() <= LIMIT);
    }
}

/// Two values have one text exactly where they are one.
pub fn spelled<T: Serialize + Debug>(values: [&T; 2]) {
    let [one, other] = values.map(|value| {
        let mut buffer = TextBuffer::new();
        Spelled(value).write(&mut buffer);
        buffer.key().expect("a spelled key is never empty").own()
    });
    let [first, second] = values;
    assert_eq!(one == other, format!("{first:?}") == format!("{second:?}"), "{one} {other}");
}
