//! An entry as a file: its format, and reading one whatever it holds.
//!
//! ```text
//! bytes 0..8     magic
//!       8..12    version
//!       12..16   length of the key
//!       16..24   end, in milliseconds since 1970, all ones for never
//!       24..32   length of the value
//!       32..     key, value, and XXH3-64 of everything before
//! ```
//!
//! Numbers are little-endian. What the value means is the caller's business.

use std::fs::{FileTimes, OpenOptions};
use std::io::{self, Read};
use std::path::Path;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use xxhash_rust::xxh3::xxh3_64;

use super::owned;

/// The end of an entry that stays until it is evicted.
pub(super) const NEVER: u64 = u64::MAX;

const MAGIC: &[u8; 8] = b"cached\0f";
const VERSION: u32 = 1;
const HEADER: usize = 32;
const CHECKSUM: usize = 8;

/// The longest file that is written or read. Beyond it a damaged length would cost memory.
const LONGEST: u64 = 256 << 20;

/// How much later than its last use an entry may be found in order of use.
const TOUCH: Duration = Duration::from_secs(60);

/// 1 January 2400: file systems keep times until 2446 or longer.
const FAR: Duration = Duration::from_secs(13_569_465_600);

/// What is found in place of an entry.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Found {
    Value(Vec<u8>),
    /// Nothing, or an expired entry.
    Nothing,
    /// An entry of another version of this format.
    Foreign,
    /// What no version of this crate wrote there.
    Damage,
}

/// Writes an entry into memory.
///
/// # Errors
/// [`io::ErrorKind::FileTooLarge`] above 256 MiB.
pub(super) fn encode(key: &str, value: &[u8], end_ms: u64) -> io::Result<Vec<u8>> {
    let length = HEADER + key.len() + value.len() + CHECKSUM;
    let (Ok(key_length), true) = (u32::try_from(key.len()), length as u64 <= LONGEST) else {
        return Err(io::Error::new(io::ErrorKind::FileTooLarge, "an entry is above 256 MiB"));
    };
    let mut bytes = Vec::with_capacity(length);
    bytes.extend_from_slice(MAGIC);
    bytes.extend_from_slice(&VERSION.to_le_bytes());
    bytes.extend_from_slice(&key_length.to_le_bytes());
    bytes.extend_from_slice(&end_ms.to_le_bytes());
    bytes.extend_from_slice(&(value.len() as u64).to_le_bytes());
    bytes.extend_from_slice(key.as_bytes());
    bytes.extend_from_slice(value);
    bytes.extend_from_slice(&xxh3_64(&bytes).to_le_bytes());
    Ok(bytes)
}

/// Reads the entry of `key`, and notes in the file that it was used.
///
/// # Errors
/// Only where the file could not be read at all; what it holds is never an error.
pub(super) fn read(path: &Path, key: &str, now: SystemTime) -> io::Result<Found> {
    let (file, metadata) = match owned::open(path, OpenOptions::new().read(true)) {
        Ok(opened) => opened,
        Err(error) => return unopened(error),
    };
    let length = metadata.len();
    let shortest = HEADER + key.len() + CHECKSUM;
    if length < shortest as u64 || length > LONGEST {
        return Ok(Found::Damage);
    }
    let mut bytes = Vec::new();
    bytes.try_reserve_exact(usize::try_from(length).unwrap_or(usize::MAX))?;
    (&file).take(length).read_to_end(&mut bytes)?;
    let found = decode(bytes, key, millis(now));
    if let (Found::Value(_), Ok(used)) = (&found, metadata.modified())
        && now.duration_since(used).is_ok_and(|unused| unused >= TOUCH)
    {
        let _ = file.set_times(FileTimes::new().set_modified(now));
    }
    Ok(found)
}

/// What is where an entry should be, if not a file that can be opened.
fn unopened(error: io::Error) -> io::Result<Found> {
    match error.kind() {
        io::ErrorKind::NotFound | io::ErrorKind::NotADirectory => Ok(Found::Nothing),
        // A file without permissions. Where it is the directory that has none, removing fails.
        io::ErrorKind::InvalidData | io::ErrorKind::PermissionDenied => Ok(Found::Damage),
        _ => Err(error),
    }
}

fn decode(mut bytes: Vec<u8>, key: &str, now_ms: u64) -> Found {
    let Some(header) = Header::read(&bytes) else { return Found::Damage };
    if header.version != VERSION {
        return Found::Foreign;
    }
    let start = HEADER + key.len();
    let Some(end) = bytes.len().checked_sub(CHECKSUM).filter(|end| *end >= start) else {
        return Found::Damage;
    };
    let sound = u32::try_from(key.len()) == Ok(header.key_length)
        && header.value_length == (end - start) as u64
        && bytes[end..] == xxh3_64(&bytes[..end]).to_le_bytes()
        && &bytes[HEADER..start] == key.as_bytes();
    if !sound {
        return Found::Damage;
    }
    if header.end_ms <= now_ms {
        return Found::Nothing;
    }
    bytes.truncate(end);
    bytes.drain(..start);
    Found::Value(bytes)
}

/// Whether an entry can be removed by its header: expired, or damaged there.
pub(super) fn is_dead(path: &Path, now: SystemTime) -> io::Result<bool> {
    let (file, _) = owned::open(path, OpenOptions::new().read(true))?;
    let mut bytes = Vec::with_capacity(HEADER);
    (&file).take(HEADER as u64).read_to_end(&mut bytes)?;
    Ok(match Header::read(&bytes) {
        Some(header) => header.version == VERSION && header.end_ms <= millis(now),
        None => true,
    })
}

struct Header {
    version: u32,
    key_length: u32,
    end_ms: u64,
    value_length: u64,
}

impl Header {
    fn read(bytes: &[u8]) -> Option<Self> {
        let (magic, rest) = bytes.split_first_chunk::<8>()?;
        let (version, rest) = rest.split_first_chunk()?;
        let (key_length, rest) = rest.split_first_chunk()?;
        let (end_ms, rest) = rest.split_first_chunk()?;
        let (value_length, _) = rest.split_first_chunk()?;
        (magic == MAGIC).then_some(Self {
            version: u32::from_le_bytes(*version),
            key_length: u32::from_le_bytes(*key_length),
            end_ms: u64::from_le_bytes(*end_ms),
            value_length: u64::from_le_bytes(*value_length),
        })
    }
}

/// The end of an entry that is stored at `now`: rounded up, and never where it is out of range.
pub(super) fn end_ms(now: SystemTime, timeout: Option<Duration>) -> u64 {
    let Some(timeout) = timeout else { return NEVER };
    let millis_up = timeout.as_nanos().div_ceil(1_000_000);
    u64::try_from(millis_up).map_or(NEVER, |timeout| millis(now).saturating_add(timeout))
}

/// The end of an entry as the access time of its file, so that a listing finds what has expired
/// without opening every file. Others may change it; the header says what is true.
pub(super) fn end_hint(end_ms: u64) -> SystemTime {
    UNIX_EPOCH + Duration::from_millis(end_ms).min(FAR)
}

fn millis(time: SystemTime) -> u64 {
    let since = time.duration_since(UNIX_EPOCH).unwrap_or_default();
    u64::try_from(since.as_millis()).unwrap_or(NEVER)
}

#[cfg(test)]
mod tests {
    use super::*;

    const VALUE: &[u8] = b"what the function returned";

    fn decoded(bytes: &[u8], key: &str, now_ms: u64) -> Found {
        decode(bytes.to_vec(), key, now_ms)
    }

    #[test]
    fn an_entry_ends_when_it_says() {
        let bytes = encode("key", VALUE, 1_000).expect("a short entry");
        assert_eq!(decoded(&bytes, "key", 999), Found::Value(VALUE.to_vec()));
        assert_eq!(decoded(&bytes, "key", 1_000), Found::Nothing);
        let bytes = encode("key", VALUE, NEVER).expect("a short entry");
        assert_eq!(decoded(&bytes, "key", NEVER - 1), Found::Value(VALUE.to_vec()));
    }

    #[test]
    fn timeouts_are_rounded_up_and_saturate() {
        let now = UNIX_EPOCH + Duration::from_secs(1);
        assert_eq!(end_ms(now, Some(Duration::from_nanos(1))), 1_001);
        assert_eq!(end_ms(now, Some(Duration::ZERO)), 1_000);
        assert_eq!(end_ms(now, Some(Duration::from_secs(922_337_203_685_477_580))), NEVER);
        assert_eq!(end_ms(now, Some(Duration::MAX)), NEVER);
        assert_eq!(end_ms(now, None), NEVER);
    }

    #[test]
    fn a_change_of_any_byte_is_damage() {
        let bytes = encode("key", VALUE, NEVER).expect("a short entry");
        for idx in 0..bytes.len() {
            let mut damaged = bytes.clone();
            damaged[idx] ^= 0x10;
            let expected = if (8..12).contains(&idx) { Found::Foreign } else { Found::Damage };
            assert_eq!(decoded(&damaged, "key", 0), expected, "byte {idx}");
            assert_eq!(decoded(&bytes[..idx], "key", 0), Found::Damage, "cut at {idx}");
        }
        let longer = [&bytes[..], b"\0"].concat();
        assert_eq!(decoded(&longer, "key", 0), Found::Damage);
        assert_eq!(decoded(&bytes, "kez", 0), Found::Damage);
        assert_eq!(decoded(&bytes, "key2", 0), Found::Damage);
        assert_eq!(decoded(&bytes, "", 0), Found::Damage);
    }

    #[test]
    fn a_key_and_a_value_cannot_take_each_others_bytes() {
        let bytes = encode("ab", b"c", NEVER).expect("a short entry");
        assert_eq!(decoded(&bytes, "a", 0), Found::Damage);
        assert_eq!(decoded(&bytes, "abc", 0), Found::Damage);
    }
}
