//! Payloads made smaller, and read back within a bound.

use std::io::{self, Read};

use zstd::bulk;
use zstd::stream::read::Decoder;
use zstd::zstd_safe::get_frame_content_size;

use super::failed;
use crate::error::Error;

/// Bytes that a payload may have when it is decompressed: 256 MiB.
pub(crate) const LIMIT: usize = 256 << 20;

/// Room that is made before the first byte has come.
const ROOM: usize = 1 << 20;

/// The compressed form of a payload of more than `above` bytes; none where it is not smaller.
pub(crate) fn compress(payload: &[u8], above: usize) -> Option<Vec<u8>> {
    if payload.len() <= above || payload.len() > LIMIT {
        return None;
    }
    let compressed = bulk::compress(payload, zstd::DEFAULT_COMPRESSION_LEVEL).ok()?;
    (compressed.len() < payload.len()).then_some(compressed)
}

/// Reads back what [`compress`] made: one frame that says how long it will be, at most `limit`.
pub(crate) fn decompress(compressed: &[u8], limit: usize) -> Result<Vec<u8>, Error> {
    let declared = get_frame_content_size(compressed)
        .ok()
        .flatten()
        .and_then(|len| usize::try_from(len).ok())
        .filter(|len| *len <= limit)
        .ok_or_else(|| failed("compressed payload has no length, or one that is too large"))?;
    match read(compressed, declared).map_err(failed)? {
        payload if payload.len() == declared => Ok(payload),
        _ => Err(failed("compressed payload is not as long as it says")),
    }
}

/// Reads at most one byte more than was declared.
fn read(compressed: &[u8], declared: usize) -> io::Result<Vec<u8>> {
    let mut payload = Vec::with_capacity(declared.min(ROOM));
    Decoder::with_buffer(compressed)?.take(declared as u64 + 1).read_to_end(&mut payload)?;
    Ok(payload)
}

#[cfg(test)]
mod tests {
    use xxhash_rust::xxh3::xxh3_64;

    use super::*;

    #[test]
    fn large_payloads_come_back_and_small_ones_stay() {
        let payload = b"one entry of many; ".repeat(100_000);
        let compressed = compress(&payload, 1024).unwrap();
        assert!(compressed.len() < payload.len() / 100);
        assert_eq!(decompress(&compressed, LIMIT).unwrap(), payload);

        assert_eq!(compress(&payload[..1024], 1024), None);
        assert!(compress(&payload[..1025], 1024).is_some());
        let noise: Vec<u8> =
            (0..512_u64).flat_map(|i| xxh3_64(&i.to_le_bytes()).to_le_bytes()).collect();
        assert_eq!(compress(&noise, 0), None, "not smaller");
    }

    #[test]
    fn the_length_is_bounded_before_and_after() {
        let payload = vec![0; 100_000];
        let compressed = compress(&payload, 0).unwrap();
        assert_eq!(decompress(&compressed, 100_000).unwrap(), payload);
        assert!(decompress(&compressed, 99_999).is_err());
        // A second frame makes more of it than the first one says.
        let twice = [compressed.clone(), compressed.clone()].concat();
        assert!(decompress(&twice, LIMIT).is_err());
        // The length stands behind magic and descriptor, in four bytes: too short, too long.
        for declared in [99_999_u32, 100_001, 1 << 30] {
            let mut lying = compressed.clone();
            assert_eq!(lying[5..9], 100_000_u32.to_le_bytes());
            lying[5..9].copy_from_slice(&declared.to_le_bytes());
            assert!(decompress(&lying, LIMIT).is_err(), "{declared}");
        }
    }

    #[test]
    fn cut_and_changed_bytes_are_errors_or_other_bytes_and_never_more() {
        let compressed = compress(&b"0123456789".repeat(1000), 0).unwrap();
        for at in 0..compressed.len() {
            assert!(decompress(&compressed[..at], LIMIT).is_err(), "cut at {at}");
            let mut changed = compressed.clone();
            changed[at] ^= 0xFF;
            assert!(decompress(&changed, 20_000).map_or(0, |payload| payload.len()) <= 20_000);
        }
        assert!(decompress(&[compressed, vec![0]].concat(), LIMIT).is_err(), "trailing");
    }
}
