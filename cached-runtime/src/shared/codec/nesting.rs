//! How deep `MessagePack` bytes nest.
//!
//! `rmp-serde` counts the levels of sequences and maps, but not of enum values: a megabyte of
//! `{"Next": {"Next": ..` would exhaust the stack, which nothing can catch. So the levels are
//! counted first, without recursion. What the values mean is left to the decoder.

/// What follows a value's first byte.
enum Follows {
    /// Bytes.
    Bytes(usize),
    /// So many bytes that are a length, and so many bytes with that length's.
    Sized(usize, usize),
    /// Values.
    Values(usize),
    /// So many bytes that are a count, and values: so many times the count.
    Counted(usize, usize),
}

/// Whether `bytes` are one value and nothing else, with at most `levels` around each part of it.
pub(super) fn is_one_value(bytes: &[u8], levels: usize) -> bool {
    let mut rest = bytes;
    // Values that are left to read, of each open level.
    let mut open = vec![1_usize];
    while let Some(left) = open.last_mut() {
        if *left == 0 {
            open.pop();
            continue;
        }
        *left -= 1;
        match skip(&mut rest) {
            Some(0) => {}
            Some(inner) if open.len() <= levels => open.push(inner),
            _ => return false,
        }
    }
    rest.is_empty()
}

/// Skips one value but for the values in it, and returns how many those are.
fn skip(rest: &mut &[u8]) -> Option<usize> {
    match follows(take(rest, 1)?[0])? {
        Follows::Bytes(len) => take(rest, len).map(|_| 0),
        Follows::Sized(width, extra) => {
            let len = number(take(rest, width)?)?.checked_add(extra)?;
            take(rest, len).map(|_| 0)
        }
        Follows::Values(count) => Some(count),
        Follows::Counted(width, times) => number(take(rest, width)?)?.checked_mul(times),
    }
}

/// The table of the format's specification.
fn follows(marker: u8) -> Option<Follows> {
    let low = usize::from(marker & 0x0F);
    Some(match marker {
        0x00..=0x7F | 0xC0 | 0xC2 | 0xC3 | 0xE0..=0xFF => Follows::Bytes(0),
        0x80..=0x8F => Follows::Values(2 * low),
        0x90..=0x9F => Follows::Values(low),
        0xA0..=0xBF => Follows::Bytes(usize::from(marker & 0x1F)),
        0xC1 => return None,
        0xC4 | 0xD9 => Follows::Sized(1, 0),
        0xC5 | 0xDA => Follows::Sized(2, 0),
        0xC6 | 0xDB => Follows::Sized(4, 0),
        0xC7 => Follows::Sized(1, 1),
        0xC8 => Follows::Sized(2, 1),
        0xC9 => Follows::Sized(4, 1),
        0xCC | 0xD0 => Follows::Bytes(1),
        0xCD | 0xD1 | 0xD4 => Follows::Bytes(2),
        0xD5 => Follows::Bytes(3),
        0xCA | 0xCE | 0xD2 => Follows::Bytes(4),
        0xD6 => Follows::Bytes(5),
        0xCB | 0xCF | 0xD3 => Follows::Bytes(8),
        0xD7 => Follows::Bytes(9),
        0xD8 => Follows::Bytes(17),
        0xDC => Follows::Counted(2, 1),
        0xDD => Follows::Counted(4, 1),
        0xDE => Follows::Counted(2, 2),
        0xDF => Follows::Counted(4, 2),
    })
}

fn take<'a>(rest: &mut &'a [u8], len: usize) -> Option<&'a [u8]> {
    let (taken, after) = rest.split_at_checked(len)?;
    *rest = after;
    Some(taken)
}

fn number(bytes: &[u8]) -> Option<usize> {
    let number = bytes.iter().fold(0_u64, |number, byte| number << 8 | u64::from(*byte));
    usize::try_from(number).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn levels_are_counted_and_ends_are_seen() {
        assert!(is_one_value(&[0x91, 0x91, 0xC0], 2));
        assert!(!is_one_value(&[0x91, 0x91, 0xC0], 1));
        assert!(is_one_value(&[0x82, 0x01, 0x90, 0x02, 0x80], 1), "what is empty has no level");
        assert!(is_one_value(&[0x92, 0x91, 0x01, 0x91, 0x01], 2), "neighbours do not add up");
        for bytes in [&[][..], &[0xC0, 0xC0], &[0x91], &[0x81, 0xC0], &[0xC1], &[0xDD, 0xFF]] {
            assert!(!is_one_value(bytes, 127), "{bytes:x?}");
        }
        assert!(!is_one_value(&[0xDF, 0xFF, 0xFF, 0xFF, 0xFF, 0x00], 127), "four billion entries");
        assert!(!is_one_value(&[0xC9, 0xFF, 0xFF, 0xFF, 0xFF, 0x00], 127), "four gigabytes");
    }

    /// Each marker with as many zeros behind it as its table row asks for, and one fewer.
    #[test]
    fn every_marker_takes_what_the_decoder_takes() {
        for marker in 0..=u8::MAX {
            for zeros in 0..40 {
                let bytes = [&[marker][..], &vec![0; zeros]].concat();
                let mut decoder = rmp_serde::Deserializer::new(std::io::Cursor::new(&bytes));
                let read = serde::Deserialize::deserialize(&mut decoder);
                let whole: bool = read.is_ok_and(|serde::de::IgnoredAny| true)
                    && decoder.position() == bytes.len() as u64;
                assert_eq!(is_one_value(&bytes, 9), whole, "{marker:#x} and {zeros} zeros");
            }
        }
    }
}
